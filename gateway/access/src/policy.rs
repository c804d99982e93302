//! The Cedar policy set: loaded, validated, asked, and its answers remembered.

mod facts;
mod load;
mod memo;

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request, Schema};
use motlan_domain::Reason;

pub(crate) use facts::{DataFacts, DossierAction, DossierFacts, Facts, Names, PlainAction, PurposeRef};

use crate::caller::CallerEntry;
use crate::error::Mistakes;
use crate::permit::Basis;
use memo::Memo;

/// A validated policy set with the systems it speaks of. A reload makes a new
/// one, memo and all.
pub(crate) struct Policies {
    schema: Schema,
    set: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    memo: Memo,
    reasons: load::Reasons,
    digest: Arc<str>,
}

/// What the policies say to some facts.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// `None` permits.
    pub(crate) denied: Option<Reason>,
    /// The policies that decided, sorted.
    pub(crate) policies: Arc<[String]>,
}

/// Which reason is told when several policies forbid: the most fundamental.
const PRECEDENCE: [Reason; 10] = [
    Reason::AuditorOnly,
    Reason::RoleNotAllowed,
    Reason::AgencyNotAllowed,
    Reason::PurposeOperation,
    Reason::CitizenScope,
    Reason::DatasetNotRegistered,
    Reason::FieldSensitive,
    Reason::FieldNotRegistered,
    Reason::EvidenceTooWeak,
    Reason::ActorAbsent,
];

/// Lower-case hex of SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

// === impl Policies ===

impl Policies {
    /// From a folder, or as compiled in.
    pub(crate) fn load(dir: Option<&Path>, callers: &[CallerEntry], mistakes: &mut Mistakes) -> Option<Self> {
        let files = match dir {
            Some(dir) => load::read(dir, mistakes)?,
            None => load::embedded(),
        };
        load::compile(&files, callers, mistakes)
    }

    pub(crate) fn digest(&self) -> &Arc<str> {
        &self.digest
    }

    /// What a decision under `verdict` rests on.
    pub(crate) fn basis(&self, verdict: &Verdict, catalogue_digest: &Arc<str>) -> Basis {
        Basis {
            policies: Arc::clone(&verdict.policies),
            policy_digest: Arc::clone(&self.digest),
            catalogue_digest: Arc::clone(catalogue_digest),
        }
    }

    /// The verdict on `facts`; `names` are the texts its indices stand for.
    pub(crate) fn decide(&self, facts: &Facts, names: &Names<'_>) -> Arc<Verdict> {
        if let Some(known) = self.memo.get(facts) {
            return known;
        }
        let verdict = Arc::new(self.evaluate(facts, names));
        self.memo.put(*facts, Arc::clone(&verdict));
        verdict
    }

    /// How many verdicts are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.memo.len()
    }

    fn evaluate(&self, facts: &Facts, names: &Names<'_>) -> Verdict {
        let request = facts.request(names).and_then(|(principal, action, resource, context)| {
            let context = Context::from_pairs(context).map_err(|error| error.to_string())?;
            Request::new(principal, action, resource, context, Some(&self.schema))
                .map_err(|error| error.to_string())
        });
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(error, "a policy request does not fit the schema: denied");
                return Verdict { denied: Some(Reason::PolicyDenied), policies: Arc::default() };
            }
        };
        let response = self.authorizer.is_authorized(&request, &self.set, &self.entities);
        let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort_unstable();
        let failed = response.diagnostics().errors().next();
        if let Some(error) = failed {
            tracing::error!(%error, "a policy failed to evaluate: denied");
            return Verdict { denied: Some(Reason::PolicyDenied), policies: policies.into() };
        }
        let denied = (response.decision() == Decision::Deny).then(|| self.reason_of(&policies));
        Verdict { denied, policies: policies.into() }
    }

    fn reason_of(&self, forbids: &[String]) -> Reason {
        let told = forbids.iter().filter_map(|id| self.reasons.get(id));
        let rank = |reason: &&Reason| {
            PRECEDENCE.iter().position(|known| known == *reason).unwrap_or(PRECEDENCE.len())
        };
        told.min_by_key(rank).copied().unwrap_or(Reason::PolicyDenied)
    }
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policies({})", self.digest)
    }
}
