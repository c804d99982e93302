//! Evidence that a dossier exists and whom it is about: the acceptance receipt
//! (*giấy tiếp nhận hồ sơ và hẹn trả kết quả*), signed by the portal.
//!
//! A citizen's token presented at opening is **not** a citizen-signed request:
//! it says that the citizen is at the portal, and nothing about this dossier.
//! It never strengthens the evidence; `CITIZEN_SIGNED` awaits a signature by
//! the citizen over the request itself, which no source issues yet.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use motlan_domain::id::{CertificateSerial, EnterpriseCode};
use motlan_domain::{Evidence, Reason, SubjectKey};
use motlan_dossier::NewDossier;
use serde::{Deserialize, Serialize};

use crate::config::EvidenceConfig;
use crate::error::Mistakes;
use crate::jwks::{JwsHeader, Keys};

/// The `typ` header of an acceptance receipt (RFC 8725, section 3.11): a token
/// signed by the same key for another use is not one.
pub const ACCEPTANCE_TYPE: &str = "motlan-acceptance+jwt";

/// How far the signer's clock may be off.
const LEEWAY_SECONDS: i64 = 30;

/// What an acceptance receipt says. Compact JWS, EdDSA (Ed25519), `typ`
/// [`ACCEPTANCE_TYPE`], `kid` of the signer's JWK set.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceClaims {
    /// The signer's configured id.
    pub iss: String,
    /// The dossier code.
    pub dossier: String,
    /// The procedure code.
    pub procedure: String,
    /// The case; empty for the procedure's default.
    #[serde(default)]
    pub case: String,
    /// The agency that handles it.
    pub agency: String,
    /// Everybody and everything it is about, in any order.
    pub subjects: Vec<AcceptanceSubject>,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Expires, Unix seconds.
    pub exp: i64,
}

/// One subject as an acceptance receipt names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceSubject {
    /// Its role in the procedure.
    pub role: String,
    /// `person`, `enterprise`, `certificate`, `parcel`, `insurance_number`.
    pub kind: String,
    /// The identifier in any form in which a request may give it, a parcel as
    /// `commune/sheet/number`; [`acceptance_value`] gives the canonical one.
    pub value: String,
}

/// A configured signer.
#[derive(Debug)]
pub(crate) struct Signer {
    keys: Keys,
    systems: Vec<String>,
}

/// The identifier of a subject as receipts write it: a person's or insurance
/// number's digits; an enterprise code and certificate serial in canonical
/// form; `commune/sheet/number` of a parcel as its own text form.
pub fn acceptance_value(key: &SubjectKey) -> String {
    key.expose()
}

// === impl AcceptanceSubject ===

impl AcceptanceSubject {
    /// The subject in that role.
    pub fn new(role: impl Into<String>, key: &SubjectKey) -> Self {
        Self { role: role.into(), kind: key.kind().as_str().to_owned(), value: acceptance_value(key) }
    }

    /// With its identifier in canonical form, read by the rules that the request
    /// is read by: whoever signs what it sends is not refused for a space. One
    /// that no rule reads stays as it is, and agrees with nothing.
    pub(crate) fn canonical(self) -> Self {
        let canonical = match self.kind.as_str() {
            "enterprise" => EnterpriseCode::parse(&self.value).map(|code| code.canonical()).ok(),
            "certificate" => CertificateSerial::parse(&self.value).map(|serial| serial.canonical()).ok(),
            // Digits, or numbers without leading zeros: there is one form.
            _ => None,
        };
        Self { value: canonical.unwrap_or(self.value), ..self }
    }
}

// === impl AcceptanceClaims ===

impl AcceptanceClaims {
    /// Signs the receipt; for the sandbox's portal and for tests. `key` is an
    /// Ed25519 key.
    pub fn sign(&self, kid: &str, key: &EncodingKey) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(ACCEPTANCE_TYPE.to_owned());
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, self, key)
    }
}

// === impl Signer ===

impl Signer {
    pub(crate) fn compile(
        configs: &[EvidenceConfig],
        is_caller: impl Fn(&str) -> bool,
        mistakes: &mut Mistakes,
    ) -> HashMap<String, Self> {
        let mut signers = HashMap::new();
        for (index, config) in configs.iter().enumerate() {
            let place = |key: &str| format!("evidence[{index}].{key}");
            let keys = Keys::read(&place("jwks_file"), &config.jwks_file, &[Algorithm::EdDSA], mistakes);
            for system in config.systems.iter().filter(|system| !is_caller(system)) {
                mistakes.push(place("systems"), format!("there is no caller `{system}`"));
            }
            let signer = Self { keys, systems: config.systems.clone() };
            if signers.insert(config.id.clone(), signer).is_some() {
                mistakes.push(place("id"), format!("the signer `{}` stands twice", config.id));
            }
        }
        signers
    }
}

/// How strong the evidence for `new` is: none is `Asserted`; a receipt that
/// does not hold is an error, never a weaker strength.
pub(crate) fn weigh(
    receipt: Option<&str>,
    new: &NewDossier,
    default_case: &str,
    signers: &HashMap<String, Signer>,
    now: Timestamp,
) -> Result<Evidence, Reason> {
    let Some(receipt) = receipt else { return Ok(Evidence::Asserted) };
    let invalid = |_| Reason::EvidenceInvalid;
    let header = JwsHeader::read(receipt).map_err(invalid)?;
    let signer = signers.get(&header.issuer).ok_or(Reason::EvidenceInvalid)?;
    if header.typ.as_deref() != Some(ACCEPTANCE_TYPE) || !signer.systems.contains(&new.opened_by) {
        return Err(Reason::EvidenceInvalid);
    }
    let claims: AcceptanceClaims = signer.keys.verify(receipt, &header).map_err(invalid)?;
    let now = now.as_second();
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now || claims.iat.saturating_sub(LEEWAY_SECONDS) > now {
        return Err(Reason::EvidenceExpired);
    }
    let case = if claims.case.is_empty() { default_case } else { &claims.case };
    let named: BTreeSet<_> = claims.subjects.iter().cloned().map(AcceptanceSubject::canonical).collect();
    let asked: BTreeSet<_> =
        new.subjects.iter().map(|subject| AcceptanceSubject::new(&subject.role, &subject.key)).collect();
    let agrees = claims.dossier == new.code.as_str()
        && claims.procedure == new.procedure.as_str()
        && case == new.case
        && claims.agency == new.agency.as_str()
        && named.len() == claims.subjects.len()
        && named == asked;
    if agrees { Ok(Evidence::AcceptanceReceipt) } else { Err(Reason::EvidenceInvalid) }
}
