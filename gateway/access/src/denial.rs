//! The no of this room, with what its audit entry needs.

use std::fmt;
use std::sync::Arc;

use motlan_domain::id::DossierCode;
use motlan_domain::reason::Origin;
use motlan_domain::{Purpose, Question, Reason};
use motlan_dossier::Dossier;

use crate::identity::{Actor, Caller, Identity};
use crate::permit::Basis;

/// The no, with what is known for its audit entry.
pub struct Denial(pub(crate) Box<DenialData>);

#[derive(Default)]
pub(crate) struct DenialData {
    pub(crate) reason: Option<Reason>,
    pub(crate) caller: Option<Caller>,
    pub(crate) certificate: Option<String>,
    pub(crate) actor: Option<Actor>,
    pub(crate) question: Option<Question>,
    pub(crate) dossier: Option<Arc<Dossier>>,
    pub(crate) role: Option<String>,
    pub(crate) basis: Option<Basis>,
    pub(crate) operation: Option<&'static str>,
    pub(crate) asked_for: Option<DossierCode>,
}

// === impl Denial ===

impl Denial {
    pub(crate) fn new(reason: Reason) -> Self {
        Self(Box::new(DenialData { reason: Some(reason), ..DenialData::default() }))
    }

    pub(crate) fn of(reason: Reason, identity: &Identity) -> Self {
        let mut denial = Self::new(reason);
        denial.0.caller = Some(identity.caller.clone());
        denial.0.actor = Some(identity.actor.clone());
        denial
    }

    pub(crate) fn showing(mut self, leaf: &[u8]) -> Self {
        let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, leaf);
        self.0.certificate = Some(hex::encode(thumbprint));
        self
    }

    pub(crate) fn called_by(mut self, caller: &Caller) -> Self {
        self.0.caller = Some(caller.clone());
        self
    }

    pub(crate) fn on(mut self, basis: Basis) -> Self {
        self.0.basis = Some(basis);
        self
    }

    pub(crate) fn asking(mut self, question: Question) -> Self {
        self.0.question = Some(question);
        self
    }

    pub(crate) fn about(mut self, dossier: &Arc<Dossier>, role: Option<&str>) -> Self {
        self.0.dossier = Some(Arc::clone(dossier));
        self.0.role = role.map(str::to_owned);
        self
    }

    /// Of an operation that is no data question, and the dossier code as the
    /// caller gave it: whether or not there is such a dossier, an auditor sees
    /// which one was tried.
    pub(crate) fn concerning(mut self, operation: &'static str, code: Option<&DossierCode>) -> Self {
        self.0.operation = Some(operation);
        self.0.asked_for = code.cloned();
        self
    }

    /// Why. `STORE_UNAVAILABLE` and `OVERLOADED` mean that no decision could
    /// be made: nothing is disclosed, and asking again helps.
    pub fn reason(&self) -> Reason {
        self.0.reason.unwrap_or(Reason::PolicyDenied)
    }

    /// The calling system, if it was recognised.
    pub fn caller(&self) -> Option<&Caller> {
        self.0.caller.as_ref()
    }

    /// Thumbprint of the certificate that names no configured system: SHA-256
    /// of its DER form, lower-case hex.
    pub fn certificate(&self) -> Option<&str> {
        self.0.certificate.as_deref()
    }

    /// The person acting, if settled before the denial.
    pub fn actor(&self) -> Option<&Actor> {
        self.0.actor.as_ref()
    }

    /// The question, if it came to one.
    pub fn question(&self) -> Option<&Question> {
        self.0.question.as_ref()
    }

    /// What was to be done, if it came to that: a data operation, or
    /// `open_dossier`, `get_dossier`, `resolve_dossier`, `close_dossier`,
    /// `read_log`, `read_catalogue`, `reflect`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.or_else(|| self.question().map(|question| question.operation.as_str()))
    }

    /// The dossier code as the caller gave it, whether or not there is such a
    /// dossier: for the audit entry, never for the answer.
    pub fn asked_dossier(&self) -> Option<&DossierCode> {
        match self.question().map(|question| &question.purpose) {
            Some(Purpose::Dossier(code)) => Some(code),
            Some(Purpose::Registered(_)) | None => self.0.asked_for.as_ref(),
        }
    }

    /// Whether no decision could be made at all: the gateway failed, and the
    /// caller did nothing wrong.
    pub fn is_failure(&self) -> bool {
        self.reason().origin() == Origin::Gateway
    }

    /// The dossier, if there is one that the caller may know of.
    pub fn dossier(&self) -> Option<&Arc<Dossier>> {
        self.0.dossier.as_ref()
    }

    /// The subject's role in it.
    pub fn role(&self) -> Option<&str> {
        self.0.role.as_deref()
    }

    /// What the decision rests on, if a policy was consulted or could have been.
    pub fn basis(&self) -> Option<&Basis> {
        self.0.basis.as_ref()
    }

    /// Ids of the policies that denied; empty where none was consulted.
    pub fn policies(&self) -> &[String] {
        self.0.basis.as_ref().map_or(&[], Basis::policies)
    }
}

impl fmt::Debug for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denial").field("reason", &self.reason()).field("policies", &self.policies()).finish()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason().text_en())
    }
}

impl std::error::Error for Denial {}
