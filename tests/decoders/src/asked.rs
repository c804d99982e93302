//! What was asked: the first line of an input.

use jiff::Timestamp;
use motlan_api::Decoding;
use motlan_domain::SubjectKey;
use motlan_domain::id::{
    CertificateSerial, Cmnd, EnterpriseCode, IdRules, InsuranceNumber, ParcelKey, PersonalId, Synthetic,
};

/// The rules of the sandbox, in the year of the corpus.
pub(crate) const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

/// When every answer was received: 2026-11-21T02:00:00Z.
pub(crate) const RETRIEVED_AT: Timestamp = Timestamp::constant(1_795_226_400, 0);

/// Splits the first line off, where there is one.
pub(crate) fn split(input: &[u8]) -> (&str, &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (line, rest) = end.map_or((&[][..], input), |end| (&input[..end], &input[end + 1..]));
    (std::str::from_utf8(line).unwrap_or_default(), rest)
}

/// What a decoder is told beside the bytes.
pub(crate) const fn decoding(subject: &SubjectKey) -> Decoding<'_> {
    Decoding { subject, rules: RULES, retrieved_at: RETRIEVED_AT }
}

/// A person by either id; a synthetic one where the line is neither.
pub(crate) fn person(line: &str) -> SubjectKey {
    let id = PersonalId::parse(line, &RULES).map(SubjectKey::Person);
    let cmnd = || Cmnd::parse(line, &RULES).map(SubjectKey::Cmnd);
    id.or_else(|_| cmnd()).unwrap_or_else(|_| somebody())
}

/// An enterprise, or the owner of a household business.
pub(crate) fn enterprise(line: &str) -> SubjectKey {
    let code = EnterpriseCode::parse(line).map(SubjectKey::Enterprise);
    let owner = || PersonalId::parse(line, &RULES).map(SubjectKey::Person);
    code.or_else(|_| owner()).unwrap_or_else(|_| somebody())
}

/// Who may own land.
pub(crate) fn owner(line: &str) -> SubjectKey {
    enterprise(line)
}

pub(crate) fn certificate(line: &str) -> SubjectKey {
    CertificateSerial::parse(line).map_or_else(|_| somebody(), SubjectKey::Certificate)
}

/// `commune/sheet/number`
pub(crate) fn parcel(line: &str) -> SubjectKey {
    ParcelKey::parse(line).map_or_else(|_| somebody(), SubjectKey::Parcel)
}

pub(crate) fn insurance(line: &str) -> InsuranceNumber {
    let number = InsuranceNumber::parse(line);
    number.or_else(|_| InsuranceNumber::parse("9700000001")).expect("a synthetic number")
}

fn somebody() -> SubjectKey {
    SubjectKey::Person(PersonalId::parse("097060000001", &RULES).expect("a synthetic id"))
}
