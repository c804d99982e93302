//! Public keys of issuers and signers, and the verification of one compact JWS.

use std::collections::HashMap;
use std::path::Path;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use motlan_domain::Reason;
use serde::de::DeserializeOwned;

use crate::error::Mistakes;

/// Longest token looked at, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// The keys of one issuer, by key id; each with the one algorithm it is for.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, (Algorithm, DecodingKey)>);

// === impl Keys ===

impl Keys {
    pub(crate) fn read(place: &str, path: &Path, allowed: &[Algorithm], mistakes: &mut Mistakes) -> Self {
        let mut keys = Self::default();
        let set = std::fs::read(path)
            .map_err(|error| format!("{} cannot be read: {}", path.display(), error.kind()))
            .and_then(|bytes| {
                serde_json::from_slice::<JwkSet>(&bytes)
                    .map_err(|_| format!("{} is no JWK set", path.display()))
            });
        match set {
            Ok(set) if set.keys.is_empty() => {
                mistakes.push(place, format!("{} holds no key", path.display()));
            }
            Ok(set) => set.keys.iter().for_each(|jwk| keys.add(place, jwk, allowed, mistakes)),
            Err(problem) => mistakes.push(place, problem),
        }
        keys
    }

    fn add(&mut self, place: &str, jwk: &Jwk, allowed: &[Algorithm], mistakes: &mut Mistakes) {
        let Some(kid) = jwk.common.key_id.clone() else {
            mistakes.push(place, "a key has no `kid`");
            return;
        };
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            _ => {
                mistakes.push(place, format!("key `{kid}` is neither Ed25519 nor P-256"));
                return;
            }
        };
        if !allowed.contains(&algorithm) {
            mistakes.push(place, format!("key `{kid}` is not of an algorithm allowed here"));
            return;
        }
        let Ok(key) = DecodingKey::from_jwk(jwk) else {
            mistakes.push(place, format!("key `{kid}` cannot be read"));
            return;
        };
        if self.0.insert(kid.clone(), (algorithm, key)).is_some() {
            mistakes.push(place, format!("key `{kid}` stands twice"));
        }
    }

    /// Verifies the signature and reads the claims. Times and audience are the
    /// caller's to judge: this library would judge them by the system's clock.
    pub(crate) fn verify<C: DeserializeOwned>(&self, token: &str, header: &JwsHeader) -> Result<C, Reason> {
        let (algorithm, key) = self.0.get(&header.kid).ok_or(Reason::TokenSignature)?;
        if *algorithm != header.algorithm {
            return Err(Reason::TokenSignature);
        }
        let mut validation = Validation::new(*algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let verified = jsonwebtoken::decode::<C>(token, key, &validation);
        verified.map(|data| data.claims).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => Reason::TokenSignature,
            _ => Reason::TokenMalformed,
        })
    }
}

/// What an unverified compact JWS says of itself: which key to try.
pub(crate) struct JwsHeader {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: String,
    pub(crate) typ: Option<String>,
    pub(crate) issuer: String,
}

#[derive(serde::Deserialize)]
struct Issued {
    iss: String,
}

// === impl JwsHeader ===

impl JwsHeader {
    pub(crate) fn read(token: &str) -> Result<Self, Reason> {
        if token.len() > MAX_BYTES {
            return Err(Reason::TokenMalformed);
        }
        // An algorithm this library does not know fails here, `none` too.
        let header = jsonwebtoken::decode_header(token).map_err(|_| Reason::TokenMalformed)?;
        if !matches!(header.alg, Algorithm::EdDSA | Algorithm::ES256) {
            return Err(Reason::TokenSignature);
        }
        // RFC 7515, section 4.1.11: none of these extensions is understood here.
        if header.crit.is_some() {
            return Err(Reason::TokenMalformed);
        }
        let kid = header.kid.ok_or(Reason::TokenSignature)?;
        let issued: Issued =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| Reason::TokenMalformed)?;
        Ok(Self { algorithm: header.alg, kid, typ: header.typ, issuer: issued.iss })
    }
}
