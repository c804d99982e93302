//! Who asks: the calling system and the person acting through it.

use std::fmt;
use std::sync::Arc;

use motlan_domain::id::{AgencyCode, OfficerAccount, PersonalId};
use serde::Deserialize;

/// What a calling system is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerRole {
    /// The provincial portal: opens dossiers and prefills for citizens.
    Portal,
    /// A commune's or the province's one-stop office (*bộ phận một cửa*).
    OneStop,
    /// A department that decides procedures.
    Department,
    /// An agency that may only verify identity.
    Verifier,
    /// An auditor: reads the log, and nothing else.
    Auditor,
}

/// Who may be named by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// An officer, by the agency's identity provider.
    Officer,
    /// A citizen, by the portal after electronic identification.
    Citizen,
}

/// A configured calling system, shown by its certificate. Only
/// [`crate::Access`] makes one; a clone is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(Arc<CallerData>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CallerData {
    pub(crate) id: String,
    pub(crate) agency: AgencyCode,
    pub(crate) role: CallerRole,
    pub(crate) commune: Option<String>,
    pub(crate) thumbprint: String,
}

/// The person acting, or nobody.
#[derive(Clone, PartialEq, Eq)]
pub enum Actor {
    /// An officer of the caller's agency.
    Officer(Arc<Officer>),
    /// A citizen at the portal.
    Citizen(PersonalId),
    /// No token: outcomes and yes/no only (`ACTOR_ABSENT`).
    Absent,
}

/// An acting officer, as the directory knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Officer {
    pub(crate) account: OfficerAccount,
    pub(crate) agency: AgencyCode,
    pub(crate) personal_id: PersonalId,
}

/// Caller and actor together: what every decision starts from. Only
/// [`crate::Access::identify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(crate) caller: Caller,
    pub(crate) actor: Actor,
    /// When the token that names the actor has ended, in Unix seconds; none where
    /// nobody acts.
    pub(crate) until: Option<i64>,
}

// === impl CallerRole ===

impl CallerRole {
    /// Stable name, as in configuration and policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::OneStop => "one_stop",
            Self::Department => "department",
            Self::Verifier => "verifier",
            Self::Auditor => "auditor",
        }
    }
}

// === impl Caller ===

impl Caller {
    pub(crate) fn new(data: CallerData) -> Self {
        Self(Arc::new(data))
    }

    /// Its configured id, the last part of the SAN URI `urn:motlan:system:<id>`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Its agency.
    pub fn agency(&self) -> &AgencyCode {
        &self.0.agency
    }

    /// What it is for.
    pub fn role(&self) -> CallerRole {
        self.0.role
    }

    /// The commune it serves, by the Statistics Office's code, if it serves one.
    pub fn commune(&self) -> Option<&str> {
        self.0.commune.as_deref()
    }

    /// SHA-256 of its certificate in DER, base64url without padding: what
    /// `cnf.x5t#S256` of a token must say (RFC 8705).
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({})", self.0.id)
    }
}

// === impl Actor ===

impl Actor {
    /// Stable name of the kind: `officer`, `citizen`, `absent`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Officer(_) => "officer",
            Self::Citizen(_) => "citizen",
            Self::Absent => "absent",
        }
    }

    /// Whether nobody is named.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({})", self.kind())
    }
}

// === impl Officer ===

impl Officer {
    /// The account at the agency's identity provider.
    pub const fn account(&self) -> &OfficerAccount {
        &self.account
    }

    /// The agency.
    pub const fn agency(&self) -> &AgencyCode {
        &self.agency
    }

    /// The officer's own personal id, from the directory: some sources demand it.
    pub const fn personal_id(&self) -> &PersonalId {
        &self.personal_id
    }
}

impl fmt::Debug for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Officer(…)")
    }
}

// === impl Identity ===

impl Identity {
    /// The calling system.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The person acting.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}
