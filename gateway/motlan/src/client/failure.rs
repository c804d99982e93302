//! An error of the gateway as it told it: code, reason, texts in both
//! languages, fields, receipt.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use motlan_proto::common::v1::Receipt;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt as _};

use crate::exit::Exit;

/// A refusal or failure, as read from a gRPC status.
#[derive(Clone)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The stable reason code; empty where the gateway gave none.
    pub reason: String,
    /// For people, by language tag.
    pub texts: Vec<(String, String)>,
    /// What to do next, in Vietnamese and in English.
    pub next: Vec<String>,
    /// Field, reason or description, of input that is wrong.
    pub violations: Vec<(String, String)>,
    /// When asking again may help.
    pub retry_after: Option<Duration>,
    /// Further facts: where it arose, trace id and the like.
    pub facts: Vec<(String, String)>,
    /// Where it stands in the audit log.
    pub receipt: Option<Receipt>,
    message: String,
}

// === impl Refusal ===

impl Refusal {
    /// Reads a status.
    pub fn of(status: &Status) -> Self {
        let mut refusal = Self {
            code: status.code(),
            reason: String::new(),
            texts: Vec::new(),
            next: Vec::new(),
            violations: Vec::new(),
            retry_after: None,
            facts: Vec::new(),
            receipt: None,
            message: status.message().to_owned(),
        };
        for detail in status.get_error_details_vec() {
            refusal.note(detail);
        }
        refusal
    }

    fn note(&mut self, detail: ErrorDetail) {
        match detail {
            ErrorDetail::ErrorInfo(info) => {
                self.reason = info.reason;
                self.receipt = receipt(&info.metadata);
                self.next
                    .extend(["next_vi", "next_en"].iter().filter_map(|key| info.metadata.get(*key)).cloned());
                let shown_apart = |key: &str| key.starts_with("receipt_") || key.starts_with("next_");
                self.facts.extend(info.metadata.into_iter().filter(|(key, _)| !shown_apart(key)));
                self.facts.sort();
            }
            ErrorDetail::LocalizedMessage(text) => self.texts.push((text.locale, text.message)),
            ErrorDetail::BadRequest(bad) => {
                // In a long list a text is told once per reason.
                let text = |reason: String, description: String| {
                    if description.is_empty() { reason } else { description }
                };
                let violations = bad.field_violations.into_iter();
                self.violations.extend(violations.map(|v| (v.field, text(v.reason, v.description))));
            }
            ErrorDetail::RetryInfo(retry) => self.retry_after = retry.retry_delay,
            _ => {}
        }
    }

    /// How the program ends on it.
    pub fn exit(&self) -> Exit {
        match self.code {
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Exit::Unavailable,
            Code::Internal | Code::Unknown | Code::DataLoss | Code::Unimplemented => Exit::Internal,
            _ => Exit::No,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        if self.texts.is_empty() && !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for (locale, text) in &self.texts {
            write!(f, "\n  {locale}: {text}")?;
        }
        for next in &self.next {
            write!(f, "\n  → {next}")?;
        }
        for (field, text) in &self.violations {
            write!(f, "\n  {field}: {text}")?;
        }
        if let Some(after) = self.retry_after {
            write!(f, "\n  retry after {} s", after.as_secs_f32())?;
        }
        for (key, value) in &self.facts {
            write!(f, "\n  {key} = {value}")?;
        }
        if let Some(receipt) = &self.receipt {
            write!(f, "\n  receipt: {}", super::show::receipt(receipt))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Refusal {}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::of(&status)
    }
}

/// The receipt that `ErrorInfo` tells of, where an entry was written.
fn receipt(facts: &HashMap<String, String>) -> Option<Receipt> {
    Some(Receipt {
        origin: facts.get("receipt_origin")?.clone(),
        index: facts.get("receipt_index")?.parse().ok()?,
        leaf_hash: hex::decode(facts.get("receipt_leaf_hash")?).ok()?,
        time: None,
        commitment_key: Vec::new(),
    })
}
