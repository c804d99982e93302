//! The table: every fault, and what becomes of it.

use std::time::Duration;

use motlan_domain::{Completeness, IncompleteCause, Reason};
use tokio::net::TcpListener;

use super::{Expected, Fault, Run, Wire, describe};
use crate::{FetchError, MalformedCause, Reply};

/// What has to come of a fault.
enum Verdict {
    Unavailable(Reason),
    Malformed(&'static [MalformedCause]),
    Refused(&'static str),
    /// Another subject, or incomplete for contradiction: never a whole record.
    Contradiction,
}

/// Each fault on each found case; afterwards the adapter answers again.
pub(super) async fn check(run: &mut Run<'_>) {
    let Ok(listener) = TcpListener::bind(("127.0.0.1", 0)).await else {
        run.check(false, || "no loopback port for the redirect's target".to_owned());
        return;
    };
    let target = listener.local_addr().map(|address| format!("http://{address}/")).unwrap_or_default();
    let found: Vec<usize> =
        (0..run.cases.len()).filter(|index| matches!(run.cases[*index].expected, Expected::Found)).collect();
    let yes: Vec<usize> = (0..run.cases.len())
        .filter(|index| run.cases[*index].expected == Expected::Confirmed(true))
        .collect();
    let Some(first) = found.first().copied() else { return };
    for (fault, verdict) in table(run, &target) {
        for index in found.iter().chain(&yes) {
            run.far.script(&fault, None);
            let reply = run.ask(*index).await;
            run.far.clear();
            let name = run.cases[*index].name;
            run.check(verdict.fits(&reply), || format!("{name} under {fault:?}: {}", describe(&reply)));
        }
        // The fault of a moment ago does no more harm.
        run.answers_as_expected(first, "after a fault").await;
    }
    let called = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_ok();
    run.check(!called, || "a redirect was followed".to_owned());
}

fn table(run: &Run<'_>, target: &str) -> Vec<(Fault, Verdict)> {
    use MalformedCause::{ContentType, Forbidden, Namespace, Shape, Syntax, TooDeep, TooLarge, Truncated};
    let limits = run.far.limits();
    let xml = run.far.wire() == Wire::Xml;
    let late = u64::try_from(limits.deadline.as_millis()).unwrap_or(u64::MAX) * 2;
    let mut table = vec![
        (Fault::Latency(late), Verdict::Unavailable(Reason::SourceTimeout)),
        (Fault::Hang, Verdict::Unavailable(Reason::SourceTimeout)),
        (Fault::Status(500), Verdict::Unavailable(Reason::SourceError)),
        (Fault::Status(502), Verdict::Unavailable(Reason::SourceError)),
        (Fault::Status(503), Verdict::Unavailable(Reason::SourceError)),
        (Fault::Status(404), Verdict::Refused("HTTP_404")),
        (Fault::TooMany(7), Verdict::Unavailable(Reason::SourceThrottled)),
        (Fault::Reset, Verdict::Unavailable(Reason::SourceUnreachable)),
        (Fault::Malformed, Verdict::Malformed(&[Syntax, Truncated])),
        (Fault::WrongSchema, Verdict::Malformed(&[Shape])),
        (Fault::Empty, Verdict::Malformed(&[Truncated])),
        (Fault::WrongNamespace, Verdict::Malformed(if xml { &[Namespace] } else { &[Shape] })),
        (Fault::Oversize(limits.max_body_bytes + 1), Verdict::Malformed(&[TooLarge])),
        (Fault::DeepNesting, Verdict::Malformed(&[TooDeep])),
        (Fault::EntityBomb, Verdict::Malformed(if xml { &[Forbidden] } else { &[ContentType] })),
        (Fault::Redirect(target.to_owned()), Verdict::Malformed(&[Shape])),
        (Fault::ExpiredToken, Verdict::Refused(if xml { "010" } else { "HTTP_401" })),
        (Fault::Contradictory, Verdict::Contradiction),
    ];
    if xml {
        table.push((Fault::Refuse("020".to_owned()), Verdict::Unavailable(Reason::SourceThrottled)));
        for code in ["001", "002", "003", "004", "005", "011"] {
            table.push((Fault::Refuse(code.to_owned()), Verdict::Refused(code)));
        }
    } else {
        table.push((Fault::Refuse("TU_CHOI".to_owned()), Verdict::Refused("HTTP_403")));
    }
    for at in [0, 1, 7, 25, 60, 130] {
        table.push((Fault::Truncate(at), Verdict::Malformed(&[Truncated])));
    }
    table
}

// === impl Verdict ===

impl Verdict {
    fn fits(&self, reply: &Result<Reply, FetchError>) -> bool {
        match (self, reply) {
            (
                Self::Unavailable(expected),
                Err(FetchError::Unavailable { reason, retry_after, upstream_ids }),
            ) => {
                let told =
                    *reason != Reason::SourceThrottled || retry_after.is_none_or(|wait| wait.as_secs() == 7);
                reason == expected && told && !upstream_ids.is_empty()
            }
            (Self::Malformed(expected), Err(FetchError::Malformed { cause, upstream_ids })) => {
                expected.contains(cause) && !upstream_ids.is_empty()
            }
            (Self::Refused(expected), Err(FetchError::Refused { code, upstream_ids })) => {
                code == expected && !upstream_ids.is_empty()
            }
            (Self::Contradiction, Err(FetchError::Malformed { cause, .. })) => {
                matches!(cause, MalformedCause::OtherSubject | MalformedCause::Shape)
            }
            (Self::Contradiction, Ok(Reply::Records(fetched))) => matches!(
                fetched.completeness,
                Completeness::Incomplete { cause: IncompleteCause::Contradictory, .. }
            ),
            _ => false,
        }
    }
}
