//! The systems that call in the sandbox, and the officers of its agencies.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use motlan_access::CallerRole;
use motlan_catalogue::{Agency, AgencyLevel, Catalogue};
use motlan_domain::id::AgencyCode;
use motlan_sandbox::World;
use thiserror::Error;

use super::pki::{Authority, Credential};

/// The department that `department` is: the land registration office.
const DEPARTMENT: &str = "H32.13.01";
/// The agency that `verifier` is: a notary office.
const VERIFIER: &str = "H32.15.01";
/// The agency that `auditor` is: the province's inspectorate.
const AUDITOR: &str = "H32.19";
/// The agency that `portal` is: the province's service centre.
const PORTAL: &str = "H32.10";

/// Every calling system.
pub struct Cast {
    members: Vec<Member>,
    /// Account, agency, personal id.
    officers: Vec<(String, String, String)>,
}

/// One calling system.
pub struct Member {
    /// Its id, the last part of its SAN URI.
    pub id: String,
    /// Its agency's code.
    pub agency: String,
    /// What it is for.
    pub role: CallerRole,
    /// The commune it serves, if one.
    pub commune: Option<String>,
    /// Who acts through it by default.
    pub acting: Acting,
    /// The account of its agency's officer.
    pub account: String,
    /// Certificate and key.
    pub credential: Credential,
}

/// Who acts through a system by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// An officer of its agency.
    Officer,
    /// A citizen.
    Citizen,
    /// Nobody.
    Nobody,
}

/// Why the cast cannot be made: the catalogue's agencies are not as expected.
#[derive(Debug, Error)]
pub enum CastError {
    /// An agency that the sandbox plays is not in the catalogue.
    #[error("the catalogue has no agency {0}")]
    Agency(String),
    /// A certificate could not be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// The world has nobody who serves as officer.
    #[error("the world has no officers")]
    NoOfficers,
}

// === impl Acting ===

impl Acting {
    /// The file its token is written to.
    pub(super) const fn token_file(self) -> &'static str {
        match self {
            Self::Officer | Self::Nobody => "officer.jwt",
            Self::Citizen => "citizen.jwt",
        }
    }
}

// === impl Cast ===

impl Cast {
    /// `portal`, `one-stop` (the commune of the first demo family),
    /// `department`, `verifier`, `auditor`; and, named by their agency, the
    /// one-stop offices of the other demo families' communes and every other
    /// department.
    pub(super) fn of(catalogue: &Catalogue, authority: &Authority, world: &World) -> Result<Self, CastError> {
        let mut cast = Self { members: Vec::new(), officers: officers(catalogue, world)? };
        let mut add = |id: String, code: &str, role, acting| {
            let agency = find(catalogue, code)?;
            let member = Member {
                credential: authority.client(&id)?,
                id,
                agency: code.to_owned(),
                role,
                commune: agency.commune_code.clone(),
                acting,
                account: account(code),
            };
            cast.members.push(member);
            Ok::<_, CastError>(())
        };
        add("portal".to_owned(), PORTAL, CallerRole::Portal, Acting::Citizen)?;
        let mut served = BTreeSet::new();
        for family in world.families() {
            let agency = catalogue.agency_of_commune(&family.new_commune);
            let code =
                agency.ok_or_else(|| CastError::Agency(family.new_commune.clone()))?.code.as_str().to_owned();
            let id = if served.is_empty() { "one-stop".to_owned() } else { named("one-stop", &code) };
            if served.insert(code.clone()) {
                add(id, &code, CallerRole::OneStop, Acting::Officer)?;
            }
        }
        add("department".to_owned(), DEPARTMENT, CallerRole::Department, Acting::Officer)?;
        let departments = catalogue.agencies().filter(|agency| agency.level == AgencyLevel::Department);
        for code in departments
            .map(|agency| agency.code.as_str())
            .filter(|code| ![DEPARTMENT, AUDITOR].contains(code))
        {
            add(named("department", code), code, CallerRole::Department, Acting::Officer)?;
        }
        add("verifier".to_owned(), VERIFIER, CallerRole::Verifier, Acting::Officer)?;
        add("auditor".to_owned(), AUDITOR, CallerRole::Auditor, Acting::Officer)?;
        Ok(cast)
    }

    /// Every calling system.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The system of that id.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The office or department of that agency.
    pub fn of_agency(&self, agency: &str) -> Option<&Member> {
        let decides = |member: &&Member| matches!(member.role, CallerRole::OneStop | CallerRole::Department);
        self.members.iter().filter(decides).find(|member| member.agency == agency)
    }

    /// The officer directory as a file.
    pub(super) fn directory(&self) -> String {
        let mut text = "# Officers of the sandbox. Every person here is synthetic.\n".to_owned();
        for (account, agency, personal_id) in &self.officers {
            let _ = write!(
                text,
                "\n[[officers]]\naccount = \"{account}\"\nagency = \"{agency}\"\npersonal_id = \"{personal_id}\"\n\
                 responsible = true\n"
            );
        }
        text
    }
}

/// One officer per agency; the world's officers are fewer than the agencies,
/// so one person serves several.
fn officers(catalogue: &Catalogue, world: &World) -> Result<Vec<(String, String, String)>, CastError> {
    let people = world.officers();
    if people.is_empty() {
        return Err(CastError::NoOfficers);
    }
    let agencies = catalogue.agencies().map(|agency| agency.code.as_str());
    let officer = |(code, person): (&str, &String)| (account(code), code.to_owned(), person.clone());
    Ok(agencies.zip(people.iter().cycle()).map(officer).collect())
}

fn find<'a>(catalogue: &'a Catalogue, code: &str) -> Result<&'a Agency, CastError> {
    let parsed = AgencyCode::parse(code).ok();
    parsed.and_then(|parsed| catalogue.agency(&parsed)).ok_or_else(|| CastError::Agency(code.to_owned()))
}

/// `canbo.h32.202`
fn account(agency: &str) -> String {
    format!("canbo.{}", agency.to_ascii_lowercase())
}

/// `department-h32-17`
fn named(role: &str, agency: &str) -> String {
    format!("{role}-{}", agency.to_ascii_lowercase().replace('.', "-"))
}
