//! No identifier in clear, and keys that open only what they should.

use std::fs;

use super::*;
use crate::{CommitmentKey, DraftActor, Entry, Mac, Pseudonym, SubjectClass};

fn outcome(subjects: &[(Identifier, &'static str)], key: &CommitmentKey, answer: &[u8]) -> Draft {
    let mut draft = draft(1).outcome(crate::Outcome::Found);
    draft.kind = Kind::AccessOutcome;
    draft.commitment = Some((Mac::over(key, answer), key.clone()));
    subjects.iter().fold(draft, |draft, (identifier, role)| draft.subject(identifier.clone(), *role))
}

fn last(world: &World) -> Entry {
    world.entries().pop().unwrap()
}

#[tokio::test]
async fn subjects_are_pseudonyms_that_open_with_their_key() {
    let mut world = World::new().await;
    let parcel = Identifier::new(IdentifierKind::Parcel, "22366/12/345");
    let draft = draft(1).actor(DraftActor::Citizen(person(1))).subject(person(1), "applicant");
    world.log.append(draft.subject(parcel.clone(), "parcel")).await.unwrap();
    let entry = last(&world);
    let [applicant, land] = &entry.subjects[..] else { panic!("{entry:?}") };
    assert_eq!((applicant.class, land.class), (SubjectClass::Natural, SubjectClass::Record));
    assert_eq!(entry.actor.as_ref().unwrap().pseudonym.as_ref(), Some(&applicant.pseudonym));
    assert_eq!(
        Some(Pseudonym::parse(&applicant.pseudonym).unwrap()),
        world.log.find_subject(&person(1)).await.unwrap()
    );
    world.again().await.unwrap();
    assert_eq!(world.log.reveal(applicant).unwrap().unwrap(), "personal_id|097090000001");
    assert_eq!(world.log.reveal(land).unwrap().unwrap(), "parcel|22366/12/345");
    let swapped = crate::Subject { sealed: land.sealed.clone(), ..applicant.clone() };
    assert_eq!(world.log.reveal(&swapped).unwrap(), None, "sealed under another subject's key");
}

#[tokio::test]
async fn a_commitment_key_needs_every_natural_subject() {
    let world = World::new().await;
    let key = CommitmentKey::generate().unwrap();
    let subjects = [(person(1), "applicant"), (person(2), "spouse"), (person(1), "owner")];
    world.log.append(outcome(&subjects, &key, b"answer")).await.unwrap();
    let joint = last(&world);
    let opened = world.log.commitment_key(&joint).unwrap().unwrap();
    assert_eq!(opened.expose(), key.expose());
    let mac: [u8; 32] =
        hex::decode(joint.commitment.as_ref().unwrap().mac.as_bytes()).unwrap().try_into().unwrap();
    assert!(Mac(mac).verify(&opened, b"answer"));

    let enterprise = Identifier::new(IdentifierKind::Enterprise, "0100233488");
    world.log.append(outcome(&[(enterprise, "enterprise")], &key, b"answer")).await.unwrap();
    let record = last(&world);
    assert_eq!(world.log.commitment_key(&record).unwrap().unwrap().expose(), key.expose());

    let erased = world.log.erase_subject(&person(2)).await.unwrap().unwrap();
    check_receipt(&world, &erased);
    assert!(world.log.commitment_key(&joint).unwrap().is_none(), "one of its keys is gone");
    assert!(world.log.commitment_key(&record).unwrap().is_some(), "no natural subject: untouched");
}

#[tokio::test]
async fn erasing_a_key_severs_the_link_for_good() {
    let mut world = World::new().await;
    let before = world.log.subject(&person(1)).await.unwrap();
    world.log.append(draft(1).subject(person(1), "applicant")).await.unwrap();
    let entry = last(&world);
    assert!(world.log.reveal(&entry.subjects[0]).unwrap().is_some(), "control");
    world.log.erase_subject(&person(1)).await.unwrap().unwrap();
    assert!(world.log.erase_subject(&person(1)).await.unwrap().is_none(), "nothing left to erase");
    assert_eq!(world.log.reveal(&entry.subjects[0]).unwrap(), None);
    assert_eq!(world.log.find_subject(&person(1)).await.unwrap(), None);
    assert_eq!(last(&world).erased.unwrap().pseudonym, before.as_str());
    world.again().await.unwrap();
    assert_eq!(world.log.reveal(&entry.subjects[0]).unwrap(), None);
    let after = world.log.subject(&person(1)).await.unwrap();
    assert_ne!(before, after, "a new life under a new name");
}

/// Every byte under the folder.
fn bytes(world: &World) -> Vec<u8> {
    let (mut folders, mut bytes) = (vec![world.dir.path().to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_dir() {
                folders.push(file.path());
            } else {
                bytes.extend(fs::read(file.path()).unwrap());
            }
        }
    }
    bytes
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn no_identifier_lies_in_any_file_in_clear() {
    use base64::Engine as _;
    let mut world = World::new().await;
    let canary = Identifier::new(IdentifierKind::PersonalId, "098177123456");
    let name = Identifier::new(IdentifierKind::NameAndBirth, "CANARY VAN A|1977-01-02");
    let draft = draft(1).actor(DraftActor::Citizen(canary.clone()));
    world
        .log
        .append(draft.subject(canary.clone(), "applicant").subject(name.clone(), "owner"))
        .await
        .unwrap();
    let key = CommitmentKey::generate().unwrap();
    world.log.append(outcome(&[(canary.clone(), "applicant")], &key, b"098177123456")).await.unwrap();
    world.log.index_caught_up(world.log.health().durable).await;
    let query = crate::SearchQuery { subject: Some(canary.clone()), page_size: 1, ..Default::default() };
    let page = world.log.search(query.clone()).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    world.shut().await;
    let everything = bytes(&world);
    for secret in ["098177123456", "CANARY VAN A", "1977-01-02"] {
        let forms = [
            secret.as_bytes().to_vec(),
            hex::encode(secret).into_bytes(),
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret).into_bytes(),
        ];
        for form in forms {
            assert!(!contains(&everything, &form), "{secret} leaked");
        }
    }
    assert!(!contains(&everything, key.expose()), "a commitment key leaked");
    assert!(contains(&everything, b"H32.212-261121-0001"), "control: what is not secret is there");
    let shown = format!("{canary:?} {query:?} {:?} {:?}", world.log, page.next_page_token);
    assert!(!shown.contains("098177123456"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_for_one_subject_ends_in_one_pseudonym() {
    let world = World::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..64usize {
        let log = world.log.clone();
        tasks.spawn(async move {
            let subject = person(1 + task as u32 % 3);
            if task % 2 == 0 {
                log.append(draft(task).subject(subject.clone(), "applicant")).await.unwrap();
            }
            (subject.expose().to_owned(), log.subject(&subject).await.unwrap())
        });
    }
    let answers: std::collections::BTreeSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(answers.len(), 3);
    let created = world.entries().into_iter().filter_map(|entry| entry.created).count();
    assert_eq!(created, 3);
}

#[tokio::test]
async fn a_pseudonym_is_announced_before_it_is_used_also_after_a_crash() {
    let mut world = World::new().await;
    // The row was made, and the machine died before its entry was durable.
    world.faults.fail_syncs(crate::testing::EIO);
    assert!(world.log.append(draft(1).subject(person(1), "applicant")).await.is_err());
    world.faults.clear();
    world.until("ready", |log| log.health().ready).await;
    world.log.append(draft(2).subject(person(1), "applicant")).await.unwrap();
    world.again().await.unwrap();
    world.log.append(draft(3).subject(person(1), "applicant")).await.unwrap();
    let entries = world.entries();
    let mut announced = Vec::new();
    let mut used = 0;
    for entry in &entries {
        announced.extend(entry.created.iter().cloned());
        for subject in &entry.subjects {
            assert!(
                announced.iter().any(|created| created.pseudonym == subject.pseudonym),
                "used before announced"
            );
            used += 1;
        }
    }
    assert_eq!(used, 2);
    assert!(announced.windows(2).all(|pair| pair[0] == pair[1]), "one commitment: {announced:?}");
}

#[tokio::test]
async fn a_folder_without_its_subject_table_or_keys_does_not_open() {
    let mut world = World::new().await;
    world.log.subject(&person(1)).await.unwrap();
    world.shut().await;
    let keys = Arc::new(MemoryKeyProvider::fixed(8));
    let opened = AuditLog::open(options(world.dir.path()), keys, Arc::clone(&world.clock) as _).await;
    assert!(matches!(opened, Err(AuditError::Keys(crate::KeyError::Mismatch))));
    for file in ["subjects.db", "subjects.db-wal", "subjects.db-shm"] {
        let _ = fs::remove_file(world.dir.path().join(file));
    }
    let opened = open(world.dir.path(), &world.clock, &world.faults).await;
    assert!(matches!(opened, Err(AuditError::SubjectsMissing)));
}

#[tokio::test]
async fn a_subject_table_deleted_while_open_gives_no_pseudonyms() {
    let world = World::new().await;
    let first = world.log.subject(&person(1)).await.unwrap();
    let path = world.dir.path().join("subjects.db");
    fs::rename(&path, world.dir.path().join("away")).unwrap();
    assert!(matches!(world.log.subject(&person(2)).await, Err(AuditError::Unavailable { .. })));
    fs::rename(world.dir.path().join("away"), &path).unwrap();
    // The thread finds it back by itself.
    let back = async {
        while world.log.subject(&person(2)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), back).await.unwrap();
    assert_eq!(world.log.subject(&person(1)).await.unwrap(), first);
}
