//! What a collector is told: spans under the caller's trace, numbers that move
//! exactly as the calls made, and nothing that a caller would notice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

use std::sync::Arc;
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan::config::{LogFormat, LogSection, TelemetrySection};
use motlan_e2e::*;
use motlan_harness::{Opening, World};
use motlan_proto::common::v1::Outcome;
use motlan_proto::population::v1::GetPersonRequest;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_semantic_conventions::attribute;
use tonic::{Code, Request};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// Free text of the caller's that must go nowhere.
const SECRET: &str = "097090999888";

const METHOD: &str = "motlan.population.v1.PopulationService/GetPerson";

/// A question in that trace, with a state and baggage that are the caller's own.
fn traced(code: &str, id: &str) -> Request<GetPersonRequest> {
    let message = GetPersonRequest {
        purpose: dossier(code),
        subject: person(id),
        fields: fields(&["full_name"]),
        max_age: None,
    };
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
    metadata.insert("tracestate", format!("vendor={SECRET}").parse().unwrap());
    metadata.insert("baggage", format!("person={SECRET}").parse().unwrap());
    request
}

/// The value of the one sample of that name whose labels hold all of these.
fn sample(page: &str, name: &str, labels: &[(&str, &str)]) -> u64 {
    let holds = |line: &&str| {
        let rest = line.strip_prefix(name).unwrap_or_default();
        let told =
            |(key, value): &(&str, &str)| rest.contains(&format!("{}=\"{value}\"", key.replace('.', "_")));
        rest.starts_with([' ', '{']) && labels.iter().all(told)
    };
    page.lines().filter(holds).map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn a_call_is_told_under_the_callers_trace_and_counted_as_made() {
    let collector = Collector::start(false);
    let section = TelemetrySection::new(collector.endpoint.parse().unwrap());
    let log = LogSection { filter: "warn".to_owned(), format: LogFormat::Json };
    let spans = motlan::telemetry::begin(&log, Some(&section));
    let settings = format!(
        "\n[telemetry]\nendpoint = \"{}\"\ninterval = \"100ms\"\nauthorization = \"Bearer of-the-collector\"\n",
        collector.endpoint
    );
    let world = World::start_with(Arc::new(SystemClock::start()), |options| {
        options.settings = settings;
        options.spans = spans;
    });
    let world = world.await.unwrap();
    let opened = opened(&world, &Opening::of(RESIDENCE)).await;
    let (me, stranger) = (opened.plan.applicant.clone(), world.families()[1].applicant.id.clone());
    let office = world.connect(&opened.office).unwrap();

    // A miss, a hit, and three denials of two kinds.
    let mut receipts = Vec::new();
    for _ in 0..2 {
        let told = office.population().get_person(traced(&opened.code, &me)).await.expect("permitted");
        let told = told.into_inner();
        assert_eq!(told.outcome(), Outcome::Found);
        receipts.push(told.receipt.expect("a receipt"));
    }
    for (code, id, reason) in [
        (&opened.code, &stranger, "SUBJECT_NOT_IN_DOSSIER"),
        (&opened.code, &stranger, "SUBJECT_NOT_IN_DOSSIER"),
        (&opened.plan.dossier_code(9_999), &me, "DOSSIER_UNKNOWN"),
    ] {
        let told = get_person(&office, dossier(code), id, &["full_name"]).await;
        refused("a denial", told, Code::PermissionDenied, reason);
    }

    // Spans: the caller's span above the call's, and so on down to the registry.
    let calls = |collector: &Collector| -> Vec<ToldSpan> {
        collector.spans().into_iter().filter(|told| told.span.name == METHOD).collect()
    };
    collector.until("every call is told", |collector| calls(collector).len() == 5).await;
    let spans = collector.spans();
    let below = |above: &ToldSpan, name: &str| -> ToldSpan {
        let found = spans.iter().filter(|told| told.ids[2] == above.ids[1] && told.span.name == name);
        let found: Vec<_> = found.collect();
        assert_eq!(found.len(), 1, "{name} below {}", above.span.name);
        found[0].clone()
    };
    let mine: Vec<ToldSpan> = calls(&collector).into_iter().filter(|told| told.ids[0] == TRACE).collect();
    assert_eq!(mine.len(), 2, "the two calls that named the trace");
    let agency = world.member(&opened.office).unwrap().agency.clone();
    let mut states = Vec::new();
    for call in &mine {
        assert_eq!(call.ids[2], PARENT, "the caller's span is above");
        assert_eq!(call.span.kind(), SpanKind::Server);
        let mut attributes = call.attributes();
        attributes.sort();
        let expected = [
            ("motlan.caller.agency", agency.as_str()),
            ("motlan.caller.system", opened.office.as_str()),
            (attribute::RPC_METHOD, METHOD),
            (attribute::RPC_RESPONSE_STATUS_CODE, "OK"),
            (attribute::RPC_SYSTEM_NAME, "grpc"),
        ];
        assert_eq!(attributes, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let question = below(call, "question");
        assert_eq!(question.attribute("motlan.operation").as_deref(), Some("get_person"));
        assert_eq!(question.attribute("motlan.outcome").as_deref(), Some("FOUND"));
        below(&question, "decide");
        assert_eq!(
            below(&question, "record").attribute("motlan.audit.kind").as_deref(),
            Some("access.outcome")
        );
        let fetch = below(&question, "fetch");
        states.extend(fetch.attribute("motlan.cache.state"));
        if fetch.attribute("motlan.cache.state").as_deref() == Some("MISS") {
            let registry = below(&fetch, "registry");
            assert_eq!(registry.attribute("motlan.outcome").as_deref(), Some("FOUND"));
            assert_eq!(
                below(&registry, "record").attribute("motlan.audit.kind").as_deref(),
                Some("access.intent")
            );
            let request = below(&registry, "POST");
            assert_eq!(request.span.kind(), SpanKind::Client);
            assert_eq!(request.attribute(attribute::HTTP_RESPONSE_STATUS_CODE).as_deref(), Some("200"));
            assert_eq!(request.attribute(attribute::SERVER_ADDRESS).as_deref(), Some("127.0.0.1"));
            // The registry was told that very span, and nothing of the caller's own.
            let asked = world.calls().calls;
            let told: Vec<_> = asked.iter().filter_map(|call| call.traceparent.as_deref()).collect();
            assert_eq!(told, [format!("00-{TRACE}-{}-01", request.ids[1])]);
        }
    }
    states.sort();
    assert_eq!(states, ["HIT", "MISS"]);
    for denial in calls(&collector).iter().filter(|told| told.ids[0] != TRACE) {
        assert_eq!(denial.ids[2], "", "a call without a trace begins one");
        let reason = denial.attribute("motlan.reason").expect("why");
        assert_eq!(below(denial, "question").attribute("motlan.reason"), Some(reason));
    }

    // The log has the trace of the span, given or begun here.
    for receipt in &receipts {
        assert_eq!(entry_at(&world, receipt).await.trace_id, TRACE);
    }
    let told = get_person(&office, dossier(&opened.code), &stranger, &["full_name"]).await;
    let refusal = refused("one more", told, Code::PermissionDenied, "SUBJECT_NOT_IN_DOSSIER");
    let entry = entry_of(&world, "one more", &refusal).await;
    let its_trace = |collector: &Collector| calls(collector).iter().any(|told| told.ids[0] == entry.trace_id);
    collector.until("the entry's trace is a span's", its_trace).await;

    // Numbers: what was asked, no more and no less, and the same on the page.
    let delivered = collector.deliveries();
    collector.until("a delivery after that", |collector| collector.deliveries() > delivered + 1).await;
    let page = world.metrics().await.unwrap();
    let denials = ("motlan.permit.denials", "motlan_permit_denials_total");
    let calls_made = ("rpc.server.call.duration", "rpc_server_call_duration_seconds_count");
    let lookups = ("motlan.cache.lookups", "motlan_cache_lookups_total");
    let asked = ("motlan.registry.question.duration", "motlan_registry_question_duration_seconds_count");
    let requests = ("http.client.request.duration", "http_client_request_duration_seconds_count");
    let of = (attribute::RPC_METHOD, METHOD);
    let dataset = ("motlan.dataset", "population.person");
    for ((metric, on_page), labels, expected) in [
        (calls_made, vec![of, (attribute::RPC_RESPONSE_STATUS_CODE, "OK")], 2),
        (calls_made, vec![of, (attribute::RPC_RESPONSE_STATUS_CODE, "PERMISSION_DENIED")], 4),
        (calls_made, vec![of], 6),
        (denials, vec![("motlan.reason", "SUBJECT_NOT_IN_DOSSIER")], 3),
        (denials, vec![("motlan.reason", "DOSSIER_UNKNOWN")], 1),
        (denials, vec![], 4),
        (lookups, vec![dataset, ("motlan.cache.state", "HIT")], 1),
        (lookups, vec![dataset, ("motlan.cache.state", "MISS")], 1),
        (lookups, vec![dataset], 2),
        (asked, vec![("motlan.registry", "population"), ("motlan.outcome", "FOUND")], 1),
        (asked, vec![("motlan.registry", "population")], 1),
        (requests, vec![("motlan.registry", "population"), (attribute::HTTP_RESPONSE_STATUS_CODE, "200")], 1),
    ] {
        assert_eq!(collector.count(metric, &labels), expected, "{metric} {labels:?} at the collector");
        assert_eq!(sample(&page, on_page, &labels), expected, "{on_page} {labels:?} on the page");
    }
    assert_eq!(collector.count("otel.sdk.processor.span.processed", &[("error.type", "queue_full")]), 0);

    // Who speaks, and with what.
    for resource in collector.resources() {
        for (key, value) in [
            (attribute::SERVICE_NAME, "motlan"),
            (attribute::SERVICE_INSTANCE_ID, "motlan.sandbox/gw1"),
            (attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        ] {
            assert!(resource.contains(&(key.to_owned(), value.to_owned())), "{key} in {resource:?}");
        }
    }
    let known = [
        attribute::RPC_METHOD,
        attribute::RPC_SYSTEM_NAME,
        attribute::RPC_RESPONSE_STATUS_CODE,
        attribute::ERROR_TYPE,
        attribute::HTTP_REQUEST_METHOD,
        attribute::HTTP_RESPONSE_STATUS_CODE,
        attribute::SERVER_ADDRESS,
        attribute::SERVER_PORT,
    ];
    for told in collector.spans() {
        for (key, _) in told.attributes() {
            assert!(
                known.contains(&key.as_str()) || key.starts_with("motlan."),
                "{key} of {}",
                told.span.name
            );
        }
        assert!(
            told.span.trace_state.is_empty() && told.span.events.is_empty() && told.span.links.is_empty()
        );
    }

    // What was under way when the gateway stops is still delivered.
    let last = get_person(&office, dossier(&opened.code), &me, &["full_name"]).await.expect("permitted");
    let last = last.receipt.expect("a receipt");
    let trace = entry_at(&world, &last).await.trace_id;
    world.stop().await.unwrap();
    assert!(calls(&collector).iter().any(|told| told.ids[0] == trace), "the last spans were not delivered");
    assert!(collector.is_up(), "the collector outlived the gateway");
    let text = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(text.contains("SUBJECT_NOT_IN_DOSSIER"), "control: what is told can be found");
    assert!(!text.contains(SECRET) && !text.contains(&opened.code) && !text.contains(&me));
    assert!(
        collector
            .headers()
            .iter()
            .all(|headers| headers.contains("of-the-collector") || headers.contains("Sensitive"))
    );
}

#[tokio::test]
async fn a_collector_that_hangs_or_is_gone_changes_nothing_for_callers() {
    for hangs in [true, false] {
        let collector = if hangs { Some(Collector::start(true)) } else { None };
        // Nobody listens on the port of a collector that has gone.
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let endpoint =
            collector.as_ref().map_or_else(|| format!("http://{gone}"), |told| told.endpoint.clone());
        let settings = format!(
            "\n[telemetry]\nendpoint = \"{endpoint}\"\ninterval = \"50ms\"\ntimeout = \"100ms\"\nqueue = 2\n"
        );
        let world = World::start_with(Arc::new(SystemClock::start()), |options| options.settings = settings)
            .await
            .unwrap();
        let opened = opened(&world, &Opening::of(RESIDENCE)).await;
        let office = world.connect(&opened.office).unwrap();
        let lost = [("error.type", "not_taken")];
        let name = "otel_sdk_exporter_metric_data_point_exported_total";
        let waiting = async {
            while sample(&world.metrics().await.unwrap(), name, &lost) == 0 {
                // Calls go on while deliveries fail.
                let told =
                    get_person(&office, dossier(&opened.code), &opened.plan.applicant, &["full_name"]).await;
                assert_eq!(told.expect("answered").outcome(), Outcome::Found);
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("deliveries fail and are counted");
        let stopping = tokio::time::timeout(Duration::from_secs(15), world.stop());
        stopping.await.expect("the gateway stops in time").unwrap();
    }
}
