//! The marker's one form. What damage does stands in `tests/durable.rs`, and
//! what each failing call does in `log/tests.rs`.

use super::*;
use crate::tests::rig::public;

#[test]
fn a_marker_is_read_back_and_nothing_else_is() {
    let origins = ["one.example/log".to_owned(), "with space".to_owned()];
    for known in [&origins[..0], &origins[..1], &origins[..]] {
        let text = print_marker(&public(), known);
        assert_eq!(parse_marker(&text), Some((public(), known.to_vec())));
        for cut in 0..text.len() {
            assert_eq!(parse_marker(&text[..cut]), None, "{cut} bytes of {text:?}");
        }
    }
    let good = print_marker(&public(), &origins);
    let wrong = [
        good.replace("log one", "one"),
        good.replace("key ", ""),
        good.replace("witness.example", "witnesz.example"),
        good.replace("v1", "v2"),
        format!("{good}\n"),
        format!("{good}{good}"),
    ];
    for text in wrong {
        assert_eq!(parse_marker(&text), None, "{text:?}");
    }
}

#[test]
fn an_origin_s_hash_is_the_specification_s() {
    // SHA-256 of "abc" (FIPS 180-2, B.1).
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(origin_hash("abc"), expected);
}
