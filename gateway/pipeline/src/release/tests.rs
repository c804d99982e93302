//! Verdicts on answers that hold no record.

use motlan_domain::dataset::Dataset;
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::identity::IdentityClaim;
use motlan_domain::name::PersonName;

use super::*;

/// The defect that was: an answer that contradicted itself was told as
/// NOT_FOUND, and that nobody has such a number is an answer.
#[test]
fn nobody_is_found_only_where_the_registry_says_so() {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    let subject = SubjectKey::Person(PersonalId::parse("097090000123", &rules).unwrap());
    let full_name = PersonName::new("Nguyễn Văn An").unwrap();
    let claim = Claim::Identity(IdentityClaim { full_name, birth_date: None });
    let missing = Dataset::Person.all_fields();
    for (completeness, outcome) in [
        (Completeness::Complete, Outcome::NotFound),
        (Completeness::Incomplete { cause: IncompleteCause::Contradictory, missing }, Outcome::Incomplete),
    ] {
        let fetched = Fetched {
            records: Vec::new(),
            retrieved_at: Timestamp::UNIX_EPOCH,
            source_data_time: None,
            completeness,
            upstream_ids: Vec::new(),
        };
        let verdict = verdict(&subject, &claim, &Reply::Records(fetched));
        assert_eq!(verdict.outcome, outcome);
        assert!(verdict.assurance.is_none() && verdict.findings.is_empty());
    }
}
