//! The audit log on the wire.

use motlan_audit::{Entry, Found, Identifier, Kind, Order, Outcome, SearchPage, SearchQuery};
use motlan_audit_tree::entry::Purpose;
use motlan_audit_tree::{NodeHash, SignedCheckpoint};
use motlan_domain::Reason;
use motlan_domain::id::{AgencyCode, DossierCode, IdRules, OfficerAccount, ProcedureCode};
use motlan_proto::audit::v1 as wire;
use motlan_proto::common::v1 as common;

use super::common::timestamp;
use super::{ask, enum_out};
use crate::invalid::Checked;
use crate::status::Failure;

/// The most entries one page holds.
const MAX_PAGE: u32 = 200;

/// The longest page token.
const MAX_TOKEN_BYTES: usize = 512;

enum_out!(kind: Kind => wire::EntryKind {
    AccessIntent => AccessIntent,
    AccessOutcome => AccessOutcome,
    AccessDenied => AccessDenied,
    CredentialRefused => CredentialRefused,
    DossierOpened => DossierOpened,
    DossierClosed => DossierClosed,
    ComponentDecided => ComponentDecided,
    ConfigLoaded => ConfigLoaded,
    LogRead => LogRead,
    SubjectCreated => SubjectCreated,
    SubjectErased => SubjectErased,
    RefusalsAggregated => RefusalsAggregated,
    EntryNotReleased => EntryNotReleased,
    LogKeyRotated => LogKeyRotated,
    LogBegun => LogBegun,
});

enum_out!(outcome: Outcome => common::Outcome {
    Found => Found,
    Match => Match,
    Mismatch => Mismatch,
    NotFound => NotFound,
    Incomplete => Incomplete,
    SourceUnavailable => SourceUnavailable,
    Denied => Denied,
    Failed => Failed,
});

/// The tree to prove against: of the size asked for, or the newest checkpoint's
/// (0), which is told where it is that one.
pub(crate) fn against(newest: &SignedCheckpoint, asked: u64) -> (u64, String) {
    let size = if asked == 0 { newest.head().size } else { asked };
    let told = (size == newest.head().size).then(|| newest.to_string());
    (size, told.unwrap_or_default())
}

pub(crate) fn hashes(proof: &[NodeHash]) -> Vec<Vec<u8>> {
    proof.iter().map(|hash| hash.to_vec()).collect()
}

/// Judges a search.
///
/// # Errors
/// Every violation at once.
pub(crate) fn query(request: &wire::SearchEntriesRequest, rules: IdRules) -> Result<SearchQuery, Failure> {
    let mut checked = Checked::default();
    let dossier = given(&mut checked, "dossier_code", &request.dossier_code, |text| {
        DossierCode::parse(text).map(|code| code.as_str().to_owned())
    });
    let agency = given(&mut checked, "agency_code", &request.agency_code, |text| {
        AgencyCode::parse(text).map(|code| code.as_str().to_owned())
    });
    let officer = given(&mut checked, "officer_account", &request.officer_account, |text| {
        OfficerAccount::parse(text).map(|account| account.as_str().to_owned())
    });
    let procedure = given(&mut checked, "procedure_code", &request.procedure_code, |text| {
        ProcedureCode::parse(text).map(|code| code.as_str().to_owned())
    });
    let subject = request
        .subject
        .as_ref()
        .and_then(|key| ask::subject(&mut checked, "subject", Some(key), rules))
        .map(|key| Identifier::from(&key));
    let outcome_asked = known(&mut checked, "outcome", common::Outcome::try_from(request.outcome).ok());
    let kind_asked = known(&mut checked, "kind", wire::EntryKind::try_from(request.kind).ok());
    let order_asked = known(&mut checked, "order", wire::EntryOrder::try_from(request.order).ok());
    let from = time(&mut checked, "time_from", request.time_from.as_ref());
    let to = time(&mut checked, "time_to", request.time_to.as_ref());
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        checked.flaw("time_to", Reason::TimeRangeInvalid);
    }
    if request.index_to > 0 && request.index_to < request.index_from {
        checked.flaw("index_to", Reason::IndexRangeInvalid);
    }
    if request.page_size > MAX_PAGE {
        checked.flaw("page_size", Reason::PageSizeRange);
    }
    if request.page_token.len() > MAX_TOKEN_BYTES || (request.prove_range && !request.page_token.is_empty()) {
        checked.flaw("page_token", Reason::PageTokenInvalid);
    }
    let order = match order_asked.unwrap_or_default() {
        wire::EntryOrder::Unspecified | wire::EntryOrder::NewestFirst => Order::NewestFirst,
        wire::EntryOrder::OldestFirst => Order::OldestFirst,
    };
    checked.finish(Some(SearchQuery {
        dossier,
        subject,
        agency,
        officer,
        procedure,
        outcome: outcome_asked
            .and_then(|asked| Outcome::ALL.iter().copied().find(|own| outcome(*own) == asked)),
        kinds: kind_asked
            .and_then(|asked| Kind::ALL.iter().copied().find(|own| kind(*own) == asked))
            .into_iter()
            .collect(),
        pseudonym: None,
        from,
        to,
        index_from: request.index_from,
        index_to: (request.index_to > 0).then_some(request.index_to),
        order,
        page_size: request.page_size,
        page_token: (!request.page_token.is_empty()).then(|| request.page_token.clone()),
    }))
}

/// A page of entries; the receipt of the read is the caller's to add.
pub(crate) fn page(page: SearchPage, receipt: common::Receipt) -> wire::SearchEntriesResponse {
    wire::SearchEntriesResponse {
        entries: page.entries.into_iter().map(entry).collect(),
        next_page_token: page.next_page_token.unwrap_or_default(),
        indexed_through: page.indexed_through,
        receipt: Some(receipt),
        ..Default::default()
    }
}

/// One entry: its bytes, and its main columns.
pub(crate) fn entry(found: Found) -> wire::Entry {
    let Found { index, leaf_hash, bytes, entry } = found;
    let Entry { actor, caller, purpose, fields, .. } = &entry;
    let text = |text: Option<&motlan_audit::Text>| text.map(ToString::to_string).unwrap_or_default();
    let (dossier_code, registered_purpose_id) = match purpose {
        Some(Purpose::Dossier(code)) => (code.to_string(), String::new()),
        Some(Purpose::Registered(id)) => (String::new(), id.to_string()),
        None => (String::new(), String::new()),
    };
    wire::Entry {
        canonical: bytes,
        origin: entry.origin.to_string(),
        index,
        leaf_hash: leaf_hash.to_vec(),
        time: Some(timestamp(entry.time.timestamp())),
        kind: kind(entry.kind).into(),
        caller_system: text(caller.as_ref().and_then(|caller| caller.system.as_ref())),
        caller_agency: text(caller.as_ref().and_then(|caller| caller.agency.as_ref())),
        actor_kind: actor.as_ref().map(|actor| actor.kind.as_str().to_owned()).unwrap_or_default(),
        officer_account: text(actor.as_ref().and_then(|actor| actor.account.as_ref())),
        citizen_pseudonym: text(actor.as_ref().and_then(|actor| actor.pseudonym.as_ref())),
        operation: text(entry.operation.as_ref()),
        dataset: text(entry.dataset.as_ref()),
        outcome: entry.outcome.map(outcome).unwrap_or_default().into(),
        reason: text(entry.reason.as_ref()),
        dossier_code,
        registered_purpose_id,
        procedure_code: text(entry.procedure.as_ref()),
        subjects: entry
            .subjects
            .iter()
            .map(|subject| wire::EntrySubject {
                pseudonym: subject.pseudonym.to_string(),
                role: subject.role.to_string(),
                class: subject.class.as_str().to_owned(),
            })
            .collect(),
        disclosed_fields: fields
            .iter()
            .flat_map(|fields| &fields.disclosed)
            .map(ToString::to_string)
            .collect(),
        trace_id: text(entry.trace.as_ref()),
    }
}

/// A filter that is empty when it was not given.
fn given<E: Into<crate::invalid::Flaw>>(
    checked: &mut Checked,
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<String, E>,
) -> Option<String> {
    if text.is_empty() { None } else { checked.take(field, parse(text)) }
}

/// An enum value this build knows.
fn known<T>(checked: &mut Checked, field: &str, value: Option<T>) -> Option<T> {
    if value.is_none() {
        checked.flaw(field, Reason::EnumValueUnknown);
    }
    value
}

fn time(
    checked: &mut Checked,
    field: &str,
    at: Option<&motlan_proto::time::Timestamp>,
) -> Option<jiff::Timestamp> {
    let at = jiff::Timestamp::try_from(*at?);
    if at.is_err() {
        checked.flaw(field, Reason::TimestampRange);
    }
    at.ok()
}
