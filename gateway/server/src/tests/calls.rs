//! Calls that are answered, and the refusals that carry a receipt.

use motlan_proto::audit::v1 as audit;
use motlan_proto::audit::v1::audit_service_client::AuditServiceClient;
use motlan_proto::catalogue::v1 as catalogue;
use motlan_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use motlan_proto::common::v1 as common;
use motlan_proto::dossier::v1 as dossier;
use motlan_proto::dossier::v1::dossier_service_client::DossierServiceClient;
use motlan_proto::dossier::v1::resolve_dossier_response::Result as Told;
use motlan_proto::population::v1 as population;
use motlan_proto::population::v1::population_service_client::PopulationServiceClient;
use tonic::Code;

use super::rig::{Rig, reason, violations};

pub(super) const DOSSIER: &str = "H32.216-261121-0007";

pub(super) fn opening(request_id: &str, dossier_code: &str) -> dossier::OpenDossierRequest {
    use common::subject_key::Key;
    use dossier::opening_evidence::Evidence;
    dossier::OpenDossierRequest {
        request_id: request_id.into(),
        dossier_code: dossier_code.into(),
        // Its form is filled from facts of the dossier too.
        procedure_code: "1.001612".into(),
        case: String::new(),
        agency_code: "H32.216".into(),
        subjects: vec![dossier::NamedSubject {
            role: "applicant".into(),
            subject: Some(common::SubjectKey { key: Some(Key::PersonalId("097090000123".into())) }),
        }],
        evidence: Some(dossier::OpeningEvidence {
            evidence: Some(Evidence::Assertion(dossier::Assertion {})),
        }),
    }
}

fn verifying(purpose: common::purpose::Basis) -> population::VerifyIdentityRequest {
    population::VerifyIdentityRequest {
        purpose: Some(common::Purpose { basis: Some(purpose) }),
        subject: Some(common::PersonKey {
            key: Some(common::person_key::Key::PersonalId("097090000123".into())),
        }),
        full_name: "Nguyễn Thị Hòa".into(),
        birth_date: Some("1990-05-01".into()),
        max_age: None,
    }
}

#[tokio::test]
async fn a_dossier_is_opened_once_looked_at_resolved_and_closed() {
    let rig = Rig::start().await;
    let mut client = DossierServiceClient::new(rig.channel("one-stop-216").await);
    let opened = client.open_dossier(opening("r-1", DOSSIER)).await.expect("opens").into_inner();
    let held = opened.dossier.clone().expect("the dossier");
    assert_eq!(held.state(), dossier::DossierState::Open);
    assert_eq!(held.evidence(), dossier::Evidence::Asserted);
    assert_eq!(held.subjects.len(), 1);
    let receipt = opened.receipt.clone().expect("a receipt");
    assert_eq!((receipt.origin.as_str(), receipt.leaf_hash.len()), ("log.test/1", 32));

    let again = client.open_dossier(opening("r-1", DOSSIER)).await.expect("the same request").into_inner();
    assert!(again == opened, "the same request has another answer");
    let status = client.open_dossier(opening("r-1", "H32.216-261121-0008")).await.expect_err("another body");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let status = client.open_dossier(opening("r-2", DOSSIER)).await.expect_err("the code is taken");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::AlreadyExists, "DOSSIER_EXISTS"));

    let request = dossier::ResolveDossierRequest { dossier_code: DOSSIER.into(), ..Default::default() };
    let mut stream = client.resolve_dossier(request).await.expect("resolves").into_inner();
    let (mut components, mut summary) = (Vec::new(), None);
    while let Some(told) = stream.message().await.expect("told") {
        assert!(summary.is_none(), "something follows the summary");
        match told.result.expect("one of the two") {
            Told::Component(component) => components.push(component),
            Told::Summary(told) => summary = Some(told),
        }
    }
    let summary = summary.expect("a summary ends the stream");
    assert!(!components.is_empty());
    let counted =
        components.iter().filter(|component| component.outcome() != dossier::ComponentOutcome::NotInCase);
    assert_eq!(usize::try_from(summary.total).ok(), Some(counted.count()));
    assert!(summary.actor_absent);
    let mut withheld = 0;
    for component in &components {
        assert!(
            !component.reason.is_empty()
                && !component.reason_vi.is_empty()
                && !component.reason_en.is_empty()
        );
        assert!(component.receipt.is_some(), "{}: no receipt", component.key);
        for blank in &component.prefilled {
            assert_eq!(blank.withheld, blank.values.is_empty(), "{} {}", component.key, blank.key);
            // Opened on assertion, and nobody acts: the evidence is to be mended first.
            let why = (blank.withheld_reason.as_str(), blank.withheld_reason_vi.is_empty());
            assert_eq!(why, ("EVIDENCE_TOO_WEAK", false), "{} {}", component.key, blank.key);
            withheld += 1;
        }
    }
    assert!(withheld > 0, "the dossier's own facts fill blanks");
    let told: Vec<_> = summary.withheld.iter().map(|w| (w.reason.as_str(), w.fields)).collect();
    assert_eq!(told, [("EVIDENCE_TOO_WEAK", withheld)]);

    // A key that no component of the procedure has is named by its place; to
    // whom the dossier is none of, only that.
    let known = components[0].key.clone();
    let unheard = |code: &str| dossier::ResolveDossierRequest {
        dossier_code: code.into(),
        component_keys: vec![known.clone(), "000.00.00.G15-KQ999999".into(), "KQ.UNHEARD".into()],
        max_age: None,
    };
    let before = rig.entries();
    let status = client.resolve_dossier(unheard(DOSSIER)).await.expect_err("no such components");
    assert_eq!((status.code(), reason(&status)), (Code::InvalidArgument, ("COMPONENT_UNKNOWN".into(), true)));
    let told = ["component_keys[1]", "component_keys[2]"];
    assert_eq!(violations(&status), told.map(|field| (field.to_owned(), "COMPONENT_UNKNOWN".to_owned())));
    assert_eq!(rig.entries(), before + 1, "recorded once");
    let status = client.resolve_dossier(unheard("H32.217-261121-0001")).await.expect_err("not theirs");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::PermissionDenied, "DOSSIER_UNKNOWN"));

    let close = dossier::CloseDossierRequest {
        request_id: "r-3".into(),
        dossier_code: DOSSIER.into(),
        reason: "DECIDED".into(),
    };
    let closed =
        client.close_dossier(close).await.expect("closes").into_inner().dossier.expect("the dossier");
    assert_eq!(
        (closed.state(), closed.close_reason.as_deref()),
        (dossier::DossierState::Closed, Some("DECIDED"))
    );
    let view = dossier::GetDossierRequest { dossier_code: DOSSIER.into() };
    let viewed = client.get_dossier(view).await.expect("still viewable").into_inner();
    assert!(viewed.dossier.as_ref() == Some(&closed) && viewed.receipt.is_some());
}

#[tokio::test]
async fn a_question_without_a_registry_is_recorded_and_says_which_is_missing() {
    let rig = Rig::start().await;
    let mut client = PopulationServiceClient::new(rig.channel("verifier").await);
    let purpose = common::purpose::Basis::RegisteredPurposeId("identity-verification".into());
    let before = rig.entries();
    let status = client.verify_identity(verifying(purpose)).await.expect_err("no registry is connected");
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::Unavailable, ("SOURCE_NOT_CONNECTED".to_owned(), true))
    );
    assert!(rig.entries() > before);
    // A dossier nobody opened, and one of others, are the same.
    let foreign = common::purpose::Basis::DossierCode("H32.217-261121-0001".into());
    let status = client.verify_identity(verifying(foreign)).await.expect_err("unknown");
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::PermissionDenied, ("DOSSIER_UNKNOWN".to_owned(), true))
    );
    let mut bad = verifying(common::purpose::Basis::DossierCode(DOSSIER.into()));
    bad.full_name = String::new();
    let status = client.verify_identity(bad).await.expect_err("no name");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::InvalidArgument, "NAME_EMPTY"));
}

#[tokio::test]
async fn the_log_is_read_by_auditors_alone_and_reading_is_recorded() {
    let rig = Rig::start().await;
    let mut portal = AuditServiceClient::new(rig.channel("portal").await);
    let status = portal.search_entries(audit::SearchEntriesRequest::default()).await.expect_err("no auditor");
    assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, ("AUDITOR_ONLY".to_owned(), true)));
    // The auditor's certificate without an officer is nobody.
    let mut machine = AuditServiceClient::new(rig.channel("auditor").await);
    let status = machine.get_entry(audit::GetEntryRequest { index: 0 }).await.expect_err("nobody reads");
    assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, ("ACTOR_ABSENT".to_owned(), true)));
    let mut auditor = super::officer::auditor(&rig).await;
    let search = audit::SearchEntriesRequest {
        kind: audit::EntryKind::AccessDenied.into(),
        outcome: common::Outcome::Denied.into(),
        ..Default::default()
    };
    let page = auditor.search_entries(search).await.expect("an auditor").into_inner();
    assert_eq!(page.entries.len(), 2);
    let (machine, entry) = (&page.entries[0], &page.entries[1]);
    assert_eq!((machine.caller_system.as_str(), machine.reason.as_str()), ("auditor", "ACTOR_ABSENT"));
    assert_eq!((entry.caller_system.as_str(), entry.reason.as_str()), ("portal", "AUDITOR_ONLY"));
    assert_eq!(motlan_audit_tree::leaf_hash(&entry.canonical).as_slice(), entry.leaf_hash);
    let read = page.receipt.expect("reading is an entry");
    let fetched = auditor.get_entry(audit::GetEntryRequest { index: read.index }).await.expect("it is there");
    let fetched = fetched.into_inner().entry.expect("the entry");
    assert_eq!(fetched.kind(), audit::EntryKind::LogRead);
    assert_eq!(fetched.officer_account, "kiem@h32", "who read the log");
    let status = auditor.get_entry(audit::GetEntryRequest { index: 9_999 }).await.expect_err("there is none");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::NotFound, "ENTRY_UNKNOWN"));
    let forged = audit::SearchEntriesRequest { page_token: "forged".into(), ..Default::default() };
    let status = auditor.search_entries(forged).await.expect_err("not ours");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
}

/// A receipt is proved against a checkpoint, and a later checkpoint against an
/// earlier one, by a caller who may not read a single entry.
#[tokio::test]
async fn a_receipt_is_proved_by_whoever_holds_it() {
    use motlan_audit_tree::{SignedCheckpoint, TrustedLog, verify_consistency, verify_inclusion};
    let rig = Rig::start().await;
    let mut office = DossierServiceClient::new(rig.channel("one-stop-216").await);
    let opened = office.open_dossier(opening("r-1", DOSSIER)).await.expect("opens").into_inner();
    let receipt = opened.receipt.expect("a receipt");
    let mut log = AuditServiceClient::new(rig.channel("portal").await);
    let told = log.get_checkpoint(audit::GetCheckpointRequest {}).await.expect("a checkpoint").into_inner();
    let trusted = TrustedLog::from(told.verifier_key.parse::<motlan_audit_tree::VerifierKey>().unwrap());
    let opened =
        |note: &str| SignedCheckpoint::open(note.as_bytes(), &trusted).expect("signed by the log").head();
    assert_eq!((opened(&told.checkpoint).size, &trusted.origin), (told.size, &receipt.origin));

    let hashes = |proof: &[Vec<u8>]| -> Vec<[u8; 32]> {
        proof.iter().map(|hash| hash.as_slice().try_into().expect("a hash")).collect()
    };
    let wanted = audit::GetInclusionProofRequest { index: receipt.index, size: 0 };
    let proved = log.get_inclusion_proof(wanted).await.expect("covered within a moment").into_inner();
    let first = opened(&proved.checkpoint);
    assert_eq!(first.size, proved.size);
    let leaf: [u8; 32] = receipt.leaf_hash.as_slice().try_into().unwrap();
    verify_inclusion(first, receipt.index, &leaf, &hashes(&proved.proof)).expect("it is in the log");
    assert!(verify_inclusion(first, receipt.index, &[0; 32], &hashes(&proved.proof)).is_err(), "control");

    let second =
        office.open_dossier(opening("r-2", "H32.216-261121-0008")).await.expect("opens").into_inner();
    let wanted = audit::GetInclusionProofRequest { index: second.receipt.unwrap().index, size: 0 };
    log.get_inclusion_proof(wanted).await.expect("covered");
    let before = rig.entries();
    let wanted = audit::GetConsistencyProofRequest { old_size: first.size, new_size: 0 };
    let grown = log.get_consistency_proof(wanted).await.expect("one log").into_inner();
    let now = opened(&grown.checkpoint);
    assert!(now.size > first.size);
    verify_consistency(first, now, &hashes(&grown.proof)).expect("it grew");
    // Against the size of an earlier checkpoint: whoever holds that one has it.
    let wanted = audit::GetInclusionProofRequest { index: receipt.index, size: first.size };
    let again = log.get_inclusion_proof(wanted).await.expect("still").into_inner();
    assert_eq!((again.proof, again.size, again.checkpoint.as_str()), (proved.proof, first.size, ""));
    for (index, size) in
        [(9_999, 0), (0, 9_999), (first.size, first.size), (u64::MAX, 0), (u64::MAX, u64::MAX)]
    {
        let status = log.get_inclusion_proof(audit::GetInclusionProofRequest { index, size }).await;
        let status = status.expect_err("there is none");
        assert_eq!(
            (status.code(), reason(&status).0.as_str()),
            (Code::NotFound, "ENTRY_UNKNOWN"),
            "{index}, {size}"
        );
    }
    for (old_size, new_size) in [(2, 1), (9_999, 0), (1, u64::MAX)] {
        let status =
            log.get_consistency_proof(audit::GetConsistencyProofRequest { old_size, new_size }).await;
        let status = status.expect_err("there is none");
        assert_eq!(reason(&status).0.as_str(), "ENTRY_UNKNOWN", "{old_size}, {new_size}");
    }
    assert_eq!(rig.entries(), before, "hashes leave no entry");
}

#[tokio::test]
async fn the_catalogue_leaves_no_entry() {
    let rig = Rig::start().await;
    let mut client = CatalogueServiceClient::new(rig.channel("auditor").await);
    let before = rig.entries();
    let listed = client.list_procedures(catalogue::ListProceduresRequest::default()).await.expect("listed");
    assert!(listed.into_inner().procedures.len() >= 29);
    let wanted = catalogue::GetProcedureRequest { procedure_code: "1.004222".into() };
    let found =
        client.get_procedure(wanted).await.expect("known").into_inner().procedure.expect("the procedure");
    assert!(!found.components.is_empty() && !found.registered.is_empty());
    let wanted = catalogue::GetProcedureRequest { procedure_code: "9.999999".into() };
    let status = client.get_procedure(wanted).await.expect_err("unknown");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::NotFound, "PROCEDURE_UNKNOWN"));
    assert_eq!(rig.entries(), before);
}
