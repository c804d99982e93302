//! What is not a note, and what is not a key.

use super::*;

/// Mostly the manglings of golang/mod, sumdb/note/note_test.go.
#[test]
fn other_forms_are_no_notes() {
    let refused = [
        String::new(),
        "\n\n".to_owned(),
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        format!("{TEXT}{PETER_LINE}"),
        PETER_LINE.to_owned(),
        format!("\n{PETER_LINE}"),
        note(PETER_LINE.trim_end()),
        note(&format!("{PETER_LINE}\n")),
        note(&format!("{PETER_LINE}\n\n")),
        note(&format!("{PETER_LINE}Unexpected line.\n")),
        note(&PETER_LINE.replace('\n', "\r\n")),
        note(&PETER_LINE.replace('—', "-")),
        note(&PETER_LINE.replace("— ", "—")),
        note(&PETER_LINE.replace("— ", "—  ")),
        note(&PETER_LINE.replace("PeterNeumann", "Bad Name")),
        note(&PETER_LINE.replace("PeterNeumann", "Bad\u{a0}Name")),
        note(&PETER_LINE.replace("PeterNeumann", "Bad+Name")),
        note(&PETER_LINE.replace("PeterNeumann", "")),
        note(&PETER_LINE.replace("x08g", "x08g ")),
        note(&PETER_LINE.replace("AM=", "AM")),
        note(&PETER_LINE.replace("AM=", "AN=")),
        note(&PETER_LINE.replace("AM=", "A-=")),
        note("— PeterNeumann \n"),
        note("— PeterNeumann x08gow==\n"),
        note("— PeterNeumann x08g\n"),
        format!("\u{1}{}", note(PETER_LINE)),
        format!("\t{}", note(PETER_LINE)),
        note(PETER_LINE).replace(",\n", ",\r\n"),
    ];
    for whole in refused {
        assert_eq!(Note::parse(whole.as_bytes()), Err(NoteError::Malformed), "{whole:?}");
    }
    let latin = [b"\xff", note(PETER_LINE).as_bytes()].concat();
    assert_eq!(Note::parse(&latin), Err(NoteError::Malformed));
    // The control.
    assert!(Note::parse(note(PETER_LINE).as_bytes()).is_ok());
}

/// A text may hold empty lines, and even what looks like signatures.
#[test]
fn the_last_empty_line_separates() {
    let signer = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
    let keys = [signer.verifier_key().clone()];
    for text in ["\n", "\n\n\n", "a\n\n", "\n\na\n", &note(PETER_LINE)] {
        let signed = signer.sign(text).unwrap();
        let read = Note::parse(signed.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text);
        assert!(read.verify(&keys).is_ok());
        assert_eq!(read.verify(&[key(PETER)]), Err(NoteError::NotSigned));
    }
}

#[test]
fn a_text_no_note_can_have_is_not_signed() {
    let signer = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
    for text in ["", "abc", "a\tb\n", "a\r\n", "\0\n"] {
        assert_eq!(signer.sign(text), Err(SignError::Text), "{text:?}");
    }
    assert_eq!(signer.sign(&"x\n".repeat(MAX_NOTE_BYTES)), Err(SignError::Text));
    assert_eq!(Note::new(TEXT.to_owned(), Vec::new()), Err(NoteError::Malformed));
}

/// Unknown keys are ignored, even with the name or the id of a known one, but
/// not with both: then the signature must hold, and all of them.
#[test]
fn a_bad_signature_of_a_known_key_spoils_the_note() {
    let bad = PETER_LINE.replace("x08go/ZJ", "x08go/ZK");
    let other_name = PETER_LINE.replace("PeterNeumann", "CarmenSandiego");
    let other_id = PETER_LINE.replace("x08g", "xxxx");
    let short = "— PeterNeumann x08go/ZJ\n".to_owned();
    let spoiled = Err(NoteError::BadSignature { name: "PeterNeumann".into() });
    let cases = [
        (bad.clone(), spoiled.clone()),
        (format!("{PETER_LINE}{bad}"), spoiled.clone()),
        (format!("{bad}{PETER_LINE}"), spoiled.clone()),
        (format!("{ENOCH_LINE}{bad}"), spoiled.clone()),
        (short, spoiled),
        (format!("{other_name}{PETER_LINE}"), Ok(1)),
        (format!("{PETER_LINE}{other_id}"), Ok(1)),
        (format!("{PETER_LINE}{PETER_LINE}"), Ok(1)),
        (other_name, Err(NoteError::NotSigned)),
        (other_id, Err(NoteError::NotSigned)),
    ];
    for (lines, expected) in cases {
        let read = Note::parse(note(&lines).as_bytes()).unwrap();
        assert_eq!(read.verify(&[key(PETER)]).map(|verified| verified.len()), expected, "{lines}");
    }
    let read = Note::parse(note(&format!("{ENOCH_LINE}{bad}")).as_bytes()).unwrap();
    assert!(read.verify(&[key(ENOCH)]).is_ok(), "to whom does not know Peter it is unknown");
    assert!(read.verify(&[key(ENOCH), key(PETER)]).is_err());
}

#[test]
fn notes_are_limited() {
    let lines = |count: usize| note(&PETER_LINE.repeat(count));
    assert!(Note::parse(lines(MAX_SIGNATURES).as_bytes()).is_ok());
    assert_eq!(Note::parse(lines(MAX_SIGNATURES + 1).as_bytes()), Err(NoteError::TooLarge));

    // 16 signatures of 5 kB, which C2SP signed-note asks to accept.
    let line = format!("— pq.example {}\n", BASE64_STANDARD.encode([1; 5_000]));
    assert!(Note::parse(note(&line.repeat(16)).as_bytes()).is_ok());

    let text = "x".repeat(MAX_NOTE_BYTES - PETER_LINE.len() - 2) + "\n";
    let whole = format!("{text}\n{PETER_LINE}");
    assert_eq!(whole.len(), MAX_NOTE_BYTES);
    let mut full = Note::parse(whole.as_bytes()).unwrap();
    assert_eq!(Note::parse(format!("x{whole}").as_bytes()), Err(NoteError::TooLarge));
    let another = Signature::parse(ENOCH_LINE.trim_end()).unwrap();
    assert_eq!(full.add(another), Err(NoteError::TooLarge));
    assert_eq!(full.to_string(), whole, "nothing was added");
}

/// The manglings of golang/mod, sumdb/note/note_test.go: every part of a key
/// alone, and every character another.
#[test]
fn mangled_keys_are_refused() {
    for text in [PETER, REMORA] {
        assert!(text.parse::<VerifierKey>().is_ok());
        for from in 0..text.len() {
            for to in from..=text.len() {
                if (from, to) != (0, text.len()) {
                    assert!(text[from..to].parse::<VerifierKey>().is_err(), "{}", &text[from..to]);
                }
            }
            let mut bytes = text.as_bytes().to_vec();
            bytes[from] += 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(changed.parse::<VerifierKey>().is_err(), "{changed}");
        }
    }
    let cases = [
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Malformed),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::OtherId),
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", KeyError::Malformed),
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            KeyError::UnknownAlgorithm { kind: 0x65 },
        ),
        ("PeterNeumann+c74f20a3+", KeyError::Malformed),
        ("PeterNeumann", KeyError::Malformed),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
    }
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", "a\u{1}b"] {
        assert_eq!(SigningKey::from_seed(name, &[1; 32]).err(), Some(KeyError::Malformed), "{name:?}");
        assert_eq!(CosigningKey::from_seed(name, &[1; 32]).err(), Some(KeyError::Malformed), "{name:?}");
    }
}
