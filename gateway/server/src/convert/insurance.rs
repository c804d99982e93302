//! Insurance on the wire.

use motlan_domain::record::{CardStatus, Contribution, HealthCard, Participation};
use motlan_proto::insurance::v1 as wire;

use super::common::{date, place, sex};
use super::enum_out;

enum_out!(card_status: CardStatus => wire::CardStatus {
    InForce => InForce,
    Expired => Expired,
    Revoked => Revoked,
});

/// Somebody's participation in social insurance.
pub(crate) fn participation(record: &Participation) -> wire::Participation {
    let Participation {
        insurance_number,
        full_name,
        birth_date,
        sex: recorded_sex,
        personal_id,
        birth_registration,
        old_book_number,
        status,
        contributions,
    } = record;
    wire::Participation {
        insurance_number: insurance_number.as_ref().map(|number| number.expose().to_owned()),
        full_name: full_name.as_ref().map(|name| name.expose().to_owned()),
        birth_date: birth_date.map(date),
        sex: recorded_sex.map(|value| sex(value).into()),
        personal_id: personal_id.as_ref().map(|id| id.expose().to_owned()),
        birth_registration: birth_registration.as_ref().map(place),
        old_book_number: old_book_number.clone(),
        status: status.clone(),
        contributions: contributions.iter().flatten().map(contribution).collect(),
    }
}

/// A health-insurance card.
pub(crate) fn health_card(record: &HealthCard) -> wire::HealthCard {
    let HealthCard {
        card_number,
        insurance_number,
        full_name,
        birth_date,
        benefit_level,
        first_care_place,
        valid_from,
        valid_to,
        five_year_date,
        status,
    } = record;
    wire::HealthCard {
        card_number: card_number.as_ref().map(|code| code.expose().to_owned()),
        insurance_number: insurance_number.as_ref().map(|number| number.expose().to_owned()),
        full_name: full_name.as_ref().map(|name| name.expose().to_owned()),
        birth_date: birth_date.map(date),
        benefit_level: benefit_level.clone(),
        first_care_place: first_care_place.clone(),
        valid_from: valid_from.map(date),
        valid_to: valid_to.map(date),
        five_year_date: five_year_date.map(date),
        status: status.map(|value| card_status(value).into()),
    }
}

fn contribution(contribution: &Contribution) -> wire::Contribution {
    wire::Contribution {
        from: date(contribution.from),
        to: contribution.to.map(date),
        employer_code: contribution.employer_code.clone(),
        employer_name: contribution.employer_name.clone(),
        method: contribution.method.clone(),
        level_vnd: contribution.level_vnd.clone(),
        kind: contribution.kind.clone(),
    }
}
