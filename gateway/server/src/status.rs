//! The one place where a failure becomes a gRPC status.
//!
//! Code by reason, `ErrorInfo` with the stable reason, texts in both
//! languages, what to do next, when to retry, and where the entry stands. No
//! internal text, no identifier: everything said comes from the vocabulary of
//! [`motlan_domain::Reason`] and the identifier rules.
//!
//! **Invariant**: details fit the headers that every gRPC library takes
//! (8 KiB, base64 included). A longer status would reach the caller as
//! `RESOURCE_EXHAUSTED`, made up by its own library.

pub(crate) mod http;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use motlan_audit::Receipt;
use motlan_domain::Reason;
use motlan_domain::dataset::Registry;
use motlan_domain::reason::{Advice, Origin, Retry};
use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, RetryInfo, StatusExt,
};

use crate::invalid::Violation;

/// The `domain` of every `ErrorInfo`.
pub const ERROR_DOMAIN: &str = "motlan";

/// What a violation names where no field of the message could be read; no
/// field of the contract is called so.
const WHOLE_MESSAGE: &str = "request";

/// What is suggested where a reason can pass by itself and nobody knows when.
const RETRY_DEFAULT: Duration = Duration::from_secs(1);

/// Most bytes of all field violations together. With a headline in both
/// languages and a receipt the details stay below 5,500 bytes.
const VIOLATION_BYTES: usize = 3_500;

/// Why a call is not answered. Becomes a [`Status`] in [`status`] only.
#[derive(Debug)]
pub(crate) struct Failure {
    reason: Reason,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    registry: Option<Registry>,
    cause: Option<&'static str>,
    receipt: Option<Box<Receipt>>,
}

// === impl Failure ===

impl Failure {
    /// A failure for that reason.
    pub(crate) const fn new(reason: Reason) -> Self {
        Self { reason, violations: Vec::new(), retry_after: None, registry: None, cause: None, receipt: None }
    }

    /// Input that does not hold: every violation at once.
    pub(crate) fn invalid(violations: Vec<Violation>) -> Self {
        let mut failure = Self::new(Reason::ValueInvalid);
        failure.violations = violations;
        failure
    }

    /// One value that does not hold.
    pub(crate) fn at_field(field: &str, reason: Reason) -> Self {
        Self::invalid(vec![Violation::new(field, reason)])
    }

    /// A message that does not hold as a whole: no field of it could be read.
    pub(crate) fn message(reason: Reason) -> Self {
        Self::at_field(WHOLE_MESSAGE, reason)
    }

    /// When asking again may help.
    pub(crate) const fn retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }

    /// Which registry failed.
    pub(crate) const fn at(mut self, registry: Option<Registry>) -> Self {
        self.registry = registry;
        self
    }

    /// How the registry's answer breaks its contract: a stable name.
    pub(crate) const fn caused_by(mut self, cause: Option<&'static str>) -> Self {
        self.cause = cause;
        self
    }

    /// Where the refusal stands in the log.
    pub(crate) fn recorded(mut self, receipt: Receipt) -> Self {
        self.receipt = Some(Box::new(receipt));
        self
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        status(failure)
    }
}

/// Maps a failure to what the caller is told.
fn status(failure: Failure) -> Status {
    let said = Said::of(&failure);
    // On the span of the call, if anybody records it.
    tracing::Span::current().record("motlan.reason", said.reason);
    let mut details: Vec<ErrorDetail> = vec![
        ErrorInfo::new(said.reason, ERROR_DOMAIN, metadata(&failure, said.next)).into(),
        LocalizedMessage::new("vi-VN", said.vi).into(),
        LocalizedMessage::new("en-US", said.en).into(),
    ];
    if failure.violations.is_empty() {
        // A spent guess limit holds until the day ends: a short delay would
        // only invite another denial.
        let soon = failure.reason != Reason::GuessLimit;
        if failure.reason.retry() == Retry::Later && soon {
            let after = failure.retry_after.unwrap_or(RETRY_DEFAULT);
            details.push(RetryInfo::new(Some(after)).into());
        }
    } else {
        details.push(BadRequest::new(field_violations(&failure.violations)).into());
    }
    Status::with_error_details_vec(said.code, said.en, details)
}

/// The headline of a failure.
struct Said {
    code: Code,
    reason: &'static str,
    vi: &'static str,
    en: &'static str,
    next: Advice,
}

impl Said {
    /// The first violation speaks for invalid input; the list tells the rest.
    fn of(failure: &Failure) -> Self {
        match failure.violations.first() {
            Some(Violation { flaw, .. }) => Self {
                code: Code::InvalidArgument,
                reason: flaw.reason,
                vi: flaw.vi,
                en: flaw.en,
                next: flaw.next,
            },
            None => Self {
                code: code(failure.reason),
                reason: failure.reason.code(),
                vi: failure.reason.text_vi(),
                en: failure.reason.text_en(),
                next: failure.reason.advice(),
            },
        }
    }
}

/// As many as fit. Where they do not all fit with their texts, a text is told
/// once per reason.
fn field_violations(violations: &[Violation]) -> Vec<FieldViolation> {
    let all: usize = violations.iter().map(|violation| size(violation, true)).sum();
    let (mut told, mut left) = (HashSet::new(), VIOLATION_BYTES);
    let mut list = Vec::new();
    for violation in violations {
        let with_text = told.insert(violation.flaw.reason) || all <= VIOLATION_BYTES;
        let Some(rest) = left.checked_sub(size(violation, with_text)) else { break };
        left = rest;
        list.push(field_violation(violation, with_text));
    }
    list
}

/// Bytes of a violation on the wire, at most.
fn size(Violation { field, flaw }: &Violation, with_text: bool) -> usize {
    let texts = if with_text { flaw.vi.len() + flaw.en.len() + 16 } else { 0 };
    field.len() + flaw.reason.len() + texts + 8
}

fn field_violation(Violation { field, flaw }: &Violation, with_text: bool) -> FieldViolation {
    FieldViolation {
        field: field.clone(),
        description: if with_text { flaw.en.to_owned() } else { String::new() },
        reason: flaw.reason.to_owned(),
        localized_message: with_text.then(|| LocalizedMessage::new("vi-VN", flaw.vi)),
    }
}

fn metadata(failure: &Failure, next: Advice) -> HashMap<String, String> {
    let mut metadata = HashMap::new();
    let mut say = |key: &str, value: String| {
        metadata.insert(key.to_owned(), value);
    };
    if failure.violations.is_empty() {
        say("origin", failure.reason.origin().as_str().to_owned());
        say("retry", failure.reason.retry().as_str().to_owned());
    } else {
        say("origin", Origin::Caller.as_str().to_owned());
        say("retry", Retry::AfterChange.as_str().to_owned());
        say("violations", failure.violations.len().to_string());
    }
    say("next_vi", next.vi.to_owned());
    say("next_en", next.en.to_owned());
    if let Some(registry) = failure.registry {
        say("registry", registry.as_str().to_owned());
    }
    if let Some(cause) = failure.cause {
        say("cause", cause.to_owned());
    }
    if let Some(receipt) = &failure.receipt {
        say("receipt_origin", receipt.origin.to_string());
        say("receipt_index", receipt.index.to_string());
        say("receipt_leaf_hash", hex::encode(receipt.leaf_hash));
    }
    metadata
}

/// The gRPC code of a call that fails for that reason. A component's reason is
/// no error: if one surfaces as such, that is a fault of the gateway.
pub(crate) const fn code(reason: Reason) -> Code {
    match error_code(reason) {
        Some(code) => code,
        None => Code::Internal,
    }
}

/// The gRPC code of a reason; none where it only ever tells why a component
/// came out as it did. Exhaustive on purpose: a new reason does not build until
/// somebody has decided what a client is told.
pub(crate) const fn error_code(reason: Reason) -> Option<Code> {
    use Reason as R;
    Some(match reason {
        R::CredentialMissing
        | R::CallerUnknown
        | R::TokenMalformed
        | R::TokenSignature
        | R::TokenExpired
        | R::TokenLifetime
        | R::TokenAudience
        | R::TokenBinding
        | R::TokenAgency
        | R::OfficerUnknown => Code::Unauthenticated,
        R::PurposeMissing
        | R::PurposeUnknown
        | R::PurposeExpired
        | R::PurposeOperation
        | R::DossierUnknown
        | R::DossierClosed
        | R::AgencyNotAllowed
        | R::SubjectNotInDossier
        | R::OwnerNotInDossier
        | R::DatasetNotRegistered
        | R::FieldNotRegistered
        | R::FieldSensitive
        | R::EvidenceInvalid
        | R::EvidenceExpired
        | R::EvidenceTooWeak
        | R::ActorAbsent
        | R::CitizenScope
        | R::RoleNotAllowed
        | R::AuditorOnly
        | R::PolicyDenied
        | R::GuessLimit => Code::PermissionDenied,
        R::DossierExists | R::RequestIdReused => Code::AlreadyExists,
        R::QuotaExceeded | R::Overloaded => Code::ResourceExhausted,
        R::ProcedureUnknown | R::EntryUnknown => Code::NotFound,
        R::RequestIdMissing
        | R::CaseUnknown
        | R::AgencyUnknown
        | R::RoleUnknown
        | R::SubjectMissing
        | R::ApplicantMissing
        | R::ComponentUnknown
        | R::FieldUnknown
        | R::ValueMissing
        | R::ValueInvalid
        | R::MessageMalformed
        | R::MessageTooLarge
        | R::CloseReasonForm
        | R::EnterpriseNameForm
        | R::AcceptanceReceiptLength
        | R::MaxAgeRange
        | R::TimestampRange
        | R::EnumValueUnknown
        | R::PageSizeRange
        | R::TooManyValues
        | R::TimeRangeInvalid
        | R::IndexRangeInvalid
        | R::PageTokenInvalid => Code::InvalidArgument,
        R::AuditUnavailable
        | R::StoreUnavailable
        | R::ShuttingDown
        | R::SourceTimeout
        | R::SourceUnreachable
        | R::SourceError
        | R::SourceThrottled
        | R::SourceBusy
        | R::SourceSuspended
        | R::SourceRefused
        | R::SourceMalformed
        | R::SourceNotConnected
        | R::SourceIncomplete => Code::Unavailable,
        R::DeadlineExceeded => Code::DeadlineExceeded,
        R::Internal => Code::Internal,
        R::RecordReused
        | R::FormPrefilled
        | R::FormBlank
        | R::OriginalRequired
        | R::NotInVault
        | R::NoSource
        | R::NotInCase
        | R::SubjectNotNamed
        | R::NotFoundAtSource
        | R::FieldAbsent
        | R::CertificateNotInForce
        | R::HealthCardNotValid
        | R::EnterpriseNotActive
        | R::HouseholdBusinessNotShown
        | R::LandNotResidential
        | R::PlaceDiffers
        | R::RelationNotShown
        | R::NoParticipation
        | R::MarriageNotEnded
        | R::NotDeceased
        | R::ConditionNotMet => return None,
    })
}

#[cfg(test)]
mod tests;
