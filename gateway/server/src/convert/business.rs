//! Enterprises on the wire.

use motlan_domain::record::{Activity, CapitalMember, Enterprise, EnterpriseStatus, LegalRepresentative};
use motlan_proto::business::v1 as wire;

use super::common::{coded, date, place};
use super::enum_out;

enum_out!(status: EnterpriseStatus => wire::EnterpriseStatus {
    Active => Active,
    Suspended => Suspended,
    NotAtAddress => NotAtAddress,
    RevokedForTax => RevokedForTax,
    Dissolving => Dissolving,
    Bankrupt => Bankrupt,
    Ceased => Ceased,
});

/// An enterprise's record.
pub(crate) fn enterprise(record: &Enterprise) -> wire::Enterprise {
    let Enterprise {
        code,
        internal_code,
        name,
        short_name,
        foreign_name,
        kind,
        founded_on,
        last_amended_on,
        change_count,
        status: recorded_status,
        capital_vnd,
        head_office,
        representatives,
        activities,
        members,
    } = record;
    wire::Enterprise {
        code: code.as_ref().map(|code| code.as_str().to_owned()),
        internal_code: internal_code.clone(),
        name: name.clone(),
        short_name: short_name.clone(),
        foreign_name: foreign_name.clone(),
        kind: kind.as_ref().map(coded),
        founded_on: founded_on.map(date),
        last_amended_on: last_amended_on.map(date),
        change_count: *change_count,
        status: recorded_status.map(|value| status(value).into()),
        capital_vnd: capital_vnd.clone(),
        head_office: head_office.as_ref().map(place),
        representatives: representatives.iter().flatten().map(representative).collect(),
        activities: activities.iter().flatten().map(activity).collect(),
        members: members.iter().flatten().map(member).collect(),
    }
}

fn representative(representative: &LegalRepresentative) -> wire::LegalRepresentative {
    wire::LegalRepresentative {
        full_name: representative.full_name.as_ref().map(|name| name.expose().to_owned()),
        position: representative.position.clone(),
        personal_id: representative.personal_id.as_ref().map(|id| id.expose().to_owned()),
    }
}

fn activity(activity: &Activity) -> wire::Activity {
    wire::Activity { code: activity.code.clone(), name: activity.name.clone(), is_main: activity.is_main }
}

fn member(member: &CapitalMember) -> wire::CapitalMember {
    wire::CapitalMember {
        name: member.name.clone(),
        amount_vnd: member.amount_vnd.clone(),
        ratio_percent: member.ratio_percent.clone(),
        country: member.country.clone(),
    }
}
