//! The walk against a real JSON reader.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// The same by reading the whole value.
fn slowly(text: &str) -> Glance {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => {
            members.get("index").and_then(Value::as_u64).map_or(Glance::NoIndex, Glance::Index)
        }
        _ => Glance::NotAnObject,
    }
}

#[test]
fn objects_and_others() {
    let cases: [(&[u8], Glance); 40] = [
        (b"{}", Glance::NoIndex),
        (b" \t\r\n{ } \n", Glance::NoIndex),
        (b"{\"index\":0}", Glance::Index(0)),
        (b"{\"index\":9007199254740993}", Glance::Index(9_007_199_254_740_993)),
        (b"{\"index\":18446744073709551615}", Glance::Index(u64::MAX)),
        (b"{\"index\":98446744073709551615}", Glance::Index(u64::MAX)),
        (b"{\"index\": 7 , \"a\" : [1,2.5e-3,{\"index\":9}]}", Glance::Index(7)),
        (b"{\"a\":\"\\\",\\\"index\\\":1\",\"index\":7}", Glance::Index(7)),
        (b"{\"index\":1,\"index\":7}", Glance::Index(7)),
        (b"{\"index\":7,\"index\":\"7\"}", Glance::NoIndex),
        (b"{\"\\u0069ndex\":7}", Glance::Index(7)),
        (b"{\"\\u0069nde\\ud800\":7}", Glance::NoIndex),
        (b"{\"Index\":7}", Glance::NoIndex),
        (b"{\"a\":{\"index\":7}}", Glance::NoIndex),
        (b"{\"index\":\"7\"}", Glance::NoIndex),
        (b"{\"index\":7.0}", Glance::NoIndex),
        (b"{\"index\":7e0}", Glance::NoIndex),
        (b"{\"index\":-7}", Glance::NoIndex),
        (b"{\"index\":-0}", Glance::NoIndex),
        (b"{\"index\":null}", Glance::NoIndex),
        (b"{\"index\":[7]}", Glance::NoIndex),
        (b"{\"index\":07}", Glance::NotAnObject),
        (b"{\"index\":7", Glance::NotAnObject),
        (b"{\"index\":7}}", Glance::NotAnObject),
        (b"{\"index\":7}\0", Glance::NotAnObject),
        (b"{\"index\":7,}", Glance::NotAnObject),
        (b"{\"index\":7.}", Glance::NotAnObject),
        (b"{\"index\":NaN}", Glance::NotAnObject),
        (b"{index:7}", Glance::NotAnObject),
        (b"{\"index\":7 \"a\":1}", Glance::NotAnObject),
        (b"{\"a\":\"\x01\",\"index\":7}", Glance::NotAnObject),
        (b"{\"a\":\"12345678\x1f\",\"index\":7}", Glance::NotAnObject),
        (b"{\"a\":\"\\x\",\"index\":7}", Glance::NotAnObject),
        (b"{\"a\":\"\\u12g4\",\"index\":7}", Glance::NotAnObject),
        (b"{\"a\":\"\xff\",\"index\":7}", Glance::NotAnObject),
        (b"\xef\xbb\xbf{\"index\":7}", Glance::NotAnObject),
        (b"[{\"index\":7}]", Glance::NotAnObject),
        (b"7", Glance::NotAnObject),
        (b"null", Glance::NotAnObject),
        (b"", Glance::NotAnObject),
    ];
    for (text, expected) in cases {
        assert_eq!(own_index(text), expected, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn nesting_has_a_bound() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"index\":3,\"a\":{}{}}}", open.repeat(depth), close.repeat(depth))
    };
    assert_eq!(own_index(nested("[", "]", 127).as_bytes()), Glance::Index(3));
    assert_eq!(own_index(nested("[", "]", 128).as_bytes()), Glance::NotAnObject);
    assert_eq!(own_index(nested("[", "]", 30_000).as_bytes()), Glance::NotAnObject);
    assert_eq!(own_index(nested("{\"a\":", "}", 30_000).as_bytes()), Glance::NotAnObject);
}

proptest! {
    #[test]
    fn as_a_real_reader_does(
        text in "[ ]{0,2}\\{(\"(index|a|\\\\u0069ndex)\":(-?[0-9]{1,3}(\\.[0-9])?(e[+-]?[0-9])?|\"[a-c\\\\u\"0-9 \\t]{0,12}\"|\\[1?\\]|\\{\\}|true|null),?){0,4}\\}[ }]{0,1}"
    ) {
        prop_assume!(!text.contains("-0"));
        prop_assert_eq!(own_index(text.as_bytes()), slowly(&text), "{}", text);
    }

    #[test]
    fn strings_end_where_they_end(text: String, index: u32) {
        let object = serde_json::json!({ "a": text, "index": index, "z": [text] }).to_string();
        prop_assert_eq!(own_index(object.as_bytes()), Glance::Index(index.into()));
    }

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let _ = own_index(&bytes);
    }
}
