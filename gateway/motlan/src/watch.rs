//! `motlan audit watch`: the log as it grows. Each time the gateway says
//! something, its newest checkpoint has to have grown from the one before, and
//! every entry shown has to be in it.

mod state;

use std::io::Write;
use std::time::Duration;

use motlan_audit_tree::{Entry, SignedCheckpoint, TreeHead, leaf_hash, verify_consistency, verify_inclusion};
use motlan_domain::Reason;
use motlan_proto::audit::v1 as wire;

use crate::cli::{Order, SearchFilter, WatchArgs};
use crate::client::json::Contract;
use crate::client::{Connection, Refusal, connect, entry_lines, search_request};
use crate::exit::{Ended, Exit, Failure};
use crate::prove::{KnownKeys, checkpoint, columns, hashes};
use crate::term::{Look, Tone};

use state::State;

/// Before a gateway that could not be reached is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// What the gateway showed cannot be true together.
struct Alarm(&'static str, &'static str);

/// What ends a round.
enum Stop {
    Alarm(Alarm),
    Failure(Failure),
}

impl<T: Into<Failure>> From<T> for Stop {
    fn from(failure: T) -> Self {
        Self::Failure(failure.into())
    }
}

/// A watch under way.
struct Watch<'a> {
    args: &'a WatchArgs,
    keys: KnownKeys,
    request: wire::WatchEntriesRequest,
    state: State,
    /// Entries still to be shown before it ends.
    left: Option<usize>,
    /// Whether the gateway ever told a checkpoint; and whether it did in this round.
    held: (bool, bool),
}

/// Runs the command.
pub async fn run(args: &WatchArgs, out: &mut dyn Write) -> Ended {
    let mut keys = KnownKeys::given(&args.key, args.log.as_ref())?;
    let request = request(args).map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let state = State::read(&args.state, &mut keys, args.from)?;
    let left = args.limit.map(std::num::NonZeroUsize::get);
    let mut watch = Watch { args, keys, request, state, left, held: (false, false) };
    loop {
        match watch.round(out).await {
            Ok(()) if watch.left == Some(0) => return Ok(Exit::Ok),
            Ok(()) => {}
            Err(Stop::Alarm(Alarm(vi, en))) => {
                let look = Look::of_stdout();
                writeln!(out, "{} {vi} / {en}", look.paint("CẢNH BÁO / ALARM", Tone::Bad))?;
                return Ok(Exit::No);
            }
            // A token is short-lived, and its file may hold the next one.
            Err(Stop::Failure(failure)) if watch.held.1 && is_token_over(&failure) => {}
            // Later may help, and a watch that has begun has time.
            Err(Stop::Failure(failure)) if watch.held.0 && failure.exit == Exit::Unavailable => {
                // A closed standard error stops nothing.
                let _ = writeln!(std::io::stderr(), "motlan: {failure}");
                tokio::time::sleep(AGAIN).await;
            }
            // 1 is an alarm, and this is none: of the log nothing was learned.
            Err(Stop::Failure(failure)) if matches!(failure.exit, Exit::No | Exit::Unavailable) => {
                let told = "không theo dõi được nhật ký; đây không phải cảnh báo / the log cannot be watched; this is \
                            no alarm";
                return Err(Failure { exit: Exit::Usage, cause: failure.cause.context(told) });
            }
            Err(Stop::Failure(failure)) => return Err(failure),
        }
    }
}

/// Whether the gateway refused for the token's age alone.
fn is_token_over(failure: &Failure) -> bool {
    let refusal = failure.cause.downcast_ref::<Refusal>();
    refusal.is_some_and(|refusal| refusal.reason == Reason::TokenExpired.code())
}

// === impl Watch ===

impl Watch<'_> {
    /// One stream, from its beginning to its end. Connected anew each time: a
    /// token is short-lived, and its file may hold the next one.
    async fn round(&mut self, out: &mut dyn Write) -> Result<(), Stop> {
        self.held.1 = false;
        let connection = connect(&self.args.client).await?;
        let head = self.hold(&connection).await?;
        let next = self.state.next.unwrap_or(head.size);
        self.state.next = Some(next);
        self.state.write(&self.args.state, &self.keys)?;
        let request = wire::WatchEntriesRequest { index_from: next, ..self.request.clone() };
        let stream = connection.audit().watch_entries(request).await;
        let mut stream = stream.map_err(refused)?.into_inner();
        while let Some(chunk) = stream.message().await.map_err(refused)? {
            self.chunk(&connection, chunk, out).await?;
            if self.left == Some(0) {
                return Ok(());
            }
        }
        // A quiet log is held to what it was, too.
        self.hold(&connection).await?;
        Ok(self.state.write(&self.args.state, &self.keys)?)
    }

    /// Holds the newest checkpoint against the last, and keeps it.
    async fn hold(&mut self, connection: &Connection) -> Result<TreeHead, Stop> {
        let newest = checkpoint(connection, &self.args.client, &mut self.keys).await?;
        let newest = newest.ok_or(Stop::Alarm(Alarm(
            "checkpoint không được ký bằng khóa đã cho, cũng không bằng khóa kế tiếp của chúng",
            "the checkpoint is signed by none of the keys given, nor by one that follows them",
        )))?;
        if let Some(last) = &self.state.checkpoint {
            grew(connection, last, &newest).await?;
        }
        let head = newest.head();
        self.state.checkpoint = Some(newest);
        self.held = (true, true);
        Ok(head)
    }

    async fn chunk(
        &mut self,
        connection: &Connection,
        chunk: wire::WatchEntriesResponse,
        out: &mut dyn Write,
    ) -> Result<(), Stop> {
        let head = self.hold(connection).await?;
        let next = self.state.next.unwrap_or_default();
        if chunk.index_from != next || chunk.index_to <= next || chunk.index_to > head.size {
            return Err(Stop::Alarm(Alarm(
                "các bản ghi không liền nhau hoặc vượt quá checkpoint",
                "the entries do not follow one another, or are beyond the checkpoint",
            )));
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

    /// An entry that is in the log, by its bytes.
    async fn shown(
        &self,
        connection: &Connection,
        head: TreeHead,
        canonical: Vec<u8>,
        place: std::ops::Range<u64>,
    ) -> Result<wire::Entry, Stop> {
        let none = || {
            Stop::Alarm(Alarm(
                "bản ghi đưa ra không có trong nhật ký",
                "an entry that was shown is not in the log",
            ))
        };
        let entry = Entry::parse(&canonical).map_err(|_| none())?;
        if !place.contains(&entry.index) {
            return Err(none());
        }
        let request = wire::GetInclusionProofRequest { index: entry.index, size: head.size };
        let told = connection.audit().get_inclusion_proof(request).await.map_err(refused)?;
        let proof = hashes(&told.into_inner().proof).ok_or_else(none)?;
        verify_inclusion(head, entry.index, &leaf_hash(&canonical), &proof).map_err(|_| none())?;
        Ok(columns(&entry, canonical))
    }
}

/// Whether the log grew from what was kept of it to what is shown now.
async fn grew(
    connection: &Connection,
    last: &SignedCheckpoint,
    newest: &SignedCheckpoint,
) -> Result<(), Stop> {
    let (old, new) = (last.head(), newest.head());
    if last.checkpoint().origin() != newest.checkpoint().origin() {
        return Err(Stop::Alarm(Alarm("đây là nhật ký khác", "this is another log")));
    }
    if new.size < old.size {
        return Err(Stop::Alarm(Alarm(
            "nhật ký ngắn hơn trước: có bản ghi đã bị cắt bỏ",
            "the log is shorter than it was: entries were cut off",
        )));
    }
    let forked = || {
        Stop::Alarm(Alarm(
            "nhật ký không còn chứa những gì đã thấy trước đây",
            "the log does not hold what it held: it was forked",
        ))
    };
    if old.size == new.size {
        return if old == new { Ok(()) } else { Err(forked()) };
    }
    let proof = if old.size == 0 {
        Vec::new()
    } else {
        let request = wire::GetConsistencyProofRequest { old_size: old.size, new_size: new.size };
        let told = connection.audit().get_consistency_proof(request).await.map_err(refused)?;
        hashes(&told.into_inner().proof).ok_or_else(forked)?
    };
    verify_consistency(old, new, &proof).map_err(|_| forked())
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
