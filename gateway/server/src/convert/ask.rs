//! What a question says, judged on its way in: purpose, subject, fields, age.

use std::time::Duration;

use jiff::civil::Date;
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{
    CertificateSerial, Cmnd, DossierCode, EnterpriseCode, IdRules, InsuranceNumber, ParcelKey, PersonalId,
    PurposeId,
};
use motlan_domain::identity::{EnterpriseClaim, IdentityClaim};
use motlan_domain::name::PersonName;
use motlan_domain::question::Claim;
use motlan_domain::{Operation, Purpose, Question, Reason, SubjectKey, Trace};
use motlan_proto::common::v1 as wire;

use crate::invalid::Checked;
use crate::status::Failure;

/// The longest name of an enterprise, in characters.
const MAX_NAME: usize = 500;

/// The longest age that means anything: a year.
const MAX_AGE: Duration = Duration::from_hours(366 * 24);

/// What every data request has, as the wire carries it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Why.
    pub(crate) purpose: Option<wire::Purpose>,
    /// Names of fields.
    pub(crate) fields: Vec<String>,
    /// The oldest answer.
    pub(crate) max_age: Option<pbjson_types::Duration>,
}

/// Judges a data request and makes the question of it.
///
/// # Errors
/// Every violation at once.
pub(crate) fn question(
    mut checked: Checked,
    operation: Operation,
    asked: &Asked,
    subject: Option<SubjectKey>,
    claim: Option<Claim>,
    trace: &Trace,
) -> Result<Question, Failure> {
    let fields = fields(&mut checked, operation.dataset(), &asked.fields);
    let max_age = max_age(&mut checked, asked.max_age.as_ref());
    let purpose = purpose(&mut checked, asked.purpose.as_ref());
    let question = purpose.zip(subject).map(|(purpose, subject)| Question {
        operation,
        subject,
        // What a claim is held against must be registered like anything read.
        fields: claim.as_ref().map_or(fields, Claim::fields),
        purpose,
        max_age,
        claim,
        trace: trace.clone(),
    });
    checked.finish(question)
}

/// The purpose. A question without one is not judged further.
pub(crate) fn purpose(checked: &mut Checked, purpose: Option<&wire::Purpose>) -> Option<Purpose> {
    use wire::purpose::Basis;
    match purpose.and_then(|purpose| purpose.basis.as_ref()) {
        Some(Basis::DossierCode(code)) => {
            checked.take("purpose.dossier_code", DossierCode::parse(code)).map(Purpose::Dossier)
        }
        Some(Basis::RegisteredPurposeId(id)) => {
            checked.take("purpose.registered_purpose_id", PurposeId::parse(id)).map(Purpose::Registered)
        }
        None => {
            checked.flaw("purpose", Reason::PurposeMissing);
            None
        }
    }
}

/// The set of the named fields; none named is the empty set, which asks for all
/// that is registered.
pub(crate) fn fields(checked: &mut Checked, dataset: Dataset, names: &[String]) -> FieldSet {
    if names.len() > dataset.fields().len() {
        checked.flaw("fields", Reason::TooManyValues);
        return FieldSet::EMPTY;
    }
    let mut set = FieldSet::EMPTY;
    for (position, name) in names.iter().enumerate() {
        match dataset.field(name) {
            Some(field) => set = set.with(field),
            None => checked.flaw(format!("fields[{position}]"), Reason::FieldUnknown),
        }
    }
    set
}

/// The oldest answer the caller accepts.
pub(crate) fn max_age(checked: &mut Checked, age: Option<&pbjson_types::Duration>) -> Option<Duration> {
    let age = age?;
    let (seconds, nanos) = (u64::try_from(age.seconds), u32::try_from(age.nanos));
    match (seconds, nanos) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 && seconds <= MAX_AGE.as_secs() => {
            Some(Duration::new(seconds, nanos))
        }
        _ => {
            checked.flaw("max_age", Reason::MaxAgeRange);
            None
        }
    }
}

/// A person as subject, at `field`.
pub(crate) fn person(
    checked: &mut Checked,
    field: &str,
    key: Option<&wire::PersonKey>,
    rules: IdRules,
) -> Option<SubjectKey> {
    use wire::person_key::Key;
    match key.and_then(|key| key.key.as_ref()) {
        Some(Key::PersonalId(id)) => personal_id(checked, &format!("{field}.personal_id"), id, rules),
        Some(Key::Cmnd(id)) => {
            checked.take(format!("{field}.cmnd"), Cmnd::parse(id, &rules)).map(SubjectKey::Cmnd)
        }
        None => missing(checked, field),
    }
}

/// Any subject, at `field`.
pub(crate) fn subject(
    checked: &mut Checked,
    field: &str,
    key: Option<&wire::SubjectKey>,
    rules: IdRules,
) -> Option<SubjectKey> {
    use wire::subject_key::Key;
    let at = |name: &str| format!("{field}.{name}");
    match key.and_then(|key| key.key.as_ref()) {
        Some(Key::PersonalId(id)) => personal_id(checked, &at("personal_id"), id, rules),
        Some(Key::Cmnd(id)) => checked.take(at("cmnd"), Cmnd::parse(id, &rules)).map(SubjectKey::Cmnd),
        Some(Key::EnterpriseCode(code)) => enterprise(checked, &at("enterprise_code"), code),
        Some(Key::CertificateSerial(serial)) => certificate(checked, &at("certificate_serial"), serial),
        Some(Key::Parcel(key)) => parcel(checked, &at("parcel"), Some(key)),
        Some(Key::InsuranceNumber(number)) => insurance(checked, &at("insurance_number"), number),
        None => missing(checked, field),
    }
}

/// A person by personal id.
pub(crate) fn personal_id(
    checked: &mut Checked,
    field: &str,
    id: &str,
    rules: IdRules,
) -> Option<SubjectKey> {
    checked.take(field, PersonalId::parse(id, &rules)).map(SubjectKey::Person)
}

/// An enterprise by code.
pub(crate) fn enterprise(checked: &mut Checked, field: &str, code: &str) -> Option<SubjectKey> {
    checked.take(field, EnterpriseCode::parse(code)).map(SubjectKey::Enterprise)
}

/// A certificate by serial.
pub(crate) fn certificate(checked: &mut Checked, field: &str, serial: &str) -> Option<SubjectKey> {
    checked.take(field, CertificateSerial::parse(serial)).map(SubjectKey::Certificate)
}

/// A parcel by commune, sheet and number.
pub(crate) fn parcel(
    checked: &mut Checked,
    field: &str,
    key: Option<&wire::ParcelKey>,
) -> Option<SubjectKey> {
    let Some(key) = key else { return missing(checked, field) };
    let parcel = checked.take(field, ParcelKey::new(&key.commune_code, key.sheet, key.number));
    // The first mistake must not hide the other: beside a sound commune a wrong
    // number shows.
    if parcel.is_none()
        && ParcelKey::new(&key.commune_code, 1, 1).is_err()
        && let Err(number) = ParcelKey::new("00000", key.sheet, key.number)
    {
        checked.flaw(field, number);
    }
    parcel.map(SubjectKey::Parcel)
}

/// Somebody by social-insurance number.
pub(crate) fn insurance(checked: &mut Checked, field: &str, number: &str) -> Option<SubjectKey> {
    checked.take(field, InsuranceNumber::parse(number)).map(SubjectKey::Insurance)
}

/// Notes that the subject is missing.
pub(crate) fn missing(checked: &mut Checked, field: &str) -> Option<SubjectKey> {
    checked.flaw(field, Reason::SubjectMissing);
    None
}

/// A claim about a person, on the day `today` in Viet Nam.
pub(crate) fn identity_claim(
    checked: &mut Checked,
    full_name: &str,
    birth_date: Option<&str>,
    today: Date,
) -> Option<Claim> {
    let full_name = checked.take("full_name", PersonName::new(full_name));
    let birth_date = birth_date.map(|text| checked.take("birth_date", PartialDate::parse_birth(text, today)));
    // A date that was given and does not hold has been noted.
    let birth_date = birth_date.flatten();
    Some(Claim::Identity(IdentityClaim { full_name: full_name?, birth_date }))
}

/// A claim about an enterprise. One that claims nothing would agree with
/// anything.
pub(crate) fn enterprise_claim(
    checked: &mut Checked,
    name: Option<&str>,
    representative: Option<&str>,
    active: bool,
    rules: IdRules,
) -> Claim {
    if name.is_none() && representative.is_none() && !active {
        for field in ["name", "representative_personal_id", "active"] {
            checked.flaw(field, Reason::ValueMissing);
        }
    }
    if let Some(name) = name {
        let holds = !name.trim().is_empty()
            && name.chars().take(MAX_NAME + 1).count() <= MAX_NAME
            && !name.chars().any(char::is_control);
        if !holds {
            checked.flaw("name", Reason::EnterpriseNameForm);
        }
    }
    let representative = representative
        .and_then(|id| checked.take("representative_personal_id", PersonalId::parse(id, &rules)));
    Claim::Enterprise(EnterpriseClaim { name: name.map(str::to_owned), representative, active })
}
