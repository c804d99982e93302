//! XML: people, and what a document may cost before anybody is found in it.

use std::fmt::Write as _;

use motlan_decoders::Verdict;
use motlan_decoders::Verdict::{Malformed, Partly, Whole};
use motlan_domain::record::MOST_PEOPLE;
use motlan_transport::xml::{MAX_ASIDES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMESPACES};

use crate::{ID, Input, SIZE, filled, pieces};

const PEOPLE: &str = "xmlns=\"http://www.mic.gov.vn/dancu/1.0\"";
const TAIL: &str = "</CongdanCollection>";
/// The end of one citizen, and of all.
const END: &str = "</CongDan></CongdanCollection>";
/// What every document has besides its pieces, in elements: fewer.
const FRAME: usize = 10;

/// The targets that read the same documents, in the order of a row's verdicts.
/// The last is the check before any decoder: it says how far a document comes.
const TARGETS: [&str; 4] =
    ["population_person", "population_household", "population_status", "transport_xml"];

type Row = (&'static str, Vec<u8>, [Verdict; 4]);

/// What is refused at the door.
const NOWHERE: [Verdict; 4] = [Malformed; 4];
/// A person, whole; a household of one who names no head; no status.
const SOMEBODY: [Verdict; 4] = [Whole, Partly, Malformed, Whole];
/// A person of whom something cannot be read.
const DAMAGED: [Verdict; 4] = [Partly, Partly, Malformed, Whole];

pub(crate) fn inputs() -> Vec<Input> {
    let rows = citizens().into_iter().chain(namespaces()).chain(statuses());
    let each = |(name, bytes, verdicts): Row| {
        TARGETS.into_iter().zip(verdicts).map(move |(target, expected)| {
            // The first line names whom the question is about; it is no XML.
            let xml = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let own = if target == "transport_xml" { &bytes[xml..] } else { &bytes[..] };
            Input { target, name, bytes: own.to_vec(), expected }
        })
    };
    rows.flat_map(each).collect()
}

fn head() -> String {
    format!("{ID}\n<CongdanCollection {PEOPLE}>")
}

fn one() -> String {
    format!("{}<CongDan><SoDinhDanh>{ID}</SoDinhDanh><HoVaTen>A B</HoVaTen>", head())
}

/// A citizen who names a head, with something more.
fn citizen(id: &str, more: &str) -> String {
    format!(
        "<CongDan><SoDinhDanh>{id}</SoDinhDanh><HoVaTen>A</HoVaTen><ChuHo><HoVaTen>A</HoVaTen></ChuHo>{more}</CongDan>"
    )
}

fn citizens() -> Vec<Row> {
    let of = |n: usize| if n == 0 { citizen(ID, "") } else { citizen(&format!("0970{n:08}"), "") };
    // As many as an answer may name, each with as much as fits.
    let stuffed = |n: usize| {
        let id = if n == 0 { ID.to_owned() } else { format!("0970{n:08}") };
        let room = (MAX_ELEMENTS - FRAME) / MOST_PEOPLE - FRAME;
        citizen(&id, &"<a>xxxxxxxxxxxx</a>".repeat(room))
    };
    let elements = |most: usize, piece: &dyn Fn(usize) -> String| pieces(&one(), most, piece, END);
    let in_text = |piece: &str| {
        filled(&format!("{}<TonGiao>", one()), |_| piece.to_owned(), &format!("</TonGiao>{END}"))
    };
    let most = MAX_ELEMENTS - FRAME;
    let asides = |count: usize| {
        let before = format!("{ID}\n{}", "<!---->".repeat(count));
        let after = one()[ID.len() + 1..].to_owned();
        pieces(&format!("{before}{after}"), most, |_| "<a>xxxxxxxx</a>".to_owned(), END)
    };
    let attributes = |count: usize| {
        let all = (0..count).fold(String::new(), |mut all, number| {
            let _ = write!(all, " a{number}=''");
            all
        });
        filled(&one(), |_| format!("<a{all}/>"), END)
    };
    vec![
        (
            "people, as many as may be",
            pieces(&head(), MOST_PEOPLE, stuffed, TAIL),
            [Partly, Whole, Malformed, Whole],
        ),
        ("people, as many as fit", filled(&head(), of, TAIL), [Partly, Malformed, Malformed, Whole]),
        (
            "empty people",
            pieces(&head(), most, |_| "<CongDan/>".to_owned(), TAIL),
            [Partly, Partly, Malformed, Whole],
        ),
        ("empty people, too many", filled(&head(), |_| "<CongDan/>".to_owned(), TAIL), NOWHERE),
        // Twice what may be there once.
        ("elements", elements(most, &|_| "<TonGiao/>".to_owned()), DAMAGED),
        ("elements, too many", elements(usize::MAX, &|_| "<TonGiao/>".to_owned()), NOWHERE),
        ("unknown elements", elements(most, &|n| format!("<a{n}/>")), SOMEBODY),
        (
            "cancelled ids",
            elements(usize::MAX, &|n| format!("<SoDinhDanhDaHuy>0970{n:08}</SoDinhDanhDaHuy>")),
            SOMEBODY,
        ),
        ("comments", elements(MAX_ASIDES, &|_| format!("<!--{}-->", "x".repeat(1_000))), SOMEBODY),
        ("comments, too many", elements(usize::MAX, &|_| "<!---->".to_owned()), NOWHERE),
        ("comments before the root", asides(MAX_ASIDES), SOMEBODY),
        ("comments before the root, too many", asides(MAX_ASIDES + 1), NOWHERE),
        // More characters than a datum has.
        ("pieces of text", in_text("<![CDATA[x]]>y"), DAMAGED),
        ("references", in_text("&#120;"), DAMAGED),
        ("one text", in_text("x"), DAMAGED),
        ("attributes", attributes(MAX_ATTRIBUTES), SOMEBODY),
        ("attributes, too many", attributes(MAX_ATTRIBUTES + 1), NOWHERE),
        ("attributes, as many as fit", attributes(90_000), NOWHERE),
        (
            "nested",
            {
                let deep = MAX_DEPTH - 3;
                let nest = format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep));
                pieces(&one(), most / deep, |_| nest.clone(), END)
            },
            SOMEBODY,
        ),
        ("open tags", filled(&head(), |_| "<a>".to_owned(), ""), NOWHERE),
        ("angles", filled(&head(), |_| "<".to_owned(), ""), NOWHERE),
    ]
}

/// Every element that declares a namespace gets a list of all in force: many of
/// the ones and of the others cost their product.
fn namespaces() -> Vec<Row> {
    let declared = |from: usize, count: usize| {
        (from..from + count).fold(String::new(), |mut all, number| {
            let _ = write!(all, " xmlns:a{number}='{number}'");
            all
        })
    };
    let own = |_| "<a xmlns='b'/>".to_owned();
    // The root declares one, the element itself another.
    let most = MAX_NAMESPACES - 2;
    let flat = |count: usize| {
        let around = format!("{}<a{}>", one(), declared(0, count));
        pieces(&around, MAX_ELEMENTS - FRAME, own, &format!("</a>{END}"))
    };
    let nested = |levels: usize, each: usize| {
        let around = (0..levels).map(|level| format!("<a{}>", declared(level * each, each)));
        let around = format!("{}{}", one(), around.collect::<Vec<_>>().concat());
        pieces(&around, MAX_ELEMENTS - FRAME - levels, own, &format!("{}{END}", "</a>".repeat(levels)))
    };
    let distinct = |most| pieces(&one(), most, |number| format!("<a xmlns='{number}'/>"), END);
    vec![
        ("namespaces", flat(most), SOMEBODY),
        ("namespaces, too many", flat(most + 1), NOWHERE),
        ("namespaces, as many as fit", flat(SIZE / 40), NOWHERE),
        ("nested namespaces", nested(most, 1), SOMEBODY),
        ("nested namespaces, too many", nested(most + 1, 1), NOWHERE),
        ("nested namespaces, as many as may be otherwise", nested(MAX_DEPTH - 3, MAX_ATTRIBUTES), NOWHERE),
        ("namespaces, each another", distinct(MAX_ELEMENTS - FRAME), SOMEBODY),
    ]
}

/// Documents about somebody's life.
fn statuses() -> Vec<Row> {
    let head = format!(
        "{ID}\n<KetQuaXacMinh xmlns=\"http://gtel.vn/qldc\"><TonTai>true</TonTai><TinhTrang>0</TinhTrang>"
    );
    let with = |most: usize, piece: &str| pieces(&head, most, |_| piece.to_owned(), "</KetQuaXacMinh>");
    vec![
        (
            "a life, and unknown elements",
            with(MAX_ELEMENTS - FRAME, "<a>xxxxxxxx</a>"),
            [Malformed, Malformed, Whole, Whole],
        ),
        (
            "a life, told again and again",
            with(MAX_ELEMENTS - FRAME, "<TinhTrang>0</TinhTrang>"),
            [Malformed, Malformed, Partly, Whole],
        ),
    ]
}
