//! The calling system, from its certificate.
//!
//! The chain was verified by the TLS layer; here the leaf is only read: which
//! configured system it names, and its thumbprint.

use std::collections::HashMap;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use motlan_domain::Reason;
use motlan_domain::id::AgencyCode;
use parking_lot::RwLock;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::CallerConfig;
use crate::error::Mistakes;
use crate::identity::{Caller, CallerData, CallerRole, TokenKind};
use crate::places::Places;

const PREFIX: &str = "urn:motlan:system:";

/// A configured caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallerEntry {
    /// Its place in the configuration, for memo keys.
    pub(crate) index: u32,
    pub(crate) id: String,
    pub(crate) agency: AgencyCode,
    pub(crate) role: CallerRole,
    pub(crate) commune: Option<String>,
    pub(crate) tokens: Vec<TokenKind>,
}

/// The system a leaf certificate (DER) names in its one SAN URI.
fn system_of(leaf: &[u8]) -> Result<String, Reason> {
    let (rest, certificate) = X509Certificate::from_der(leaf).map_err(|_| Reason::CredentialMissing)?;
    if !rest.is_empty() {
        return Err(Reason::CredentialMissing);
    }
    let names = certificate.subject_alternative_name().map_err(|_| Reason::CredentialMissing)?;
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let mut systems = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix(PREFIX),
        _ => None,
    });
    match (systems.next(), systems.next()) {
        (Some(system), None) if is_system_id(system) => Ok(system.to_owned()),
        _ => Err(Reason::CallerUnknown),
    }
}

/// How many certificates are remembered.
const REMEMBERED: usize = 4_096;

/// Certificates read before, by their SHA-256: reading one costs far more than
/// hashing it. Belongs to one loaded state, so a reload forgets it.
#[derive(Debug, Default)]
pub(crate) struct CallerCache(RwLock<HashMap<[u8; 32], Caller>>);

// === impl CallerCache ===

impl CallerCache {
    /// The caller a leaf certificate (DER) names, if it is configured.
    pub(crate) fn caller(
        &self,
        leaf: &[u8],
        callers: &HashMap<String, CallerEntry>,
    ) -> Result<Caller, Reason> {
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, leaf).as_ref());
        if let Some(known) = self.0.read().get(&key) {
            return Ok(known.clone());
        }
        let entry = callers.get(&system_of(leaf)?).ok_or(Reason::CallerUnknown)?;
        let caller = Caller::new(CallerData {
            id: entry.id.clone(),
            agency: entry.agency.clone(),
            role: entry.role,
            commune: entry.commune.clone(),
            // `x5t#S256` (RFC 8705, section 3.1).
            thumbprint: BASE64_URL_SAFE_NO_PAD.encode(key),
        });
        let mut known = self.0.write();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, caller.clone());
        Ok(caller)
    }
}

/// Lower-case letters, digits and hyphens, at most 64: it stands in log
/// entries as it is.
fn is_system_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && id.len() <= 64 && id.bytes().all(plain)
}

/// Judges the configured callers.
pub(crate) fn compile(
    configs: &[CallerConfig],
    places: &Places<'_>,
    mistakes: &mut Mistakes,
) -> Vec<CallerEntry> {
    let mut entries: Vec<CallerEntry> = Vec::with_capacity(configs.len());
    if configs.is_empty() {
        mistakes.push("callers", "is empty: nobody could call");
    }
    for (index, config) in (0_u32..).zip(configs) {
        let place = |key: &str| format!("callers[{index}].{key}");
        if !is_system_id(&config.id) {
            mistakes.push(place("id"), "must be 1 to 64 of a-z, 0-9 and hyphen");
        }
        let twice = configs.iter().take(index as usize).any(|known| known.id == config.id);
        if twice {
            mistakes.push(place("id"), format!("the caller `{}` stands twice", config.id));
        }
        let no_citizens = matches!(config.role, CallerRole::Verifier | CallerRole::Auditor);
        if no_citizens && config.tokens.contains(&TokenKind::Citizen) {
            mistakes.push(place("tokens"), "a verifier or auditor may not present citizen tokens");
        }
        if let Some(problem) = config.commune.as_deref().and_then(|code| places.no_commune(code)) {
            mistakes.push(place("commune"), problem);
        }
        let agency = places.agency(&config.agency);
        let agency = agency.map_err(|problem| mistakes.push(place("agency"), problem));
        // Two systems of one name would be a mistake of the policies too.
        if let Some(agency) = agency.ok().filter(|_| !twice) {
            entries.push(CallerEntry {
                index,
                id: config.id.clone(),
                agency,
                role: config.role,
                commune: config.commune.clone(),
                tokens: config.tokens.clone(),
            });
        }
    }
    entries
}
