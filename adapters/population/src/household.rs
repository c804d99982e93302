//! `CungCapThongTinHoGiaDinh`: a household as its members.

use std::collections::BTreeSet;

use motlan_api::{Decoding, FetchError, Gaps, MalformedCause};
use motlan_domain::record::{Household, HouseholdMember, Person, Relative};
use motlan_domain::{Completeness, Dataset, Fetched, Record};

use crate::element::{self, Element, NS_PEOPLE};
use crate::person::{answers, citizens, is_blank, lacks_an_id, person};

/// Reads the answer: every `CongDan` is a member and names the same head.
///
/// Not found is no `CongDan`, or none with a name. One without a name among
/// others is a member of whom nothing more is known. Members who name different heads or household
/// numbers contradict one another; a list without the person asked for is
/// malformed.
pub fn decode_household(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let document = element::parse(bytes)?;
    let root = element::root(&document, NS_PEOPLE, "CongdanCollection")?;
    let rows: Vec<Element<'_, '_>> = citizens(root)?;
    if rows.iter().all(|row| is_blank(*row)) {
        return Ok(decoding.not_found());
    }
    let people: Vec<(Person, Completeness)> =
        rows.into_iter().map(|row| person(row, decoding.rules)).collect();
    let mut gaps = Gaps::new(Dataset::Household);
    let Some(asked) = people.iter().find(|(person, _)| answers(person, decoding.subject)) else {
        if people.iter().any(|(_, whole)| lacks_an_id(*whole)) {
            // It may be the household asked for; nothing shows it.
            gaps.invalid("members");
            return Ok(decoding.nothing_sure(gaps.finish()));
        }
        return Err(FetchError::malformed(MalformedCause::OtherSubject));
    };
    let head = head(&people, &mut gaps);
    let household_no = household_no(&people, &mut gaps);
    if has_twins(&people) {
        gaps.contradictory("members");
    }
    let head_id = head.as_ref().and_then(|head| head.personal_id);
    let own_row = people.iter().find(|(person, _)| head_id.is_some() && person.personal_id == head_id);
    // Members may be registered elsewhere; the household's address is the head's.
    let (lives_there, whole) = own_row.unwrap_or(asked);
    let address = lives_there.permanent_residence.clone();
    if is_missing(*whole, &["permanent_residence"]) {
        gaps.invalid("address");
    }
    let household = Household {
        household_no,
        head,
        address,
        members: Some(people.into_iter().map(|(person, whole)| member(person, whole, &mut gaps)).collect()),
    };
    decoding.fetched(vec![Record::Household(Box::new(household))], gaps.finish())
}

/// The head, whom every member has to name alike.
fn head(people: &[(Person, Completeness)], gaps: &mut Gaps) -> Option<Relative> {
    let heads: Vec<&Relative> =
        people.iter().filter_map(|(person, _)| person.household_head.as_ref()).collect();
    if heads.len() < people.len() {
        gaps.need::<Relative>("head", Ok(None));
    }
    let ids: BTreeSet<String> = heads.iter().map(|head| key(head)).collect();
    // A member who is the head by relation has to be the one that all name.
    let is_head = |person: &&Person| person.household_head_relation.as_deref().is_some_and(is_head_relation);
    let by_relation =
        people.iter().map(|(person, _)| person).filter(is_head).filter_map(|person| person.personal_id);
    let named = heads.first().and_then(|head| head.personal_id);
    if ids.len() > 1 || by_relation.into_iter().any(|id| named.is_some_and(|named| named != id)) {
        gaps.contradictory("head");
        return None;
    }
    heads.first().map(|head| (*head).clone())
}

/// Whether somebody stands in the list twice.
fn has_twins(people: &[(Person, Completeness)]) -> bool {
    let mut seen = BTreeSet::new();
    let mut ids = people.iter().filter_map(|(person, _)| person.personal_id);
    !ids.all(|id| seen.insert(id))
}

/// *Chủ hộ*, however it is written.
fn is_head_relation(relation: &str) -> bool {
    motlan_domain::name::canonical(relation) == motlan_domain::name::canonical("Chủ hộ")
}

/// What tells two heads apart: an id, or else the name.
fn key(head: &Relative) -> String {
    let id = head.personal_id.map(|id| id.expose().to_owned());
    let cmnd = || head.cmnd.as_ref().map(|cmnd| cmnd.expose().to_owned());
    let name = || head.full_name.as_ref().map(|name| motlan_domain::name::canonical(name.expose()));
    id.or_else(cmnd).or_else(name).unwrap_or_default()
}

fn household_no(people: &[(Person, Completeness)], gaps: &mut Gaps) -> Option<String> {
    let numbers: BTreeSet<&String> =
        people.iter().filter_map(|(person, _)| person.household_no.as_ref()).collect();
    if numbers.len() > 1 {
        gaps.contradictory("household_no");
        return None;
    }
    numbers.into_iter().next().cloned()
}

/// Whether one of these fields of a person is missing.
fn is_missing(whole: Completeness, fields: &[&str]) -> bool {
    let Completeness::Incomplete { missing, .. } = whole else { return false };
    Dataset::Person
        .field_set(fields.iter().copied())
        .is_ok_and(|fields| !missing.intersection(fields).is_empty())
}

/// A row; what its person lacks, the list of members lacks.
fn member(person: Person, whole: Completeness, gaps: &mut Gaps) -> HouseholdMember {
    let used =
        ["full_name", "personal_id", "cmnd", "nationality", "birth_date", "sex", "household_head_relation"];
    if is_missing(whole, &used) {
        gaps.invalid("members");
    }
    HouseholdMember {
        person: Relative {
            full_name: person.full_name,
            personal_id: person.personal_id,
            cmnd: person.cmnd,
            nationality: person.nationality,
        },
        birth_date: person.birth_date,
        sex: person.sex,
        relation_to_head: person.household_head_relation,
    }
}

#[cfg(test)]
mod tests;
