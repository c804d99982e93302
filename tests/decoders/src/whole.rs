//! What a record that is passed off as whole has to have: stated here apart
//! from the decoders, so that neither can forget what the other knows.

use motlan_domain::Record;
use motlan_domain::record::{
    Certificate, Enterprise, HealthCard, Household, Owner, OwnerKind, Parcel, Participation, Person,
};

/// Panics where a mandatory part is absent, or two parts disagree.
pub(crate) fn check(record: &Record) {
    match record {
        Record::Person(record) => person(record),
        Record::Household(record) => household(record),
        Record::Enterprise(record) => enterprise(record),
        Record::Participation(record) => participation(record),
        Record::HealthCard(record) => health_card(record),
        Record::Certificate(record) => certificate(record),
        Record::Parcel(record) => parcel(record),
    }
}

fn person(record: &Person) {
    assert!(record.full_name.is_some(), "a person without a name");
    assert!(record.personal_id.is_some() || record.cmnd.is_some(), "a person without an id");
    // Only the status operation knows.
    assert!(record.deceased.is_none() && record.missing.is_none(), "nobody was asked whether they live");
}

fn household(record: &Household) {
    assert!(record.head.is_some(), "a household without a head");
    let members = record.members.as_deref().unwrap_or_default();
    assert!(!members.is_empty(), "a household of nobody");
    let mut seen = Vec::new();
    for member in members {
        let person = &member.person;
        assert!(person.full_name.is_some(), "a member without a name");
        assert!(person.personal_id.is_some() || person.cmnd.is_some(), "a member without an id");
        assert!(person.personal_id.is_none() || !seen.contains(&person.personal_id), "a member twice");
        seen.push(person.personal_id);
    }
}

fn enterprise(record: &Enterprise) {
    assert!(record.name.is_some(), "an enterprise without a name");
    assert!(record.status.is_some(), "an enterprise without a status");
    let representatives = record.representatives.iter().flatten();
    assert!(representatives.clone().all(|row| row.full_name.is_some()), "a representative without a name");
}

fn participation(record: &Participation) {
    assert!(record.insurance_number.is_some() && record.full_name.is_some(), "whose?");
    assert!(record.birth_date.is_some(), "whose?");
    assert!(record.personal_id.is_none(), "the insurance database keeps no personal id");
    let rows = record.contributions.as_ref().expect("a history, be it empty");
    assert!(rows.iter().all(|row| row.to.is_none_or(|to| to >= row.from)), "contributions that end first");
}

fn health_card(record: &HealthCard) {
    let number = record.insurance_number.as_ref().expect("whose?");
    let card = record.card_number.as_ref().expect("which card?");
    assert_eq!(card.insurance_digits(), number.expose(), "a card of another number");
    assert!(record.full_name.is_some() && record.birth_date.is_some(), "whose?");
    assert!(record.status.is_some(), "in force or not?");
    let (from, to) = (record.valid_from.expect("from when?"), record.valid_to.expect("to when?"));
    assert!(from <= to, "a card that ends before it begins");
}

fn certificate(record: &Certificate) {
    assert!(record.serial.is_some() && record.status.is_some(), "which, and in force or not?");
    let owners = record.owners.as_deref().unwrap_or_default();
    assert!(!owners.is_empty(), "land of nobody");
    owners.iter().for_each(owner);
    let couples = owners.iter().filter(|owner| owner.kind == OwnerKind::Couple).count();
    assert!(couples.is_multiple_of(2), "half a couple");
    assert!(record.parcels.is_some() && record.encumbrances.is_some(), "of what, burdened by what?");
}

fn owner(owner: &Owner) {
    let organisation = owner.kind == OwnerKind::Organisation;
    assert_eq!(owner.organisation.is_some(), organisation, "an organisation, or not?");
    assert_eq!(owner.full_name.is_some(), !organisation, "an owner without a name");
    assert!(organisation || owner.enterprise_code.is_none(), "a person with an enterprise's code");
}

fn parcel(record: &Parcel) {
    assert!(record.key.is_some() && record.area_m2.is_some(), "which, and how large?");
    assert!(record.uses.is_some() && record.certificate_serials.is_some(), "used for what, by whose right?");
}
