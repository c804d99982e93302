//! Subjects as the command line writes them: `ROLE=KIND:VALUE`.

use motlan_domain::SubjectKey as DomainKey;
use motlan_domain::id::{self, IdRules};
use motlan_proto::common::v1::{ParcelKey, PersonKey, SubjectKey, person_key, subject_key};
use motlan_proto::dossier::v1::NamedSubject;

/// Reads `role=kind:value`. The value itself is judged by the gateway.
pub(super) fn named(text: &str) -> Result<NamedSubject, String> {
    // The text itself is not repeated: it names somebody.
    let problem = || not_written("ROLE=KIND:VALUE");
    let (role, rest) = text.split_once('=').ok_or_else(problem)?;
    let (kind, value) = rest.split_once(':').ok_or_else(problem)?;
    if role.is_empty() || value.is_empty() {
        return Err(problem());
    }
    Ok(NamedSubject { role: role.to_owned(), subject: Some(subject_key(kind, value)?) })
}

/// Reads `kind:value`.
pub fn of_kind(text: &str) -> Result<SubjectKey, String> {
    let problem = || not_written("KIND:VALUE");
    let (kind, value) = text.split_once(':').filter(|(_, value)| !value.is_empty()).ok_or_else(problem)?;
    subject_key(kind, value)
}

fn not_written(form: &str) -> String {
    format!("--subject phải có dạng {form} / a --subject is not {form}")
}

/// A subject of that kind.
pub fn subject_key(kind: &str, value: &str) -> Result<SubjectKey, String> {
    let owned = value.to_owned();
    let key = match kind {
        "person" => subject_key::Key::PersonalId(owned),
        "cmnd" => subject_key::Key::Cmnd(owned),
        "enterprise" => subject_key::Key::EnterpriseCode(owned),
        "certificate" => subject_key::Key::CertificateSerial(owned),
        "insurance" => subject_key::Key::InsuranceNumber(owned),
        "parcel" => subject_key::Key::Parcel(parcel(value)?),
        _ => {
            return Err(format!(
                "không có loại {kind} / there is no kind {kind}: it is one of person, cmnd, enterprise, certificate, \
                 parcel, insurance"
            ));
        }
    };
    Ok(SubjectKey { key: Some(key) })
}

/// A person by personal id, or by a CMND of nine digits.
pub fn person_key(id: &str) -> PersonKey {
    let key = if id.len() == 9 {
        person_key::Key::Cmnd(id.to_owned())
    } else {
        person_key::Key::PersonalId(id.to_owned())
    };
    PersonKey { key: Some(key) }
}

/// A subject of the domain on the wire.
pub fn to_proto(key: &DomainKey) -> SubjectKey {
    let text = key.expose();
    let key = match key {
        DomainKey::Person(_) => subject_key::Key::PersonalId(text),
        DomainKey::Cmnd(_) => subject_key::Key::Cmnd(text),
        DomainKey::Enterprise(_) => subject_key::Key::EnterpriseCode(text),
        DomainKey::Certificate(_) => subject_key::Key::CertificateSerial(text),
        DomainKey::Parcel(parcel) => subject_key::Key::Parcel(ParcelKey {
            commune_code: parcel.commune_code().to_owned(),
            sheet: parcel.sheet(),
            number: parcel.number(),
        }),
        DomainKey::Insurance(_) => subject_key::Key::InsuranceNumber(text),
    };
    SubjectKey { key: Some(key) }
}

/// A subject of the wire in the domain, if its identifier is valid.
pub fn to_domain(key: &SubjectKey, rules: &IdRules) -> Option<DomainKey> {
    Some(match key.key.as_ref()? {
        subject_key::Key::PersonalId(text) => DomainKey::Person(id::PersonalId::parse(text, rules).ok()?),
        subject_key::Key::Cmnd(text) => DomainKey::Cmnd(id::Cmnd::parse(text, rules).ok()?),
        subject_key::Key::EnterpriseCode(text) => {
            DomainKey::Enterprise(id::EnterpriseCode::parse(text).ok()?)
        }
        subject_key::Key::CertificateSerial(text) => {
            DomainKey::Certificate(id::CertificateSerial::parse(text).ok()?)
        }
        subject_key::Key::Parcel(parcel) => {
            DomainKey::Parcel(id::ParcelKey::new(&parcel.commune_code, parcel.sheet, parcel.number).ok()?)
        }
        subject_key::Key::InsuranceNumber(text) => {
            DomainKey::Insurance(id::InsuranceNumber::parse(text).ok()?)
        }
    })
}

/// `commune/sheet/number`.
fn parcel(text: &str) -> Result<ParcelKey, String> {
    let problem = || "thửa đất phải có dạng MÃ XÃ/TỜ/THỬA / a parcel is not COMMUNE/SHEET/NUMBER".to_owned();
    let parts: Vec<&str> = text.split('/').collect();
    let [commune, sheet, number] = parts.as_slice() else { return Err(problem()) };
    let number_of = |text: &str| text.parse::<u32>().map_err(|_| problem());
    Ok(ParcelKey {
        commune_code: (*commune).to_owned(),
        sheet: number_of(sheet)?,
        number: number_of(number)?,
    })
}
