//! Which answers may serve which questions again.

use std::sync::Arc;

use motlan_domain::ManualClock;
use motlan_domain::identity::IdentityClaim;
use motlan_domain::name::PersonName;
use tokio_util::task::TaskTracker;

use super::*;

fn fields(names: &[&str]) -> FieldSet {
    Dataset::Person.field_set(names.iter().copied()).unwrap()
}

fn record(names: &[&str]) -> Want {
    Want::Record { dataset: Dataset::Person, fields: fields(names), holder: None }
}

/// The cache knows answers by their key alone: another key is another answer.
#[test]
fn an_answer_without_what_is_fetched_apart_never_serves_who_wants_it() {
    let clock = Arc::new(ManualClock::at("2026-11-21T00:00:00Z".parse().unwrap()));
    let cache = AnswerCache::new(1 << 20, clock, TaskTracker::new()).unwrap();
    let apart = fields(&["deceased", "missing"]);
    let key = |want: &Want, apart| {
        form(want, apart).map(|form| cache.key(&["d:1", "population.person", form, "x"]))
    };
    let plain = key(&record(&["full_name", "birth_date"]), apart);
    for names in [&["deceased"][..], &["missing"], &["full_name", "deceased"]] {
        let wants = record(names);
        assert_ne!(key(&wants, apart), plain, "{names:?}");
        // One exchange tells all that is apart, so those answers are one.
        assert_eq!(key(&wants, apart), key(&record(&["deceased", "missing"]), apart), "{names:?}");
        // At a registry whose answers are whole there is one kind of record.
        assert_eq!(key(&wants, FieldSet::EMPTY), plain, "{names:?}");
    }
    assert_eq!(key(&record(&["sex"]), apart), plain);
    assert_ne!(key(&Want::OwnedBy, apart), plain);
    let full_name = PersonName::new("Nguyễn Văn An").unwrap();
    assert_eq!(key(&Want::Confirm { full_name }, apart), None);
}

#[test]
fn a_claim_wants_what_it_is_compared_with() {
    let claim = IdentityClaim { full_name: PersonName::new("Nguyễn Văn An").unwrap(), birth_date: None };
    let wanted = compared(&Claim::Identity(claim));
    assert!(fields(&["full_name", "birth_date"]).is_subset_of(wanted));
    assert!(wanted.intersection(fields(&["deceased", "missing"])).is_empty());
}
