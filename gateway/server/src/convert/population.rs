//! Persons and households on the wire.

use motlan_domain::record::{Alias, Household, HouseholdMember, MaritalStatus, Person, Relative};
use motlan_proto::population::v1 as wire;

use super::common::{coded, date, place, sex};
use super::enum_out;

enum_out!(marital_status: MaritalStatus => wire::MaritalStatus {
    Single => Single,
    Married => Married,
    Divorced => Divorced,
    Widowed => Widowed,
});

/// A person's record.
pub(crate) fn person(record: &Person) -> wire::Person {
    let Person {
        full_name,
        birth_date,
        sex: recorded_sex,
        personal_id,
        cmnd,
        aliases,
        birthplace,
        birth_registration,
        hometown,
        ethnicity,
        religion,
        nationality,
        marital_status: recorded_status,
        blood_type,
        permanent_residence,
        temporary_residence,
        current_residence,
        father,
        mother,
        spouse,
        representative,
        household_head,
        household_head_relation,
        household_no,
        deceased,
        missing,
    } = record;
    wire::Person {
        full_name: full_name.as_ref().map(|name| name.expose().to_owned()),
        birth_date: birth_date.map(date),
        sex: recorded_sex.map(|value| sex(value).into()),
        personal_id: personal_id.as_ref().map(|id| id.expose().to_owned()),
        cmnd: cmnd.as_ref().map(|id| id.expose().to_owned()),
        aliases: aliases.iter().flatten().map(alias).collect(),
        birthplace: birthplace.as_ref().map(place),
        birth_registration: birth_registration.as_ref().map(place),
        hometown: hometown.as_ref().map(place),
        ethnicity: ethnicity.as_ref().map(coded),
        religion: religion.as_ref().map(coded),
        nationality: nationality.as_ref().map(coded),
        marital_status: recorded_status.map(|value| marital_status(value).into()),
        blood_type: blood_type.clone(),
        permanent_residence: permanent_residence.as_ref().map(place),
        temporary_residence: temporary_residence.as_ref().map(place),
        current_residence: current_residence.as_ref().map(place),
        father: father.as_ref().map(relative),
        mother: mother.as_ref().map(relative),
        spouse: spouse.as_ref().map(relative),
        representative: representative.as_ref().map(relative),
        household_head: household_head.as_ref().map(relative),
        household_head_relation: household_head_relation.clone(),
        household_no: household_no.clone(),
        deceased: *deceased,
        missing: *missing,
    }
}

/// A household's record.
pub(crate) fn household(record: &Household) -> wire::Household {
    let Household { household_no, head, address, members } = record;
    wire::Household {
        household_no: household_no.clone(),
        head: head.as_ref().map(relative),
        address: address.as_ref().map(place),
        members: members.iter().flatten().map(member).collect(),
    }
}

fn alias(alias: &Alias) -> wire::Alias {
    wire::Alias {
        personal_id: alias.personal_id.as_ref().map(|id| id.expose().to_owned()),
        cmnd: alias.cmnd.as_ref().map(|id| id.expose().to_owned()),
        cancelled: alias.cancelled,
    }
}

fn relative(relative: &Relative) -> wire::Relative {
    wire::Relative {
        full_name: relative.full_name.as_ref().map(|name| name.expose().to_owned()),
        personal_id: relative.personal_id.as_ref().map(|id| id.expose().to_owned()),
        cmnd: relative.cmnd.as_ref().map(|id| id.expose().to_owned()),
        nationality: relative.nationality.as_ref().map(coded),
    }
}

fn member(member: &HouseholdMember) -> wire::HouseholdMember {
    let wire::Relative { full_name, personal_id, cmnd, nationality } = relative(&member.person);
    wire::HouseholdMember {
        full_name,
        personal_id,
        cmnd,
        nationality,
        birth_date: member.birth_date.map(date),
        sex: member.sex.map(|value| sex(value).into()),
        relation_to_head: member.relation_to_head.clone(),
    }
}
