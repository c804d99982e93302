//! The section of the configuration that says who may call.

use std::path::{Path, PathBuf};

use motlan_domain::id::Synthetic;
use serde::Deserialize;

use crate::identity::{CallerRole, TokenKind};

/// The `[access]` section as written. Judged by [`crate::Access::load`], which
/// tells every mistake at once. Relative paths are relative to the
/// configuration file: see [`rebase`](Self::rebase).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// The systems that may call.
    pub callers: Vec<CallerConfig>,
    /// Who issues tokens.
    #[serde(default)]
    pub issuers: Vec<IssuerConfig>,
    /// Who signs evidence of openings.
    #[serde(default)]
    pub evidence: Vec<EvidenceConfig>,
    /// The officer directory: a TOML file, `officers = [{ account, agency,
    /// personal_id, responsible }]`.
    pub directory: PathBuf,
    /// Folder with `motlan.cedarschema` and `*.cedar`; without it the policies
    /// compiled in hold.
    pub policy_dir: Option<PathBuf>,
    /// Whether sandbox identities (prefix 097–099) may be spoken of.
    #[serde(default)]
    pub synthetic_ids: SyntheticIds,
}

/// One calling system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerConfig {
    /// Its id: lower-case letters, digits, hyphens; in its certificate the SAN
    /// URI `urn:motlan:system:<id>`.
    pub id: String,
    /// Its agency's code.
    pub agency: String,
    /// What it is for.
    pub role: CallerRole,
    /// The commune it serves, if one.
    pub commune: Option<String>,
    /// Whose tokens it may present.
    #[serde(default)]
    pub tokens: Vec<TokenKind>,
}

/// One issuer of tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its name, the `iss` claim.
    pub id: String,
    /// Whom its tokens name.
    pub kind: TokenKind,
    /// Its public keys, a JWK set in a file.
    pub jwks_file: PathBuf,
    /// The `aud` claim its tokens must carry: this gateway's name.
    pub audience: String,
    /// For officer tokens: the agencies it may speak for; absent means all.
    pub agencies: Option<Vec<String>>,
}

/// One signer of acceptance receipts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Its name, the `iss` claim.
    pub id: String,
    /// Its public keys, a JWK set in a file.
    pub jwks_file: PathBuf,
    /// The callers, by id, from which its receipts are taken.
    pub systems: Vec<String>,
}

/// Whether sandbox identities are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyntheticIds {
    /// Production.
    #[default]
    Refused,
    /// Sandbox and tests.
    Allowed,
}

// === impl AccessConfig ===

impl AccessConfig {
    /// Makes every relative path relative to `folder`.
    pub fn rebase(&mut self, folder: &Path) {
        self.directory = folder.join(&self.directory);
        if let Some(dir) = &mut self.policy_dir {
            *dir = folder.join(&*dir);
        }
        for issuer in &mut self.issuers {
            issuer.jwks_file = folder.join(&issuer.jwks_file);
        }
        for signer in &mut self.evidence {
            signer.jwks_file = folder.join(&signer.jwks_file);
        }
    }
}

// === impl SyntheticIds ===

impl From<SyntheticIds> for Synthetic {
    fn from(ids: SyntheticIds) -> Self {
        match ids {
            SyntheticIds::Refused => Self::Refused,
            SyntheticIds::Allowed => Self::Allowed,
        }
    }
}
