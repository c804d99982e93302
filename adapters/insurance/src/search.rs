//! `getMaSoBhxhTheoTieuChi`: the insurance number of a person.

use motlan_api::{FetchError, Holder, MalformedCause};
use motlan_domain::Record;
use motlan_domain::date::{DateComparison, PartialDate, compare};
use motlan_domain::id::InsuranceNumber;
use motlan_domain::name::{PersonName, unaccented};
use motlan_transport::json;

use crate::identity::{self, Identity};

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hits {
    /// Nobody.
    None,
    /// Exactly one number.
    One(InsuranceNumber),
    /// Several: name and birth date do not tell them apart, so none is taken.
    Several,
}

/// Reads the list of numbers found for a holder. A row about another name or
/// birth date answers another question.
pub fn decode_search(bytes: &[u8], holder: &Holder) -> Result<Hits, FetchError> {
    let Some(value) = json::answer(bytes)? else { return Ok(Hits::None) };
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let rows = json::objects(&value).ok_or_else(shape)?;
    let mut hits = Hits::None;
    for row in rows {
        let number = row.parsed("maSoBhxh", InsuranceNumber::parse).ok().flatten().ok_or_else(shape)?;
        if !is_holder(&identity::read(row, number.clone()), holder) {
            return Err(FetchError::malformed(MalformedCause::OtherSubject));
        }
        hits = match hits {
            Hits::None => Hits::One(number),
            Hits::One(known) if known == number => Hits::One(known),
            Hits::One(_) | Hits::Several => Hits::Several,
        };
    }
    Ok(hits)
}

fn is_holder(identity: &Identity, holder: &Holder) -> bool {
    let (Ok(name), Ok(date)) = (&identity.full_name, &identity.birth_date) else { return false };
    same_holder(name.as_ref(), date.as_ref(), holder)
}

/// Whether a record is the holder's, as far as it says.
pub(crate) fn agrees(record: &Record, holder: &Holder) -> bool {
    match record {
        Record::Participation(record) => {
            same_holder(record.full_name.as_ref(), record.birth_date.as_ref(), holder)
        }
        Record::HealthCard(record) => {
            same_holder(record.full_name.as_ref(), record.birth_date.as_ref(), holder)
        }
        _ => false,
    }
}

/// The same name but for marks (old insurance records lack them), and the same
/// date at the precision that both have.
fn same_holder(name: Option<&PersonName>, date: Option<&PartialDate>, holder: &Holder) -> bool {
    let same_name = |name: &PersonName| unaccented(name.expose()) == unaccented(holder.full_name.expose());
    let agrees = |a: &PartialDate, b: &PartialDate| compare(a, b) != DateComparison::Mismatch;
    let same_date = |date: &PartialDate| agrees(date, &holder.birth_date) || agrees(&holder.birth_date, date);
    name.is_none_or(same_name) && date.is_none_or(same_date)
}

#[cfg(test)]
mod tests;
