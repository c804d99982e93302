//! The officer who reads the log: an issuer of tokens, and the auditor's client
//! with one of them.

use std::path::Path;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use motlan_access::{IssuerConfig, TokenKind};
use motlan_proto::audit::v1::audit_service_client::AuditServiceClient;
use serde_json::json;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::rig::{Pair, Rig};

const ISSUER: &str = "agency-idp";
const AUDIENCE: &str = "log.test";

/// The auditor's client: certificate and officer.
pub(super) type Auditor = AuditServiceClient<
    InterceptedService<Channel, Box<dyn FnMut(Request<()>) -> Result<Request<()>, Status> + Send>>,
>;

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
}

/// The issuer, its key set written into that folder.
pub(super) fn issuer(folder: &Path) -> IssuerConfig {
    let x = BASE64_URL_SAFE_NO_PAD.encode(key().public_key().as_ref());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "o1", "alg": "EdDSA" }] });
    let jwks_file = folder.join("officers.jwks");
    std::fs::write(&jwks_file, set.to_string()).expect("written");
    let (id, audience) = (ISSUER.to_owned(), AUDIENCE.to_owned());
    IssuerConfig { id, kind: TokenKind::Officer, jwks_file, audience, agencies: None }
}

/// The auditor's certificate, and the token of an officer of its agency who
/// acts, at the rig's time.
pub(super) fn token(rig: &Rig) -> (Pair, String) {
    token_of(rig, "kiem@h32")
}

/// The same of that officer.
pub(super) fn token_of(rig: &Rig, account: &str) -> (Pair, String) {
    let pair = rig.authority.client("auditor");
    let body: String = pair.certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(body).expect("PEM");
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der));
    let now = rig.now.as_second();
    let claims = json!({
        "iss": ISSUER, "sub": account, "aud": AUDIENCE, "agency": "H32", "iat": now, "exp": now + 600,
        "cnf": { "x5t#S256": thumbprint },
    });
    let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(json!({ "alg": "EdDSA", "kid": "o1" })), part(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()));
    let bearer = format!("Bearer {signed}.{signature}");
    (pair, bearer)
}

/// A connection of the auditor's, and its officer's `authorization` header.
pub(super) async fn connected(rig: &Rig) -> (Channel, String) {
    let (pair, bearer) = token(rig);
    (rig.connect(Some(&pair)).await.expect("connects"), bearer)
}

/// The auditor with an officer of its agency who acts, at the rig's time.
pub(super) async fn auditor(rig: &Rig) -> Auditor {
    let (pair, bearer) = token(rig);
    let channel = rig.connect(Some(&pair)).await.expect("connects");
    AuditServiceClient::with_interceptor(
        channel,
        Box::new(move |mut request: Request<()>| {
            request.metadata_mut().insert("authorization", bearer.parse().expect("a header"));
            Ok(request)
        }),
    )
}
