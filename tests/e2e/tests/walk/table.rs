//! What is known of every RPC: a minimal valid request, who may, who may not.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use motlan_e2e::*;
use motlan_harness::{Connection, Opened, Opening, World};
use motlan_proto::audit::v1::{
    EntryKind, GetCheckpointRequest, GetConsistencyProofRequest, GetEntryRequest, GetInclusionProofRequest,
    OpenSubjectsRequest, SearchEntriesRequest, WatchEntriesRequest,
};
use motlan_proto::catalogue::v1::{GetProcedureRequest, ListProceduresRequest};
use motlan_proto::insurance::v1::{GetHealthCardRequest, get_health_card_request};
use motlan_proto::land::v1::GetParcelRequest;

/// The index of the receipt, where the answer carries one.
pub type Answered = Told<Option<u64>>;
pub type Call = Box<dyn Fn(Connection) -> BoxFuture<'static, Answered>>;

/// One RPC: who may, who may not, and a minimal valid request.
pub struct Row {
    pub may: Option<&'static str>,
    pub may_not: &'static str,
    pub why_not: &'static str,
    pub leaves: &'static [EntryKind],
    pub call: Call,
}

fn call<F, Fut>(ask: F) -> Call
where
    F: Fn(Connection) -> Fut + 'static,
    Fut: Future<Output = Answered> + Send + 'static,
{
    Box::new(move |by| ask(by).boxed())
}

/// `ask!(captured…; |by| call)`: the receipt's index of what the call gives.
macro_rules! ask {
    ($($name:ident),*; |$by:ident| $told:expr) => {{
        $( let $name = $name.clone(); )*
        call(move |$by| {
            $( let $name = $name.clone(); )*
            async move { Ok($told.await?.receipt.map(|receipt| receipt.index)) }
        })
    }};
}

pub const DATA: &[EntryKind] = &[EntryKind::AccessIntent, EntryKind::AccessOutcome];

/// Path of the RPC and what is known of it.
pub fn table(world: &World, at: &Dossiers) -> BTreeMap<String, Row> {
    let d = |opened: &Opened| dossier(&opened.code);
    let family = world.families()[0].clone();
    let me = family.applicant.id.clone();
    let (home, child, works, job) = (d(&at.home), d(&at.child), d(&at.works), d(&at.job));
    let (company, firm) = (d(&at.company), family.enterprise.clone());
    let (number, serial) = (family.applicant.insurance_number.clone(), family.certificate.clone());
    let parcel = Some(motlan_proto::common::v1::ParcelKey {
        commune_code: family.parcel.commune.clone(),
        sheet: family.parcel.sheet,
        number: family.parcel.number,
    });
    let (card, card_number) = (d(&at.card), number.clone());
    let (name, claimed) = (family.applicant.name.clone(), me.clone());
    let minor = at.child.plan.applicant.clone();
    let (home_code, last_code) = (at.home.code.clone(), at.last.code.clone());
    let new = world.request(&Opening::of(RESIDENCE), &at.home.plan).unwrap();
    let data = |may, call| Row {
        may: Some(may),
        may_not: "auditor",
        why_not: "DOSSIER_UNKNOWN",
        leaves: DATA,
        call,
    };
    // For every configured caller; nothing is recorded but a denial.
    let anybody = |call| Row { may: None, may_not: "", why_not: "CALLER_UNKNOWN", leaves: &[], call };
    let office = "one-stop";
    let log = &[EntryKind::LogRead];
    let rows: Vec<(&str, Row)> = vec![
        (
            "population.v1.PopulationService/VerifyIdentity",
            data(office, ask!(home, me, name; |by| verify(&by, home, &me, &name, Some("1990-01-01")))),
        ),
        (
            "population.v1.PopulationService/GetPerson",
            data(office, ask!(home, me; |by| get_person(&by, home, &me, &[]))),
        ),
        (
            "population.v1.PopulationService/GetHousehold",
            data(office, ask!(child, minor; |by| get_household(&by, child, &minor))),
        ),
        (
            "business.v1.BusinessService/GetEnterprise",
            data("department-h32-12", ask!(company, firm; |by| get_enterprise(&by, company, &firm))),
        ),
        (
            "business.v1.BusinessService/VerifyEnterprise",
            data(
                "department-h32-12",
                ask!(company, firm, claimed; |by| verify_enterprise(&by, company, &firm, (None, Some(&claimed), true))),
            ),
        ),
        (
            "insurance.v1.InsuranceService/GetParticipation",
            data("department-h32-18", ask!(job, number; |by| get_participation(&by, job, &number))),
        ),
        (
            "insurance.v1.InsuranceService/GetHealthCard",
            data(
                office,
                call(move |by| {
                    let subject =
                        Some(get_health_card_request::Subject::InsuranceNumber(card_number.clone()));
                    let request =
                        GetHealthCardRequest { purpose: card.clone(), subject, ..Default::default() };
                    async move {
                        Ok(by
                            .insurance()
                            .get_health_card(request)
                            .await?
                            .into_inner()
                            .receipt
                            .map(|r| r.index))
                    }
                }),
            ),
        ),
        (
            "land.v1.LandService/GetCertificate",
            data(office, ask!(home, serial; |by| get_certificate(&by, home, &serial))),
        ),
        (
            "land.v1.LandService/GetParcel",
            data(
                "department",
                call(move |by| {
                    let request = GetParcelRequest {
                        purpose: works.clone(),
                        parcel: parcel.clone(),
                        ..Default::default()
                    };
                    async move { Ok(by.land().get_parcel(request).await?.into_inner().receipt.map(|r| r.index)) }
                }),
            ),
        ),
        (
            "land.v1.LandService/ListCertificates",
            data(office, ask!(home, me; |by| list_certificates(&by, home, &me))),
        ),
        (
            "dossier.v1.DossierService/ResolveDossier",
            Row {
                may: Some(office),
                may_not: "auditor",
                why_not: "DOSSIER_UNKNOWN",
                leaves: &[EntryKind::ComponentDecided],
                call: call(move |by| {
                    let code = home_code.clone();
                    async move {
                        Ok(resolve(&by, &code)
                            .await?
                            .0
                            .first()
                            .and_then(|c| c.receipt.as_ref())
                            .map(|r| r.index))
                    }
                }),
            },
        ),
        (
            "dossier.v1.DossierService/OpenDossier",
            Row {
                may: Some("portal"),
                may_not: "verifier",
                why_not: "ROLE_NOT_ALLOWED",
                leaves: &[EntryKind::DossierOpened],
                call: ask!(new; |by| open(&by, &new)),
            },
        ),
        (
            "dossier.v1.DossierService/GetDossier",
            Row {
                may: Some(office),
                may_not: "auditor",
                why_not: "DOSSIER_UNKNOWN",
                leaves: &[EntryKind::AccessOutcome],
                call: ask!(last_code; |by| get_dossier(&by, &last_code)),
            },
        ),
        (
            "dossier.v1.DossierService/CloseDossier",
            Row {
                may: Some(office),
                may_not: "verifier",
                why_not: "DOSSIER_UNKNOWN",
                leaves: &[EntryKind::DossierClosed],
                call: ask!(last_code; |by| close(&by, &last_code)),
            },
        ),
        (
            "audit.v1.AuditService/SearchEntries",
            Row {
                may: Some("auditor"),
                may_not: office,
                why_not: "AUDITOR_ONLY",
                leaves: log,
                call: call(|by| async move {
                    let told = by.audit().search_entries(SearchEntriesRequest::default()).await?;
                    Ok(told.into_inner().receipt.map(|receipt| receipt.index))
                }),
            },
        ),
        (
            "audit.v1.AuditService/GetEntry",
            Row {
                may: Some("auditor"),
                may_not: office,
                why_not: "AUDITOR_ONLY",
                leaves: log,
                call: call(|by| async move {
                    let told = by.audit().get_entry(GetEntryRequest { index: 0 }).await?;
                    Ok(told.into_inner().receipt.map(|receipt| receipt.index))
                }),
            },
        ),
        (
            "audit.v1.AuditService/OpenSubjects",
            Row {
                may: Some("auditor"),
                may_not: office,
                why_not: "AUDITOR_ONLY",
                leaves: log,
                call: call(|by| async move {
                    let told = by.audit().open_subjects(OpenSubjectsRequest::default()).await?;
                    let first = told.into_inner().message().await?;
                    Ok(first.and_then(|chunk| chunk.receipt).map(|receipt| receipt.index))
                }),
            },
        ),
        (
            "audit.v1.AuditService/WatchEntries",
            Row {
                may: Some("auditor"),
                may_not: office,
                why_not: "AUDITOR_ONLY",
                leaves: log,
                call: call(|by| async move {
                    let request = WatchEntriesRequest { index_from: 1, ..Default::default() };
                    let first = by.audit().watch_entries(request).await?.into_inner().message().await?;
                    Ok(first.and_then(|chunk| chunk.receipt).map(|receipt| receipt.index))
                }),
            },
        ),
        (
            "audit.v1.AuditService/GetCheckpoint",
            anybody(call(|by| async move {
                by.audit().get_checkpoint(GetCheckpointRequest {}).await?;
                Ok(None)
            })),
        ),
        (
            "audit.v1.AuditService/GetInclusionProof",
            anybody(call(|by| async move {
                by.audit().get_inclusion_proof(GetInclusionProofRequest::default()).await?;
                Ok(None)
            })),
        ),
        (
            "audit.v1.AuditService/GetConsistencyProof",
            anybody(call(|by| async move {
                let request = GetConsistencyProofRequest { old_size: 1, new_size: 0 };
                by.audit().get_consistency_proof(request).await?;
                Ok(None)
            })),
        ),
        (
            "catalogue.v1.CatalogueService/GetProcedure",
            anybody(call(|by| async move {
                let request = GetProcedureRequest { procedure_code: RESIDENCE.to_owned() };
                by.catalogue().get_procedure(request).await?;
                Ok(None)
            })),
        ),
        (
            "catalogue.v1.CatalogueService/ListProcedures",
            anybody(call(|by| async move {
                by.catalogue().list_procedures(ListProceduresRequest::default()).await?;
                Ok(None)
            })),
        ),
    ];
    rows.into_iter().map(|(path, row)| (format!("/motlan.{path}"), row)).collect()
}

/// A dossier for every dataset.
pub struct Dossiers {
    home: Opened,
    last: Opened,
    child: Opened,
    works: Opened,
    job: Opened,
    card: Opened,
    company: Opened,
}

// === impl Dossiers ===

impl Dossiers {
    pub async fn open(world: &World) -> Self {
        Self {
            home: opened(world, &Opening::of(RESIDENCE)).await,
            last: opened(world, &Opening::of(RESIDENCE)).await,
            child: opened(world, &Opening::of("2.000986")).await,
            works: opened(world, &Opening::of("1.013831").case("resurvey")).await,
            job: opened(world, &Opening::of("1.001613")).await,
            card: opened(world, &Opening::of("1.001939")).await,
            company: opened(world, &Opening::of("1.010010")).await,
        }
    }
}
