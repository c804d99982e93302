//! The client against a real witness, and against what is none.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use motlan_audit_tree::witness::print_cosignatures;
use motlan_audit_tree::{CosigningKey, TreeHead};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::tests::rig::{Rig, Running, START, TestLog, http, key, public};

const ONE: TestLog = TestLog::ONE;
const SHORT: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
#[error("no proof")]
struct NoProof;

async fn submit(
    witness: &Running,
    log: TestLog,
    old: u64,
    size: u64,
) -> Result<Submitted, SubmitError<Infallible>> {
    witness.client().submit(&log.checkpoint(size), old, |old| ready(Ok(log.proof(old, size)))).await
}

#[tokio::test]
async fn a_log_is_cosigned_from_whatever_size_it_believes() {
    let rig = Rig::new();
    let witness = rig.start();
    // Unknown, known, forgotten, too small, too large, and the same again.
    for (old, size) in [(0, 5), (5, 9), (0, 12), (3, 20), (200, 30), (30, 30), (0, 30)] {
        let Ok(Submitted::Cosigned(cosigned)) = submit(&witness, ONE, old, size).await else {
            panic!("from {old} to {size}")
        };
        assert_eq!(cosigned.time, START as u64);
        let mut checkpoint = ONE.checkpoint(size);
        checkpoint.add(cosigned.cosignature).unwrap();
        let known = [public()];
        assert_eq!(checkpoint.cosigned_by(&known).unwrap().len(), 1);
    }
    assert_eq!(witness.client().key(), &public());
    witness.stop().await;
}

#[tokio::test]
async fn a_log_that_was_rolled_back_hears_of_it() {
    let rig = Rig::new();
    let witness = rig.start();
    submit(&witness, ONE, 0, 20).await.unwrap();
    for old in [0, 9, 20, 99] {
        assert_eq!(submit(&witness, ONE, old, 9).await.unwrap(), Submitted::Ahead { size: 20 }, "{old}");
    }
    witness.stop().await;
}

#[tokio::test]
async fn a_log_that_is_not_cosigned_learns_why() {
    let rig = Rig::new();
    let witness = rig.start();
    submit(&witness, ONE, 0, 9).await.unwrap();
    let fork = submit(&witness, ONE.forked(1, 4), 0, 12).await;
    assert!(matches!(fork, Err(SubmitError::Inconsistent)), "{fork:?}");
    let forged = submit(&witness, ONE.forged(), 9, 12).await;
    assert!(matches!(forged, Err(SubmitError::Refused { status: 403 })), "{forged:?}");
    let unknown = submit(&witness, ONE.named("x.example"), 0, 5).await;
    assert!(matches!(unknown, Err(SubmitError::Refused { status: 404 })), "{unknown:?}");
    let (client, checkpoint) = (witness.client(), ONE.checkpoint(12));
    let without =
        client.submit(&checkpoint, 0, |old| ready(if old == 0 { Ok(vec![]) } else { Err(NoProof) })).await;
    assert!(matches!(without, Err(SubmitError::Proof { old: 9, source: NoProof })), "{without:?}");
    let long = client.submit(&checkpoint, 9, |_| ready(Ok::<_, NoProof>(vec![[0; 32]; 64]))).await;
    assert!(matches!(long, Err(SubmitError::Inconsistent)), "{long:?}");
    rig.disk.full(true);
    let full = submit(&witness, ONE, 9, 12).await;
    assert!(matches!(full, Err(SubmitError::Unavailable)), "{full:?}");
    witness.stop().await;
    let gone = client.submit(&checkpoint, 9, |old| ready(Ok::<_, NoProof>(ONE.proof(old, 12)))).await;
    assert!(matches!(gone, Err(SubmitError::Unavailable)), "{gone:?}");
}

/// The rig's witness says of a checkpoint that it was cosigned at no time.
fn timeless(text: &str) -> Vec<u8> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let signature = pair.sign(format!("cosignature/v1\ntime 0\n{text}").as_bytes());
    let bytes = [&public().id().to_be_bytes()[..], &[0; 8], signature.as_ref()].concat();
    format!("— {} {}\n", public().name(), BASE64_STANDARD.encode(bytes)).into_bytes()
}

/// A server that gives these answers, one a connection, and is silent then.
struct Far {
    address: SocketAddr,
    listener: TcpListener,
}

impl Far {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { address: listener.local_addr().unwrap(), listener }
    }

    async fn answer(&self, answers: &[(u16, Vec<u8>)]) {
        for (status, body) in answers {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut request = Vec::new();
            // The note's signature ends the request.
            while !request.ends_with(b"=\n") {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                assert_ne!(read, 0);
                request.extend_from_slice(&bytes[..read]);
            }
            let head =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            // The client may leave before it has read all.
            let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
        }
        std::future::pending::<()>().await;
    }
}

/// What the client makes of these answers to a checkpoint of 9 leaves, asked
/// from 5.
async fn meets(answers: Vec<(u16, Vec<u8>)>) -> Result<Submitted, SubmitError<Infallible>> {
    let far = Far::new().await;
    let url = format!("http://{}/w1/", far.address).parse().unwrap();
    let client = WitnessClient::new(http(), &url, public(), SHORT);
    let checkpoint = ONE.checkpoint(9);
    tokio::select! {
        submitted = client.submit(&checkpoint, 5, |old| ready(Ok(ONE.proof(old, 9)))) => submitted,
        () = far.answer(&answers) => unreachable!("it waits for ever"),
    }
}

#[tokio::test]
async fn answers_that_are_none_are_told_apart() {
    use SubmitError::{Inconsistent, NotCosigned, Refused, Unavailable, Unreadable};
    type Answers = Vec<(u16, Vec<u8>)>;
    type Expected = fn(&SubmitError<Infallible>) -> bool;
    let note = ONE.checkpoint(9).note().clone();
    let cosigned =
        |key: &CosigningKey, time: u64| print_cosignatures(&[key.cosign(&note, time).unwrap()]).into_bytes();
    let other = key().cosign(ONE.signs(TreeHead { size: 9, root: [1; 32] }).note(), 5).unwrap();
    // No witness's key makes it, but a wrong one could.
    let timeless = timeless(note.text());
    let stranger = CosigningKey::from_seed("x.example", &[3; 32]).unwrap();
    let cases: Vec<(&str, Answers, Expected)> = vec![
        ("silence", vec![], |error| matches!(error, Unavailable)),
        ("500", vec![(500, vec![])], |error| matches!(error, Unavailable)),
        ("503", vec![(503, vec![])], |error| matches!(error, Unavailable)),
        ("408", vec![(408, vec![])], |error| matches!(error, Unavailable)),
        ("400", vec![(400, vec![])], |error| matches!(error, Refused { status: 400 })),
        ("204", vec![(204, vec![])], |error| matches!(error, Refused { status: 204 })),
        ("422", vec![(422, vec![])], |error| matches!(error, Inconsistent)),
        ("nothing", vec![(200, vec![])], |error| matches!(error, NotCosigned(NoteError::Malformed))),
        ("a page", vec![(200, b"<html>".to_vec())], |error| {
            matches!(error, NotCosigned(NoteError::Malformed))
        }),
        ("endless", vec![(200, vec![b'x'; MAX_NOTE_BYTES + 1])], |error| matches!(error, Unreadable)),
        ("a stranger's", vec![(200, cosigned(&stranger, 5))], |error| {
            matches!(error, NotCosigned(NoteError::NotSigned))
        }),
        ("another tree's", vec![(200, print_cosignatures(&[other]).into_bytes())], |error| {
            matches!(error, NotCosigned(NoteError::BadSignature { .. }))
        }),
        ("a cosignature without a time", vec![(200, timeless)], |error| matches!(error, Unreadable)),
        ("no size", vec![(409, b"many\n".to_vec())], |error| matches!(error, Unreadable)),
        ("a long size", vec![(409, vec![b'1'; MAX_SIZE_BYTES + 1])], |error| matches!(error, Unreadable)),
        ("the size it was asked from", vec![(409, b"5\n".to_vec())], |error| matches!(error, Unreadable)),
        ("ever another size", vec![(409, b"6\n".to_vec()), (409, b"7\n".to_vec())], |error| {
            matches!(error, Unavailable)
        }),
        ("another size, silence", vec![(409, b"6\n".to_vec())], |error| matches!(error, Unavailable)),
    ];
    for (what, answers, expected) in cases {
        let error = meets(answers).await.expect_err(what);
        assert!(expected(&error), "{what}: {error:?}");
    }
    // The controls: the same server, with what a witness says.
    let submitted = meets(vec![(409, b"6\n".to_vec()), (200, cosigned(&key(), 7))]).await;
    assert!(matches!(submitted, Ok(Submitted::Cosigned(Cosigned { time: 7, .. }))), "{submitted:?}");
    let later = [cosigned(&key(), 7), cosigned(&stranger, 9), cosigned(&key(), 8)].concat();
    let submitted = meets(vec![(200, later)]).await;
    assert!(matches!(submitted, Ok(Submitted::Cosigned(Cosigned { time: 8, .. }))), "{submitted:?}");
    let submitted = meets(vec![(409, b"6\n".to_vec()), (409, b"10\n".to_vec())]).await;
    assert!(matches!(submitted, Ok(Submitted::Ahead { size: 10 })), "{submitted:?}");
}
