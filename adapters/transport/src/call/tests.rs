//! Content types.

use http::HeaderValue;

use super::Media;

#[test]
fn content_types() {
    let cases = [
        (Media::Json, "application/json", true),
        (Media::Json, "Application/JSON; charset=UTF-8", true),
        (Media::Json, "application/json; charset=\"utf-8\"; v=1", true),
        (Media::Json, "application/json; charset=utf-16", false),
        (Media::Json, "application/jsonp", false),
        (Media::Json, "text/xml", false),
        (Media::Xml, "text/xml;charset=utf-8", true),
        (Media::Xml, "application/xml", true),
        (Media::Xml, "application/xhtml+xml", false),
        (Media::Xml, "", false),
    ];
    for (media, text, expected) in cases {
        assert_eq!(media.allows(Some(&HeaderValue::from_static(text))), expected, "{text}");
    }
    assert!(!Media::Json.allows(None));
}
