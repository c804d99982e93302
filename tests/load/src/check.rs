//! Whether an answer is what it must be.

use bytes::Bytes;
use motlan_proto::business::v1::GetEnterpriseResponse;
use motlan_proto::common::v1::{Outcome, Receipt};
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
}

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

    /// Judges an answer, every byte of it; where it stands in the log, if it
    /// must stand there.
    pub(crate) fn judge(&self, reply: &Reply) -> Result<Option<Place>, Wrong> {
        let message = message(reply)?;
        match self {
            Self::Same(bytes) if message == *bytes => Ok(None),
            Self::Same(_) => wrong("not the message that was to be echoed"),
            Self::Recorded { before } => {
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
                place(&receipt).map(Some)
            }
        }
    }
}

/// The message of an answer that is one: OK, whole, not compressed.
pub(crate) fn message(reply: &Reply) -> Result<Bytes, Wrong> {
    let code = code(reply);
    if code != Code::Ok {
        let told = reply.trailers.get("grpc-message").and_then(|text| text.to_str().ok());
        return wrong(format!("grpc-status {code:?} {}", told.unwrap_or_default()));
    }
    let framed = &reply.framed;
    let Some((head, message)) = framed.split_at_checked(5) else { return wrong("no message") };
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    if head[0] != 0 || usize::try_from(length) != Ok(message.len()) {
        return wrong("the message's frame is wrong");
    }
    Ok(framed.slice(5..))
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

fn place(receipt: &Receipt) -> Result<Place, Wrong> {
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
