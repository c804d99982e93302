//! One witness: asked for the target, and asked again.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit_tree::{NodeHash, ProofError, SignedCheckpoint, verify_consistency};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::standing::{Asked, Contradiction};
use super::{Shared, WitnessedLog};
use crate::client::{SubmitError, Submitted, WitnessClient};

/// Asks the witness of that number.
pub(super) struct Asking<L> {
    shared: Arc<Shared<L>>,
    number: usize,
    client: WitnessClient,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// The target is cosigned.
    Cosigned,
    /// The witness has a later one of this log; the next target may do.
    Passed,
    /// Ask again later.
    Failed,
}

/// Why the log's own tree gives no proof that could be shown.
#[derive(Debug, thiserror::Error)]
enum Unproved<E: std::error::Error + 'static> {
    #[error("the log cannot be read")]
    Log(#[source] E),
    #[error("the log's own proof does not hold: its tiles are damaged")]
    Unsound(#[source] ProofError),
}

// === impl Asking ===

impl<L: WitnessedLog> Asking<L> {
    pub(super) const fn new(shared: Arc<Shared<L>>, number: usize, client: WitnessClient) -> Self {
        Self { shared, number, client }
    }

    /// Keeps asking, also where that panics: a fault over one answer must not
    /// end the asking of that witness.
    pub(super) async fn supervised(
        self,
        targets: watch::Receiver<Arc<SignedCheckpoint>>,
        backoff: (Duration, Duration),
    ) {
        let asking = Arc::new(self);
        loop {
            // Dropped with this future, it ends what it runs.
            let mut one = JoinSet::new();
            one.spawn(Arc::clone(&asking).keep_asking(targets.clone(), backoff));
            match one.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    let witness = asking.client.key().name();
                    tracing::error!(witness, "asking the witness panicked; it is asked again");
                    tokio::time::sleep(backoff.1).await;
                }
                _ => return,
            }
        }
    }

    /// Asks for each target until it is cosigned or there is another; after a
    /// failure later each time. Ends when there will be no target more.
    async fn keep_asking(
        self: Arc<Self>,
        mut targets: watch::Receiver<Arc<SignedCheckpoint>>,
        (first, most): (Duration, Duration),
    ) {
        let mut pause = first;
        loop {
            let target = Arc::clone(&targets.borrow_and_update());
            if self.ask(&target).await == Met::Failed {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(most);
            } else {
                pause = first;
                if targets.changed().await.is_err() {
                    return;
                }
            }
        }
    }

    /// Asks once, and notes what came of it.
    pub(super) async fn ask(&self, target: &SignedCheckpoint) -> Met {
        let (shared, number) = (&self.shared, self.number);
        let submitted =
            self.client.submit(target, shared.standings.size(number), |old| self.proof(old, target)).await;
        let (asked, met) = match submitted {
            Ok(Submitted::Cosigned(cosigned)) => {
                let size = target.head().size;
                let mut rounds = shared.rounds.lock();
                rounds.add(number, size, cosigned.cosignature);
                let settled = rounds.settled();
                drop(rounds);
                if let Some(settled) = settled {
                    shared.hand_in(settled);
                }
                shared.standings.set_size(number, size);
                shared.standings.set_contradiction(number, None);
                (Asked::Cosigned, Met::Cosigned)
            }
            // The log may have grown while the witness was asked.
            Ok(Submitted::Ahead { size }) if size <= shared.log.newest().head().size => {
                shared.standings.set_size(number, size);
                (Asked::Ahead, Met::Passed)
            }
            Ok(Submitted::Ahead { size }) => self.contradicted(Some(size)).await,
            Err(SubmitError::Inconsistent) => self.contradicted(None).await,
            Err(SubmitError::Proof { old, source }) => {
                tracing::warn!(error = &source as &dyn std::error::Error, old, "no proof for a witness");
                (Asked::Unproved, Met::Failed)
            }
            Err(SubmitError::Refused { .. }) => (Asked::Refused, Met::Failed),
            Err(SubmitError::Unavailable) => (Asked::Unavailable, Met::Failed),
            Err(SubmitError::Unreadable | SubmitError::NotCosigned(_)) => (Asked::Unreadable, Met::Failed),
        };
        shared.standings.note(number, asked);
        met
    }

    /// A proof that is sound by the log's own tree: a witness that refuses it
    /// has seen another one, or is wrong.
    async fn proof(&self, old: u64, target: &SignedCheckpoint) -> Result<Vec<NodeHash>, Unproved<L::Error>> {
        let log = &self.shared.log;
        let proof = log.prove(old, target.head().size).await.map_err(Unproved::Log)?;
        let before = log.head(old).await.map_err(Unproved::Log)?;
        verify_consistency(before, target.head(), &proof).map_err(Unproved::Unsound)?;
        Ok(proof)
    }

    /// The witness names a size the log does not have, or does not find the
    /// target grown from what it has seen: looks whether it can show that.
    async fn contradicted(&self, claimed: Option<u64>) -> (Asked, Met) {
        let (shared, witness) = (&self.shared, self.client.key().name());
        let seen = self.client.seen(&shared.log.trusted()).await;
        let proved = match &seen {
            Some(seen) => shared.log.may_have_signed(seen) && self.is_foreign(seen).await,
            None => false,
        };
        let found = if let Some(seen) = seen.filter(|_| proved) {
            let (size, note) = (seen.head().size, seen.to_string());
            tracing::error!(
                witness,
                size,
                note,
                "DISPUTED: a checkpoint that this log's key signed is not of this log"
            );
            Contradiction::Proved { size }
        } else {
            tracing::error!(witness, ?claimed, "the witness says that it has seen another log by this name");
            Contradiction::Claimed { size: claimed }
        };
        shared.standings.set_contradiction(self.number, Some(found));
        (Asked::Contradicted, Met::Failed)
    }

    /// Whether a checkpoint that the log's key signed is not of the log's tree.
    /// Where the tree cannot be read that is not known, and it is not said.
    async fn is_foreign(&self, seen: &SignedCheckpoint) -> bool {
        let log = &self.shared.log;
        let stated = seen.head();
        if stated.size > log.newest().head().size {
            return true;
        }
        log.head(stated.size).await.is_ok_and(|own| own != stated)
    }
}
