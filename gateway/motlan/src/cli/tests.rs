//! The command line, and the two commands that need no gateway.

use std::io::Write as _;

use clap::{CommandFactory as _, Parser as _};

use super::*;
use crate::exit::Exit;

fn parse(line: &str) -> Result<Command, String> {
    Cli::try_parse_from(line.split_whitespace())
        .map(|cli| cli.command)
        .map_err(|error| error.kind().to_string())
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_of_the_manual_parses() {
    let lines = [
        "motlan demo",
        "motlan demo --json --procedure 1.004222 --case tach_ho --family 2",
        "motlan sandbox --data D",
        "motlan serve --config F",
        "motlan config check F",
        "motlan open --client C --dossier D --procedure P --agency A --subject applicant=person:1",
        "motlan open --client C --endpoint E --dossier D --procedure P --case K --agency A --subject a=person:1 --subject b=person:2 --receipt-key K --json",
        "motlan resolve --client C --dossier D --no-token",
        "motlan verify --client C --purpose P --id 1 --name N --birth-date 1990",
        "motlan get --client C --dossier D",
        "motlan close --client C --dossier D --reason DECIDED",
        "motlan close --client C --dossier D --reason WITHDRAWN --request-id R --json",
        "motlan audit search --client C --dossier D --outcome DENIED --limit 5",
        "motlan audit search --client C --subject parcel:22366/7/123 --kind access.denied --order oldest --from T --to T",
        "motlan audit search --client C --person 1 --agency A --officer O --procedure P",
        "motlan audit reindex --config F",
        "motlan audit prove --client C --key K --person 1 --from 3 --to 9 --json",
        "motlan audit prove --client C --key K --key L --subject enterprise:1 --also U --origin O --origin P",
        "motlan audit prove --client C --key K --receipt F --receipt G",
        "motlan audit watch --client C --key K --state F --from 1 --limit 5 --kind log.read",
        "motlan keys new --audit A",
        "motlan keys new --audit A --register R",
        "motlan keys new-witness F --name witness.example/w1",
        "motlan witness new --folder D --key F",
        "motlan witness run --folder D --key F --log-key PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "motlan id personal_id 1",
        "motlan id --csv F --synthetic allow",
        "motlan match A B",
        "motlan match --csv F",
        "motlan reasons",
        "motlan reasons DOSSIER_UNKNOWN",
    ];
    for line in lines {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let lines = [
        "motlan",
        "motlan frobnicate",
        "motlan sandbox",
        "motlan config",
        "motlan id personal_id",
        "motlan id personal_id 1 --csv F",
        "motlan match A",
        "motlan open --client C --dossier D --procedure P --agency A",
        "motlan open --client C --dossier D --procedure P --agency A --subject a=person:1 --receipt R --receipt-key K",
        "motlan resolve --client C --dossier D --no-token --token T",
        "motlan verify --client C --id 1 --name N",
        "motlan verify --client C --id 1 --name N --dossier D --purpose P",
        "motlan get --client C",
        "motlan close --client C --dossier D",
        "motlan audit search --client C --person 1 --subject person:1",
        "motlan audit search --client C --limit 0",
        "motlan audit prove --client C --key K",
        "motlan audit prove --client C --person 1",
        "motlan audit prove --client C --key K --person 1 --subject person:1",
        "motlan audit prove --client C --key K --person 1 --receipt F",
        "motlan audit prove --client C --key K --receipt F --from 1",
        "motlan audit watch --client C --key K",
        "motlan audit watch --client C --key K --state F --limit 0",
        "motlan audit watch --client C --key K --state F --from 0",
        "motlan audit search --client C --order sideways",
        "motlan audit reindex",
        "motlan keys",
        "motlan keys new",
        "motlan keys new-witness F",
        "motlan witness",
        "motlan witness new --folder D",
        "motlan witness run --folder D --key F",
        "motlan witness run --folder D --key F --log-key PeterNeumann",
        "motlan witness run --folder D --key F --log-key PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ];
    for line in lines {
        assert!(parse(line).is_err(), "{line} was accepted");
    }
}

fn id_output(line: &str) -> (Exit, String) {
    let Ok(Command::Id(args)) = parse(line) else { panic!("{line}") };
    let mut out = Vec::new();
    let exit = id(&args, &mut out).unwrap();
    (exit, String::from_utf8(out).unwrap())
}

fn match_output(args: MatchArgs) -> (Exit, Vec<u8>) {
    let mut out = Vec::new();
    let exit = compare_names(&args, &mut out).unwrap();
    (exit, out)
}

fn csv_file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn a_verdict_is_explained_in_both_languages() {
    assert_eq!(id_output("motlan id enterprise_code 0100233488").0, Exit::Ok);
    let (exit, text) = id_output("motlan id enterprise_code 0100233489");
    assert_eq!(exit, Exit::No);
    for expected in ["ENTERPRISE_CODE_CHECK_DIGIT", "mã số doanh nghiệp", "enterprise code", "không hợp lệ"]
    {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn a_suggestion_is_made_only_where_it_is_valid() {
    assert!(id_output("motlan id enterprise_code 0100.233.488").1.contains("perhaps: 0100233488"));
    assert!(!id_output("motlan id enterprise_code 0100.233.489").1.contains("perhaps"));
}

#[test]
fn synthetic_people_are_refused_unless_allowed() {
    let (exit, text) = id_output("motlan id personal_id 097085000001");
    assert_eq!(exit, Exit::No);
    assert!(text.contains("PERSONAL_ID_SYNTHETIC"));
    assert_eq!(id_output("motlan id personal_id 097085000001 --synthetic allow").0, Exit::Ok);
}

#[test]
fn an_unknown_kind_is_a_usage_error_with_the_nearest() {
    let Ok(Command::Id(args)) = parse("motlan id person_id 1") else { panic!() };
    let failure = id(&args, &mut Vec::new()).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.to_string().contains("nearest: personal_id"), "{failure}");
}

#[test]
fn a_csv_of_identifiers_is_classified_row_by_row() {
    let file = csv_file(
        b"\xEF\xBB\xBFwhy,kind,value\n\"a, b\",personal_id,056085369524\n,personal_id,\"05,6\"\n,personal_id,097085000001\n,\
          shoe_size,42\n,personal_id\n,personal_id,\xFF\xFE\n",
    );
    let (exit, text) = {
        let args = IdArgs {
            kind: None,
            value: None,
            csv: Some(file.path().into()),
            synthetic: SyntheticArg::Refuse,
        };
        let mut out = Vec::new();
        (id(&args, &mut out).unwrap(), out)
    };
    assert_eq!(exit, Exit::Ok);
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let expected: [&[u8]; 8] = [
        b"kind,value,valid,reason",
        b"personal_id,056085369524,true,",
        b"personal_id,\"05,6\",false,PERSONAL_ID_DIGITS",
        b"personal_id,097085000001,false,PERSONAL_ID_SYNTHETIC",
        b"shoe_size,42,false,KIND_UNKNOWN",
        b"personal_id,,false,PERSONAL_ID_LENGTH",
        b"personal_id,\xFF\xFE,false,PERSONAL_ID_DIGITS",
        b"",
    ];
    assert_eq!(lines, expected, "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_csv_without_its_columns_is_refused() {
    let file = csv_file(b"kind,worth\npersonal_id,1\n");
    let args =
        IdArgs { kind: None, value: None, csv: Some(file.path().into()), synthetic: SyntheticArg::Refuse };
    let failure = id(&args, &mut Vec::new()).unwrap_err();
    assert_eq!(failure.exit, Exit::Data);
    assert!(failure.to_string().contains("no column value"));
    let absent = IdArgs {
        kind: None,
        value: None,
        csv: Some("/no/such/file".into()),
        synthetic: SyntheticArg::Refuse,
    };
    // As the help says: an input file that is not there is a wrong one.
    assert_eq!(id(&absent, &mut Vec::new()).unwrap_err().exit, Exit::Data);
}

#[test]
fn names_compare_with_level_and_code() {
    let (exit, out) = match_output(MatchArgs { a: Some("Hòa".into()), b: Some("HOÀ".into()), csv: None });
    assert_eq!(exit, Exit::Ok);
    assert!(out.starts_with(b"CANONICAL_EQUAL "));
    let (exit, out) = match_output(MatchArgs { a: Some("Dũng".into()), b: Some("Dung".into()), csv: None });
    assert_eq!(exit, Exit::No);
    assert!(out.starts_with(b"UNACCENTED_EQUAL "));
}

#[test]
fn a_csv_of_names_keeps_their_bytes() {
    // Decomposed, with a zero-width space, a comma, a quote and a line break inside.
    let rows = "a_name,label,b_name\n\"Ho\u{300}a\u{200B}\",x,\"Hòa\"\n\"a, \"\"b\"\"\",x,\" c\nd \"\n";
    let file = csv_file(rows.as_bytes());
    let (exit, out) = match_output(MatchArgs { a: None, b: None, csv: Some(file.path().into()) });
    assert_eq!(exit, Exit::Ok);
    let mut read = csv::Reader::from_reader(out.as_slice());
    assert_eq!(read.headers().unwrap(), vec!["a_name", "b_name", "level", "code"]);
    let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0][0], &rows[0][1], &rows[0][2]), ("Ho\u{300}a\u{200B}", "Hòa", "CANONICAL_EQUAL"));
    assert_eq!((&rows[1][0], &rows[1][1], &rows[1][2]), ("a, \"b\"", " c\nd ", "MISMATCH"));
}

/// The labelled sets that the gateway's rules are held against.
fn labelled(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/testdata").join(name)
}

fn rows(csv: &[u8]) -> Vec<csv::ByteRecord> {
    csv::Reader::from_reader(csv).into_byte_records().map(Result::unwrap).collect()
}

#[test]
fn the_labelled_identifiers_are_classified_without_a_miss() {
    let file = labelled("identifiers_dev.csv");
    let args = IdArgs { kind: None, value: None, csv: Some(file.clone()), synthetic: SyntheticArg::Refuse };
    let mut out = Vec::new();
    assert_eq!(id(&args, &mut out).unwrap(), Exit::Ok);
    let (given, told) = (rows(&std::fs::read(file).unwrap()), rows(&out));
    assert!(given.len() >= 80 && given.len() == told.len());
    for (given, told) in given.iter().zip(&told) {
        assert_eq!((&given[0], &given[1], &given[2]), (&told[0], &told[1], &told[2]));
        assert_eq!(&told[2] == b"true", told[3].is_empty());
    }
}

#[test]
fn the_labelled_names_are_compared_without_a_miss() {
    let file = labelled("name_pairs_dev.csv");
    let (exit, out) = match_output(MatchArgs { a: None, b: None, csv: Some(file.clone()) });
    assert_eq!(exit, Exit::Ok);
    let (given, told) = (rows(&std::fs::read(file).unwrap()), rows(&out));
    assert!(given.len() >= 250 && given.len() == told.len());
    for (given, told) in given.iter().zip(&told) {
        assert_eq!((&given[0], &given[1], &given[2]), (&told[0], &told[1], &told[2]));
    }
}

#[test]
fn a_reason_is_explained_and_an_unknown_one_is_a_no() {
    let explain = |code: &str| {
        let mut out = Vec::new();
        let ended = reasons(&ReasonsArgs { code: Some(code.to_owned()) }, &mut out);
        (ended, String::from_utf8(out).unwrap())
    };
    for (code, parts) in [
        (
            "DOSSIER_CLOSED",
            ["PERMISSION_DENIED · origin caller · retry never", "Hồ sơ đã đóng.", "open a new one."],
        ),
        ("PERSONAL_ID_LENGTH", ["INVALID_ARGUMENT", "đúng 12 chữ số", "identity card once more"]),
        ("guess_limit", ["GUESS_LIMIT: ", "PERMISSION_DENIED", "origin caller"]),
        ("FORM_PREFILLED", ["component", "điền sẵn", "check, complete and sign."]),
        ("OTHER_SUBJECT", ["UNAVAILABLE (cause)", "đối tượng khác", "another subject"]),
    ] {
        let (ended, told) = explain(code);
        assert_eq!(ended.unwrap(), Exit::Ok);
        for part in parts {
            assert!(told.contains(part), "{code}: {told}");
        }
    }
    let failure = explain("DOSIER_CLOSED").0.unwrap_err();
    assert_eq!(failure.exit, Exit::No);
    assert!(failure.to_string().contains("nearest: DOSSIER_CLOSED"), "{failure}");
}

#[test]
fn the_committed_page_of_reasons_is_the_generated_one() {
    let mut page = Vec::new();
    assert_eq!(reasons(&ReasonsArgs { code: None }, &mut page).unwrap(), Exit::Ok);
    let page = String::from_utf8(page).unwrap();
    let mut codes: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let rows = codes.len();
    assert!(rows > 140, "only {rows} reasons");
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), rows, "a code stands for two things");
    for cause in motlan_api::MalformedCause::ALL {
        assert!(page.contains(&format!("| `{}` | UNAVAILABLE (cause) |", cause.as_str())), "{cause}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/REASONS.md");
    assert!(
        std::fs::read_to_string(file).unwrap() == page,
        "proto/REASONS.md is out of date: cargo run --bin motlan -- reasons > proto/REASONS.md"
    );
}
