//! What an answer says beside its records, on the way out. A response can only
//! be built from a [`Sealed`] value: its entry is durable.

use motlan_audit::Receipt;
use motlan_audit_tree::CommitmentKey;
use motlan_domain::identity::{Assurance, ClaimField, Finding, Verdict};
use motlan_domain::{CacheState, IncompleteCause, Outcome, Reason, Record};
use motlan_pipeline::{Answer, FieldStates, Freshness, Sealed};
use motlan_proto::common::v1 as wire;
use motlan_proto::told::{Told, records_and_fields};
use prost::Message;

use super::common::{duration, registry, timestamp};
use super::enum_out;

enum_out!(outcome: Outcome => wire::Outcome {
    Found => Found,
    Match => Match,
    Mismatch => Mismatch,
    NotFound => NotFound,
    Incomplete => Incomplete,
    SourceUnavailable => SourceUnavailable,
    Denied => Denied,
});

enum_out!(cause: IncompleteCause => wire::IncompleteCause {
    FieldMissing => FieldMissing,
    FieldInvalid => FieldInvalid,
    Contradictory => Contradictory,
});

enum_out!(cache_state: CacheState => wire::CacheState {
    Hit => Hit,
    Miss => Miss,
    Coalesced => Coalesced,
    Stale => Stale,
});

enum_out!(assurance: Assurance => wire::Assurance {
    Low => Low,
    High => High,
});

enum_out!(claim_field: ClaimField => wire::ClaimField {
    Id => Id,
    FullName => FullName,
    BirthDate => BirthDate,
    EnterpriseName => EnterpriseName,
    Representative => Representative,
    Status => Status,
});

/// A verdict on its way into the response of its method.
pub(crate) struct Judged {
    /// How it ended.
    pub(crate) outcome: i32,
    /// How old the answer behind it is.
    pub(crate) freshness: Option<wire::Freshness>,
    /// Where it stands.
    pub(crate) receipt: Option<wire::Receipt>,
    /// Why it is not whole.
    pub(crate) incomplete_cause: i32,
    /// The verdict on a claim.
    pub(crate) verdict: Option<wire::Verdict>,
}

/// Takes a sealed verdict apart.
pub(crate) fn judged(sealed: Sealed<Answer>) -> Judged {
    let (answer, at, key) = sealed.into_parts();
    Judged {
        outcome: outcome(answer.outcome).into(),
        freshness: Some(freshness(&answer.freshness)),
        receipt: Some(receipt(&at, key.as_ref())),
        incomplete_cause: answer.incomplete.map(cause).unwrap_or_default().into(),
        verdict: answer.verdict.as_ref().map(verdict),
    }
}

/// A sealed answer in the form in which records are told; `form` finds those of
/// the method among the records.
pub(crate) fn told<M: Message>(sealed: Sealed<Answer>, form: impl FnOnce(&[Record]) -> Vec<M>) -> Told {
    let (answer, at, key) = sealed.into_parts();
    let encode = || records_and_fields(form(&answer.records), &field_states(&answer));
    Told {
        outcome: outcome(answer.outcome).into(),
        records_and_fields: answer.form.get_or_make(answer.operation, encode),
        freshness: Some(freshness(&answer.freshness)),
        receipt: Some(receipt(&at, key.as_ref())),
        incomplete_cause: answer.incomplete.map(cause).unwrap_or_default().into(),
    }
}

/// Where an entry stands, with the key of its commitment.
pub(crate) fn receipt(receipt: &Receipt, key: Option<&CommitmentKey>) -> wire::Receipt {
    wire::Receipt {
        origin: receipt.origin.to_string(),
        index: receipt.index,
        leaf_hash: receipt.leaf_hash.to_vec(),
        time: Some(timestamp(receipt.time)),
        commitment_key: key.map(|key| key.expose().to_vec()).unwrap_or_default(),
    }
}

fn field_states(answer: &Answer) -> Vec<wire::FieldState> {
    let FieldStates { present, absent, not_permitted, not_requested } = answer.fields;
    let dataset = answer.dataset();
    let states = dataset.all_fields().iter(dataset).filter_map(|field| {
        let availability = if present.contains(field) {
            wire::Availability::Present
        } else if absent.contains(field) {
            wire::Availability::AbsentAtSource
        } else if not_permitted.contains(field) {
            wire::Availability::NotPermitted
        } else if not_requested.contains(field) {
            wire::Availability::NotRequested
        } else {
            return None;
        };
        let spec = field.spec();
        // The policies of fields refuse for these two reasons, and no other takes
        // a single field away.
        let reason = match availability {
            wire::Availability::NotPermitted if spec.sensitive => Reason::FieldSensitive.code(),
            wire::Availability::NotPermitted => Reason::FieldNotRegistered.code(),
            _ => "",
        };
        Some(wire::FieldState {
            name: spec.name.to_owned(),
            availability: availability.into(),
            registry: registry(spec.master).into(),
            sensitive: spec.sensitive,
            label_vi: spec.vi.to_owned(),
            reason: reason.to_owned(),
        })
    });
    states.collect()
}

fn freshness(freshness: &Freshness) -> wire::Freshness {
    wire::Freshness {
        retrieved_at: Some(timestamp(freshness.retrieved_at)),
        source_data_time: freshness.source_data_time.map(timestamp),
        valid_until: Some(timestamp(freshness.valid_until)),
        cache_state: freshness.cache.map(|(state, _)| cache_state(state)).unwrap_or_default().into(),
        age: freshness.cache.map(|(_, age)| duration(age)),
    }
}

pub(crate) fn verdict(verdict: &Verdict) -> wire::Verdict {
    wire::Verdict {
        assurance: verdict.assurance.map(assurance).unwrap_or_default().into(),
        findings: verdict.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &Finding) -> wire::Finding {
    wire::Finding {
        field: claim_field(finding.field).into(),
        level: level(finding.level).into(),
        code: finding.code.to_owned(),
    }
}

/// The level of that stable name; the names are the contract's without prefix.
pub(crate) fn level(name: &str) -> wire::FindingLevel {
    wire::FindingLevel::from_str_name(&format!("FINDING_LEVEL_{name}")).unwrap_or_default()
}
