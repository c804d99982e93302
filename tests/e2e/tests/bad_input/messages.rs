//! Messages that are none, or too large a one.

use bytes::{Buf as _, BufMut as _, Bytes};
use motlan_harness::Connection;
use motlan_proto::access::methods;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use super::{Row, row};

/// To every RPC bytes that are no protobuf, and a text that is no UTF-8; to one
/// of them more bytes than a request may have.
pub(crate) async fn messages(by: &Connection) -> Vec<Row> {
    let mut rows = Vec::new();
    // Field 1 of every request is a message or a text, so this is neither.
    let bad: [&[u8]; 2] = [&[0xff, 0xff, 0xff], &[0x0a, 0x02, 0xc3, 0x28]];
    for (path, _) in methods() {
        let rpc = path.rsplit('/').next().unwrap();
        for bytes in bad {
            // Their field 1 is a number, or there is none; the first of the two will do.
            let others = [
                "GetEntry",
                "ListProcedures",
                "GetCheckpoint",
                "GetInclusionProof",
                "GetConsistencyProof",
                "OpenSubjects",
                "WatchEntries",
            ];
            if others.contains(&rpc) {
                continue;
            }
            rows.push(row(rpc, "", "request", "MESSAGE_MALFORMED", send(by, path, bytes).await));
        }
        rows.push(row(rpc, "", "request", "MESSAGE_MALFORMED", send(by, path, &[0xff]).await));
    }
    let large = vec![0; 300 * 1024];
    let (path, _) = methods()[0];
    let rpc = path.rsplit('/').next().unwrap();
    rows.push(row(rpc, "", "request", "MESSAGE_TOO_LARGE", send(by, path, &large).await));
    rows
}

async fn send(by: &Connection, path: &'static str, bytes: &[u8]) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(by.channel());
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let request = Request::new(Bytes::copy_from_slice(bytes));
    let mut stream = client.server_streaming(request, path.parse().unwrap(), Raw).await?.into_inner();
    while stream.message().await?.is_some() {}
    Ok(())
}

/// Bytes as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
