//! The sandbox over real sockets.

mod business;
mod faults;
mod insurance;
mod land;
mod population;

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use motlan_domain::ManualClock;
use serde_json::Value;

use super::*;

/// A running sandbox and a client for it.
struct Rig {
    sandbox: Sandbox,
    clock: Arc<ManualClock>,
    http: reqwest::Client,
}

// === impl Rig ===

impl Rig {
    async fn start() -> Self {
        Self::with(Credentials::generate().unwrap()).await
    }

    async fn with(credentials: Credentials) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse().unwrap()));
        let options = SandboxOptions::new(date(2026, 11, 21), clock.clone(), credentials);
        let sandbox = Sandbox::start(options).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self { sandbox, clock, http }
    }

    fn client(&self, registry: Registry) -> &OAuthClient {
        let credentials = self.sandbox.credentials();
        match registry {
            Registry::Business => &credentials.business,
            Registry::Insurance => &credentials.insurance,
            _ => &credentials.land,
        }
    }

    /// `POST /token` with Basic authentication.
    async fn token(&self, registry: Registry) -> String {
        let client = self.client(registry);
        let url = format!("{}/token", self.sandbox.endpoints().of(registry));
        let request = self.http.post(url).basic_auth(&client.id, Some(&client.secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3600.into()));
        body["access_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, registry: Registry, path: &str, token: &str, body: &Value) -> reqwest::Response {
        let url = format!("{}{path}", self.sandbox.endpoints().of(registry));
        self.http.post(url).bearer_auth(token).json(body).send().await.unwrap()
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> reqwest::Response {
        let request = self.http.request(method, format!("{}{path}", self.sandbox.endpoints().control));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn tokens_are_checked_and_run_out() {
    let rig = Rig::start().await;
    for (registry, path) in [
        (Registry::Business, "/apiCSDLDKDN/1.0/chiTietDoanhNghiep?msdn=0"),
        (Registry::Insurance, "/apiBHXH/theBHYT"),
        (Registry::Land, "/vbdlis/giayChungNhan"),
    ] {
        let token = rig.token(registry).await;
        let ask = async |token: &str| {
            let url = format!("{}{path}", rig.sandbox.endpoints().of(registry));
            let method =
                if registry == Registry::Business { reqwest::Method::GET } else { reqwest::Method::POST };
            let request = rig.http.request(method, url).bearer_auth(token);
            request.json(&serde_json::json!({})).send().await.unwrap().status().as_u16()
        };
        assert_ne!(ask(&token).await, 401, "{registry}: a fresh token is accepted");
        assert_eq!(ask("nonsense").await, 401, "{registry}: an unknown token is refused");
        let other = if registry == Registry::Land { Registry::Business } else { Registry::Land };
        assert_eq!(
            ask(&rig.token(other).await).await,
            401,
            "{registry}: another registry's token is refused"
        );
        rig.clock.advance(Duration::from_secs(3601));
        assert_eq!(ask(&token).await, 401, "{registry}: an expired token is refused");
        let token = rig.token(registry).await;
        assert_ne!(ask(&token).await, 401);
        assert_eq!(rig.control(reqwest::Method::POST, "/expire-tokens", None).await.status(), 204);
        assert_eq!(ask(&token).await, 401, "{registry}: control expired it");
        rig.sandbox.set_token_lifetime(registry, 3600);
    }
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn token_requests_are_checked() {
    let rig = Rig::start().await;
    let client = rig.client(Registry::Land).clone();
    let url = format!("{}/token", rig.sandbox.endpoints().land);
    let ask = async |body: String| {
        let request = rig.http.post(&url).header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap().status().as_u16()
    };
    let form = |id: &str, secret: &str| {
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
    };
    assert_eq!(ask(form(&client.id, &client.secret)).await, 200);
    assert_eq!(ask(form(&client.id, "wrong")).await, 401);
    assert_eq!(ask("grant_type=client_credentials".into()).await, 401);
    assert_eq!(ask(form(&client.id, &client.secret).replace("client_credentials", "password")).await, 400);
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn control_shows_what_happened() {
    let rig = Rig::start().await;
    let serial = rig.sandbox.world().personas().mortgaged.clone();
    let token = rig.token(Registry::Land).await;
    let url = format!("{}/vbdlis/giayChungNhan", rig.sandbox.endpoints().land);
    let request = rig.http.post(url).bearer_auth(&token).header("X-Road-Issue", "H32.212-261121-0007");
    request.json(&serde_json::json!({"soPhatHanh": serial})).send().await.unwrap();

    let report: Value = rig.control(reqwest::Method::GET, "/calls", None).await.json().await.unwrap();
    assert_eq!(report["counts"]["land"]["giayChungNhan"], 1);
    assert_eq!(report["counts"]["land"]["token"], 1);
    let call = &report["calls"][1];
    assert_eq!(call["operation"], "giayChungNhan");
    assert_eq!(call["dossier"], "H32.212-261121-0007");
    assert_eq!(call["subject"], serial);
    assert_eq!((&call["officer"], &call["status"]), (&false.into(), &200.into()));
    assert_eq!(rig.sandbox.calls().total(Registry::Land), 1);
    assert_eq!(rig.sandbox.calls().count(Registry::Land, "token"), 1);
    rig.control(reqwest::Method::DELETE, "/calls", None).await;
    assert_eq!(rig.sandbox.calls().total(Registry::Land), 0);

    for (path, pointer) in [
        ("/personas", "/tone_pair/first"),
        ("/families", "/0/applicant/id"),
        ("/officers", "/0"),
        ("/world", "/people"),
    ] {
        let body: Value = rig.control(reqwest::Method::GET, path, None).await.json().await.unwrap();
        assert!(body.pointer(pointer).is_some(), "{path} {pointer}");
    }
    let bad = serde_json::json!({"registry": "land", "fault": {"kind": "nonsense"}});
    assert_eq!(rig.control(reqwest::Method::POST, "/faults", Some(bad)).await.status(), 422);
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn stops_quickly_and_closes_its_ports() {
    let rig = Rig::start().await;
    rig.sandbox.fault(Registry::Land, None, Fault::Hang, None);
    let token = rig.token(Registry::Land).await;
    let Rig { sandbox, http, clock: _ } = rig;
    let url = format!("{}/vbdlis/giayChungNhan", sandbox.endpoints().land);
    let hanging = http.post(&url).bearer_auth(token).json(&serde_json::json!({"soPhatHanh": "A 1"})).send();
    let stop = async {
        while sandbox.calls().count(Registry::Land, "giayChungNhan") == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::timeout(Duration::from_secs(2), sandbox.stop()).await
    };
    let (hung, stopped) = tokio::join!(hanging, stop);
    assert!(hung.is_err(), "a hanging call never gets an answer");
    assert!(stopped.is_ok(), "stop waits for nobody");
    assert!(http.get(&url).send().await.is_err(), "the port is closed");
}
