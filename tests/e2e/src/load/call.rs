//! One call and what was told.

use std::time::Duration;

use motlan_harness::Connection;
use motlan_proto::audit::v1::SearchEntriesRequest;
use motlan_proto::common::v1::{SubjectKey, subject_key};
use motlan_proto::dossier::v1::{
    GetDossierRequest, OpenDossierRequest, ResolveDossierRequest, resolve_dossier_response,
};
use motlan_proto::population::v1::{GetHouseholdRequest, GetPersonRequest, VerifyIdentityRequest};
use tokio::time::Instant;
use tonic::{Code, Request, Status};

use super::{Case, receipt, refusal};
use crate::{Held, dossier, fields, person, registered};

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The applicant, as the cache has them.
    Hit,
    /// The applicant, from the registry.
    Live,
    /// Somebody whom the dossier does not name; a new one each time.
    Stranger,
    /// The applicant's household.
    Household,
    /// The components of the dossier.
    Resolve,
    /// Whether the applicant is who they are.
    Verify,
    /// The same of somebody whom no registry knows; a new one each time.
    VerifyUnknown,
    /// What the log has about the applicant.
    Search,
    /// To open one more dossier.
    Open,
    /// How the dossier stands.
    View,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answered,
    /// A denial.
    Denied(String),
    /// Neither, for the gateway's sake: the code and the stable reason.
    Refused {
        /// The gRPC code.
        code: Code,
        /// The reason.
        reason: String,
    },
    /// Nothing: the gateway is gone.
    Gone,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// What was asked.
    pub what: What,
    /// Its trace id; entries about it have the same.
    pub trace: String,
    /// The person it was about, where one.
    pub subject: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What was told.
    pub reply: Reply,
    /// The receipts that came, with whatever reply.
    pub held: Vec<Held>,
    /// The request that opens a dossier.
    pub opening: Option<OpenDossierRequest>,
}

/// What came: receipts, and the status that ended it if one did.
type Came = (Vec<Held>, Option<Status>);

// === impl Call ===

impl Call {
    async fn make<T>(
        what: What,
        subject: Option<&str>,
        message: T,
        ask: impl AsyncFnOnce(Request<T>) -> Came,
    ) -> Self {
        let trace = uuid::Uuid::new_v4().simple().to_string();
        let mut request = Request::new(message);
        let parent = format!("00-{trace}-{}-01", &uuid::Uuid::new_v4().simple().to_string()[..16]);
        request.metadata_mut().insert("traceparent", parent.parse().expect("hexadecimal digits"));
        let begun = Instant::now();
        let (mut held, ended) = ask(request).await;
        let took = begun.elapsed();
        let reply = match ended.map(refusal) {
            None => Reply::Answered,
            Some(None) => Reply::Gone,
            Some(Some(refusal)) => {
                let denied = refusal.code == Code::PermissionDenied;
                assert!(!denied || refusal.receipt.is_some(), "denied without a receipt: {refusal}");
                held.extend(refusal.receipt.map(Held::from));
                if denied {
                    Reply::Denied(refusal.reason)
                } else {
                    Reply::Refused { code: refusal.code, reason: refusal.reason }
                }
            }
        };
        Self { what, trace, subject: subject.map(str::to_owned), took, reply, held, opening: None }
    }

    /// The applicant's name and birth date.
    pub async fn person(by: &Connection, what: What, case: &Case) -> Self {
        let live = what == What::Live;
        let id = &case.family.applicant.id;
        Self::make(what, Some(id), asked(case, id, live), async |request| {
            single(by.population().get_person(request).await, |answer| answer.receipt)
        })
        .await
    }

    /// Somebody else's.
    pub async fn stranger(by: &Connection, case: &Case) -> Self {
        let id = somebody();
        Self::make(What::Stranger, Some(&id), asked(case, &id, false), async |request| {
            single(by.population().get_person(request).await, |answer| answer.receipt)
        })
        .await
    }

    /// The applicant's household.
    pub async fn household(by: &Connection, case: &Case) -> Self {
        let id = &case.family.applicant.id;
        let (purpose, subject) = (dossier(&case.dossier), person(id));
        let message = GetHouseholdRequest { purpose, subject, ..Default::default() };
        Self::make(What::Household, Some(id), message, async |request| {
            single(by.population().get_household(request).await, |answer| answer.receipt)
        })
        .await
    }

    /// Whether the applicant is who they are.
    pub async fn verify(by: &Connection, case: &Case) -> Self {
        let me = &case.family.applicant;
        Self::identity(by, What::Verify, &me.id, &me.name, &me.birth_date).await
    }

    /// Whether nobody is somebody.
    pub async fn verify_unknown(by: &Connection) -> Self {
        Self::identity(by, What::VerifyUnknown, &somebody(), "Nguyễn Văn Không", "1990-01-01").await
    }

    async fn identity(by: &Connection, what: What, id: &str, name: &str, born: &str) -> Self {
        let message = VerifyIdentityRequest {
            purpose: registered("identity-verification"),
            subject: person(id),
            full_name: name.to_owned(),
            birth_date: Some(born.to_owned()),
            max_age: None,
        };
        Self::make(what, Some(id), message, async |request| {
            single(by.population().verify_identity(request).await, |answer| answer.receipt)
        })
        .await
    }

    /// The components of the dossier, each with a receipt.
    pub async fn resolve(by: &Connection, case: &Case) -> Self {
        let message = ResolveDossierRequest { dossier_code: case.dossier.clone(), ..Default::default() };
        Self::make(What::Resolve, None, message, async |request| {
            let mut held = Vec::new();
            let mut stream = match by.dossiers().resolve_dossier(request).await {
                Ok(stream) => stream.into_inner(),
                Err(status) => return (held, Some(status)),
            };
            loop {
                match stream.message().await {
                    Ok(Some(message)) => {
                        if let Some(resolve_dossier_response::Result::Component(one)) = message.result {
                            held.push(receipt(one.receipt));
                        }
                    }
                    Ok(None) => return (held, None),
                    Err(status) => return (held, Some(status)),
                }
            }
        })
        .await
    }

    /// What the log has about the applicant, a page.
    pub async fn search(by: &Connection, case: &Case) -> Self {
        let id = case.family.applicant.id.clone();
        let message = SearchEntriesRequest {
            subject: Some(SubjectKey { key: Some(subject_key::Key::PersonalId(id.clone())) }),
            page_size: 5,
            ..Default::default()
        };
        Self::make(What::Search, Some(&id), message, async |request| {
            single(by.audit().search_entries(request).await, |answer| answer.receipt)
        })
        .await
    }

    /// One more dossier.
    pub async fn open(by: &Connection, opening: OpenDossierRequest) -> Self {
        let mut call = Self::make(What::Open, None, opening.clone(), async |request| {
            single(by.dossiers().open_dossier(request).await, |answer| answer.receipt)
        })
        .await;
        call.opening = Some(opening);
        call
    }

    /// How the dossier stands.
    pub async fn view(by: &Connection, case: &Case) -> Self {
        let message = GetDossierRequest { dossier_code: case.dossier.clone() };
        Self::make(What::View, None, message, async |request| {
            single(by.dossiers().get_dossier(request).await, |answer| answer.receipt)
        })
        .await
    }
}

fn asked(case: &Case, id: &str, live: bool) -> GetPersonRequest {
    GetPersonRequest {
        purpose: dossier(&case.dossier),
        subject: person(id),
        fields: fields(&["full_name", "birth_date"]),
        max_age: live.then(pbjson_types::Duration::default),
    }
}

/// A synthetic personal id that nothing else asks about.
fn somebody() -> String {
    let random = uuid::Uuid::new_v4().as_u128();
    format!("0980{:02}{:06}", 60 + random % 40, (random >> 8) % 1_000_000)
}

fn single<T>(
    told: Result<tonic::Response<T>, Status>,
    of: impl FnOnce(T) -> Option<motlan_proto::common::v1::Receipt>,
) -> Came {
    match told {
        Ok(answer) => (vec![receipt(of(answer.into_inner()))], None),
        Err(status) => (Vec::new(), Some(status)),
    }
}
