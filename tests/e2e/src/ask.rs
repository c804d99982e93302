//! One function per question, with the arguments tests vary.

use motlan_harness::Connection;
use motlan_proto::business::v1::{
    GetEnterpriseRequest, GetEnterpriseResponse, VerifyEnterpriseRequest, VerifyEnterpriseResponse,
};
use motlan_proto::common::v1::{PersonKey, Purpose, person_key};
use motlan_proto::dossier::v1::{
    CloseDossierRequest, CloseDossierResponse, ComponentResult, GetDossierRequest, GetDossierResponse,
    OpenDossierRequest, OpenDossierResponse, ResolveDossierRequest, ResolveDossierResponse, ResolveSummary,
    resolve_dossier_response,
};
use motlan_proto::insurance::v1::{
    GetParticipationRequest, GetParticipationResponse, get_participation_request,
};
use motlan_proto::land::v1::{
    GetCertificateRequest, GetCertificateResponse, ListCertificatesRequest, ListCertificatesResponse,
    list_certificates_request,
};
use motlan_proto::population::v1::{
    GetHouseholdRequest, GetHouseholdResponse, GetPersonRequest, GetPersonResponse, VerifyIdentityRequest,
    VerifyIdentityResponse,
};
use tonic::Streaming;
use uuid::Uuid;

use crate::Told;

/// A person by personal id.
pub fn person(id: &str) -> Option<PersonKey> {
    Some(PersonKey { key: Some(person_key::Key::PersonalId(id.to_owned())) })
}

/// Names of fields.
pub fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `GetPerson`.
pub async fn get_person(
    by: &Connection,
    purpose: Option<Purpose>,
    id: &str,
    names: &[&str],
) -> Told<GetPersonResponse> {
    let request = GetPersonRequest { purpose, subject: person(id), fields: fields(names), max_age: None };
    by.population().get_person(request).await.map(tonic::Response::into_inner)
}

/// `GetHousehold`.
pub async fn get_household(
    by: &Connection,
    purpose: Option<Purpose>,
    id: &str,
) -> Told<GetHouseholdResponse> {
    let request = GetHouseholdRequest { purpose, subject: person(id), ..Default::default() };
    by.population().get_household(request).await.map(tonic::Response::into_inner)
}

/// `VerifyIdentity`.
pub async fn verify(
    by: &Connection,
    purpose: Option<Purpose>,
    id: &str,
    name: &str,
    birth_date: Option<&str>,
) -> Told<VerifyIdentityResponse> {
    let request = VerifyIdentityRequest {
        purpose,
        subject: person(id),
        full_name: name.to_owned(),
        birth_date: birth_date.map(str::to_owned),
        max_age: None,
    };
    by.population().verify_identity(request).await.map(tonic::Response::into_inner)
}

/// `GetEnterprise`.
pub async fn get_enterprise(
    by: &Connection,
    purpose: Option<Purpose>,
    code: &str,
) -> Told<GetEnterpriseResponse> {
    let request = GetEnterpriseRequest { purpose, enterprise_code: code.to_owned(), ..Default::default() };
    by.business().get_enterprise(request).await.map(tonic::Response::into_inner)
}

/// `VerifyEnterprise`.
pub async fn verify_enterprise(
    by: &Connection,
    purpose: Option<Purpose>,
    code: &str,
    claim: (Option<&str>, Option<&str>, bool),
) -> Told<VerifyEnterpriseResponse> {
    let request = VerifyEnterpriseRequest {
        purpose,
        enterprise_code: code.to_owned(),
        name: claim.0.map(str::to_owned),
        representative_personal_id: claim.1.map(str::to_owned),
        active: claim.2,
        max_age: None,
    };
    by.business().verify_enterprise(request).await.map(tonic::Response::into_inner)
}

/// `GetParticipation` by insurance number.
pub async fn get_participation(
    by: &Connection,
    purpose: Option<Purpose>,
    number: &str,
) -> Told<GetParticipationResponse> {
    let subject = Some(get_participation_request::Subject::InsuranceNumber(number.to_owned()));
    let request = GetParticipationRequest { purpose, subject, ..Default::default() };
    by.insurance().get_participation(request).await.map(tonic::Response::into_inner)
}

/// `GetParticipation` by personal id.
pub async fn get_participation_of(
    by: &Connection,
    purpose: Option<Purpose>,
    id: &str,
) -> Told<GetParticipationResponse> {
    let subject = Some(get_participation_request::Subject::PersonalId(id.to_owned()));
    let request = GetParticipationRequest { purpose, subject, ..Default::default() };
    by.insurance().get_participation(request).await.map(tonic::Response::into_inner)
}

/// `GetCertificate`.
pub async fn get_certificate(
    by: &Connection,
    purpose: Option<Purpose>,
    serial: &str,
) -> Told<GetCertificateResponse> {
    let request =
        GetCertificateRequest { purpose, certificate_serial: serial.to_owned(), ..Default::default() };
    by.land().get_certificate(request).await.map(tonic::Response::into_inner)
}

/// `ListCertificates` of a person.
pub async fn list_certificates(
    by: &Connection,
    purpose: Option<Purpose>,
    id: &str,
) -> Told<ListCertificatesResponse> {
    let owner = Some(list_certificates_request::Owner::PersonalId(id.to_owned()));
    let request = ListCertificatesRequest { purpose, owner, ..Default::default() };
    by.land().list_certificates(request).await.map(tonic::Response::into_inner)
}

/// `OpenDossier`.
pub async fn open(by: &Connection, request: &OpenDossierRequest) -> Told<OpenDossierResponse> {
    by.dossiers().open_dossier(request.clone()).await.map(tonic::Response::into_inner)
}

/// `GetDossier`.
pub async fn get_dossier(by: &Connection, code: &str) -> Told<GetDossierResponse> {
    let request = GetDossierRequest { dossier_code: code.to_owned() };
    by.dossiers().get_dossier(request).await.map(tonic::Response::into_inner)
}

/// `CloseDossier`, under a request id of its own.
pub async fn close(by: &Connection, code: &str) -> Told<CloseDossierResponse> {
    close_as(by, code, &Uuid::new_v4().to_string(), "DECIDED").await
}

/// `CloseDossier` under that request id, for that reason.
pub async fn close_as(
    by: &Connection,
    code: &str,
    request_id: &str,
    reason: &str,
) -> Told<CloseDossierResponse> {
    let request = CloseDossierRequest {
        request_id: request_id.to_owned(),
        dossier_code: code.to_owned(),
        reason: reason.to_owned(),
    };
    by.dossiers().close_dossier(request).await.map(tonic::Response::into_inner)
}

/// `ResolveDossier` as a stream.
pub async fn start_resolve(by: &Connection, code: &str) -> Told<Streaming<ResolveDossierResponse>> {
    let request = ResolveDossierRequest { dossier_code: code.to_owned(), ..Default::default() };
    by.dossiers().resolve_dossier(request).await.map(tonic::Response::into_inner)
}

/// `ResolveDossier` to its end: the components as they came, and the summary.
pub async fn resolve(by: &Connection, code: &str) -> Told<(Vec<ComponentResult>, Option<ResolveSummary>)> {
    let mut stream = start_resolve(by, code).await?;
    let (mut components, mut summary) = (Vec::new(), None);
    while let Some(message) = stream.message().await? {
        match message.result {
            Some(resolve_dossier_response::Result::Component(component)) => {
                assert!(summary.is_none(), "a component after the summary");
                components.push(component);
            }
            Some(resolve_dossier_response::Result::Summary(last)) => summary = Some(last),
            None => {}
        }
    }
    Ok((components, summary))
}
