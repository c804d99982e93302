//! Whom an answer is about: a stranger's record named in a dossier tells
//! nothing, co-owners are recorded and minimised, the household is linked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

use motlan_domain::SubjectKey;
use motlan_domain::id::{CertificateSerial, EnterpriseCode, InsuranceNumber};
use motlan_e2e::*;
use motlan_harness::{Connection, Opening, Plan, World};
use motlan_proto::audit::v1::{Entry, EntryKind, SearchEntriesRequest};
use motlan_proto::common::v1::{Outcome, SubjectKey as Wire, subject_key};
use motlan_proto::dossier::v1::ComponentResult;
use tonic::Code;

/// Opens a dossier of the plan after the test changed it, as the portal, with
/// a receipt over what it says; gives the code.
async fn open_changed(
    world: &World,
    opening: &Opening,
    change: impl FnOnce(&mut Plan),
) -> (String, Connection) {
    let mut plan = world.plan(opening).unwrap();
    change(&mut plan);
    let request = world.request(opening, &plan).unwrap();
    let told = open(&world.portal_for(&plan).unwrap(), &request).await;
    told.unwrap_or_else(|status| panic!("{}: {}", opening.procedure, motlan_harness::Refusal::from(status)));
    let office = world.running().world().cast().of_agency(&plan.agency).unwrap().id.clone();
    (request.dossier_code, world.connect(&office).unwrap())
}

/// Puts another subject in that role.
fn put(plan: &mut Plan, role: &str, key: SubjectKey) {
    let place = plan.subjects.iter_mut().find(|(known, _)| known == role);
    place.unwrap_or_else(|| panic!("nobody in role {role}")).1 = key;
}

/// Every entry about that person.
async fn about(world: &World, id: &str, index: u64) -> Vec<Entry> {
    let subject = Some(Wire { key: Some(subject_key::Key::PersonalId(id.to_owned())) });
    found(world, SearchEntriesRequest { subject, ..Default::default() }, index).await
}

async fn not_tied<T>(world: &World, what: &str, told: Told<T>, secrets: &[&str]) {
    let Err(status) = told else { panic!("{what}: told") };
    let raw = String::from_utf8_lossy(status.details()).into_owned() + status.message();
    for secret in secrets {
        assert!(!secret.is_empty() && !raw.contains(secret), "{what}: the status tells of the record");
    }
    let refusal = refused::<()>(what, Err(status), Code::PermissionDenied, "OWNER_NOT_IN_DOSSIER");
    let entry = entry_of(world, what, &refusal).await;
    assert_eq!((entry.kind(), entry.outcome()), (EntryKind::AccessOutcome, Outcome::Denied), "{what}");
    assert_eq!(entry.reason, "OWNER_NOT_IN_DOSSIER", "{what}");
    assert!(entry.disclosed_fields.is_empty(), "{what}: {:?}", entry.disclosed_fields);
    // The owner was looked at, so the entry may name them; by pseudonym only.
    let body = String::from_utf8_lossy(&entry.canonical);
    assert!(!entry.subjects.is_empty() && secrets.iter().all(|secret| !body.contains(secret)), "{what}");
}

#[tokio::test]
async fn a_strangers_record_named_in_a_dossier_tells_nothing() {
    let world = World::start().await.unwrap();
    let truth = world.registries().world();
    let personas = world.personas().clone();

    let serials = [&personas.mortgaged, &personas.owned_by_spouses, &personas.owned_by_organisation];
    for serial in serials {
        let opening = Opening::of(RESIDENCE);
        let key = SubjectKey::Certificate(CertificateSerial::parse(serial).unwrap());
        let (code, office) = open_changed(&world, &opening, |plan| put(plan, "certificate", key)).await;
        let certificate = truth.certificate(serial).unwrap();
        let owners: Vec<String> =
            truth.owners_of(certificate).into_iter().map(|owner| truth.people[owner].full_name()).collect();
        let mut secrets: Vec<&str> = owners.iter().map(String::as_str).collect();
        secrets.push(&certificate.book_number);
        let before = world.total_calls();
        not_tied(
            &world,
            "a stranger's certificate",
            get_certificate(&office, dossier(&code), serial).await,
            &secrets,
        )
        .await;
        assert!(world.total_calls() > before, "the registry had to be asked for the tie");
        // Nor does the resolve tell of it, or reuse it.
        let (components, _) = resolve(&office, &code).await.expect("resolves");
        let home =
            components.iter().find(|component| component.code.ends_with("KQ003605")).expect("the home");
        assert_eq!(home.reason, "OWNER_NOT_IN_DOSSIER", "{}", home.outcome().as_str_name());
    }

    let code_of = |code: &str| SubjectKey::Enterprise(EnterpriseCode::parse(code).unwrap());
    let firm = personas.active_enterprise.clone();
    let name = truth.enterprise(&firm).unwrap().name.clone();
    let (code, office) =
        open_changed(&world, &Opening::of("1.010010"), |plan| put(plan, "enterprise", code_of(&firm))).await;
    not_tied(
        &world,
        "a stranger's enterprise",
        get_enterprise(&office, dossier(&code), &firm).await,
        &[&name],
    )
    .await;
    let told = verify_enterprise(&office, dossier(&code), &firm, (None, None, true)).await;
    not_tied(&world, "verifying a stranger's enterprise", told, &[&name]).await;

    let stranger = world.families()[2].applicant.clone();
    let number = SubjectKey::Insurance(InsuranceNumber::parse(&stranger.insurance_number).unwrap());
    let (code, office) =
        open_changed(&world, &Opening::of("1.001613"), |plan| put(plan, "insurance", number)).await;
    let told = get_participation(&office, dossier(&code), &stranger.insurance_number).await;
    not_tied(&world, "a stranger's insurance", told, &[&stranger.name, &stranger.id]).await;

    // One's own is told, by the same road.
    let own = world.families()[0].clone();
    let (code, office) = open_changed(&world, &Opening::of(RESIDENCE), |_| ()).await;
    let told = get_certificate(&office, dossier(&code), &own.certificate).await.expect("one's own land");
    assert_eq!(told.outcome(), Outcome::Found);
    let (code, office) = open_changed(&world, &Opening::of("1.010010"), |_| ()).await;
    let told = get_enterprise(&office, dossier(&code), &own.enterprise).await.expect("one's own enterprise");
    assert_eq!(told.outcome(), Outcome::Found);
    let (code, office) = open_changed(&world, &Opening::of("1.001613"), |_| ()).await;
    let told = get_participation(&office, dossier(&code), &own.applicant.insurance_number)
        .await
        .expect("one's own insurance");
    assert_eq!(told.outcome(), Outcome::Found);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn co_owners_stand_in_the_entry_and_are_minimised_in_the_answer() {
    let world = World::start().await.unwrap();
    let family = world.families()[0].clone();
    let (me, spouse) = (&family.applicant, &family.spouse);
    assert_eq!(family.certificate_owners.len(), 2, "the couple's land");
    let (code, office) = open_changed(&world, &Opening::of(RESIDENCE), |_| ()).await;
    let told = get_certificate(&office, dossier(&code), &family.certificate).await.expect("told");
    let record = told.record.expect("a record");
    let owner = |id: &str| record.owners.iter().find(|owner| owner.personal_id.as_deref() == Some(id));
    assert_eq!(
        owner(&me.id).and_then(|owner| owner.full_name.as_deref()),
        Some(me.name.as_str()),
        "the applicant stays"
    );
    assert!(owner(&spouse.id).is_none(), "the co-owner's id is not told");
    assert!(record.owners.iter().all(|owner| owner.full_name.as_deref() != Some(spouse.name.as_str())));
    assert_eq!(record.owners.len(), 2, "that there is a co-owner is told");
    let entry = entry_at(&world, told.receipt.as_ref().unwrap()).await;
    let people = entry.subjects.iter().filter(|subject| subject.class == "NATURAL").count();
    assert_eq!((entry.subjects.len(), people), (3, 2), "certificate, applicant and co-owner");
    for id in [&me.id, &spouse.id] {
        let hits = about(&world, id, entry.index).await;
        assert!(hits.iter().any(|hit| hit.index == entry.index), "found by each owner");
    }
    let stranger =
        Some(Wire { key: Some(subject_key::Key::PersonalId(world.families()[3].applicant.id.clone())) });
    let hits = world.search(SearchEntriesRequest { subject: stranger, ..Default::default() }).await.unwrap();
    assert!(hits.is_empty(), "nobody else finds it");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn the_household_is_linked_read_in_its_roles_and_found_by_each_member() {
    let world = World::start().await.unwrap();
    // The elder heads this household; nobody but the applicant is named.
    let family = world.families()[1].clone();
    assert_eq!(family.head, family.elder.id);
    let opening = Opening::of(RESIDENCE).case("rented").family(1);
    let only_applicant = |plan: &mut Plan| {
        plan.applicant.clone_from(&family.applicant.id);
        plan.subjects.retain(|(role, _)| role == "applicant");
    };
    let (code, office) = open_changed(&world, &opening, only_applicant).await;
    let d = dossier(&code);
    let name = ["full_name"];
    let before = world.total_calls();
    let told = get_person(&office, d.clone(), &family.elder.id, &name).await;
    denied(&world, "the head, before", told, Code::PermissionDenied, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let told = get_person(&office, d.clone(), &family.spouse.id, &name).await;
    denied(&world, "a member, before", told, Code::PermissionDenied, "SUBJECT_NOT_IN_DOSSIER", before).await;

    let household = get_household(&office, d.clone(), &family.applicant.id).await.expect("the household");
    let members: Vec<String> = household
        .record
        .as_ref()
        .unwrap()
        .members
        .iter()
        .filter_map(|member| member.personal_id.clone())
        .collect();
    let expected: Vec<&str> = [&family.applicant, &family.spouse, &family.elder]
        .into_iter()
        .chain(&family.children)
        .map(|member| member.id.as_str())
        .collect();
    assert_eq!(expected.len(), 6);
    for id in &expected {
        assert!(members.iter().any(|member| member == id), "linked, so told: {} of 6", members.len());
    }
    // The applicant's own record says who heads it; then the head may be read.
    get_person(&office, d.clone(), &family.applicant.id, &[]).await.expect("the applicant");
    let told = get_person(&office, d.clone(), &family.elder.id, &name).await.expect("the head, in its role");
    assert_eq!(told.record.unwrap().full_name.as_deref(), Some(family.elder.name.as_str()));
    let view = get_dossier(&office, &code).await.unwrap().dossier.unwrap();
    let linked: Vec<_> =
        view.subjects.iter().filter(|subject| subject.linked_via.as_deref() == Some("applicant")).collect();
    assert!(linked.iter().any(|subject| subject.role == "household_head"));
    assert!(linked.iter().filter(|subject| subject.role == "household_member").count() >= 5);
    // A stranger stays one.
    let told = get_person(&office, d.clone(), &world.families()[2].applicant.id, &name).await;
    refused("a stranger, after", told, Code::PermissionDenied, "SUBJECT_NOT_IN_DOSSIER");

    let index = household.receipt.as_ref().unwrap().index;
    let mut pseudonyms = Vec::new();
    for id in &expected {
        let hits = about(&world, id, index).await;
        let entry = hits.into_iter().find(|hit| hit.index == index).expect("found by each member");
        pseudonyms = entry.subjects.iter().map(|subject| subject.pseudonym.clone()).collect();
    }
    pseudonyms.sort();
    pseudonyms.dedup();
    assert_eq!(pseudonyms.len(), 6, "six people, six pseudonyms");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn under_an_assertion_nobody_learns_of_a_tie_through_family_who_were_not_named() {
    let world = World::start().await.unwrap();
    // The elder heads the household and owns the home; the applicant owns none.
    let family = world.families()[1].clone();
    assert_eq!(
        (&family.head, &family.certificate_owners),
        (&family.elder.id, &vec![family.elder.id.clone()])
    );
    // What became of the home, and of every look at its certificate so far.
    let outcome = async |by: &Connection, code: &str| {
        let (components, _) = resolve(by, code).await.unwrap();
        let of_home = |c: &ComponentResult| c.key.ends_with("KQ003605") || c.key.ends_with("KQ003631");
        let home = components.into_iter().find(of_home).unwrap();
        let request = SearchEntriesRequest { dossier_code: code.to_owned(), ..Default::default() };
        let entries = found(&world, request, home.receipt.unwrap().index).await;
        let looks = entries
            .iter()
            .filter(|entry| entry.kind() == EntryKind::AccessOutcome && entry.dataset == "land.certificate");
        (home.reason, looks.map(Entry::outcome).collect::<Vec<_>>())
    };
    let unnamed = |plan: &mut Plan| {
        plan.applicant.clone_from(&family.applicant.id);
        plan.subjects.retain(|(role, _)| role == "applicant" || role == "certificate");
    };
    let receipt = Opening::of(RESIDENCE).family(1);
    let asserted = receipt.clone().asserted();
    let (strong, officer) = open_changed(&world, &receipt, unnamed).await;
    let (weak, _) = open_changed(&world, &asserted, unnamed).await;
    // Here the owner is named, as whoever lends the home.
    let lent = Opening::of("1.004194").family(1).asserted();
    let (named, _) = open_changed(&world, &lent, |_| ()).await;
    let plan = world.plan(&receipt).unwrap();
    let office = world.running().world().cast().of_agency(&plan.agency).unwrap().id.clone();
    let nobody = world.connect_as_nobody(&office).unwrap();
    // The first resolve links the head, the second may rest on that.
    for code in [&strong, &weak, &named] {
        outcome(&officer, code).await;
        let linked = get_dossier(&officer, code).await.unwrap().dossier.unwrap().subjects;
        let head = linked.iter().any(|subject| subject.role == "household_head");
        assert!(head, "control: the head stands there");
    }
    for (what, by, code, tied, expected) in [
        // A home of one's own is nobody else's, whatever ties it to the dossier.
        ("a receipt", &officer, &strong, true, "OWNER_NOT_IN_DOSSIER"),
        ("a receipt, nobody acting", &nobody, &strong, true, "OWNER_NOT_IN_DOSSIER"),
        ("an assertion", &officer, &weak, false, "OWNER_NOT_IN_DOSSIER"),
        ("an assertion, nobody acting", &nobody, &weak, false, "OWNER_NOT_IN_DOSSIER"),
        ("an assertion that names the owner", &officer, &named, true, "RECORD_REUSED"),
    ] {
        let (reason, looks) = outcome(by, code).await;
        assert_eq!(reason, expected, "{what}");
        assert_eq!(looks.contains(&Outcome::Found), tied, "{what}: {looks:?}");
        assert!(!looks.is_empty(), "{what}");
    }
    world.stop().await.unwrap();
}
