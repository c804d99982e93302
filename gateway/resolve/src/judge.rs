//! Does a record replace the paper? The rule's conditions, on permitted fields.
//!
//! Pure: the record arrives minimised to what the rule registers; what a
//! condition cannot see counts against the reuse, never for it.

use jiff::civil::Date;
use motlan_catalogue::{Accept, AdminUnits, PlaceAgreement, RoleId};
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::{EnterpriseCode, PersonalId};
use motlan_domain::record::{
    CardStatus, CertificateStatus, EncumbranceKind, EnterpriseStatus, MaritalStatus,
};
use motlan_domain::{Link, Reason, Record};

/// Land for living on (*đất ở*), in towns and in the country, as the land data
/// code its use (circular 24/2014/TT-BTNMT and those after it).
const RESIDENTIAL: [&str; 2] = ["ODT", "ONT"];

/// What the conditions are held against.
pub(crate) struct Bench<'a> {
    /// The day of the judgement in Viet Nam.
    pub(crate) today: Date,
    /// The commune of the dossier's agency; `None` for an agency above.
    pub(crate) commune: Option<&'a str>,
    /// The dated table of administrative units.
    pub(crate) units: &'a AdminUnits,
    /// The fields the rule asks for: which residence counts.
    pub(crate) fields: FieldSet,
    /// The persons of the dossier.
    pub(crate) persons: &'a [PersonalId],
    /// The enterprises of the dossier.
    pub(crate) enterprises: &'a [EnterpriseCode],
    /// The persons whom the dossier names in a role; not those whom a registry
    /// linked.
    pub(crate) named: &'a dyn Fn(&RoleId) -> Vec<PersonalId>,
}

/// The first condition that fails, as the reason the paper is still needed.
pub(crate) fn judge(record: &Record, accept: &[Accept], bench: &Bench<'_>) -> Result<(), Reason> {
    accept.iter().try_for_each(|condition| {
        if holds(record, condition, bench) { Ok(()) } else { Err(reason(record, condition)) }
    })
}

fn reason(record: &Record, condition: &Accept) -> Reason {
    match condition {
        Accept::CertificateInForce => Reason::CertificateNotInForce,
        Accept::HealthCardValid => Reason::HealthCardNotValid,
        Accept::EnterpriseExists => Reason::NotFoundAtSource,
        Accept::EnterpriseActive => Reason::EnterpriseNotActive,
        Accept::PlaceMatches => Reason::PlaceDiffers,
        Accept::OwnerInDossier | Accept::OwnedBy(_) => Reason::OwnerNotInDossier,
        Accept::HouseholdBusiness => Reason::HouseholdBusinessNotShown,
        Accept::ResidentialLand => Reason::LandNotResidential,
        Accept::ParticipationPresent => Reason::NoParticipation,
        Accept::FieldPresent(_) | Accept::MaritalStatusKnown => Reason::FieldAbsent,
        Accept::KinshipShown(_) => Reason::RelationNotShown,
        Accept::MarriageEnded if !matches!(record, Record::Person(person) if person.marital_status.is_some()) => {
            Reason::FieldAbsent
        }
        Accept::MarriageEnded => Reason::MarriageNotEnded,
        // Only a registry that says so does not record the death.
        Accept::Deceased if !matches!(record, Record::Person(person) if person.deceased.is_some()) => {
            Reason::FieldAbsent
        }
        Accept::Deceased => Reason::NotDeceased,
    }
}

fn holds(record: &Record, condition: &Accept, bench: &Bench<'_>) -> bool {
    match (condition, record) {
        (Accept::CertificateInForce, Record::Certificate(certificate)) => {
            // A mortgage does not end a right; a dispute or a block holds it up.
            let held_up = certificate.encumbrances.iter().flatten().any(|encumbrance| {
                let holds_up =
                    matches!(encumbrance.kind, EncumbranceKind::Dispute | EncumbranceKind::TransferBlock);
                encumbrance.in_force && holds_up
            });
            certificate.status == Some(CertificateStatus::InForce)
                && certificate.is_latest == Some(true)
                && !held_up
        }
        (Accept::HealthCardValid, Record::HealthCard(card)) => {
            // A date known to the year only judges nothing.
            let begun = card.valid_from.and_then(|from| from.to_date()).is_some_and(|day| day <= bench.today);
            let running = card.valid_to.and_then(|to| to.to_date()).is_some_and(|day| day >= bench.today);
            card.status == Some(CardStatus::InForce) && begun && running
        }
        (Accept::EnterpriseExists, Record::Enterprise(enterprise)) => enterprise.code.is_some(),
        (Accept::EnterpriseActive, Record::Enterprise(enterprise)) => {
            enterprise.status == Some(EnterpriseStatus::Active)
        }
        // The kind's codes are the registry's own; its name is the law's.
        (Accept::HouseholdBusiness, Record::Enterprise(enterprise)) => {
            let kind = enterprise.kind.as_ref().and_then(|kind| kind.label.as_deref());
            kind.is_some_and(|kind| kind.trim().to_lowercase() == "hộ kinh doanh")
        }
        (Accept::ResidentialLand, Record::Certificate(certificate)) => {
            let uses = certificate.parcels.iter().flatten().flat_map(|parcel| &parcel.uses);
            let mut codes = uses.filter_map(|land| land.kind.code.as_deref());
            codes.any(|code| RESIDENTIAL.contains(&code))
        }
        (Accept::PlaceMatches, record) => place_matches(record, bench),
        (Accept::OwnerInDossier, record) => owner_in_dossier(record, bench),
        (Accept::ParticipationPresent, Record::Participation(held)) => {
            held.contributions.as_ref().is_some_and(|rows| !rows.is_empty())
        }
        (Accept::FieldPresent(fields), record) => fields.is_subset_of(record.present()),
        (Accept::MaritalStatusKnown, Record::Person(person)) => person.marital_status.is_some(),
        (Accept::MarriageEnded, Record::Person(person)) => {
            matches!(person.marital_status, Some(MaritalStatus::Divorced | MaritalStatus::Widowed))
        }
        (Accept::Deceased, Record::Person(person)) => person.deceased == Some(true),
        (Accept::KinshipShown(role), Record::Person(person)) => {
            let wanted = (bench.named)(role);
            // Not as representative, and not as head: neither is kinship.
            let kin = |link| matches!(link, Link::Father | Link::Mother | Link::Spouse);
            let oneself = |id| person.personal_id == Some(id);
            let named = record.named();
            named.iter().any(|one| kin(one.link) && wanted.contains(&one.id) && !oneself(one.id))
        }
        (Accept::OwnedBy(roles), Record::Certificate(_)) => {
            let owners = record.named();
            let mut wanted = roles.iter().flat_map(|role| (bench.named)(role));
            wanted.any(|id| owners.iter().any(|owner| owner.id == id))
        }
        // A condition on another dataset than the rule's: the catalogue refuses
        // such a rule at load.
        _ => false,
    }
}

fn owner_in_dossier(record: &Record, bench: &Bench<'_>) -> bool {
    let person = record.named().iter().any(|named| bench.persons.contains(&named.id));
    let organisation = match record {
        Record::Certificate(certificate) => {
            let codes =
                certificate.owners.iter().flatten().filter_map(|owner| owner.enterprise_code.as_ref());
            codes.into_iter().any(|code| bench.enterprises.iter().any(|e| e.canonical() == code.canonical()))
        }
        // The gateway let the answer out only after it had tied its holder,
        // given by name and birth date, to a person of the dossier.
        Record::Participation(held) => held.full_name.is_some() && held.birth_date.is_some(),
        _ => false,
    };
    person || organisation
}

fn place_matches(record: &Record, bench: &Bench<'_>) -> bool {
    let Some(commune) = bench.commune else { return false };
    let here = |code: Option<&String>| code.is_some_and(|code| same_commune(bench, code, commune));
    match record {
        Record::Certificate(certificate) => {
            let mut parcels = certificate.parcels.iter().flatten().peekable();
            parcels.peek().is_some()
                && parcels.all(|parcel| same_commune(bench, parcel.key.commune_code(), commune))
        }
        Record::Parcel(parcel) => {
            parcel.key.as_ref().is_some_and(|key| same_commune(bench, key.commune_code(), commune))
        }
        Record::Enterprise(enterprise) => {
            here(enterprise.head_office.as_ref().and_then(|place| place.commune_code.as_ref()))
        }
        Record::Household(household) => {
            here(household.address.as_ref().and_then(|place| place.commune_code.as_ref()))
        }
        Record::Person(person) => {
            let places = [
                ("permanent_residence", &person.permanent_residence),
                ("temporary_residence", &person.temporary_residence),
                ("current_residence", &person.current_residence),
            ];
            places.into_iter().any(|(name, place)| {
                let asked = Dataset::Person.field(name).is_some_and(|field| bench.fields.contains(field));
                asked && here(place.as_ref().and_then(|place| place.commune_code.as_ref()))
            })
        }
        Record::Participation(_) | Record::HealthCard(_) => false,
    }
}

/// A unit that was split may be either of its successors: only a village-level
/// address could tell, so a paper does not hang on it.
fn same_commune(bench: &Bench<'_>, sent: &str, now: &str) -> bool {
    bench.units.agreement(sent, now, bench.today) == PlaceAgreement::Same
}

#[cfg(test)]
mod tests;
