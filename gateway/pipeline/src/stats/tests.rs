//! What is counted as what.

use std::collections::BTreeMap;

use motlan_api::MalformedCause;
use motlan_audit_tree::Text;
use motlan_domain::{Completeness, Fetched, FieldSet, IncompleteCause, Record};
use motlan_telemetry::Value;

use super::*;

/// Counts and histograms' counts by name and labels.
fn told(stats: &Stats) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    for family in Reading::of([stats as &dyn Source]).families() {
        for point in family.points {
            let labels: Vec<String> = point.attributes.iter().map(|(_, label)| label.to_string()).collect();
            let count = match point.value {
                Value::Count(count) => count,
                Value::Spread { buckets, .. } => buckets.iter().sum(),
                Value::Level(_) => panic!("no gauge is the stages' own"),
            };
            told.insert(format!("{} {}", family.instrument.name, labels.join(" ")), count);
        }
    }
    told.retain(|_, count| *count > 0);
    told
}

fn answered(records: usize, completeness: Completeness) -> Reply {
    Reply::Records(Fetched {
        records: vec![Record::Person(Box::default()); records],
        retrieved_at: jiff::Timestamp::UNIX_EPOCH,
        source_data_time: None,
        completeness,
        upstream_ids: Vec::new(),
    })
}

#[test]
fn every_index_is_its_own() {
    let stats = Stats::new();
    for dataset in Dataset::ALL {
        for state in STATES {
            stats.served(dataset, state);
        }
    }
    for registry in Registry::ALL {
        for end in ENDS {
            stats.asked(registry, Ended::Answered(end), Duration::from_millis(1));
        }
        for reason in Reason::ALL {
            stats.asked(registry, Ended::Failed(*reason), Duration::from_millis(1));
        }
    }
    for reason in Reason::ALL {
        stats.recorded(Some(*reason));
    }
    stats.recorded(None);
    let told = told(&stats);
    assert_eq!(told.len(), 28 + 4 * (3 + Reason::ALL.len()) + Reason::ALL.len());
    assert!(told.values().all(|count| *count == 1), "{told:#?}");
}

#[test]
fn an_answer_is_counted_by_what_it_says() {
    let incomplete =
        Completeness::Incomplete { cause: IncompleteCause::FieldMissing, missing: FieldSet::EMPTY };
    let confirmed = |exists| {
        let retrieved_at = jiff::Timestamp::UNIX_EPOCH;
        Ok(Reply::Confirmed { exists, retrieved_at, upstream_ids: Vec::new() })
    };
    let cases = [
        (Ok(answered(1, Completeness::Complete)), "FOUND"),
        (Ok(answered(0, Completeness::Complete)), "NOT_FOUND"),
        (Ok(answered(1, incomplete)), "INCOMPLETE"),
        (confirmed(true), "FOUND"),
        (confirmed(false), "NOT_FOUND"),
        (Err(FetchError::malformed(MalformedCause::Shape)), "SOURCE_MALFORMED"),
        (Err(FetchError::refused("E1")), "SOURCE_REFUSED"),
        (Err(FetchError::NotOffered), "SOURCE_NOT_CONNECTED"),
    ];
    for (result, expected) in cases {
        let (stats, ended) = (Stats::new(), Ended::of(&result));
        stats.asked(Registry::Insurance, ended, Duration::from_millis(1));
        let name = format!("motlan.registry.question.duration insurance {expected}");
        assert_eq!(told(&stats), BTreeMap::from([(name, 1)]));
    }
}

#[test]
fn a_denial_is_what_the_log_calls_one() {
    let draft = |kind, outcome, reason: &'static str| {
        Draft::new(kind).outcome(outcome).reason(Text::new_static(reason))
    };
    let denied = EntryOutcome::Denied;
    let cases = [
        (draft(Kind::AccessDenied, denied, "DOSSIER_UNKNOWN"), Some(Reason::DossierUnknown)),
        (draft(Kind::CredentialRefused, denied, "TOKEN_EXPIRED"), Some(Reason::TokenExpired)),
        (draft(Kind::AccessOutcome, denied, "OWNER_NOT_IN_DOSSIER"), Some(Reason::OwnerNotInDossier)),
        (draft(Kind::AccessOutcome, EntryOutcome::SourceUnavailable, "SOURCE_TIMEOUT"), None),
        (draft(Kind::AccessOutcome, EntryOutcome::Failed, "STORE_UNAVAILABLE"), None),
        (draft(Kind::ComponentDecided, denied, "SUBJECT_NOT_NAMED"), None),
        (draft(Kind::AccessDenied, denied, "NO_SUCH_REASON"), None),
        (Draft::new(Kind::AccessIntent), None),
    ];
    for (draft, expected) in cases {
        assert_eq!(denial(&draft), expected, "{draft:?}");
    }
}
