//! The land registry's answers.

use motlan_domain::{Dataset, Record, SubjectKey};
use motlan_land::{decode_certificate, decode_certificates, decode_parcel};
use motlan_transport::json;

use crate::asked::{self, decoding};
use crate::{Verdict, invariants};

/// `giayChungNhan`
pub(crate) fn certificate(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::certificate(line);
    let answers = |record: &Record| match (record, &subject) {
        (Record::Certificate(record), SubjectKey::Certificate(serial)) => {
            record.serial.as_ref() == Some(serial)
        }
        _ => false,
    };
    invariants::records(Dataset::Certificate, || decode_certificate(bytes, &decoding(&subject)), answers)
}

/// `theoChu`
pub(crate) fn certificates(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::owner(line);
    let answers = |record: &Record| match record {
        Record::Certificate(record) => record.owners.iter().flatten().any(|owner| match &subject {
            SubjectKey::Person(id) => owner.personal_id == Some(*id),
            SubjectKey::Enterprise(code) => owner.enterprise_code.as_ref() == Some(code),
            _ => false,
        }),
        _ => false,
    };
    let list = json::answer(bytes).ok().flatten();
    let rows = list.as_ref().and_then(|list| list.as_array()).map_or(0, Vec::len);
    let decode = || decode_certificates(bytes, &decoding(&subject));
    invariants::list(Dataset::Certificate, rows, decode, answers)
}

/// `thuaDat`
pub(crate) fn parcel(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::parcel(line);
    let answers = |record: &Record| match (record, &subject) {
        (Record::Parcel(record), SubjectKey::Parcel(key)) => record.key.as_ref() == Some(key),
        _ => false,
    };
    invariants::records(Dataset::Parcel, || decode_parcel(bytes, &decoding(&subject)), answers)
}
