//! `[access]`: callers, issuers of tokens, signers of receipts, officers,
//! policies.

use std::collections::BTreeSet;

use motlan_access::{
    Access, AccessConfig, CallerConfig, CallerRole, EvidenceConfig, IssuerConfig, SyntheticIds, TokenKind,
};
use motlan_catalogue::Catalogue;
use motlan_domain::Clock;

use super::Mode;
use super::places::Places;
use super::reader::{Mistake, Section, nearest};

const TOKEN_KINDS: [(&str, TokenKind); 2] =
    [("officer", TokenKind::Officer), ("citizen", TokenKind::Citizen)];

/// The section as far as it could be read.
pub(super) struct ReadAccess {
    /// All of it, in order; where a value could not be read, one that nothing
    /// else is judged by.
    config: AccessConfig,
    /// Whether nothing had to be stood in for.
    whole: bool,
}

/// A table of the section, and whether all of it could be read.
struct Read<T> {
    value: T,
    whole: bool,
}

// === impl ReadAccess ===

impl ReadAccess {
    /// The section, where all of it could be read.
    pub(super) fn whole(self) -> Option<AccessConfig> {
        self.whole.then_some(self.config)
    }
}

pub(super) fn read(section: &Section<'_>, mode: Option<Mode>) -> ReadAccess {
    let callers: Vec<_> = section.sections("callers").iter().map(caller).collect();
    if callers.is_empty() {
        section.mistake("callers", "no caller is configured: nobody could call");
    }
    let issuers: Vec<_> = section.sections("issuers").iter().map(issuer).collect();
    let ids: Vec<&str> = callers.iter().map(|read| read.value.id.as_str()).collect();
    let evidence: Vec<_> = section.sections("evidence").iter().map(|section| signer(section, &ids)).collect();
    let directory = section.file("directory");
    let policy_dir = section.folder_or_none("policy_dir");
    let by_mode = if mode == Some(Mode::Sandbox) { SyntheticIds::Allowed } else { SyntheticIds::Refused };
    let names = [("refused", SyntheticIds::Refused), ("allowed", SyntheticIds::Allowed)];
    let synthetic_ids = section.one_of_or("synthetic_ids", &names, by_mode).filter(|_| mode.is_some());
    if mode == Some(Mode::Production) && synthetic_ids == Some(SyntheticIds::Allowed) {
        section.mistake("synthetic_ids", "must be refused in production: sandbox identities never enter");
    }
    let whole = !callers.is_empty()
        && callers.iter().all(|read| read.whole)
        && issuers.iter().all(|read| read.whole)
        && evidence.iter().all(|read| read.whole)
        && directory.is_some()
        && (policy_dir.is_some() || !section.has("policy_dir"))
        && synthetic_ids.is_some();
    let callers: Vec<CallerConfig> = callers.into_iter().map(|read| read.value).collect();
    ReadAccess {
        config: AccessConfig {
            callers,
            issuers: issuers.into_iter().map(|read| read.value).collect(),
            evidence: evidence.into_iter().map(|read| read.value).collect(),
            directory: directory.unwrap_or_default(),
            policy_dir,
            // Only a check sees the second: without a rule no identity is
            // called a mistake.
            synthetic_ids: synthetic_ids.unwrap_or(SyntheticIds::Allowed),
        },
        whole,
    }
}

fn caller(section: &Section<'_>) -> Read<CallerConfig> {
    let roles = [
        CallerRole::Portal,
        CallerRole::OneStop,
        CallerRole::Department,
        CallerRole::Verifier,
        CallerRole::Auditor,
    ];
    let id = section.text("id");
    let agency = section.text("agency");
    let role = section.one_of("role", &roles.map(|role| (role.as_str(), role)));
    let commune = section.text_or_none("commune");
    let tokens: Vec<_> =
        section.texts("tokens").iter().map(|name| token_kind(section, "tokens", name)).collect();
    let known = tokens.iter().all(Option::is_some);
    let tokens: Vec<TokenKind> = tokens.into_iter().flatten().collect();
    if role == Some(CallerRole::Auditor) && known && !tokens.contains(&TokenKind::Officer) {
        section.mistake("tokens", "an auditor needs `officer`: the log is read by a named officer only");
    }
    let whole = id.is_some() && agency.is_some() && role.is_some() && known;
    Read {
        whole: whole && (commune.is_some() || !section.has("commune")),
        value: CallerConfig {
            id: id.unwrap_or_default(),
            agency: agency.unwrap_or_default(),
            // A role that may present any token.
            role: role.unwrap_or(CallerRole::OneStop),
            commune,
            tokens,
        },
    }
}

fn issuer(section: &Section<'_>) -> Read<IssuerConfig> {
    let id = section.text("id");
    let kind = section.one_of("kind", &TOKEN_KINDS);
    let jwks_file = section.file("jwks_file");
    let audience = section.text("audience");
    section.know("agencies");
    let agencies = section.has("agencies").then(|| section.texts("agencies"));
    Read {
        whole: id.is_some() && kind.is_some() && jwks_file.is_some() && audience.is_some(),
        value: IssuerConfig {
            id: id.unwrap_or_default(),
            // The kind that may speak for agencies.
            kind: kind.unwrap_or(TokenKind::Officer),
            jwks_file: jwks_file.unwrap_or_default(),
            audience: audience.unwrap_or_default(),
            agencies,
        },
    }
}

/// A signer; `callers` are the names there are, empty where one could not be
/// read.
fn signer(section: &Section<'_>, callers: &[&str]) -> Read<EvidenceConfig> {
    let id = section.text("id");
    let jwks_file = section.file("jwks_file");
    let mut systems = section.texts("systems");
    if systems.is_empty() {
        section.mistake("systems", "names no caller whose receipts are accepted");
    }
    let unknown: Vec<String> = systems.extract_if(.., |id| !callers.contains(&id.as_str())).collect();
    // One that may be the caller whose name could not be read is not called unknown.
    for system in unknown.iter().filter(|_| !callers.contains(&"")) {
        let near = nearest(system, callers.iter().copied());
        let near = near.map(|near| format!("; nearest known: {near}")).unwrap_or_default();
        section.mistake("systems", format!("there is no caller `{system}`{near}"));
    }
    Read {
        whole: id.is_some() && jwks_file.is_some(),
        value: EvidenceConfig {
            id: id.unwrap_or_default(),
            jwks_file: jwks_file.unwrap_or_default(),
            systems,
        },
    }
}

fn token_kind(section: &Section<'_>, key: &'static str, name: &str) -> Option<TokenKind> {
    let found = TOKEN_KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    if found.is_none() {
        let near = nearest(name, TOKEN_KINDS.map(|(known, _)| known)).unwrap_or_default();
        section.mistake(key, format!("`{name}` is no kind of token; nearest: {near}"));
    }
    found
}

/// What access itself finds wrong: names, keys, officers, policies, agencies.
/// `told` are the keys of which a mistake is known already: what stands in for
/// their values is not judged.
pub(super) fn mistakes(
    read: &ReadAccess,
    places: &Places,
    told: &BTreeSet<String>,
    catalogue: Option<&Catalogue>,
    clock: &dyn Clock,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for error in Access::check(&read.config, catalogue, clock) {
        let key = key_of(&error.place);
        let stood_in = told.contains(&key) && !is_list(&key);
        let no_table = key.find(']').is_some_and(|end| told.contains(&key[..=end]));
        if stood_in || no_table {
            continue;
        }
        let one_line = error.problem.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        // A policy, or its file, is no key: it stands in the folder that has one.
        let named = key.ends_with(&error.place);
        let problem = if named { one_line } else { format!("{}: {one_line}", error.place) };
        mistakes.push(places.mistake(&key, problem));
    }
    mistakes
}

/// The key of the file that a place of the section is.
fn key_of(place: &str) -> String {
    let is_key = ["callers", "issuers", "evidence", "directory"]
        .iter()
        .any(|key| place.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('[')));
    if is_key { format!("access.{place}") } else { "access.policy_dir".to_owned() }
}

/// Whether several mistakes may stand at one key: each names its item.
fn is_list(key: &str) -> bool {
    ["systems", "tokens", "agencies"].iter().any(|name| key.ends_with(&format!(".{name}")))
}
