//! Procedures, their cases, roles and components.

use std::collections::BTreeMap;

use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::{AgencyCode, ComponentCode, ProcedureCode};
use motlan_domain::subject::{Link, SubjectKind};
use serde::Deserialize;

use crate::agency::{Agency, AgencyLevel};
use crate::form::{Form, RegistryBlank};
use crate::key::{CaseId, RoleId};
use crate::rule::{Decide, Rule};

/// An administrative procedure (*thủ tục hành chính*).
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Its code, e.g. `1.004222`.
    pub code: ProcedureCode,
    /// Its legal name.
    pub name_vi: String,
    /// In English.
    pub name_en: String,
    /// Which level decides it.
    pub level: ProcedureLevel,
    /// Numbers of the legal documents it rests on.
    pub legal_basis: Vec<String>,
    /// Working days, as one whole number.
    pub processing_days: u32,
    /// How it may be submitted: `ONLINE`, `DIRECT`, `POSTAL`.
    pub channels: Vec<String>,
    /// Fees in words.
    pub fee_note: String,
    /// Its cases; the first is the default. Never empty.
    pub cases: Vec<Case>,
    /// Its roles; the applicant is among them.
    pub roles: Vec<RoleSpec>,
    /// Its components, in the order of the data.
    pub components: Vec<Component>,
    /// What it results in.
    pub results: Vec<ResultSpec>,
    /// The agencies that decide it, where not every one of its level does.
    pub(crate) agencies: Vec<AgencyCode>,
    /// Union of what its rules ask, computed at load.
    pub(crate) registered: BTreeMap<(RoleId, Dataset), FieldSet>,
}

/// Which level of the administration decides a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcedureLevel {
    /// Cấp tỉnh.
    Province,
    /// Cấp xã.
    Commune,
}

/// A variant of a procedure (*trường hợp*).
#[derive(Debug, Clone)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its Vietnamese name.
    pub name_vi: String,
    /// Its English name.
    pub name_en: String,
}

/// A role in which a subject may stand in a dossier of this procedure.
#[derive(Debug, Clone)]
pub struct RoleSpec {
    /// Its id.
    pub id: RoleId,
    /// What kind of subject.
    pub kind: SubjectKind,
    /// How a subject comes to stand in it.
    pub how: How,
    /// A citizen's token may read this role: the applicant, and family whose
    /// data the applicant declares.
    pub family_of_applicant: bool,
    /// Whoever stands in that role does not count in this one: nobody marries
    /// themself, or reports their own death.
    pub other_than: Option<RoleId>,
    /// Nothing is disclosed unless the answer shows a person or enterprise of
    /// the dossier as owner, representative or holder (`OWNER_NOT_IN_DOSSIER`).
    pub link_required: bool,
    /// Its Vietnamese name.
    pub name_vi: String,
    /// Its English name.
    pub name_en: String,
}

/// How a subject comes to stand in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Named when the dossier is opened, or not at all.
    Named,
    /// By a registry answer about another role's subject. It may be named at
    /// opening all the same; then no link is followed.
    Linked {
        /// About whose subject the answer is.
        of: RoleId,
        /// The tie that the answer must show.
        link: Link,
    },
}

/// A document the procedure asks for (*thành phần hồ sơ*).
#[derive(Debug, Clone)]
pub struct Component {
    /// Its key in rules files: the code, or `procedure#position` where the code
    /// is empty or repeated.
    pub key: ComponentCode,
    /// The portal's code; empty where the source has none.
    pub code: String,
    /// Place in the procedure, from 1.
    pub position: usize,
    /// Its Vietnamese name.
    pub name: String,
    /// Whether it is asked of everybody in its cases (our reading: the
    /// portal's own field says nothing).
    pub required: bool,
    /// How many originals.
    pub originals: u32,
    /// How many copies.
    pub copies: u32,
    /// Whether the portal has an electronic form for it.
    pub has_eform: bool,
    /// How it is decided.
    pub rule: Rule,
}

/// A result (*kết quả*).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultSpec {
    /// The portal's code; empty where the source has none.
    pub code: String,
    /// Its Vietnamese name.
    pub name: String,
}

// === impl Procedure ===

impl Procedure {
    /// The case that holds when none is named.
    pub fn default_case(&self) -> &Case {
        &self.cases[0]
    }

    /// The case of that id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == *id)
    }

    /// The role of that id.
    pub fn role(&self, id: &str) -> Option<&RoleSpec> {
        self.roles.iter().find(|role| role.id == *id)
    }

    /// The component of that key.
    pub fn component(&self, key: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.key.as_str() == key)
    }

    /// What the procedure registers about a subject in that role: the union of
    /// its rules, blanks and links, nothing else.
    pub fn registered(&self, role: &RoleId, dataset: Dataset) -> FieldSet {
        self.registered.get(&(role.clone(), dataset)).copied().unwrap_or_default()
    }

    /// What it registers of that dataset in any role.
    pub fn registered_any(&self, dataset: Dataset) -> FieldSet {
        let of_dataset = self.registered.iter().filter(|((_, d), _)| *d == dataset);
        of_dataset.fold(FieldSet::EMPTY, |set, (_, fields)| set.union(*fields))
    }

    /// Everything it registers, in the order of roles and datasets.
    pub fn registered_all(&self) -> impl Iterator<Item = (&RoleId, Dataset, FieldSet)> {
        self.registered.iter().map(|((role, dataset), fields)| (role, *dataset, *fields))
    }

    /// The components asked for in a case.
    pub fn components_in<'a>(&'a self, case: &'a CaseId) -> impl Iterator<Item = &'a Component> {
        self.components.iter().filter(move |component| component.asked_in(case))
    }

    /// The roles a case makes use of, in the procedure's order: whom a portal
    /// names when it opens a dossier so that as much as possible is reused.
    /// Linked roles need not be named.
    pub fn roles_in(&self, case: &CaseId) -> Vec<&RoleSpec> {
        let mut used: Vec<&RoleId> = self.components_in(case).flat_map(Component::roles).collect();
        // A link's own anchor is used too; chains are as long as the roles at most.
        for _ in 0..self.roles.len() {
            let anchors = self.roles.iter().filter_map(|role| match &role.how {
                How::Linked { of, .. } if used.contains(&&role.id) => Some(of),
                How::Linked { .. } | How::Named => None,
            });
            let anchors: Vec<_> = anchors.filter(|of| !used.contains(of)).collect();
            used.extend(anchors);
        }
        let wanted = |role: &&RoleSpec| role.id == RoleId::APPLICANT || used.contains(&&role.id);
        self.roles.iter().filter(wanted).collect()
    }

    /// The forms of its components, each once.
    pub fn forms(&self) -> Vec<&Form> {
        let mut forms: Vec<&Form> = Vec::new();
        for form in self.components.iter().filter_map(Component::form) {
            if !forms.iter().any(|known| known.id == form.id) {
                forms.push(form);
            }
        }
        forms
    }

    /// Whether that agency may decide it: one of those the rules file names, or
    /// any of its level. The province's own service centre receives everything
    /// (decree 118/2025: a dossier may be handed in anywhere in the province).
    pub fn handled_by(&self, agency: &Agency) -> bool {
        let level = match self.level {
            ProcedureLevel::Province => agency.level == AgencyLevel::Department,
            ProcedureLevel::Commune => agency.level == AgencyLevel::Commune,
        };
        let named = self.agencies.contains(&agency.code);
        agency.level == AgencyLevel::Province || named || (self.agencies.is_empty() && level)
    }

    /// The agencies the rules file names as deciding it; empty when every
    /// agency of its level does.
    pub fn agencies(&self) -> &[AgencyCode] {
        &self.agencies
    }
}

// === impl ProcedureLevel ===

impl ProcedureLevel {
    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Commune => "commune",
        }
    }
}

// === impl RoleSpec ===

impl RoleSpec {
    /// The fields that show a link from a subject of `kind`. Any of them does;
    /// the first is registered for the role it starts from if none is.
    pub const fn link_fields(link: Link, kind: SubjectKind) -> &'static [(Dataset, &'static str)] {
        match (link, kind) {
            (Link::Spouse, SubjectKind::Person) => &[(Dataset::Person, "spouse")],
            (Link::Father, SubjectKind::Person) => &[(Dataset::Person, "father")],
            (Link::Mother, SubjectKind::Person) => &[(Dataset::Person, "mother")],
            (Link::Representative, SubjectKind::Person) => &[(Dataset::Person, "representative")],
            (Link::HouseholdHead, SubjectKind::Person) => {
                &[(Dataset::Person, "household_head"), (Dataset::Household, "head")]
            }
            (Link::HouseholdMember, SubjectKind::Person) => &[(Dataset::Household, "members")],
            (Link::Owner, SubjectKind::Certificate) => &[(Dataset::Certificate, "owners")],
            (Link::LegalRepresentative, SubjectKind::Enterprise) => {
                &[(Dataset::Enterprise, "representatives")]
            }
            (Link::Holder, SubjectKind::InsuranceNumber) => &[(Dataset::Participation, "personal_id")],
            _ => &[],
        }
    }
}

// === impl Component ===

impl Component {
    /// Whether it is asked for in that case.
    pub fn asked_in(&self, case: &CaseId) -> bool {
        self.rule.cases.contains(case)
    }

    /// The form it is, if it is one.
    pub fn form(&self) -> Option<&Form> {
        match &self.rule.decide {
            Decide::Form(form) => Some(form),
            Decide::Lookup(_) | Decide::Vault | Decide::NotConnected | Decide::Paper => None,
        }
    }

    /// The roles its rule asks about; a role may stand there several times.
    pub fn roles(&self) -> Vec<&RoleId> {
        match &self.rule.decide {
            Decide::Lookup(lookup) => lookup.roles.iter().chain(lookup.compared_with()).collect(),
            Decide::Form(form) => {
                let blanks = form.registry_blanks().map(|(_, blank)| blank);
                blanks
                    .flat_map(|blank: &RegistryBlank| [Some(&blank.role), blank.in_role.as_ref()])
                    .flatten()
                    .collect()
            }
            Decide::Vault | Decide::NotConnected | Decide::Paper => Vec::new(),
        }
    }
}
