//! Base record and `theBHYT` as a health card.

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::date::{PartialDate, vietnam_day};
use motlan_domain::id::{HealthCardCode, InsuranceNumber};
use motlan_domain::record::{CardStatus, HealthCard};
use motlan_domain::{Dataset, Fetched, Record};
use motlan_transport::json::{self, Object};

use crate::identity;

/// Reads the two answers about one number. An insured person may have no card;
/// a card of a number that nobody has, or one whose own digits are another
/// number, contradicts.
pub fn decode_health_card(
    base: &[u8],
    card: &[u8],
    number: &InsuranceNumber,
    decoding: &Decoding<'_>,
) -> Result<Fetched, FetchError> {
    let base = identity::decode(base, number)?;
    let Some(card) = json::answer(card)? else { return Ok(decoding.not_found()) };
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let card = Object::of(&card).filter(|card| card.has("maThe") || card.has("denNgay")).ok_or_else(shape)?;
    let mut gaps = Gaps::new(Dataset::HealthCard);
    let card_number = gaps.need("card_number", card.parsed("maThe", HealthCardCode::parse));
    let own = card_number.as_ref().is_none_or(|code| code.insurance_digits() == number.expose());
    let Some(base) = base.filter(|_| own) else {
        gaps.all_contradictory();
        return Ok(decoding.nothing_sure(gaps.finish()));
    };
    if card_number.is_none() {
        // Nothing on the card shows whose it is.
        return Ok(decoding.nothing_sure(gaps.finish()));
    }
    let (valid_from, valid_to) = validity(card, &mut gaps);
    let record = HealthCard {
        card_number,
        insurance_number: Some(base.number),
        full_name: gaps.need("full_name", base.full_name),
        birth_date: gaps.need("birth_date", base.birth_date),
        benefit_level: gaps.take("benefit_level", card.code("mucHuong")),
        first_care_place: gaps.take("first_care_place", card.string("noiKcbBanDau")),
        valid_from,
        valid_to,
        five_year_date: gaps.take("five_year_date", day(card, "ngayDu5Nam")),
        status: gaps.need("status", status(card, valid_to, decoding)),
    };
    decoding.fetched(vec![Record::HealthCard(Box::new(record))], gaps.finish())
}

fn day(card: Object<'_>, name: &str) -> Read<PartialDate> {
    card.code(name)?.map(|text| PartialDate::parse_day(&text)).transpose().map_err(|_| Invalid)
}

/// Both ends have to be there, and in order.
fn validity(card: Object<'_>, gaps: &mut Gaps) -> (Option<PartialDate>, Option<PartialDate>) {
    let from = gaps.need("valid_from", day(card, "tuNgay"));
    let to = gaps.need("valid_to", day(card, "denNgay"));
    if matches!((from, to), (Some(from), Some(to)) if to < from) {
        gaps.contradictory("valid_from");
        gaps.contradictory("valid_to");
        return (None, None);
    }
    (from, to)
}

/// 1 in force, 0 not (the sandbox's codes): run out if its last day has passed,
/// else withdrawn.
fn status(card: Object<'_>, valid_to: Option<PartialDate>, decoding: &Decoding<'_>) -> Read<CardStatus> {
    match card.code("trangThai")?.as_deref() {
        None => Ok(None),
        Some("1") => Ok(Some(CardStatus::InForce)),
        Some("0") => {
            let Some(last) = valid_to.and_then(|to| to.to_date()) else { return Err(Invalid) };
            let passed = last < vietnam_day(decoding.retrieved_at);
            Ok(Some(if passed { CardStatus::Expired } else { CardStatus::Revoked }))
        }
        Some(_) => Err(Invalid),
    }
}

#[cfg(test)]
mod tests;
