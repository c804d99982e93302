//! The table: what comes of every fault at every question.

use motlan_harness::Fault;
use motlan_proto::common::v1::{IncompleteCause, Outcome};

use crate::DEADLINE;

/// How a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Answered, as where nothing is wrong.
    Answer,
    /// Answered, but not whole.
    Partly(IncompleteCause),
    /// UNAVAILABLE, with reason and cause.
    Refused(&'static str, Option<&'static str>),
}

/// A fault, and what comes of it at each question.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// How often it is played; until it is cleared, if absent.
    pub(crate) times: Option<u32>,
    /// What `Retry-After` says, in seconds.
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) wants: [Want; QUESTIONS],
    /// And where the registry's token endpoint is at fault.
    pub(crate) token: Want,
}

/// How many questions there are.
pub(crate) const QUESTIONS: usize = 14;

const fn malformed(cause: &'static str) -> Want {
    Want::Refused("SOURCE_MALFORMED", Some(cause))
}

const OK: Want = Want::Answer;
/// In parts that contradict one another, or that cannot be read.
const PC: Want = Want::Partly(IncompleteCause::Contradictory);
const PI: Want = Want::Partly(IncompleteCause::FieldInvalid);
const TO: Want = Want::Refused("SOURCE_TIMEOUT", None);
const ER: Want = Want::Refused("SOURCE_ERROR", None);
const TH: Want = Want::Refused("SOURCE_THROTTLED", None);
const UN: Want = Want::Refused("SOURCE_UNREACHABLE", None);
const RE: Want = Want::Refused("SOURCE_REFUSED", None);
const TR: Want = malformed("TRUNCATED");
const SY: Want = malformed("NOT_WELL_FORMED");
const SH: Want = malformed("UNEXPECTED_SHAPE");
const NS: Want = malformed("WRONG_NAMESPACE");
const TL: Want = malformed("TOO_LARGE");
const TD: Want = malformed("TOO_DEEP");
const FO: Want = malformed("FORBIDDEN_CONSTRUCT");
const CT: Want = malformed("WRONG_CONTENT_TYPE");
const OS: Want = malformed("OTHER_SUBJECT");

/// Every fault of the sandbox, some in several strengths. `elsewhere` is where
/// a redirect points.
#[rustfmt::skip]
pub(crate) fn table(elsewhere: &str) -> Vec<Row> {
    let late = u64::try_from(DEADLINE.as_millis()).expect("short") * 3;
    let code = |code: &str| Fault::Refuse { code: code.to_owned() };
    let row = |name, fault, wants, token| Row { name, fault, times: None, retry_after_s: None, wants, token };
    vec![
        //                                                              person          identity    enterprise  participation   card land
        //                                                              |   death hous. |   yes/no  |   verif.  |   holder tie  |    cert.parcel.owned  token
        row("a little late", Fault::Latency { ms: 20 },                 [OK, OK, OK,    OK, OK,     OK, OK,     OK, OK, OK,     OK,  OK, OK, OK], OK),
        row("too late", Fault::Latency { ms: late },                    [TO, TO, TO,    TO, TO,     TO, TO,     TO, TO, TO,     TO,  TO, TO, TO], TO),
        row("hang", Fault::Hang,                                        [TO, TO, TO,    TO, TO,     TO, TO,     TO, TO, TO,     TO,  TO, TO, TO], TO),
        row("500", Fault::Status { code: 500 },                         [ER, ER, ER,    ER, ER,     ER, ER,     ER, ER, ER,     ER,  ER, ER, ER], ER),
        row("503", Fault::Status { code: 503 },                         [ER, ER, ER,    ER, ER,     ER, ER,     ER, ER, ER,     ER,  ER, ER, ER], ER),
        row("404", Fault::Status { code: 404 },                         [RE, RE, RE,    RE, RE,     RE, RE,     RE, RE, RE,     RE,  RE, RE, RE], RE),
        Row { retry_after_s: Some(7), ..
        row("too many", Fault::TooMany { retry_after_s: 7 },            [TH, TH, TH,    TH, TH,     TH, TH,     TH, TH, TH,     TH,  TH, TH, TH], TH) },
        row("reset", Fault::Reset,                                      [UN, UN, UN,    UN, UN,     UN, UN,     UN, UN, UN,     UN,  UN, UN, UN], UN),
        // Where the source counts a question, it is not asked twice.
        Row { times: Some(1), ..
        row("reset once", Fault::Reset,                                 [UN, UN, UN,    UN, UN,     OK, OK,     OK, OK, UN,     OK,  OK, OK, OK], OK) },
        row("cut to nothing", Fault::Truncate { at_bytes: 0 },          [TR, TR, TR,    TR, TR,     TR, TR,     TR, TR, TR,     TR,  TR, TR, TR], TR),
        row("cut", Fault::Truncate { at_bytes: 40 },                    [TR, TR, TR,    TR, TR,     TR, TR,     TR, TR, TR,     TR,  TR, TR, TR], TR),
        row("not well formed", Fault::Malformed,                        [TR, TR, TR,    TR, TR,     SY, SY,     SY, SY, TR,     SY,  SY, SY, SY], SY),
        row("other names", Fault::WrongSchema,                          [SH, SH, SH,    SH, SH,     SH, SH,     PI, SH, SH,     SH,  SH, SH, SH], SH),
        row("empty", Fault::Empty,                                      [TR, TR, TR,    TR, TR,     TR, TR,     TR, TR, TR,     TR,  TR, TR, TR], TR),
        row("token refused", Fault::ExpiredToken,                       [RE, RE, RE,    RE, RE,     RE, RE,     RE, RE, RE,     RE,  RE, RE, RE], RE),
        // Where there are tokens, one that is refused is renewed.
        Row { times: Some(1), ..
        row("token refused once", Fault::ExpiredToken,                  [RE, RE, RE,    RE, RE,     OK, OK,     OK, OK, RE,     OK,  OK, OK, OK], RE) },
        row("too large", Fault::Oversize { bytes: (1 << 20) + 1 },      [TL, TL, TL,    TL, TL,     TL, TL,     TL, TL, TL,     TL,  TL, TL, TL], TL),
        row("another namespace", Fault::WrongNamespace,                 [NS, NS, NS,    NS, NS,     SH, SH,     SH, SH, NS,     SH,  SH, SH, SH], SH),
        row("entities", Fault::EntityBomb,                              [FO, FO, FO,    FO, FO,     CT, CT,     CT, CT, FO,     CT,  CT, CT, CT], CT),
        row("redirect", Fault::Redirect { to: elsewhere.to_owned() },   [SH, SH, SH,    SH, SH,     SH, SH,     SH, SH, SH,     SH,  SH, SH, SH], SH),
        row("too deep", Fault::DeepNesting,                             [TD, TD, TD,    TD, TD,     TD, TD,     TD, TD, TD,     TD,  TD, TD, TD], TD),
        row("contradiction", Fault::Contradictory,                      [OS, SH, OS,    OS, SH,     OS, OS,     PC, OS, OS,     PC,  OS, OS, OS], OK),
        // Of a list a further one, where the answer is a list.
        row("unreadable row", Fault::UnreadableRow,                     [OK, OK, PI,    OK, OK,     OK, OK,     PI, OK, OK,     OK,  OK, OK, PI], OK),
        row("quota", code("020"),                                       [TH, TH, TH,    TH, TH,     RE, RE,     RE, RE, TH,     RE,  RE, RE, RE], RE),
        row("refused", code("003"),                                     [RE, RE, RE,    RE, RE,     RE, RE,     RE, RE, RE,     RE,  RE, RE, RE], RE),
        // No code of a registry, but somebody's number: it goes no further.
        row("refused with a number", code("097060000001"),              [SH, SH, SH,    SH, SH,     RE, RE,     RE, RE, SH,     RE,  RE, RE, RE], RE),
    ]
}

/// The kinds of fault, as the sandbox itself tells them: a kind it does not know
/// is refused with the list of those it does.
pub(crate) fn every_kind() -> Vec<String> {
    let error = serde_json::from_value::<Fault>(serde_json::json!({"kind": "?"})).expect_err("no such kind");
    let text = error.to_string();
    let mut quoted = text.split('`').skip(1).step_by(2).map(str::to_owned);
    assert_eq!(quoted.next().as_deref(), Some("?"), "{text}");
    quoted.collect()
}

// === impl Want ===

impl Want {
    /// The outcome and reason that the entry tells.
    pub(crate) fn entry(self, healthy: Outcome) -> (Outcome, &'static str) {
        match self {
            Self::Answer => (healthy, ""),
            Self::Partly(IncompleteCause::Contradictory) => (Outcome::Incomplete, "CONTRADICTORY"),
            Self::Partly(IncompleteCause::FieldInvalid) => (Outcome::Incomplete, "FIELD_INVALID"),
            Self::Partly(_) => (Outcome::Incomplete, "FIELD_MISSING"),
            Self::Refused(reason, _) => (Outcome::SourceUnavailable, reason),
        }
    }
}
