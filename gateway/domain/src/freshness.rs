//! How old an answer may be, and inside which circle it may serve again.
//!
//! Cached data is never master data (decree 224/2026 art. 23.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// The circle inside which one registry answer may serve again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheScope {
    /// Never reused.
    None,
    /// Within one dossier (or one registered purpose of one agency).
    Dossier,
    /// Within one agency.
    Agency,
    /// Within the province.
    Province,
}

/// What a dataset's answers may do in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// Until this age an answer serves without asking again.
    pub max_age: Duration,
    /// For this long after `max_age` it serves while a refresh runs.
    pub stale_while_revalidate: Duration,
    /// For this long after `max_age` it serves, marked STALE, if the registry fails.
    pub stale_if_error: Duration,
    /// How long "not found" is remembered.
    pub not_found: Duration,
    /// Inside which circle.
    pub scope: CacheScope,
}

/// Where an answer came from, as the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CacheState {
    /// Served from the cache within `max_age`.
    Hit,
    /// Asked of the registry for this question.
    Miss,
    /// Shared with an identical permitted question already in flight.
    Coalesced,
    /// Older than `max_age`, allowed by policy, marked.
    Stale,
}

// === impl CachePolicy ===

impl CachePolicy {
    /// The design's defaults: person, insurance and land data 15 minutes
    /// within the dossier; enterprise data 60 minutes within the province;
    /// nothing stale.
    pub const fn default_for(dataset: Dataset) -> Self {
        let (minutes, scope) = match dataset {
            Dataset::Enterprise => (60, CacheScope::Province),
            _ => (15, CacheScope::Dossier),
        };
        Self {
            max_age: Duration::from_secs(minutes * 60),
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            not_found: Duration::from_secs(30),
            scope,
        }
    }
}

impl CacheState {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Coalesced => "COALESCED",
            Self::Stale => "STALE",
        }
    }
}
