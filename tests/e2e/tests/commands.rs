//! The client commands as a person runs them: each against a running gateway,
//! judged by what it prints, how it exits and what the log then holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::process::Output;

use motlan_e2e::*;
use motlan_harness::{Opening, Program, World};
use motlan_proto::audit::v1::{EntryKind, EntryOrder, SearchEntriesRequest};
use motlan_proto::common::v1::{Outcome, ParcelKey, SubjectKey, subject_key};
use motlan_proto::time::Timestamp;
use serde_json::Value;

/// What a run of the program gave.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// How Rust names the codes of gRPC: never told to people.
const RUST_NAMES: &[&str] = &[
    "InvalidArgument",
    "PermissionDenied",
    "Unauthenticated",
    "NotFound",
    "AlreadyExists",
    "FailedPrecondition",
    "ResourceExhausted",
    "DeadlineExceeded",
    "Unavailable",
    "Unimplemented",
    "Internal",
    "Unknown",
];

// === impl Ran ===

impl Ran {
    /// A command as that caller of the world, further arguments behind it.
    async fn of(world: &World, command: &[&str], caller: &str, args: &[&str]) -> Self {
        let client = world.folder().join("clients").join(caller);
        let client = client.to_str().unwrap();
        let all = [command, &["--client", client], args].concat();
        let Output { status, stdout, stderr } = Program::built().unwrap().run(&all).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran =
            Self { code: status.code().expect("it ended by itself"), out: text(stdout), err: text(stderr) };
        for name in RUST_NAMES {
            assert!(!ran.err.contains(name), "{command:?} {args:?} tells {name}:\n{}", ran.err);
        }
        ran
    }

    /// It must end so, and tell all of these.
    fn tells(&self, code: i32, parts: &[&str]) -> &Self {
        let told = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, code, "{told}");
        for part in parts {
            assert!(told.contains(part), "{part:?} is not told:\n{told}");
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_looked_at_and_closed() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let foreign = opened(&world, &Opening::of(RESIDENCE).family(1)).await;
    let code = own.code.as_str();
    let (at, get, close) = (["--dossier", code], ["get"], ["close"]);
    let decided = ["--dossier", code, "--reason", "DECIDED", "--request-id", "closing-1"];

    let ran = Ran::of(&world, &get, &own.office, &at).await;
    ran.tells(
        0,
        &[code, RESIDENCE, "đang mở / open (OPEN)", "giấy tiếp nhận", "applicant: cá nhân (person)"],
    );
    assert!(!ran.out.contains(&own.plan.applicant), "no identifier:\n{}", ran.out);
    let json = Ran::of(&world, &get, &own.office, &["--dossier", code, "--json"]).await.tells(0, &[]).json();
    assert_eq!(
        (&json["dossier"]["state"], &json["dossier"]["code"]),
        (&Value::from("OPEN"), &Value::from(code))
    );

    // A reason that is none; a dossier that is none of theirs.
    let wrong = ["--dossier", code, "--reason", "đã xong"];
    Ran::of(&world, &close, &own.office, &wrong).await.tells(
        1,
        &["reason: CLOSE_REASON_FORM: ", "Lý do đóng hồ sơ là một từ in hoa", "tiếp theo / next: Ghi lý do"],
    );
    let theirs = ["--dossier", foreign.code.as_str(), "--reason", "DECIDED"];
    let ran = Ran::of(&world, &close, &own.office, &theirs).await;
    ran.tells(1, &["DOSSIER_UNKNOWN", "Không có hồ sơ nào", "no dossier of this code", "receipt: "]);
    assert!(ran.out.is_empty(), "errors go to standard error: {}", ran.out);
    Ran::of(&world, &get, &own.office, &at).await.tells(0, &["OPEN"]);

    let ran = Ran::of(&world, &close, &own.office, &decided).await;
    ran.tells(0, &["Đã đóng hồ sơ / closed", code, "CLOSED DECIDED"]);
    // The same request again is harmless: the same answer, the same entry.
    assert_eq!(Ran::of(&world, &close, &own.office, &decided).await.tells(0, &[]).out, ran.out);
    let json = [&decided[..], &["--json"]].concat();
    let json = Ran::of(&world, &close, &own.office, &json).await.tells(0, &[]).json();
    assert_eq!(json["dossier"]["closeReason"], "DECIDED");
    let index: u64 = json["receipt"]["index"].as_str().unwrap().parse().unwrap();
    let entry = entry_number(&world, index).await;
    let officer = &world.member(&own.office).unwrap().account;
    assert_eq!((entry.kind(), &entry.officer_account), (EntryKind::DossierClosed, officer));
    assert!(String::from_utf8_lossy(&entry.canonical).contains("DECIDED"));
    Ran::of(&world, &get, &own.office, &at).await.tells(0, &["đã đóng / closed (CLOSED DECIDED)"]);
    Ran::of(&world, &["resolve"], &own.office, &at).await.tells(1, &["DOSSIER_CLOSED", "Hồ sơ đã đóng."]);
    world.stop().await.unwrap();
}

/// The indices of the entries that a search prints as JSON, line by line.
fn indices(ran: &Ran) -> Vec<u64> {
    let entry =
        |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    ran.out
        .lines()
        .map(|line| entry(line)["index"].as_str().map_or(0, |index| index.parse().unwrap()))
        .collect()
}

/// A search by the command must find what the same search by the API finds.
async fn finds(world: &World, args: &[&str], request: SearchEntriesRequest, through: u64) -> usize {
    let all = [args, &["--json", "--limit", "1000"]].concat();
    let ran = Ran::of(world, &["audit", "search"], "auditor", &all).await;
    ran.tells(0, &[]);
    // Entries that came since (the searches themselves) aside.
    let until = |mut found: Vec<u64>| {
        found.retain(|index| *index <= through);
        found
    };
    let expected = world.search(request).await.unwrap().iter().map(|entry| entry.index).collect();
    let (found, expected) = (until(indices(&ran)), until(expected));
    assert!(!expected.is_empty(), "{args:?} finds nothing by the API");
    assert_eq!(found, expected, "{args:?}");
    found.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_searched_by_every_filter_of_the_api() {
    let world = World::start().await.unwrap();
    let family = world.families()[0].clone();
    let home = opened(&world, &Opening::of(RESIDENCE)).await;
    let firm = opened(&world, &Opening::of("1.010010")).await;
    let plot = opened(&world, &Opening::of("1.013831").case("resurvey")).await;
    let job = opened(&world, &Opening::of("1.001613")).await;
    let (office, stranger) = (world.connect(&home.office).unwrap(), &world.families()[1].applicant.id);
    resolve(&office, &home.code).await.expect("resolves");
    resolve(&world.connect(&plot.office).unwrap(), &plot.code).await.expect("resolves");
    get_enterprise(&world.connect(&firm.office).unwrap(), dossier(&firm.code), &family.enterprise)
        .await
        .unwrap();
    let number = family.applicant.insurance_number.as_str();
    get_participation(&world.connect(&job.office).unwrap(), dossier(&job.code), number).await.unwrap();
    get_person(&office, dossier(&home.code), stranger, &[]).await.expect_err("a stranger");
    let last = close(&office, &home.code).await.unwrap().receipt.unwrap().index;
    let everything = found(&world, SearchEntriesRequest::default(), last).await;

    let none = SearchEntriesRequest::default;
    let about = |key| SearchEntriesRequest { subject: Some(SubjectKey { key: Some(key) }), ..none() };
    let parcel = &family.parcel;
    let (sheet, place) =
        (parcel.sheet, format!("parcel:{}/{}/{}", parcel.commune, parcel.sheet, parcel.number));
    let middle = everything[everything.len() / 2].time.unwrap();
    let instant = jiff::Timestamp::new(middle.seconds, middle.nanos).unwrap().to_string();
    let middle: Option<Timestamp> = Some(middle);
    let officer = world.member(&home.office).unwrap().account.clone();
    let (me, company) =
        (format!("person:{}", family.applicant.id), format!("enterprise:{}", family.enterprise));
    let (paper, insured) = (format!("certificate:{}", family.certificate), format!("insurance:{number}"));
    let key = ParcelKey { commune_code: parcel.commune.clone(), sheet, number: parcel.number };

    let searches: Vec<(Vec<&str>, SearchEntriesRequest)> = vec![
        (vec![], none()),
        (vec!["--dossier", &home.code], SearchEntriesRequest { dossier_code: home.code.clone(), ..none() }),
        (vec!["--subject", &me], about(subject_key::Key::PersonalId(family.applicant.id.clone()))),
        (vec!["--person", stranger], about(subject_key::Key::PersonalId(stranger.clone()))),
        (vec!["--subject", &company], about(subject_key::Key::EnterpriseCode(family.enterprise.clone()))),
        (vec!["--subject", &paper], about(subject_key::Key::CertificateSerial(family.certificate.clone()))),
        (vec!["--subject", &place], about(subject_key::Key::Parcel(key))),
        (vec!["--subject", &insured], about(subject_key::Key::InsuranceNumber(number.to_owned()))),
        (
            vec!["--agency", &plot.plan.agency],
            SearchEntriesRequest { agency_code: plot.plan.agency.clone(), ..none() },
        ),
        (vec!["--officer", &officer], SearchEntriesRequest { officer_account: officer.clone(), ..none() }),
        (
            vec!["--procedure", "1.010010"],
            SearchEntriesRequest { procedure_code: "1.010010".to_owned(), ..none() },
        ),
        (vec!["--outcome", "denied"], SearchEntriesRequest { outcome: Outcome::Denied.into(), ..none() }),
        (
            vec!["--kind", "dossier.opened"],
            SearchEntriesRequest { kind: EntryKind::DossierOpened.into(), ..none() },
        ),
        (
            vec!["--from", &instant, "--kind", "component.decided"],
            SearchEntriesRequest { time_from: middle, kind: EntryKind::ComponentDecided.into(), ..none() },
        ),
        (vec!["--to", &instant], SearchEntriesRequest { time_to: middle, ..none() }),
        (
            vec!["--order", "oldest", "--dossier", &home.code],
            SearchEntriesRequest {
                order: EntryOrder::OldestFirst.into(),
                dossier_code: home.code.clone(),
                ..none()
            },
        ),
    ];
    let mut sizes = Vec::new();
    for (args, request) in searches {
        sizes.push(finds(&world, &args, request, last).await);
    }
    assert_eq!(sizes.len(), 16);
    // Each filters: none but the first finds everything.
    assert!(sizes[1..].iter().all(|size| *size < sizes[0]), "{sizes:?}");

    let search = ["audit", "search"];
    let ran = Ran::of(&world, &search, "auditor", &["--json", "--limit", "3"]).await;
    assert_eq!(indices(&ran).len(), 3);
    let ran = Ran::of(&world, &search, "auditor", &["--dossier", &home.code, "--order", "oldest"]).await;
    ran.tells(0, &["dossier.opened", "component.decided", "access.denied", "DENIED", "dossier.closed"]);
    assert!(!ran.out.contains(stranger) && !ran.out.contains(&family.applicant.id), "{}", ran.out);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_finds_nothing_says_so_and_one_by_nobody_is_refused() {
    let world = World::start().await.unwrap();
    let search = ["audit", "search"];
    let nothing = ["--dossier", "H32.202-261121-9999"];
    let ran = Ran::of(&world, &search, "auditor", &nothing).await;
    ran.tells(1, &["Không có bản ghi nào khớp", "no entry meets the filters"]);
    assert!(ran.out.lines().count() == 1 && ran.err.is_empty(), "no empty table: {}{}", ran.out, ran.err);
    let ran = Ran::of(&world, &search, "auditor", &[&nothing[..], &["--json"]].concat()).await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (1, "", ""), "no line is no entry");

    let ran = Ran::of(&world, &search, "auditor", &["--no-token"]).await;
    ran.tells(
        1,
        &["ACTOR_ABSENT", "mã xác nhận", "a person who is named by a token", "--token FILE", "receipt: "],
    );
    Ran::of(&world, &search, "one-stop", &[]).await.tells(1, &["AUDITOR_ONLY", "kiểm toán", "only auditors"]);
    for (args, part) in [
        (["--subject", "alien:1"], "there is no kind alien"),
        (["--kind", "dossier.openned"], "nearest: DOSSIER_OPENED"),
        (["--outcome", "denyed"], "nearest: DENIED"),
        (["--from", "yesterday"], "is not a time"),
    ] {
        Ran::of(&world, &search, "auditor", &args).await.tells(2, &[part, " / "]);
    }
    Ran::of(&world, &search, "auditor", &["--subject", "person:12"]).await.tells(
        1,
        &["subject.personal_id: PERSONAL_ID_LENGTH: ", "Read the number off the identity card once more"],
    );
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_and_errors_are_told_in_both_languages() {
    let world = World::start().await.unwrap();
    let me = world.families()[0].applicant.clone();
    let ask = |name: &str, born: &str| {
        let args =
            ["--purpose", "identity-verification", "--id", &me.id, "--name", name, "--birth-date", born];
        args.map(str::to_owned)
    };
    let verify = async |args: [String; 8]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Ran::of(&world, &["verify"], "verifier", &args).await
    };
    let ran = verify(ask(&me.name, &me.birth_date)).await;
    ran.tells(
        0,
        &[
            "Khớp, mức bảo đảm cao (MATCH HIGH)",
            "Họ, chữ đệm và tên: giống hệt (FULL_NAME EXACT",
            "Ngày, tháng, năm sinh: trùng khớp (BIRTH_DATE EQUAL)",
        ],
    );
    let ran = verify(ask("Không Phải Tôi", &me.birth_date)).await;
    ran.tells(1, &["Không khớp (MISMATCH)", "Họ, chữ đệm và tên: tên khác (FULL_NAME MISMATCH DIFFERENT)"]);
    assert!(!ran.out.contains(&me.name), "nothing of the record is told: {}", ran.out);
    let ran = verify(ask(&me.name, "the first of May")).await;
    ran.tells(2, &["ngày sinh phải có dạng", "the birth date is not"]);

    // Nobody there; no such folder; a token that is none.
    let at = ["--dossier", "H32.202-261121-0001", "--endpoint", "127.0.0.1:1"];
    Ran::of(&world, &["get"], "one-stop", &at)
        .await
        .tells(69, &["không kết nối được tới 127.0.0.1:1", "cannot connect to 127.0.0.1:1"]);
    Ran::of(&world, &["get"], "no-such", &at[..2]).await.tells(2, &["không đọc được", "cannot read"]);
    let token = world.folder().join("token.jwt");
    std::fs::write(&token, "not.a.token\n").unwrap();
    let at = ["--dossier", "H32.202-261121-0001", "--token", token.to_str().unwrap()];
    Ran::of(&world, &["get"], "one-stop", &at)
        .await
        .tells(1, &["TOKEN_MALFORMED", "tiếp theo / next: ", "--token FILE"]);
    world.stop().await.unwrap();
}
