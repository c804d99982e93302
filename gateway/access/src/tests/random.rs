//! Whatever is asked at random, nothing is permitted that an independent
//! reading of the rules does not permit.

use motlan_domain::{Dataset, Evidence, FieldSet, Operation, Purpose, SubjectKey};

use super::world::{By, World, applicant, enterprise, head, land, purpose, question, request, stranger};

/// A small generator (xorshift), seeded: the run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

#[derive(Debug, Clone, Copy)]
struct Dossier {
    agency: &'static str,
    opened_by: &'static str,
    evidence: Evidence,
    closed: bool,
}

const CALLERS: [(&str, &str); 9] = [
    ("portal", "H32"),
    ("portal-2", "H32"),
    ("one-stop-216", "H32.216"),
    ("one-stop-217", "H32.217"),
    ("department", "H32.12"),
    ("verifier", "H32.991"),
    ("verifier-216", "H32.216"),
    ("auditor", "H32"),
    ("auditor-216", "H32.216"),
];

/// What the rules say, read from the design and not from the policies: may
/// values or yes/no be told?
#[expect(clippy::too_many_arguments, reason = "a truth table has its columns")]
fn allowed(
    world: &World,
    caller: (&str, &str),
    by: By,
    dossier: Option<Dossier>,
    operation: Operation,
    subject: &SubjectKey,
    fields: FieldSet,
    outcome_only: bool,
) -> bool {
    let (id, agency) = caller;
    let Some(dossier) = dossier else {
        // A registered purpose: yes/no for the agencies it names.
        let covered = Dataset::Person.field_set(["full_name", "birth_date", "personal_id"]).unwrap();
        let citizen = !matches!(by, By::Officer | By::Absent);
        return agency == "H32.991"
            && id == "verifier"
            && operation == Operation::VerifyIdentity
            && fields.is_subset_of(covered)
            && !citizen;
    };
    let role = if *subject == applicant() {
        "applicant"
    } else if *subject == head() {
        "household_head"
    } else if *subject == land() {
        "certificate"
    } else {
        return false;
    };
    let worker = id.starts_with("one-stop") || id == "department";
    let portal = id.starts_with("portal");
    let place = (worker && agency == dossier.agency) || (portal && id == dossier.opened_by);
    let mut registered = world.registered(role, operation.dataset());
    if role == "applicant" {
        registered = registered.union(world.registered("certificate", operation.dataset()));
    }
    let fields_ok = !registered.is_empty() && fields.is_subset_of(registered);
    // Somebody linked is a stranger to whoever could not be told values.
    let reached =
        role != "household_head" || (!matches!(by, By::Absent) && dossier.evidence != Evidence::Asserted);
    let person_ok = match by {
        By::Officer => !portal,
        By::Applicant => role != "certificate",
        By::Head | By::Stranger => false,
        By::Absent => operation.verifies(),
    };
    // In a resolve an outcome is told to whoever may resolve; a citizen
    // resolves their own dossier, an officer one of their agency.
    let outcome_only = outcome_only
        && match by {
            By::Officer => !portal,
            By::Applicant | By::Absent => true,
            By::Head | By::Stranger => false,
        };
    let evidence_ok = operation.verifies() || dossier.evidence != Evidence::Asserted;
    !dossier.closed && place && fields_ok && (outcome_only || (person_ok && evidence_ok && reached))
}

#[tokio::test]
async fn nothing_is_permitted_that_the_rules_do_not_permit() {
    let world = World::new();
    let mut random = Random(0x6d6f_746c_616e_2101);
    let mut dossiers = Vec::new();
    for serial in 1..40 {
        let dossier = Dossier {
            agency: random.of(&["H32.216", "H32.217", "H32.12"]),
            opened_by: random.of(&["portal", "portal-2", "one-stop-216", "department"]),
            evidence: random.of(&[Evidence::Asserted, Evidence::AcceptanceReceipt, Evidence::CitizenSigned]),
            closed: random.below(5) == 0,
        };
        let code = world.dossier_by(dossier.opened_by, serial, dossier.agency, dossier.evidence).await;
        if dossier.closed {
            world.register.close_dossier(&code, "DONE", request(&format!("close-{serial}"))).await.unwrap();
        }
        dossiers.push((code, dossier));
    }
    let mut identities = Vec::new();
    for caller in CALLERS {
        for by in [By::Officer, By::Applicant, By::Head, By::Stranger, By::Absent] {
            let token = world.token(caller.0, by);
            if let Ok(identity) = world.access.identify(Some(world.certificate(caller.0)), token.as_deref()) {
                identities.push((caller, by, identity));
            }
        }
    }
    let (mut permitted, mut denied, mut limited, mut components) = (0, 0, 0, 0);
    for _ in 0..20_000 {
        let (caller, by, identity) = &identities[random.below(identities.len())];
        let at = random.below(dossiers.len() + 4);
        let (asked_for, dossier) = match dossiers.get(at) {
            Some((code, dossier)) => (Purpose::Dossier(code.clone()), Some(*dossier)),
            None => (purpose("identity-verification"), None),
        };
        // Half of the questions are of the kinds that have a chance.
        let likely = [Operation::GetPerson, Operation::VerifyIdentity, Operation::GetHousehold];
        let operation = if random.below(2) == 0 { random.of(&likely) } else { random.of(&Operation::ALL) };
        let subject = random.of(&[applicant, applicant, applicant, head, land, stranger, enterprise])();
        let all = operation.dataset().fields();
        let names: Vec<&str> = match random.below(4) {
            0 => (0..=random.below(2)).map(|_| all[random.below(all.len())].name).collect(),
            1 => vec!["full_name"; usize::from(operation.dataset() == Dataset::Person)],
            _ => Vec::new(),
        };
        let asked = question(operation, subject.clone(), &names, asked_for);
        let may = |outcome_only| {
            allowed(&world, *caller, *by, dossier, operation, &subject, asked.fields, outcome_only)
        };
        let (expected, outcome) = (may(false), may(true));
        let what = format!("{caller:?} {by:?} {dossier:?} {operation:?} {names:?} {}", subject.scheme());
        if random.below(4) == 0 {
            // A component: with values only if they could be asked for directly.
            let role = random.of(&["applicant", "household_head", "certificate"]);
            if let Ok(permit) = world.access.decide_component(identity, asked, role).await {
                assert!(outcome && (expected || !permit.values()), "component permitted: {what}");
                world.access.settle(&permit, None, None).await.unwrap();
                components += 1;
            }
            continue;
        }
        match world.access.decide(identity, asked).await {
            Ok(permit) => {
                assert!(expected, "permitted: {what}");
                assert_eq!(permit.values(), !operation.verifies(), "{what}");
                world.access.settle(&permit, None, None).await.unwrap();
                permitted += 1;
            }
            Err(denial) if denial.reason() == motlan_domain::Reason::GuessLimit => limited += 1,
            Err(denial) => {
                assert!(!expected, "denied {}: {what}", denial.reason());
                denied += 1;
            }
        }
    }
    assert!(
        permitted > 200 && denied > 10_000 && limited == 0 && components > 40,
        "{permitted} {denied} {limited} {components}"
    );
}
