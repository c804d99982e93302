//! Openings and closings that a failure cut off, and what refused operations
//! leave behind.

use std::time::Duration;

use motlan_audit::testing::Faults;
use motlan_catalogue::RoleId;
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, ProcedureCode, RequestId, Synthetic};
use motlan_domain::{Outcome, Reason, SubjectKey};
use motlan_dossier::DossierState;

use super::parts::about;
use super::*;
use crate::rig::{Rig, TRACE};
use crate::sealed::Unrecorded;

impl Rig {
    fn opening() -> OpenRequest {
        let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
        let applicant = SubjectKey::Person(PersonalId::parse("097090000123", &rules).unwrap());
        OpenRequest {
            code: code(),
            procedure: ProcedureCode::parse("1.004222").unwrap(),
            case: None,
            agency: AgencyCode::parse("H32.216").unwrap(),
            subjects: vec![(RoleId::APPLICANT.to_owned(), applicant)],
            receipt: None,
        }
    }

    async fn try_open(&self, id: &str) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        let identity = self.identity("one-stop-216");
        self.pipeline.open_dossier(&identity, Self::opening(), key(id), TRACE).await
    }

    pub(crate) async fn open(&self) {
        self.try_open("o1").await.unwrap();
    }

    /// An opening that a stop cut off: registered, nothing in the log.
    async fn cut_off(&self) -> Arc<Dossier> {
        let permit =
            self.pipeline.access().may_open(&self.identity("one-stop-216"), Self::opening()).unwrap();
        let opened = self.register.open_dossier(permit.dossier().clone(), key("o1")).await.unwrap();
        Arc::clone(&opened.dossier)
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

pub(crate) fn code() -> DossierCode {
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
                assert_eq!(rig.pipeline.finish_begun().await, Ok(1));
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
        assert_eq!(rig.pipeline.finish_begun().await, Ok(0), "{how}: nothing is left");
        assert_eq!(rig.entries(Kind::DossierClosed).await.len(), 1, "{how}");
        let again = refusal(rig.close("one-stop-216", "c3", "DECIDED").await);
        assert_eq!(again.reason, Reason::DossierClosed, "{how}");
    }
}

/// The defect that was: a register that was lost knew another dossier of that
/// code, and its closing was taken for this one's.
#[tokio::test]
async fn the_closing_of_an_older_dossier_of_that_code_is_not_this_ones() {
    let (lost, rig) = (Rig::new(Vec::new()), Rig::new(Vec::new()));
    lost.open().await;
    drop(lost.register.close_dossier(&code(), "DECIDED", key("c1")).await.unwrap());
    let older = lost.register.get(&code()).await.unwrap().unwrap();
    rig.pipeline.ledger().write(about(Kind::DossierClosed, &older)).await.unwrap();
    rig.clock.advance(Duration::from_hours(1));
    rig.open().await;
    drop(rig.register.close_dossier(&code(), "WITHDRAWN", key("c2")).await.unwrap());
    assert_eq!(rig.pipeline.finish_begun().await, Ok(1));
    let entries = rig.entries(Kind::DossierClosed).await;
    assert_eq!(entries.len(), 2, "each closing has its entry");
    assert!(entries[1].contains(r#""reason":"WITHDRAWN""#), "{}", entries[1]);
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
                    assert_eq!(rig.pipeline.finish_begun().await, Ok(usize::from(!known)), "{what}");
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
async fn an_opening_cut_off_before_its_entry_is_gone_on_with_or_gives_way() {
    for how in ["same", "other", "start"] {
        let rig = Rig::new(Vec::new());
        rig.cut_off().await;
        assert!(rig.entries(Kind::DossierOpened).await.is_empty());
        match how {
            "same" => rig.open().await,
            "other" => {
                assert_eq!(refusal(rig.try_open("o2").await).reason, Reason::DossierExists);
                rig.clock.advance(Duration::from_mins(6));
                rig.try_open("o2").await.unwrap();
            }
            _ => {
                assert_eq!(rig.pipeline.finish_begun().await, Ok(0), "nobody was told of it");
                assert!(rig.register.get(&code()).await.unwrap().unwrap().is_opening());
                continue;
            }
        }
        assert!(rig.register.get(&code()).await.unwrap().unwrap().is_open(), "{how}");
        assert_eq!(rig.entries(Kind::DossierOpened).await.len(), 1, "{how}");
    }
}

#[tokio::test]
async fn an_opening_cut_off_after_its_entry_took_effect_and_has_no_second_one() {
    // Before the register knew, and before the answer was kept.
    for known in [false, true] {
        for how in ["same", "other", "start"] {
            let what = format!("{how}, known: {known}");
            let rig = Rig::new(Vec::new());
            let begun = rig.cut_off().await;
            rig.pipeline.ledger().write(about(Kind::DossierOpened, &begun)).await.unwrap();
            let written = rig.log.health().durable - 1;
            if known {
                rig.register.opened(&begun).await.unwrap();
            }
            match how {
                "same" => assert_eq!(rig.try_open("o1").await.unwrap().receipt().index, written, "{what}"),
                "other" => {
                    rig.clock.advance(Duration::from_mins(6));
                    let told = refusal(rig.try_open("o2").await);
                    assert_eq!(told.reason, Reason::DossierExists, "{what}: the log says so");
                }
                _ => assert_eq!(rig.pipeline.finish_begun().await, Ok(usize::from(!known)), "{what}"),
            }
            let dossier = rig.register.get(&code()).await.unwrap().unwrap();
            assert!(dossier.is_open(), "{what}");
            assert_eq!(dossier.opened_at, begun.opened_at, "{what}");
            // The repetition of the first request is answered, with that receipt.
            assert_eq!(rig.try_open("o1").await.unwrap().receipt().index, written, "{what}");
            assert_eq!(rig.entries(Kind::DossierOpened).await.len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_no_entry_of_what_did_not_happen() {
    let faults = Arc::new(Faults::default());
    let rig = Rig::on_disk(&faults).await;
    for kind in [Kind::DossierOpened, Kind::DossierClosed] {
        faults.hang_syncs();
        let syncs = faults.counts().1;
        let asked = async {
            match kind {
                Kind::DossierOpened => rig.try_open("o1").await,
                _ => rig.close("one-stop-216", "c1", "DECIDED").await,
            }
        };
        // The entry is on its way to the disk when the caller goes.
        let under_way = async {
            while faults.counts().1 == syncs {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            told = asked => panic!("{kind:?} was told before its entry was durable: {told:?}"),
            () = under_way => {}
        }
        assert!(rig.entries(kind).await.is_empty());
        faults.clear();
        rig.pipeline.tasks.close();
        let ended = tokio::time::timeout(Duration::from_secs(10), rig.pipeline.tasks.wait()).await;
        assert!(ended.is_ok(), "{kind:?}: what was begun never ends");
        assert_eq!(rig.entries(kind).await.len(), 1, "{kind:?}");
        let dossier = rig.register.get(&code()).await.unwrap().unwrap();
        let open = kind == Kind::DossierOpened;
        assert!(dossier.is_open() == open && !dossier.is_opening() && !dossier.is_closing(), "{dossier:?}");
    }
}

/// Not to find an entry because nobody looked is not to find none.
#[tokio::test]
async fn what_the_index_does_not_cover_is_not_entered_twice() {
    let rig = Rig::new(Vec::new());
    let begun = rig.cut_off().await;
    rig.log.index_caught_up(rig.log.health().durable).await;
    rig.log.pause_index(true);
    rig.pipeline.ledger().write(about(Kind::DossierOpened, &begun)).await.unwrap();
    rig.clock.advance(Duration::from_mins(6));
    for id in ["o1", "o2"] {
        let told = rig.try_open(id).await;
        let waits = Unrecorded::Overloaded { retry_after: Duration::from_secs(1) };
        assert!(matches!(told, Err(NotReleased::Unrecorded(why)) if why == waits), "{id}: {told:?}");
    }
    rig.log.pause_index(false);
    rig.open().await;
    drop(rig.register.close_dossier(&code(), "DECIDED", key("c1")).await.unwrap());
    rig.log.index_caught_up(rig.log.health().durable).await;
    rig.log.pause_index(true);
    let dossier = rig.register.get(&code()).await.unwrap().unwrap();
    rig.pipeline.ledger().write(about(Kind::DossierClosed, &dossier)).await.unwrap();
    let told = rig.close("one-stop-216", "c1", "DECIDED").await;
    assert!(matches!(told, Err(NotReleased::Unrecorded(Unrecorded::Overloaded { .. }))), "{told:?}");
    rig.log.pause_index(false);
    rig.close("one-stop-216", "c1", "DECIDED").await.unwrap();
    for kind in [Kind::DossierOpened, Kind::DossierClosed] {
        assert_eq!(rig.entries(kind).await.len(), 1, "{kind:?}");
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
    assert!(rig.pipeline.finish_begun().await.is_err(), "the start is told");
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
