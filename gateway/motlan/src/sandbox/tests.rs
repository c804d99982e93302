//! The world's files, tokens and plans.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use motlan_domain::ManualClock;
use serde_json::Value;

use super::*;

async fn world() -> (tempfile::TempDir, World) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse().unwrap()));
    let world = World::start(WorldOptions::new(folder.path(), clock)).await.unwrap();
    (folder, world)
}

/// Header or claims of a compact JWS, unverified.
fn part(jws: &str, place: usize) -> Value {
    let text = jws.trim().split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let inner = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inner.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn the_written_configuration_has_no_mistake() {
    let (_folder, world) = world().await;
    let config = crate::config::check(&world.config_file()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.mode, crate::config::Mode::Sandbox);
    assert_eq!(config.access.callers.len(), world.cast().members().len());
    world.stop().await.unwrap();
}

#[tokio::test]
async fn every_file_is_its_owners_alone_and_endpoints_come_last() {
    let (folder, world) = world().await;
    let written = files(folder.path());
    assert!(written.len() > 60, "{written:?}");
    assert!(!folder.path().join("endpoints.json").exists());
    for path in &written {
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    world.publish("127.0.0.1:1", "http://127.0.0.1:2", None).unwrap();
    let told: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("endpoints.json")).unwrap()).unwrap();
    assert_eq!(told["grpc"], "127.0.0.1:1");
    for registry in Registry::ALL {
        assert!(told["registries"][registry.as_str()].as_str().unwrap().starts_with("http://127.0.0.1:"));
    }
    world.stop().await.unwrap();
    assert!(!folder.path().join("endpoints.json").exists());
}

#[tokio::test]
async fn tokens_say_who_acts_and_are_bound_to_the_certificate() {
    let (folder, world) = world().await;
    let read = |path: &str| std::fs::read_to_string(folder.path().join("clients").join(path)).unwrap();
    let officer = read("one-stop/officer.jwt");
    let member = world.cast().member("one-stop").unwrap();
    let claims = part(&officer, 1);
    assert_eq!(part(&officer, 0)["alg"], "EdDSA");
    assert_eq!(claims["sub"], member.account.as_str());
    assert_eq!(claims["agency"], member.agency.as_str());
    assert_eq!(claims["cnf"]["x5t#S256"], member.credential.thumbprint.as_str());
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=900).contains(&lifetime), "{lifetime}");

    let citizen = part(&read("portal/citizen.jwt"), 1);
    assert_eq!(citizen["sub"], world.registries().world().families()[0].applicant.id.as_str());
    assert!(citizen.get("agency").is_none());
    assert_eq!(
        citizen["cnf"]["x5t#S256"],
        world.cast().member("portal").unwrap().credential.thumbprint.as_str()
    );
    world.stop().await.unwrap();
}

#[tokio::test]
async fn tokens_are_written_anew_while_the_world_runs() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse().unwrap()));
    let world =
        World::start(WorldOptions::new(folder.path(), Arc::clone(&clock) as Arc<dyn Clock>)).await.unwrap();
    let issued = || {
        let token = std::fs::read_to_string(folder.path().join("clients/one-stop/officer.jwt")).unwrap();
        part(&token, 1)["iat"].as_i64().unwrap()
    };
    let before = issued();
    clock.advance(tokens::RENEWAL);
    assert_eq!(issued(), before);
    tokio::time::pause();
    tokio::select! {
        () = world.keep_renewing() => unreachable!("it renews for as long as the world runs"),
        () = tokio::time::sleep(tokens::RENEWAL + tokens::RENEWAL / 2) => {}
    }
    assert_eq!(issued(), before + tokens::RENEWAL.as_secs().cast_signed());
    tokio::time::resume();
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_keeps_the_keys_of_what_is_stored() {
    let (folder, world) = world().await;
    let read = |path: &str| std::fs::read(folder.path().join(path)).unwrap();
    let before = (read("keys/audit.keys"), read("keys/register.key"), read("tls/ca.pem"));
    world.stop().await.unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-21T04:00:00Z".parse().unwrap()));
    let world = World::start(WorldOptions::new(folder.path(), clock)).await.unwrap();
    assert_eq!((read("keys/audit.keys"), read("keys/register.key")), (before.0, before.1));
    // Control: what is made anew is another.
    assert_ne!(read("tls/ca.pem"), before.2);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn every_family_has_a_plan_for_every_case_of_every_procedure() {
    let (_folder, world) = world().await;
    let families = world.registries().world().families().len();
    let mut plans = 0;
    for procedure in world.catalogue().procedures() {
        for case in &procedure.cases {
            for family in 0..families {
                let plan = world.plan(procedure, Some(case.id.as_str()), family).unwrap();
                assert!(
                    plan.subjects.iter().any(|(role, _)| role == "applicant"),
                    "{} {}",
                    plan.procedure,
                    plan.case
                );
                assert!(world.cast().of_agency(&plan.agency).is_some(), "nobody decides for {}", plan.agency);
                plans += 1;
            }
        }
    }
    assert!(families >= 3 && plans > 29 * families, "{plans} plans of {families} families");
    let procedure = world.catalogue().procedures().next().unwrap();
    assert!(matches!(world.plan(procedure, Some("no_such"), 0), Err(PlanError::Case { .. })));
    assert!(matches!(world.plan(procedure, None, families), Err(PlanError::Family { .. })));
    world.stop().await.unwrap();
}
