//! Certificates and tokens: what names a caller, what names a person, and
//! everything that does not.

use motlan_domain::Reason;
use serde_json::{Value, json};

use super::world::{AUDIENCE, By, Signing, World, certificate};
use crate::{Actor, CallerRole, Denial, MAX_LIFETIME_SECONDS};

fn refused<T>(result: Result<T, Denial>) -> Option<Reason> {
    result.err().map(|denial| denial.reason())
}

#[test]
fn a_certificate_names_one_configured_system() {
    let world = World::new();
    let caller = world.access.caller(world.certificate("one-stop-216")).unwrap();
    assert_eq!((caller.id(), caller.role()), ("one-stop-216", CallerRole::OneStop));
    assert_eq!((caller.agency().as_str(), caller.commune()), ("H32.216", Some("22366")));
    assert_eq!(caller.thumbprint().len(), 43, "32 bytes in base64url");
    let cases: [(&[&str], Reason); 6] = [
        (&[], Reason::CallerUnknown),
        (&["urn:motlan:system:nobody"], Reason::CallerUnknown),
        (&["urn:motlan:system:portal", "urn:motlan:system:auditor"], Reason::CallerUnknown),
        (&["urn:motlan:system:Portal"], Reason::CallerUnknown),
        (&["https://portal.test"], Reason::CallerUnknown),
        (&["urn:motlan:system:"], Reason::CallerUnknown),
    ];
    for (uris, reason) in cases {
        assert_eq!(refused(world.access.caller(&certificate(uris))), Some(reason), "{uris:?}");
    }
    assert_eq!(refused(world.access.caller(b"no certificate")), Some(Reason::CredentialMissing));
    assert_eq!(refused(world.access.identify(None, None)), Some(Reason::CredentialMissing));
    let mut trailing = world.certificate("portal").to_vec();
    trailing.push(0);
    assert_eq!(refused(world.access.caller(&trailing)), Some(Reason::CredentialMissing));
}

#[test]
fn a_good_token_names_a_person() {
    let world = World::new();
    assert_eq!(*world.identity("one-stop-216", By::Absent).actor(), Actor::Absent);
    let Actor::Officer(officer) = world.identity("one-stop-216", By::Officer).actor().clone() else {
        panic!("an officer");
    };
    assert_eq!((officer.account().as_str(), officer.agency().as_str()), ("lan@h32.216", "H32.216"));
    assert_eq!(world.identity("portal", By::Applicant).actor().kind(), "citizen");

    let mut claims = world.claims("one-stop-216", By::Officer);
    claims["aud"] = json!(["another.test", AUDIENCE]);
    claims["jti"] = json!("an issuer may add claims");
    let token = world.officers_ec.sign(&claims);
    let identity = world.access.identify(Some(world.certificate("one-stop-216")), Some(&token)).unwrap();
    assert_eq!(identity.actor().kind(), "officer", "P-256 and several audiences");
}

/// What is wrong with the token of an officer of H32.216, presented by
/// `one-stop-216`.
type Spoil = fn(&World, &mut Value);

const SPOILT: &[(&str, Spoil, Reason)] = &[
    ("another agency", |_, c| c["agency"] = json!("H32.217"), Reason::TokenAgency),
    ("no agency", |_, c| drop(c.as_object_mut().unwrap().remove("agency")), Reason::TokenAgency),
    ("an officer of another agency", |_, c| c["sub"] = json!("minh@h32.217"), Reason::TokenAgency),
    (
        "issuer not trusted for the agency",
        |_, c| c["iss"] = json!("https://id.h12.test"),
        Reason::TokenAgency,
    ),
    ("unknown officer", |_, c| c["sub"] = json!("ai@h32.216"), Reason::OfficerUnknown),
    ("another audience", |_, c| c["aud"] = json!("another.test"), Reason::TokenAudience),
    ("several other audiences", |_, c| c["aud"] = json!(["a.test", "b.test"]), Reason::TokenAudience),
    (
        "another certificate",
        |w, c| {
            let other = w.access.caller(w.certificate("one-stop-217")).unwrap();
            c["cnf"]["x5t#S256"] = json!(other.thumbprint());
        },
        Reason::TokenBinding,
    ),
    ("no certificate", |_, c| drop(c.as_object_mut().unwrap().remove("cnf")), Reason::TokenMalformed),
    ("expired", |_, c| shift(c, -700), Reason::TokenExpired),
    ("not yet issued", |_, c| shift(c, 60), Reason::TokenExpired),
    ("not yet valid", |_, c| c["nbf"] = json!(c["iat"].as_i64().unwrap() + 60), Reason::TokenExpired),
    (
        "too long a life",
        |_, c| {
            c["exp"] = json!(c["iat"].as_i64().unwrap() + MAX_LIFETIME_SECONDS + 1);
        },
        Reason::TokenLifetime,
    ),
    ("ends before it begins", |_, c| c["exp"] = json!(c["iat"].as_i64().unwrap() - 1), Reason::TokenLifetime),
    ("no expiry", |_, c| drop(c.as_object_mut().unwrap().remove("exp")), Reason::TokenMalformed),
    ("no issue time", |_, c| drop(c.as_object_mut().unwrap().remove("iat")), Reason::TokenMalformed),
    ("unknown issuer", |_, c| c["iss"] = json!("https://evil.test"), Reason::TokenSignature),
    ("citizens' issuer", |_, c| c["iss"] = json!("https://id.portal.test"), Reason::TokenSignature),
    ("no issuer", |_, c| drop(c.as_object_mut().unwrap().remove("iss")), Reason::TokenMalformed),
];

fn shift(claims: &mut Value, by: i64) {
    for claim in ["iat", "exp"] {
        claims[claim] = json!(claims[claim].as_i64().unwrap() + by);
    }
}

#[test]
fn a_token_with_one_thing_wrong_names_nobody() {
    let world = World::new();
    let leaf = world.certificate("one-stop-216");
    for (what, spoil, reason) in SPOILT {
        let mut claims = world.claims("one-stop-216", By::Officer);
        let good = world.officers.sign(&claims);
        assert!(world.access.identify(Some(leaf), Some(&good)).is_ok(), "{what}: good before");
        spoil(&world, &mut claims);
        let token = world.officers.sign(&claims);
        let denial = world.access.identify(Some(leaf), Some(&token)).expect_err(what);
        assert_eq!(denial.reason(), *reason, "{what}");
        assert_eq!(
            denial.caller().map(crate::Caller::id),
            Some("one-stop-216"),
            "{what}: the entry names the caller"
        );
    }
}

#[test]
fn a_token_signed_otherwise_names_nobody() {
    let world = World::new();
    let claims = world.claims("one-stop-216", By::Officer);
    let present =
        |token: &str| refused(world.access.identify(Some(world.certificate("one-stop-216")), Some(token)));
    let good = world.officers.sign(&claims);
    assert_eq!(present(&good), None);

    let strange_key = Signing::ed25519("o1");
    assert_eq!(
        present(&strange_key.sign(&claims)),
        Some(Reason::TokenSignature),
        "the right kid, another key"
    );
    let strange_kid = Signing::ed25519("o9");
    assert_eq!(present(&strange_kid.sign(&claims)), Some(Reason::TokenSignature));
    assert_eq!(present(&world.receipts.sign(&claims)), Some(Reason::TokenSignature), "a key for receipts");

    let (head, signature) = good.rsplit_once('.').unwrap();
    let last = if signature.starts_with('A') { 'B' } else { 'A' };
    assert_eq!(present(&format!("{head}.{last}{}", &signature[1..])), Some(Reason::TokenSignature));
    for text in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", &"x".repeat(9_000), &good[..good.len() / 2]] {
        assert_eq!(present(text), Some(Reason::TokenMalformed), "{} bytes", text.len());
    }
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some("o1".to_owned());
    let secret = jsonwebtoken::EncodingKey::from_secret(b"public key as a secret");
    let confused = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
    assert_eq!(present(&confused), Some(Reason::TokenSignature), "no symmetric algorithm");
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.kid = Some("o1".to_owned());
    header.crit = Some(vec!["exp".to_owned()]);
    let critical = jsonwebtoken::encode(&header, &claims, &world.officers.key).unwrap();
    assert_eq!(present(&critical), Some(Reason::TokenMalformed), "an extension that is not understood");
}

#[test]
fn a_token_serves_its_own_caller_only_and_only_while_it_lasts() {
    let world = World::new();
    let token = world.token("one-stop-216", By::Officer).unwrap();
    let present =
        |caller: &str| refused(world.access.identify(Some(world.certificate(caller)), Some(&token)));
    assert_eq!(present("one-stop-216"), None);
    assert_eq!(present("one-stop-217"), Some(Reason::TokenBinding), "remembered for one caller, not for all");
    assert_eq!(present("verifier-216"), Some(Reason::TokenBinding));
    world.advance(629);
    assert_eq!(present("one-stop-216"), None, "within the leeway");
    world.advance(1);
    assert_eq!(present("one-stop-216"), Some(Reason::TokenExpired), "also when it is remembered");
}

#[test]
fn a_caller_presents_the_tokens_it_is_configured_for() {
    let world = World::new();
    for (caller, by, reason) in [
        ("portal", By::Officer, Some(Reason::RoleNotAllowed)),
        ("portal", By::Applicant, None),
        ("one-stop-217", By::Applicant, Some(Reason::RoleNotAllowed)),
        ("one-stop-217", By::Officer, None),
        ("auditor-216", By::Officer, Some(Reason::RoleNotAllowed)),
    ] {
        let token = world.token(caller, by);
        let result = world.access.identify(Some(world.certificate(caller)), token.as_deref());
        assert_eq!(refused(result), reason, "{caller} {by:?}");
    }
}

#[test]
fn nothing_shows_who_a_person_is() {
    let world = World::new();
    let identity = world.identity("portal", By::Applicant);
    let officer = world.identity("one-stop-216", By::Officer);
    let shown = format!("{identity:?} {officer:?} {:?}", officer.actor());
    assert!(shown.contains("portal") && !shown.contains("0970") && !shown.contains("lan@"), "{shown}");
}
