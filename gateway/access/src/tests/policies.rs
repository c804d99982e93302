//! The policy set itself: its files carry weight, its mistakes are told, its
//! memo is quick and bounded.

use std::path::Path;

use motlan_domain::Evidence;
use motlan_domain::{Operation, Purpose};

use super::world::{self, By, World, applicant, question};
use super::{data, operate};

/// The shipped policy files, without the schema.
const FILES: [&str; 12] = [
    "actor",
    "agency",
    "auditor",
    "catalogue",
    "citizen",
    "department",
    "evidence",
    "fields",
    "one_stop",
    "portal",
    "purpose",
    "verifier",
];

fn world_with(spoil: impl FnOnce(&Path)) -> Result<World, crate::AccessErrors> {
    World::in_folder(
        |dir| {
            world::policies(&dir.join("policies"));
            spoil(&dir.join("policies"));
        },
        |config| config.policy_dir = Some(config.directory.with_file_name("policies")),
    )
}

/// Negative control of the tables: no policy file can be taken away, and none
/// turned round, without a row of them telling.
#[tokio::test]
async fn every_policy_file_carries_weight() {
    let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/policies")).unwrap();
    let is_policy = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "cedar");
    let shipped = shipped.filter(|entry| is_policy(&entry.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(shipped.count(), FILES.len(), "each file is in the list");
    for name in FILES {
        let world = world_with(|dir| std::fs::remove_file(dir.join(format!("{name}.cedar"))).unwrap());
        let world = world.unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let mut noticed = data::differing(&world).await;
        if noticed.is_empty() {
            noticed = operate::differing(&world).await;
        }
        assert!(!noticed.is_empty(), "{name}.cedar removed, and nothing noticed");
    }
    let whole = world_with(|_| ()).unwrap();
    let wrong = data::differing(&whole).await + &operate::differing(&whole).await;
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(whole.access.digests(), World::new().access.digests(), "compiled in is what the folder holds");
}

/// Every single policy, not only every file.
#[tokio::test]
async fn every_policy_carries_weight() {
    let (mut policies, mut idle) = (0, Vec::new());
    for name in FILES {
        let path = format!("{}/../../deploy/policies/{name}.cedar", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let starts: Vec<usize> = text.match_indices("@id(").map(|(at, _)| at).collect();
        for (nth, start) in starts.iter().enumerate() {
            let end = starts.get(nth + 1).copied().unwrap_or(text.len());
            let id = text[*start..].split('"').nth(1).unwrap();
            let rest = format!("{}{}", &text[..*start], &text[end..]);
            let world = world_with(|dir| {
                let file = dir.join(format!("{name}.cedar"));
                if starts.len() == 1 { std::fs::remove_file(file) } else { std::fs::write(file, rest) }
                    .unwrap();
            });
            let world = world.unwrap_or_else(|errors| panic!("without {id}: {errors}"));
            let mut noticed = data::differing(&world).await;
            if noticed.is_empty() {
                noticed = operate::differing(&world).await;
            }
            if noticed.is_empty() {
                idle.push(id.to_owned());
            }
            policies += 1;
        }
    }
    assert!(idle.is_empty(), "removed, and nothing noticed: {idle:?}");
    assert!(policies > 25, "{policies}");
}

#[test]
fn a_set_with_a_mistake_is_told_and_refused() {
    let cases: [(&str, &str, &str, &str); 9] = [
        ("actor.cedar", r#"@id("actor.absent")"#, "", "no @id"),
        ("actor.cedar", "actor.absent", "evidence.asserted", "stands twice"),
        ("actor.cedar", r#"@reason("ACTOR_ABSENT")"#, "", "needs a @reason"),
        ("actor.cedar", "ACTOR_ABSENT", "ACTOR_ABSENTT", "no reason code"),
        ("actor.cedar", "context.actor", "context.aktor", "aktor"),
        ("actor.cedar", "\"read\"", "\"reed\"", "reed"),
        ("actor.cedar", "context.actor == \"absent\"", "context.actor == true", "actor.absent"),
        ("actor.cedar", "forbid (", "forbid ((", "actor.cedar"),
        ("motlan.cedarschema", "entity Dataset;", "", "Dataset"),
    ];
    for (file, from, to, told) in cases {
        let result = world_with(|dir| {
            let path = dir.join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{from}");
            std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        });
        let Err(errors) = result else { panic!("{from} -> {to} was accepted") };
        assert!(errors.to_string().contains(told), "{from} -> {to}: {errors}");
    }
    let stranger = world_with(|dir| std::fs::write(dir.join("notes.txt"), "x").unwrap());
    assert!(stranger.is_err_and(|errors| errors.to_string().contains("notes.txt")));
    let no_schema = world_with(|dir| std::fs::remove_file(dir.join("motlan.cedarschema")).unwrap());
    assert!(no_schema.is_err_and(|errors| errors.to_string().contains("is missing")));
}

/// A memo hit answers without Cedar: many decisions cost less than as many
/// evaluations would, by far. The clock is the test's own measure, the bound
/// generous: a debug build on a busy machine.
#[tokio::test]
async fn a_decision_seen_before_costs_no_evaluation() {
    let world = World::new();
    let code = world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await;
    let identity = world.identity("one-stop-216", By::Officer);
    let state = world.access.state();
    for _ in 0..1_000 {
        let ask = question(Operation::GetPerson, applicant(), &["full_name"], Purpose::Dossier(code.clone()));
        assert!(world.access.decide(&identity, ask).await.is_ok());
    }
    assert_eq!(state.policies.remembered(), 2, "whoever the subject is, and about this one");
}
