//! Codes of procedures, components, agencies, dossiers, and our own.

use super::*;

#[test]
fn procedure_and_component() {
    verdicts(
        IdKind::ProcedureCode,
        PRODUCTION,
        &[
            ("1.004222", OK),
            ("1.010041.01", OK),
            ("1.001612.000.00.00.H19", OK),
            ("1.04222", "PROCEDURE_CODE_FORM"),
            ("1,004222", "PROCEDURE_CODE_FORM"),
            ("1004222", "PROCEDURE_CODE_FORM"),
            ("１.004222", "PROCEDURE_CODE_FORM"),
            (" 1.004222", "PROCEDURE_CODE_FORM"),
            ("12.004222", "PROCEDURE_CODE_FORM"),
            ("1.0042222", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.00", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.1", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.H32", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.000.00.00.h32", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222.000.00.00.H3", "PROCEDURE_CODE_SUFFIX"),
            ("1.004222\n", "PROCEDURE_CODE_SUFFIX"),
            ("", "PROCEDURE_CODE_LENGTH"),
        ],
    );
    let code = ProcedureCode::parse("1.010041.01").expect("valid");
    assert_eq!((code.national(), code.case_suffix(), code.local_agency()), ("1.010041", Some("01"), None));
    let code = ProcedureCode::parse("1.001612.000.00.00.H19").expect("valid");
    let local = code.local_agency().expect("a province");
    assert_eq!((code.national(), code.case_suffix(), local.as_str()), ("1.001612", None, "000.00.00.H19"));
    verdicts(
        IdKind::ComponentCode,
        PRODUCTION,
        &[
            ("000.00.00.G15-KQ004946", OK),
            ("KQ.G15.000031", OK),
            ("TP-G12.0001000000069", OK),
            ("1.014748#3", OK),
            ("", "COMPONENT_CODE_LENGTH"),
            ("KQ G15", "COMPONENT_CODE_CHARACTERS"),
            ("KQ.G15.000031\u{200B}", "COMPONENT_CODE_CHARACTERS"),
        ],
    );
    let positional = ComponentCode::positional(&ProcedureCode::parse("1.014748").expect("valid"), 3);
    assert_eq!(Ok(positional), ComponentCode::parse("1.014748#3"));
}

#[test]
fn agency() {
    verdicts(
        IdKind::AgencyCode,
        PRODUCTION,
        &[
            ("H32", OK),
            ("H32.15", OK),
            ("H32.201", OK),
            ("H32.15.03", OK),
            ("G01.15.08", OK),
            ("000.00.15.H32", OK),
            ("000.00.00.G15", OK),
            ("32H", "AGENCY_CODE_FORM"),
            ("H3", "AGENCY_CODE_FORM"),
            ("H325", "AGENCY_CODE_FORM"),
            ("H32.", "AGENCY_CODE_FORM"),
            ("H32.1", "AGENCY_CODE_FORM"),
            ("H32.2011", "AGENCY_CODE_FORM"),
            ("H32..15", "AGENCY_CODE_FORM"),
            ("H32.15.03.01", "AGENCY_CODE_FORM"),
            ("X32", "AGENCY_CODE_FORM"),
            ("00.15.H32", "AGENCY_CODE_FORM"),
            ("00.00.15.H32", "AGENCY_CODE_FORM"),
            ("000.00.15.H32.01", "AGENCY_CODE_FORM"),
            ("h32", "AGENCY_CODE_CHARACTERS"),
            ("H32-15", "AGENCY_CODE_CHARACTERS"),
            ("H32 ", "AGENCY_CODE_CHARACTERS"),
            ("", "AGENCY_CODE_LENGTH"),
        ],
    );
    let code = |value: &str| AgencyCode::parse(value).expect(value);
    assert!(code("H32.15.03").is_within(&code("H32.15")));
    assert!(code("H32").is_within(&code("H32")));
    assert!(!code("H32.15").is_within(&code("H32.15.03")));
    assert!(!code("H32.201").is_within(&code("H32.20")), "a longer number is another agency");
    assert!(!code("000.00.15.H32").is_within(&code("H32")));
    assert_eq!((code("000.00.15.H32").root(), code("G01.15.08").root()), ("H32", "G01"));
    assert!(code("000.00.00.G15").is_central() && !code("H32.15").is_central());
}

#[test]
fn dossier() {
    verdicts(
        IdKind::DossierCode,
        PRODUCTION,
        &[
            ("H32.216-261121-0007", OK),
            ("000.00.53.H48-220921-0099", OK),
            ("G09.20-20260609-0092637", OK),
            ("000.00.00.G15-20260609-0092637", OK),
            ("G01.15.08-260609-0001", OK),
            ("H32.15-240229-0001", OK),
            ("G09.20-20240229-0092637", OK),
            ("H32.15-250229-0001", "DOSSIER_CODE_DATE"),
            ("G09.20-20250229-0092637", "DOSSIER_CODE_DATE"),
            ("G09.20-00000609-0092637", "DOSSIER_CODE_DATE"),
            ("H32.15-250431-0001", "DOSSIER_CODE_DATE"),
            ("H32.15-250700-0001", "DOSSIER_CODE_DATE"),
            ("H32.15-251301-0001", "DOSSIER_CODE_DATE"),
            ("H32.15-20250702-0001", "DOSSIER_CODE_DAY"),
            ("H32.15-20250702-0000001", "DOSSIER_CODE_DAY"),
            ("H32.15-2507021-0001", "DOSSIER_CODE_DAY"),
            ("H32.15-25O702-0001", "DOSSIER_CODE_DAY"),
            ("H32.15--0001", "DOSSIER_CODE_DAY"),
            ("G09.20-20260609-0007", "DOSSIER_CODE_SERIAL"),
            ("G09.20-260609-0092637", "DOSSIER_CODE_SERIAL"),
            ("H32.15-250702-001", "DOSSIER_CODE_SERIAL"),
            ("H32.15-250702-00011", "DOSSIER_CODE_SERIAL"),
            ("H32.15-250702-000A", "DOSSIER_CODE_SERIAL"),
            ("H32.15-250702-0001 ", "DOSSIER_CODE_SERIAL"),
            ("h32.15-250702-0001", "DOSSIER_CODE_AGENCY"),
            ("-250702-0001", "DOSSIER_CODE_AGENCY"),
            ("H32.15-250702", "DOSSIER_CODE_FORM"),
            ("H32.15-250702-0001-1", "DOSSIER_CODE_FORM"),
            ("H32.15\u{2010}250702\u{2010}0001", "DOSSIER_CODE_FORM"),
            ("", "DOSSIER_CODE_LENGTH"),
        ],
    );
    let code = DossierCode::parse("H32.216-261121-0007").expect("valid");
    assert_eq!(code.agency().as_str(), "H32.216");
    assert_eq!(code.date(), jiff::civil::date(2026, 11, 21));
    let code = DossierCode::parse("G09.20-20260609-0092637").expect("valid");
    assert_eq!((code.agency().as_str(), code.date()), ("G09.20", jiff::civil::date(2026, 6, 9)));
}

#[test]
fn own_codes() {
    let long = "a".repeat(65);
    verdicts(
        IdKind::PurposeId,
        PRODUCTION,
        &[
            ("identity-check-2026", OK),
            ("", "PURPOSE_ID_LENGTH"),
            (&long, "PURPOSE_ID_LENGTH"),
            ("Identity", "PURPOSE_ID_CHARACTERS"),
            ("-a", "PURPOSE_ID_CHARACTERS"),
            ("a--b", "PURPOSE_ID_CHARACTERS"),
            ("a_b", "PURPOSE_ID_CHARACTERS"),
        ],
    );
    verdicts(
        IdKind::RequestId,
        PRODUCTION,
        &[
            ("018f-A.b_c", OK),
            (&long[..64], OK),
            (&long, "REQUEST_ID_LENGTH"),
            ("", "REQUEST_ID_LENGTH"),
            ("a b", "REQUEST_ID_CHARACTERS"),
            ("a/b", "REQUEST_ID_CHARACTERS"),
        ],
    );
    verdicts(
        IdKind::OfficerAccount,
        PRODUCTION,
        &[
            ("canbo.motcua@khanhhoa.gov.vn", OK),
            (&long, "OFFICER_ACCOUNT_LENGTH"),
            ("", "OFFICER_ACCOUNT_LENGTH"),
            ("cán bộ", "OFFICER_ACCOUNT_CHARACTERS"),
            ("a\"b", "OFFICER_ACCOUNT_CHARACTERS"),
        ],
    );
    verdicts(
        IdKind::BusinessLocation,
        PRODUCTION,
        &[
            ("00012", OK),
            ("", "BUSINESS_LOCATION_LENGTH"),
            ("0012", "BUSINESS_LOCATION_LENGTH"),
            ("0001A", "BUSINESS_LOCATION_DIGITS"),
        ],
    );
}
