//! The sandbox's identity providers: officers' tokens of the agency, citizens'
//! tokens and acceptance receipts of the portal.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::pki::SigningKey;

/// The issuer of officers' tokens.
pub(super) const AGENCY_IDP: &str = "agency-idp";
/// The issuer of citizens' tokens.
pub(super) const CITIZEN_IDP: &str = "portal-idp";
/// The signer of acceptance receipts.
pub(super) const PORTAL: &str = "portal";
/// The `aud` of this gateway.
pub(super) const AUDIENCE: &str = "motlan-sandbox";
/// How often tokens are written anew.
pub(super) const RENEWAL: Duration = Duration::from_mins(5);
/// How long a token lives, seconds; the most a gateway takes.
const LIFETIME: i64 = 15 * 60;

/// The keys that sign.
pub struct TokenIssuers {
    officers: SigningKey,
    citizens: SigningKey,
    receipts: SigningKey,
}

/// What a token says, before it is signed. Tests change what they want wrong.
#[derive(Clone, Serialize)]
pub struct TokenSpec {
    /// The issuer: `agency-idp` or `portal-idp`.
    pub iss: String,
    /// The officer's account or the citizen's personal id.
    pub sub: String,
    /// The gateway's audience.
    pub aud: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Expires, Unix seconds.
    pub exp: i64,
    /// Officers only: the agency's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// The certificate that may present it.
    pub cnf: Confirmation,
}

/// The `cnf` claim (RFC 8705).
#[derive(Clone, Serialize)]
pub struct Confirmation {
    /// Base64url SHA-256 of the certificate in DER.
    #[serde(rename = "x5t#S256")]
    pub thumbprint: String,
}

// === impl TokenSpec ===

impl TokenSpec {
    /// An officer's token, good from now on for as long as a gateway accepts.
    pub fn officer(account: &str, agency: &str, thumbprint: &str, now: Timestamp) -> Self {
        let mut spec = Self::new(AGENCY_IDP, account, thumbprint, now);
        spec.agency = Some(agency.to_owned());
        spec
    }

    /// A citizen's token.
    pub fn citizen(personal_id: &str, thumbprint: &str, now: Timestamp) -> Self {
        Self::new(CITIZEN_IDP, personal_id, thumbprint, now)
    }

    fn new(issuer: &str, subject: &str, thumbprint: &str, now: Timestamp) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: subject.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME,
            agency: None,
            cnf: Confirmation { thumbprint: thumbprint.to_owned() },
        }
    }
}

// === impl TokenIssuers ===

impl TokenIssuers {
    /// New keys.
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        Ok(Self {
            officers: SigningKey::new("agency-idp-1")?,
            citizens: SigningKey::new("portal-idp-1")?,
            receipts: SigningKey::new(PORTAL)?,
        })
    }

    /// Signs with the key of the issuer that the token names.
    pub fn sign(&self, spec: &TokenSpec) -> anyhow::Result<String> {
        let key = if spec.iss == CITIZEN_IDP { &self.citizens } else { &self.officers };
        Ok(key.sign("JWT", spec)?)
    }

    /// The portal's key for acceptance receipts.
    pub const fn receipts(&self) -> &SigningKey {
        &self.receipts
    }

    pub(super) fn officers_jwks(&self) -> String {
        jwks(&self.officers)
    }

    pub(super) fn citizens_jwks(&self) -> String {
        jwks(&self.citizens)
    }

    pub(super) fn receipts_jwks(&self) -> String {
        jwks(&self.receipts)
    }
}

fn jwks(key: &SigningKey) -> String {
    format!("{:#}\n", json!({ "keys": [key.jwk()] }))
}
