//! Asking a witness, as a log does.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::time::Duration;

use motlan_audit_tree::hash::NodeHash;
use motlan_audit_tree::note::MAX_NOTE_BYTES;
use motlan_audit_tree::witness::{read_cosignatures, read_known_size};
use motlan_audit_tree::{
    AddCheckpoint, Note, NoteError, Signature, SignedCheckpoint, TrustedLog, VerifierKey,
};
use reqwest::{StatusCode, Url};

use crate::folder::origin_hash;

/// The longest body of a 409 that is looked at.
const MAX_SIZE_BYTES: usize = 64;

/// A witness, as a log knows it.
#[derive(Debug, Clone)]
pub struct WitnessClient {
    http: reqwest::Client,
    url: Url,
    key: VerifierKey,
    timeout: Duration,
}

/// A cosignature that has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// To be added to the checkpoint.
    pub cosignature: Signature,
    /// When the witness made it, by its own clock, in seconds since 1970.
    pub time: u64,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// The witness cosigned.
    Cosigned(Cosigned),
    /// The witness has cosigned a larger tree of this log. If that size is
    /// also larger than the log's present one, the log has lost entries it
    /// had shown: it was rolled back. If not, a later checkpoint got there
    /// first.
    Ahead {
        /// The size the witness has seen.
        size: u64,
    },
}

/// Why a witness did not cosign. `E` is why the log has no proof.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError<E: std::error::Error + 'static> {
    /// The log's own tree gave no proof; the witness is not at fault.
    #[error("no consistency proof from {old} leaves")]
    Proof {
        /// The size the proof should have begun at.
        old: u64,
        /// Why there is none.
        source: E,
    },
    /// The witness does not find this tree grown from the one it has seen
    /// (422). Unless the proof was wrong, the log has shown it another tree.
    #[error("the witness does not find the tree consistent")]
    Inconsistent,
    /// The witness does not take this log's checkpoints at all (400, 403,
    /// 404, or an unforeseen status): one of the two is misconfigured.
    #[error("the witness refuses with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// No answer, or one that says to ask later (5xx, or the size changed
    /// while asking). Ask again later.
    #[error("the witness does not answer")]
    Unavailable,
    /// What it answers is not what the specification says.
    #[error("the witness's answer cannot be read")]
    Unreadable,
    /// What it answers is no cosignature of that witness on that checkpoint.
    #[error("the witness's answer is not its cosignature")]
    NotCosigned(#[source] NoteError),
}

/// An answer, as far as it matters.
enum Answer {
    Cosigned(Cosigned),
    Conflict { size: u64 },
}

// === impl WitnessClient ===

impl WitnessClient {
    /// The witness at that submission prefix (`https://witness.example/w1`),
    /// with that key. One exchange may take `timeout`; there are two at most.
    /// The HTTP client should follow no redirects: no witness makes any.
    pub fn new(http: reqwest::Client, prefix: &Url, key: VerifierKey, timeout: Duration) -> Self {
        let mut url = prefix.clone();
        url.set_path(&format!("{}/add-checkpoint", prefix.path().trim_end_matches('/')));
        Self { http, url, key, timeout }
    }

    /// The witness's key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The same witness, asked with less or more patience.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The checkpoint of that log which the witness says it cosigned last, if
    /// it tells one that the log's own key has signed: then the log has stated
    /// that tree, whatever one thinks of the witness. Where it cannot be had,
    /// none.
    pub async fn seen(&self, log: &TrustedLog) -> Option<SignedCheckpoint> {
        let prefix = self.url.path().trim_end_matches("add-checkpoint");
        let mut url = self.url.clone();
        url.set_path(&format!("{prefix}{}/checkpoint", origin_hash(&log.origin)));
        let response = self.http.get(url).timeout(self.timeout).send().await.ok()?;
        if response.status() != StatusCode::OK {
            return None;
        }
        let body = collect::<Infallible>(response, MAX_NOTE_BYTES).await.ok()?;
        SignedCheckpoint::open(&body, log).ok()
    }

    /// Asks for a cosignature on a checkpoint. `old` is the size this witness
    /// is known to have cosigned, 0 where that is unknown; if it says
    /// otherwise, it is asked once more. `prove` gives the consistency proof
    /// from a size to the checkpoint's.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit<E, P, F>(
        &self,
        checkpoint: &SignedCheckpoint,
        old: u64,
        mut prove: P,
    ) -> Result<Submitted, SubmitError<E>>
    where
        E: std::error::Error + 'static,
        P: FnMut(u64) -> F,
        F: Future<Output = Result<Vec<NodeHash>, E>>,
    {
        let size = checkpoint.head().size;
        // A log that has become smaller hears it from the witness.
        let mut old = old.min(size);
        for _ in 0..2 {
            let proof = prove(old).await.map_err(|source| SubmitError::Proof { old, source })?;
            let request = AddCheckpoint::new(old, proof, checkpoint);
            // No proof of a tree this size is that long.
            let request = request.map_err(|_| SubmitError::Inconsistent)?;
            match self.exchange(&request, checkpoint).await? {
                Answer::Cosigned(cosigned) => return Ok(Submitted::Cosigned(cosigned)),
                Answer::Conflict { size: seen } if seen > size => {
                    return Ok(Submitted::Ahead { size: seen });
                }
                Answer::Conflict { size: seen } if seen == old => return Err(SubmitError::Unreadable),
                Answer::Conflict { size: seen } => old = seen,
            }
        }
        Err(SubmitError::Unavailable)
    }

    async fn exchange<E: std::error::Error + 'static>(
        &self,
        request: &AddCheckpoint,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Answer, SubmitError<E>> {
        let sent = self.http.post(self.url.clone()).timeout(self.timeout).body(request.to_string()).send();
        // Which of its many ways it went is dropped: its text holds the address.
        let response = sent.await.map_err(|_| SubmitError::Unavailable)?;
        match response.status() {
            StatusCode::OK => {
                let body = collect(response, MAX_NOTE_BYTES).await?;
                self.read(&body, checkpoint).map(Answer::Cosigned)
            }
            StatusCode::CONFLICT => {
                let body = collect(response, MAX_SIZE_BYTES).await?;
                let size = read_known_size(&body).ok_or(SubmitError::Unreadable)?;
                Ok(Answer::Conflict { size })
            }
            StatusCode::UNPROCESSABLE_ENTITY => Err(SubmitError::Inconsistent),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(SubmitError::Unavailable),
            status if status.is_server_error() => Err(SubmitError::Unavailable),
            status => Err(SubmitError::Refused { status: status.as_u16() }),
        }
    }

    /// The witness's cosignature; of several, as it may have been made anew,
    /// the latest.
    fn read<E: std::error::Error + 'static>(
        &self,
        body: &[u8],
        checkpoint: &SignedCheckpoint,
    ) -> Result<Cosigned, SubmitError<E>> {
        let witness = std::slice::from_ref(&self.key);
        let cosignatures = read_cosignatures(body, checkpoint, witness).map_err(SubmitError::NotCosigned)?;
        let timed = cosignatures.into_iter().filter_map(|cosignature| {
            let alone = Note::new(checkpoint.note().text().to_owned(), vec![cosignature.clone()]).ok()?;
            let time = alone.verify(witness).ok()?.first()?.time?;
            // Without a time it would say nothing of the largest tree.
            (time > 0).then_some(Cosigned { cosignature, time })
        });
        timed.max_by_key(|cosigned| cosigned.time).ok_or(SubmitError::Unreadable)
    }
}

/// A body, if it is not longer than that.
async fn collect<E: std::error::Error + 'static>(
    mut response: reqwest::Response,
    most: usize,
) -> Result<Vec<u8>, SubmitError<E>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| SubmitError::Unavailable)? {
        if bytes.len() + chunk.len() > most {
            return Err(SubmitError::Unreadable);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
