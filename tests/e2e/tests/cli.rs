//! The built program on the command line: the demo, and the two commands that
//! explain a verdict without a gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use motlan_harness::Program;
use serde_json::Value;

/// The rows that the gateway's own rules are measured against.
const IDENTIFIERS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../gateway/domain/testdata/identifiers_dev.csv");
const NAME_PAIRS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../gateway/domain/testdata/name_pairs_dev.csv");

/// What a run of the program gave.
struct Ran {
    code: i32,
    out: Vec<u8>,
    err: String,
}

// === impl Ran ===

impl Ran {
    async fn of<S: AsRef<OsStr>>(args: &[S]) -> Self {
        let Output { status, stdout, stderr } = Program::built().unwrap().run(args).await.unwrap();
        let err = String::from_utf8(stderr).expect("standard error is UTF-8");
        Self { code: status.code().expect("it ended by itself"), out: stdout, err }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("standard output is UTF-8")
    }
}

/// The keys that the demo's object is documented to have.
const KEYS: &[&str] = &[
    "procedure",
    "case",
    "dossier",
    "components",
    "reused",
    "total",
    "prefilled_fields",
    "total_fields",
    "audit_entries",
];

/// The keys of each component.
const COMPONENT_KEYS: &[&str] =
    &["code", "name", "required", "outcome", "mode", "source", "data_time", "reason", "receipt"];

/// The outcomes a component may have.
const OUTCOMES: &[&str] = &["REUSED", "PREFILLED", "NEEDS_PAPER", "SOURCE_UNAVAILABLE", "NOT_IN_CASE"];

/// What a judged demo came to.
struct Judged {
    components: usize,
    prefilled: u64,
    reused: u64,
}

/// The documented keys are there, and the numbers are those of the components.
fn judge(what: &str, demo: &Value) -> Judged {
    for key in KEYS {
        assert!(demo.get(*key).is_some(), "{what}: {key} is missing");
    }
    let components = demo["components"].as_array().unwrap();
    assert!(!components.is_empty(), "{what}: no component");
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    let log = demo["audit_log"].as_array().expect("the entries themselves");
    assert_eq!(demo["audit_entries"].as_u64(), Some(log.len() as u64), "{what}");
    let entries: BTreeMap<u64, &Value> =
        log.iter().map(|entry| (entry["index"].as_u64().unwrap(), &entry["entry"])).collect();
    let (mut prefilled, mut blanks) = (0, 0);
    for component in components {
        for key in COMPONENT_KEYS {
            assert!(component.get(*key).is_some(), "{what}: {key} is missing in {component}");
        }
        let outcome = component["outcome"].as_str().unwrap();
        assert!(OUTCOMES.contains(&outcome), "{what}: {outcome}");
        assert!(component["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{what}: {component}");
        assert!(component["required"].is_boolean() && component["name"].is_string(), "{what}: {component}");
        if matches!(outcome, "REUSED" | "PREFILLED") {
            assert!(component["source"].is_string(), "{what}: no source in {component}");
            let time = component["data_time"].as_str().map(str::parse::<jiff::Timestamp>);
            assert!(time.is_some_and(|time| time.is_ok()), "{what}: {}", component["data_time"]);
        }
        *counted.entry(outcome).or_default() += 1;
        prefilled += component["prefilled_fields"].as_u64().unwrap();
        blanks += component["total_fields"].as_u64().unwrap();
        // Its receipt is that of an entry that is told too, and says the same.
        let entry = entries[&component["receipt"]["index"].as_u64().expect("a receipt")];
        assert_eq!(entry["kind"], "component.decided", "{what}");
        assert!(entry.to_string().contains(outcome), "{what}: {entry} is not {outcome}");
    }
    let count = |outcome: &str| counted.get(outcome).copied().unwrap_or_default();
    let number = |key: &str| demo[key].as_u64().unwrap();
    assert_eq!(number("reused"), count("REUSED"), "{what}");
    assert_eq!(number("total"), components.len() as u64 - count("NOT_IN_CASE"), "{what}");
    // The forms that were derived are counted with the others, and apart.
    let derived = |key: &str| -> u64 {
        let derived = components.iter().filter(|component| component["derived_form"] == true);
        derived.map(|component| component[key].as_u64().unwrap()).sum()
    };
    assert_eq!(number("prefilled_fields"), prefilled, "{what}");
    assert_eq!(number("total_fields"), blanks, "{what}");
    assert_eq!(number("derived_prefilled_fields"), derived("prefilled_fields"), "{what}");
    assert_eq!(number("derived_total_fields"), derived("total_fields"), "{what}");
    assert!(prefilled <= blanks, "{what}");
    let kinds: Vec<&str> = entries.values().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"dossier.opened"), "{what}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "component.decided").count(), components.len(), "{what}");
    Judged { components: components.len(), prefilled, reused: number("reused") }
}

/// Arguments behind `demo --json`, and the procedure and case they must give.
const DEMOS: &[(&[&str], &str, Option<&str>)] = &[
    (&[], "1.004222", Some("own_home")),
    (&["--procedure", "1.004222", "--case", "join_family", "--family", "1"], "1.004222", Some("join_family")),
    (&["--procedure", "1.001193"], "1.001193", None),
    (&["--procedure", "1.001612"], "1.001612", None),
    // Decided by the province.
    (&["--procedure", "1.012783"], "1.012783", None),
    (&["--procedure", "1.010010", "--family", "2"], "1.010010", None),
];

#[tokio::test]
async fn the_demo_tells_one_object_whose_numbers_agree() {
    let (mut components, mut prefilled, mut reused, mut provincial) = (0, 0, 0, 0);
    for (args, procedure, case) in DEMOS {
        let what = format!("demo --json {}", args.join(" "));
        let ran = Ran::of(&[&["demo", "--json"], *args].concat()).await;
        assert_eq!(ran.code, 0, "{what}: {}", ran.err);
        let demo: Value = serde_json::from_slice(&ran.out).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(demo.is_object() && !ran.out.contains(&0x1b), "{what}");
        assert_eq!(demo["procedure"], *procedure, "{what}");
        if let Some(case) = case {
            assert_eq!(demo["case"], *case, "{what}");
        }
        let judged = judge(&what, &demo);
        components += judged.components;
        prefilled += judged.prefilled;
        reused += judged.reused;
        // Departments stand below H32.10 … H32.19, communes from H32.200 on.
        let agency = demo["dossier"].as_str().unwrap().split('-').next().unwrap();
        provincial += usize::from(agency.split('.').nth(1).is_some_and(|part| part.len() == 2));
    }
    assert!(components >= 30 && prefilled >= 20 && reused >= 2, "{components} {prefilled} {reused}");
    assert!(provincial >= 1, "no procedure of the province was run");
}

#[tokio::test]
async fn the_demo_speaks_to_people_and_plainly_where_nobody_looks() {
    let ran = Ran::of(&["demo"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains(&0x1b), "coloured though not on a terminal");
    assert!(!ran.err.contains('\u{1b}'), "coloured progress though not on a terminal");
    for part in
        ["1.004222 Đăng ký thường trú", "Hồ sơ H32.", "Thành phần hồ sơ", "Điền sẵn", "Nhật ký kiểm toán"]
    {
        assert!(ran.text().contains(part), "{part} is not told:\n{}", ran.text());
    }
    // A progress line per component.
    assert!(ran.err.lines().count() >= 10, "{}", ran.err);
}

/// Command lines that make no sense, and what must be said in both languages.
const NONSENSE: &[(&[&str], &[&str])] = &[
    (
        &["demo", "--procedure", "9.999999"],
        &["không có thủ tục 9.999999", "no procedure 9.999999", "1.004222"],
    ),
    (&["demo", "--procedure", "Đăng ký"], &["không có thủ tục", "no procedure"]),
    (&["demo", "--case", "no_such"], &["không có trường hợp no_such", "no case no_such", "own_home"]),
    (&["demo", "--family", "99"], &["gia đình", "families"]),
    (&["id", "personal_idd", "1"], &["loại mã định danh", "unknown kind", "nearest: personal_id", "cmnd"]),
];

#[tokio::test]
async fn what_makes_no_sense_exits_2_and_says_why_in_both_languages() {
    for (args, parts) in NONSENSE {
        let ran = Ran::of(args).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{args:?}: {}", ran.text());
        for part in *parts {
            assert!(ran.err.contains(part), "{args:?}: {part:?} is not in {:?}", ran.err);
        }
    }
}

/// Kind, value, exit code, and what must be told.
const EXPLAINED: &[(&str, &str, i32, &str)] = &[
    ("personal_id", "056085369524", 0, "valid"),
    ("personal_id", "05608536952", 1, "PERSONAL_ID_LENGTH"),
    ("personal_id", "097088298875", 1, "PERSONAL_ID_SYNTHETIC"),
    ("cmnd", "225123456", 0, "valid"),
    ("cmnd", "22512345a", 1, "CMND_"),
    ("enterprise_code", "0100109106", 0, "valid"),
    ("enterprise_code", "0100109107", 1, "ENTERPRISE_CODE_CHECK_DIGIT"),
    ("business_location", "x", 1, "BUSINESS_LOCATION_"),
    ("social_insurance_no", "12", 1, "SOCIAL_INSURANCE_NO_"),
    ("health_card", "?", 1, "HEALTH_CARD_"),
    ("land_certificate", "", 1, "LAND_CERTIFICATE_"),
    ("parcel", "?", 1, "PARCEL_"),
    ("procedure_code", "1.004222", 0, "valid"),
    ("procedure_code", "1,004222", 1, "PROCEDURE_CODE_"),
    ("component_code", "000.00.00.G01-KQ003604", 0, "valid"),
    ("component_code", "K Q", 1, "COMPONENT_CODE_"),
    ("agency_code", "H32.202", 0, "valid"),
    ("agency_code", "Nha Trang", 1, "AGENCY_CODE_"),
    ("dossier_code", "H32.202-261121-0007", 0, "valid"),
    ("dossier_code", "H32.202-261321-0007", 1, "DOSSIER_CODE_DATE"),
    ("purpose_id", "identity-verification", 0, "valid"),
    ("purpose_id", "", 1, "PURPOSE_ID_"),
    ("request_id", "", 1, "REQUEST_ID_"),
    ("officer_account", "canbo.h32.202", 0, "valid"),
    ("officer_account", "", 1, "OFFICER_ACCOUNT_"),
];

#[tokio::test]
async fn every_kind_of_identifier_is_explained() {
    let kinds = motlan_domain::id::IdKind::ALL;
    for kind in kinds {
        assert!(EXPLAINED.iter().any(|row| row.0 == kind.as_str()), "{kind} is not tried");
    }
    let runs = EXPLAINED.iter().map(async |row| (row, Ran::of(&["id", row.0, row.1]).await));
    for ((kind, value, code, part), ran) in futures::future::join_all(runs).await {
        assert_eq!(ran.code, *code, "{kind} {value:?}: {}{}", ran.text(), ran.err);
        assert!(ran.text().contains(part), "{kind} {value:?}: {part} is not in {}", ran.text());
        let [vi, en] = if *code == 0 { ["hợp lệ", "valid"] } else { ["không hợp lệ", "not valid"] };
        assert!(ran.text().contains(vi) && ran.text().contains(en), "{kind} {value:?}: {}", ran.text());
    }
    // What a sandbox takes.
    let ran = Ran::of(&["id", "personal_id", "097088298875", "--synthetic", "allow"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
}

/// The records of a CSV text, every field as bytes, header first.
fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let fields = |row: csv::ByteRecord| row.iter().map(<[u8]>::to_vec).collect();
    reader.byte_records().map(|row| fields(row.expect("correct CSV"))).collect()
}

async fn classified(command: &str, file: &Path) -> Vec<Vec<Vec<u8>>> {
    let ran = Ran::of(&[OsStr::new(command), OsStr::new("--csv"), file.as_os_str()]).await;
    assert_eq!(ran.code, 0, "{command} {}: {}", file.display(), ran.err);
    records(&ran.out)
}

#[tokio::test]
async fn the_identifiers_of_the_measure_are_classified_without_a_miss() {
    let told = classified("id", Path::new(IDENTIFIERS)).await;
    let known = records(&std::fs::read(IDENTIFIERS).unwrap());
    assert_eq!(told[0], [&b"kind"[..], b"value", b"valid", b"reason"]);
    assert_eq!(told.len(), known.len());
    assert!(known.len() > 70, "only {} rows", known.len());
    for (told, known) in told.iter().zip(&known).skip(1) {
        let shown = String::from_utf8_lossy(&known[1]);
        assert_eq!(told[..3], known[..3], "{shown}: {:?}", String::from_utf8_lossy(&told[3]));
        assert_eq!(
            told[3].is_empty(),
            told[2] == b"true",
            "{shown}: a reason where it is invalid, only there"
        );
    }
}

/// Rows that break a careless reader or writer: kind, value, valid.
const HOSTILE: &[(&str, &str, bool)] = &[
    ("personal_id", "056085369524", true),
    ("personal_id", "", false),
    ("", "", false),
    ("personal_id", "056\"085\"369524", false),
    ("personal_id", "056085\n369524", false),
    ("personal_id", "056085\r\n369524", false),
    ("personal_id", "056085369524,true", false),
    ("no such, \"kind\"", "x\ny", false),
    ("personal_id", "\u{feff}056085369524", false),
    ("personal_id", "０５６０８５３６９５２４", false),
    ("personal_id", "=HYPERLINK(\"http://x\")", false),
    ("enterprise_code", "\0", false),
    ("procedure_code", "1.004222", true),
];

#[tokio::test]
async fn hostile_rows_are_judged_and_written_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.csv");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    // A byte order mark, other columns, another order, CRLF; then ragged rows.
    let mut text = "\u{feff}\"note\",\"value\",\"kind\"\r\n".to_owned();
    for (kind, value, _) in HOSTILE {
        write!(text, "\"a, \"\"note\"\"\",{},{}\r\n", quoted(value), quoted(kind)).unwrap();
    }
    text.push_str("short\r\nlong,1.004222,procedure_code,more,and more\r\n\r\n");
    let mut bytes = text.into_bytes();
    // Bytes that are no text at all.
    bytes.extend_from_slice(b"latin,\"05608536952\xe9\",personal_id\r\n");
    std::fs::write(&file, bytes).unwrap();
    let told = classified("id", &file).await;
    assert_eq!(told.len(), 1 + HOSTILE.len() + 3);
    for ((kind, value, valid), row) in HOSTILE.iter().zip(&told[1..]) {
        let expected = [kind.as_bytes(), value.as_bytes(), valid.to_string().as_bytes()].map(<[u8]>::to_vec);
        assert_eq!(row[..3], expected, "{kind} {value:?}");
    }
    let [short, long, latin] = &told[1 + HOSTILE.len()..] else { panic!("{told:?}") };
    assert_eq!((&short[0][..], &short[1][..], &short[2][..]), (&b""[..], &b""[..], &b"false"[..]));
    assert_eq!((&long[1][..], &long[2][..]), (&b"1.004222"[..], &b"true"[..]));
    assert_eq!((&latin[1][..], &latin[2][..]), (&b"05608536952\xe9"[..], &b"false"[..]));

    // A file without the columns is wrong data, not a verdict on nothing.
    std::fs::write(&file, "kind,worth\npersonal_id,1\n").unwrap();
    let ran = Ran::of(&[OsStr::new("id"), OsStr::new("--csv"), file.as_os_str()]).await;
    assert_eq!(ran.code, 65, "{}", ran.err);
    assert!(ran.err.contains("value"), "{}", ran.err);
}

#[tokio::test]
async fn a_file_that_is_no_csv_exits_65_and_names_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.csv");
    for (command, header) in [("id", "kind,value"), ("match", "a_name,b_name")] {
        for (rows, vi, en) in [
            ("x,y\n\"z,w\nv,u\n", "dòng 3: dấu ngoặc kép", "line 3: a quotation mark is opened"),
            ("x,\"y\"z\n", "dòng 2: có chữ sau", "line 2: text follows"),
        ] {
            std::fs::write(&file, format!("{header}\r\n{rows}")).unwrap();
            let ran = Ran::of(&[OsStr::new(command), OsStr::new("--csv"), file.as_os_str()]).await;
            assert_eq!(ran.code, 65, "{command} {rows:?}: {}", ran.err);
            assert!(ran.err.contains(vi) && ran.err.contains(en), "{command} {rows:?}: {}", ran.err);
        }
        // Control: the header alone is a file of no rows.
        std::fs::write(&file, header).unwrap();
        assert_eq!(classified(command, &file).await.len(), 1, "{command}");
        std::fs::write(&file, "").unwrap();
        let ran = Ran::of(&[OsStr::new(command), OsStr::new("--csv"), file.as_os_str()]).await;
        assert_eq!((ran.code, ran.out.as_slice()), (65, &b""[..]), "{command}: an empty file");
    }
}

#[tokio::test]
async fn names_are_compared_without_a_miss_and_keep_their_bytes() {
    let told = classified("match", Path::new(NAME_PAIRS)).await;
    let known = records(&std::fs::read(NAME_PAIRS).unwrap());
    assert_eq!(told[0], [&b"a_name"[..], b"b_name", b"level", b"code"]);
    assert_eq!(told.len(), known.len());
    assert!(known.len() > 200, "only {} rows", known.len());
    let (mut decomposed, mut invisible) = (0, 0);
    for (told, known) in told.iter().zip(&known).skip(1) {
        // Byte by byte: names and level.
        assert_eq!(told[..3], known[..3], "{:?}", String::from_utf8_lossy(&known[3]));
        assert!(!told[3].is_empty(), "no code for {:?}", String::from_utf8_lossy(&known[3]));
        let both = format!("{}{}", String::from_utf8_lossy(&told[0]), String::from_utf8_lossy(&told[1]));
        decomposed += usize::from(both.contains(|c| ('\u{300}'..'\u{370}').contains(&c)));
        invisible +=
            usize::from(both.contains(|c| ('\u{200b}'..='\u{200f}').contains(&c) || c == '\u{feff}'));
    }
    assert!(decomposed > 0 && invisible > 0, "{decomposed} decomposed, {invisible} invisible");

    for (a, b, code, told) in [
        ("Nguyễn Văn A", "Nguyễn Văn A", 0, "EXACT"),
        ("Nguyễn Văn A", "NGUYỄN VĂN A", 0, "CANONICAL_EQUAL"),
        ("Nguyễn Văn A", "Nguyen Van A", 1, "UNACCENTED_EQUAL"),
        ("Nguyễn Văn A", "Trần Văn B", 1, "MISMATCH"),
    ] {
        let ran = Ran::of(&["match", a, b]).await;
        assert_eq!((ran.code, ran.text().split(' ').next()), (code, Some(told)), "{a} / {b}");
    }
}
