//! What is known of the process itself.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use motlan_telemetry::instrument::{BUILD_INFO, PROCESS_MEMORY, PROCESS_UPTIME, key};
use motlan_telemetry::{Reading, Source};

/// The version that runs.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Version, age and memory.
pub struct Process {
    clock: Arc<dyn Clock>,
    started: Duration,
}

// === impl Process ===

impl Process {
    /// Of a gateway that starts now.
    pub fn started(clock: Arc<dyn Clock>) -> Self {
        Self { started: clock.monotonic(), clock }
    }
}

impl Source for Process {
    fn read(&self, reading: &mut Reading) {
        reading.level(&BUILD_INFO, vec![(key::SERVICE_VERSION, VERSION.into())], 1.0);
        let up = self.clock.monotonic().saturating_sub(self.started);
        reading.level(&PROCESS_UPTIME, Vec::new(), up.as_secs_f64());
        if let Some(resident) = resident() {
            reading.level(&PROCESS_MEMORY, Vec::new(), resident);
        }
    }
}

/// Bytes of physical memory in use, where the system tells (Linux).
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let told = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u32 = told.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(f64::from(kib) * 1024.0)
}

#[cfg(test)]
mod tests {
    use motlan_domain::ManualClock;
    use motlan_telemetry::Value;

    use super::*;

    #[test]
    fn age_memory_and_version_are_told() {
        let clock = Arc::new(ManualClock::at("2026-11-21T00:00:00Z".parse().unwrap()));
        let process = Process::started(clock.clone());
        clock.advance(Duration::from_millis(2_500));
        let families = Reading::of([&process as &dyn Source]).families();
        let level = |name: &str| {
            let family = families.iter().find(|family| family.instrument.name == name)?;
            if let Value::Level(level) = family.points[0].value { Some(level) } else { None }
        };
        assert_eq!(level("process.uptime"), Some(2.5));
        assert_eq!(level("motlan.build.info"), Some(1.0));
        assert!(level("process.memory.usage").is_none_or(|bytes| bytes > 1e6));
        assert!(!cfg!(target_os = "linux") || level("process.memory.usage").is_some());
    }
}
