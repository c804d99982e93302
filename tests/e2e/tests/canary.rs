//! No personal identifier or name in clear: not in the log's files, not in a
//! status, not in what the program says of itself, to a collector or to whoever
//! scrapes its numbers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::large_futures,
    clippy::format_collect,
    reason = "test code"
)]

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use motlan::clock::SystemClock;
use motlan::config::TelemetrySection;
use motlan_domain::Registry;
use motlan_e2e::*;
use motlan_harness::{Fault, Opening, World};
use tonic::Status;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What tracing writes, kept.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A secret and the forms it could be written in. Base64 of it inside a longer
/// text depends on where it begins: the parts that do not are looked for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let raw = secret.as_bytes();
    let mut forms = vec![raw.to_vec(), hex::encode(raw).into_bytes(), hex::encode_upper(raw).into_bytes()];
    forms.push(raw.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes());
    let mixed = |byte: &u8| {
        if byte.is_ascii_alphanumeric() { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
    };
    forms.push(raw.iter().map(mixed).collect::<String>().into_bytes());
    for lead in 0..3 {
        let mut padded = vec![0; lead];
        padded.extend_from_slice(raw);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded).into_bytes();
            // The first and last groups mix with their neighbours.
            forms.push(encoded[if lead == 0 { 0 } else { 4 }..encoded.len() - 2].to_vec());
        }
    }
    forms.push(
        secret
            .chars()
            .flat_map(|c| {
                let mut b = [0; 2];
                c.encode_utf16(&mut b).iter().flat_map(|u| u.to_le_bytes()).collect::<Vec<_>>()
            })
            .collect(),
    );
    let escaped = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) };
    forms.push(secret.chars().map(escaped).collect::<String>().into_bytes());
    forms.sort();
    forms.dedup();
    forms
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// All forms of all secrets at once, by their first eight bytes.
struct Search(HashMap<u64, Vec<(Vec<u8>, usize)>>);

impl Search {
    fn of(secrets: &BTreeSet<String>) -> Self {
        let mut known: HashMap<u64, Vec<(Vec<u8>, usize)>> = HashMap::new();
        for secret in secrets {
            for form in forms(secret) {
                let start = u64::from_be_bytes(form[..8].try_into().expect("forms are longer"));
                known.entry(start).or_default().push((form, secret.len()));
            }
        }
        Self(known)
    }

    fn hits(&self, place: &str, content: &[u8]) -> Vec<String> {
        let mut hits = Vec::new();
        let mut window = 0_u64;
        for (at, byte) in content.iter().enumerate() {
            window = window << 8 | u64::from(*byte);
            // Preallocated space is nothing but zeros.
            if window == 0 || at < 7 {
                continue;
            }
            let rest = &content[at - 7..];
            let starting = self.0.get(&window).into_iter().flatten();
            hits.extend(starting.filter(|(form, _)| rest.starts_with(form)).map(|(form, length)| {
                format!("{place} holds {} of a secret of {length} bytes", String::from_utf8_lossy(form))
            }));
        }
        hits
    }
}

/// Unaccented, as the population source is sent it.
fn unaccented(name: &str) -> String {
    motlan_domain::name::unaccented(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn nothing_personal_is_written_or_said_in_clear() {
    let said = Said::default();
    let writer = said.clone();
    let collector = Collector::start(false);
    let (recorder, spans) =
        motlan::telemetry::recorder(&TelemetrySection::new(collector.endpoint.parse().unwrap()));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(move || writer.clone());
    tracing_subscriber::registry().with(lines).with(recorder).init();
    let settings = format!("\n[telemetry]\nendpoint = \"{}\"\ninterval = \"1s\"\n", collector.endpoint);
    let world = World::start_with(Arc::new(SystemClock::start()), |options| {
        options.settings = settings;
        options.spans = Some(spans);
    });
    let world = world.await.unwrap();
    let (mut statuses, mut codes): (Vec<Status>, Vec<String>) = (Vec::new(), Vec::new());
    let (families, personas) = (world.families().to_vec(), world.personas().clone());

    // A run that touches all registries, with answers, denials and failures.
    for (family, procedure) in
        [(0, RESIDENCE), (1, "1.000894"), (2, "2.000986"), (3, "1.001613"), (4, "1.010010"), (0, "1.013831")]
    {
        let dossier_ = opened(&world, &Opening::of(procedure).family(family)).await;
        let office = world.connect(&dossier_.office).unwrap();
        resolve(&office, &dossier_.code).await.expect("resolves");
        resolve(&world.portal_for(&dossier_.plan).unwrap(), &dossier_.code).await.expect("resolves");
        codes.push(dossier_.code.clone());
        let d = dossier(&dossier_.code);
        statuses.extend(get_person(&office, d.clone(), &families[5].applicant.id, &[]).await.err());
        statuses.extend(
            verify(&office, d.clone(), &families[5].applicant.id, &families[5].applicant.name, None)
                .await
                .err(),
        );
        statuses.extend(
            get_person(&office, d.clone(), &format!("{}7", families[5].applicant.id), &[]).await.err(),
        );
        for fault in [
            Fault::Malformed,
            Fault::WrongSchema,
            Fault::Contradictory,
            Fault::Truncate { at_bytes: 300 },
            Fault::Reset,
        ] {
            world.fault(Registry::Population, None, fault, Some(1));
            let mut request =
                motlan_proto::population::v1::GetPersonRequest { purpose: d.clone(), ..Default::default() };
            request.subject = person(&dossier_.plan.applicant);
            request.max_age = Some(pbjson_types::Duration::default());
            statuses.extend(office.population().get_person(request).await.err());
            world.clear_faults();
        }
    }
    let verifier = world.connect("verifier").unwrap();
    for (id, name) in [
        (&personas.tone_pair.first, &personas.tone_pair.second_name),
        (&families[6].applicant.id, &families[6].applicant.name),
    ] {
        let told = verify(&verifier, registered("identity-verification"), id, name, Some("1980-05-06")).await;
        statuses.extend(told.err());
    }
    let subject = motlan_proto::common::v1::SubjectKey {
        key: Some(motlan_proto::common::v1::subject_key::Key::PersonalId(families[0].applicant.id.clone())),
    };
    world
        .search(motlan_proto::audit::v1::SearchEntriesRequest {
            subject: Some(subject),
            ..Default::default()
        })
        .await
        .unwrap();
    assert!(statuses.len() >= 30, "{} refusals", statuses.len());

    // Everybody of those families and personas.
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for family in &families {
        for member in [&family.applicant, &family.spouse, &family.elder].into_iter().chain(&family.children) {
            secrets.extend([member.id.clone(), member.insurance_number.clone(), member.health_card.clone()]);
            secrets.extend([
                member.name.clone(),
                member.name.to_uppercase(),
                unaccented(&member.name),
                unaccented(&member.name).replace(' ', ""),
            ]);
        }
    }
    secrets.extend([personas.tone_pair.first.clone(), personas.tone_pair.second_name.clone()]);
    secrets.extend(world.registries().world().officers().iter().cloned());
    secrets.retain(|secret| secret.len() >= 9);
    assert!(secrets.len() > 150, "{} secrets", secrets.len());

    let page = world.metrics().await.unwrap();
    let shown = anonymous(&world, secrets.iter().next().unwrap()).await;
    // A restart writes out whatever was still in memory.
    let world = world.restart().await.unwrap();
    // The state, and the log as it is published.
    let folders = ["state", "log"].map(|name| world.folder().join(name));
    let (mut places, mut bytes) = (Vec::new(), 0);
    for path in folders.iter().flat_map(|folder| files(folder)) {
        let content = match std::fs::read(&path) {
            // A checkpoint on its way: it has its own name by now.
            Err(_) if path.extension().is_some_and(|extension| extension == "new") => continue,
            read => read.unwrap(),
        };
        bytes += content.len();
        places.push((path.display().to_string(), content));
    }
    world.stop().await.unwrap();
    let audit = places.iter().filter(|(path, _)| path.contains("/audit/")).count();
    assert!(audit >= 3 && bytes > 100_000, "{audit} files of the log, {bytes} bytes");
    for place in ["/audit/", "/log/tile/entries/"] {
        let within = places.iter().filter(|(path, _)| path.contains(place));
        let entries = within.filter(|(_, content)| holds(content, b"component.decided")).count();
        assert!(entries > 0, "{place} is readable where nothing personal stands");
    }
    let mut words = Vec::new();
    for status in &statuses {
        words.extend_from_slice(status.message().as_bytes());
        words.extend_from_slice(status.details());
        words.extend_from_slice(format!("{status:?}").as_bytes());
    }
    places.push(("the statuses".to_owned(), words));
    let traced = said.0.lock().unwrap().clone();
    let own = own_lines(&traced);
    assert!(
        holds(&own, b"\"target\":\"motlan"),
        "our own rooms were heard: {} of {} bytes",
        own.len(),
        traced.len()
    );
    places.push(("tracing".to_owned(), own));

    // All spans and numbers, and the page; the dossiers' codes too must not be there.
    let told = collector.bytes();
    for known in
        ["rpc.server.call.duration", "motlan.permit.denials", "GetPerson", "SOURCE_MALFORMED", "POST"]
    {
        assert!(holds(&told, known.as_bytes()), "{known} was told to the collector");
    }
    assert!(collector.spans().len() > 500, "only {} spans were told", collector.spans().len());
    assert!(page.contains("motlan_permit_denials_total"), "{page}");
    for code in &codes {
        assert!(!holds(&told, code.as_bytes()) && !page.contains(code), "the dossier {code} is told");
    }
    places.push(("the collector".to_owned(), told));
    places.push(("/metrics".to_owned(), page.into_bytes()));
    for code in &codes {
        assert!(!holds(&shown, code.as_bytes()), "the dossier {code} is shown to anybody");
    }
    places.push(("the published log".to_owned(), shown));

    let looked = secrets.iter().map(|secret| forms(secret).len()).sum::<usize>();
    let search = Search::of(&secrets);
    let found: Vec<String> = places.iter().flat_map(|(place, content)| search.hits(place, content)).collect();
    println!("{} secrets, {} places, {bytes} bytes, {looked} forms", secrets.len(), places.len());
    assert!(found.is_empty(), "{} hits:\n{}", found.len(), found.join("\n"));

    // The looking finds what is there: planted in the middle of a place.
    let planted = secrets.iter().next().unwrap();
    for (at, form) in [
        planted.clone().into_bytes(),
        hex::encode(planted).into_bytes(),
        STANDARD.encode(format!("xx{planted} and more")).into_bytes(),
        STANDARD.encode(format!("x{planted} and more")).into_bytes(),
        URL_SAFE_NO_PAD.encode(format!("{planted} and more")).into_bytes(),
    ]
    .iter()
    .enumerate()
    {
        let told = ["the collector", "/metrics", "the published log"];
        for (name, place) in
            places.iter().take(1).chain(places.iter().filter(|(name, _)| told.contains(&&**name)))
        {
            let mut place = place.clone();
            let middle = place.len() / 2;
            place.splice(middle..middle, form.iter().copied());
            assert!(!search.hits("planted", &place).is_empty(), "form {at} planted in {name} is not found");
        }
    }
}

/// What the published log shows to whoever has no certificate: files, and what it
/// says where there is none, also to who names somebody in what they ask for.
async fn anonymous(world: &World, secret: &str) -> Vec<u8> {
    let authority = std::fs::read(world.folder().join("clients/auditor/ca.pem")).unwrap();
    let authority = reqwest::Certificate::from_pem(&authority).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let log = world.running().gateway().log().expect("it is served").to_owned();
    let mut shown = Vec::new();
    let mut get = async |request: reqwest::RequestBuilder, status: u16| {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{}", answer.url());
        shown.extend_from_slice(format!("{:?}\n", answer.headers()).as_bytes());
        let body = answer.bytes().await.unwrap();
        shown.extend_from_slice(&body);
        body
    };
    let at = |path: &str| client.get(format!("{log}/{path}"));
    assert!(!get(at("log.pub"), 200).await.is_empty());
    // What was written last is published a moment later.
    let published = async {
        loop {
            let checkpoint = get(at("checkpoint"), 200).await;
            let size =
                std::str::from_utf8(&checkpoint).unwrap().lines().nth(1).unwrap().parse::<u64>().unwrap();
            if size > 256 {
                break size;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let size = tokio::time::timeout(std::time::Duration::from_secs(20), published).await;
    let size = size.expect("more than a full tile is published");
    for index in 0..size / 256 {
        assert_eq!(get(at(&format!("tile/0/{index:03}")), 200).await.len(), 256 * 32);
    }
    get(
        at(&format!("tile/0/{:03}.p/{}", size / 256, (size % 256).max(1))),
        if size.is_multiple_of(256) { 404 } else { 200 },
    )
    .await;
    get(at(&format!("tile/1/000.p/{}", (size / 256).min(255))), 200).await;
    for (path, status) in [("tile/entries/000", 401), ("keys/1", 404), ("lock", 404), (secret, 404)] {
        get(at(path), status).await;
    }
    get(at("tile/entries/000").bearer_auth(secret), 401).await;
    get(at(&format!("checkpoint?about={secret}")), 404).await;
    get(client.post(format!("{log}/checkpoint")), 405).await;
    get(at("checkpoint").body(secret.to_owned()), 413).await;
    shown
}

/// What our own rooms say at any level, and whatever is said aloud: the
/// simulated registries and the HTTP libraries of the far end run in this
/// process too, and say in whispers what they were sent.
fn own_lines(traced: &[u8]) -> Vec<u8> {
    let aloud = |line: &[u8]| {
        ["ERROR", "WARN", "INFO"].iter().any(|level| holds(line, format!("\"level\":\"{level}\"").as_bytes()))
    };
    let lines =
        traced.split(|byte| *byte == b'\n').filter(|line| !holds(line, b"\"target\":\"motlan_sandbox"));
    lines.filter(|line| aloud(line) || holds(line, b"\"target\":\"motlan")).flatten().copied().collect()
}
