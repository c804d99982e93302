//! The CPU time of this process's threads, by name.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// The kernel keeps so many bytes of a thread's name.
const NAME: usize = 15;

/// What the threads of that name have used since they began, user and system.
pub(super) fn used(name: &str) -> anyhow::Result<Duration> {
    let name = name.get(..NAME).unwrap_or(name);
    let mut found = None;
    for task in fs::read_dir("/proc/self/task").context("the threads of this process cannot be listed")? {
        let task = task?.path();
        // One that has just ended is none.
        let Ok(comm) = fs::read_to_string(task.join("comm")) else { continue };
        if comm.trim_end() != name {
            continue;
        }
        let times = fs::read_to_string(task.join("schedstat")).context("the kernel keeps no times")?;
        let nanos: u64 = times.split(' ').next().context("no time")?.trim().parse()?;
        found = Some(found.unwrap_or_default() + Duration::from_nanos(nanos));
    }
    found.with_context(|| format!("no thread is called {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_has_used_time() {
        let (tell, told) = std::sync::mpsc::channel::<u64>();
        let body = move || {
            let sum = (0..20_000_000_u64).fold(0, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(n));
            tell.send(std::hint::black_box(sum)).unwrap();
            std::thread::park();
        };
        let worker = std::thread::Builder::new().name("a-name-that-is-cut-off".to_owned());
        let worker = worker.spawn(body).unwrap();
        told.recv().unwrap();
        assert!(used("a-name-that-is-cut-off").unwrap() > Duration::from_millis(1));
        assert!(used("nobody-is-called").is_err());
        worker.thread().unpark();
        worker.join().unwrap();
    }
}
