//! Ways to spoil an XML answer.

use std::ops::Range;

use roxmltree::{Document, Node};

/// A name for a way to spoil one element, and what it makes of the document.
type Way<'a> = (&'static str, Box<dyn Fn(Range<usize>) -> String + 'a>);

/// A name for the way, and the answer.
pub(crate) fn ways(part: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let Ok(text) = std::str::from_utf8(part) else { return Vec::new() };
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let name = root.tag_name().name();
    let (head, body) = text.split_at(root.range().start);
    let doctype = "<!DOCTYPE x [<!ENTITY e \"motlan\">]>";
    let mut ways: Vec<(&'static str, String)> = vec![
        ("another-namespace", text.replace(namespace, "http://example.invalid/")),
        ("no-namespace", text.replace(&format!(" xmlns=\"{namespace}\""), "")),
        ("another-root", text.replace(name, "Khac")),
        ("a-prefix", body.replace('<', "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m=")),
        ("a-document-type", format!("{head}{doctype}{body}")),
        ("an-entity", format!("{head}{doctype}{}", body.replacen("</", "&e;</", 1))),
        ("an-unknown-entity", text.replacen("</", "&nbsp;</", 1)),
        ("a-character-reference", text.replacen("</", "&#x1F600;</", 1)),
        ("a-control-character", text.replacen("</", "&#127;</", 1)),
        ("nested", format!("{}{body}{}", "<a>".repeat(40), "</a>".repeat(40))),
        ("the-root-twice", format!("{text}{body}")),
        ("the-sources-refusal", "<Loi><Ma>003</Ma><MoTa>x</MoTa></Loi>".to_owned()),
        ("a-refusal-with-a-number", "<Loi><Ma>097060000001</Ma></Loi>".to_owned()),
    ];
    let elements: Vec<Node<'_, '_>> = root.descendants().skip(1).filter(Node::is_element).collect();
    let at = |turn: usize| elements.get(turn * elements.len() / 9).map(Node::range);
    let content = |range: &Range<usize>| {
        let open = text[range.clone()].find('>').map_or(range.end, |at| range.start + at + 1);
        let close = text[range.clone()].rfind("</").map_or(range.end, |at| range.start + at);
        open.min(close)..close
    };
    let splice =
        |range: Range<usize>, with: &str| format!("{}{with}{}", &text[..range.start], &text[range.end..]);
    let of_an_element: [Way<'_>; 9] = [
        ("an-element-gone", Box::new(|range| splice(range, ""))),
        ("an-element-twice", Box::new(|range| splice(range.end..range.end, &text[range.clone()]))),
        ("an-empty-element", Box::new(|range| splice(content(&range), ""))),
        ("a-long-datum", Box::new(|range| splice(content(&range), &"x".repeat(2_001)))),
        ("an-element-inside", Box::new(|range| splice(content(&range), "<x/>"))),
        ("cdata", Box::new(|range| splice(content(&range), "<![CDATA[<&>]]>"))),
        ("a-comment", Box::new(|range| splice(content(&range), "1<!-- 2 -->3"))),
        ("an-instruction", Box::new(|range| splice(content(&range), "<?x y?>"))),
        ("a-stranger", Box::new(|range| splice(content(&range), "099099000001"))),
    ];
    for (turn, (how, way)) in of_an_element.iter().enumerate() {
        ways.extend(at(turn).map(|range| (*how, way(range))));
    }
    ways.into_iter().map(|(how, text)| (how, text.into_bytes())).collect()
}
