//! Bad input: named by field and reason in both languages, before anything is
//! asked, and never repeated back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::assigning_clones,
    clippy::ref_option,
    clippy::unnecessary_wraps,
    clippy::items_after_statements,
    reason = "test code"
)]

mod messages;
mod operations;
mod questions;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use messages::messages;
use motlan_e2e::*;
use motlan_harness::{Opening, World};
use motlan_proto::access::methods;
use motlan_proto::audit::v1::EntryKind;
use motlan_proto::dossier::v1::ResolveDossierRequest;
use operations::{operations, searches};
use questions::{people, things};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What was asked (RPC), the bad value, and the field and reason expected.
type Row = (&'static str, String, &'static str, &'static str, Option<Status>);

fn row<T>(rpc: &'static str, value: &str, field: &'static str, reason: &'static str, told: Told<T>) -> Row {
    (rpc, value.to_owned(), field, reason, told.err())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn check((rpc, value, field, reason, status): &Row) -> anyhow::Result<()> {
    let what = format!("{rpc} {field} {reason}");
    let status = status.as_ref().with_context(|| format!("{what}: accepted"))?;
    ensure!(status.code() == Code::InvalidArgument, "{what}: {:?} {}", status.code(), status.message());
    let bad = status.get_details_bad_request().with_context(|| format!("{what}: no BadRequest"))?;
    let fields: Vec<_> = bad.field_violations.iter().map(|v| (v.field.as_str(), v.reason.as_str())).collect();
    let violation = bad.field_violations.iter().find(|violation| violation.field == *field);
    let violation = violation.with_context(|| format!("{what}: {fields:?}"))?;
    ensure!(violation.reason == *reason, "{what}: {fields:?}");
    ensure!(!violation.description.is_empty(), "{what}: no English text");
    let vi = violation.localized_message.as_ref().with_context(|| format!("{what}: no Vietnamese text"))?;
    ensure!(vi.locale.starts_with("vi") && !vi.message.is_empty(), "{what}: no Vietnamese text");
    let info = status.get_details_error_info().with_context(|| format!("{what}: no ErrorInfo"))?;
    ensure!(
        fields.iter().any(|(_, reason)| *reason == info.reason),
        "{what}: {} is none of them",
        info.reason
    );
    if value.len() > 3 {
        ensure!(!status.message().contains(value.as_str()), "{what}: the message repeats the value");
        ensure!(!contains(status.details(), value.as_bytes()), "{what}: the details repeat the value");
    }
    Ok(())
}

#[tokio::test]
async fn bad_input_is_named_asks_nobody_and_is_never_repeated() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&own.office).unwrap();
    let good = world.request(&Opening::of(RESIDENCE), &own.plan).unwrap();
    let before = world.total_calls();
    let d = dossier(&own.code);
    let mut rows = people(&office, &d, &own.plan.applicant).await;
    rows.extend(things(&office, &d).await);
    rows.extend(operations(&office, &good, &own.code).await);
    rows.extend(searches(&world.connect("auditor").unwrap()).await);
    rows.extend(messages(&office).await);
    let mut per_rpc: BTreeMap<&str, u32> = BTreeMap::new();
    let mut reasons = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in &rows {
        wrong.extend(check(row).err().map(|error| error.to_string()));
        *per_rpc.entry(row.0).or_default() += 1;
        reasons.insert(row.3);
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(world.total_calls(), before, "a registry was asked");
    println!("{} rows, {} reasons, {per_rpc:?}", rows.len(), reasons.len());
    assert_eq!(per_rpc.len(), methods().len(), "every RPC");
    assert!(!reasons.contains("VALUE_INVALID"), "a reason that does not say the form");
    // The good ones of the same form pass.
    get_person(&office, d, &own.plan.applicant, &["full_name"]).await.expect("good input is answered");
    assert!(world.total_calls() > before);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn an_unknown_component_is_told_to_whom_the_dossier_is_and_recorded() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&own.office).unwrap();
    let unheard = "000.00.00.G15-KQ999999";
    let request = |code: &str| ResolveDossierRequest {
        dossier_code: code.to_owned(),
        component_keys: vec![unheard.to_owned()],
        max_age: None,
    };
    let before = world.total_calls();
    let told = office.dossiers().resolve_dossier(request(&own.code)).await;
    let refusal = refused("unknown component", told, Code::InvalidArgument, "COMPONENT_UNKNOWN");
    let entry = entry_of(&world, "unknown component", &refusal).await;
    assert_eq!((entry.kind(), entry.reason.as_str()), (EntryKind::AccessDenied, "COMPONENT_UNKNOWN"));
    assert_eq!(entry.dossier_code, own.code);
    // To anybody else, and of a dossier nobody opened, the same as ever.
    let department = world.connect("department").unwrap();
    for (what, by, code) in
        [("another's", &department, own.code.as_str()), ("nobody's", &office, "H32.202-261121-9999")]
    {
        let told = by.dossiers().resolve_dossier(request(code)).await;
        denied(&world, what, told, Code::PermissionDenied, "DOSSIER_UNKNOWN", before).await;
    }
    assert_eq!(world.total_calls(), before, "a registry was asked");
    world.stop().await.unwrap();
}
