//! The other side: a log that has its checkpoints cosigned.
//!
//! Life of a checkpoint: the newest one of the log becomes the *target* →
//! each witness is asked for it by a task of its own, so that one that hangs
//! delays nobody ([`asking`]) → their cosignatures meet in its *round*
//! ([`rounds`]) → with a quorum of them it goes back to the log, which keeps and
//! shows it. All witnesses are asked for the same target until it has its
//! quorum or its time is over, or their cosignatures would never meet.
//!
//! **In scope**: whom to ask when, what a quorum is, and what to think of a
//! witness that has seen another log. **Out of scope**: where the log lies and
//! how it is stopped ([`WitnessedLog`]), configuration, how numbers are told.
//!
//! # When a witness contradicts the log
//! Either the log was put back to an older copy, or somebody signs another
//! history with its key, or the witness lies. Three rules tell them apart:
//!
//! - A witness that shows a checkpoint *signed by the log's own key*, which the
//!   log's tree does not contain, has **proved** it: it cannot make that
//!   signature. One proof is enough, at the start and later, whoever brings it.
//!   Therefore a contradicting witness is asked for what it has seen
//!   ([`WitnessClient::seen`]). Every key that the log had counts, a retired one
//!   up to the last size that it signed ([`WitnessedLog::may_have_signed`]): whoever
//!   has it later proves nothing of what came after.
//! - Without that, a size (409) or a refusal (422) is a **claim**. While the log
//!   runs, claims stop it only when a quorum makes them: one witness that lies
//!   must not stop a province. Fewer are an alarm for people.
//! - At the start nothing has been signed yet and waiting costs little: a claim
//!   stops the start, unless a quorum of the others cosigned the newest
//!   checkpoint in the same moment.
//!
//! A proof stays until the process ends; a claim until that witness cosigns
//! again. A witness that does not answer says nothing: the log serves, and the
//! age of what nobody witnessed grows, up to the operator's limit if there is one.

mod asking;
mod rounds;
mod standing;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use motlan_audit_tree::{NodeHash, SignedCheckpoint, TreeHead, TrustedLog};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::client::WitnessClient;
use asking::{Asking, Met};
use rounds::Rounds;
pub use standing::{Asked, WitnessStanding};
use standing::{Contradiction, Standings};

/// The log whose checkpoints are to be cosigned.
///
/// For the implementer: nothing here may wait for a witness. `newest` is durable
/// and shown already; what is handed to `keep` is shown once it is durable, and
/// handed in again as long as `witnessed` does not say so.
pub trait WitnessedLog: Send + Sync + 'static {
    /// Why there is no proof.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Origin and every key it had, to know its checkpoints by.
    fn trusted(&self) -> TrustedLog;
    /// Whether a checkpoint that one of those keys signed is the log's word: not
    /// where a key signed it that was retired before the log was that large. The same
    /// after every start: a bound that grows would make its word of a stranger's.
    fn may_have_signed(&self, seen: &SignedCheckpoint) -> bool;
    /// The newest checkpoint.
    fn newest(&self) -> Arc<SignedCheckpoint>;
    /// The tree as it was at a size up to the newest one's.
    fn head(&self, size: u64) -> impl Future<Output = Result<TreeHead, Self::Error>> + Send;
    /// That the tree of `new` leaves grew from the one of `old`.
    fn prove(&self, old: u64, new: u64) -> impl Future<Output = Result<Vec<NodeHash>, Self::Error>> + Send;
    /// What a quorum has cosigned and is shown.
    fn witnessed(&self) -> Option<Arc<SignedCheckpoint>>;
    /// Takes a checkpoint that a quorum has cosigned.
    fn keep(&self, checkpoint: SignedCheckpoint);
    /// How old the first entry is that no quorum has cosigned.
    fn unwitnessed(&self) -> Duration;
    /// Stops new work, or lets it go on.
    fn stop(&self, why: Option<Stop>);
}

/// Why a log must take no new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Too old a part of it is unwitnessed.
    Unwitnessed,
    /// Witnesses have seen another log of its name and key.
    Disputed,
}

/// Whom to ask, and what follows.
#[derive(Debug, Clone)]
pub struct SubmitterOptions {
    /// The witnesses, each with its own key.
    pub witnesses: Vec<WitnessClient>,
    /// How many of them make a checkpoint witnessed; at least 1.
    pub quorum: usize,
    /// From which age of the unwitnessed part on new work is refused.
    pub stop_after: Option<Duration>,
    /// How fast.
    pub pace: Pace,
}

/// How fast witnesses are asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at the log, and so between two checkpoints.
    pub tick: Duration,
    /// Looks after which a target that has no quorum gives way to a newer one.
    pub round: u32,
    /// After a failure, doubled with each further one: first, and at most.
    pub backoff: (Duration, Duration),
    /// For one exchange at the start, and for all that is asked at the stop.
    pub start: Duration,
}

/// Has a log's checkpoints cosigned.
pub struct Submitter<L> {
    shared: Arc<Shared<L>>,
    clients: Vec<WitnessClient>,
    stop_after: Option<Duration>,
    pace: Pace,
}

/// What is to be known of it while it runs.
#[derive(Debug, Clone)]
pub struct SubmitterHandle {
    standings: Arc<Standings>,
}

/// What the tasks share.
struct Shared<L> {
    log: L,
    rounds: Mutex<Rounds>,
    standings: Arc<Standings>,
    quorum: usize,
}

/// The log is not the one that its witnesses know: do not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disputed {
    /// Shown by a signature of the log's own key.
    #[error(
        "the witness {witness} holds a checkpoint of {seen} entries that this log's key signed, and the log here, of {own} \
         published entries, does not contain it: the folders were put back to an older copy, or another gateway signs \
         with this key. Put the newer folders back, or see `motlan audit recover`"
    )]
    Proved {
        /// The witness's name.
        witness: String,
        /// The size it has seen.
        seen: u64,
        /// The size of the newest checkpoint.
        own: u64,
    },
    /// Said by a witness, and not refuted by a quorum of the others.
    #[error(
        "the witness {witness} says that it has seen another log by this name{}, and {own} entries are published here: \
         the folders were put back to an older copy, or the witness is at fault. Put the newer folders back, see \
         `motlan audit recover`, or ask who runs it",
        seen.map(|seen| format!(", of {seen} entries")).unwrap_or_default()
    )]
    Claimed {
        /// The witness's name.
        witness: String,
        /// The size it names.
        seen: Option<u64>,
        /// The size of the newest checkpoint.
        own: u64,
    },
}

// === impl Pace ===

impl Default for Pace {
    /// A look each second, 10 s for a round, 1 s to a minute after failures,
    /// 3 s for an exchange at the start.
    fn default() -> Self {
        Self {
            tick: Duration::from_secs(1),
            round: 10,
            backoff: (Duration::from_secs(1), Duration::from_mins(1)),
            start: Duration::from_secs(3),
        }
    }
}

// === impl Submitter ===

impl<L: WitnessedLog> Submitter<L> {
    /// For that log. Asks nobody yet.
    pub fn new(options: SubmitterOptions, log: L) -> Self {
        let SubmitterOptions { witnesses, quorum, stop_after, pace } = options;
        let names = witnesses.iter().map(|client| client.key().name().to_owned());
        let standings = Arc::new(Standings::new(names));
        let rounds = Mutex::new(Rounds::new(quorum, log.newest()));
        let shared = Arc::new(Shared { log, rounds, standings, quorum });
        Self { shared, clients: witnesses, stop_after, pace }
    }

    /// What is to be known of it while it runs.
    pub fn handle(&self) -> SubmitterHandle {
        SubmitterHandle { standings: Arc::clone(&self.shared.standings) }
    }

    /// Asks every witness once, at the same time, for the newest checkpoint.
    /// Whoever does not answer in time says nothing. To be done before the log
    /// takes its first entry.
    ///
    /// # Errors
    /// [`Disputed`]: do not serve.
    pub async fn check(&self) -> Result<(), Disputed> {
        let target = self.shared.log.newest();
        self.shared.rounds.lock().begin(Arc::clone(&target));
        let mut asked = self.ask_once(&target);
        let mut cosigned = 0;
        while let Some(met) = asked.join_next().await {
            cosigned += usize::from(matches!(met, Ok(Met::Cosigned)));
        }
        let own = target.head().size;
        match self.shared.standings.worst() {
            Some((witness, Contradiction::Proved { size })) => {
                Err(Disputed::Proved { witness, seen: size, own })
            }
            Some((witness, Contradiction::Claimed { size })) if cosigned < self.shared.quorum => {
                Err(Disputed::Claimed { witness, seen: size, own })
            }
            _ => Ok(()),
        }
    }

    fn ask_once(&self, target: &Arc<SignedCheckpoint>) -> JoinSet<Met> {
        let mut asked = JoinSet::new();
        for (number, client) in self.clients.iter().enumerate() {
            let asking = Asking::new(Arc::clone(&self.shared), number, client.within(self.pace.start));
            let target = Arc::clone(target);
            asked.spawn(async move { asking.ask(&target).await });
        }
        asked
    }

    /// Has checkpoints cosigned until told to stop, and then the newest one, if
    /// they will in the time of an exchange at the start. Cancellation: an exchange
    /// under way is given up; the witness may have cosigned what nobody sees,
    /// and cosigns it again when asked again. Failure, also a panic over an
    /// answer: that witness is asked again, and the others all the while.
    pub async fn run(self, stop: CancellationToken) {
        let target = watch::Sender::new(self.shared.rounds.lock().target());
        let mut asking = JoinSet::new();
        for (number, client) in self.clients.iter().enumerate() {
            let one = Asking::new(Arc::clone(&self.shared), number, client.clone());
            let (targets, backoff) = (target.subscribe(), self.pace.backoff);
            asking.spawn(stop.clone().run_until_cancelled_owned(one.supervised(targets, backoff)));
        }
        let _ = stop.run_until_cancelled(self.look_again(&target)).await;
        // They were told to stop, too.
        while asking.join_next().await.is_some() {}
        self.ask_last().await;
    }

    /// Asks every witness once for the newest checkpoint: a log that stops for long
    /// should not leave its end to nobody's word but its own. Whoever does not
    /// answer in time holds up no stop.
    async fn ask_last(&self) {
        let newest = self.shared.log.newest();
        let witnessed = self.shared.log.witnessed().map_or(0, |witnessed| witnessed.head().size);
        if newest.head().size <= witnessed {
            return;
        }
        self.shared.rounds.lock().begin(Arc::clone(&newest));
        let mut asked = self.ask_once(&newest);
        let all = async { while asked.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(self.pace.start, all).await;
    }

    /// Takes the next target, hands in what has its quorum, and judges how it
    /// stands, again and again.
    async fn look_again(&self, target: &watch::Sender<Arc<SignedCheckpoint>>) {
        let mut ticks = tokio::time::interval(self.pace.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = 0;
        loop {
            ticks.tick().await;
            looks += 1;
            let newest = self.shared.log.newest();
            let mut rounds = self.shared.rounds.lock();
            let over = rounds.is_settled() || looks >= self.pace.round;
            if over && newest.head().size > rounds.target().head().size {
                rounds.begin(Arc::clone(&newest));
                target.send_replace(newest);
                looks = 0;
            }
            let settled = rounds.settled();
            drop(rounds);
            if let Some(settled) = settled {
                self.shared.hand_in(settled);
            }
            self.judge();
        }
    }

    fn judge(&self) {
        let age = self.shared.log.unwitnessed();
        let why = if self.shared.standings.is_disputed(self.shared.quorum) {
            Some(Stop::Disputed)
        } else {
            self.stop_after.filter(|most| age > *most).map(|_| Stop::Unwitnessed)
        };
        if self.shared.standings.turns(why) {
            match why {
                None => tracing::info!("witnesses no longer stand in the way of new work"),
                Some(why) => tracing::error!(?why, ?age, "new work is refused"),
            }
        }
        self.shared.log.stop(why);
    }
}

// === impl SubmitterHandle ===

impl SubmitterHandle {
    /// How it stands with each witness, in the order of the options.
    pub fn witnesses(&self) -> Vec<WitnessStanding> {
        self.standings.all()
    }
}

// === impl Shared ===

impl<L: WitnessedLog> Shared<L> {
    /// Hands in a checkpoint with a quorum, unless the log shows it already.
    fn hand_in(&self, settled: SignedCheckpoint) {
        let said =
            |checkpoint: &SignedCheckpoint| (checkpoint.head().size, checkpoint.note().signatures().len());
        let shown = self.log.witnessed().map_or((0, 0), |shown| said(&shown));
        // Of no entries there is nothing to vouch for.
        if settled.head().size > 0 && said(&settled) > shown {
            self.log.keep(settled);
        }
    }
}
