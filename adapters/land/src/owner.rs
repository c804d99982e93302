//! `ChuSuDung`: who owns.

use std::collections::BTreeSet;

use motlan_api::{Invalid, Read};
use motlan_domain::id::{EnterpriseCode, IdRules, PersonalId};
use motlan_domain::name::PersonName;
use motlan_domain::record::{Owner, OwnerKind};
use motlan_transport::json::Object;

/// The owners of a certificate, one row each; a couple is two rows. One entry
/// that cannot be read makes the list unreadable: a missing co-owner is worse
/// than none.
pub(crate) fn owners(record: Object<'_>, rules: IdRules) -> Read<Vec<Owner>> {
    let Some(entries) = record.objects("ChuSuDung")? else { return Ok(None) };
    let mut owners: Vec<Owner> = Vec::new();
    for entry in entries {
        owners.extend(rows(entry, rules)?);
    }
    Ok((!owners.is_empty()).then_some(owners))
}

/// An entry holds exactly one of the four forms.
fn rows(entry: Object<'_>, rules: IdRules) -> Result<Vec<Owner>, Invalid> {
    let share =
        entry.parsed("tyLe", |text| if is_share(text) { Ok(text.to_owned()) } else { Err(Invalid) })?;
    let forms = ["CaNhan", "VoChong", "HoGiaDinh", "ToChuc"].map(|name| entry.object(name));
    let [individual, couple, household, organisation] = forms;
    let row = |kind, object: Object<'_>| person(kind, object, share.clone(), rules);
    match (individual?, couple?, household?, organisation?) {
        (Some(one), None, None, None) => Ok(vec![row(OwnerKind::Individual, one)?]),
        (None, Some(both), None, None) => {
            let husband = both.object("Chong")?.ok_or(Invalid)?;
            let wife = both.object("Vo")?.ok_or(Invalid)?;
            Ok(vec![row(OwnerKind::Couple, husband)?, row(OwnerKind::Couple, wife)?])
        }
        (None, None, Some(household), None) => {
            let head = household.object("ChuHo")?.ok_or(Invalid)?;
            let mut owners = vec![row(OwnerKind::Household, head)?];
            let mut known: BTreeSet<PersonalId> = owners.iter().filter_map(|head| head.personal_id).collect();
            for member in household.objects("ThanhVien")?.into_iter().flatten() {
                let member = row(OwnerKind::Household, member)?;
                // The head stands among the members as well.
                if member.personal_id.is_none_or(|id| known.insert(id)) {
                    owners.push(member);
                }
            }
            Ok(owners)
        }
        (None, None, None, Some(organisation)) => Ok(vec![company(organisation, share)?]),
        _ => Err(Invalid),
    }
}

/// A person has a name; an id where the paper shows one.
fn person(
    kind: OwnerKind,
    object: Object<'_>,
    share: Option<String>,
    rules: IdRules,
) -> Result<Owner, Invalid> {
    Ok(Owner {
        kind,
        full_name: Some(object.parsed("hoTen", PersonName::new)?.ok_or(Invalid)?),
        personal_id: object.parsed("soDinhDanh", |text| PersonalId::parse(text, &rules))?,
        organisation: None,
        enterprise_code: None,
        share,
    })
}

/// An organisation that is no enterprise has no code.
fn company(object: Object<'_>, share: Option<String>) -> Result<Owner, Invalid> {
    let code = object.parsed("maDoanhNghiep", EnterpriseCode::parse)?;
    let tax = object.parsed("maSoThue", EnterpriseCode::parse)?;
    if matches!((&code, &tax), (Some(code), Some(tax)) if code != tax) {
        return Err(Invalid);
    }
    Ok(Owner {
        kind: OwnerKind::Organisation,
        full_name: None,
        personal_id: None,
        organisation: Some(object.string("tenToChuc")?.ok_or(Invalid)?),
        enterprise_code: code.or(tax),
        share,
    })
}

/// `1/2`
fn is_share(text: &str) -> bool {
    let digits = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('/').is_some_and(|(part, whole)| digits(part) && digits(whole))
}
