//! Every RPC of the contract, called by one who may not and by one who may:
//! the first is refused and recorded, the second leaves the entries that its
//! access class demands. An RPC that this file does not know fails the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::large_futures,
    unreachable_pub,
    missing_docs,
    reason = "test code"
)]

mod credentials;
mod table;

use std::collections::BTreeMap;

use motlan_e2e::*;
use motlan_harness::{Refusal, World};
use motlan_proto::access::{AccessClass, access_class};
use motlan_proto::audit::v1::EntryKind;
use table::{DATA, Dossiers, table};
use tonic::Code;

/// The paths of the contract, from its descriptor.
fn contract() -> Vec<String> {
    let pool = prost_reflect::DescriptorPool::decode(motlan_proto::FILE_DESCRIPTOR_SET).unwrap();
    let methods =
        pool.services().filter(|service| service.full_name().starts_with("motlan.")).flat_map(|service| {
            let name = service.full_name().to_owned();
            service.methods().map(move |method| format!("/{name}/{}", method.name())).collect::<Vec<_>>()
        });
    methods.collect()
}

/// Fails for a method of the contract without a row, and for a row without one.
fn complete(rows: &[&String]) {
    let contract = contract();
    assert!(contract.len() >= 18, "the descriptor holds {} methods", contract.len());
    let missing: Vec<&String> = contract.iter().filter(|path| !rows.contains(path)).collect();
    assert!(missing.is_empty(), "no denial case for {missing:?}");
    assert_eq!(rows.len(), contract.len(), "a row for an RPC that is gone");
}

/// The control: a method that nobody wrote a row for is found missing.
#[test]
#[should_panic(expected = "no denial case for")]
fn a_method_without_a_row_fails_the_walk() {
    let contract = contract();
    complete(&contract.iter().skip(1).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_rpc_is_refused_to_those_who_may_not_and_recorded() {
    let world = World::start().await.unwrap();
    let at = Dossiers::open(&world).await;
    let rows = table(&world, &at);
    complete(&rows.keys().collect::<Vec<_>>());

    // A certificate of the authority for a system nobody configured: every method.
    let stranger = world.connect_as_system("stranger", None).unwrap();
    for (path, row) in &rows {
        let before = world.total_calls();
        let told = (row.call)(stranger.clone()).await;
        denied(&world, path, told, Code::Unauthenticated, "CALLER_UNKNOWN", before).await;
    }
    // A configured system without the right.
    let mut classes = BTreeMap::new();
    for (path, row) in &rows {
        let class = access_class(path).unwrap_or_else(|| panic!("{path} declares no access class"));
        *classes.entry(format!("{class:?}")).or_insert(0_u32) += 1;
        if class == AccessClass::Catalogue {
            assert!(row.may.is_none(), "{path}: any configured caller may");
            continue;
        }
        let before = world.total_calls();
        let told = (row.call)(world.connect(row.may_not).unwrap()).await;
        let entry = denied(&world, path, told, Code::PermissionDenied, row.why_not, before).await;
        assert_eq!(entry.caller_system, row.may_not, "{path}");
    }
    assert_eq!(classes.len(), 4, "{classes:?}");
    // The log is read by somebody: the auditor's certificate alone is nobody.
    let mut nameless = 0;
    for (path, row) in &rows {
        if access_class(path) == Some(AccessClass::Audit) {
            let before = world.total_calls();
            let told = (row.call)(world.connect_as_nobody("auditor").unwrap()).await;
            let entry = denied(&world, path, told, Code::PermissionDenied, "ACTOR_ABSENT", before).await;
            assert_eq!(entry.actor_kind, "ACTOR_ABSENT", "{path}");
            nameless += 1;
        }
    }
    assert_eq!(nameless, 4, "the methods that read the log");
    println!("walked {} methods: {classes:?}", rows.len());

    // And one who may, last of all the one that closes.
    let mut paths: Vec<&String> = rows.keys().collect();
    paths.sort_by_key(|path| path.ends_with("/CloseDossier"));
    for path in paths {
        let row = &rows[path];
        let Some(may) = row.may else {
            for member in world.running().world().cast().members() {
                let told = (row.call)(world.connect(&member.id).unwrap()).await;
                told.unwrap_or_else(|status| panic!("{path} as {}: {}", member.id, Refusal::from(status)));
            }
            continue;
        };
        let told = (row.call)(world.connect(may).unwrap()).await;
        let index = told.unwrap_or_else(|status| panic!("{path} as {may}: {}", Refusal::from(status)));
        let index = index.unwrap_or_else(|| panic!("{path}: no receipt"));
        let entry = entry_number(&world, index).await;
        assert!(row.leaves.contains(&entry.kind()), "{path} left {:?}", entry.kind());
        assert_eq!(entry.caller_system, may, "{path}");
        if row.leaves == DATA {
            // What it rests on was about to be asked before: by itself, or by
            // the entry that it cites.
            let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
            let cited = body["source"]["fetched_by"].as_u64().or(body["intent"].as_u64());
            let intent =
                entry_number(&world, cited.unwrap_or_else(|| panic!("{path}: no intent: {body}"))).await;
            assert_eq!(
                (intent.kind(), &intent.dossier_code),
                (EntryKind::AccessIntent, &entry.dossier_code),
                "{path}"
            );
            assert!(intent.index < index, "{path}: intent before outcome");
        }
    }
    world.stop().await.unwrap();
}
