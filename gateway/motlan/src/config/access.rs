//! `[access]`: callers, issuers of tokens, signers of receipts, officers,
//! policies.

use std::sync::Arc;

use motlan_access::{
    Access, AccessConfig, CallerConfig, CallerRole, EvidenceConfig, IssuerConfig, SyntheticIds, TokenKind,
};
use motlan_catalogue::{Catalogue, Purposes};
use motlan_domain::Clock;
use motlan_domain::id::{AgencyCode, Synthetic};
use motlan_dossier::{Register, RegisterKey, RegisterOptions};

use super::Mode;
use super::reader::{Mistake, Section, nearest};

const TOKEN_KINDS: [(&str, TokenKind); 2] =
    [("officer", TokenKind::Officer), ("citizen", TokenKind::Citizen)];

/// The section as far as it could be read.
pub(super) struct ReadAccess {
    /// Callers, issuers and signers that could be read.
    config: AccessConfig,
    /// Whether that is all of it.
    whole: bool,
    /// Whether the directory could be opened.
    directory: bool,
}

// === impl ReadAccess ===

impl ReadAccess {
    /// The section, where all of it could be read.
    pub(super) fn whole(self) -> Option<AccessConfig> {
        self.whole.then_some(self.config)
    }
}

pub(super) fn read(section: &Section<'_>, mode: Option<Mode>) -> ReadAccess {
    let (ids, callers): (Vec<_>, Vec<_>) = section.sections("callers").iter().map(caller).unzip();
    if callers.is_empty() {
        section.mistake("callers", "no caller is configured: nobody could call");
    }
    let issuers: Vec<_> = section.sections("issuers").iter().map(issuer).collect();
    let evidence: Vec<_> = section.sections("evidence").iter().map(signer).collect();
    let directory = section.file("directory");
    let policy_dir = section.folder_or_none("policy_dir");
    let by_mode = if mode == Some(Mode::Sandbox) { SyntheticIds::Allowed } else { SyntheticIds::Refused };
    let names = [("refused", SyntheticIds::Refused), ("allowed", SyntheticIds::Allowed)];
    let synthetic_ids = section.one_of_or("synthetic_ids", &names, by_mode).filter(|_| mode.is_some());
    if mode == Some(Mode::Production) && synthetic_ids == Some(SyntheticIds::Allowed) {
        section.mistake("synthetic_ids", "must be refused in production: sandbox identities never enter");
    }
    let whole = !callers.is_empty()
        && callers.iter().all(Option::is_some)
        && issuers.iter().all(Option::is_some)
        && evidence.iter().all(Option::is_some)
        && directory.is_some()
        && (policy_dir.is_some() || !section.has("policy_dir"))
        && synthetic_ids.is_some();
    let callers: Vec<CallerConfig> = callers.into_iter().flatten().collect();
    let mut evidence: Vec<EvidenceConfig> = evidence.into_iter().flatten().collect();
    // A signer's system is not called unknown where it may be a caller that
    // could not be read. With every caller read, this takes nothing away.
    let nobody = |system: &String| ids.iter().all(|id| id.as_ref().is_some_and(|id| id != system));
    for signer in &mut evidence {
        signer.systems.retain(|system| callers.iter().any(|caller| caller.id == *system) || nobody(system));
    }
    ReadAccess {
        directory: directory.is_some(),
        config: AccessConfig {
            callers,
            issuers: issuers.into_iter().flatten().collect(),
            evidence,
            directory: directory.unwrap_or_default(),
            policy_dir,
            // Only a check sees the second: without a rule no identity is
            // called a mistake.
            synthetic_ids: synthetic_ids.unwrap_or(SyntheticIds::Allowed),
        },
        whole,
    }
}

/// A caller, and its id even where the rest has a mistake.
fn caller(section: &Section<'_>) -> (Option<String>, Option<CallerConfig>) {
    let id = section.text("id");
    (id.clone(), caller_named(section, id))
}

fn caller_named(section: &Section<'_>, id: Option<String>) -> Option<CallerConfig> {
    let roles = [
        CallerRole::Portal,
        CallerRole::OneStop,
        CallerRole::Department,
        CallerRole::Verifier,
        CallerRole::Auditor,
    ];
    let agency = agency(section);
    let role = section.one_of("role", &roles.map(|role| (role.as_str(), role)));
    let commune = section.text_or_none("commune");
    let tokens: Vec<_> =
        section.texts("tokens").iter().map(|name| token_kind(section, "tokens", name)).collect();
    let tokens: Option<Vec<TokenKind>> = tokens.into_iter().collect();
    Some(CallerConfig { id: id?, agency: agency?, role: role?, commune, tokens: tokens? })
}

fn issuer(section: &Section<'_>) -> Option<IssuerConfig> {
    let id = section.text("id");
    let kind = section.one_of("kind", &TOKEN_KINDS);
    let jwks_file = section.file("jwks_file");
    let audience = section.text("audience");
    section.know("agencies");
    let agencies = section.has("agencies").then(|| section.texts("agencies"));
    Some(IssuerConfig { id: id?, kind: kind?, jwks_file: jwks_file?, audience: audience?, agencies })
}

fn signer(section: &Section<'_>) -> Option<EvidenceConfig> {
    let id = section.text("id");
    let jwks_file = section.file("jwks_file");
    let systems = section.texts("systems");
    if systems.is_empty() {
        section.mistake("systems", "names no caller whose receipts are accepted");
    }
    Some(EvidenceConfig { id: id?, jwks_file: jwks_file?, systems })
}

fn agency(section: &Section<'_>) -> Option<String> {
    section.parsed("agency", |text| {
        let parsed = AgencyCode::parse(text).map(|_| text.to_owned());
        parsed.map_err(|error| format!("is no agency code: {}", error.reason()))
    })
}

fn token_kind(section: &Section<'_>, key: &'static str, name: &str) -> Option<TokenKind> {
    let found = TOKEN_KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    if found.is_none() {
        let near = nearest(name, TOKEN_KINDS.map(|(known, _)| known)).unwrap_or_default();
        section.mistake(key, format!("`{name}` is no kind of token; nearest: {near}"));
    }
    found
}

/// What access itself finds wrong: keys, officers, policies, agencies. It is
/// loaded over a register of its own in a temporary folder, so that nothing of
/// the configured state is touched.
pub(super) fn mistakes(
    read: &ReadAccess,
    synthetic: Synthetic,
    catalogue: &Catalogue,
    purposes: &Purposes,
    clock: &Arc<dyn Clock>,
) -> Vec<Mistake> {
    let told = |key: &str, problem: String| Mistake { line: 0, key: key.to_owned(), problem };
    let mut config = read.config.clone();
    let mut scratch = || -> anyhow::Result<_> {
        let folder = tempfile::tempdir()?;
        if !read.directory {
            // Its absence is told already: one that names nobody stands in.
            config.directory = folder.path().join("officers.toml");
            std::fs::write(&config.directory, "officers = []\n")?;
        }
        let key = RegisterKey::new([0; 32]);
        let options = RegisterOptions::new(folder.path().join("check.db"), key, synthetic);
        Ok((Register::open(options, Arc::clone(clock))?, folder))
    };
    let (register, _folder) = match scratch() {
        Ok(opened) => opened,
        Err(error) => return vec![told("", format!("the access section cannot be checked here: {error:#}"))],
    };
    let loaded = Access::load(config, catalogue.clone(), purposes.clone(), register, Arc::clone(clock));
    let Err(errors) = loaded else { return Vec::new() };
    // Where callers are left out, neither their number nor their count from the
    // first is that of the file.
    let errors = errors
        .errors()
        .iter()
        .filter(|error| read.whole || error.place != "callers" && !error.place.starts_with("callers["));
    errors.map(|error| told("access", error.to_string())).collect()
}
