//! Every rule of every kind, one value and one verdict a row; those of agencies,
//! dossiers and procedures are in `codes`. Personal-looking
//! values are of the sandbox range or of the labelled set, or break a rule.

mod behaviour;
mod codes;

use super::*;
use crate::record::Sex;

const PRODUCTION: IdRules = IdRules { synthetic: Synthetic::Refused, present_year: 2026 };
const SANDBOX: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

const OK: &str = "";

/// Checks rows of (value, reason), an empty reason meaning valid, and that the
/// rows hold both verdicts.
fn verdicts(kind: IdKind, rules: IdRules, rows: &[(&str, &str)]) {
    for (value, expected) in rows {
        let found = check(kind, value, &rules).map_or_else(IdError::reason, |()| OK);
        assert_eq!(found, *expected, "{kind} {value:?}");
        if let Err(error) = check(kind, value, &rules) {
            assert_eq!(error.kind(), kind, "{value:?}");
        }
    }
    assert!(rows.iter().any(|(_, reason)| reason.is_empty()), "{kind}: no valid row");
    assert!(rows.iter().any(|(_, reason)| !reason.is_empty()), "{kind}: no invalid row");
}

#[test]
fn personal_id() {
    verdicts(
        IdKind::PersonalId,
        PRODUCTION,
        &[
            ("056085369524", OK),
            ("056226000001", OK), // born in 2026, the present year
            ("056227000001", "PERSONAL_ID_BIRTH_YEAR"),
            ("056499000001", "PERSONAL_ID_BIRTH_YEAR"), // 2199
            ("056985000001", "PERSONAL_ID_BIRTH_YEAR"), // 2385
            ("000085000001", "PERSONAL_ID_PROVINCE"),
            ("003085123456", "PERSONAL_ID_PROVINCE"),
            ("100085000001", "PERSONAL_ID_PROVINCE"),
            ("560085000001", "PERSONAL_ID_PROVINCE"), // 56 not padded
            ("097085000001", "PERSONAL_ID_SYNTHETIC"),
            ("099085000001", "PERSONAL_ID_SYNTHETIC"),
            ("", "PERSONAL_ID_LENGTH"),
            ("05608536952", "PERSONAL_ID_LENGTH"),
            ("0560853695244", "PERSONAL_ID_LENGTH"),
            ("056085369524\n", "PERSONAL_ID_DIGITS"),
            ("056085369524\u{A0}", "PERSONAL_ID_DIGITS"),
            ("\u{FEFF}056085369524", "PERSONAL_ID_DIGITS"),
            ("056085-369524", "PERSONAL_ID_DIGITS"),
            ("０５６０８５３６９５２４", "PERSONAL_ID_DIGITS"),
            ("٠٥٦٠٨٥٣٦٩٥٢٤", "PERSONAL_ID_DIGITS"),
            ("05608536952O", "PERSONAL_ID_DIGITS"),
            ("+56085369524", "PERSONAL_ID_DIGITS"),
        ],
    );
    verdicts(
        IdKind::PersonalId,
        SANDBOX,
        &[
            ("097085000001", OK),
            ("099326000001", OK),
            ("056085369524", OK),
            ("096156624297", OK),
            ("098327000001", "PERSONAL_ID_BIRTH_YEAR"),
            ("003085123456", "PERSONAL_ID_PROVINCE"),
        ],
    );
}

#[test]
fn the_province_codes_are_the_63_of_before_the_merger() {
    let accepted: Vec<u32> = (0..=96)
        .filter(|code| PersonalId::parse(&format!("{code:03}085000001"), &PRODUCTION).is_ok())
        .collect();
    assert_eq!(accepted.len(), 63);
    for gap in [
        0, 3, 5, 7, 9, 13, 16, 18, 21, 23, 28, 29, 32, 39, 41, 43, 47, 50, 53, 55, 57, 59, 61, 63, 65, 69, 71,
    ] {
        assert!(!accepted.contains(&gap), "{gap}");
    }
}

#[test]
fn a_personal_id_tells_year_and_sex() {
    let rows = [
        ("097085000001", 1985, Sex::Male),
        ("097185000001", 1985, Sex::Female),
        ("098200000001", 2000, Sex::Male),
        ("098326000001", 2026, Sex::Female),
        ("099000000001", 1900, Sex::Male),
    ];
    for (value, year, sex) in rows {
        let id = PersonalId::parse(value, &SANDBOX).expect(value);
        assert_eq!((id.birth_year(), id.sex(), id.expose(), id.is_synthetic()), (year, sex, value, true));
    }
    assert!(!PersonalId::parse("056085369524", &SANDBOX).expect("valid").is_synthetic());
}

#[test]
fn cmnd() {
    verdicts(
        IdKind::Cmnd,
        PRODUCTION,
        &[
            ("225469761", OK),
            ("012554520", OK),
            ("056085369524", OK),
            ("003085123456", OK), // form only
            ("098085000001", "CMND_SYNTHETIC"),
            ("22512345", "CMND_LENGTH"),
            ("2251234567", "CMND_LENGTH"),
            ("", "CMND_LENGTH"),
            ("225 469 761", "CMND_DIGITS"),
            ("２２５４６９７６１", "CMND_DIGITS"),
        ],
    );
    assert!(Cmnd::parse("098085000001", &SANDBOX).expect("allowed").as_personal_id(&SANDBOX).is_some());
    assert!(Cmnd::parse("225469761", &SANDBOX).expect("valid").as_personal_id(&SANDBOX).is_none());
}

#[test]
fn enterprise_code() {
    verdicts(
        IdKind::EnterpriseCode,
        PRODUCTION,
        &[
            ("0100233488", OK),
            ("0314409058-002", OK),
            ("0314409058002", OK),
            ("4219593005-999", OK),
            ("0314409058-000", "ENTERPRISE_CODE_BRANCH"),
            ("0314409058000", "ENTERPRISE_CODE_BRANCH"),
            ("0314409058-02", "ENTERPRISE_CODE_BRANCH"),
            ("0314409058-0021", "ENTERPRISE_CODE_BRANCH"),
            ("0314409058-", "ENTERPRISE_CODE_BRANCH"),
            ("0314409058-002-001", "ENTERPRISE_CODE_DIGITS"),
            ("0314409058\u{2013}002", "ENTERPRISE_CODE_DIGITS"),
            ("0314409058 002", "ENTERPRISE_CODE_DIGITS"),
            ("0100233487", "ENTERPRISE_CODE_CHECK_DIGIT"),
            ("4246413581", "ENTERPRISE_CODE_CHECK_DIGIT"),
            ("4246413580", "ENTERPRISE_CODE_CHECK_DIGIT"),
            ("0100000006", "ENTERPRISE_CODE_SERIAL"),
            ("010023348", "ENTERPRISE_CODE_LENGTH"),
            ("01002334881", "ENTERPRISE_CODE_LENGTH"),
            ("056085369524", "ENTERPRISE_CODE_LENGTH"),
            ("-001", "ENTERPRISE_CODE_LENGTH"),
            ("", "ENTERPRISE_CODE_LENGTH"),
            (" 0100233488", "ENTERPRISE_CODE_DIGITS"),
            ("éééééé\u{301}", "ENTERPRISE_CODE_DIGITS"),
        ],
    );
    let [hyphen, bare] = ["0314409058-002", "0314409058002"].map(|v| EnterpriseCode::parse(v).expect(v));
    assert_eq!(hyphen, bare);
    assert_eq!((bare.as_str(), bare.head(), bare.branch()), ("0314409058-002", "0314409058", Some("002")));
    assert_eq!(EnterpriseCode::parse("0100233488").expect("valid").branch(), None);
}

#[test]
fn every_enterprise_code_has_one_check_digit_or_none() {
    let mut without = 0;
    for serial in 0..2000_u32 {
        let valid = (0..10)
            .filter(|digit| EnterpriseCode::parse(&format!("42{:07}{digit}", serial + 1)).is_ok())
            .count();
        assert!(valid <= 1, "{serial}");
        without += usize::from(valid == 0);
    }
    // One sum in eleven has no check digit.
    assert!((150..220).contains(&without), "{without}");
}

#[test]
fn insurance_and_health_card() {
    verdicts(
        IdKind::InsuranceNumber,
        PRODUCTION,
        &[
            ("0117588874", OK),
            ("562012345", "SOCIAL_INSURANCE_NO_LENGTH"),
            ("56201234567", "SOCIAL_INSURANCE_NO_LENGTH"),
            ("056085369524", "SOCIAL_INSURANCE_NO_LENGTH"),
            ("", "SOCIAL_INSURANCE_NO_LENGTH"),
            ("56-2012-3456", "SOCIAL_INSURANCE_NO_DIGITS"),
        ],
    );
    verdicts(
        IdKind::HealthCard,
        PRODUCTION,
        &[
            ("DN4565642190154", OK),
            ("TE1565603199003", OK),
            ("HT5565603199003", OK),
            ("5642626802", OK),
            ("DN0565681457493", "HEALTH_CARD_LEVEL"),
            ("DN6565681457493", "HEALTH_CARD_LEVEL"),
            ("DNA565681457493", "HEALTH_CARD_LEVEL"),
            ("DN456567305845", "HEALTH_CARD_LENGTH"),
            ("DN45656421901544", "HEALTH_CARD_LENGTH"),
            ("564262680", "HEALTH_CARD_LENGTH"),
            ("", "HEALTH_CARD_LENGTH"),
            ("dn4565618775343", "HEALTH_CARD_CHARACTERS"),
            ("DN 4 56 5642190154", "HEALTH_CARD_CHARACTERS"),
            ("ĐN456564219015", "HEALTH_CARD_CHARACTERS"),
            ("4DN565620424876", "HEALTH_CARD_OBJECT"),
            ("D14565642190154", "HEALTH_CARD_OBJECT"),
            ("DN456564219015X", "HEALTH_CARD_DIGITS"),
            ("DN42626802", "HEALTH_CARD_DIGITS"),
        ],
    );
    let card = HealthCardCode::parse("DN4565642190154").expect("valid");
    assert_eq!((card.benefit_level(), card.insurance_digits()), (Some(4), "5642190154"));
    let card = HealthCardCode::parse("5642626802").expect("valid");
    assert_eq!((card.benefit_level(), card.insurance_digits()), (None, "5642626802"));
}

#[test]
fn land() {
    verdicts(
        IdKind::LandCertificate,
        PRODUCTION,
        &[
            ("CX 842561", OK),
            ("CX842561", OK),
            ("BĐ 049506", OK),
            ("ĐA049506", OK),
            ("AA 39686157", OK),
            ("B 123456", OK),
            ("Đ1234567", OK),
            ("CX 8425617", "LAND_CERTIFICATE_LENGTH"),
            ("CX 842561789", "LAND_CERTIFICATE_LENGTH"),
            ("B 12345", "LAND_CERTIFICATE_LENGTH"),
            ("B 12345678", "LAND_CERTIFICATE_LENGTH"),
            ("CS 01234", "LAND_CERTIFICATE_LENGTH"),
            ("CX", "LAND_CERTIFICATE_LENGTH"),
            ("CX ", "LAND_CERTIFICATE_LENGTH"),
            ("", "LAND_CERTIFICATE_LENGTH"),
            ("CXA 842561", "LAND_CERTIFICATE_LETTERS"),
            ("123456 BM", "LAND_CERTIFICATE_LETTERS"),
            ("bm 123456", "LAND_CERTIFICATE_LETTERS"),
            ("BÐ 049506", "LAND_CERTIFICATE_DIGITS"), // U+00D0
            ("Ðb 049506", "LAND_CERTIFICATE_LETTERS"),
            (" CX 842561", "LAND_CERTIFICATE_LETTERS"),
            ("CX  842561", "LAND_CERTIFICATE_SEPARATOR"),
            ("BM-123456", "LAND_CERTIFICATE_SEPARATOR"),
            ("CX\u{A0}842561", "LAND_CERTIFICATE_DIGITS"),
            ("CX 842561 ", "LAND_CERTIFICATE_DIGITS"),
            ("CX 842 561", "LAND_CERTIFICATE_DIGITS"),
            ("CX 84256O", "LAND_CERTIFICATE_DIGITS"),
            ("CX ８４２５６１", "LAND_CERTIFICATE_DIGITS"),
        ],
    );
    let [spaced, joined] = ["BĐ 049506", "BĐ049506"].map(|v| CertificateSerial::parse(v).expect(v));
    assert_eq!(spaced, joined);
    assert_eq!((joined.canonical().as_str(), joined.spaced().as_str()), ("BĐ049506", "BĐ 049506"));
}

#[test]
fn parcel() {
    verdicts(
        IdKind::Parcel,
        PRODUCTION,
        &[
            ("22366/12/345", OK),
            ("00001/1/1", OK),
            ("w6uz4n9k2h5p", OK),
            ("22366/12", "PARCEL_FORM"),
            ("22366/12/345/6", "PARCEL_FORM"),
            ("", "PARCEL_FORM"),
            ("2236/12/345", "PARCEL_COMMUNE"),
            ("2236O/12/345", "PARCEL_COMMUNE"),
            ("22366/012/345", "PARCEL_NUMBER"),
            ("22366/0/345", "PARCEL_NUMBER"),
            ("22366//345", "PARCEL_NUMBER"),
            ("22366/12/1234567", "PARCEL_NUMBER"),
            ("22366/12/ 345", "PARCEL_NUMBER"),
            ("22366/-1/345", "PARCEL_NUMBER"),
            ("w6uz4n9k2h5a", "PARCEL_GEOHASH"),
            ("W6UZ4N9K2H5P", "PARCEL_GEOHASH"),
        ],
    );
    let key = ParcelKey::parse("22366/12/345").expect("valid");
    assert_eq!((key.commune_code(), key.sheet(), key.number()), ("22366", 12, 345));
    assert_eq!(Ok(key), ParcelKey::new("22366", 12, 345));
    assert_eq!(ParcelKey::new("22366", 0, 345).map_err(IdError::reason), Err("PARCEL_NUMBER"));
}
