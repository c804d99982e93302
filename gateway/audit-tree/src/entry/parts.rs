//! The nested parts of an entry. Fields stand in canonical (alphabetical) order.

use serde::{Deserialize, Serialize};

use super::{ActorKind, CommitmentSeal, Effect, EntryTime, SourceFrom, SubjectClass, Text};

/// Who acted through the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The officer's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Text>,
    /// The officer's agency as the token names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Text>,
    /// Officer, citizen, nobody or the gateway.
    pub kind: ActorKind,
    /// The citizen's pseudonym.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<Text>,
    /// The account of the officer under whose personal id the source was
    /// asked, where that is the agency's responsible officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_account: Option<Text>,
}

/// Refusals counted instead of written one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// How many.
    pub count: u64,
    /// Start of the interval.
    pub from: EntryTime,
    /// Their reason code.
    pub reason: Text,
    /// End of the interval.
    pub to: EntryTime,
}

/// The log that this one goes on from, as it was last known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// Its origin.
    pub after: Text,
    /// The last checkpoint it published: the signed note whole, which states
    /// size and root; absent where none could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Text>,
    /// Who began this log: the operator's login.
    pub operator: Text,
    /// Why, in the operator's words.
    pub reason: Text,
    /// The last checkpoint that witnesses cosigned, where it kept one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<Text>,
}

/// The client system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The agency it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Text>,
    /// SHA-256 thumbprint of its certificate, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Text>,
    /// Its configured system identity; absent where it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Text>,
}

/// The commitment to an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// HMAC-SHA-256 over the canonical answer, 64 lower-case hex digits.
    pub mac: Text,
    /// Under which keys the commitment key is sealed.
    pub seal: CommitmentSeal,
    /// The sealed key: base64url of nonce, ciphertext and tag (AES-256-GCM).
    pub sealed_key: Text,
}

/// How a component (*thành phần hồ sơ*) was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its code, or `procedure#position`.
    pub key: Text,
    /// `FULL`, `COPY_ONLY` or `PREFILL_ONLY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Text>,
    /// `REUSED`, `PREFILLED`, `NEEDS_PAPER`, `SOURCE_UNAVAILABLE`, `NOT_IN_CASE`.
    pub outcome: Text,
    /// Blanks filled.
    pub prefilled: u32,
    /// Blanks in all.
    pub total: u32,
}

/// The creation of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// Commitment to keyed hash and pseudonym, 64 lower-case hex digits;
    /// see [`crate::subject_commitment`].
    pub commitment: Text,
    /// The new pseudonym.
    pub pseudonym: Text,
}

/// What the policy decided, and on what it rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Digest of the catalogue in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue_digest: Option<Text>,
    /// Permit or deny.
    pub effect: Effect,
    /// The deciding policies' ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Text>,
    /// Digest of the policy set in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_digest: Option<Text>,
}

/// The erasure of a subject's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The pseudonym that no longer leads to anybody.
    pub pseudonym: Text,
}

/// Field names, never values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Text>,
    /// Disclosed in the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosed: Vec<Text>,
}

/// One filter of a search of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Its name, e.g. `dossier`.
    pub name: Text,
    /// Its value; of an identifier only the pseudonym, and nothing where the
    /// identifier has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
}

/// What came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loaded {
    /// `sha256:` and 64 lower-case hex digits.
    pub digest: Text,
    /// `policy`, `catalogue`, `purposes`, `directory`, `manifest`, `config`, …
    pub what: Text,
}

/// Entries whose fate was unknown when a write or sync failed. They keep
/// their index and stand in the log, but nobody got a receipt for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotReleased {
    /// `WRITE_FAILED`, `SYNC_FAILED`, `STORE_REPLACED`, `WRITER_DIED`.
    pub cause: Text,
    /// First such index.
    pub first: u64,
    /// Last such index.
    pub last: u64,
}

/// Why it was asked (*mục đích*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Purpose {
    /// For a dossier, by code (*mã hồ sơ*).
    Dossier(Text),
    /// Under a registered purpose, by id.
    Registered(Text),
}

/// The log's key signed the next one in; see [`crate::rotation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The new key, as a verifier key.
    pub new: Text,
    /// The key before.
    pub old: Text,
    /// The signed note that says so, whole.
    pub statement: Text,
}

/// A search of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Entries returned.
    pub count: u64,
    /// The filters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// Where an answer came from, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The source's own data time (*thời điểm dữ liệu*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_time: Option<EntryTime>,
    /// The index of the entry whose question fetched the answer, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_by: Option<u64>,
    /// Registry, cache, a flight joined, or stale cache.
    pub from: SourceFrom,
    /// The registry, e.g. `population`.
    pub registry: Text,
    /// When the gateway received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieved_at: Option<EntryTime>,
}

/// Someone or something the entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// A natural person or a record.
    pub class: SubjectClass,
    /// Its pseudonym.
    pub pseudonym: Text,
    /// Its role, e.g. `applicant`, `spouse`, `owner`.
    pub role: Text,
    /// The identifier sealed under the subject's own key: base64url of nonce,
    /// ciphertext and tag (AES-256-GCM, associated data = pseudonym).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Text>,
}
