//! Dossiers on the wire.

use motlan_access::OpenRequest;
use motlan_catalogue::{Catalogue, Procedure, RoleId};
use motlan_domain::id::{AgencyCode, DossierCode, IdRules, ProcedureCode, RequestId};
use motlan_domain::{Evidence, Reason};
use motlan_dossier::{Dossier, DossierState, DossierSubject, SubjectSource};
use motlan_proto::dossier::v1 as wire;

use super::common::{subject_kind, timestamp};
use super::{ask, enum_out};
use crate::invalid::Checked;
use crate::status::Failure;

/// The most subjects one opening names.
const MAX_SUBJECTS: usize = 32;

/// The longest acceptance receipt, in bytes of its compact form.
const MAX_RECEIPT_BYTES: usize = 8 * 1024;

/// The longest word for why a dossier is closed.
const MAX_CLOSE_REASON: usize = 48;

enum_out!(evidence: Evidence => wire::Evidence {
    Asserted => Asserted,
    AcceptanceReceipt => AcceptanceReceipt,
    CitizenSigned => CitizenSigned,
});

/// Judges an opening against the rules of its identifiers and the catalogue.
///
/// # Errors
/// Every violation at once.
pub(crate) fn open(
    request: &wire::OpenDossierRequest,
    rules: IdRules,
    catalogue: &Catalogue,
) -> Result<(RequestId, OpenRequest), Failure> {
    let mut checked = Checked::default();
    let request_id = request_id(&mut checked, &request.request_id);
    let code = checked.take("dossier_code", DossierCode::parse(&request.dossier_code));
    let agency = checked.take("agency_code", AgencyCode::parse(&request.agency_code));
    if agency.as_ref().is_some_and(|code| catalogue.agency(code).is_none()) {
        checked.flaw("agency_code", Reason::AgencyUnknown);
    }
    let procedure_code = checked.take("procedure_code", ProcedureCode::parse(&request.procedure_code));
    let procedure = procedure_code.as_ref().and_then(|code| catalogue.procedure(code));
    if procedure_code.is_some() && procedure.is_none() {
        checked.flaw("procedure_code", Reason::ProcedureUnknown);
    }
    let case = (!request.case.is_empty()).then(|| request.case.clone());
    if let (Some(procedure), Some(case)) = (procedure, &case)
        && procedure.case(case).is_none()
    {
        checked.flaw("case", Reason::CaseUnknown);
    }
    let subjects = subjects(&mut checked, &request.subjects, procedure, rules);
    let receipt = receipt(&mut checked, request.evidence.as_ref());
    let open = match (code, procedure_code, agency) {
        (Some(code), Some(procedure), Some(agency)) => {
            Some(OpenRequest { code, procedure, case, agency, subjects, receipt: receipt.flatten() })
        }
        _ => None,
    };
    checked.finish(request_id.zip(open))
}

/// Judges a closing.
///
/// # Errors
/// Every violation at once.
pub(crate) fn close(request: &wire::CloseDossierRequest) -> Result<(RequestId, DossierCode), Failure> {
    let mut checked = Checked::default();
    let request_id = request_id(&mut checked, &request.request_id);
    let code = checked.take("dossier_code", DossierCode::parse(&request.dossier_code));
    match request.reason.as_bytes() {
        [] => checked.flaw("reason", Reason::ValueMissing),
        [first, rest @ ..] => {
            let word = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
            let holds = first.is_ascii_uppercase() && rest.len() < MAX_CLOSE_REASON && rest.iter().all(word);
            if !holds {
                checked.flaw("reason", Reason::CloseReasonForm);
            }
        }
    }
    checked.finish(request_id.zip(code))
}

/// Judges the code of a dossier alone.
///
/// # Errors
/// The violation.
pub(crate) fn code(code: &str) -> Result<DossierCode, Failure> {
    let mut checked = Checked::default();
    let code = checked.take("dossier_code", DossierCode::parse(code));
    checked.finish(code)
}

/// A dossier as its caller may know it: roles and kinds, no identifiers.
pub(crate) fn dossier(dossier: &Dossier) -> wire::Dossier {
    let (state, closed_at, close_reason) = match &dossier.state {
        DossierState::Open => (wire::DossierState::Open, None, None),
        // Nobody is told of a dossier whose opening is not recorded yet.
        DossierState::Opening => (wire::DossierState::Unspecified, None, None),
        DossierState::Closing { at, reason } | DossierState::Closed { at, reason } => {
            (wire::DossierState::Closed, Some(timestamp(*at)), Some(reason.clone()))
        }
    };
    wire::Dossier {
        code: dossier.code.as_str().to_owned(),
        procedure_code: dossier.procedure.as_str().to_owned(),
        case: dossier.case.clone(),
        agency_code: dossier.agency.as_str().to_owned(),
        state: state.into(),
        evidence: evidence(dossier.evidence).into(),
        opened_at: Some(timestamp(dossier.opened_at)),
        closed_at,
        close_reason,
        subjects: dossier.distinct().map(role).collect(),
        catalogue_digest: dossier.catalogue_digest.clone(),
    }
}

fn role(subject: &DossierSubject) -> wire::SubjectRole {
    let (linked_as, linked_via) = match &subject.how {
        SubjectSource::Named => (None, None),
        SubjectSource::Linked { link, via_role, .. } => {
            (Some(link.as_str().to_owned()), Some(via_role.clone()))
        }
    };
    wire::SubjectRole {
        role: subject.role.clone(),
        kind: subject_kind(subject.kind()).into(),
        linked_as,
        linked_via,
    }
}

fn request_id(checked: &mut Checked, id: &str) -> Option<RequestId> {
    if id.is_empty() {
        checked.flaw("request_id", Reason::RequestIdMissing);
        return None;
    }
    checked.take("request_id", RequestId::parse(id))
}

fn subjects(
    checked: &mut Checked,
    named: &[wire::NamedSubject],
    procedure: Option<&Procedure>,
    rules: IdRules,
) -> Vec<(String, motlan_domain::SubjectKey)> {
    if named.len() > MAX_SUBJECTS {
        checked.flaw("subjects", Reason::TooManyValues);
        return Vec::new();
    }
    let mut subjects = Vec::with_capacity(named.len());
    for (position, named) in named.iter().enumerate() {
        let field = format!("subjects[{position}]");
        let key = ask::subject(checked, &format!("{field}.subject"), named.subject.as_ref(), rules);
        let spec = procedure.map(|procedure| procedure.role(&named.role));
        let fits = match (spec, &key) {
            (Some(None), _) => false,
            (Some(Some(spec)), Some(key)) => spec.kind == key.kind(),
            _ => true,
        };
        if !fits {
            checked.flaw(format!("{field}.role"), Reason::RoleUnknown);
        }
        subjects.extend(key.map(|key| (named.role.clone(), key)));
    }
    if !named.iter().any(|named| named.role == RoleId::APPLICANT) {
        checked.flaw("subjects", Reason::ApplicantMissing);
    }
    subjects
}

/// The outer `None` where nothing was said: silence is no assertion.
#[expect(clippy::option_option, reason = "no evidence at all, an assertion, and a receipt are three things")]
fn receipt(checked: &mut Checked, evidence: Option<&wire::OpeningEvidence>) -> Option<Option<String>> {
    use wire::opening_evidence::Evidence;
    match evidence.and_then(|evidence| evidence.evidence.as_ref()) {
        Some(Evidence::AcceptanceReceipt(receipt)) if receipt.len() > MAX_RECEIPT_BYTES => {
            checked.flaw("evidence.acceptance_receipt", Reason::AcceptanceReceiptLength);
            None
        }
        Some(Evidence::AcceptanceReceipt(receipt)) => Some(Some(receipt.clone())),
        Some(Evidence::Assertion(_)) => Some(None),
        None => {
            checked.flaw("evidence", Reason::ValueMissing);
            None
        }
    }
}
