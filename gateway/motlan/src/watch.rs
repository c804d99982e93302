//! `motlan audit watch`: the log as it grows. Each time the gateway says
//! something, its newest checkpoint has to have grown from the one before, and
//! every entry shown has to be in it.

mod alarm;
mod proof;
mod state;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::time::Duration;

use motlan_audit_tree::{Entry, TreeHead, leaf_hash, verify_inclusion};
use motlan_proto::audit::v1 as wire;
use tokio::time::Instant;

use crate::cli::{Order, SearchFilter, WatchArgs};
use crate::client::json::Contract;
use crate::client::{Connection, Refusal, connect, entry_lines, search_request};
use crate::exit::{Ended, Exit, Failure};
use crate::prove::{Judged, KnownKeys, NotTaken, checkpoint, columns, hashes};

use alarm::Alarm;
use proof::UNPROVED;
use state::State;

/// How long is waited.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Before a gateway that could not be reached, or refused, is asked again.
    again: Duration,
    /// For a proof that may still come, and for the next token.
    patience: Duration,
}

/// What ends a round.
enum Stop {
    Alarm(Alarm),
    Failure(Failure),
    /// The token was refused for as long as the next one is waited for.
    Refused(Failure),
}

impl<T: Into<Failure>> From<T> for Stop {
    fn from(failure: T) -> Self {
        Self::Failure(failure.into())
    }
}

/// A watch under way.
struct Watch<'a> {
    args: &'a WatchArgs,
    pace: Pace,
    keys: KnownKeys,
    request: wire::WatchEntriesRequest,
    state: State,
    /// Entries still to be shown before it ends.
    left: Option<usize>,
    /// Whether the gateway ever told a checkpoint that was taken.
    begun: bool,
    /// Since when the token is refused.
    token_refused: Option<Instant>,
    /// A checkpoint that no known key signed, and since when it is not known whether one
    /// did that follows them.
    open: Option<(Instant, NotTaken)>,
}

/// Runs the command.
pub async fn run(args: &WatchArgs, out: &mut dyn Write) -> Ended {
    let pace = Pace { again: Duration::from_secs(2), patience: Duration::from_mins(1) };
    watch(args, pace, out).await
}

async fn watch(args: &WatchArgs, pace: Pace, out: &mut dyn Write) -> Ended {
    let mut keys = KnownKeys::given(&args.key)?.with_log(args.log.as_ref(), &args.client).await?;
    let request = request(args).map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let state = State::read(&args.state, &mut keys, args.from)?;
    let left = args.limit.map(std::num::NonZeroUsize::get);
    let mut watch =
        Watch { args, pace, keys, request, state, left, begun: false, token_refused: None, open: None };
    loop {
        let (since, round) = (Instant::now(), watch.round(out).await);
        if since.elapsed() > pace.patience {
            // The token was good for a while: this is the next one's turn.
            watch.token_refused = None;
        }
        match round {
            Ok(()) if watch.left == Some(0) => return Ok(Exit::Ok),
            Ok(()) => {}
            Err(Stop::Alarm(alarm)) => return Exit::No.told(alarm.tell(args, out)),
            // Later may help, and a watch that has begun has time.
            Err(Stop::Failure(failure))
                if (watch.begun || watch.open.is_some()) && watch.may_pass(&failure) =>
            {
                // A token that is refused has its own time.
                let for_token = refusal(&failure).is_some_and(is_token_refused);
                if let Some(alarm) = watch.overdue().filter(|_| !for_token) {
                    return Exit::No.told(alarm.tell(args, out));
                }
                say(&failure);
                tokio::time::sleep(pace.again).await;
            }
            Err(Stop::Refused(failure)) => return Err(no_alarm(failure)),
            Err(Stop::Failure(failure))
                if refusal(&failure).is_some() || failure.exit == Exit::Unavailable =>
            {
                return Err(no_alarm(failure));
            }
            Err(Stop::Failure(failure)) => return Err(failure),
        }
    }
}

/// Tells what is tried again. A closed standard error stops nothing.
fn say(failure: &Failure) {
    let _ = writeln!(std::io::stderr(), "motlan: {failure}");
}

/// 1 is an alarm, and this is none: nothing is known to be withheld.
fn no_alarm(failure: Failure) -> Failure {
    let told =
        "không theo dõi được nhật ký; đây không phải cảnh báo / the log cannot be watched; this is no alarm";
    Failure { exit: Exit::Usage, cause: failure.cause.context(told) }
}

fn refusal(failure: &Failure) -> Option<&Refusal> {
    failure.cause.downcast_ref()
}

/// Whether the gateway refused for the token: it is over, half-written or wrong.
fn is_token_refused(refusal: &Refusal) -> bool {
    refusal.code == tonic::Code::Unauthenticated
}

// === impl Watch ===

impl Watch<'_> {
    /// One stream, from its beginning to its end. Connected anew each time: a
    /// token is short-lived, and its file may hold the next one.
    async fn round(&mut self, out: &mut dyn Write) -> Result<(), Stop> {
        let mut connection = connect(&self.args.client).await?;
        let head = self.hold(&mut connection).await?;
        let next = self.state.next.unwrap_or(head.size);
        self.state.next = Some(next);
        self.state.write(&self.args.state, &self.keys)?;
        let request = wire::WatchEntriesRequest { index_from: next, ..self.request.clone() };
        let stream = connection.audit().watch_entries(request).await;
        let mut stream = stream.map_err(refused)?.into_inner();
        while let Some(chunk) = stream.message().await.map_err(refused)? {
            self.chunk(&mut connection, chunk, out).await?;
            self.token_refused = None;
            if self.left == Some(0) {
                return Ok(());
            }
        }
        // A quiet log is held to what it was, too.
        self.hold(&mut connection).await?;
        Ok(self.state.write(&self.args.state, &self.keys)?)
    }

    /// Holds the newest checkpoint against the last, and keeps it.
    async fn hold(&mut self, connection: &mut Connection) -> Result<TreeHead, Stop> {
        let judged = checkpoint(connection, &self.args.client, &mut self.keys).await?;
        let last = self.state.checkpoint.as_ref();
        let newest = match judged {
            Judged::Taken(newest) => newest,
            Judged::Not(not_taken) => return Err(Stop::Alarm(Alarm::not_taken(&not_taken, last))),
            // A first look without a published log has nothing to hold it against.
            Judged::Open(_, why) if last.is_none() && self.args.log.is_none() => {
                return Err(Stop::Failure(why));
            }
            Judged::Open(not_taken, why) => {
                self.open.get_or_insert_with(|| (Instant::now(), not_taken));
                return Err(Stop::Failure(Failure { exit: Exit::Unavailable, ..why }));
            }
        };
        // Another one that is taken does not settle it.
        let keys = &self.keys;
        let is_open =
            |not_taken: &NotTaken| not_taken.notes().iter().any(|note| keys.open(note.as_bytes()).is_err());
        self.open.take_if(|(_, not_taken)| !is_open(not_taken));
        if let Some(alarm) = self.overdue() {
            return Err(Stop::Alarm(alarm));
        }
        if let Some(last) = last {
            self.grew(connection, last, &newest).await?;
        }
        let head = newest.head();
        // One of the same head is kept for its signatures, unless it lacks some.
        let lacking = last.is_some_and(|last| last.head() == head && !self.keys.keeps_up(last, &newest));
        if !lacking {
            self.state.checkpoint = Some(newest);
        }
        self.begun = true;
        Ok(head)
    }

    async fn chunk(
        &mut self,
        connection: &mut Connection,
        chunk: wire::WatchEntriesResponse,
        out: &mut dyn Write,
    ) -> Result<(), Stop> {
        let head = self.hold(connection).await?;
        let next = self.state.next.unwrap_or_default();
        if chunk.index_from != next || chunk.index_to <= next || chunk.index_to > head.size {
            return Err(Stop::Alarm(self.alarm((
                "các bản ghi không liền nhau hoặc vượt quá checkpoint",
                "the entries do not follow one another, or are beyond the checkpoint",
            ))));
        }
        let contract = Contract::load()?;
        for told in chunk.entries {
            let entry =
                self.shown(connection, head, told.canonical, chunk.index_from..chunk.index_to).await?;
            if self.args.client.json {
                writeln!(out, "{}", contract.json("motlan.audit.v1.Entry", &entry)?)?;
            } else {
                writeln!(out, "{}", entry_lines(&entry).join("  "))?;
            }
            out.flush()?;
            if let Some(left) = &mut self.left {
                *left -= 1;
                if *left == 0 {
                    // The rest of the chunk is for the next time.
                    self.state.next = Some(entry.index + 1);
                    return Ok(self.state.write(&self.args.state, &self.keys)?);
                }
            }
        }
        self.state.next = Some(chunk.index_to);
        Ok(self.state.write(&self.args.state, &self.keys)?)
    }

    /// An alarm over what is shown against the checkpoint held now.
    fn alarm(&self, told: (&'static str, &'static str)) -> Alarm {
        Alarm::new(told).by(&self.state.checkpoint)
    }

    /// Over a checkpoint of which it was not known for too long who signed it: whoever
    /// forged one needs but keep the published log from being read.
    fn overdue(&self) -> Option<Alarm> {
        let (since, not_taken) = self.open.as_ref()?;
        let over = since.elapsed() >= self.pace.patience;
        over.then(|| Alarm::not_taken(not_taken, self.state.checkpoint.as_ref()))
    }

    /// Whether asking again may help. A token is short-lived, and its file may hold
    /// the next one before long.
    fn may_pass(&mut self, failure: &Failure) -> bool {
        if refusal(failure).is_some_and(is_token_refused) {
            let since = *self.token_refused.get_or_insert_with(Instant::now);
            return since.elapsed() < self.pace.patience;
        }
        let internal = refusal(failure).is_some_and(|refusal| refusal.exit() == Exit::Internal);
        internal || failure.exit == Exit::Unavailable
    }

    /// An entry that is in the log, by its bytes.
    async fn shown(
        &self,
        connection: &mut Connection,
        head: TreeHead,
        canonical: Vec<u8>,
        place: std::ops::Range<u64>,
    ) -> Result<wire::Entry, Stop> {
        let none = || {
            Stop::Alarm(self.alarm((
                "bản ghi đưa ra không có trong nhật ký",
                "an entry that was shown is not in the log",
            )))
        };
        let entry = Entry::parse(&canonical).map_err(|_| none())?;
        if !place.contains(&entry.index) {
            return Err(none());
        }
        let request = wire::GetInclusionProofRequest { index: entry.index, size: head.size };
        let ask = async |at: &Connection| at.audit().get_inclusion_proof(request).await;
        let told = self.proof(connection, ask, || self.alarm(UNPROVED)).await?;
        let proof = hashes(&told.into_inner().proof).ok_or_else(none)?;
        verify_inclusion(head, entry.index, &leaf_hash(&canonical), &proof).map_err(|_| none())?;
        Ok(columns(&entry, canonical))
    }
}

fn request(args: &WatchArgs) -> Result<wire::WatchEntriesRequest, String> {
    let filter = SearchFilter {
        dossier: args.dossier.clone(),
        subject: args.subject.clone(),
        person: None,
        agency: args.agency.clone(),
        officer: args.officer.clone(),
        procedure: args.procedure.clone(),
        outcome: args.outcome.clone(),
        kind: args.kind.clone(),
        from: None,
        to: None,
        order: Order::Oldest,
        limit: std::num::NonZeroUsize::MIN,
    };
    let search = search_request(&filter)?;
    Ok(wire::WatchEntriesRequest {
        index_from: 0,
        dossier_code: search.dossier_code,
        subject: search.subject,
        agency_code: search.agency_code,
        officer_account: search.officer_account,
        procedure_code: search.procedure_code,
        outcome: search.outcome,
        kind: search.kind,
    })
}

fn refused(status: tonic::Status) -> Failure {
    Failure::from(Refusal::from(status))
}
