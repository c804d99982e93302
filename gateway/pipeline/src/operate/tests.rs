//! Closings that a failure cut off, and what refused operations leave behind.

use motlan_catalogue::RoleId;
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, ProcedureCode, RequestId, Synthetic};
use motlan_domain::{Outcome, SubjectKey};

use super::*;
use crate::rig::{Rig, TRACE};

impl Rig {
    async fn open(&self) {
        let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
        let applicant = SubjectKey::Person(PersonalId::parse("097090000123", &rules).unwrap());
        let request = OpenRequest {
            code: code(),
            procedure: ProcedureCode::parse("1.004222").unwrap(),
            case: None,
            agency: AgencyCode::parse("H32.216").unwrap(),
            subjects: vec![(RoleId::APPLICANT.to_owned(), applicant)],
            receipt: None,
        };
        let identity = self.identity("one-stop-216");
        self.pipeline.open_dossier(&identity, request, key("o1"), TRACE).await.unwrap();
    }

    async fn close(
        &self,
        system: &str,
        id: &str,
        reason: &str,
    ) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        self.pipeline.close_dossier(&self.identity(system), &code(), reason, key(id), TRACE).await
    }
}

fn code() -> DossierCode {
    DossierCode::parse("H32.216-261121-0007").unwrap()
}

fn key(id: &str) -> RequestKey {
    RequestKey {
        system: "one-stop-216".into(),
        request_id: RequestId::parse(id).unwrap(),
        body_sha256: [1; 32],
    }
}

fn refusal(told: Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>>) -> Refusal {
    match told {
        Err(NotReleased::Refused(sealed)) => sealed.into_value(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_closing_cut_off_before_its_entry_is_gone_on_with() {
    // By the same request, by another, and by the gateway at its next start.
    for how in ["same", "other", "start"] {
        let rig = Rig::new(Vec::new());
        rig.open().await;
        // The stop: closed in the register, nothing in the log.
        drop(rig.register.close_dossier(&code(), "DECIDED", key("c1")).await.unwrap());
        assert!(rig.entries(Kind::DossierClosed).await.is_empty());
        let dossier = match how {
            "same" => rig.close("one-stop-216", "c1", "DECIDED").await.unwrap().into_value(),
            "other" => rig.close("one-stop-216", "c2", "WITHDRAWN").await.unwrap().into_value(),
            _ => {
                assert_eq!(rig.pipeline.finish_closings().await, Ok(1));
                rig.register.get(&code()).await.unwrap().unwrap()
            }
        };
        assert!(
            matches!(&dossier.state, DossierState::Closed { reason, .. } if reason == "DECIDED"),
            "{how}"
        );
        let entries = rig.entries(Kind::DossierClosed).await;
        assert_eq!(entries.len(), 1, "{how}");
        let entry = &entries[0];
        assert!(
            entry.contains("H32.216-261121-0007") && entry.contains(r#""reason":"DECIDED""#),
            "{how}: {entry}"
        );
        assert_eq!(entry.contains("SYSTEM"), how == "start", "{how}: {entry}");
        assert_eq!(rig.pipeline.finish_closings().await, Ok(0), "{how}: nothing is left");
        assert_eq!(rig.entries(Kind::DossierClosed).await.len(), 1, "{how}");
        let again = refusal(rig.close("one-stop-216", "c3", "DECIDED").await);
        assert_eq!(again.reason, Reason::DossierClosed, "{how}");
    }
}

#[tokio::test]
async fn a_closing_cut_off_after_its_entry_has_no_second_one() {
    // Before the register knew, and before the answer was kept.
    for known in [false, true] {
        for how in ["same", "other", "start"] {
            let what = format!("{how}, known: {known}");
            let rig = Rig::new(Vec::new());
            rig.open().await;
            drop(rig.register.close_dossier(&code(), "DECIDED", key("c1")).await.unwrap());
            let dossier = rig.register.get(&code()).await.unwrap().unwrap();
            rig.pipeline.ledger().write(about(Kind::DossierClosed, &dossier)).await.unwrap();
            let written = rig.log.health().durable - 1;
            if known {
                rig.register.closed(&code()).await.unwrap();
            }
            let told = match how {
                "same" => Some(rig.close("one-stop-216", "c1", "DECIDED").await.unwrap()),
                "other" if known => {
                    let again = refusal(rig.close("one-stop-216", "c2", "DECIDED").await);
                    assert_eq!(again.reason, Reason::DossierClosed, "{what}");
                    None
                }
                "other" => Some(rig.close("one-stop-216", "c2", "DECIDED").await.unwrap()),
                _ => {
                    assert_eq!(rig.pipeline.finish_closings().await, Ok(usize::from(!known)), "{what}");
                    None
                }
            };
            assert_eq!(rig.entries(Kind::DossierClosed).await.len(), 1, "{what}");
            if let Some(sealed) = told {
                assert_eq!(sealed.receipt().index, written, "{what}: the first one's receipt");
                let again = rig.log.get(written).await.unwrap().unwrap();
                assert_eq!(sealed.receipt().leaf_hash, again.leaf_hash, "{what}");
                assert!(!sealed.value().is_closing() && !sealed.value().is_open(), "{what}");
            }
            // The repetition of the first request is answered, with that receipt.
            let repeated = rig.close("one-stop-216", "c1", "DECIDED").await.unwrap();
            assert_eq!(repeated.receipt().index, written, "{what}");
            assert_eq!(rig.entries(Kind::DossierClosed).await.len(), 1, "{what}: still one");
        }
    }
}

#[tokio::test]
async fn without_a_log_nothing_is_closed_and_nothing_asked() {
    let mut rig = Rig::new(Vec::new());
    rig.open().await;
    let running = std::mem::replace(&mut rig.audit, Rig::new(Vec::new()).audit);
    running.shutdown().await;
    let told = rig.close("one-stop-216", "c1", "DECIDED").await;
    assert!(matches!(told, Err(NotReleased::Unrecorded(_))));
    let dossier = rig.register.get(&code()).await.unwrap().unwrap();
    assert!(dossier.is_closing() && !dossier.is_open());
    assert!(rig.pipeline.finish_closings().await.is_err(), "the start is told");
    assert_eq!(rig.register.unfinished().await.unwrap(), [code()]);
}

#[tokio::test]
async fn a_refused_operation_says_what_was_tried() {
    let rig = Rig::new(Vec::new());
    rig.open().await;
    let stranger = rig.identity("one-stop-217");
    let viewed = refusal(rig.pipeline.view_dossier(&stranger, &code(), TRACE).await);
    let closed = refusal(rig.close("one-stop-217", "c1", "DECIDED").await);
    for told in [viewed, closed] {
        assert_eq!((told.reason, told.outcome), (Reason::DossierUnknown, Outcome::Denied));
    }
    rig.close("one-stop-216", "c2", "DECIDED").await.unwrap();
    assert_eq!(refusal(rig.close("one-stop-216", "c3", "DECIDED").await).reason, Reason::DossierClosed);
    let denied = rig.entries(Kind::AccessDenied).await;
    let operations = ["get_dossier", "close_dossier", "close_dossier"];
    assert_eq!(denied.len(), operations.len());
    for (entry, operation) in denied.iter().zip(operations) {
        for part in [operation, TRACE, "H32.216-261121-0007", r#""outcome":"DENIED""#] {
            assert!(entry.contains(part), "{part}: {entry}");
        }
    }
    // A register that cannot be read is no denial.
    rig.register.close().await;
    let identity = rig.identity("one-stop-216");
    let other = DossierCode::parse("H32.216-261121-0008").unwrap();
    let failed = [
        refusal(rig.pipeline.view_dossier(&identity, &other, TRACE).await),
        refusal(rig.close("one-stop-216", "c4", "DECIDED").await),
    ];
    for told in failed {
        assert_eq!((told.reason, told.outcome), (Reason::StoreUnavailable, Outcome::SourceUnavailable));
    }
    assert_eq!(rig.entries(Kind::AccessDenied).await.len(), denied.len(), "not among the denials");
    let failed = rig.entries(Kind::AccessOutcome).await;
    assert_eq!(
        failed.iter().filter(|entry| entry.contains(r#""outcome":"FAILED""#)).count(),
        2,
        "{failed:?}"
    );
}
