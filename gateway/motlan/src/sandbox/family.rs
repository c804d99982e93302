//! Whom a demo family names when it hands in a dossier of any procedure.

use jiff::Timestamp;
use motlan_catalogue::{Case, Catalogue, How, Procedure, ProcedureLevel, RoleSpec};
use motlan_domain::SubjectKey;
use motlan_domain::id::{CertificateSerial, EnterpriseCode, InsuranceNumber, ParcelKey};
use motlan_domain::record::Sex;
use motlan_domain::subject::SubjectKind;
use motlan_proto::dossier::v1::{NamedSubject, OpenDossierRequest};
use motlan_sandbox::world::{DemoFamily, FamilyMember};
use thiserror::Error;
use uuid::Uuid;

use super::person;
use crate::client::to_proto;
use crate::clock::in_vietnam;

/// Decides province-level procedures that name no department: Sở Xây dựng.
const DEFAULT_DEPARTMENT: &str = "H32.14";

/// Procedures that an old person hands in for themselves.
const FOR_THE_OLD: [&str; 1] = ["1.014027"];

/// Registration of a death.
pub const DEATH_REGISTRATION: &str = "1.000656";

/// Registration of a marriage: of two who are not married yet.
const MARRIAGE: &str = "1.000894";

/// Moving in with kin: the spouse to the spouse's parents.
const JOIN_FAMILY: (&str, &str) = ("1.004222", "join_family");

/// A certificate for somebody whose marriage has ended: the elder is widowed.
const MARRIAGE_ENDED: (&str, &str) = ("1.004873", "divorced_or_widowed");

/// Procedures about a household business.
const HOUSEHOLD_BUSINESS: [&str; 3] = ["1.001570", "2.000720", "2.001583"];

/// A dossier that is about to be opened.
#[derive(Clone)]
pub struct Plan {
    /// The procedure's code.
    pub procedure: String,
    /// The case.
    pub case: String,
    /// The agency that decides it.
    pub agency: String,
    /// Who applies, by personal id.
    pub applicant: String,
    /// Role and subject.
    pub subjects: Vec<(String, SubjectKey)>,
    day: String,
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The procedure has no such case.
    #[error(
        "thủ tục {procedure} không có trường hợp {case} / procedure {procedure} has no case {case}; its cases: {known}"
    )]
    Case {
        /// The procedure.
        procedure: String,
        /// As asked for.
        case: String,
        /// Its cases.
        known: String,
    },
    /// There is no such family.
    #[error("có {known} gia đình mẫu, đếm từ 0 / there are {known} demo families, counted from 0")]
    Family {
        /// How many there are.
        known: usize,
    },
    /// No agency of the catalogue decides it.
    #[error("no agency of the catalogue decides procedure {0}")]
    Agency(String),
    /// An identifier of the world is none by the domain's rules.
    #[error("the sandbox's identifier for role {0} is not valid")]
    Identifier(String),
}

// === impl Plan ===

impl Plan {
    /// A dossier code of the deciding agency for today.
    pub fn dossier_code(&self, serial: u32) -> String {
        format!("{}-{}-{serial:04}", self.agency, self.day)
    }

    /// The request that opens it, without evidence.
    pub fn request(&self, dossier: &str) -> OpenDossierRequest {
        let subject = |(role, key): &(String, SubjectKey)| NamedSubject {
            role: role.clone(),
            subject: Some(to_proto(key)),
        };
        OpenDossierRequest {
            request_id: Uuid::new_v4().to_string(),
            dossier_code: dossier.to_owned(),
            procedure_code: self.procedure.clone(),
            case: self.case.clone(),
            agency_code: self.agency.clone(),
            subjects: self.subjects.iter().map(subject).collect(),
            evidence: None,
        }
    }
}

/// Plans a dossier: every role that the case makes use of and that is named at
/// opening gets the family member, enterprise or piece of land that fits it.
pub fn plan(
    catalogue: &Catalogue,
    procedure: &Procedure,
    case: Option<&str>,
    family: &DemoFamily,
    deceased: &str,
    now: Timestamp,
) -> Result<Plan, PlanError> {
    let code = procedure.code.as_str().to_owned();
    let case = match case {
        None => procedure.default_case(),
        Some(id) => procedure.case(id).ok_or_else(|| unknown_case(procedure, id))?,
    };
    let applicant = applicant(procedure, case, family);
    let asking = Asking { procedure: &code, case: case.id.as_str(), family, deceased, now, applicant };
    let mut subjects = Vec::new();
    for role in procedure.roles_in(&case.id) {
        if role.how == How::Named || asking.must_name(role) {
            let id = role.id.as_str().to_owned();
            if role.id == "moving_member" {
                // The children move along.
                let children = family.children.iter().map(|child| person(&child.id, now));
                let children: Option<Vec<SubjectKey>> = children.collect();
                let children = children.ok_or_else(|| PlanError::Identifier(id.clone()))?;
                subjects.extend(children.into_iter().map(|key| (id.clone(), key)));
                continue;
            }
            let key = asking.subject(role).ok_or_else(|| PlanError::Identifier(id.clone()))?;
            subjects.push((id, key));
        }
    }
    let agency = agency(catalogue, procedure, family).ok_or_else(|| PlanError::Agency(code.clone()))?;
    Ok(Plan {
        case: case.id.as_str().to_owned(),
        agency,
        applicant: asking.applicant.id.clone(),
        subjects,
        day: in_vietnam(now).strftime("%y%m%d").to_string(),
        procedure: code,
    })
}

fn unknown_case(procedure: &Procedure, case: &str) -> PlanError {
    let known: Vec<&str> = procedure.cases.iter().map(|case| case.id.as_str()).collect();
    PlanError::Case { procedure: procedure.code.to_string(), case: case.to_owned(), known: known.join(", ") }
}

/// The agency the rules name; else by level.
fn agency(catalogue: &Catalogue, procedure: &Procedure, family: &DemoFamily) -> Option<String> {
    if let Some(named) = procedure.agencies().first() {
        return Some(named.as_str().to_owned());
    }
    match procedure.level {
        ProcedureLevel::Province => Some(DEFAULT_DEPARTMENT.to_owned()),
        ProcedureLevel::Commune => {
            catalogue.agency_of_commune(&family.new_commune).map(|agency| agency.code.as_str().to_owned())
        }
    }
}

/// The applicant; for land the owner, and for an old person's own matter the elder.
fn applicant<'a>(procedure: &Procedure, case: &Case, family: &'a DemoFamily) -> &'a FamilyMember {
    let scene = (procedure.code.as_str(), case.id.as_str());
    if FOR_THE_OLD.contains(&scene.0) || scene == MARRIAGE_ENDED {
        return &family.elder;
    }
    if scene.0 == MARRIAGE {
        return &family.betrothed[0];
    }
    if scene == JOIN_FAMILY {
        return &family.spouse;
    }
    let roles = procedure.roles_in(&case.id);
    let about_land =
        roles.iter().any(|role| matches!(role.kind, SubjectKind::Certificate | SubjectKind::Parcel));
    let others_own =
        roles.iter().any(|role| ["household_head", "house_owner", "transferor"].contains(&role.id.as_str()));
    let owns = family.certificate_owners.contains(&family.applicant.id);
    if about_land && !others_own && !owns { member(family, &family.head) } else { &family.applicant }
}

/// The member of that personal id: the applicant, or the elder.
fn member<'a>(family: &'a DemoFamily, id: &str) -> &'a FamilyMember {
    if family.elder.id == id { &family.elder } else { &family.applicant }
}

/// One family asking for one procedure.
struct Asking<'a> {
    procedure: &'a str,
    case: &'a str,
    family: &'a DemoFamily,
    /// Somebody whose death is on record, by personal id.
    deceased: &'a str,
    applicant: &'a FamilyMember,
    now: Timestamp,
}

impl Asking<'_> {
    fn joins_kin(&self) -> bool {
        (self.procedure, self.case) == JOIN_FAMILY
    }

    /// A linked role is named only where the certificate is that person's, or
    /// where it is not the applicant's own household that is meant.
    fn must_name(&self, role: &RoleSpec) -> bool {
        let owns = self.family.certificate_owners.contains(&self.applicant.id);
        let anothers = !owns && self.family.certificate_owners.contains(&self.family.head);
        role.id == "household_head" && (anothers || self.joins_kin())
    }

    fn subject(&self, role: &RoleSpec) -> Option<SubjectKey> {
        let family = self.family;
        match role.kind {
            SubjectKind::Person => person(self.person(role.id.as_str()), self.now),
            SubjectKind::Enterprise => {
                let household = HOUSEHOLD_BUSINESS.contains(&self.procedure);
                let code = if household { &family.household_business } else { &family.enterprise };
                // A household business of today goes by its owner's personal id.
                EnterpriseCode::parse(code)
                    .ok()
                    .map(SubjectKey::Enterprise)
                    .or_else(|| person(code, self.now))
            }
            SubjectKind::Certificate => {
                CertificateSerial::parse(&family.certificate).ok().map(SubjectKey::Certificate)
            }
            SubjectKind::Parcel => {
                let parcel = &family.parcel;
                ParcelKey::new(&parcel.commune, parcel.sheet, parcel.number).ok().map(SubjectKey::Parcel)
            }
            SubjectKind::InsuranceNumber => {
                InsuranceNumber::parse(&self.applicant.insurance_number).ok().map(SubjectKey::Insurance)
            }
        }
    }

    fn person(&self, role: &str) -> &str {
        let family = self.family;
        let couple = [&family.applicant, &family.spouse];
        let of_sex = |sex: Sex| {
            let is = |member: &&&FamilyMember| match person(&member.id, self.now) {
                Some(SubjectKey::Person(id)) => id.sex() == sex,
                _ => false,
            };
            couple.iter().find(is).map_or(family.applicant.id.as_str(), |member| member.id.as_str())
        };
        let child = |place: usize| family.children.get(place).map_or("", |child| child.id.as_str());
        match role {
            // A death that is being registered is in no registry yet.
            "deceased" if self.procedure == DEATH_REGISTRATION => &family.elder.id,
            "deceased" => self.deceased,
            "partner" => &family.betrothed[1].id,
            "spouse" => &family.spouse.id,
            "father" => of_sex(Sex::Male),
            "mother" => of_sex(Sex::Female),
            "ward" => child(0),
            "registrant" if self.procedure == "2.000635" => child(1),
            "house_owner" | "transferor" => {
                let others = family.certificate_owners.iter().find(|owner| **owner != self.applicant.id);
                others.unwrap_or(&family.head)
            }
            "household_head" if self.joins_kin() => &family.parents_head.id,
            "household_head" | "receiving_head" => &family.head,
            _ => &self.applicant.id,
        }
    }
}
