//! The harness itself works: a world answers, faults bite, a restart keeps
//! what was recorded, the program runs as a process.

use motlan_domain::Registry;
use motlan_harness::{Fault, Opening, Program, Refusal, World};
use motlan_proto::audit::v1::{EntryKind, SearchEntriesRequest};
use motlan_proto::dossier::v1::{ComponentOutcome, GetDossierRequest};
use tonic::Code;

#[tokio::test]
async fn a_dossier_is_opened_resolved_and_recorded_and_a_restart_keeps_it() {
    let world = World::start().await.unwrap();
    let opened = world.open(&Opening::of("1.004222")).await.unwrap();
    let office = world.connect(&opened.office).unwrap();
    let resolved = world.resolve(&office, &opened.code).await.unwrap();
    let summary = resolved.summary.unwrap();
    assert!(summary.reused > 0 && summary.prefilled_fields > 0);
    assert!(world.total_calls() > 0);
    let before = world.entries(&opened.code).await.unwrap();
    assert_eq!(before[0].kind(), EntryKind::DossierOpened);
    assert!(before.len() > resolved.components.len());

    let world = world.restart().await.unwrap();
    let after = world.entries(&opened.code).await.unwrap();
    let bytes = |entries: &[motlan_proto::audit::v1::Entry]| -> Vec<Vec<u8>> {
        entries.iter().map(|entry| entry.canonical.clone()).collect()
    };
    assert_eq!(bytes(&before), bytes(&after));
    let request = GetDossierRequest { dossier_code: opened.code.clone() };
    assert!(world.connect(&opened.office).unwrap().dossiers().get_dossier(request).await.is_ok());
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_is_seen_where_it_was_scripted_and_nowhere_else() {
    let world = World::start().await.unwrap();
    let opened = world.open(&Opening::of("1.004222")).await.unwrap();
    let office = world.connect(&opened.office).unwrap();
    world.fault(Registry::Land, None, Fault::Status { code: 500 }, None);
    let outcomes = |resolved: &motlan_harness::Resolved| -> Vec<ComponentOutcome> {
        resolved.components.iter().map(motlan_proto::dossier::v1::ComponentResult::outcome).collect()
    };
    let broken = world.resolve(&office, &opened.code).await.unwrap();
    assert!(outcomes(&broken).contains(&ComponentOutcome::SourceUnavailable));
    assert!(outcomes(&broken).contains(&ComponentOutcome::Prefilled));
    world.stop().await.unwrap();
}

#[tokio::test]
async fn tokens_can_be_made_wrong() {
    let world = World::start().await.unwrap();
    let opened = world.open(&Opening::of("1.004222")).await.unwrap();
    let good = world.officer_token(&opened.office).unwrap();
    let mut foreign = good.clone();
    foreign.aud = "another-gateway".to_owned();
    let mut late = good.clone();
    late.iat -= 4_000;
    late.exp -= 4_000;
    let mut bound = good.clone();
    bound.cnf.thumbprint = world.member("auditor").unwrap().credential.thumbprint.clone();
    for (token, reason) in [(foreign, "TOKEN_AUDIENCE"), (late, "TOKEN_EXPIRED"), (bound, "TOKEN_BINDING")] {
        let connection = world.connect_with(&opened.office, &token).unwrap();
        let request = GetDossierRequest { dossier_code: opened.code.clone() };
        let refusal = Refusal::from(connection.dossiers().get_dossier(request).await.unwrap_err());
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::Unauthenticated, reason));
    }
    // Control: the same token, right.
    let connection = world.connect_with(&opened.office, &good).unwrap();
    let request = GetDossierRequest { dossier_code: opened.code.clone() };
    assert!(connection.dossiers().get_dossier(request).await.is_ok());
    // A system of the same authority that nobody configured.
    let stranger = world.connect_as_system("stranger", None).unwrap();
    let request = GetDossierRequest { dossier_code: opened.code };
    let refusal = Refusal::from(stranger.dossiers().get_dossier(request).await.unwrap_err());
    assert_eq!(refusal.reason, "CALLER_UNKNOWN");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn the_program_survives_a_kill_and_stops_when_asked() {
    let program = Program::built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let process = program.sandbox(folder.path()).await.unwrap();
    let search = |process: &motlan_harness::Process| process.connect("auditor").unwrap().audit();
    let request = SearchEntriesRequest { kind: EntryKind::LogRead.into(), ..Default::default() };
    let answer = search(&process).search_entries(request.clone()).await.unwrap().into_inner();
    let receipt = answer.receipt.unwrap();
    process.kill().await.unwrap();

    let process = program.sandbox(folder.path()).await.unwrap();
    let answer = search(&process).search_entries(request).await.unwrap().into_inner();
    let kept = answer.entries.iter().find(|entry| entry.index == receipt.index).unwrap();
    assert_eq!(kept.leaf_hash, receipt.leaf_hash);
    assert!(process.interrupt().await.unwrap().success());
    assert!(!folder.path().join("endpoints.json").exists());
}

#[tokio::test]
async fn exit_codes_are_those_of_the_manual() {
    let program = Program::built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motlan.toml");
    std::fs::write(&file, "mode = \"production\"\n").unwrap();
    let file = file.to_str().unwrap();
    let cases: [(&[&str], i32); 7] = [
        (&["config", "check", file], 64),
        (&["serve", "--config", file], 64),
        (&["id", "enterprise_code", "0100233488"], 0),
        (&["id", "enterprise_code", "0100233489"], 1),
        (&["match", "Dũng", "Dung"], 1),
        (&["demo", "--procedure", "9.999999"], 2),
        (&["frobnicate"], 2),
    ];
    for (args, code) in cases {
        let output = program.run(args).await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn the_demo_prints_one_json_object() {
    let output = Program::built().unwrap().run(["demo", "--json", "--family", "1"]).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["procedure", "case", "dossier", "reused", "total", "prefilled_fields", "total_fields"] {
        assert!(!object[key].is_null(), "{key} is missing");
    }
    let components = object["components"].as_array().unwrap();
    assert!(!components.is_empty());
    let log = object["audit_log"].as_array().unwrap();
    assert_eq!(object["audit_entries"].as_u64(), Some(log.len() as u64));
    assert!(log.len() > components.len());
    for component in components {
        for key in ["code", "name", "required", "outcome", "mode", "source", "data_time", "reason", "receipt"]
        {
            assert!(component.get(key).is_some(), "{key} is missing in {component}");
        }
    }
}
