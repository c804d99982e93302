//! What must hold of whatever a decoder makes of an input.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::record::{MOST_PEOPLE, count_people};
use motlan_domain::{Completeness, Dataset, Fetched, FieldSet, Outcome, Reason, Record};

use crate::asked::RETRIEVED_AT;
use crate::{Verdict, text, whole};

/// Decodes twice and judges. `answers` says whether a record is about whom was
/// asked.
pub(crate) fn records(
    dataset: Dataset,
    decode: impl Fn() -> Result<Fetched, FetchError>,
    answers: impl Fn(&Record) -> bool,
) -> Verdict {
    judge(dataset, None, decode, answers)
}

/// The same of a list that has so many rows as it came.
pub(crate) fn list(
    dataset: Dataset,
    rows: usize,
    decode: impl Fn() -> Result<Fetched, FetchError>,
    answers: impl Fn(&Record) -> bool,
) -> Verdict {
    judge(dataset, Some(rows), decode, answers)
}

fn judge(
    dataset: Dataset,
    rows: Option<usize>,
    decode: impl Fn() -> Result<Fetched, FetchError>,
    answers: impl Fn(&Record) -> bool,
) -> Verdict {
    let (reply, again) = (decode(), decode());
    match (reply, again) {
        (Ok(fetched), Ok(again)) => {
            assert!(fetched.records == again.records, "the same bytes gave other records");
            assert_eq!(fetched.completeness, again.completeness, "the same bytes");
            answer(dataset, rows, &fetched, answers)
        }
        (Err(error), Err(again)) => {
            assert_eq!(shown(&error), shown(&again), "the same bytes");
            failure(&error)
        }
        _ => panic!("the same bytes were read once and refused once"),
    }
}

/// An answer: whole, or with its gaps named.
fn answer(
    dataset: Dataset,
    rows: Option<usize>,
    fetched: &Fetched,
    answers: impl Fn(&Record) -> bool,
) -> Verdict {
    assert_eq!((fetched.retrieved_at, fetched.source_data_time), (RETRIEVED_AT, None));
    assert!(fetched.upstream_ids.is_empty(), "no decoder knows the exchange");
    for record in &fetched.records {
        assert_eq!(record.dataset(), dataset, "a record of another dataset");
        assert!(answers(record), "a record about somebody else");
        text::check(record);
    }
    assert!(count_people(&fetched.records) <= MOST_PEOPLE, "more people than an entry of the log can name");
    nothing_shows(fetched);
    if let Some(rows) = rows {
        let missing = match fetched.completeness {
            Completeness::Incomplete { missing, .. } => missing,
            Completeness::Complete => FieldSet::EMPTY,
        };
        let dropped = fetched.records.len() < rows;
        assert_eq!(dropped, missing == dataset.all_fields(), "of a row that is dropped no field was told");
    }
    match fetched.completeness {
        Completeness::Incomplete { missing, .. } => {
            assert!(!missing.is_empty(), "incomplete, but in what?");
            assert!(missing.is_subset_of(dataset.all_fields()));
            // Rows of a list may have what others lack.
            let listed = dataset == Dataset::Household || rows.is_some();
            if let ([record], false) = (fetched.records.as_slice(), listed) {
                assert!(record.present().intersection(missing).is_empty(), "missing and there");
            }
            assert_eq!(fetched.outcome(), Outcome::Incomplete);
            Verdict::Partly
        }
        Completeness::Complete if fetched.records.is_empty() => Verdict::NotFound,
        Completeness::Complete => {
            for record in &fetched.records {
                whole::check(record);
            }
            Verdict::Whole
        }
    }
}

/// An error: a cause, or a short plain code, and nothing else.
pub(crate) fn failure(error: &FetchError) -> Verdict {
    // Built anew of what is known to be harmless, it has to look the same: so
    // nothing else stands in it.
    match error {
        FetchError::Malformed { cause, upstream_ids } => {
            assert!(upstream_ids.is_empty());
            assert!(MalformedCause::ALL.contains(cause));
            assert_eq!(shown(error), shown(&FetchError::malformed(*cause)));
            Verdict::Malformed
        }
        FetchError::Refused { code, .. } => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            assert!((1..=32).contains(&code.len()) && code.bytes().all(plain), "no code");
            let digits = code.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            assert!(digits.unwrap_or_default() <= 6, "a code with somebody's number in it");
            let anew = FetchError::Refused { code: code.clone(), upstream_ids: Vec::new() };
            assert_eq!(shown(error), shown(&anew));
            Verdict::Refused
        }
        FetchError::Unavailable { .. } => {
            let anew = FetchError::Unavailable {
                reason: Reason::SourceThrottled,
                retry_after: None,
                upstream_ids: Vec::new(),
            };
            assert_eq!(shown(error), shown(&anew), "no decoder knows another");
            Verdict::Refused
        }
        FetchError::NotOffered => panic!("an answer was offered"),
    }
}

fn shown(error: &FetchError) -> String {
    format!("{error} {error:?}")
}

/// `Debug` of a record tells its dataset and how many fields it has.
fn nothing_shows(fetched: &Fetched) {
    let expected: Vec<String> =
        fetched.records.iter().map(|record| format!("Record({})", record.dataset())).collect();
    assert_eq!(format!("{:?}", fetched.records), format!("[{}]", expected.join(", ")));
    // What else stands in the answer is times and numbers of fields.
    let bare = Fetched { records: Vec::new(), ..fetched.clone() };
    let both = (format!("{fetched:?}"), format!("{bare:?}"));
    let records = format!("{:?}", fetched.records);
    assert_eq!(both.0.replacen(&records, "[]", 1), both.1);
    for record in &fetched.records {
        let inner = match record {
            Record::Person(record) => format!("{record:?}"),
            Record::Household(record) => format!("{record:?}"),
            Record::Enterprise(record) => format!("{record:?}"),
            Record::Participation(record) => format!("{record:?}"),
            Record::HealthCard(record) => format!("{record:?}"),
            Record::Certificate(record) => format!("{record:?}"),
            Record::Parcel(record) => format!("{record:?}"),
        };
        let (name, rest) = inner.split_once('(').expect("a name and a number");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphabetic()), "{name}");
        assert_eq!(rest, format!("{} fields present)", record.present().len()));
    }
}

#[cfg(test)]
mod tests;
