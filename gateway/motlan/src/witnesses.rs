//! The gateway's log and its witnesses, put together: neither room knows the
//! other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use motlan_audit::{AuditError, AuditLog, Cause};
use motlan_audit_tree::{NodeHash, SignedCheckpoint, TreeHead, TrustedLog};
use motlan_domain::Clock;
use motlan_telemetry::instrument::{
    AUDIT_WITNESS_AGE, AUDIT_WITNESS_ALARM, AUDIT_WITNESS_ASKED, AUDIT_WITNESS_SIZE, key,
};
use motlan_telemetry::{Label, Reading, Source};
use motlan_witness::{Pace, Stop, Submitter, SubmitterHandle, SubmitterOptions, WitnessClient, WitnessedLog};

use crate::config::{WitnessAt, WitnessSection};

/// For one exchange with a witness.
const PATIENCE: Duration = Duration::from_secs(10);

/// The gateway's log, as its witnesses are asked about it.
#[derive(Clone)]
pub(crate) struct OwnLog {
    log: AuditLog,
    clock: Arc<dyn Clock>,
}

/// What has the log cosigned, and what counts that.
pub(crate) type Witnessing = (Submitter<OwnLog>, Arc<dyn Source>);

/// What is counted of it all.
pub(crate) struct Numbers {
    own: OwnLog,
    handle: SubmitterHandle,
}

/// What has the log cosigned, and what counts that; none where nobody is
/// configured.
///
/// # Errors
/// Where no HTTP client can be had, or an authority cannot be read.
pub(crate) fn submitter(
    section: &WitnessSection,
    log: &AuditLog,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<Witnessing>> {
    if section.witnesses.is_empty() {
        return Ok(None);
    }
    let clients = section.witnesses.iter().map(client);
    let options = SubmitterOptions {
        witnesses: clients.collect::<anyhow::Result<_>>()?,
        quorum: section.quorum,
        stop_after: section.stop_after,
        pace: Pace::default(),
    };
    let own = OwnLog { log: log.clone(), clock: Arc::clone(clock) };
    let submitter = Submitter::new(options, own.clone());
    let numbers = Numbers { own, handle: submitter.handle() };
    Ok(Some((submitter, Arc::new(numbers))))
}

fn client(witness: &WitnessAt) -> anyhow::Result<WitnessClient> {
    let about = || format!("the witness {}", witness.key.name());
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("motlan/", env!("CARGO_PKG_VERSION")))
        .tls_backend_rustls();
    if let Some(pem) = &witness.ca_pem {
        let pem = pem.read().with_context(about)?;
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).with_context(about)?;
        anyhow::ensure!(!roots.is_empty(), "{}: ca_pem holds no certificate", about());
        builder = builder.tls_certs_only(roots);
    }
    let http = builder.build().with_context(about)?;
    Ok(WitnessClient::new(http, &witness.url, witness.key.clone(), PATIENCE))
}

// === impl OwnLog ===

impl WitnessedLog for OwnLog {
    type Error = AuditError;

    fn trusted(&self) -> TrustedLog {
        self.log.trusted()
    }

    fn may_have_signed(&self, seen: &SignedCheckpoint) -> bool {
        self.log.may_have_signed(seen)
    }

    fn newest(&self) -> Arc<SignedCheckpoint> {
        self.log.checkpoint()
    }

    async fn head(&self, size: u64) -> Result<TreeHead, AuditError> {
        self.log.tree_head(size).await
    }

    async fn prove(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, AuditError> {
        self.log.prove_consistency(old, new).await
    }

    fn witnessed(&self) -> Option<Arc<SignedCheckpoint>> {
        self.log.witnessed()
    }

    fn keep(&self, checkpoint: SignedCheckpoint) {
        self.log.put_witnessed(checkpoint);
    }

    fn unwitnessed(&self) -> Duration {
        let since = self.log.unwitnessed_since();
        // A clock that went back makes nothing older.
        since.and_then(|since| self.clock.now().duration_since(since).try_into().ok()).unwrap_or_default()
    }

    fn stop(&self, why: Option<Stop>) {
        self.log.hold(why.map(|why| match why {
            Stop::Unwitnessed => Cause::Unwitnessed,
            Stop::Disputed => Cause::Disputed,
        }));
    }
}

// === impl Numbers ===

impl Source for Numbers {
    fn read(&self, reading: &mut Reading) {
        let size = self.own.witnessed().map_or(0, |witnessed| witnessed.head().size);
        reading.level(&AUDIT_WITNESS_AGE, Vec::new(), self.own.unwitnessed().as_secs_f64());
        reading.level(&AUDIT_WITNESS_SIZE, Vec::new(), level(size));
        for witness in self.handle.witnesses() {
            let name = || (key::WITNESS, Label::Name(witness.name.clone()));
            let alarm = f64::from(u8::from(witness.contradicts));
            reading.level(&AUDIT_WITNESS_ALARM, vec![name()], alarm);
            for (asked, count) in witness.asked {
                let outcome = (key::OUTCOME, asked.as_str().into());
                reading.count(&AUDIT_WITNESS_ASKED, vec![name(), outcome], count);
            }
        }
    }
}

/// Exact below 2^53 entries.
#[expect(clippy::cast_precision_loss, reason = "no log grows that long")]
const fn level(entries: u64) -> f64 {
    entries as f64
}
