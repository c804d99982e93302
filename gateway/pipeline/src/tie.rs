//! Does an answer show a tie to the people of the dossier?
//!
//! A dossier names a certificate, an enterprise or an insurance number on its
//! portal's word. Where the procedure demands it, the registry's own answer
//! must tie that thing to a person of the dossier before anything of it is
//! told: a mistyped serial must not open a stranger's record.

use motlan_api::Holder;
use motlan_domain::date::PartialDate;
use motlan_domain::id::{CertificateSerial, EnterpriseCode, PersonalId};
use motlan_domain::name::{self, NameLevel, PersonName};
use motlan_domain::record::Person;
use motlan_domain::{Record, SubjectKey};

/// What an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tie {
    /// It names a person of the dossier.
    Shown,
    /// It names none.
    NotShown,
    /// It gives a holder by name and birth date; compare with the persons.
    Holder(HolderClue),
    /// Enterprises of the dossier own it; look at who represents them.
    ThroughEnterprises(Vec<EnterpriseCode>),
    /// Certificates of the dossier list it; look at who owns them.
    ThroughCertificates(Vec<CertificateSerial>),
}

/// A holder as a registry without personal ids describes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HolderClue {
    full_name: PersonName,
    birth_date: PartialDate,
}

/// Looks for a tie between a record and the dossier's subjects.
pub(crate) fn find(record: &Record, persons: &[PersonalId], subjects: &[&SubjectKey]) -> Tie {
    if record.named().iter().any(|named| persons.contains(&named.id)) {
        return Tie::Shown;
    }
    match record {
        Record::Participation(held) if held.personal_id.is_none() => {
            clue(held.full_name.as_ref(), held.birth_date.as_ref())
        }
        Record::HealthCard(card) => clue(card.full_name.as_ref(), card.birth_date.as_ref()),
        Record::Certificate(certificate) => {
            let codes =
                certificate.owners.iter().flatten().filter_map(|owner| owner.enterprise_code.as_ref());
            let in_dossier = |code: &&EnterpriseCode| {
                subjects
                    .iter()
                    .any(|s| matches!(s, SubjectKey::Enterprise(c) if c.canonical() == code.canonical()))
            };
            through(codes.filter(in_dossier).cloned().collect(), Tie::ThroughEnterprises)
        }
        Record::Parcel(parcel) => {
            let serials = parcel.certificate_serials.iter().flatten();
            let in_dossier = |serial: &&CertificateSerial| {
                subjects
                    .iter()
                    .any(|s| matches!(s, SubjectKey::Certificate(c) if c.canonical() == serial.canonical()))
            };
            through(serials.filter(in_dossier).cloned().collect(), Tie::ThroughCertificates)
        }
        _ => Tie::NotShown,
    }
}

/// Whether a record found by name and birth date is that holder's: the same
/// measure as for a tie.
pub(crate) fn is_of(record: &Record, holder: &Holder) -> bool {
    let found = match record {
        Record::Participation(held) => clue(held.full_name.as_ref(), held.birth_date.as_ref()),
        Record::HealthCard(card) => clue(card.full_name.as_ref(), card.birth_date.as_ref()),
        _ => Tie::NotShown,
    };
    let person = Person {
        full_name: Some(holder.full_name.clone()),
        birth_date: Some(holder.birth_date),
        ..Person::default()
    };
    matches!(found, Tie::Holder(clue) if is_holder(&clue, &person))
}

/// Whether a person is the holder: same full birth date, and the name equal
/// without i/y folding. Less is not a tie: the record would be a stranger's.
pub(crate) fn is_holder(clue: &HolderClue, person: &Person) -> bool {
    let (Some(full_name), Some(birth_date)) = (&person.full_name, &person.birth_date) else { return false };
    let compared = name::compare(full_name.expose(), clue.full_name.expose());
    let same_name = match compared.level {
        NameLevel::Exact => true,
        NameLevel::CanonicalEqual => !compared.folded_iy,
        NameLevel::UnaccentedEqual | NameLevel::Mismatch => false,
    };
    same_name && birth_date.is_full() && birth_date == &clue.birth_date
}

fn through<T>(found: Vec<T>, way: impl FnOnce(Vec<T>) -> Tie) -> Tie {
    if found.is_empty() { Tie::NotShown } else { way(found) }
}

fn clue(full_name: Option<&PersonName>, birth_date: Option<&PartialDate>) -> Tie {
    match (full_name, birth_date) {
        (Some(full_name), Some(birth_date)) => {
            Tie::Holder(HolderClue { full_name: full_name.clone(), birth_date: *birth_date })
        }
        _ => Tie::NotShown,
    }
}

#[cfg(test)]
mod tests;
