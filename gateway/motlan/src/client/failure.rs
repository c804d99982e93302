//! An error of the gateway as it told it: reason, texts in both languages,
//! fields, what to do next, receipt.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use motlan_proto::common::v1::Receipt;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, FieldViolation, StatusExt as _};

use super::next::{Said, next_step, unexplained};
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
    /// What to do next, in Vietnamese and in English, as the gateway says.
    pub next: Vec<String>,
    /// Input that is wrong, field by field.
    pub violations: Vec<Violation>,
    /// When asking again may help.
    pub retry_after: Option<Duration>,
    /// Further facts: where it arose, trace id and the like.
    pub facts: Vec<(String, String)>,
    /// Where it stands in the audit log.
    pub receipt: Option<Receipt>,
    message: String,
}

/// One field of the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, with dots; empty for the request as a whole.
    pub field: String,
    /// The stable reason code.
    pub reason: String,
    /// In Vietnamese.
    pub text_vi: String,
    /// In English.
    pub text_en: String,
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
                self.violations.extend(bad.field_violations.into_iter().map(Violation::from));
            }
            ErrorDetail::RetryInfo(retry) => self.retry_after = retry.retry_delay,
            _ => {}
        }
    }

    /// A further fact that the gateway gave, by name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// How the program ends on it.
    pub fn exit(&self) -> Exit {
        match self.code {
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Exit::Unavailable,
            Code::Internal | Code::Unknown | Code::DataLoss | Code::Unimplemented => Exit::Internal,
            _ => Exit::No,
        }
    }

    /// Reason and texts; of a status that is no word of a gateway, our own.
    fn write_headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            let Said { reason, vi, en } = unexplained(self.code);
            write!(f, "{reason}\n  {vi}\n  {en}")?;
            return if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) };
        }
        f.write_str(&self.reason)?;
        // A field that is wrong says the same below, with its name.
        if self.violations.iter().any(|violation| violation.reason == self.reason) {
            return Ok(());
        }
        self.texts.iter().try_for_each(|(_, text)| write!(f, "\n  {text}"))?;
        if self.texts.is_empty() && !self.message.is_empty() {
            write!(f, "\n  {}", self.message)?;
        }
        Ok(())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_headline(f)?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))?;
        if let Some((vi, en)) = next_step(self) {
            write!(f, "\n  tiếp theo / next: {vi} / {en}")?;
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

// === impl Violation ===

impl From<FieldViolation> for Violation {
    fn from(violation: FieldViolation) -> Self {
        Self {
            field: violation.field,
            reason: violation.reason,
            text_vi: violation.localized_message.map(|text| text.message).unwrap_or_default(),
            text_en: violation.description,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.field, &self.reason].into_iter().filter(|part| !part.is_empty());
        parts.into_iter().try_for_each(|part| write!(f, "{part}: "))?;
        if !self.text_vi.is_empty() {
            write!(f, "{} / ", self.text_vi)?;
        }
        f.write_str(&self.text_en)
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
