//! What all identifiers have in common: reasons, redaction, serde, normalising,
//! hostile text.

use std::collections::BTreeSet;

use super::*;

#[test]
fn reasons_are_stable_distinct_and_documented() {
    let codes: BTreeSet<&str> = IdError::all_reasons().map(IdReason::as_str).collect();
    assert_eq!(codes.len(), IdReason::ALL.len());
    assert_eq!(codes.len(), 50);
    for reason in IdError::all_reasons() {
        let prefix = reason.kind().as_str().to_uppercase();
        assert!(reason.as_str().starts_with(&prefix), "{} is not of {prefix}", reason.as_str());
        assert!(reason.text_vi().len() > 20 && reason.text_en().len() > 20, "{}", reason.as_str());
    }
    let error = PersonalId::parse("1", &PRODUCTION).expect_err("too short");
    assert_eq!(error.to_string(), "personal id length");
    for kind in IdKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
    }
    assert_eq!("passport".parse::<IdKind>(), Err(UnknownIdKind));
}

#[test]
fn debug_of_what_leads_to_a_person_shows_nothing() {
    let id = PersonalId::parse("097085000001", &SANDBOX).expect("valid");
    let shown = [
        format!("{id:?}"),
        format!("{:?}", Cmnd::parse("225469761", &SANDBOX).expect("valid")),
        format!("{:?}", InsuranceNumber::parse("5635196245").expect("valid")),
        format!("{:?}", HealthCardCode::parse("5642626802").expect("valid")),
        format!("{:?}", CertificateSerial::parse("CX 842561").expect("valid")),
        format!("{:?}", ParcelId::parse("22366/12/345").expect("valid")),
        format!("{:?}", normalise(IdKind::PersonalId, "097 085 000 001")),
    ];
    for text in &shown {
        assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
    }
    assert_eq!(shown[0], "PersonalId(…)");
    // The control: a code that names nobody is shown.
    assert_eq!(format!("{:?}", AgencyCode::parse("H32").expect("valid")), "AgencyCode(H32)");
}

#[test]
fn serde_goes_through_the_rules() {
    let code: EnterpriseCode = serde_json::from_str("\"0314409058002\"").expect("valid");
    assert_eq!(serde_json::to_string(&code).expect("a string"), "\"0314409058-002\"");
    assert!(serde_json::from_str::<EnterpriseCode>("\"0314409058000\"").is_err());
    let key: ParcelKey = serde_json::from_str("\"22366/12/345\"").expect("valid");
    assert_eq!(serde_json::to_string(&key).expect("a string"), "\"22366/12/345\"");
    let error = serde_json::from_str::<InsuranceNumber>("\"56-2012-3456\"").expect_err("hyphens");
    assert!(!error.to_string().contains("2012"), "an error never holds the value");
}

#[test]
fn normalising_repairs_the_writing_and_says_so() {
    let rows = [
        (IdKind::PersonalId, " 056 085 369 524\n", "056085369524"),
        (IdKind::PersonalId, "０５６０８５３６９５２４", "056085369524"),
        (IdKind::PersonalId, "056.085.369\u{2011}524\u{200B}", "056085369524"),
        (IdKind::PersonalId, "05608536952O", "05608536952O"),
        (IdKind::Cmnd, "225 469 761", "225469761"),
        (IdKind::InsuranceNumber, "56-3519-6245", "5635196245"),
        (IdKind::HealthCard, "dn 4 56 5642190154", "DN4565642190154"),
        (IdKind::EnterpriseCode, "0314409058 – 002", "0314409058-002"),
        (IdKind::EnterpriseCode, "0314409058002", "0314409058002"),
        (IdKind::EnterpriseCode, "4264 347 763", "4264347763"),
        (IdKind::LandCertificate, "cx-842561", "CX 842561"),
        (IdKind::LandCertificate, "CX842561", "CX842561"),
        (IdKind::LandCertificate, "bð  049506", "BĐ 049506"),
        (IdKind::ProcedureCode, "1,004222.000.00.00.h32", "1.004222.000.00.00.H32"),
        (IdKind::AgencyCode, " h32.15 ", "H32.15"),
        (IdKind::DossierCode, "h32.15 – 250702 – 0001", "H32.15-250702-0001"),
        (IdKind::Parcel, "22366 / 12 / 345", "22366/12/345"),
        (IdKind::ComponentCode, "KQ.G15. 000031", "KQ.G15.000031"),
        (IdKind::RequestId, " a b ", "a b"),
    ];
    for (kind, typed, expected) in rows {
        let normalised = normalise(kind, typed);
        assert_eq!(normalised.value, expected, "{kind}");
        assert_eq!(normalised.changed, typed != expected, "{kind} {typed:?}");
        assert_eq!(normalise(kind, expected).value, expected, "{kind}: twice is once");
    }
}

#[test]
fn hostile_text_is_refused_without_a_panic() {
    let huge = "9".repeat(1 << 20);
    let texts = [
        huge.as_str(),
        "\0",
        "é",
        "ễ",
        "\u{10FFFF}",
        "🏠🏠🏠",
        "\u{202E}",
        "1.00422é",
        "0314409058-é",
        "Đ",
        "/",
        "//",
        "- -",
        "0\u{301}",
    ];
    for kind in IdKind::ALL {
        for text in texts {
            assert!(
                check(*kind, text, &PRODUCTION).is_err(),
                "{kind} {:?}",
                text.chars().take(5).collect::<String>()
            );
            let _ = normalise(*kind, text);
        }
    }
}
