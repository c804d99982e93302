//! One procedure: its data and its rules file brought together.

use std::collections::{BTreeMap, BTreeSet};

use motlan_domain::dataset::{Dataset, FieldId, FieldSet};
use motlan_domain::id::{AgencyCode, ComponentCode, ProcedureCode};
use motlan_domain::subject::SubjectKind;

use crate::compile::rule::{Scope, rule};
use crate::compile::{Agencies, Forms};
use crate::error::{Mistakes, Problem};
use crate::key::{CaseId, RoleId};
use crate::procedure::{Case, Component, How, Procedure, ResultSpec, RoleSpec};
use crate::raw::{RawCase, RawComponent, RawHow, RawProcedure, RawRole, RawRule, RawRules, tables};
use crate::rule::{Decide, Rule};

/// The procedure, or `None` with its mistakes noted under the rules' `file`.
pub(crate) fn procedure(
    file: &str,
    code: ProcedureCode,
    data: RawProcedure,
    rules: RawRules,
    forms: &Forms,
    agencies: &Agencies,
    mistakes: &mut Mistakes,
) -> Option<Procedure> {
    let before = mistakes.len();
    let cases = cases(file, rules.case, mistakes);
    let declared = rules.role.iter().filter_map(|role| role.get("id").and_then(toml::Value::as_str));
    let declared: Vec<String> = declared.map(str::to_owned).collect();
    let roles = roles(file, rules.role, mistakes);
    let wrong_roles: Vec<String> =
        declared.into_iter().filter(|id| !roles.iter().any(|r| r.id == **id)).collect();
    let scope = Scope { file, cases: &cases, roles: &roles, wrong_roles: &wrong_roles, forms };
    let raw_rules = tables(file, "rule", "key", rules.rule, mistakes);
    let components =
        components(&scope, &rules.procedure, data.components, raw_rules, before == mistakes.len(), mistakes);
    let deciding = deciding_agencies(file, &rules.agencies, agencies, mistakes);
    let procedure = Procedure {
        code,
        name_vi: data.name,
        name_en: rules.name_en,
        level: data.agency_level,
        legal_basis: data.legal_basis_short,
        processing_days: data.processing_days,
        channels: data.channels,
        fee_note: data.fee_note,
        registered: registered(&components, &roles),
        results: data.results.into_iter().map(|r| ResultSpec { code: r.code, name: r.name }).collect(),
        agencies: deciding,
        cases,
        roles,
        components,
    };
    if mistakes.len() == before {
        unused(file, &procedure, mistakes);
    }
    (mistakes.len() == before).then_some(procedure)
}

/// The keys by which rules name the components of a procedure, in their order.
pub(crate) fn component_keys(procedure: &str, components: &[RawComponent]) -> Vec<String> {
    let times = |code: &str| components.iter().filter(|component| component.code == code).count();
    let key = |(index, component): (usize, &RawComponent)| {
        if component.code.is_empty() || times(&component.code) > 1 {
            format!("{procedure}#{}", index + 1)
        } else {
            component.code.clone()
        }
    };
    components.iter().enumerate().map(key).collect()
}

fn cases(file: &str, raw: Vec<toml::Table>, mistakes: &mut Mistakes) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for raw in tables::<RawCase>(file, "case", "id", raw, mistakes) {
        let Some(id) = CaseId::parse(&raw.id) else {
            mistakes.push(file, &raw.id, Problem::invalid(&raw.id, "a case name"));
            continue;
        };
        if cases.iter().any(|case| case.id == id) {
            mistakes.push(file, &raw.id, Problem::Duplicate { what: "case", name: raw.id.clone() });
        }
        cases.push(Case { id, name_vi: raw.name_vi, name_en: raw.name_en });
    }
    // A procedure without variants has the one case.
    if let (true, Some(id)) = (cases.is_empty(), CaseId::parse("default")) {
        cases.push(Case {
            id, name_vi: "Trường hợp chung".to_owned(), name_en: "General case".to_owned()
        });
    }
    cases
}

fn roles(file: &str, raw: Vec<toml::Table>, mistakes: &mut Mistakes) -> Vec<RoleSpec> {
    let raw = tables::<RawRole>(file, "role", "id", raw, mistakes);
    let kinds: BTreeMap<String, SubjectKind> = raw.iter().map(|role| (role.id.clone(), role.kind)).collect();
    let mut roles: Vec<RoleSpec> = Vec::new();
    for raw in raw {
        if roles.iter().any(|role| role.id == *raw.id) {
            mistakes.push(file, &raw.id, Problem::Duplicate { what: "role", name: raw.id.clone() });
        }
        roles.extend(role(file, raw, &kinds, mistakes));
    }
    if !roles.iter().any(|role| role.id == RoleId::APPLICANT && role.kind == SubjectKind::Person) {
        mistakes.push(file, "role", Problem::KeyNeeded("applicant"));
    }
    roles
}

fn role(
    file: &str,
    raw: RawRole,
    kinds: &BTreeMap<String, SubjectKind>,
    mistakes: &mut Mistakes,
) -> Option<RoleSpec> {
    let before = mistakes.len();
    let id = RoleId::parse(&raw.id);
    if id.is_none() {
        mistakes.push(file, &raw.id, Problem::invalid(&raw.id, "a role name"));
    }
    let person = raw.kind == SubjectKind::Person;
    if raw.family_of_applicant && !person {
        mistakes.push(file, &raw.id, Problem::Contradiction("only a person is family of the applicant"));
    }
    if raw.link_required && person {
        mistakes.push(
            file,
            &raw.id,
            Problem::Contradiction("`link_required` is for subjects that are no persons"),
        );
    }
    let how = match (raw.how, raw.of, raw.link) {
        (RawHow::Named, None, None) => Some(How::Named),
        (RawHow::Named, of, _) => {
            let name = if of.is_some() { "of" } else { "link" };
            mistakes.push(file, &raw.id, Problem::KeyMeaningless(name));
            None
        }
        (RawHow::Linked, Some(of), Some(link)) => {
            let kind = kinds.get(&of);
            if kind.is_none() {
                mistakes.push(file, &raw.id, Problem::unknown("role", &of, kinds.keys().map(String::as_str)));
            }
            if kind.is_some_and(|kind| RoleSpec::link_fields(link, *kind).is_empty())
                || !person
                || of == raw.id
            {
                mistakes.push(file, &raw.id, Problem::Contradiction("no registry answer shows that link"));
            }
            RoleId::parse(&of).map(|of| How::Linked { of, link })
        }
        (RawHow::Linked, of, _) => {
            let name = if of.is_some() { "link" } else { "of" };
            mistakes.push(file, &raw.id, Problem::KeyNeeded(name));
            None
        }
    };
    let other_than = raw.other_than.and_then(|other| {
        let kind = kinds.get(&other);
        if kind.is_none() {
            mistakes.push(file, &raw.id, Problem::unknown("role", &other, kinds.keys().map(String::as_str)));
        } else if other == raw.id || kind != Some(&raw.kind) {
            mistakes.push(
                file,
                &raw.id,
                Problem::Contradiction("`other_than` is another role of the same kind"),
            );
        }
        RoleId::parse(&other)
    });
    let spec = RoleSpec {
        id: id?,
        kind: raw.kind,
        how: how?,
        other_than,
        family_of_applicant: raw.family_of_applicant,
        link_required: raw.link_required,
        name_vi: raw.name_vi,
        name_en: raw.name_en,
    };
    (mistakes.len() == before).then_some(spec)
}

fn components(
    scope: &Scope<'_>,
    procedure: &str,
    data: Vec<RawComponent>,
    raw_rules: Vec<RawRule>,
    complete: bool,
    mistakes: &mut Mistakes,
) -> Vec<Component> {
    let keys = component_keys(procedure, &data);
    let mut rules: BTreeMap<String, RawRule> = BTreeMap::new();
    for raw in raw_rules {
        if !keys.contains(&raw.key) {
            let nearest = match Problem::unknown("component", &raw.key, keys.iter().map(String::as_str)) {
                Problem::Unknown { nearest, .. } => nearest,
                _ => None,
            };
            mistakes.push(scope.file, &raw.key, Problem::RuleWithoutComponent { nearest });
        } else if let Some(first) = rules.insert(raw.key.clone(), raw) {
            mistakes.push(
                scope.file,
                &first.key,
                Problem::Duplicate { what: "rule", name: first.key.clone() },
            );
        }
    }
    let mut components = Vec::with_capacity(data.len());
    for (index, (data, key)) in data.into_iter().zip(keys).enumerate() {
        let Some(raw) = rules.remove(&key) else {
            // A rule that could not be read is told already.
            if complete {
                mistakes.push(scope.file, &key, Problem::ComponentWithoutRule);
            }
            continue;
        };
        let Ok(typed) = ComponentCode::parse(&key) else {
            mistakes.push(scope.file, &key, Problem::invalid(&key, "a component code"));
            continue;
        };
        let compiled = rule(scope, raw, &data, mistakes);
        components.extend(compiled.map(|rule| component(typed, index + 1, data, rule)));
    }
    components
}

fn component(key: ComponentCode, position: usize, data: RawComponent, rule: Rule) -> Component {
    let RawComponent { code, name, required, originals, copies, has_eform, replaced_by: _ } = data;
    Component { key, code, position, name, required, originals, copies, has_eform, rule }
}

fn deciding_agencies(
    file: &str,
    names: &[String],
    known: &Agencies,
    mistakes: &mut Mistakes,
) -> Vec<AgencyCode> {
    let mut deciding = Vec::with_capacity(names.len());
    for name in names {
        // Without any, the file that lists them is told already.
        let known_or_none = |code: &AgencyCode| known.contains_key(code) || known.is_empty();
        match AgencyCode::parse(name).ok().filter(known_or_none) {
            Some(code) => deciding.push(code),
            None => mistakes.push(file, "agencies", Problem::unknown("agency", name, [])),
        }
    }
    deciding
}

/// What a procedure registers, by role and dataset.
type Registered = BTreeMap<(RoleId, Dataset), FieldSet>;

fn add(registered: &mut Registered, role: &RoleId, dataset: Dataset, fields: FieldSet) {
    let set = registered.entry((role.clone(), dataset)).or_default();
    *set = set.union(fields);
}

/// The union of what the rules, the forms' blanks and the links ask.
fn registered(components: &[Component], roles: &[RoleSpec]) -> Registered {
    let mut registered = Registered::new();
    let mut used: BTreeSet<&RoleId> = BTreeSet::new();
    for component in components {
        used.extend(component.roles());
        match &component.rule.decide {
            Decide::Lookup(lookup) => {
                for role in &lookup.roles {
                    add(&mut registered, role, lookup.dataset, lookup.fields);
                }
            }
            Decide::Form(form) => {
                for (_, datum) in form.registry_blanks() {
                    add(&mut registered, &datum.role, datum.dataset, FieldSet::EMPTY.with(datum.field));
                }
            }
            Decide::Vault | Decide::NotConnected | Decide::Paper => {}
        }
    }
    // A linked role that is asked about is found by reading its link.
    for role in roles.iter().filter(|role| used.contains(&role.id)) {
        let How::Linked { of, link } = &role.how else { continue };
        let Some(of) = roles.iter().find(|candidate| candidate.id == *of) else { continue };
        let fields = RoleSpec::link_fields(*link, of.kind);
        let fields = fields.iter().filter_map(|(dataset, field)| dataset.field(field));
        let known = |field: FieldId| {
            registered.get(&(of.id.clone(), field.dataset())).is_some_and(|set| set.contains(field))
        };
        if fields.clone().any(known) {
            continue;
        }
        for field in fields.take(1) {
            add(&mut registered, &of.id, field.dataset(), FieldSet::EMPTY.with(field));
        }
    }
    registered
}

/// Roles and cases that nothing uses.
fn unused(file: &str, procedure: &Procedure, mistakes: &mut Mistakes) {
    let asked = |role: &RoleSpec| {
        procedure.cases.iter().any(|case| procedure.roles_in(&case.id).iter().any(|r| r.id == role.id))
    };
    // A linked role may also stand only for the people whom an answer that is
    // asked anyway names: the members of a household, the owners of a parcel.
    let named_by_answer = |role: &RoleSpec| {
        let How::Linked { of, link } = &role.how else { return false };
        let Some(of) = procedure.role(of.as_str()) else { return false };
        let fields = RoleSpec::link_fields(*link, of.kind).iter();
        let mut fields = fields.filter_map(|(dataset, field)| dataset.field(field));
        fields.any(|field| procedure.registered(&of.id, field.dataset()).contains(field))
    };
    // Somebody who owns or represents what is asked about ties it to the dossier.
    let ties = procedure.roles.iter().any(|role| role.link_required);
    let may_tie = |role: &RoleSpec| ties && role.kind == SubjectKind::Person && role.how == How::Named;
    for role in &procedure.roles {
        if !asked(role) && !named_by_answer(role) && !may_tie(role) {
            mistakes.push(file, role.id.as_str(), Problem::Unused("the role"));
        }
    }
    for case in &procedure.cases {
        if procedure.components_in(&case.id).next().is_none() {
            mistakes.push(file, case.id.as_str(), Problem::Unused("the case"));
        }
    }
}
