//! Every rule of C2SP tlog-witness, in the order in which they apply, and the
//! exchange another witness is tested with.

use super::*;
use crate::hash::EMPTY_ROOT;
use crate::merkle::{StoredTree, Tiles};
use crate::tile::Tile;

/// Tiles of the tree that [`head`] makes.
struct Alike;

#[derive(Debug, thiserror::Error)]
#[error("never")]
enum Never {}

impl Tiles for Alike {
    type Error = Never;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Never> {
        assert_eq!((tile.level(), tile.index()), (0, 0), "the trees here are small");
        Ok((0..usize::from(tile.width())).flat_map(|number| leaf_hash(&number.to_be_bytes())).collect())
    }
}

fn proof(old: u64, new: u64) -> Vec<NodeHash> {
    StoredTree::new(&Alike, 200).prove_consistency(old, new).unwrap()
}

fn other_root(size: u64) -> TreeHead {
    TreeHead { size, root: [7; 32] }
}

/// What a witness of `log` that has seen `seen` decides: the status, and what
/// it shows.
fn check(
    what: &str,
    seen: Option<TreeHead>,
    (old_size, proof, sent): (u64, Vec<NodeHash>, TreeHead),
    expected: (Result<(), Refusal>, Option<Misbehaviour>),
) {
    let log = Log::new();
    let seen = seen.map(|head| log.signs(head));
    let sent = log.signs(sent);
    let request = AddCheckpoint::new(old_size, proof, &sent).unwrap();
    let decided = decide(&log.trusted(), seen.as_ref(), &request);
    match decided {
        Ok(state) => {
            assert_eq!((Ok(()), None), expected, "{what}");
            assert_eq!(state, sent, "{what}");
        }
        Err(Refused { refusal, alarm }) => {
            assert_eq!((Err(refusal), alarm.as_ref().map(|alarm| alarm.shows)), expected, "{what}");
            assert!(alarm.is_none_or(|alarm| alarm.sent == sent), "{what}: the evidence is what was sent");
        }
    }
}

#[test]
fn every_rule_is_held() {
    use Misbehaviour::{SplitView, Unconnected};
    use Refusal::{BadRequest, Conflict, Unprocessable};
    let granted = (Ok(()), None);
    let garbage = vec![[9; 32]];
    let with = |old: u64, new: u64| (old, proof(old, new), head(new as usize));
    let cases = [
        ("first, of any size", None, with(0, 100), granted),
        ("first, and empty", None, with(0, 0), granted),
        ("grown", Some(head(5)), with(5, 100), granted),
        ("grown from empty", Some(head(0)), with(0, 100), granted),
        ("the same again", Some(head(100)), with(100, 100), granted),
        ("the empty one again", Some(head(0)), with(0, 0), granted),
        ("old size above its own", Some(head(9)), (9, vec![], head(8)), (Err(BadRequest), None)),
        ("above, and unknown", None, (9, vec![], head(8)), (Err(BadRequest), None)),
        ("old size never seen", None, with(5, 9), (Err(Conflict { size: 0 }), None)),
        ("old size below", Some(head(9)), with(5, 9), (Err(Conflict { size: 9 }), None)),
        ("old size above", Some(head(5)), with(6, 9), (Err(Conflict { size: 5 }), None)),
        ("asking for the size", Some(head(5)), with(0, 9), (Err(Conflict { size: 5 }), None)),
        ("an older one", Some(head(9)), with(0, 5), (Err(Conflict { size: 9 }), None)),
        ("a proof from nothing", None, (0, garbage.clone(), head(9)), (Err(Unprocessable), None)),
        ("a proof to the same", Some(head(9)), (9, garbage.clone(), head(9)), (Err(Unprocessable), None)),
        ("no proof", Some(head(5)), (5, vec![], head(9)), (Err(Unprocessable), Some(Unconnected))),
        ("a wrong proof", Some(head(5)), (5, garbage, head(9)), (Err(Unprocessable), Some(Unconnected))),
        (
            "another's proof",
            Some(head(5)),
            (5, proof(6, 9), head(9)),
            (Err(Unprocessable), Some(Unconnected)),
        ),
        (
            "another tree",
            Some(head(5)),
            (5, proof(5, 9), other_root(9)),
            (Err(Unprocessable), Some(Unconnected)),
        ),
        ("from another tree", Some(other_root(5)), with(5, 9), (Err(Unprocessable), Some(Unconnected))),
        ("another root", Some(head(9)), (9, vec![], other_root(9)), (Err(Unprocessable), Some(SplitView))),
        (
            "another root, proof",
            Some(head(9)),
            (9, proof(5, 9), other_root(9)),
            (Err(Unprocessable), Some(SplitView)),
        ),
        (
            "another root, old size below",
            Some(head(9)),
            (5, vec![], other_root(9)),
            (Err(Conflict { size: 9 }), Some(SplitView)),
        ),
        (
            "another root, old size above",
            Some(head(9)),
            (10, vec![], other_root(9)),
            (Err(BadRequest), Some(SplitView)),
        ),
        (
            "an empty tree with a root",
            None,
            (0, vec![], other_root(0)),
            (Err(Unprocessable), Some(SplitView)),
        ),
        (
            "an empty tree with a root, late",
            Some(head(5)),
            (0, vec![], other_root(0)),
            (Err(Conflict { size: 5 }), Some(SplitView)),
        ),
    ];
    for (what, seen, request, expected) in cases {
        check(what, seen, request, expected);
    }
    assert_eq!(head(0).root, EMPTY_ROOT);
}

#[test]
fn only_the_log_s_own_checkpoints_are_weighed() {
    let log = Log::new();
    let witness = CosigningKey::from_seed("w.example", &[2; 32]).unwrap();
    let mut sent = log.signs(head(9));
    sent.add(witness.cosign(sent.note(), 7).unwrap()).unwrap();
    let body = AddCheckpoint::new(0, Vec::new(), &sent).unwrap().to_string();
    let decided = |log: &TrustedLog, body: &str| {
        let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
        decide(log, None, &request).map_err(|refused| {
            assert_eq!(refused.alarm, None, "a stranger raises no alarm");
            refused.refusal
        })
    };
    // What becomes the state has the log's signature and no other.
    assert_eq!(decided(&log.trusted(), &body), Ok(log.signs(head(9))));

    let elsewhere = TrustedLog { origin: "motlan.example/other".into(), ..log.trusted() };
    assert_eq!(decided(&elsewhere, &body), Err(Refusal::NotFound));
    let stranger = SigningKey::from_seed(Log::ORIGIN, &[8; 32]).unwrap();
    let stranger = TrustedLog::from(stranger.verifier_key().clone());
    assert_eq!(decided(&stranger, &body), Err(Refusal::Forbidden), "no trusted key");
    let forged = body.replace("\n9\n", "\n8\n");
    assert_eq!(decided(&log.trusted(), &forged), Err(Refusal::Forbidden), "a bad signature");
    let unsigned = TrustedLog { keys: Vec::new(), ..log.trusted() };
    assert_eq!(decided(&unsigned, &body), Err(Refusal::Forbidden));
    let note = log.0.sign("motlan.example/log\n").unwrap();
    assert_eq!(decided(&log.trusted(), &format!("old 0\n\n{note}")), Err(Refusal::BadRequest));
    // A signature of the witness, were it trusted as the log's, is no alarm
    // either; both keys count.
    let both = TrustedLog {
        keys: vec![log.0.verifier_key().clone(), witness.verifier_key().clone()],
        ..log.trusted()
    };
    assert_eq!(decided(&both, &body), Ok(sent));
}

#[test]
fn refusals_have_the_prescribed_status() {
    let statuses = [
        Refusal::BadRequest,
        Refusal::Forbidden,
        Refusal::NotFound,
        Refusal::Conflict { size: 5 },
        Refusal::Unprocessable,
    ]
    .map(Refusal::status);
    assert_eq!(statuses, [400, 403, 404, 409, 422]);
}

/// The exchange of FiloSottile/torchwood, cmd/litewitness/testdata/litewitness.txt
/// (ISC): a log of three signed checkpoints, and what its witness answers.
#[test]
fn the_litewitness_exchange_goes_as_published() {
    let origin = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
    let public = hex::decode("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f").unwrap();
    let key = VerifierKey::new(origin, crate::note::Algorithm::Ed25519, public.try_into().unwrap()).unwrap();
    let log = TrustedLog::from(key);
    let signed = |text: &str, signature: &str| format!("{origin}\n{text}\n\n— {origin} {signature}\n");
    let one = signed(
        "1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
    );
    let three = signed(
        "3\nRcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
        "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
    );
    let five = signed(
        "5\nQrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
        "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
    );
    let one_to_three = "\
        KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
        KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let one_to_five = "\
        KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
        +fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n\
        KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let three_to_five = "\
        KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
        KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
        wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=\n\
        KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let wrong = one_to_three.replace("AAA=\nKgI", "AAA=\nKgM");
    let forged = three.replace("Vrx6go=", "Vrx6gw=");
    let elsewhere = three.replace("09e562", "09e563");
    let exchange = [
        ("old 0\n", "", &one, 200),
        ("old 1\n", one_to_three, &forged, 403),
        // The specification has come to say 404 where that witness says 403.
        ("old 1\n", one_to_three, &elsewhere, 404),
        ("old 1\n", "", &three, 422),
        ("old 1\n", wrong.as_str(), &three, 422),
        ("old 1\n", one_to_three, &three, 200),
        ("old 1\n", one_to_five, &five, 409),
        ("old 3\n", three_to_five, &five, 200),
        ("old 0\n", "", &five, 409),
    ];
    let mut seen: Option<SignedCheckpoint> = None;
    let mut conflicts = Vec::new();
    for (number, (old, proof, checkpoint, status)) in exchange.into_iter().enumerate() {
        let request = AddCheckpoint::parse(format!("{old}{proof}\n{checkpoint}").as_bytes()).unwrap();
        let answered = match decide(&log, seen.as_ref(), &request) {
            Ok(state) => {
                seen = Some(state);
                200
            }
            Err(refused) => {
                if let Refusal::Conflict { size } = refused.refusal {
                    conflicts.push(print_known_size(size));
                }
                refused.refusal.status()
            }
        };
        assert_eq!(answered, status, "request {number}");
    }
    assert_eq!(conflicts, ["3\n", "5\n"]);
    assert_eq!(seen.unwrap().to_string(), five);
}
