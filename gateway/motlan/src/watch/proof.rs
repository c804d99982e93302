//! Proofs that a watch asks for of what was signed. Whoever signs a head that is not
//! shown to be the log that was there, or shows an entry that is not shown to be in
//! it, may be hiding a fork: to withhold the proof is an alarm, as a false one is.

use motlan_audit_tree::{SignedCheckpoint, verify_consistency};
use motlan_proto::audit::v1 as wire;
use tokio::time::Instant;
use tonic::{Code, Status};

use super::alarm::Alarm;
use super::{Stop, Watch, is_token_refused, say};
use crate::client::{Connection, Refusal, connect};
use crate::exit::Failure;
use crate::prove::hashes;

/// An entry was shown, and that it is in the log is not.
pub(super) const UNPROVED: (&str, &str) = (
    "bản ghi đã được đưa ra nhưng cổng kết nối không chứng minh bản ghi đó có trong nhật ký",
    "an entry was shown, and the proof that it is in the log was withheld",
);

/// A larger head was signed, and that it grew from the last is not shown.
const UNLINKED: (&str, &str) = (
    "checkpoint đã được ký nhưng cổng kết nối không chứng minh nhật ký vẫn chứa những gì đã thấy trước đây",
    "a checkpoint was signed, and the proof that the log still holds what it held was withheld",
);

impl Watch<'_> {
    /// Asks for a proof, and again for a time where that may help; each time with the
    /// token that lies there then, over a connection that is left for what comes next.
    pub(super) async fn proof<T>(
        &self,
        connection: &mut Connection,
        ask: impl AsyncFn(&Connection) -> Result<T, Status>,
        withheld: impl Fn() -> Alarm,
    ) -> Result<T, Stop> {
        let until = Instant::now() + self.pace.patience;
        loop {
            let refusal = match ask(connection).await {
                Ok(told) => return Ok(told),
                Err(status) => Refusal::from(status),
            };
            if !may_pass(&refusal) || Instant::now() >= until {
                if is_token_refused(&refusal) && takes_no_token_of(connection).await {
                    return Err(Stop::Refused(refusal.into()));
                }
                return Err(Stop::Alarm(withheld().refused(&refusal)));
            }
            say(&Failure::from(refusal));
            tokio::time::sleep(self.pace.again).await;
            // Where it does not connect, the old one is refused as well.
            if let Ok(anew) = connect(&self.args.client).await {
                *connection = anew;
            }
        }
    }

    /// Whether the log grew from what was kept of it to what is shown now.
    pub(super) async fn grew(
        &self,
        connection: &mut Connection,
        last: &SignedCheckpoint,
        newest: &SignedCheckpoint,
    ) -> Result<(), Stop> {
        let alarm = |told| Alarm::new(told).by([last, newest]);
        let stop = |told| Err(Stop::Alarm(alarm(told)));
        let (old, new) = (last.head(), newest.head());
        if last.checkpoint().origin() != newest.checkpoint().origin() {
            return stop(("đây là nhật ký khác", "this is another log"));
        }
        if new.size < old.size {
            return stop((
                "nhật ký ngắn hơn trước: có bản ghi đã bị cắt bỏ",
                "the log is shorter than it was: entries were cut off",
            ));
        }
        let forked = (
            "nhật ký không còn chứa những gì đã thấy trước đây",
            "the log does not hold what it held: it was forked",
        );
        if old.size == new.size && old != new {
            return stop(forked);
        }
        // Of the same head as well: taken once, it would speak for that key ever after.
        if self.keys.retired_since(last, newest) {
            return stop((
                "checkpoint mới chỉ được ký bằng khóa đã bị thay thế",
                "a newer checkpoint is signed by a key alone that another one had followed already",
            ));
        }
        if old == new {
            return Ok(());
        }
        let mut proof = Vec::new();
        if old.size > 0 {
            let request = wire::GetConsistencyProofRequest { old_size: old.size, new_size: new.size };
            let ask = async |at: &Connection| at.audit().get_consistency_proof(request).await;
            let told = self.proof(connection, ask, || alarm(UNLINKED)).await?.into_inner();
            match hashes(&told.proof) {
                Some(told) => proof = told,
                None => return stop(forked),
            }
        }
        verify_consistency(old, new, &proof).or_else(|_| stop(forked))
    }
}

/// Whether asking again may help.
fn may_pass(refusal: &Refusal) -> bool {
    let later = matches!(
        refusal.code,
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::Internal
            | Code::DeadlineExceeded
            | Code::Unknown
            | Code::Aborted
            | Code::Cancelled
    );
    later || is_token_refused(refusal)
}

/// Whether the same token is refused where nothing is to be hidden, too: then it is
/// the token that is wrong, and no proof is withheld.
async fn takes_no_token_of(connection: &Connection) -> bool {
    let told = connection.audit().get_checkpoint(wire::GetCheckpointRequest {}).await;
    told.is_err_and(|status| is_token_refused(&Refusal::from(status)))
}
