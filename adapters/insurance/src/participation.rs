//! Base record and `quaTrinhDong` as participation.

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::date::PartialDate;
use motlan_domain::id::InsuranceNumber;
use motlan_domain::record::{Contribution, Participation};
use motlan_domain::{Dataset, Fetched, Record};
use motlan_transport::json::{self, Object};

use crate::identity::{self, Identity};

/// Reads the two answers about one number. Not found is both saying so; one
/// alone contradicts the other.
pub fn decode_participation(
    base: &[u8],
    history: &[u8],
    number: &InsuranceNumber,
    decoding: &Decoding<'_>,
) -> Result<Fetched, FetchError> {
    let base = identity::decode(base, number)?;
    let history = json::answer(history)?;
    match (base, history) {
        (Some(base), Some(history)) => {
            let rows = json::objects(&history).ok_or_else(|| FetchError::malformed(MalformedCause::Shape))?;
            let mut gaps = Gaps::new(Dataset::Participation);
            let record = participation(base, &rows, &mut gaps);
            decoding.fetched(vec![Record::Participation(Box::new(record))], gaps.finish())
        }
        (None, None) => Ok(decoding.not_found()),
        (Some(_), None) | (None, Some(_)) => {
            let mut gaps = Gaps::new(Dataset::Participation);
            gaps.all_contradictory();
            Ok(decoding.nothing_sure(gaps.finish()))
        }
    }
}

fn participation(base: Identity, rows: &[Object<'_>], gaps: &mut Gaps) -> Participation {
    let contributions = rows.iter().copied().map(contribution).collect::<Result<Vec<_>, Invalid>>();
    let contributions = gaps.take("contributions", contributions.map(Some));
    let backwards = |row: &Contribution| row.to.is_some_and(|to| to < row.from);
    let contributions = match contributions {
        Some(rows) if rows.iter().any(backwards) => {
            gaps.contradictory("contributions");
            None
        }
        other => other,
    };
    Participation {
        insurance_number: Some(base.number),
        full_name: gaps.need("full_name", base.full_name),
        birth_date: gaps.need("birth_date", base.birth_date),
        sex: gaps.take("sex", base.sex),
        // The database keeps none.
        personal_id: None,
        birth_registration: gaps.take("birth_registration", base.birth_registration),
        old_book_number: gaps.take("old_book_number", base.old_book_number),
        status: gaps.take("status", base.status),
        contributions,
    }
}

fn contribution(row: Object<'_>) -> Result<Contribution, Invalid> {
    let month = |name| -> Read<PartialDate> {
        row.code(name)?.map(|text| PartialDate::parse_month(&text)).transpose().map_err(|_| Invalid)
    };
    Ok(Contribution {
        from: month("tuThang")?.ok_or(Invalid)?,
        to: month("denThang")?,
        employer_code: row.code("maDonVi")?,
        employer_name: row.string("tenDonVi")?,
        method: row.code("phuongThuc")?,
        level_vnd: row.decimal("mucDong")?,
        kind: row.code("loai")?,
    })
}

#[cfg(test)]
mod tests;
