//! Faults, scripted per registry and operation, played in the order given.

use std::collections::VecDeque;

use motlan_domain::Registry;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The right answer, that many milliseconds late.
    Latency {
        /// Delay in milliseconds.
        ms: u64,
    },
    /// An HTTP status with a page of HTML, as proxies send it.
    Status {
        /// HTTP status code.
        code: u16,
    },
    /// HTTP 429 with `Retry-After`.
    TooMany {
        /// Seconds in `Retry-After`.
        retry_after_s: u64,
    },
    /// Half the answer, then a TCP reset.
    Reset,
    /// No answer at all until the peer or the sandbox gives up.
    Hang,
    /// A complete HTTP response whose document ends after that many bytes.
    Truncate {
        /// Bytes of the document that are sent.
        at_bytes: usize,
    },
    /// A document that is not well-formed.
    Malformed,
    /// A well-formed document whose elements or keys carry other names.
    WrongSchema,
    /// HTTP 200 with no body.
    Empty,
    /// The token of the request is refused and forgotten; at the population
    /// registry the timestamp is refused.
    ExpiredToken,
    /// The right answer, followed by white space up to that many bytes.
    Oversize {
        /// Size of the body in bytes.
        bytes: u64,
    },
    /// The right answer in a foreign namespace (JSON: inside a foreign envelope).
    WrongNamespace,
    /// An XML document whose entities would expand to gigabytes.
    EntityBomb,
    /// HTTP 302.
    Redirect {
        /// `Location`.
        to: String,
    },
    /// A document nested tens of thousands of levels deep.
    DeepNesting,
    /// An answer that contradicts the question or itself.
    Contradictory,
    /// The right answer and, where it is a list, one row more of which not
    /// everything can be read: in a household somebody without a name; else the
    /// last row again, with nothing but its objects as it was.
    UnreadableRow,
    /// A refusal of the registry's own kind with that code.
    Refuse {
        /// Code of the refusal, e.g. `020`.
        code: String,
    },
}

/// A fault and when to play it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which registry.
    pub registry: Registry,
    /// Which operation; absent means every one but `token`.
    #[serde(default)]
    pub operation: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// How often; absent means until faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

/// The script: rules in order, each used up before the next of its kind.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Mutex<VecDeque<FaultRule>>);

// === impl Fault ===

impl Fault {
    /// Its name as the control server writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Status { .. } => "status",
            Self::TooMany { .. } => "too_many",
            Self::Reset => "reset",
            Self::Hang => "hang",
            Self::Truncate { .. } => "truncate",
            Self::Malformed => "malformed",
            Self::WrongSchema => "wrong_schema",
            Self::Empty => "empty",
            Self::ExpiredToken => "expired_token",
            Self::Oversize { .. } => "oversize",
            Self::WrongNamespace => "wrong_namespace",
            Self::EntityBomb => "entity_bomb",
            Self::Redirect { .. } => "redirect",
            Self::DeepNesting => "deep_nesting",
            Self::Contradictory => "contradictory",
            Self::UnreadableRow => "unreadable_row",
            Self::Refuse { .. } => "refuse",
        }
    }
}

// === impl FaultBook ===

impl FaultBook {
    pub(crate) fn add(&self, rule: FaultRule) {
        if rule.times != Some(0) {
            self.0.lock().push_back(rule);
        }
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.0.lock().iter().cloned().collect()
    }

    /// The fault due for this call, if any; counts it.
    pub(crate) fn take(&self, registry: Registry, operation: &str) -> Option<Fault> {
        let mut rules = self.0.lock();
        let due = rules.iter().position(|rule| {
            let of_operation = match &rule.operation {
                Some(name) => name == operation,
                None => operation != "token",
            };
            rule.registry == registry && of_operation
        })?;
        let rule = rules.get_mut(due)?;
        let fault = rule.fault.clone();
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.remove(due);
            }
        }
        Some(fault)
    }
}
