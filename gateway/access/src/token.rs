//! Tokens that name the acting person: short-lived, for this gateway, bound to
//! the caller's certificate (RFC 7519, RFC 8705).

use std::collections::HashMap;

use aws_lc_rs::digest;
use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use motlan_domain::Reason;
use motlan_domain::id::{AgencyCode, IdRules, OfficerAccount, PersonalId};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::config::IssuerConfig;
use crate::directory::Directory;
use crate::error::Mistakes;
use crate::identity::{Actor, Caller, TokenKind};
use crate::jwks::{JwsHeader, Keys};
use crate::places::Places;

/// The longest a token may live, `exp − iat`.
pub const MAX_LIFETIME_SECONDS: i64 = 15 * 60;

/// How far the issuer's clock may be off.
const LEEWAY_SECONDS: i64 = 30;

/// How many verified tokens are remembered.
const REMEMBERED: usize = 8_192;

/// The claims of a token, officer's or citizen's. An issuer may add others.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenClaims {
    /// The issuer's configured id.
    pub iss: String,
    /// The officer's account, or the citizen's personal id.
    pub sub: String,
    /// This gateway's audience; one, or several.
    pub aud: Audience,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Not valid before, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Expires, Unix seconds.
    pub exp: i64,
    /// Which client certificate may present it.
    pub cnf: Confirmation,
    /// Officers only: the agency's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
}

/// The `aud` claim.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// As a string.
    One(String),
    /// As a list.
    Many(Vec<String>),
}

/// The `cnf` claim.
#[derive(Clone, Serialize, Deserialize)]
pub struct Confirmation {
    /// SHA-256 of the certificate in DER, base64url without padding.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: String,
}

/// A configured issuer.
#[derive(Debug)]
pub(crate) struct Issuer {
    kind: TokenKind,
    keys: Keys,
    audience: String,
    agencies: Option<Vec<AgencyCode>>,
}

/// Tokens verified before: a signature costs a hundred times a lookup. The key
/// is a digest, so that no token can be read out of memory here.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(RwLock<HashMap<[u8; 32], Remembered>>);

/// By whom, against what and when a token is presented.
pub(crate) struct Presented<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) allowed: &'a [TokenKind],
    pub(crate) issuers: &'a HashMap<String, Issuer>,
    pub(crate) directory: &'a Directory,
    pub(crate) rules: IdRules,
    pub(crate) now: Timestamp,
}

/// Whom a token names.
pub(crate) struct Named {
    pub(crate) actor: Actor,
    /// From when on it names nobody, Unix seconds.
    pub(crate) until: i64,
}

#[derive(Debug, Clone)]
struct Remembered {
    actor: Actor,
    term: Term,
}

/// From when until when a token holds, leeway not included.
#[derive(Debug, Clone, Copy)]
struct Term {
    from: i64,
    until: i64,
}

// === impl Issuer ===

impl Issuer {
    pub(crate) fn compile(
        configs: &[IssuerConfig],
        places: &Places<'_>,
        mistakes: &mut Mistakes,
    ) -> HashMap<String, Self> {
        let mut issuers = HashMap::new();
        for (index, config) in configs.iter().enumerate() {
            let place = |key: &str| format!("issuers[{index}].{key}");
            let allowed = [Algorithm::EdDSA, Algorithm::ES256];
            let keys = Keys::read(&place("jwks_file"), &config.jwks_file, &allowed, mistakes);
            if config.audience.is_empty() {
                mistakes.push(place("audience"), "is empty");
            }
            if config.kind == TokenKind::Citizen && config.agencies.is_some() {
                mistakes.push(place("agencies"), "means nothing for citizen tokens");
            }
            let mut agency = |code: &String| {
                places.agency(code).map_err(|problem| mistakes.push(place("agencies"), problem)).ok()
            };
            let agencies =
                config.agencies.as_ref().map(|codes| codes.iter().filter_map(&mut agency).collect());
            let issuer = Self { kind: config.kind, keys, audience: config.audience.clone(), agencies };
            if issuers.insert(config.id.clone(), issuer).is_some() {
                mistakes.push(place("id"), format!("the issuer `{}` stands twice", config.id));
            }
        }
        issuers
    }
}

// === impl TokenCache ===

impl TokenCache {
    /// Who the token names, as presented.
    pub(crate) fn actor(&self, token: &str, by: &Presented<'_>) -> Result<Named, Reason> {
        let Presented { caller, allowed, issuers, directory, rules, now } = *by;
        let now = now.as_second();
        let key = digest_of(token, caller);
        let known = self.0.read().get(&key).cloned();
        if let Some(known) = known {
            return known.term.check(now).map(|()| Named { actor: known.actor, until: known.term.end() });
        }
        let header = JwsHeader::read(token)?;
        let issuer = issuers.get(&header.issuer).ok_or(Reason::TokenSignature)?;
        let claims: TokenClaims = issuer.keys.verify(token, &header)?;
        if !claims.aud.contains(&issuer.audience) {
            return Err(Reason::TokenAudience);
        }
        let term = Term { from: claims.iat.max(claims.nbf.unwrap_or(claims.iat)), until: claims.exp };
        if !(0..=MAX_LIFETIME_SECONDS).contains(&claims.exp.saturating_sub(claims.iat)) {
            return Err(Reason::TokenLifetime);
        }
        term.check(now)?;
        if claims.cnf.x5t_s256 != caller.thumbprint() {
            return Err(Reason::TokenBinding);
        }
        if !allowed.contains(&issuer.kind) {
            return Err(Reason::RoleNotAllowed);
        }
        let actor = match issuer.kind {
            TokenKind::Citizen => {
                Actor::Citizen(PersonalId::parse(&claims.sub, &rules).map_err(|_| Reason::TokenMalformed)?)
            }
            TokenKind::Officer => officer(&claims, caller, issuer, directory)?,
        };
        self.remember(key, Remembered { actor: actor.clone(), term }, now);
        Ok(Named { actor, until: term.end() })
    }

    fn remember(&self, key: [u8; 32], remembered: Remembered, now: i64) {
        let mut known = self.0.write();
        if known.len() >= REMEMBERED {
            known.retain(|_, remembered| remembered.term.check(now).is_ok());
            if known.len() >= REMEMBERED {
                known.clear();
            }
        }
        known.insert(key, remembered);
    }
}

fn officer(
    claims: &TokenClaims,
    caller: &Caller,
    issuer: &Issuer,
    directory: &Directory,
) -> Result<Actor, Reason> {
    let agency = claims.agency.as_deref().ok_or(Reason::TokenAgency)?;
    let trusted = issuer.agencies.as_ref().is_none_or(|agencies| agencies.contains(caller.agency()));
    if agency != caller.agency().as_str() || !trusted {
        return Err(Reason::TokenAgency);
    }
    let account = OfficerAccount::parse(&claims.sub).map_err(|_| Reason::TokenMalformed)?;
    match directory.officer(&account) {
        Some(officer) if officer.agency() == caller.agency() => {
            Ok(Actor::Officer(std::sync::Arc::clone(officer)))
        }
        Some(_) => Err(Reason::TokenAgency),
        None => Err(Reason::OfficerUnknown),
    }
}

fn digest_of(token: &str, caller: &Caller) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [caller.thumbprint(), "\n", caller.id(), "\n", token] {
        context.update(part.as_bytes());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

// === impl Term ===

impl Term {
    /// From when on it holds no more.
    const fn end(self) -> i64 {
        self.until.saturating_add(LEEWAY_SECONDS)
    }

    fn check(self, now: i64) -> Result<(), Reason> {
        let begun = self.from.saturating_sub(LEEWAY_SECONDS) <= now;
        let ended = self.end() <= now;
        if begun && !ended { Ok(()) } else { Err(Reason::TokenExpired) }
    }
}

// === impl Audience ===

impl Audience {
    fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}
