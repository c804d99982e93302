//! Data questions, bad in one value each.

use motlan_e2e::*;
use motlan_harness::Connection;
use motlan_proto::common::v1::{ParcelKey, PersonKey, Purpose, person_key};
use motlan_proto::insurance::v1::{GetHealthCardRequest, get_health_card_request};
use motlan_proto::land::v1::{
    GetCertificateRequest, GetParcelRequest, ListCertificatesRequest, list_certificates_request,
};
use motlan_proto::population::v1::{GetPersonRequest, VerifyIdentityRequest};

use super::{Row, row};

fn id_key(id: &str) -> Option<PersonKey> {
    Some(PersonKey { key: Some(person_key::Key::PersonalId(id.to_owned())) })
}

/// About people, and the purpose of any question.
pub(crate) async fn people(by: &Connection, d: &Option<Purpose>, good: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let ids = [
        ("09718500000", "PERSONAL_ID_LENGTH"),
        ("0971850000011", "PERSONAL_ID_LENGTH"),
        ("", "PERSONAL_ID_LENGTH"),
        ("09718500000x", "PERSONAL_ID_DIGITS"),
        ("０９７１８５００００１２", "PERSONAL_ID_DIGITS"),
        (" 97185000001", "PERSONAL_ID_DIGITS"),
        ("000185000001", "PERSONAL_ID_PROVINCE"),
        ("097399000001", "PERSONAL_ID_BIRTH_YEAR"),
    ];
    for (id, reason) in ids {
        rows.push(row(
            "GetPerson",
            id,
            "subject.personal_id",
            reason,
            get_person(by, d.clone(), id, &[]).await,
        ));
        rows.push(row(
            "GetHousehold",
            id,
            "subject.personal_id",
            reason,
            get_household(by, d.clone(), id).await,
        ));
        rows.push(row(
            "VerifyIdentity",
            id,
            "subject.personal_id",
            reason,
            verify(by, d.clone(), id, "Lê Thị Hòa", None).await,
        ));
        rows.push(row(
            "GetParticipation",
            id,
            "personal_id",
            reason,
            get_participation_of(by, d.clone(), id).await,
        ));
        rows.push(row(
            "ListCertificates",
            id,
            "personal_id",
            reason,
            list_certificates(by, d.clone(), id).await,
        ));
    }
    for (name, reason) in
        [("", "NAME_EMPTY"), ("a\u{7}bcdef", "NAME_CONTROL"), (&*"Lê Thị Hòa ".repeat(500), "NAME_LENGTH")]
    {
        let told = verify(by, d.clone(), good, name, None).await;
        rows.push(row("VerifyIdentity", name, "full_name", reason, told));
    }
    for (date, reason) in [
        ("1990-02-30", "DATE_CALENDAR"),
        ("1990-13-01", "DATE_CALENDAR"),
        ("31/12/1990", "DATE_FORMAT"),
        ("hôm qua", "DATE_FORMAT"),
        ("", "DATE_FORMAT"),
        ("1990-1-1", "DATE_FORMAT"),
        ("2999-01-01", "BIRTH_DATE_FUTURE"),
        ("2999", "BIRTH_DATE_FUTURE"),
        ("1849-12-31", "BIRTH_DATE_TOO_EARLY"),
        ("1849", "BIRTH_DATE_TOO_EARLY"),
    ] {
        let told = verify(by, d.clone(), good, "Lê Thị Hòa", Some(date)).await;
        rows.push(row("VerifyIdentity", date, "birth_date", reason, told));
    }
    let mut request = GetPersonRequest { purpose: d.clone(), subject: id_key(good), ..Default::default() };
    request.fields = fields(&["full_name", "shoe_size"]);
    rows.push(row(
        "GetPerson",
        "shoe_size",
        "fields[1]",
        "FIELD_UNKNOWN",
        by.population().get_person(request.clone()).await,
    ));
    request.fields = vec!["full_name".to_owned(); 1_000];
    rows.push(row(
        "GetPerson",
        "",
        "fields",
        "TOO_MANY_VALUES",
        by.population().get_person(request.clone()).await,
    ));
    request.fields.clear();
    for (seconds, nanos) in [(-1, 0), (0, -1), (0, 1_000_000_000), (i64::MAX, 0), (400 * 86_400, 0)] {
        request.max_age = Some(pbjson_types::Duration { seconds, nanos });
        rows.push(row(
            "GetPerson",
            "",
            "max_age",
            "MAX_AGE_RANGE",
            by.population().get_person(request.clone()).await,
        ));
    }
    let cmnd = |id: &str| VerifyIdentityRequest {
        purpose: d.clone(),
        subject: Some(PersonKey { key: Some(person_key::Key::Cmnd(id.to_owned())) }),
        full_name: "Lê Thị Hòa".to_owned(),
        ..Default::default()
    };
    for (id, reason) in [("12345678", "CMND_LENGTH"), ("12345678a", "CMND_DIGITS")] {
        rows.push(row(
            "VerifyIdentity",
            id,
            "subject.cmnd",
            reason,
            by.population().verify_identity(cmnd(id)).await,
        ));
    }
    let none = GetPersonRequest { purpose: d.clone(), ..Default::default() };
    rows.push(row("GetPerson", "", "subject", "SUBJECT_MISSING", by.population().get_person(none).await));
    for (code, reason) in [
        ("H32.202-261331-0001", "DOSSIER_CODE_DATE"),
        ("hồ sơ của tôi", "DOSSIER_CODE_FORM"),
        ("H32.202-20261121-0001", "DOSSIER_CODE_DAY"),
        ("", "DOSSIER_CODE_LENGTH"),
        (&*"H".repeat(500), "DOSSIER_CODE_LENGTH"),
    ] {
        rows.push(row(
            "GetPerson",
            code,
            "purpose.dossier_code",
            reason,
            get_person(by, dossier(code), good, &[]).await,
        ));
        rows.push(row("GetDossier", code, "dossier_code", reason, get_dossier(by, code).await));
        rows.push(row("CloseDossier", code, "dossier_code", reason, close(by, code).await));
        rows.push(row("ResolveDossier", code, "dossier_code", reason, resolve(by, code).await));
    }
    for (id, reason) in [("Có Dấu Cách", "PURPOSE_ID_CHARACTERS"), ("", "PURPOSE_ID_LENGTH")] {
        let told = verify(by, registered(id), good, "Lê Thị Hòa", None).await;
        rows.push(row("VerifyIdentity", id, "purpose.registered_purpose_id", reason, told));
    }
    rows
}

/// About enterprises, land and insurance.
pub(crate) async fn things(by: &Connection, d: &Option<Purpose>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (code, reason) in [
        ("0100233489", "ENTERPRISE_CODE_CHECK_DIGIT"),
        ("010023348", "ENTERPRISE_CODE_LENGTH"),
        ("01002334x8", "ENTERPRISE_CODE_DIGITS"),
        ("0314409058-000", "ENTERPRISE_CODE_BRANCH"),
        ("", "ENTERPRISE_CODE_LENGTH"),
    ] {
        rows.push(row(
            "GetEnterprise",
            code,
            "enterprise_code",
            reason,
            get_enterprise(by, d.clone(), code).await,
        ));
        let told = verify_enterprise(by, d.clone(), code, (None, None, true)).await;
        rows.push(row("VerifyEnterprise", code, "enterprise_code", reason, told));
        let owner = Some(list_certificates_request::Owner::EnterpriseCode(code.to_owned()));
        let request = ListCertificatesRequest { purpose: d.clone(), owner, ..Default::default() };
        rows.push(row(
            "ListCertificates",
            code,
            "enterprise_code",
            reason,
            by.land().list_certificates(request).await,
        ));
    }
    let good = "0100233488";
    let claims: [(Option<&str>, Option<&str>, &str, &str); 4] = [
        (Some("  "), None, "name", "ENTERPRISE_NAME_FORM"),
        (Some("a\nbcdef"), None, "name", "ENTERPRISE_NAME_FORM"),
        (Some(&"Công ty ".repeat(400)), None, "name", "ENTERPRISE_NAME_FORM"),
        (None, Some("1234567"), "representative_personal_id", "PERSONAL_ID_LENGTH"),
    ];
    for (name, who, field, reason) in claims {
        let told = verify_enterprise(by, d.clone(), good, (name, who, false)).await;
        rows.push(row("VerifyEnterprise", name.or(who).unwrap(), field, reason, told));
    }
    for (serial, reason) in [
        ("CS 01234", "LAND_CERTIFICATE_LENGTH"),
        ("1C 012345", "LAND_CERTIFICATE_LETTERS"),
        ("CS-012345", "LAND_CERTIFICATE_SEPARATOR"),
        ("", "LAND_CERTIFICATE_LENGTH"),
    ] {
        rows.push(row(
            "GetCertificate",
            serial,
            "certificate_serial",
            reason,
            get_certificate(by, d.clone(), serial).await,
        ));
    }
    let unknown = GetCertificateRequest {
        purpose: d.clone(),
        certificate_serial: "CS 012345".to_owned(),
        fields: fields(&["owner"]),
        max_age: None,
    };
    rows.push(row(
        "GetCertificate",
        "owner",
        "fields[0]",
        "FIELD_UNKNOWN",
        by.land().get_certificate(unknown).await,
    ));
    for (commune, sheet, number, reason) in [
        ("2236", 1, 1, "PARCEL_COMMUNE"),
        ("2236x", 1, 1, "PARCEL_COMMUNE"),
        ("22366", 0, 1, "PARCEL_NUMBER"),
        ("22366", 1, 0, "PARCEL_NUMBER"),
    ] {
        let parcel = Some(ParcelKey { commune_code: commune.to_owned(), sheet, number });
        let request = GetParcelRequest { purpose: d.clone(), parcel, ..Default::default() };
        rows.push(row("GetParcel", "", "parcel", reason, by.land().get_parcel(request).await));
    }
    let request = GetParcelRequest { purpose: d.clone(), ..Default::default() };
    rows.push(row("GetParcel", "", "parcel", "SUBJECT_MISSING", by.land().get_parcel(request).await));
    for (number, reason) in
        [("123456789", "SOCIAL_INSURANCE_NO_LENGTH"), ("12345678x0", "SOCIAL_INSURANCE_NO_DIGITS")]
    {
        rows.push(row(
            "GetParticipation",
            number,
            "insurance_number",
            reason,
            get_participation(by, d.clone(), number).await,
        ));
        let subject = Some(get_health_card_request::Subject::InsuranceNumber(number.to_owned()));
        let request = GetHealthCardRequest { purpose: d.clone(), subject, ..Default::default() };
        rows.push(row(
            "GetHealthCard",
            number,
            "insurance_number",
            reason,
            by.insurance().get_health_card(request).await,
        ));
    }
    rows
}
