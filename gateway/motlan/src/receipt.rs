//! Receipts of acceptance (*giấy tiếp nhận hồ sơ và hẹn trả kết quả*), as a
//! portal signs them over the opening of a dossier.

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use motlan_access::{ACCEPTANCE_TYPE, AcceptanceClaims, AcceptanceSubject};
use motlan_domain::Clock as _;
use motlan_domain::id::Synthetic;
use motlan_proto::dossier::v1::OpenDossierRequest;

use crate::client::to_domain;
use crate::clock::{SystemClock, id_rules};
use crate::sandbox::pki::SigningKey;

/// Seconds a receipt is good for: it is presented at once.
const LIFETIME_SECONDS: i64 = 600;

/// What the receipt for that opening says.
pub fn claims(
    issuer: &str,
    request: &OpenDossierRequest,
    now: Timestamp,
) -> anyhow::Result<AcceptanceClaims> {
    let rules = id_rules(now, Synthetic::Allowed);
    let subject = |named: &motlan_proto::dossier::v1::NamedSubject| {
        let key = named.subject.as_ref().and_then(|key| to_domain(key, &rules));
        let key =
            key.with_context(|| format!("the subject in role {} has no valid identifier", named.role))?;
        anyhow::Ok(AcceptanceSubject::new(named.role.as_str(), &key))
    };
    Ok(AcceptanceClaims {
        iss: issuer.to_owned(),
        dossier: request.dossier_code.clone(),
        procedure: request.procedure_code.clone(),
        case: request.case.clone(),
        agency: request.agency_code.clone(),
        subjects: request.subjects.iter().map(subject).collect::<anyhow::Result<_>>()?,
        iat: now.as_second(),
        exp: now.as_second() + LIFETIME_SECONDS,
    })
}

/// Signs the receipt for that opening.
pub fn sign(
    key: &SigningKey,
    issuer: &str,
    request: &OpenDossierRequest,
    now: Timestamp,
) -> anyhow::Result<String> {
    key.sign(ACCEPTANCE_TYPE, &claims(issuer, request, now)?).context("the receipt cannot be signed")
}

/// Signs it with the key in a file: PKCS#8 PEM, Ed25519; the lines before the
/// PEM may give `iss:` and `kid:` (both `portal` if they do not).
pub fn sign_with_file(path: &Path, request: &OpenDossierRequest) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let header = |name: &str| {
        let line = text
            .lines()
            .take_while(|line| !line.starts_with("-----"))
            .find_map(|line| line.strip_prefix(name));
        line.map_or("portal", str::trim).to_owned()
    };
    let pem = text.find("-----BEGIN").map_or("", |start| &text[start..]);
    let key = SigningKey::from_pem(&header("kid:"), pem)
        .with_context(|| format!("{} holds no key", path.display()))?;
    sign(&key, &header("iss:"), request, SystemClock::start().now())
}
