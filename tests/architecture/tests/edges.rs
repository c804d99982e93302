//! The direction of dependencies: which room may know which.
//!
//! The table is the law; `cargo metadata` is what is. A room missing from the
//! table fails, so does an edge that is not in it.

#![expect(clippy::expect_used, reason = "a check that cannot read the workspace must fail")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What a room may depend on in its shipped code, among the rooms.
const ALLOWED: &[(&str, &[&str])] = &[
    ("motlan-domain", &[]),
    // Below every room that counts: it holds counters and names, and knows no
    // text format and no collector, so a room that knows it knows neither.
    ("motlan-telemetry", &["motlan-domain"]),
    ("motlan-audit-tree", &[]),
    ("motlan-proto", &[]),
    ("motlan-audit", &["motlan-domain", "motlan-telemetry", "motlan-audit-tree"]),
    // Runs in another office, beside none of our stores: it must not know the
    // log it witnesses otherwise than by what the log signs.
    ("motlan-witness", &["motlan-domain", "motlan-audit-tree"]),
    ("motlan-catalogue", &["motlan-domain"]),
    ("motlan-api", &["motlan-domain", "motlan-telemetry"]),
    ("motlan-dossier", &["motlan-domain", "motlan-catalogue"]),
    ("motlan-access", &["motlan-domain", "motlan-catalogue", "motlan-dossier"]),
    (
        "motlan-pipeline",
        &[
            "motlan-domain",
            "motlan-telemetry",
            "motlan-audit-tree",
            "motlan-audit",
            "motlan-catalogue",
            "motlan-dossier",
            "motlan-access",
            "motlan-api",
        ],
    ),
    (
        "motlan-resolve",
        &[
            "motlan-domain",
            "motlan-audit-tree",
            "motlan-audit",
            "motlan-catalogue",
            "motlan-dossier",
            "motlan-access",
            "motlan-pipeline",
        ],
    ),
    (
        "motlan-server",
        &[
            "motlan-domain",
            "motlan-telemetry",
            "motlan-audit-tree",
            "motlan-audit",
            "motlan-catalogue",
            "motlan-dossier",
            "motlan-access",
            "motlan-pipeline",
            "motlan-resolve",
            "motlan-proto",
        ],
    ),
    ("motlan-transport", &["motlan-domain", "motlan-telemetry", "motlan-api"]),
    ("motlan-population", &["motlan-domain", "motlan-telemetry", "motlan-api", "motlan-transport"]),
    ("motlan-business", &["motlan-domain", "motlan-telemetry", "motlan-api", "motlan-transport"]),
    ("motlan-insurance", &["motlan-domain", "motlan-telemetry", "motlan-api", "motlan-transport"]),
    ("motlan-land", &["motlan-domain", "motlan-telemetry", "motlan-api", "motlan-transport"]),
    ("motlan-sandbox", &["motlan-domain"]),
];

/// Rooms that may know everything: they build it or test it.
const UNBOUND: &[&str] =
    &["motlan", "motlan-decoders", "motlan-harness", "motlan-e2e", "motlan-load", "motlan-architecture"];

/// Crates that must not reach the shipped code of a room, with the reason.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "motlan-telemetry",
        &[
            "tokio",
            "tonic",
            "prost",
            "hyper",
            "opentelemetry_sdk",
            "opentelemetry-proto",
            "prometheus-client",
        ],
        "what is counted, not how it is told",
    ),
    ("motlan-domain", &["tokio", "tonic", "prost", "reqwest", "rusqlite", "hyper"], "pure: no I/O, no async"),
    (
        "motlan-audit-tree",
        &["tokio", "tonic", "prost", "reqwest", "rusqlite", "hyper"],
        "pure: no I/O, no async",
    ),
    ("motlan-access", &["reqwest", "tonic", "prost", "hyper"], "never touches payloads or the network"),
    (
        "motlan-pipeline",
        &["reqwest", "tonic", "prost", "hyper", "rusqlite", "toml"],
        "no sockets, files, proto",
    ),
    (
        "motlan-resolve",
        &["reqwest", "tonic", "prost", "hyper", "rusqlite", "toml"],
        "no sockets, files, proto",
    ),
    ("motlan-audit", &["reqwest", "tonic", "prost", "hyper"], "never touches the network"),
    ("motlan-witness", &["tonic", "prost", "rusqlite", "toml"], "plain HTTP, plain files, no config"),
    ("motlan-server", &["reqwest", "rusqlite"], "never touches stores or adapters"),
    ("motlan-api", &["reqwest", "tonic", "prost", "hyper", "rusqlite"], "the seam knows no transport"),
];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo metadata of this workspace")
}

fn shipped_dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let of = |package: &cargo_metadata::Package| {
        let shipped =
            package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        (package.name.to_string(), shipped.map(|dependency| dependency.name.clone()).collect())
    };
    metadata.workspace_packages().into_iter().map(of).collect()
}

fn edge_faults(dependencies: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let rooms: BTreeSet<&String> = dependencies.keys().collect();
    let mut faults = Vec::new();
    for (room, needs) in dependencies {
        if UNBOUND.contains(&room.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == room) else {
            faults.push(format!("{room} is not in the table"));
            continue;
        };
        let rooms_needed = needs.iter().filter(|need| rooms.contains(need));
        faults.extend(
            rooms_needed
                .filter(|need| !allowed.contains(&need.as_str()))
                .map(|need| format!("{room} must not depend on {need}")),
        );
        let forbidden = FORBIDDEN.iter().filter(|(name, ..)| name == room);
        faults.extend(forbidden.flat_map(|(_, crates, why)| {
            crates
                .iter()
                .filter(|name| needs.contains(**name))
                .map(move |name| format!("{room} uses {name}: {why}"))
        }));
    }
    faults
}

#[test]
fn rooms_depend_only_downwards() {
    let dependencies = shipped_dependencies(&metadata());
    assert!(dependencies.len() > 15, "the workspace was read: {dependencies:?}");
    assert_eq!(edge_faults(&dependencies), Vec::<String>::new());
}

#[test]
fn the_check_finds_a_wrong_edge() {
    let wrong = |room: &str, need: &str| {
        let mut dependencies = shipped_dependencies(&metadata());
        dependencies.entry(room.to_owned()).or_default().insert(need.to_owned());
        edge_faults(&dependencies).len()
    };
    assert_eq!(wrong("motlan-domain", "motlan-audit"), 1);
    assert_eq!(wrong("motlan-pipeline", "motlan-population"), 1);
    assert_eq!(wrong("motlan-domain", "tokio"), 1);
    assert_eq!(wrong("motlan-new-room", "tokio"), 1);
}

#[test]
fn every_room_is_named_after_its_folder_and_inherits_the_lints() {
    let metadata = metadata();
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().and_then(|path| path.file_name()).expect("a folder");
        let expected = if folder == "motlan" { "motlan".to_owned() } else { format!("motlan-{folder}") };
        assert_eq!(package.name.as_str(), expected);
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        let inherited =
            manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherited, Some(true), "{}: [lints] workspace = true", package.name);
        assert_eq!(package.edition, cargo_metadata::Edition::E2024, "{}", package.name);
        assert!(
            package.rust_version.is_some() && package.license.as_deref() == Some("Apache-2.0"),
            "{}",
            package.name
        );
        seen += 1;
    }
    assert!(seen > 15, "saw {seen} rooms");
}
