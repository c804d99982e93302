//! Tests of the register as a whole, on real files.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, ProcedureCode, RequestId};
use motlan_domain::{Evidence, Link, ManualClock};

use super::*;
use crate::dossier::{DossierState, NewDossier};
use crate::request::REQUEST_ID_DAYS;

mod closing;
mod failing;

const KEY: [u8; 32] = [7; 32];
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse::<Timestamp>().unwrap()))
}

fn open(dir: &Path, clock: &Arc<ManualClock>) -> Register {
    try_open(dir, KEY, Synthetic::Allowed, clock).unwrap()
}

fn try_open(
    dir: &Path,
    key: [u8; 32],
    synthetic: Synthetic,
    clock: &Arc<ManualClock>,
) -> Result<Register, RegisterError> {
    let options = RegisterOptions::new(dir.join("dossiers.sqlite"), RegisterKey::new(key), synthetic);
    Register::open(options, Arc::clone(clock) as Arc<dyn Clock>)
}

fn code(serial: u32) -> DossierCode {
    DossierCode::parse(&format!("H32.216-261121-{serial:04}")).unwrap()
}

fn agency(code: &str) -> AgencyCode {
    AgencyCode::parse(code).unwrap()
}

fn person(serial: u32) -> SubjectKey {
    SubjectKey::Person(PersonalId::parse(&format!("097090{serial:06}"), &RULES).unwrap())
}

fn request(id: &str, body: u8) -> RequestKey {
    RequestKey {
        system: "portal".to_owned(),
        request_id: RequestId::parse(id).unwrap(),
        body_sha256: [body; 32],
    }
}

fn new_dossier(serial: u32) -> NewDossier {
    NewDossier {
        code: code(serial),
        procedure: ProcedureCode::parse("1.004222").unwrap(),
        case: "own_home".to_owned(),
        agency: agency("H32.216"),
        opened_by: "portal".to_owned(),
        evidence: Evidence::AcceptanceReceipt,
        catalogue_digest: "c0ffee".to_owned(),
        subjects: vec![
            DossierSubject::named("applicant", person(serial)),
            DossierSubject::named("spouse", person(serial + 1)),
        ],
    }
}

fn viewer(agency_code: &str, system: &str) -> Viewer {
    Viewer { agency: agency(agency_code), system: system.to_owned() }
}

/// Opens a dossier and says that the log has it.
async fn open_whole(register: &Register, new: NewDossier, request: RequestKey) {
    let opened = register.open_dossier(new, request).await.unwrap();
    register.opened(&opened.dossier).await.unwrap();
}

#[tokio::test]
async fn an_opening_without_its_entry_is_nobodys_and_gives_way() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let cut_off = register.open_dossier(new_dossier(1), request("r1", 1)).await.unwrap();
    assert!(cut_off.dossier.is_opening() && !cut_off.dossier.is_open());
    register.close().await;

    let register = open(dir.path(), &clock);
    assert_eq!(register.find(&code(1), &viewer("H32.216", "portal")).await.unwrap(), None);
    let another = register.open_dossier(new_dossier(1), request("r2", 1)).await;
    assert!(matches!(another, Err(RegisterError::Exists)), "whoever began it may still be at it");
    let same = register.open_dossier(new_dossier(1), request("r1", 1)).await.unwrap();
    assert_eq!(
        (&same.request, same.how, &same.dossier),
        (&RequestState::Begun, Opening::TakenUp, &cut_off.dossier),
        "the same request goes on"
    );

    clock.advance(Duration::from_mins(6));
    let another = register.open_dossier(new_dossier(1), request("r2", 1)).await;
    assert!(matches!(another, Err(RegisterError::Exists)), "somebody is at it, however long it takes");
    drop(same);
    let another = register.open_dossier(new_dossier(1), request("r2", 1)).await.unwrap();
    assert_eq!(
        (another.how, &another.dossier),
        (Opening::CutOff, &cut_off.dossier),
        "nothing is changed yet"
    );
    let third = register.open_dossier(new_dossier(1), request("r3", 1)).await;
    assert!(matches!(third, Err(RegisterError::Exists)), "of two that would take its place one does");
    let another = register.take_over(another, new_dossier(1), request("r2", 1)).await.unwrap();
    assert_eq!((another.how, &another.request), (Opening::Fresh, &RequestState::New));
    let late = register.opened(&cut_off.dossier).await;
    assert!(matches!(late, Err(RegisterError::Unknown)), "it is another opening now");
    assert!(register.opened(&another.dossier).await.unwrap().is_open());
    assert!(register.find(&code(1), &viewer("H32.216", "portal")).await.unwrap().is_some());
}

#[tokio::test]
async fn copies_of_one_opening_wait_for_the_one_at_work() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let first = register.open_dossier(new_dossier(1), request("r1", 1)).await.unwrap();
    let copy = || Box::pin(register.open_dossier(new_dossier(1), request("r1", 1)));
    let mut copies: Vec<_> = std::iter::repeat_with(copy).take(8).collect();
    for copy in &mut copies {
        assert!(futures::poll!(copy).is_pending());
    }
    // Asked behind theirs: each of them has been told by then that it must wait.
    register.get(&code(9)).await.unwrap();
    for copy in &mut copies {
        assert!(futures::poll!(copy).is_pending(), "nobody goes on beside it");
    }
    register.opened(&first.dossier).await.unwrap();
    register.remember(&request("r1", 1), vec![7]).await.unwrap();
    drop(first);
    for copy in futures::future::join_all(copies).await {
        assert_eq!(copy.unwrap().request, RequestState::Answered(vec![7]));
    }
    // One that was given up on is taken up by one of them at a time.
    let given_up = register.open_dossier(new_dossier(2), request("r2", 1)).await.unwrap();
    drop(given_up);
    let next = register.open_dossier(new_dossier(2), request("r2", 1)).await.unwrap();
    assert_eq!(next.how, Opening::TakenUp);
}

#[tokio::test]
async fn a_dossier_survives_a_restart_whole() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let opened = register.open_dossier(new_dossier(1), request("r1", 1)).await.unwrap();
    assert_eq!(
        register.find(&code(1), &viewer("H32.216", "portal")).await.unwrap(),
        None,
        "not recorded yet"
    );
    register.opened(&opened.dossier).await.unwrap();
    assert_eq!(opened.request, RequestState::New);
    let linked = DossierSubject::linked("household_head", person(9), Link::HouseholdHead, "applicant");
    let linked = linked.through(person(1));
    let with_head = register.link(&code(1), vec![linked.clone(), linked]).await.unwrap();
    assert_eq!(with_head.subjects.len(), 3, "the same link twice is one subject");
    register.close().await;
    assert!(matches!(register.get(&code(2)).await, Err(RegisterError::Unavailable(_))), "closed");

    let register = open(dir.path(), &clock);
    let found = register.get(&code(1)).await.unwrap().unwrap();
    assert_eq!(*found, *with_head);
    assert!(found.knows(&person(9)) && !found.knows(&person(8)));
    let closed = register.close_dossier(&code(1), "DONE", request("r2", 1)).await.unwrap();
    assert!(!closed.dossier.is_open());
    register.closed(&code(1)).await.unwrap();
    assert!(!register.get(&code(1)).await.unwrap().unwrap().is_open(), "the map follows");
    register.close().await;

    let register = open(dir.path(), &clock);
    let found = register.get(&code(1)).await.unwrap().unwrap();
    assert_eq!(found.state, DossierState::Closed { at: clock.now(), reason: "DONE".to_owned() });
    assert!(matches!(register.link(&code(1), vec![]).await, Err(RegisterError::Closed)));
    let again = register.close_dossier(&code(1), "DONE", request("r3", 1)).await;
    assert!(matches!(again, Err(RegisterError::Closed)));
    let replay = register.close_dossier(&code(1), "DONE", request("r2", 1)).await.unwrap();
    assert_eq!(replay.request, RequestState::Begun);
}

/// What a crash leaves is what the files hold: they are copied while the
/// register is open, and the copy has all that was acknowledged.
#[tokio::test]
async fn what_was_acknowledged_outlives_a_crash() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let (day, limit) = (date(2026, 11, 21), 5);
    let digest = register.subject_digest(&person(1));
    for serial in 1..=20 {
        let key = request(&format!("r{serial}"), 1);
        open_whole(&register, new_dossier(serial), key.clone()).await;
        register.remember(&key, vec![7]).await.unwrap();
        let guess = register.reserve_guess(&agency("H32.216"), digest, day, limit).await;
        assert_eq!(guess.is_ok(), serial <= limit);

        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let log = copy.path().join("dossiers.sqlite-wal");
        assert!(std::fs::metadata(&log).unwrap().len() > 0, "what was acknowledged lies in the log");
        let after = open(copy.path(), &clock);
        // What was found there need not be on the disk: it is before anything rests on it.
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0, "{serial}");
        assert!(after.get(&code(serial)).await.unwrap().is_some(), "{serial}");
        assert_eq!(after.request(&key).await.unwrap(), RequestState::Answered(vec![7]), "{serial}");
        assert_eq!(after.guesses(&agency("H32.216"), digest, day).await.unwrap(), serial.min(limit));
        assert!(after.get(&code(serial + 1)).await.unwrap().is_none(), "and nothing that was not");
    }
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let mut files = 0;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
        files += 1;
    }
    assert!(files >= 2, "file and WAL");
}

#[tokio::test]
async fn no_identifier_lies_in_clear_in_any_file() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    register.remember(&request("r1", 1), b"097090000001 in an answer".to_vec()).await.unwrap();
    let digest = register.subject_digest(&person(1));
    let _ticket = register.reserve_guess(&agency("H32.216"), digest, date(2026, 11, 21), 5).await.unwrap();
    let (mut files, mut code_seen) = (0, false);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(b"097090000001"), "an identifier in clear");
        code_seen |= holds(b"H32.216-261121-0001");
    }
    assert!(files >= 2 && code_seen, "the search would have found the dossier code, and so an identifier");
}

#[tokio::test]
async fn of_racing_opens_exactly_one_wins() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..32_u8 {
        let register = register.clone();
        racers.spawn(async move {
            register.open_dossier(new_dossier(1), request(&format!("r{racer}"), racer)).await
        });
    }
    let (mut won, mut exists) = (0, 0);
    while let Some(result) = racers.join_next().await {
        match result.unwrap() {
            Ok(opened) if opened.how == Opening::Fresh => won += 1,
            Err(RegisterError::Exists) => exists += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((won, exists), (1, 31));
}

#[tokio::test]
async fn a_request_id_gives_the_same_answer_for_seven_days() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let key = request("r1", 1);
    assert_eq!(register.request(&key).await.unwrap(), RequestState::New);
    open_whole(&register, new_dossier(1), key.clone()).await;
    let replay = register.open_dossier(new_dossier(1), key.clone()).await.unwrap();
    assert_eq!(replay.request, RequestState::Begun, "answered only once the answer is known");
    assert_eq!(register.remember(&key, b"first".to_vec()).await.unwrap(), b"first");
    assert_eq!(
        register.remember(&key, b"second".to_vec()).await.unwrap(),
        b"first",
        "the first answer stays"
    );

    let other_body = register.open_dossier(new_dossier(1), request("r1", 2)).await;
    assert!(matches!(other_body, Err(RegisterError::RequestIdReused)));
    let mut other_system = request("r1", 2);
    other_system.system = "one-stop".to_owned();
    assert_eq!(register.request(&other_system).await.unwrap(), RequestState::New, "ids are per system");
    let other_thing = register.open_dossier(new_dossier(2), key.clone()).await;
    assert!(matches!(other_thing, Err(RegisterError::RequestIdReused)), "an id is spent on one dossier");

    register.close().await;
    let register = open(dir.path(), &clock);
    let seconds = 24 * 60 * 60 * u64::try_from(REQUEST_ID_DAYS).unwrap();
    clock.advance(Duration::from_secs(seconds - 1));
    assert_eq!(register.request(&key).await.unwrap(), RequestState::Answered(b"first".to_vec()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(register.request(&key).await.unwrap(), RequestState::New);
    let expired = register.open_dossier(new_dossier(1), key).await;
    assert!(matches!(expired, Err(RegisterError::Exists)), "the dossier stays");
}

#[tokio::test]
async fn the_guess_limit_holds_under_concurrency_and_restart() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let (agency, day) = (agency("H32.991"), date(2026, 11, 21));
    let register = open(dir.path(), &clock);
    let subject = register.subject_digest(&person(1));
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (register, agency) = (register.clone(), agency.clone());
        racers.spawn(async move { register.reserve_guess(&agency, subject, day, 5).await });
    }
    let mut tickets = Vec::new();
    while let Some(result) = racers.join_next().await {
        match result.unwrap() {
            Ok(ticket) => tickets.push(ticket),
            Err(error) => assert!(matches!(error, RegisterError::GuessLimit)),
        }
    }
    assert_eq!(tickets.len(), 5);
    register.close().await;

    let register = open(dir.path(), &clock);
    assert_eq!(register.guesses(&agency, subject, day).await.unwrap(), 5, "durable before it returned");
    register.refund(&tickets[0]).await;
    register.refund(&tickets[0]).await;
    assert_eq!(register.guesses(&agency, subject, day).await.unwrap(), 4, "given back once");
    let _kept = register.reserve_guess(&agency, subject, day, 5).await.unwrap();
    let limited = register.reserve_guess(&agency, subject, day, 5).await;
    assert!(matches!(limited, Err(RegisterError::GuessLimit)));

    let others = [
        (AgencyCode::parse("H32.216").unwrap(), subject, day),
        (agency.clone(), register.subject_digest(&person(2)), day),
        (agency.clone(), subject, date(2026, 11, 22)),
    ];
    for (agency, subject, day) in others {
        let _free = register.reserve_guess(&agency, subject, day, 5).await.unwrap();
    }
    let cmnd = motlan_domain::id::Cmnd::parse("097090000001", &RULES).unwrap();
    let late_form = register.subject_digest(&SubjectKey::Cmnd(cmnd));
    assert_eq!(late_form, subject, "the late CMND is no second try");
}

#[tokio::test]
async fn a_foreign_dossier_is_no_dossier_whether_in_memory_or_not() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    for fresh in [false, true] {
        let register = if fresh {
            register.close().await;
            open(dir.path(), &clock)
        } else {
            register.clone()
        };
        for (who, sees) in [
            (viewer("H32.216", "one-stop"), true),
            (viewer("H32", "portal"), true),
            (viewer("H32.217", "one-stop-217"), false),
        ] {
            let found = register.find(&code(1), &who).await.unwrap();
            assert_eq!(found.is_some(), sees, "{who:?} fresh {fresh}");
        }
        assert!(register.find(&code(2), &viewer("H32.216", "one-stop")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn another_key_and_a_second_user_are_refused() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let second = try_open(dir.path(), KEY, Synthetic::Allowed, &clock);
    assert!(matches!(second, Err(RegisterError::Unavailable(_))), "one user at a time");
    register.close().await;
    let other_key = try_open(dir.path(), [8; 32], Synthetic::Allowed, &clock);
    assert!(matches!(other_key, Err(RegisterError::Foreign)));
    let production = try_open(dir.path(), KEY, Synthetic::Refused, &clock).unwrap();
    let sandbox_dossier = production.get(&code(1)).await;
    assert!(
        matches!(sandbox_dossier, Err(RegisterError::Corrupt)),
        "synthetic people stay out of production"
    );
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_and_its_return_is_enough() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let (path, away) = (dir.path().join("dossiers.sqlite"), dir.path().join("away"));
    std::fs::rename(&path, &away).unwrap();
    let lost = register.open_dossier(new_dossier(2), request("r2", 1)).await;
    assert!(matches!(lost, Err(RegisterError::Unavailable(_))));
    assert!(!path.exists(), "a lost register is never replaced by an empty one");
    std::fs::rename(&away, &path).unwrap();
    open_whole(&register, new_dossier(2), request("r2", 1)).await;
    assert!(register.get(&code(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_row_moved_to_another_dossier_does_not_open() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    open_whole(&register, new_dossier(5), request("r2", 1)).await;
    register.close().await;
    let db = rusqlite::Connection::open(dir.path().join("dossiers.sqlite")).unwrap();
    let swapped = db.execute(
        "UPDATE subject SET sealed = (SELECT sealed FROM subject WHERE dossier = ?1 AND position = 0)
         WHERE dossier = ?2 AND position = 0",
        [code(5).as_str(), code(1).as_str()],
    );
    assert_eq!(swapped.unwrap(), 1);
    drop(db);
    let register = open(dir.path(), &clock);
    assert!(matches!(register.get(&code(1)).await, Err(RegisterError::Corrupt)));
    assert!(register.get(&code(5)).await.unwrap().is_some(), "the untouched one opens");
}

#[tokio::test]
async fn the_map_is_bounded_and_the_queue_pushes_back() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let mut options =
        RegisterOptions::new(dir.path().join("dossiers.sqlite"), RegisterKey::new(KEY), Synthetic::Allowed);
    options.cached = 64;
    options.queue = 8;
    let register = Register::open(options, clock).unwrap();
    for serial in 0..400 {
        open_whole(&register, new_dossier(serial), request(&format!("r{serial}"), 1)).await;
    }
    assert!((16..=64).contains(&register.cache.len()), "{}", register.cache.len());
    for serial in 0..400 {
        assert!(register.get(&code(serial)).await.unwrap().is_some(), "{serial}");
    }
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..2_000 {
        let register = register.clone();
        flood.spawn(async move { register.find(&code(9_999), &viewer("H32", "x")).await });
    }
    let (mut answered, mut pushed_back) = (0, 0);
    while let Some(result) = flood.join_next().await {
        match result.unwrap() {
            Ok(None) => answered += 1,
            Err(RegisterError::Overloaded) => pushed_back += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answered + pushed_back, 2_000);
    assert!(answered > 0 && pushed_back > 0, "{answered} {pushed_back}");
}

#[tokio::test]
async fn a_dossier_has_a_bounded_number_of_subjects() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let many = (10..).take(MAX_SUBJECTS).map(|n| DossierSubject::named("member", person(n))).collect();
    assert!(matches!(register.link(&code(1), many).await, Err(RegisterError::TooManySubjects)));
    assert_eq!(register.get(&code(1)).await.unwrap().unwrap().subjects.len(), 2, "all or nothing");
    let mut crowd = new_dossier(2);
    crowd.subjects =
        (10..).take(MAX_SUBJECTS + 1).map(|n| DossierSubject::named("member", person(n))).collect();
    let refused = register.open_dossier(crowd, request("r2", 1)).await;
    assert!(matches!(refused, Err(RegisterError::TooManySubjects)));
}
