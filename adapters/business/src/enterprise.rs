//! `{Data, DataCount, Status, Message}` as an enterprise.

use std::collections::BTreeSet;

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{EnterpriseCode, IdRules, PersonalId};
use motlan_domain::name::{PersonName, canonical};
use motlan_domain::place::Place;
use motlan_domain::record::{
    Activity, CapitalMember, Coded, Enterprise, EnterpriseStatus, LegalRepresentative,
};
use motlan_domain::{Dataset, Fetched, Record, SubjectKey};
use motlan_transport::json::{self, Object};

/// Reads the answer to `chiTietDoanhNghiep`.
///
/// Not found is `DataCount` 0 without `Data`; `Status` 0 is a refusal. A count
/// and a datum that disagree contradict one another; another code than the one
/// asked for is malformed.
pub fn decode_enterprise(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let value = json::read(bytes).map_err(FetchError::malformed)?;
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let envelope = Object::of(&value).ok_or_else(shape)?;
    match envelope.whole("Status") {
        Ok(Some(1)) => {}
        Ok(Some(0)) => return Err(FetchError::refused("STATUS_0")),
        _ => return Err(shape()),
    }
    let data = envelope.object("Data").map_err(|_| shape())?;
    let count = envelope.whole("DataCount").ok().flatten().ok_or_else(shape)?;
    let mut gaps = Gaps::new(Dataset::Enterprise);
    let data = match (count, data) {
        (0, None) => return Ok(decoding.not_found()),
        (1, Some(data)) => data,
        _ => {
            gaps.all_contradictory();
            return Ok(decoding.nothing_sure(gaps.finish()));
        }
    };
    let main = data.object("MainInformation").ok().flatten().ok_or_else(shape)?;
    if !main.has("ENTERPRISE_GDT_CODE") && !main.has("NAME") {
        return Err(shape());
    }
    let code = match identify(main, decoding)? {
        Identified::Code(code) => Some(code),
        Identified::PersonalId => None,
        Identified::Unknown(read) => {
            // Nothing shows that it is the enterprise asked for.
            gaps.need::<EnterpriseCode>("code", read);
            return Ok(decoding.nothing_sure(gaps.finish()));
        }
    };
    let enterprise = enterprise(code, main, data, decoding.rules, &mut gaps);
    decoding.fetched(vec![Record::Enterprise(Box::new(enterprise))], gaps.finish())
}

/// Which enterprise an answer is about.
enum Identified {
    Code(EnterpriseCode),
    /// A household business under its owner's personal id.
    PersonalId,
    Unknown(Read<EnterpriseCode>),
}

fn identify(main: Object<'_>, decoding: &Decoding<'_>) -> Result<Identified, FetchError> {
    let text = match main.code("ENTERPRISE_GDT_CODE") {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Identified::Unknown(Ok(None))),
        Err(Invalid) => return Ok(Identified::Unknown(Err(Invalid))),
    };
    let other = || Err(FetchError::malformed(MalformedCause::OtherSubject));
    match decoding.subject {
        SubjectKey::Person(id) if id.expose() == text => Ok(Identified::PersonalId),
        SubjectKey::Enterprise(asked) => match EnterpriseCode::parse(&text) {
            Ok(code) if code == *asked => Ok(Identified::Code(code)),
            // Another number, well formed or not, is not the one asked for.
            _ if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => other(),
            _ => Ok(Identified::Unknown(Err(Invalid))),
        },
        _ => other(),
    }
}

fn enterprise(
    code: Option<EnterpriseCode>,
    main: Object<'_>,
    data: Object<'_>,
    rules: IdRules,
    gaps: &mut Gaps,
) -> Enterprise {
    Enterprise {
        code,
        internal_code: gaps.take("internal_code", main.code("IMP_BUSINESS_CODE")),
        name: gaps.need("name", main.string("NAME")),
        short_name: gaps.take("short_name", main.string("SHORT_NAME")),
        foreign_name: gaps.take("foreign_name", main.string("NAME_F")),
        kind: gaps.take("kind", kind(main)),
        founded_on: gaps.take("founded_on", main.parsed("FOUNDING_DATE", PartialDate::parse_slash)),
        last_amended_on: gaps
            .take("last_amended_on", main.parsed("LAST_AMEND_DATE", PartialDate::parse_slash)),
        change_count: gaps.take("change_count", main.whole("NUMBER_CHANGES")),
        status: gaps.need("status", status(main)),
        capital_vnd: gaps.take("capital_vnd", main.decimal("CAPITAL_AMOUNT")),
        head_office: gaps.take("head_office", head_office(data)),
        representatives: representatives(main, data, rules, gaps),
        activities: gaps.take("activities", activities(data)),
        members: gaps.take("members", members(data)),
    }
}

fn kind(main: Object<'_>) -> Read<Coded> {
    let (code, label) = (main.code("ENTERPRISE_TYPE_ID")?, main.string("ENTERPRISE_TYPE_NAME")?);
    Ok((code.is_some() || label.is_some()).then_some(Coded { code, label }))
}

/// Decree 01/2021 art. 41 names the states; the numbers are the sandbox's.
fn status(main: Object<'_>) -> Read<EnterpriseStatus> {
    main.whole("ENTERPRISE_STATUS")?
        .map(|code| match code {
            1 => Ok(EnterpriseStatus::Active),
            2 => Ok(EnterpriseStatus::Suspended),
            3 => Ok(EnterpriseStatus::NotAtAddress),
            4 => Ok(EnterpriseStatus::RevokedForTax),
            5 => Ok(EnterpriseStatus::Dissolving),
            6 => Ok(EnterpriseStatus::Bankrupt),
            7 => Ok(EnterpriseStatus::Ceased),
            _ => Err(Invalid),
        })
        .transpose()
}

/// `HOAdress`, spelt so. Codes are read as of the last amendment: an old
/// address keeps its old codes and its district.
fn head_office(data: Object<'_>) -> Read<Place> {
    let Some(address) = data.object("HOAdress")? else { return Ok(None) };
    if address.is_foreign(&["CityID", "DistrictID", "WardID", "StreetNumber", "AddressFullText"]) {
        return Err(Invalid);
    }
    let street = address.string("StreetNumber")?;
    let detail = if street.is_some() { street } else { address.string("AddressFullText")? };
    let place = Place {
        province_code: address.digits("CityID", 2)?,
        district_code: address.digits("DistrictID", 3)?,
        commune_code: address.digits("WardID", 5)?,
        detail,
        country: None,
    };
    Ok((!place.is_empty()).then_some(place))
}

/// `Representatives`, which `LEGAL_NAMES` repeats by name: they have to agree.
/// Where the route sends the names alone, those.
fn representatives(
    main: Object<'_>,
    data: Object<'_>,
    rules: IdRules,
    gaps: &mut Gaps,
) -> Option<Vec<LegalRepresentative>> {
    let (rows, names) = (representative_rows(data, rules), legal_names(main));
    let unreadable = rows.is_err() || names.is_err();
    let rows = gaps.take("representatives", rows);
    let names = gaps.take("representatives", names);
    // What one of them says cannot be held against the other.
    if unreadable {
        return None;
    }
    let key = |name: &PersonName| canonical(name.expose());
    match (rows, names) {
        (Some(rows), Some(names)) => {
            let of_rows: BTreeSet<String> =
                rows.iter().filter_map(|row| row.full_name.as_ref()).map(key).collect();
            if of_rows == names.iter().map(key).collect() {
                return Some(rows);
            }
            gaps.contradictory("representatives");
            None
        }
        (Some(rows), None) => Some(rows),
        (None, Some(names)) => Some(
            names
                .into_iter()
                .map(|name| LegalRepresentative { full_name: Some(name), ..Default::default() })
                .collect(),
        ),
        (None, None) => None,
    }
}

fn representative_rows(data: Object<'_>, rules: IdRules) -> Read<Vec<LegalRepresentative>> {
    let Some(rows) = data.objects("Representatives")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        Ok(LegalRepresentative {
            full_name: Some(row.parsed("NAME", PersonName::new)?.ok_or(Invalid)?),
            position: row.string("POSITION")?,
            personal_id: row.parsed("PERSONAL_ID", |text| PersonalId::parse(text, &rules))?,
        })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

/// `;`-joined.
fn legal_names(main: Object<'_>) -> Read<Vec<PersonName>> {
    let Some(joined) = main.text("LEGAL_NAMES")? else { return Ok(None) };
    let names = joined.split(';').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| PersonName::new(name).map_err(|_| Invalid)).collect::<Result<_, _>>().map(Some)
}

fn activities(data: Object<'_>) -> Read<Vec<Activity>> {
    let Some(rows) = data.objects("BusinessActivity")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        let is_main = match row.text("IS_MAIN")? {
            Some("Y") => true,
            Some("N") | None => false,
            Some(_) => return Err(Invalid),
        };
        Ok(Activity { code: row.code("CODE")?.ok_or(Invalid)?, name: row.string("NAME")?, is_main })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

fn members(data: Object<'_>) -> Read<Vec<CapitalMember>> {
    let Some(rows) = data.objects("Member")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        Ok(CapitalMember {
            name: Some(row.string("MEMBER_NAME")?.ok_or(Invalid)?),
            amount_vnd: row.decimal("AMOUNT")?,
            ratio_percent: row.decimal("RATIO_PERCENT")?,
            country: row.string("COUNTRY")?,
        })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

#[cfg(test)]
mod tests;
