//! What is read, what is refused, and as what.

use motlan_api::{FetchError, Invalid, MalformedCause};
use proptest::prelude::*;
use serde_json::json;

use super::{MAX_DEPTH, MAX_TEXT, Object, answer, read};

#[test]
fn documents_that_are_none() {
    use MalformedCause::{Shape, Syntax, TooDeep, Truncated};
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let cases = [
        (String::new(), Err(Truncated)),
        ("{\"a\":".to_owned(), Err(Truncated)),
        ("{\"a\":1".to_owned(), Err(Truncated)),
        ("{\"a\":1}}".to_owned(), Err(Syntax)),
        ("{\"a\":1} x".to_owned(), Err(Syntax)),
        ("<a/>".to_owned(), Err(Syntax)),
        ("NaN".to_owned(), Err(Syntax)),
        ("{\"a\":1,\"a\":2}".to_owned(), Err(Shape)),
        ("{\"x\":{\"a\":1,\"a\":1}}".to_owned(), Err(Shape)),
        (deep(MAX_DEPTH), Ok(())),
        (deep(MAX_DEPTH + 1), Err(TooDeep)),
        (deep(1_000_000), Err(TooDeep)),
        (format!("{{\"a\":\"{}\"}}", "[".repeat(1_000)), Ok(())),
        (format!("{{\"a\":\"\\\"{}\"}}", "{".repeat(1_000)), Ok(())),
        ("\u{feff}{\"a\":1}".to_owned(), Ok(())),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text.as_bytes()).map(|_| ()), expected, "{}", &text[..text.len().min(40)]);
    }
    assert_eq!(read(b"{\"a\":\"\xff\"}").map(|_| ()), Err(Syntax));
}

#[test]
fn not_found_and_refusals() {
    assert!(matches!(answer(br#"{"maLoi":"KHONG_TIM_THAY","moTa":"x"}"#), Ok(None)));
    assert!(matches!(answer(br#"{"hoTen":"x"}"#), Ok(Some(_))));
    assert!(matches!(answer(b"[]"), Ok(Some(_))));
    let refused = answer(br#"{"maLoi":"SAI","moTa":"x"}"#);
    assert!(matches!(refused, Err(FetchError::Refused { code, .. }) if code == "SAI"));
    for text in
        [r#"{"maLoi":"KHONG_TIM_THAY","hoTen":"Nguyen"}"#, r#"{"maLoi":"Nguyễn Văn A"}"#, r#"{"maLoi":{}}"#]
    {
        let shape = matches!(
            answer(text.as_bytes()),
            Err(FetchError::Malformed { cause: MalformedCause::Shape, .. })
        );
        assert!(shape, "{text}");
    }
}

#[test]
fn members_by_their_type() {
    let value = json!({
        "text": " x ", "empty": "  ", "null": null, "number": 7, "negative": -7, "real": 1.5, "flag": true,
        "control": "a\u{0}b", "long": "x".repeat(MAX_TEXT + 1), "list": [{"a": 1}, {}], "mixed": [{}, 1], "object": {},
    });
    let object = Object::of(&value).unwrap();
    let text = |name| object.text(name);
    assert_eq!(
        (text("text"), text("empty"), text("null"), text("none")),
        (Ok(Some("x")), Ok(None), Ok(None), Ok(None))
    );
    for name in ["number", "control", "long", "object", "flag"] {
        assert_eq!(text(name), Err(Invalid), "{name}");
    }
    assert_eq!(object.code("number"), Ok(Some("7".to_owned())));
    assert_eq!(object.code("real"), Err(Invalid));
    assert_eq!(object.digits("number", 2), Ok(Some("07".to_owned())));
    assert_eq!(object.digits("text", 2), Err(Invalid));
    assert_eq!(object.decimal("real"), Ok(Some("1.5".to_owned())));
    assert_eq!(object.decimal("negative"), Err(Invalid));
    assert_eq!(object.whole("number"), Ok(Some(7)));
    assert_eq!(object.whole("negative"), Err(Invalid));
    assert_eq!((object.boolean("flag"), object.boolean("text")), (Ok(Some(true)), Err(Invalid)));
    assert_eq!(object.objects("list").map(|list| list.map(|list| list.len())), Ok(Some(2)));
    assert!(object.objects("mixed").is_err() && object.objects("object").is_err());
    assert!(object.object("list").is_err() && object.object("null").is_ok_and(|none| none.is_none()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = answer(&bytes);
    }

    #[test]
    fn every_cut_of_an_object_is_not_whole(at in 0_usize..60) {
        let text = r#"{"a":[1,2,{"b":"c"}],"d":null,"e":"\u1ea1","f":12.5,"g":true}"#;
        let at = at.min(text.len() - 1);
        prop_assert_eq!(read(&text.as_bytes()[..at]).map(|_| ()), Err(MalformedCause::Truncated));
    }
}
