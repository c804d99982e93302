//! One rule against its component, its procedure's roles and cases.

use std::collections::BTreeSet;

use motlan_domain::dataset::{Dataset, FieldSet, Registry};

use crate::compile::{Forms, askable, dataset, field_set};
use crate::error::{Mistakes, Problem};
use crate::key::{CaseId, RoleId};
use crate::procedure::{Case, RoleSpec};
use crate::raw::{RawAccept, RawComponent, RawDecide, RawMode, RawRule, RawSource};
use crate::rule::{Accept, Basis, Decide, Lookup, Mode, Rule};

/// What a rule may refer to.
pub(super) struct Scope<'a> {
    pub(super) file: &'a str,
    pub(super) cases: &'a [Case],
    pub(super) roles: &'a [RoleSpec],
    /// Names of roles that stand in the file but are wrong in themselves: a rule
    /// that refers to one is not told as well.
    pub(super) wrong_roles: &'a [String],
    pub(super) forms: &'a Forms,
}

/// The rule, or `None` with its mistakes noted.
pub(super) fn rule(
    scope: &Scope<'_>,
    raw: RawRule,
    component: &RawComponent,
    mistakes: &mut Mistakes,
) -> Option<Rule> {
    let before = mistakes.len();
    let all = scope.cases.iter().map(|case| case.id.clone()).collect();
    let cases = named_cases(scope, &raw.key, "cases", raw.cases.as_deref(), all, mistakes);
    let paper_in = named_cases(scope, &raw.key, "paper_in", raw.paper_in.as_deref(), Vec::new(), mistakes);
    if let Some(case) = paper_in.iter().find(|case| !cases.contains(case)) {
        mistakes.push(scope.file, &raw.key, Problem::unknown("case", case.as_str(), []));
    }
    meaningless_keys(scope, &raw, mistakes);
    let decide = match raw.decide {
        RawDecide::Lookup => lookup(scope, &raw, mistakes).map(Decide::Lookup),
        RawDecide::Form => form(scope, &raw, mistakes),
        RawDecide::Vault => Some(Decide::Vault),
        RawDecide::NotConnected => Some(Decide::NotConnected),
        RawDecide::Paper => Some(Decide::Paper),
    }?;
    agrees_with_data(scope, &raw, &decide, component, mistakes);
    let RawRule { basis, note, deviates, .. } = raw;
    (mistakes.len() == before).then_some(Rule { cases, paper_in, basis, note, deviates, decide })
}

/// The cases that a key lists, in the procedure's order; `absent` without it.
fn named_cases(
    scope: &Scope<'_>,
    rule: &str,
    key: &'static str,
    named: Option<&[String]>,
    absent: Vec<CaseId>,
    mistakes: &mut Mistakes,
) -> Vec<CaseId> {
    let known = || scope.cases.iter().map(|case| case.id.as_str());
    let Some(named) = named else { return absent };
    if named.is_empty() {
        mistakes.push(scope.file, rule, Problem::KeyNeeded(key));
    }
    for (index, name) in named.iter().enumerate() {
        if !known().any(|case| case == name) {
            mistakes.push(scope.file, rule, Problem::unknown("case", name, known()));
        }
        if named[..index].contains(name) {
            mistakes.push(scope.file, rule, Problem::Duplicate { what: "case", name: name.clone() });
        }
    }
    let in_order = scope.cases.iter().filter(|case| named.iter().any(|name| case.id == **name));
    in_order.map(|case| case.id.clone()).collect()
}

fn meaningless_keys(scope: &Scope<'_>, raw: &RawRule, mistakes: &mut Mistakes) {
    let lookup_keys = [
        ("paper_in", raw.paper_in.is_some()),
        ("roles", raw.roles.is_some()),
        ("dataset", raw.dataset.is_some()),
        ("fields", raw.fields.is_some()),
        ("accept", raw.accept.is_some()),
        ("mode", raw.mode.is_some()),
        ("original_required", raw.original_required.is_some()),
    ];
    let not_lookup = lookup_keys.into_iter().filter(|_| raw.decide != RawDecide::Lookup);
    let not_form = [("form", raw.form.is_some())].into_iter().filter(|_| raw.decide != RawDecide::Form);
    for (name, _) in not_lookup.chain(not_form).filter(|(_, given)| *given) {
        mistakes.push(scope.file, &raw.key, Problem::KeyMeaningless(name));
    }
}

fn form(scope: &Scope<'_>, raw: &RawRule, mistakes: &mut Mistakes) -> Option<Decide> {
    let Some(id) = &raw.form else {
        mistakes.push(scope.file, &raw.key, Problem::KeyNeeded("form"));
        return None;
    };
    let Some(form) = scope.forms.get(id) else {
        let known = scope.forms.keys().map(String::as_str);
        mistakes.push(scope.file, &raw.key, Problem::unknown("form", id, known));
        return None;
    };
    let mut asked: BTreeSet<_> =
        form.registry_blanks().map(|(_, datum)| (&datum.role, datum.dataset)).collect();
    // Rows are those of people, whatever is asked about them.
    asked.extend(
        form.registry_blanks().filter_map(|(_, datum)| Some((datum.in_role.as_ref()?, Dataset::Person))),
    );
    let known = |role: &RoleId| scope.roles.iter().any(|spec| spec.id == *role);
    let mut told = BTreeSet::new();
    for (role, dataset) in asked {
        // A role that several datasets are asked about is missed once.
        if known(role) || told.insert(role) {
            check_role(scope, &format!("{}, form {id}", raw.key), role.as_str(), dataset, mistakes);
        }
    }
    Some(Decide::Form(form.clone()))
}

fn lookup(scope: &Scope<'_>, raw: &RawRule, mistakes: &mut Mistakes) -> Option<Lookup> {
    let before = mistakes.len();
    let needed = [
        ("roles", raw.roles.is_none()),
        ("dataset", raw.dataset.is_none()),
        ("fields", raw.fields.is_none()),
        ("accept", raw.accept.is_none()),
        ("mode", raw.mode.is_none()),
    ];
    for (name, _) in needed.into_iter().filter(|(_, absent)| *absent) {
        mistakes.push(scope.file, &raw.key, Problem::KeyNeeded(name));
    }
    let dataset = dataset(scope.file, &raw.key, raw.dataset.as_ref()?, mistakes)?;
    let names = raw.roles.as_ref()?;
    if names.is_empty() {
        mistakes.push(scope.file, &raw.key, Problem::KeyNeeded("roles"));
    }
    let roles: Vec<RoleId> =
        names.iter().filter_map(|name| check_role(scope, &raw.key, name, dataset, mistakes)).collect();
    if !others(scope, &roles) {
        mistakes.push(scope.file, &raw.key, Problem::Contradiction(NOT_APART));
    }
    let listed = field_set(scope.file, &raw.key, dataset, raw.fields.as_ref()?, mistakes);
    let accept = accept(scope, raw, dataset, listed, mistakes)?;
    let fields = accept.iter().filter_map(|accept| accept.needs(dataset)).fold(listed, FieldSet::union);
    if raw.mode == Some(Mode::PrefillOnly) {
        mistakes.push(
            scope.file,
            &raw.key,
            Problem::Contradiction("a lookup is FULL or COPY_ONLY; only a form prefills"),
        );
    }
    let (mode, original_required) = (raw.mode?, raw.original_required.unwrap_or(false));
    let lookup = Lookup { roles, dataset, fields, accept, mode, original_required };
    (mistakes.len() == before).then_some(lookup)
}

const NOT_APART: &str =
    "of two roles of one rule each is another person: one of them says so by `other_than`";

/// Whether any two of the roles are apart by what the file says of them.
fn others(scope: &Scope<'_>, roles: &[RoleId]) -> bool {
    let apart = |one: &RoleId, other: &RoleId| {
        let spec = scope.roles.iter().find(|spec| spec.id == *one);
        spec.is_some_and(|spec| spec.other_than.as_ref() == Some(other))
    };
    let mut pairs = roles.iter().enumerate().flat_map(|(at, one)| roles[..at].iter().map(move |r| (one, r)));
    pairs.all(|(one, other)| apart(one, other) || apart(other, one))
}

/// The role, if the procedure has it and the dataset can be asked about it.
fn check_role(
    scope: &Scope<'_>,
    key: &str,
    name: &str,
    dataset: Dataset,
    mistakes: &mut Mistakes,
) -> Option<RoleId> {
    let Some(role) = scope.roles.iter().find(|role| role.id == *name) else {
        if !scope.wrong_roles.iter().any(|wrong| wrong == name) {
            let known = scope.roles.iter().map(|role| role.id.as_str());
            mistakes.push(scope.file, key, Problem::unknown("role", name, known));
        }
        return None;
    };
    if !askable(role.kind, dataset) {
        let problem =
            Problem::RoleKind { role: name.to_owned(), kind: role.kind.as_str(), dataset: dataset.as_str() };
        mistakes.push(scope.file, key, problem);
    }
    Some(role.id.clone())
}

fn accept(
    scope: &Scope<'_>,
    raw: &RawRule,
    dataset: Dataset,
    listed: FieldSet,
    mistakes: &mut Mistakes,
) -> Option<Vec<Accept>> {
    let conditions = raw.accept.as_ref()?;
    if conditions.is_empty() {
        // Else an empty record would replace a paper.
        mistakes.push(scope.file, &raw.key, Problem::KeyNeeded("accept"));
    }
    let mut accept = Vec::with_capacity(conditions.len());
    for condition in conditions {
        let condition = match condition {
            RawAccept::CertificateInForce => Accept::CertificateInForce,
            RawAccept::HealthCardValid => Accept::HealthCardValid,
            RawAccept::EnterpriseExists => Accept::EnterpriseExists,
            RawAccept::EnterpriseActive => Accept::EnterpriseActive,
            RawAccept::HouseholdBusiness => Accept::HouseholdBusiness,
            RawAccept::ResidentialLand => Accept::ResidentialLand,
            RawAccept::PlaceMatches => Accept::PlaceMatches,
            RawAccept::OwnerInDossier => Accept::OwnerInDossier,
            RawAccept::ParticipationPresent => Accept::ParticipationPresent,
            RawAccept::Deceased => Accept::Deceased,
            RawAccept::MaritalStatusKnown => Accept::MaritalStatusKnown,
            RawAccept::MarriageEnded => Accept::MarriageEnded,
            RawAccept::OwnedBy(names) => {
                if names.is_empty() {
                    mistakes.push(scope.file, &raw.key, Problem::KeyNeeded("owned_by"));
                }
                let roles = names
                    .iter()
                    .filter_map(|name| check_role(scope, &raw.key, name, Dataset::Person, mistakes));
                Accept::OwnedBy(roles.collect())
            }
            RawAccept::FieldPresent(names) => {
                Accept::FieldPresent(field_set(scope.file, &raw.key, dataset, names, mistakes))
            }
            RawAccept::KinshipShown(name) => {
                let role = check_role(scope, &raw.key, name, Dataset::Person, mistakes)?;
                Accept::KinshipShown(role)
            }
        };
        if condition.needs(dataset).is_none() {
            let problem =
                Problem::AcceptMeaningless { accept: condition.as_str(), dataset: dataset.as_str() };
            mistakes.push(scope.file, &raw.key, problem);
        }
        if condition == Accept::PlaceMatches
            && dataset == Dataset::Person
            && listed.intersection(residences()).is_empty()
        {
            mistakes.push(
                scope.file,
                &raw.key,
                Problem::Contradiction("`place_matches` on a person needs a residence among `fields`"),
            );
        }
        accept.push(condition);
    }
    Some(accept)
}

/// The fields of a person that hold a residence.
fn residences() -> FieldSet {
    let names = ["permanent_residence", "temporary_residence", "current_residence"];
    Dataset::Person.field_set(names).unwrap_or_default()
}

/// Whether the rule asks what the procedure's data says can be asked, or says
/// why it does not.
fn agrees_with_data(
    scope: &Scope<'_>,
    raw: &RawRule,
    decide: &Decide,
    data: &RawComponent,
    mistakes: &mut Mistakes,
) {
    let replaced_by = &data.replaced_by;
    if (raw.basis == Basis::Stated) != replaced_by.stated_in_text {
        let problem = Problem::BasisDiffers { rule: raw.basis.as_str(), data: replaced_by.stated_in_text };
        mistakes.push(scope.file, &raw.key, problem);
    }
    let agrees = match (replaced_by.source, replaced_by.mode, decide) {
        (RawSource::None, RawMode::None, Decide::Paper)
        | (RawSource::Vault, RawMode::Full | RawMode::CopyOnly, Decide::Vault)
        | (RawSource::CivilStatus, RawMode::Full | RawMode::CopyOnly, Decide::NotConnected) => true,
        // Until civil status is connected, population's fields serve where they suffice.
        (RawSource::CivilStatus, mode, Decide::Lookup(lookup)) => {
            lookup.dataset.registry() == Registry::Population && same_mode(mode, lookup.mode)
        }
        (source, RawMode::PrefillOnly, Decide::Form(form)) => {
            form.registry_blanks().any(|(_, datum)| registry(source) == Some(datum.dataset.registry()))
        }
        (source, mode, Decide::Lookup(lookup)) => {
            registry(source) == Some(lookup.dataset.registry()) && same_mode(mode, lookup.mode)
        }
        _ => false,
    };
    match (agrees, &raw.deviates) {
        (false, None) => mistakes.push(
            scope.file,
            &raw.key,
            Problem::SourceDiffers {
                data: format!("{}/{}", replaced_by.source.as_str(), replaced_by.mode.as_str()),
                rule: describe(decide),
            },
        ),
        (true, Some(_)) => mistakes.push(scope.file, &raw.key, Problem::DeviationUnneeded),
        (true, None) | (false, Some(_)) => {}
    }
    if let Decide::Lookup(Lookup { mode: Mode::CopyOnly, original_required: false, .. }) = decide
        && data.originals > 0
        && raw.deviates.is_none()
    {
        mistakes.push(scope.file, &raw.key, Problem::OriginalDemanded);
    }
}

const fn registry(source: RawSource) -> Option<Registry> {
    match source {
        RawSource::Population => Some(Registry::Population),
        RawSource::Business => Some(Registry::Business),
        RawSource::Insurance => Some(Registry::Insurance),
        RawSource::Land => Some(Registry::Land),
        RawSource::CivilStatus | RawSource::Vault | RawSource::None => None,
    }
}

const fn same_mode(data: RawMode, rule: Mode) -> bool {
    matches!((data, rule), (RawMode::Full, Mode::Full) | (RawMode::CopyOnly, Mode::CopyOnly))
}

fn describe(decide: &Decide) -> String {
    match decide {
        Decide::Lookup(lookup) => format!("{}/{}", lookup.dataset.registry(), lookup.mode.as_str()),
        Decide::Form(form) => format!("form {}/PREFILL_ONLY", form.id),
        Decide::Vault => "vault".to_owned(),
        Decide::NotConnected => "not_connected".to_owned(),
        Decide::Paper => "paper".to_owned(),
    }
}
