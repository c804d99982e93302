//! Round trips, canonical form, strictness, and bytes that never change.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const GOLDEN: &str = include_str!("golden.jsonl");

fn at(micros: i64) -> EntryTime {
    EntryTime::new(Timestamp::from_microsecond(micros).unwrap())
}

/// One entry of each kind, with every part used by at least one of them.
fn one_of_each() -> Vec<Entry> {
    Kind::ALL.iter().enumerate().map(|(index, kind)| example(*kind, index as u64)).collect()
}

fn example(kind: Kind, index: u64) -> Entry {
    let mut entry =
        Entry::new("motlan.example/H32/gw1", index, at(1_795_232_020_123_456 + index.cast_signed()), kind);
    entry.trace = Some("4bf92f3577b34da6a3ce929d0e0e4736".into());
    entry.caller = Some(Caller {
        agency: Some("H32.212".into()),
        certificate: Some("ab".repeat(32).into()),
        system: Some("one-stop.h32-212".into()),
    });
    let purpose = Some(Purpose::Dossier("H32.212-261121-0007".into()));
    let subject = |class, role: &'static str| Subject {
        class,
        pseudonym: "s_00112233445566778899aabbccddeeff".into(),
        role: role.into(),
        sealed: Some("c2VhbGVk".into()),
    };
    match kind {
        Kind::AccessIntent | Kind::AccessOutcome | Kind::AccessDenied => {
            entry.actor = Some(Actor {
                account: Some("lan.nguyen".into()),
                agency: Some("H32.212".into()),
                kind: ActorKind::Officer,
                pseudonym: None,
                source_account: Some("binh.tran".into()),
            });
            entry.evidence = Some(Evidence::AcceptanceReceipt);
            entry.operation = Some("GetPerson".into());
            entry.dataset = Some("population.person".into());
            entry.purpose = purpose;
            entry.procedure = Some("1.004222".into());
            entry.case = Some("1.004222.01".into());
            entry.legal_basis =
                vec!["Luật Cư trú 2020, Điều 38".into(), "\"\\\u{1}\u{7f}\n\u{20ac}😀".into()];
            entry.fields = Some(Fields { asked: vec!["full_name".into()], disclosed: vec![] });
            entry.subjects =
                vec![subject(SubjectClass::Natural, "applicant"), subject(SubjectClass::Record, "household")];
            entry.decision = Some(Decision {
                catalogue_digest: Some("sha256:cc".into()),
                effect: if kind == Kind::AccessDenied { Effect::Deny } else { Effect::Permit },
                policies: vec!["officer-reads-own-dossier".into()],
                policy_digest: Some("sha256:dd".into()),
            });
            if kind == Kind::AccessOutcome {
                entry.intent = Some(0);
                entry.outcome = Some(Outcome::Found);
                entry.assurance = Some("HIGH".into());
                entry.fields =
                    Some(Fields { asked: vec!["full_name".into()], disclosed: vec!["full_name".into()] });
                entry.source = Some(Source {
                    data_time: Some(at(1_795_000_000_000_000)),
                    fetched_by: Some(0),
                    from: SourceFrom::Cache,
                    registry: "population".into(),
                    retrieved_at: Some(at(1_795_232_020_000_001)),
                });
                entry.upstream = vec!["req-1".into()];
                entry.commitment = Some(Commitment {
                    mac: "00".repeat(32).into(),
                    seal: CommitmentSeal::Subjects,
                    sealed_key: "a2V5".into(),
                });
            }
            if kind == Kind::AccessDenied {
                entry.outcome = Some(Outcome::Denied);
                entry.reason = Some("SUBJECT_NOT_IN_DOSSIER".into());
            }
        }
        Kind::CredentialRefused => {
            entry.caller = None;
            entry.reason = Some("TOKEN_EXPIRED".into());
        }
        Kind::DossierOpened | Kind::DossierClosed => {
            entry.purpose = purpose;
            entry.actor = Some(Actor {
                account: None,
                agency: None,
                kind: ActorKind::Citizen,
                pseudonym: Some("s_ffeeddccbbaa99887766554433221100".into()),
                source_account: None,
            });
        }
        Kind::ComponentDecided => {
            entry.purpose = purpose;
            entry.component = Some(Component {
                key: "KQ.G15.000031".into(),
                mode: Some("FULL".into()),
                outcome: "REUSED".into(),
                prefilled: 3,
                total: 12,
            });
        }
        Kind::ConfigLoaded => {
            entry.caller = None;
            entry.loaded = Some(Loaded { digest: "sha256:ee".into(), what: "policy".into() });
        }
        Kind::LogRead => {
            entry.search = Some(Search {
                count: 50,
                filters: vec![Filter { name: "dossier".into(), value: Some("H32.212-261121-0007".into()) }],
            });
        }
        Kind::SubjectCreated => {
            entry.created = Some(Created { commitment: "11".repeat(32).into(), pseudonym: "s_00".into() });
        }
        Kind::SubjectErased => entry.erased = Some(Erased { pseudonym: "s_00".into() }),
        Kind::RefusalsAggregated => {
            entry.aggregate = Some(Aggregate {
                count: 1_000,
                from: at(1_795_232_000_000_000),
                reason: "QUOTA_EXCEEDED".into(),
                to: at(1_795_232_060_000_000),
            });
        }
        Kind::LogKeyRotated => {
            entry.caller = None;
            entry.rotated = Some(Box::new(Rotated {
                new: "motlan.example/H32/gw1+22222222+AQ==".into(),
                old: "motlan.example/H32/gw1+11111111+AQ==".into(),
                statement: "motlan.example/H32/gw1\nlog key rotation v1\n".into(),
            }));
        }
        Kind::LogBegun => {
            entry.caller = None;
            entry.begun = Some(Box::new(Begun {
                after: "motlan.example/H32/gw0".into(),
                checkpoint: Some("motlan.example/H32/gw0\n7\n".into()),
                operator: "binh.tran".into(),
                reason: "sao lưu cũ".into(),
                witnessed: Some("motlan.example/H32/gw0\n5\n".into()),
            }));
        }
        Kind::EntryNotReleased => {
            entry.not_released = Some(NotReleased { cause: "SYNC_FAILED".into(), first: 7, last: 9 });
        }
    }
    entry
}

#[test]
fn golden_bytes_never_change() {
    let lines: Vec<&str> = GOLDEN.lines().collect();
    let entries = one_of_each();
    assert_eq!(lines.len(), Kind::ALL.len(), "one golden line per kind");
    for (entry, line) in entries.iter().zip(lines) {
        let bytes = entry.encode().unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), line, "{:?}", entry.kind);
        assert_eq!(&Entry::parse(line.as_bytes()).unwrap(), entry);
    }
}

#[test]
fn encoding_is_what_an_rfc_8785_canonicaliser_writes() {
    for entry in one_of_each() {
        let canonical = serde_json_canonicalizer::to_vec(&entry).unwrap();
        assert_eq!(entry.encode().unwrap(), canonical, "{:?}", entry.kind);
    }
}

#[test]
fn a_parser_takes_only_the_canonical_form() {
    let good = example(Kind::AccessOutcome, 1).encode().unwrap();
    assert!(Entry::parse(&good).is_ok(), "control");
    let text = String::from_utf8(good).unwrap();
    let cases: Vec<(&str, String)> = vec![
        ("space", text.replacen(':', ": ", 1)),
        ("trailing newline", format!("{text}\n")),
        ("unknown field", text.replacen("\"v\":1", "\"v\":1,\"w\":1", 1)),
        (
            "unknown nested field",
            text.replacen("\"kind\":\"OFFICER\"", "\"kind\":\"OFFICER\",\"name\":\"x\"", 1),
        ),
        ("version", text.replacen("\"v\":1", "\"v\":2", 1)),
        ("float", text.replacen("\"index\":1", "\"index\":1.0", 1)),
        ("null", text.replacen("\"index\"", "\"component\":null,\"index\"", 1)),
        ("empty list", text.replacen("\"upstream\":[\"req-1\"]", "\"upstream\":[]", 1)),
        ("duplicate", text.replacen("\"v\":1", "\"v\":1,\"v\":1", 1)),
        ("escape", text.replacen("FOUND", "\\u0046OUND", 1)),
        ("kind", text.replacen("access.outcome", "access.other", 1)),
        ("time form", text.replacen("Z\",\"trace\"", "+00:00\",\"trace\"", 1)),
        ("integer range", text.replacen("\"index\":1,", "\"index\":9007199254740992,", 1)),
        ("cut", text[..text.len() - 1].to_owned()),
    ];
    for (name, bad) in cases {
        assert_ne!(bad, text, "{name} changed nothing");
        assert!(Entry::parse(bad.as_bytes()).is_err(), "{name} was accepted");
    }
}

#[test]
fn the_length_limit_is_65535() {
    let mut entry = Entry::new("o", 0, at(0), Kind::AccessDenied);
    entry.reason = Some(String::new().into());
    let base = entry.encode().unwrap().len();
    entry.reason = Some("x".repeat(MAX_ENTRY_BYTES - base).into());
    let bytes = entry.encode().unwrap();
    assert_eq!(bytes.len(), MAX_ENTRY_BYTES);
    assert!(Entry::parse(&bytes).is_ok());
    entry.reason = Some("x".repeat(MAX_ENTRY_BYTES - base + 1).into());
    assert_eq!(entry.encode(), Err(EntryError::TooLong));
}

#[test]
fn vocabularies_read_what_they_write() {
    assert_eq!(Kind::ALL.len(), 15);
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.as_str()), Some(*kind));
        assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
    }
    assert_eq!(Kind::from_name("access"), None);
}

#[test]
fn instants_have_one_form() {
    assert_eq!(at(0).to_string(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(at(1_795_232_020_123_456).to_string(), "2026-11-21T03:33:40.123456Z");
    for bad in [
        "2026-11-21T03:33:40.123456z",
        "2026-11-21 03:33:40.123456Z",
        "2026-02-30T03:33:40.123456Z",
        "2026-11-21T24:33:40.123456Z",
        "2026-11-21T03:33:40.12345Z",
        "+026-11-21T03:33:40.123456Z",
    ] {
        assert_eq!(EntryTime::parse(bad), None, "{bad}");
    }
}

fn text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(Text::from)
}

proptest! {
    #[test]
    fn any_entry_round_trips_canonically(
        index in 0..=MAX_INTEGER,
        micros in 0..253_402_300_799_999_999i64,
        kind in prop::sample::select(Kind::ALL),
        texts in prop::collection::vec(text(), 4),
        disclosed in prop::collection::vec(text(), 0..4),
        intent in prop::option::of(0..=MAX_INTEGER),
        outcome in prop::option::of(prop::sample::select(Outcome::ALL)),
    ) {
        let mut entry = Entry::new(texts[0].clone(), index, at(micros), kind);
        entry.reason = Some(texts[1].clone());
        entry.purpose = Some(Purpose::Registered(texts[2].clone()));
        entry.fields = Some(Fields { asked: texts, disclosed });
        entry.intent = intent;
        entry.outcome = outcome;
        let bytes = entry.encode().unwrap();
        prop_assert_eq!(&serde_json_canonicalizer::to_vec(&entry).unwrap(), &bytes);
        prop_assert_eq!(Entry::parse(&bytes).unwrap(), entry);
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::parse(&bytes);
    }

    #[test]
    fn a_flipped_bit_is_another_entry_or_none(bit in 0usize..8000) {
        let entry = example(Kind::AccessOutcome, 1);
        let mut bytes = entry.encode().unwrap();
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Entry::parse(&bytes) {
            prop_assert_ne!(other, entry);
        }
    }

    #[test]
    fn instants_round_trip(micros in 0..253_402_300_799_999_999i64) {
        let time = at(micros);
        prop_assert_eq!(EntryTime::parse(&time.to_string()), Some(time));
    }
}
