//! `KetQuaXacMinh` of `XacMinhTinhTrangChetMatTich`: whether a person is
//! recorded as dead or declared missing.

use jiff::Timestamp;
use jiff::civil::DateTime;
use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause};
use motlan_domain::date::{PartialDate, vietnam_day};
use motlan_domain::{Completeness, Dataset};

use crate::element::{self, NS_VERIFIED};

/// The fields that this operation alone tells; service 037 says neither.
pub(crate) const FIELDS: [&str; 2] = ["deceased", "missing"];

/// How far ahead of ours the source's clock may be, in seconds.
const AHEAD: i64 = 5 * 60;

/// What the source says of a person's life. What it does not say is `None`,
/// never "alive".
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LifeStatus {
    /// Recorded as dead (*đã chết*).
    pub deceased: Option<bool>,
    /// Declared missing by a court (*bị tuyên bố mất tích*).
    pub missing: Option<bool>,
    /// The source's own data time (*thời điểm dữ liệu*).
    pub data_time: Option<Timestamp>,
    /// Whether both are known, and if not, why.
    pub completeness: Completeness,
}

/// Reads the answer about a person whom the source is known to hold.
///
/// That such a person does not exist (`TonTai` false), a living one with a day
/// of death, and a day or a data time that lies ahead contradict: then neither
/// field is known. The answer names nobody, so nothing else ties it to the
/// question than the exchange itself.
///
/// # Errors
/// The source's refusal; [`FetchError::Malformed`] without exactly one yes or
/// no in `TonTai`.
pub fn decode_status(bytes: &[u8], decoding: &Decoding<'_>) -> Result<LifeStatus, FetchError> {
    let document = element::parse(bytes)?;
    let root = element::root(&document, NS_VERIFIED, "KetQuaXacMinh")?;
    let Ok(Some(exists)) = root.truth("TonTai") else {
        return Err(FetchError::malformed(MalformedCause::Shape));
    };
    let mut gaps = Gaps::new(Dataset::Person);
    // The gravest that befalls one part befalls both fields.
    let both = |gaps: &mut Gaps, note: fn(&mut Gaps, &'static str)| {
        for field in FIELDS {
            note(gaps, field);
        }
    };
    let state = root.parsed("TinhTrang", |text| match text {
        "0" => Ok((false, false)),
        "1" => Ok((true, false)),
        "2" => Ok((false, true)),
        _ => Err(Invalid),
    });
    let (day, data_time) = (root.parsed("Ngay", PartialDate::parse_day), root.parsed("ThoiDiemDuLieu", time));
    match state {
        Ok(None) => both(&mut gaps, Gaps::absent),
        Err(Invalid) => both(&mut gaps, Gaps::invalid),
        Ok(Some(_)) => {}
    }
    if day.is_err() || data_time.is_err() {
        both(&mut gaps, Gaps::invalid);
    }
    let (day, data_time) = (day.unwrap_or_default(), data_time.unwrap_or_default());
    let today = vietnam_day(decoding.retrieved_at);
    let day_ahead = day.and_then(|day| day.to_date()).is_some_and(|day| day > today);
    let ahead = |at: Timestamp| at.as_second() - decoding.retrieved_at.as_second() > AHEAD;
    let alive = state == Ok(Some((false, false)));
    if !exists || day_ahead || data_time.is_some_and(ahead) || (alive && day.is_some()) {
        both(&mut gaps, Gaps::contradictory);
    }
    let known = if gaps.is_whole() { state.unwrap_or_default() } else { None };
    Ok(LifeStatus {
        deceased: known.map(|(deceased, _)| deceased),
        missing: known.map(|(_, missing)| missing),
        // A time that is not to be believed dates nothing.
        data_time: data_time.filter(|at| !ahead(*at)),
        completeness: gaps.finish(),
    })
}

/// `xs:dateTime`; one without an offset is in the source's own time, which is
/// Viet Nam's (UTC+7, invented where the sources are silent).
fn time(text: &str) -> Result<Timestamp, Invalid> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = text.parse::<DateTime>().map_err(|_| Invalid)?;
    jiff::tz::Offset::constant(7).to_timestamp(local).map_err(|_| Invalid)
}

#[cfg(test)]
mod tests;
