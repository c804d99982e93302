//! The questions of the table: one per dataset and per way to ask it, each with
//! the operation of the registry at which its fault is scripted.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use motlan_domain::{Dataset, Operation, Registry};
use motlan_e2e::*;
use motlan_harness::{Connection, Opening, World};
use motlan_proto::business::v1::{GetEnterpriseRequest, VerifyEnterpriseRequest};
use motlan_proto::common::v1::{IncompleteCause, Outcome, ParcelKey, Receipt};
use motlan_proto::insurance::v1::{
    GetHealthCardRequest, GetParticipationRequest, get_health_card_request, get_participation_request,
};
use motlan_proto::land::v1::{
    GetCertificateRequest, GetParcelRequest, ListCertificatesRequest, list_certificates_request,
};
use motlan_proto::population::v1::{GetHouseholdRequest, GetPersonRequest, VerifyIdentityRequest};
use pbjson_types::Duration as WireDuration;

/// An answer, as far as every answer has it.
pub(crate) struct Heard {
    pub(crate) outcome: Outcome,
    pub(crate) incomplete: IncompleteCause,
    pub(crate) receipt: Receipt,
}

type Ask = Box<dyn Fn(Duration) -> BoxFuture<'static, Told<Heard>>>;

/// A column of the table.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// What is asked through the public API.
    pub(crate) rpc: Operation,
    /// Where the fault is.
    pub(crate) registry: Registry,
    /// At which of its operations.
    pub(crate) far: &'static str,
    /// Registries that are asked before the fault is met.
    pub(crate) before: &'static [Registry],
    /// Registries that an answer needs besides, for its tie to the dossier.
    pub(crate) ties: &'static [Registry],
    /// What it comes to where nothing is wrong.
    pub(crate) healthy: Outcome,
    /// Asks it with that time left.
    pub(crate) ask: Ask,
}

/// Always live: what was kept of another cell is no answer here.
fn live() -> WireDuration {
    WireDuration::default()
}

/// A call of the public API, made anew each time.
macro_rules! asks {
    ($by:ident, $service:ident, $method:ident, $request:expr) => {{
        let (by, request) = ($by.clone(), $request);
        Box::new(move |left: Duration| {
            let (by, mut request) = (by.clone(), tonic::Request::new(request.clone()));
            request.set_timeout(left);
            async move {
                let told = by.$service().$method(request).await?.into_inner();
                Ok(Heard {
                    outcome: told.outcome(),
                    incomplete: told.incomplete_cause(),
                    receipt: told.receipt.expect("every answer has a receipt"),
                })
            }
            .boxed()
        })
    }};
}

/// The columns, in the order of the table.
pub(crate) async fn all(world: &World) -> Vec<Question> {
    let family = world.families()[0].clone();
    let me = family.applicant.clone();
    let dead = world.personas().deceased.clone();
    let office_of = |office: &str| world.connect(office).expect("connects");
    let open = async |procedure: &str, case: Option<&str>| {
        let opening = Opening::of(procedure);
        let opened = opened(world, &case.map_or(opening.clone(), |case| opening.case(case))).await;
        (dossier(&opened.code), office_of(&opened.office), opened.plan.applicant)
    };
    let (home, one_stop, _) = open(RESIDENCE, None).await;
    let (refund, refunds, _) = open("1.001939", Some("refund")).await;
    let (child, registrars, minor) = open("2.000986", None).await;
    let (company, business, _) = open("1.010010", None).await;
    let (job, insurers, _) = open("1.001613", None).await;
    let (online, cards, _) = open("1.001939", Some("online")).await;
    let (works, land_office, _) = open("1.013831", Some("resurvey")).await;
    let verifier: Connection = office_of("verifier");

    let verify = |birth_date: Option<String>| VerifyIdentityRequest {
        purpose: registered("identity-verification"),
        subject: person(&me.id),
        full_name: me.name.clone(),
        birth_date,
        max_age: Some(live()),
    };
    let participation = GetParticipationRequest {
        purpose: job,
        subject: Some(get_participation_request::Subject::InsuranceNumber(me.insurance_number.clone())),
        max_age: Some(live()),
        ..Default::default()
    };
    let card = GetHealthCardRequest {
        purpose: online,
        subject: Some(get_health_card_request::Subject::InsuranceNumber(me.insurance_number.clone())),
        max_age: Some(live()),
        ..Default::default()
    };
    let parcel = ParcelKey {
        commune_code: family.parcel.commune.clone(),
        sheet: family.parcel.sheet,
        number: family.parcel.number,
    };
    let people = &[Registry::Population];
    let question = |name, rpc, registry, far, ask| Question {
        name,
        rpc,
        registry,
        far,
        before: &[],
        ties: &[],
        healthy: if Operation::verifies(rpc) { Outcome::Match } else { Outcome::Found },
        ask,
    };
    let get_person = |purpose, id: &str, names: &[&str]| GetPersonRequest {
        purpose,
        subject: person(id),
        fields: fields(names),
        max_age: Some(live()),
    };
    vec![
        question(
            "person",
            Operation::GetPerson,
            Registry::Population,
            "TraCuuThongTinCongDan",
            asks!(one_stop, population, get_person, get_person(home.clone(), &me.id, &[])),
        ),
        question(
            "person's death",
            Operation::GetPerson,
            Registry::Population,
            "XacMinhTinhTrangChetMatTich",
            asks!(refunds, population, get_person, get_person(refund, &dead, &["full_name", "deceased"])),
        ),
        question(
            "household",
            Operation::GetHousehold,
            Registry::Population,
            "CungCapThongTinHoGiaDinh",
            asks!(
                registrars,
                population,
                get_household,
                GetHouseholdRequest {
                    purpose: child,
                    subject: person(&minor),
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
        question(
            "identity",
            Operation::VerifyIdentity,
            Registry::Population,
            "TraCuuThongTinCongDan",
            asks!(verifier, population, verify_identity, verify(Some(me.birth_date.clone()))),
        ),
        question(
            "identity, yes or no",
            Operation::VerifyIdentity,
            Registry::Population,
            "XacThucThongTinCongDan",
            asks!(verifier, population, verify_identity, verify(None)),
        ),
        question(
            "enterprise",
            Operation::GetEnterprise,
            Registry::Business,
            "chiTietDoanhNghiep",
            asks!(
                business,
                business,
                get_enterprise,
                GetEnterpriseRequest {
                    purpose: company,
                    enterprise_code: family.enterprise.clone(),
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
        question(
            "enterprise, verified",
            Operation::VerifyEnterprise,
            Registry::Business,
            "chiTietDoanhNghiep",
            asks!(
                verifier,
                business,
                verify_enterprise,
                VerifyEnterpriseRequest {
                    purpose: registered("enterprise-verification"),
                    enterprise_code: world.personas().active_enterprise.clone(),
                    active: true,
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
        Question {
            ties: people,
            ..question(
                "participation",
                Operation::GetParticipation,
                Registry::Insurance,
                "quaTrinhDong",
                asks!(insurers, insurance, get_participation, participation.clone()),
            )
        },
        Question {
            ties: people,
            ..question(
                "participation's holder",
                Operation::GetParticipation,
                Registry::Insurance,
                "getTraCuuTtHgdByMaSoBhxh",
                asks!(insurers, insurance, get_participation, participation.clone()),
            )
        },
        Question {
            before: &[Registry::Insurance],
            ..question(
                "participation's tie",
                Operation::GetParticipation,
                Registry::Population,
                "TraCuuThongTinCongDan",
                asks!(insurers, insurance, get_participation, participation),
            )
        },
        Question {
            ties: people,
            ..question(
                "health card",
                Operation::GetHealthCard,
                Registry::Insurance,
                "theBHYT",
                asks!(cards, insurance, get_health_card, card),
            )
        },
        question(
            "certificate",
            Operation::GetCertificate,
            Registry::Land,
            "giayChungNhan",
            asks!(
                one_stop,
                land,
                get_certificate,
                GetCertificateRequest {
                    purpose: home.clone(),
                    certificate_serial: family.certificate.clone(),
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
        question(
            "parcel",
            Operation::GetParcel,
            Registry::Land,
            "thuaDat",
            asks!(
                land_office,
                land,
                get_parcel,
                GetParcelRequest {
                    purpose: works,
                    parcel: Some(parcel),
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
        question(
            "certificates owned",
            Operation::ListCertificates,
            Registry::Land,
            "theoChu",
            asks!(
                one_stop,
                land,
                list_certificates,
                ListCertificatesRequest {
                    purpose: home,
                    owner: Some(list_certificates_request::Owner::PersonalId(me.id.clone())),
                    max_age: Some(live()),
                    ..Default::default()
                }
            ),
        ),
    ]
}

/// Datasets whose own registry no question's fault is at.
pub(crate) fn forgotten(questions: &[Question]) -> Vec<Dataset> {
    let met = |dataset: &Dataset| {
        questions.iter().any(|asked| asked.rpc.dataset() == *dataset && asked.registry == dataset.registry())
    };
    Dataset::ALL.into_iter().filter(|dataset| !met(dataset)).collect()
}
