//! What is told, and what is said where it is not: withheld values name their
//! reason, a claim of the year alone learns nothing of the year, and a form's
//! table lists those whom the dossier names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motlan_domain::{ManualClock, Reason};
use motlan_e2e::*;
use motlan_harness::{Connection, Opening, Plan, World};
use motlan_proto::common::v1::{Assurance, Availability, ClaimField, Outcome};
use motlan_proto::dossier::v1::{ComponentResult, PrefilledField, ResolveSummary};
use tonic::Code;

const IDENTITY: &str = "identity-verification";

/// Blanks by reason for which they are withheld; `""` for those told.
fn by_reason(components: &[ComponentResult]) -> BTreeMap<&str, u32> {
    let mut counted = BTreeMap::new();
    for field in components.iter().flat_map(|component| &component.prefilled) {
        assert_eq!(field.withheld, field.values.is_empty(), "{}", field.key);
        assert_eq!(field.withheld, !field.withheld_reason.is_empty(), "{}", field.key);
        let texts = (field.withheld_reason_vi.as_str(), field.withheld_reason_en.as_str());
        let known = Reason::from_code(&field.withheld_reason);
        let expected = known.map_or(("", ""), |reason| (reason.text_vi(), reason.text_en()));
        assert_eq!(texts, expected, "{}: the texts of {}", field.key, field.withheld_reason);
        *counted.entry(field.withheld_reason.as_str()).or_insert(0) += 1;
    }
    counted
}

fn summed(summary: &ResolveSummary) -> BTreeMap<&str, u32> {
    for withheld in &summary.withheld {
        let reason = Reason::from_code(&withheld.reason).expect("a reason of the vocabulary");
        let texts = (withheld.reason_vi.as_str(), withheld.reason_en.as_str());
        assert_eq!(texts, (reason.text_vi(), reason.text_en()));
    }
    summary.withheld.iter().map(|withheld| (withheld.reason.as_str(), withheld.fields)).collect()
}

#[tokio::test]
async fn a_withheld_value_says_why() {
    let world = World::start().await.unwrap();
    // A marriage: the partner is no family of the citizen yet.
    let strong = opened(&world, &Opening::of("1.000894")).await;
    let weak = opened(&world, &Opening::of("1.000894").asserted()).await;
    let officer = world.connect(&strong.office).unwrap();
    let nobody = world.connect_as_nobody(&strong.office).unwrap();
    let citizen = world.portal_for(&strong.plan).unwrap();
    let rows: [(&str, &Connection, &str, &[&str]); 6] = [
        ("an officer", &officer, &strong.code, &[""]),
        ("nobody", &nobody, &strong.code, &["ACTOR_ABSENT"]),
        ("an officer, on assertion", &officer, &weak.code, &["EVIDENCE_TOO_WEAK"]),
        // What no token mends is told first.
        ("nobody, on assertion", &nobody, &weak.code, &["EVIDENCE_TOO_WEAK"]),
        ("the citizen", &citizen, &strong.code, &["", "CITIZEN_SCOPE"]),
        ("the citizen, on assertion", &citizen, &weak.code, &["CITIZEN_SCOPE", "EVIDENCE_TOO_WEAK"]),
    ];
    let mut filled = BTreeSet::new();
    for (what, by, code, expected) in rows {
        let (components, summary) =
            resolve(by, code).await.unwrap_or_else(|status| panic!("{what}: {status}"));
        let mut counted = by_reason(&components);
        assert_eq!(counted.keys().copied().collect::<Vec<_>>(), expected, "{what}: {counted:?}");
        filled.insert(counted.values().sum::<u32>());
        counted.remove("");
        assert_eq!(summed(&summary.expect("a summary ends it")), counted, "{what}: the summary");
    }
    assert!(filled.len() == 1 && !filled.contains(&0), "the same blanks for everybody: {filled:?}");

    // A direct question takes no field away for such a reason: it is denied.
    let (d, me) = (dossier(&weak.code), weak.plan.applicant.as_str());
    refused("assertion", get_person(&officer, d, me, &[]).await, Code::PermissionDenied, "EVIDENCE_TOO_WEAK");
    // A field that is not in the answer for want of registration says so.
    let answer = get_person(&officer, dossier(&strong.code), me, &["full_name"]).await.expect("answered");
    let mut reasons = BTreeMap::new();
    for field in &answer.fields {
        assert_eq!(
            field.availability() == Availability::NotPermitted,
            !field.reason.is_empty(),
            "{}",
            field.name
        );
        reasons.insert(field.name.as_str(), field.reason.as_str());
    }
    let of = |name: &str| reasons.get(name).copied();
    assert_eq!((of("full_name"), of("birth_date")), (Some(""), Some("")));
    assert_eq!((of("hometown"), of("religion")), (Some("FIELD_NOT_REGISTERED"), Some("FIELD_SENSITIVE")));
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_partial_birth_date_agrees_with_a_partial_one_and_tells_nothing_of_a_full_one() {
    // The 21st in Viet Nam, still the 20th in London.
    let clock = Arc::new(ManualClock::at("2026-11-20T18:00:00Z".parse().unwrap()));
    let world = World::start_at(clock as Arc<_>).await.unwrap();
    let verifier = world.connect("verifier").unwrap();
    let told = async |id: &str, name: &str, birth: &str| {
        let told = verify(&verifier, registered(IDENTITY), id, name, Some(birth)).await;
        told.unwrap_or_else(|status| panic!("{birth}: {status}"))
    };
    let found = |answer: &motlan_proto::population::v1::VerifyIdentityResponse| {
        let verdict = answer.verdict.clone().unwrap();
        let birth = verdict.findings.iter().find(|finding| finding.field() == ClaimField::BirthDate).unwrap();
        (answer.outcome(), verdict.assurance(), birth.code.clone())
    };
    let (low, none) = (Assurance::Low, Assurance::Unspecified);

    let old = world.registries().world().person(&world.personas().year_only_birth).unwrap().clone();
    let (name, year) = (old.full_name(), old.birth.iso());
    let other = (year.parse::<u32>().unwrap() + 1).to_string();
    let agrees = (Outcome::Match, low, "YEAR_ONLY_AT_SOURCE".to_owned());
    assert_eq!(found(&told(&old.id, &name, &year).await), agrees);
    assert_eq!(found(&told(&old.id, &name, &format!("{year}-05")).await), agrees);
    let differs = (Outcome::Mismatch, none, "DIFFERENT".to_owned());
    assert_eq!(found(&told(&old.id, &name, &other).await), differs);

    // Of one subject there are five guesses a day.
    for (family, off) in [(0, 1), (1, -1)] {
        let me = world.families()[family].applicant.clone();
        let (year, month) = (&me.birth_date[..4], &me.birth_date[..7]);
        let other = (year.parse::<i32>().unwrap() + off).to_string();
        let right = told(&me.id, &me.name, year).await;
        assert_eq!(found(&right), (Outcome::Mismatch, none, "CLAIM_LESS_PRECISE".to_owned()));
        for partial in [other.as_str(), month, &format!("{other}-12")] {
            let answer = told(&me.id, &me.name, partial).await;
            assert!(
                answer.verdict == right.verdict && answer.outcome() == right.outcome(),
                "{partial}: an oracle"
            );
        }
        let full = told(&me.id, &me.name, &me.birth_date).await;
        assert_eq!(full.outcome(), Outcome::Match, "control: the whole date");
    }

    let me = world.families()[2].applicant.clone();
    let born_today = told(&me.id, &me.name, "2026-11-21").await;
    assert_eq!(born_today.outcome(), Outcome::Mismatch, "today is no future");
    for (birth, reason) in [("2026-11-22", "BIRTH_DATE_FUTURE"), ("1849-12-31", "BIRTH_DATE_TOO_EARLY")] {
        let told = verify(&verifier, registered(IDENTITY), &me.id, &me.name, Some(birth)).await;
        refused(birth, told, Code::InvalidArgument, reason);
    }
    world.stop().await.unwrap();
}

/// The columns of CT01's table of members.
const MEMBER: [&str; 5] =
    ["member_full_name", "member_birth_date", "member_sex", "member_personal_id", "member_relation"];

/// Opens the residence dossier with those moving along, resolves it as the
/// officer, and gives the filled blanks of CT01.
async fn ct01(world: &World, movers: &[&str]) -> BTreeMap<String, PrefilledField> {
    let opening = Opening::of(RESIDENCE);
    let mut plan: Plan = world.plan(&opening).unwrap();
    let (_, sample) = plan.subjects.iter().find(|(role, _)| role == "moving_member").cloned().unwrap();
    let rules = motlan::clock::id_rules(world.clock().now(), motlan_domain::id::Synthetic::Allowed);
    let key = |id: &str| {
        motlan_domain::SubjectKey::Person(motlan_domain::id::PersonalId::parse(id, &rules).unwrap())
    };
    assert_eq!(sample.kind(), motlan_domain::SubjectKind::Person);
    plan.subjects.retain(|(role, _)| role != "moving_member");
    plan.subjects.extend(movers.iter().map(|id| ("moving_member".to_owned(), key(id))));
    let request = world.request(&opening, &plan).unwrap();
    open(&world.portal_for(&plan).unwrap(), &request).await.expect("opens");
    let office = world.running().world().cast().of_agency(&plan.agency).unwrap().id.clone();
    let (components, _) = resolve(&world.connect(&office).unwrap(), &request.dossier_code).await.unwrap();
    let form = components.into_iter().find(|component| !component.prefilled.is_empty()).expect("CT01");
    form.prefilled.into_iter().map(|field| (field.key.clone(), field)).collect()
}

#[tokio::test]
async fn ct01_lists_those_named_as_moving_along_and_nobody_else() {
    let world = World::start().await.unwrap();
    let family = world.families()[0].clone();
    let (me, spouse, child) = (&family.applicant, &family.spouse, &family.children[1]);
    let stranger = &world.families()[1].applicant;

    let asked =
        |world: &World| world.calls().count(motlan_domain::Registry::Population, "CungCapThongTinHoGiaDinh");
    let nobody = ct01(&world, &[]).await;
    assert!(nobody.contains_key("full_name") && MEMBER.iter().all(|key| !nobody.contains_key(*key)));
    assert_eq!(asked(&world), 0, "no household is read for a table that stays empty");

    // The applicant among them has no row, nor has one who is of another household.
    let filled = ct01(&world, &[&spouse.id, &me.id, &child.id, &stranger.id]).await;
    let column = |key: &str| filled.get(key).map(|field| field.values.clone()).unwrap_or_default();
    assert_eq!(column("full_name"), [me.name.as_str()]);
    assert_eq!(column("member_full_name"), [spouse.name.clone(), child.name.clone()]);
    assert_eq!(column("member_personal_id"), [spouse.id.clone(), child.id.clone()]);
    assert_eq!(column("member_relation"), ["Vợ", "Con"]);
    let day = |iso: &str| format!("{}/{}/{}", &iso[8..], &iso[5..7], &iso[..4]);
    assert_eq!(column("member_birth_date"), [day(&spouse.birth_date), day(&child.birth_date)]);
    assert!(MEMBER.iter().all(|key| column(key).len() == 2), "the columns are aligned");
    assert!(asked(&world) > 0, "control: the household is where the rows come from");

    let alone = ct01(&world, &[&me.id]).await;
    assert!(MEMBER.iter().all(|key| !alone.contains_key(*key)), "the applicant moves with nobody");
    world.stop().await.unwrap();
}
