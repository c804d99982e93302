//! What is read, what is refused, and as what.

use motlan_api::MalformedCause;
use proptest::prelude::*;

use super::{MAX_ASIDES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMESPACES, check, escape};

#[test]
fn documents_that_are_none() {
    use MalformedCause::{Forbidden, Syntax, TooDeep, TooLarge, Truncated};
    let attributes = |count: usize| {
        let all = (0..count).map(|number| format!(" a{number}=''")).collect::<Vec<_>>().concat();
        format!("<b><a{all}/></b>")
    };
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    // So many on one element, or each on one of the elements around it.
    let flat = |count: usize, within: &str| {
        let all = (0..count).map(|number| format!(" xmlns:a{number}=''")).collect::<Vec<_>>().concat();
        format!("<b{all}>{within}</b>")
    };
    let nested = |count: usize| {
        let open = (0..count).map(|number| format!("<a xmlns:a{number}='x'>")).collect::<Vec<_>>().concat();
        format!("{open}{}", "</a>".repeat(count))
    };
    let own = "<a xmlns='x'/>".repeat(1_000);
    let cases = [
        (flat(MAX_NAMESPACES, ""), Ok(())),
        (flat(MAX_NAMESPACES + 1, ""), Err(TooLarge)),
        (flat(MAX_NAMESPACES, "<a/>"), Ok(())),
        (flat(MAX_NAMESPACES, "<a xmlns='x'/>"), Err(TooLarge)),
        (flat(MAX_NAMESPACES, "<a xmlns='x'></a>"), Err(TooLarge)),
        (nested(MAX_NAMESPACES), Ok(())),
        (nested(MAX_NAMESPACES + 1), Err(TooLarge)),
        // What an element declares ends with it.
        (flat(MAX_NAMESPACES - 1, &own), Ok(())),
        (flat(1, &flat(MAX_NAMESPACES - 1, "").repeat(100)), Ok(())),
        // Nothing hides behind what is no attribute.
        (format!("<b x{}/>", " xmlns:a='x'".repeat(MAX_NAMESPACES)), Err(Syntax)),
        ("<b x=y/>".to_owned(), Err(Syntax)),
        ("<a>x &amp; &#7841; &#x1ea1;</a>".to_owned(), Ok(())),
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>".to_owned(), Ok(())),
        ("<a><![CDATA[<x>]]></a><!-- c -->".to_owned(), Ok(())),
        (String::new(), Err(Truncated)),
        ("<?xml version=\"1.0\"".to_owned(), Err(Truncated)),
        ("<a><b></b>".to_owned(), Err(Truncated)),
        ("<a>text".to_owned(), Err(Truncated)),
        ("<a b=\"c".to_owned(), Err(Truncated)),
        ("<a></b>".to_owned(), Err(Syntax)),
        ("<a>&e;</a>".to_owned(), Err(Forbidden)),
        ("<!DOCTYPE a><a/>".to_owned(), Err(Forbidden)),
        ("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>".to_owned(), Err(Forbidden)),
        ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_owned(), Err(Forbidden)),
        (deep(MAX_DEPTH), Ok(())),
        (deep(MAX_DEPTH + 1), Err(TooDeep)),
        (deep(100_000), Err(TooDeep)),
        (format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS)), Err(TooLarge)),
        (attributes(MAX_ATTRIBUTES), Ok(())),
        (attributes(MAX_ATTRIBUTES + 1), Err(TooLarge)),
        (format!("{}<a/>", "<!---->".repeat(MAX_ASIDES)), Ok(())),
        (format!("{}<a/>", "<!---->".repeat(MAX_ASIDES + 1)), Err(TooLarge)),
        (format!("<a>{}</a>", "<?x?>".repeat(MAX_ASIDES + 1)), Err(TooLarge)),
        ("\u{feff}<a/>".to_owned(), Ok(())),
    ];
    for (text, expected) in cases {
        assert_eq!(check(text.as_bytes()).map(|_| ()), expected, "{}", &text[..text.len().min(40)]);
    }
    assert_eq!(check(b"<a>\xff</a>").map(|_| ()), Err(Syntax));
    assert_eq!(check(b"<a>\xe1\xba").map(|_| ()), Err(Truncated), "within a character");
}

#[test]
fn text_is_escaped() {
    assert_eq!(escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes);
    }

    #[test]
    fn escaped_text_stays_text(text in "\\PC{0,60}") {
        let document = format!("<a>{}</a>", escape(&text));
        prop_assert!(check(document.as_bytes()).is_ok());
    }
}
