//! What can go wrong with the register, by what the caller would do.

use motlan_domain::Reason;
use thiserror::Error;

/// Why the register did not do what was asked.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// A dossier of this code exists already, opened by another request:
    /// answer `DOSSIER_EXISTS`.
    #[error("a dossier of this code exists already")]
    Exists,
    /// No dossier has this code.
    #[error("no dossier has this code")]
    Unknown,
    /// The dossier is closed: answer `DOSSIER_CLOSED`.
    #[error("the dossier is closed")]
    Closed,
    /// The request id was used with another body: answer `REQUEST_ID_REUSED`.
    #[error("the request id was used with another body")]
    RequestIdReused,
    /// The dossier would have more subjects than a dossier may have: answer
    /// `TOO_MANY_VALUES`.
    #[error("too many subjects in one dossier")]
    TooManySubjects,
    /// The day's wrong attempts about this subject are used up: answer
    /// `GUESS_LIMIT`.
    #[error("too many wrong attempts about this subject today")]
    GuessLimit,
    /// More work waits than the register takes: answer `OVERLOADED`.
    #[error("the register is at its limit of waiting work")]
    Overloaded,
    /// The file is of another key, or of another version of this program: an
    /// operator must choose the right one.
    #[error("the register file does not belong to this configuration")]
    Foreign,
    /// The file cannot be read or written now; nothing was acknowledged.
    /// Answer `STORE_UNAVAILABLE`; the register recovers by itself.
    #[error("the register is unavailable")]
    Unavailable(#[source] Option<Box<rusqlite::Error>>),
    /// A row does not open under the key, or holds what was never written:
    /// the file was tampered with. Answer `STORE_UNAVAILABLE`, alarm.
    #[error("a row of the register cannot be read")]
    Corrupt,
}

// === impl RegisterError ===

impl RegisterError {
    /// The stable reason to answer with.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Exists => Reason::DossierExists,
            Self::Unknown => Reason::DossierUnknown,
            Self::Closed => Reason::DossierClosed,
            Self::RequestIdReused => Reason::RequestIdReused,
            Self::TooManySubjects => Reason::TooManyValues,
            Self::GuessLimit => Reason::GuessLimit,
            Self::Overloaded => Reason::Overloaded,
            Self::Foreign | Self::Unavailable(_) | Self::Corrupt => Reason::StoreUnavailable,
        }
    }
}

impl From<rusqlite::Error> for RegisterError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(Some(Box::new(error)))
    }
}
