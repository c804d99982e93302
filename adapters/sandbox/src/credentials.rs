//! What the simulated registries accept from their callers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::SandboxError;

/// Secrets and identities of one gateway at every registry.
#[derive(Clone)]
pub struct Credentials {
    /// Population: signature, client, key, officers.
    pub population: PopulationCredentials,
    /// Business: OAuth2 client.
    pub business: OAuthClient,
    /// Insurance: OAuth2 client.
    pub insurance: OAuthClient,
    /// Land: OAuth2 client.
    pub land: OAuthClient,
}

/// What the population registry checks.
#[derive(Clone)]
pub struct PopulationCredentials {
    /// User of the `Authorization` header.
    pub user: String,
    /// Secret that enters the signature.
    pub secret: String,
    /// `ApiKey`.
    pub api_key: String,
    /// `X-Road-Client`.
    pub x_road_client: String,
    /// Personal ids accepted in `MaCanBo`, besides the officers of the world.
    pub officers: BTreeSet<String>,
    /// Agencies accepted in `MaDonVi`; empty accepts any that is not blank.
    pub agencies: BTreeSet<String>,
    /// Agencies an officer may ask for; an officer not named here may ask for any.
    pub officer_agencies: BTreeMap<String, BTreeSet<String>>,
}

/// An OAuth2 client of the client-credentials grant.
#[derive(Clone)]
pub struct OAuthClient {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: String,
}

/// A random hexadecimal string of `bytes` bytes.
pub(crate) fn random_hex(bytes: usize) -> Result<String, SandboxError> {
    let mut buffer = vec![0_u8; bytes];
    aws_lc_rs::rand::fill(&mut buffer).map_err(|_| SandboxError::Randomness)?;
    Ok(hex::encode(buffer))
}

// === impl Credentials ===

impl Credentials {
    /// Fresh random secrets; any agency, and the world's own officers.
    pub fn generate() -> Result<Self, SandboxError> {
        Ok(Self {
            population: PopulationCredentials {
                user: "motlan-sandbox".to_owned(),
                secret: random_hex(24)?,
                api_key: random_hex(16)?,
                x_road_client: "XROADVN/GOV/H32/MOTLAN".to_owned(),
                officers: BTreeSet::new(),
                agencies: BTreeSet::new(),
                officer_agencies: BTreeMap::new(),
            },
            business: OAuthClient::generate("motlan-business")?,
            insurance: OAuthClient::generate("motlan-insurance")?,
            land: OAuthClient::generate("motlan-land")?,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

// === impl PopulationCredentials ===

impl fmt::Debug for PopulationCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PopulationCredentials(..)")
    }
}

// === impl OAuthClient ===

impl OAuthClient {
    fn generate(id: &str) -> Result<Self, SandboxError> {
        Ok(Self { id: id.to_owned(), secret: random_hex(24)? })
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthClient(..)")
    }
}
