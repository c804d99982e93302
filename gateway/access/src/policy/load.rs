//! Reading and judging a policy set: schema, strict validation, an id for every
//! policy and a reason for every prohibition.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{
    Authorizer, Effect, Entities, Entity, Policy, PolicyId, PolicySet, RestrictedExpression, Schema,
    ValidationMode, Validator,
};
use motlan_domain::Reason;

use super::facts::uid;
use super::memo::Memo;
use super::{Policies, sha256_hex};
use crate::caller::CallerEntry;
use crate::error::Mistakes;

/// The schema's file.
const SCHEMA: &str = "motlan.cedarschema";

/// File name to text.
pub(super) type Files = BTreeMap<String, String>;

/// The reason each prohibition gives.
pub(super) type Reasons = HashMap<String, Reason>;

macro_rules! embed {
    ($( $name:literal ),* $(,)?) => {
        &[ $( ($name, include_str!(concat!("../../../../deploy/policies/", $name))) ),* ]
    };
}

/// `deploy/policies` as it was at compile time.
const EMBEDDED: &[(&str, &str)] = embed![
    "motlan.cedarschema",
    "actor.cedar",
    "agency.cedar",
    "auditor.cedar",
    "catalogue.cedar",
    "citizen.cedar",
    "department.cedar",
    "evidence.cedar",
    "fields.cedar",
    "one_stop.cedar",
    "portal.cedar",
    "purpose.cedar",
    "verifier.cedar",
];

pub(super) fn embedded() -> Files {
    EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Reads a folder; files of other kinds are mistakes.
pub(super) fn read(dir: &Path, mistakes: &mut Mistakes) -> Option<Files> {
    let place = dir.display().to_string();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            mistakes.push(place, format!("cannot be read: {}", error.kind()));
            return None;
        }
    };
    let mut files = Files::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = Path::new(&name);
        let policy = path.extension().is_some_and(|extension| extension == "cedar") || name == SCHEMA;
        match std::fs::read_to_string(entry.path()) {
            Ok(text) if policy => drop(files.insert(name, text)),
            Ok(_) if path.extension().is_some_and(|extension| extension == "md") => {}
            Ok(_) => mistakes.push(&place, format!("`{name}` does not belong here")),
            Err(error) => mistakes.push(&place, format!("`{name}` cannot be read: {}", error.kind())),
        }
    }
    Some(files)
}

/// Judges the files and makes the set.
pub(super) fn compile(files: &Files, callers: &[CallerEntry], mistakes: &mut Mistakes) -> Option<Policies> {
    let Some(schema) = files.get(SCHEMA) else {
        mistakes.push("policies", format!("{SCHEMA} is missing"));
        return None;
    };
    let schema = match Schema::from_cedarschema_str(schema) {
        Ok((schema, warnings)) => {
            warnings.for_each(|warning| mistakes.push(SCHEMA, warning.to_string()));
            schema
        }
        Err(error) => {
            mistakes.push(SCHEMA, error.to_string());
            return None;
        }
    };
    let mut set = PolicySet::new();
    let mut reasons = Reasons::new();
    for (name, text) in files.iter().filter(|(name, _)| *name != SCHEMA) {
        match PolicySet::from_str(text) {
            Ok(parsed) => {
                if parsed.templates().next().is_some() {
                    mistakes.push(name, "templates are not used here");
                }
                if parsed.policies().next().is_none() {
                    mistakes.push(name, "holds no policy");
                }
                parsed.policies().for_each(|policy| add(&mut set, &mut reasons, name, policy, mistakes));
            }
            Err(error) => mistakes.push(name, error.to_string()),
        }
    }
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    for error in result.validation_errors() {
        mistakes.push(format!("policy {}", error.policy_id()), error.to_string());
    }
    for warning in result.validation_warnings() {
        mistakes.push(format!("policy {}", warning.policy_id()), warning.to_string());
    }
    let entities = entities(callers, &schema).map_err(|error| mistakes.push("callers", error)).ok()?;
    let digest = Arc::from(sha256_hex(&canonical(files)));
    Some(Policies {
        schema,
        set,
        entities,
        authorizer: Authorizer::new(),
        memo: Memo::default(),
        reasons,
        digest,
    })
}

/// Puts one policy into the set under its own id.
fn add(set: &mut PolicySet, reasons: &mut Reasons, file: &str, policy: &Policy, mistakes: &mut Mistakes) {
    let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()).map(str::to_owned) else {
        mistakes.push(file, format!("{} has no @id", policy.id()));
        return;
    };
    let place = format!("{file}: {id}");
    match (policy.effect(), policy.annotation("reason").map(Reason::from_code)) {
        (Effect::Forbid, Some(Some(reason))) => drop(reasons.insert(id.clone(), reason)),
        (Effect::Forbid, Some(None)) => mistakes.push(&place, "@reason is no reason code"),
        (Effect::Forbid, None) => mistakes.push(&place, "a prohibition needs a @reason"),
        (Effect::Permit, Some(_)) => mistakes.push(&place, "@reason means nothing on a permission"),
        (Effect::Permit, None) => {}
    }
    if set.add(policy.new_id(PolicyId::new(&id))).is_err() {
        mistakes.push(place, "the @id stands twice");
    }
}

/// The calling systems as principals.
fn entities(callers: &[CallerEntry], schema: &Schema) -> Result<Entities, String> {
    let mut systems = Vec::with_capacity(callers.len());
    for caller in callers {
        let mut attributes = HashMap::from([
            ("role".to_owned(), RestrictedExpression::new_string(caller.role.as_str().to_owned())),
            ("agency".to_owned(), RestrictedExpression::new_string(caller.agency.as_str().to_owned())),
        ]);
        if let Some(commune) = &caller.commune {
            attributes.insert("commune".to_owned(), RestrictedExpression::new_string(commune.clone()));
        }
        let system = Entity::new(uid("System", &caller.id)?, attributes, HashSet::new());
        systems.push(system.map_err(|error| error.to_string())?);
    }
    Entities::from_entities(systems, Some(schema)).map_err(|error| error.to_string())
}

/// What the digest is taken over: names and texts with their lengths.
fn canonical(files: &Files) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in files {
        out.extend_from_slice(format!("{} {}\n{name}{text}", name.len(), text.len()).as_bytes());
    }
    out
}
