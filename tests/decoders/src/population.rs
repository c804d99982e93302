//! The population registry's answers.

use motlan_domain::record::Person;
use motlan_domain::{Completeness, Dataset, Record, SubjectKey};
use motlan_population::{decode_confirmation, decode_household, decode_person, decode_status};

use crate::asked::{self, RETRIEVED_AT, decoding};
use crate::{Verdict, invariants};

/// `TraCuuThongTinCongDan`
pub(crate) fn person(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::person(line);
    let answers = |record: &Record| matches!(record, Record::Person(person) if is(person, &subject));
    invariants::records(Dataset::Person, || decode_person(bytes, &decoding(&subject)), answers)
}

/// `CungCapThongTinHoGiaDinh`
pub(crate) fn household(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::person(line);
    // A member may be asked about under a cancelled id, which the household
    // does not repeat: then nothing more can be said here.
    let aliased = String::from_utf8_lossy(bytes).contains("SoDinhDanhDaHuy");
    let answers = |record: &Record| match record {
        Record::Household(household) => {
            aliased
                || household.members.iter().flatten().any(|member| match &subject {
                    SubjectKey::Person(id) => member.person.personal_id == Some(*id),
                    SubjectKey::Cmnd(id) => {
                        let late = member.person.personal_id.is_some_and(|own| own.expose() == id.expose());
                        late || member.person.cmnd.as_ref() == Some(id)
                    }
                    _ => false,
                })
        }
        _ => false,
    };
    invariants::records(Dataset::Household, || decode_household(bytes, &decoding(&subject)), answers)
}

/// `XacThucThongTinCongDan`: yes, no, or nothing.
pub(crate) fn confirmation(bytes: &[u8]) -> Verdict {
    match (decode_confirmation(bytes), decode_confirmation(bytes)) {
        (Ok(yes), Ok(again)) => {
            assert_eq!(yes, again, "the same bytes");
            if yes { Verdict::Whole } else { Verdict::NotFound }
        }
        (Err(error), Err(_)) => invariants::failure(&error),
        _ => panic!("the same bytes were read once and refused once"),
    }
}

/// `XacMinhTinhTrangChetMatTich`: both known, or neither.
pub(crate) fn status(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::person(line);
    let decode = || decode_status(bytes, &decoding(&subject));
    let (status, again) = match (decode(), decode()) {
        (Ok(status), Ok(again)) => (status, again),
        (Err(error), Err(_)) => return invariants::failure(&error),
        _ => panic!("the same bytes were read once and refused once"),
    };
    assert!(status == again, "the same bytes");
    let ahead = |seconds: i64| seconds > RETRIEVED_AT.as_second() + 5 * 60;
    assert!(!status.data_time.is_some_and(|at| ahead(at.as_second())), "data of tomorrow");
    match (status.completeness, status.deceased, status.missing) {
        (Completeness::Complete, Some(deceased), Some(missing)) => {
            assert!(!(deceased && missing), "dead and missing");
            Verdict::Whole
        }
        (Completeness::Incomplete { missing, .. }, None, None) => {
            assert_eq!(missing.names(Dataset::Person), ["deceased", "missing"]);
            Verdict::Partly
        }
        _ => panic!("half known whether somebody lives"),
    }
}

/// Whether the person is the one asked about, by an id in force or a cancelled
/// one.
fn is(person: &Person, subject: &SubjectKey) -> bool {
    let mut aliases = person.aliases.iter().flatten();
    match subject {
        SubjectKey::Person(id) => {
            person.personal_id == Some(*id) || aliases.any(|alias| alias.personal_id == Some(*id))
        }
        SubjectKey::Cmnd(id) => {
            let late = person.personal_id.is_some_and(|own| own.expose() == id.expose());
            late || person.cmnd.as_ref() == Some(id) || aliases.any(|alias| alias.cmnd.as_ref() == Some(id))
        }
        _ => false,
    }
}
