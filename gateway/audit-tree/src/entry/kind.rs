//! The closed vocabularies of an entry. Their written forms never change.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants have one written form each.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The written form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value of that written form.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }
    };
}

vocabulary! {
    /// What happened.
    Kind {
        /// A registry is about to be asked: durable before the question leaves.
        AccessIntent = "access.intent",
        /// How a data question ended, also from the cache: durable before the answer leaves.
        AccessOutcome = "access.outcome",
        /// A question refused by policy; no registry was asked.
        AccessDenied = "access.denied",
        /// Bad or missing credentials.
        CredentialRefused = "credential.refused",
        /// A dossier was opened, with its subjects.
        DossierOpened = "dossier.opened",
        /// A dossier was closed.
        DossierClosed = "dossier.closed",
        /// How one component of a dossier was decided.
        ComponentDecided = "component.decided",
        /// A policy set, catalogue, directory, manifest or config came into force.
        ConfigLoaded = "config.loaded",
        /// Somebody read the log.
        LogRead = "log.read",
        /// A subject got its pseudonym.
        SubjectCreated = "subject.created",
        /// A subject's key was erased.
        SubjectErased = "subject.erased",
        /// Refusals beyond a caller's entry quota, counted.
        RefusalsAggregated = "refusals.aggregated",
        /// Earlier entries whose writing failed: nothing was released on them.
        EntryNotReleased = "entry.not_released",
        /// The log's key signed the next one in.
        LogKeyRotated = "log.key_rotated",
        /// This log goes on from another one that was broken off.
        LogBegun = "log.begun",
    }
}

vocabulary! {
    /// Who acted.
    ActorKind {
        /// An officer (*cán bộ*), by account.
        Officer = "OFFICER",
        /// A citizen for themselves, by pseudonym.
        Citizen = "CITIZEN",
        /// Nobody was named: outcomes only, no values.
        Absent = "ACTOR_ABSENT",
        /// The gateway itself.
        System = "SYSTEM",
    }
}

vocabulary! {
    /// The strength of evidence under which a dossier was opened.
    Evidence {
        /// A request signed by the citizen.
        CitizenSigned = "CITIZEN_SIGNED",
        /// An acceptance receipt signed by the portal.
        AcceptanceReceipt = "ACCEPTANCE_RECEIPT",
        /// The caller's bare assertion.
        Asserted = "ASSERTED",
    }
}

vocabulary! {
    /// How a question ended.
    Outcome {
        /// A record was found.
        Found = "FOUND",
        /// The claim agrees with the record.
        Match = "MATCH",
        /// The claim does not.
        Mismatch = "MISMATCH",
        /// The registry holds no such record.
        NotFound = "NOT_FOUND",
        /// The registry's answer was not whole.
        Incomplete = "INCOMPLETE",
        /// The registry did not answer.
        SourceUnavailable = "SOURCE_UNAVAILABLE",
        /// Policy refused.
        Denied = "DENIED",
        /// The gateway failed or the question was given up; nothing was released.
        Failed = "FAILED",
    }
}

vocabulary! {
    /// What the policy said.
    Effect {
        /// Permitted.
        Permit = "PERMIT",
        /// Denied.
        Deny = "DENY",
    }
}

vocabulary! {
    /// Where an answer came from.
    SourceFrom {
        /// The registry, asked for this question.
        Registry = "REGISTRY",
        /// The cache.
        Cache = "CACHE",
        /// A question already in flight.
        Coalesced = "COALESCED",
        /// The cache, beyond its age, where policy allows.
        Stale = "STALE",
    }
}

vocabulary! {
    /// What a subject is.
    SubjectClass {
        /// A natural person.
        Natural = "NATURAL",
        /// An enterprise, certificate, parcel or other record.
        Record = "RECORD",
    }
}

vocabulary! {
    /// Under which keys a commitment key is sealed.
    CommitmentSeal {
        /// Under the keys of all natural subjects of the entry together.
        Subjects = "SUBJECTS",
        /// Under the gateway's record key: the entry has no natural subject.
        Record = "RECORD",
    }
}
