//! The sandbox's own certificate authority: one CA, a server certificate for
//! the loopback names, and a client certificate per calling system.
//!
//! Everything is made anew at each start and is good for a month: nothing here
//! may ever be trusted by a production gateway.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aws_lc_rs::digest;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{Timestamp, ToSpan as _};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType, date_time_ymd,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

/// The name every certificate of the sandbox carries, so that it is recognised.
const ORGANISATION: &str = "Motlan sandbox (synthetic)";

/// Days a sandbox certificate is good for.
const DAYS: i64 = 30;

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    now: Timestamp,
}

/// A certificate with its private key.
pub struct Credential {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS#8 PEM.
    pub key: String,
    /// `x5t#S256`: the base64url SHA-256 of the DER certificate (RFC 8705).
    pub thumbprint: String,
}

/// An Ed25519 key that signs tokens or receipts.
pub struct SigningKey {
    /// The key id, `kid` of the JWS header and of the JWK.
    pub kid: String,
    pair: KeyPair,
}

// === impl Authority ===

impl Authority {
    /// A new authority.
    pub fn new(now: Timestamp) -> Result<Self, rcgen::Error> {
        let mut params = params("Motlan sandbox CA", now)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, now })
    }

    /// The authority's own certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server certificate for `localhost`, 127.0.0.1 and ::1.
    pub fn server(&self) -> Result<Credential, rcgen::Error> {
        let names = vec![
            SanType::DnsName(Ia5String::try_from("localhost")?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        self.leaf("localhost", names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client certificate whose URI names the system: `urn:motlan:system:<id>`.
    pub fn client(&self, system: &str) -> Result<Credential, rcgen::Error> {
        let uri = SanType::URI(Ia5String::try_from(format!("urn:motlan:system:{system}"))?);
        self.leaf(system, vec![uri], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn leaf(
        &self,
        name: &str,
        alternative: Vec<SanType>,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Credential, rcgen::Error> {
        let mut params = params(name, self.now)?;
        params.subject_alt_names = alternative;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, certificate.der()));
        Ok(Credential { certificate: certificate.pem(), key: key.serialize_pem(), thumbprint })
    }
}

fn params(name: &str, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, ORGANISATION);
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    // From yesterday, so that a client's clock may lag.
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (today.saturating_sub(1.day()), today.saturating_add(DAYS.days()));
    let instant = |day: jiff::civil::Date| {
        date_time_ymd(i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    params.not_before = instant(from);
    params.not_after = instant(to);
    Ok(params)
}

// === impl SigningKey ===

impl SigningKey {
    /// A new key under that id, in the first version of PKCS#8: OpenSSL, and so
    /// Node and Python, cannot read the second, which rcgen would make.
    pub fn new(kid: &str) -> Result<Self, rcgen::Error> {
        let unavailable = |_| rcgen::Error::KeyGenerationUnavailable;
        let key = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1()).map_err(unavailable)?;
        let der = PrivatePkcs8KeyDer::from(key.as_ref());
        Ok(Self { kid: kid.to_owned(), pair: KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)? })
    }

    /// Reads a key from PKCS#8 PEM.
    pub fn from_pem(kid: &str, pem: &str) -> Result<Self, rcgen::Error> {
        Ok(Self { kid: kid.to_owned(), pair: KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_ED25519)? })
    }

    /// The private key, PKCS#8 PEM.
    pub fn pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// The public key as a JWK (RFC 8037).
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.kid, "x": URL_SAFE_NO_PAD.encode(self.pair.public_key_raw()),
        })
    }

    /// A compact JWS over the claims.
    pub fn sign(
        &self,
        typ: &str,
        claims: &impl serde::Serialize,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(
            &header,
            claims,
            &jsonwebtoken::EncodingKey::from_ed_der(self.pair.serialized_der()),
        )
    }
}

#[cfg(test)]
mod tests;
