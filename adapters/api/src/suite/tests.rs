//! The suite has to be able to fail: adapters that break one promise each.

use std::sync::Mutex;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, Synthetic};
use motlan_domain::{Completeness, Dataset, Fetched, Record, Registry, SubjectKey};
use motlan_telemetry::Reading;

use super::{Case, Expected, Far, Fault, Limits, Wire, damage, run, section};
use crate::{Ask, FetchError, OnBehalf, RegistryAdapter, Reply, Want};

/// Answers everything at once, as if no fault were ever played.
#[derive(Default)]
struct Deaf {
    scripted: Mutex<usize>,
    without_cases: bool,
    leaks: bool,
}

impl RegistryAdapter for Deaf {
    fn registry(&self) -> Registry {
        Registry::Population
    }

    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Person]
    }

    fn counted(&self, _: &mut Reading) {}

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        let reply = if self.leaks {
            Err(FetchError::Refused {
                code: ask.subject.expose(),
                upstream_ids: vec![ask.request_id.clone()],
            })
        } else {
            Ok(Reply::Records(Fetched {
                records: vec![Record::Person(Box::default())],
                retrieved_at: jiff::Timestamp::UNIX_EPOCH,
                source_data_time: None,
                completeness: Completeness::Complete,
                upstream_ids: vec![ask.request_id.clone()],
            }))
        };
        async move { reply }.boxed()
    }
}

impl Far for Deaf {
    fn adapter(&self) -> &dyn RegistryAdapter {
        self
    }

    fn wire(&self) -> Wire {
        Wire::Xml
    }

    fn limits(&self) -> Limits {
        Limits { deadline: Duration::from_millis(50), max_concurrent: 2, max_body_bytes: 1_000 }
    }

    fn script(&self, _: &Fault, _: Option<u32>) {
        *self.scripted.lock().unwrap() += 1;
    }

    fn clear(&self) {}

    fn data_calls(&self) -> u64 {
        0
    }

    fn token_calls(&self) -> u64 {
        0
    }

    fn advance(&self, _: Duration) {}

    fn cases(&self) -> Vec<Case> {
        if self.without_cases {
            return Vec::new();
        }
        let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
        let id = PersonalId::parse("097060000001", &rules).unwrap();
        let ask = Ask {
            want: Want::Record {
                dataset: Dataset::Person,
                fields: Dataset::Person.all_fields(),
                holder: None,
            },
            subject: SubjectKey::Person(id),
            on_behalf: OnBehalf {
                officer_id: id,
                agency: AgencyCode::parse("H32.201").unwrap(),
                dossier: None,
                procedure: None,
            },
            request_id: String::new(),
            deadline: Duration::from_secs(1),
            trace: motlan_domain::Trace::new(7, 8, false),
        };
        vec![
            Case { name: "found", ask: ask.clone(), expected: Expected::Found },
            Case { name: "not found", ask, expected: Expected::NotFound },
        ]
    }
}

#[tokio::test]
async fn an_adapter_deaf_to_faults_is_found_out() {
    let far = Deaf::default();
    let failures = run(&far).await.unwrap_err();
    let scripted = *far.scripted.lock().unwrap();
    assert!(scripted > 20, "only {scripted} faults");
    for part in
        ["found under Hang", "found under Truncate(25)", "not found without a fault", "no question was told"]
    {
        assert!(failures.iter().any(|failure| failure.contains(part)), "{part}: {failures:#?}");
    }
}

#[tokio::test]
async fn an_error_that_names_somebody_is_found_out() {
    let failures = run(&Deaf { leaks: true, ..Deaf::default() }).await.unwrap_err();
    assert!(failures.iter().any(|failure| failure == "found: the error names somebody"));
}

#[tokio::test]
async fn a_run_without_cases_fails() {
    let failures = run(&Deaf { without_cases: true, ..Deaf::default() }).await.unwrap_err();
    assert_eq!(failures.len(), 2, "{failures:#?}");
}

#[test]
fn a_decoder_that_makes_something_else_of_damage_is_found_out() {
    let subject = SubjectKey::Person(PersonalId::parse("097060000001", &damage::RULES).unwrap());
    let decode = |bytes: &[u8]| {
        let household_no = Some(bytes.len().to_string());
        let person = motlan_domain::record::Person { household_no, ..Default::default() };
        let records = vec![Record::Person(Box::new(person))];
        damage::about(&subject).fetched(records, Completeness::Complete)
    };
    let good = serde_json::json!({"a": [1], "b": "x"});
    let passed = damage::damage(&good, decode, |_| false).unwrap_err();
    assert!(passed.contains(&"/a/0".to_owned()) && passed.contains(&"/b".to_owned()), "{passed:?}");
    assert!(damage::damage(&good, decode, |_| true).is_ok_and(|damaged| damaged == 24), "the control");
}

#[test]
fn a_section_that_takes_anything_is_found_out() {
    let failures = section::check::<toml::Table>("parcel", |_, _| ());
    for part in
        ["dedline_ms is taken", "a path of no operation is taken", "a secret shows", "secret is not in"]
    {
        assert!(failures.iter().any(|failure| failure.contains(part)), "{part}: {failures:#?}");
    }
}
