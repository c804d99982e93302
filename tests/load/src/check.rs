//! Whether an answer is what it must be.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use motlan_proto::business::v1::GetEnterpriseResponse;
use motlan_proto::common::v1::{Outcome, Receipt};
use motlan_proto::dossier::v1::resolve_dossier_response::Result as Step;
use motlan_proto::dossier::v1::{ComponentOutcome, ResolveDossierResponse};
use motlan_proto::population::v1::GetPersonResponse;
use prost::Message as _;
use tonic::Code;

use crate::client::Reply;

/// An answer that is wrong: the run fails, however fast it was.
#[derive(Debug, thiserror::Error)]
#[error("wrong answer: {0}")]
pub struct Wrong(pub String);

/// What the answer to a question must be.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// These bytes.
    Same(Bytes),
    /// These bytes, then a receipt of the log and nothing more.
    Recorded {
        /// Everything before the receipt.
        before: Bytes,
    },
    /// A resolve that comes to these outcomes by component key, each under a
    /// receipt of its own.
    Resolved(Arc<Outcomes>),
}

/// What becomes of each component of a dossier, by key.
pub(crate) type Outcomes = BTreeMap<String, ComponentOutcome>;

/// Where an answer stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The entry's index.
    pub(crate) index: u64,
    /// The entry's leaf hash.
    pub(crate) leaf_hash: [u8; 32],
}

/// The tag of `GetEnterpriseResponse.receipt`: field 5, length-delimited.
const RECEIPT: u8 = 5 << 3 | 2;

fn wrong<T>(what: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong(what.into()))
}

// === impl Expected ===

impl Expected {
    /// From an answer that was judged in full.
    pub(crate) fn recorded(mut answer: GetEnterpriseResponse) -> Self {
        answer.receipt = None;
        Self::Recorded { before: answer.encode_to_vec().into() }
    }

    /// Judges an answer, every byte of it, and adds where it stands in the log,
    /// if it must stand there.
    pub(crate) fn judge(&self, reply: &Reply, places: &mut Vec<Place>) -> Result<(), Wrong> {
        match self {
            Self::Same(bytes) if message(reply)? == *bytes => Ok(()),
            Self::Same(_) => wrong("not the message that was to be echoed"),
            Self::Resolved(outcomes) => {
                let found = resolved(reply, places)?;
                if found == **outcomes { Ok(()) } else { wrong(format!("a resolve that came to {found:?}")) }
            }
            Self::Recorded { before } => {
                let message = message(reply)?;
                let Some(rest) = message.strip_prefix(&before[..]) else {
                    return wrong("not the record that was asked for");
                };
                let Some((&RECEIPT, mut rest)) = rest.split_first() else {
                    return wrong("an answer without a receipt");
                };
                let receipt = Receipt::decode_length_delimited(&mut rest);
                let receipt = receipt.map_err(|error| Wrong(format!("the receipt: {error}")))?;
                if !rest.is_empty() {
                    return wrong("something follows the receipt");
                }
                places.push(place(&receipt)?);
                Ok(())
            }
        }
    }
}

/// The message of an answer that is one: OK, whole, not compressed.
pub(crate) fn message(reply: &Reply) -> Result<Bytes, Wrong> {
    let mut rest = ok(reply)?;
    let message = next(&mut rest)?;
    if rest.is_empty() { Ok(message) } else { wrong("the message's frame is wrong") }
}

/// The messages of an answer whose status is OK, framed.
fn ok(reply: &Reply) -> Result<Bytes, Wrong> {
    let code = code(reply);
    if code == Code::Ok {
        return Ok(reply.framed.clone());
    }
    let told = reply.trailers.get("grpc-message").and_then(|text| text.to_str().ok());
    wrong(format!("grpc-status {code:?} {}", told.unwrap_or_default()))
}

/// Takes the next message: whole, not compressed.
fn next(framed: &mut Bytes) -> Result<Bytes, Wrong> {
    let Some((head, rest)) = framed.split_at_checked(5) else { return wrong("no message") };
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    match usize::try_from(length) {
        Ok(length) if head[0] == 0 && length <= rest.len() => {
            let mut message = framed.split_to(5 + length);
            Ok(message.split_off(5))
        }
        _ => wrong("the message's frame is wrong"),
    }
}

/// The components of a resolve: each once, each with a receipt, then a summary
/// that counts them.
pub(crate) fn resolved(reply: &Reply, places: &mut Vec<Place>) -> Result<Outcomes, Wrong> {
    let (mut rest, mut outcomes, mut total) = (ok(reply)?, Outcomes::new(), None);
    while !rest.is_empty() {
        let step = ResolveDossierResponse::decode(next(&mut rest)?);
        let step = step.map_err(|error| Wrong(format!("the message cannot be decoded: {error}")))?;
        match step.result {
            Some(Step::Component(component)) if total.is_none() => {
                let Some(receipt) = &component.receipt else {
                    return wrong(format!("{}: no receipt", component.key));
                };
                places.push(place(receipt)?);
                let outcome = component.outcome();
                if outcomes.insert(component.key, outcome).is_some() {
                    return wrong("a component came twice");
                }
            }
            Some(Step::Summary(summary)) if total.is_none() => total = usize::try_from(summary.total).ok(),
            _ => return wrong("a resolve goes on after its summary"),
        }
    }
    if total == Some(outcomes.len()) { Ok(outcomes) } else { wrong("a resolve without its summary") }
}

/// A person's answer: found, under that name, with a receipt.
pub(crate) fn person(reply: &Reply, name: &str) -> Result<Place, Wrong> {
    let answer = GetPersonResponse::decode(message(reply)?);
    let answer = answer.map_err(|error| Wrong(format!("the message cannot be decoded: {error}")))?;
    let named = answer.record.as_ref().and_then(|record| record.full_name.as_deref());
    if answer.outcome() != Outcome::Found || named != Some(name) {
        return wrong(format!("{} instead of the person", answer.outcome().as_str_name()));
    }
    let Some(receipt) = &answer.receipt else { return wrong("a person's answer without a receipt") };
    place(receipt)
}

/// `grpc-status`; UNKNOWN where there is none.
pub(crate) fn code(reply: &Reply) -> Code {
    reply.trailers.get("grpc-status").map_or(Code::Unknown, |status| Code::from_bytes(status.as_bytes()))
}

/// An answer about an enterprise, judged against what is known of it.
pub(crate) fn first_answer(reply: &Reply, code: &str, name: &str) -> Result<GetEnterpriseResponse, Wrong> {
    let answer = GetEnterpriseResponse::decode(message(reply)?);
    let answer = answer.map_err(|error| Wrong(format!("the message cannot be decoded: {error}")))?;
    if answer.outcome() != Outcome::Found {
        return wrong(format!("{code}: {}", answer.outcome().as_str_name()));
    }
    let Some(record) = &answer.record else { return wrong(format!("{code}: no record")) };
    if record.code.as_deref() != Some(code) || record.name.as_deref() != Some(name) {
        return wrong(format!("{code}: the record of {:?}", record.code));
    }
    let Some(receipt) = &answer.receipt else { return wrong(format!("{code}: no receipt")) };
    place(receipt)?;
    Ok(answer)
}

/// Where a receipt says that its answer stands.
pub(crate) fn place(receipt: &Receipt) -> Result<Place, Wrong> {
    let Receipt { origin, index, leaf_hash, time, commitment_key } = receipt;
    let leaf_hash = <[u8; 32]>::try_from(leaf_hash.as_slice());
    match leaf_hash {
        Ok(leaf_hash)
            if origin == motlan::sandbox::ORIGIN && time.is_some() && commitment_key.len() == 32 =>
        {
            Ok(Place { index: *index, leaf_hash })
        }
        _ => wrong("the receipt is not whole"),
    }
}

/// Whether the indices are all different, and of entries made since `from`
/// that the log holds.
pub(crate) fn distinct(mut indices: Vec<u64>, from: u64, durable: u64) -> Result<(), Wrong> {
    indices.sort_unstable();
    if indices.windows(2).any(|pair| pair[0] == pair[1]) {
        return wrong("two answers with the same receipt");
    }
    if indices.first().is_some_and(|first| *first < from)
        || indices.last().is_some_and(|last| *last >= durable)
    {
        return wrong(format!("a receipt outside the log's entries {from} to {durable}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
