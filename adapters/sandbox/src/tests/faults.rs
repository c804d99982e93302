//! Every scripted fault can be observed by a client.

use serde_json::json;

use super::*;

/// Status, headers and body; or how the exchange broke.
async fn card(rig: &Rig, token: &str) -> Result<(u16, reqwest::header::HeaderMap, Vec<u8>), reqwest::Error> {
    let number = &rig.sandbox.world().families()[0].applicant.insurance_number;
    let url = format!("{}/apiBHXH/theBHYT", rig.sandbox.endpoints().insurance);
    let request = rig.http.post(url).bearer_auth(token).json(&json!({"maSoBhxh": number}));
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok((status, headers, answer.bytes().await?.to_vec()))
}

/// The same question over a bare socket, read to its end.
async fn raw(rig: &Rig, token: &str) -> std::io::Result<usize> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = rig.sandbox.endpoints().insurance.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let body = json!({"maSoBhxh": rig.sandbox.world().personas().ten_digit_card}).to_string();
    let head = format!(
        "POST /apiBHXH/theBHYT HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.read_to_end(&mut Vec::new()).await
}

async fn script(rig: &Rig, fault: Value, times: Value) {
    let rule = json!({"registry": "insurance", "operation": "theBHYT", "fault": fault, "times": times});
    let answer = rig.control(reqwest::Method::POST, "/faults", Some(rule)).await;
    assert_eq!(answer.status(), 204, "{fault}");
}

/// Text of the answer and the id asked about.
type CheckXml = fn(&str, &str) -> bool;

type Check = fn(u16, &reqwest::header::HeaderMap, &[u8]) -> bool;

#[tokio::test]
async fn every_fault_shows_once_and_then_is_gone() {
    let rig = Rig::start().await;
    let is_json = |body: &[u8]| serde_json::from_slice::<Value>(body).is_ok();
    let mut token = rig.token(Registry::Insurance).await;
    let (_, _, healthy) = card(&rig, &token).await.unwrap();
    assert!(is_json(&healthy));
    let cases: &[(Value, Check)] = &[
        (json!({"kind": "status", "code": 503}), |s, _, b| s == 503 && b.starts_with(b"<html>")),
        (json!({"kind": "too_many", "retry_after_s": 7}), |s, h, _| s == 429 && h["retry-after"] == "7"),
        (json!({"kind": "truncate", "at_bytes": 10}), |s, _, b| s == 200 && b.len() == 10),
        (json!({"kind": "malformed"}), |s, _, b| s == 200 && serde_json::from_slice::<Value>(b).is_err()),
        (json!({"kind": "wrong_schema"}), |s, _, b| s == 200 && b.windows(8).any(|w| w == b"maThe_v2")),
        (json!({"kind": "empty"}), |s, _, b| s == 200 && b.is_empty()),
        (json!({"kind": "expired_token"}), |s, h, _| s == 401 && h.contains_key("www-authenticate")),
        (json!({"kind": "oversize", "bytes": 3_000_000}), |s, h, b| {
            s == 200 && b.len() == 3_000_000 && !h.contains_key("content-length")
        }),
        (json!({"kind": "wrong_namespace"}), |_, _, b| b.starts_with(b"{\"Envelope\"")),
        (json!({"kind": "entity_bomb"}), |s, _, b| s == 200 && b.windows(8).any(|w| w == b"<!ENTITY")),
        (json!({"kind": "redirect", "to": "http://127.0.0.1:9/"}), |s, h, _| {
            s == 302 && h["location"] == "http://127.0.0.1:9/"
        }),
        (json!({"kind": "deep_nesting"}), |s, _, b| {
            s == 200 && b.starts_with(b"[[[[[[") && b.len() == 100_000
        }),
        (json!({"kind": "contradictory"}), |_, _, b| b.windows(8).any(|w| w == b"19000101")),
        (json!({"kind": "refuse", "code": "HET_HAN_MUC"}), |s, _, _| s == 403),
        (json!({"kind": "latency", "ms": 20}), |s, _, b| {
            s == 200 && serde_json::from_slice::<Value>(b).is_ok()
        }),
    ];
    for (fault, check) in cases {
        script(&rig, fault.clone(), json!(1)).await;
        let (status, headers, body) = card(&rig, &token).await.unwrap();
        assert!(check(status, &headers, &body), "{fault}: {status} {headers:?}");
        assert!(
            !check(200, &reqwest::header::HeaderMap::new(), &healthy) || fault["kind"] == "latency",
            "{fault}: vacuous"
        );
        if fault["kind"] == "expired_token" {
            assert_eq!(card(&rig, &token).await.unwrap().0, 401, "the token is gone for good");
            token = rig.token(Registry::Insurance).await;
        }
        let (status, _, body) = card(&rig, &token).await.unwrap();
        assert_eq!((status, body), (200, healthy.clone()), "{fault} is used up");
    }
    let played: std::collections::BTreeSet<_> =
        rig.sandbox.calls().calls.iter().filter_map(|call| call.fault).collect();
    assert_eq!(played.len(), cases.len());
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn reset_and_hang_break_the_exchange() {
    let rig = Rig::start().await;
    let token = rig.token(Registry::Insurance).await;
    script(&rig, json!({"kind": "reset"}), json!(1)).await;
    assert!(card(&rig, &token).await.is_err(), "reset");
    assert!(card(&rig, &token).await.is_ok(), "the next connection works");

    script(&rig, json!({"kind": "reset"}), json!(1)).await;
    assert_eq!(
        raw(&rig, &token).await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset,
        "a real RST"
    );
    assert!(raw(&rig, &token).await.is_ok(), "a healthy connection ends with FIN");

    script(&rig, json!({"kind": "hang"}), json!(1)).await;
    let waiting = tokio::time::timeout(Duration::from_millis(200), card(&rig, &token)).await;
    assert!(waiting.is_err(), "no answer comes");
    assert!(card(&rig, &token).await.is_ok(), "others are not held up");
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn latency_is_that_long() {
    let rig = Rig::start().await;
    let token = rig.token(Registry::Insurance).await;
    script(&rig, json!({"kind": "latency", "ms": 300}), json!(null)).await;
    let early = tokio::time::timeout(Duration::from_millis(150), card(&rig, &token)).await;
    assert!(early.is_err(), "not before its time");
    assert_eq!(card(&rig, &token).await.unwrap().0, 200, "then the right answer");
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn faults_play_in_order_where_they_belong() {
    let rig = Rig::start().await;
    let token = rig.token(Registry::Insurance).await;
    script(&rig, json!({"kind": "status", "code": 500}), json!(2)).await;
    script(&rig, json!({"kind": "status", "code": 502}), json!(1)).await;
    let other = Fault::Status { code: 599 };
    rig.sandbox.fault(Registry::Insurance, Some("quaTrinhDong"), other.clone(), None);
    rig.sandbox.fault(Registry::Land, None, other, None);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(card(&rig, &token).await.unwrap().0);
    }
    assert_eq!(seen, [500, 500, 502, 200]);
    let left: Value = rig.control(reqwest::Method::GET, "/faults", None).await.json().await.unwrap();
    assert_eq!(left.as_array().unwrap().len(), 2);

    let land = rig.token(Registry::Land).await;
    let serial = json!({"soPhatHanh": rig.sandbox.world().personas().mortgaged});
    for _ in 0..3 {
        let answer = rig.post(Registry::Land, "/vbdlis/giayChungNhan", &land, &serial).await;
        assert_eq!(answer.status(), 599, "without times it stays; the token endpoint is spared");
    }
    assert_eq!(rig.control(reqwest::Method::DELETE, "/faults", None).await.status(), 204);
    assert_eq!(rig.post(Registry::Land, "/vbdlis/giayChungNhan", &land, &serial).await.status(), 200);
    rig.sandbox.fault(Registry::Land, Some("token"), Fault::Status { code: 500 }, Some(1));
    let url = format!("{}/token", rig.sandbox.endpoints().land);
    assert_eq!(rig.http.post(url).send().await.unwrap().status(), 500, "named, it meets the token endpoint");
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn spoiled_xml_is_spoiled_xml() {
    let rig = Rig::start().await;
    let id = rig.sandbox.world().personas().ede_woman.clone();
    let ask = async || super::population::lookup_answer(&rig, &id).await;
    let healthy = ask().await;
    assert!(roxmltree::Document::parse(&healthy).is_ok() && healthy.contains(&id));
    let cases: &[(Fault, CheckXml)] = &[
        (Fault::Malformed, |text, _| roxmltree::Document::parse(text).is_err() && text.contains("<CongDan>")),
        (Fault::Truncate { at_bytes: 300 }, |text, _| {
            text.len() == 300 && roxmltree::Document::parse(text).is_err()
        }),
        (Fault::WrongSchema, |text, _| {
            roxmltree::Document::parse(text).is_ok()
                && text.contains("<CongDanV2>")
                && !text.contains("<CongDan>")
        }),
        (Fault::WrongNamespace, |text, _| {
            let document = roxmltree::Document::parse(text).unwrap();
            document.root_element().tag_name().namespace() == Some("http://example.invalid/other")
        }),
        (Fault::Contradictory, |text, id| {
            roxmltree::Document::parse(text).is_ok() && !text.contains(&format!("<CongDan><SoDinhDanh>{id}"))
        }),
        (Fault::EntityBomb, |text, _| text.contains("<!DOCTYPE") && text.contains("&e9;&e9;")),
        (Fault::DeepNesting, |text, _| text.starts_with("<a><a><a>")),
        (Fault::ExpiredToken, |text, _| text.contains("<Ma>010</Ma>")),
        (Fault::Empty, |text, _| text.is_empty()),
    ];
    for (fault, check) in cases {
        rig.sandbox.fault(Registry::Population, None, fault.clone(), Some(1));
        let answer = ask().await;
        assert!(check(&answer, &id), "{}: {answer:.200}", fault.kind());
        assert_ne!(answer, healthy);
        assert_eq!(ask().await, healthy, "{} is used up", fault.kind());
    }
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn contradictions_reach_every_json_operation() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let family = &world.families()[0];
    let (number, parcel) = (json!({"maSoBhxh": family.applicant.insurance_number}), &family.parcel);
    let birth = family.applicant.birth_date.replace('-', "");
    let cases = [
        (Registry::Insurance, "/apiBHXH/getTraCuuTtHgdByMaSoBhxh", number.clone()),
        (Registry::Insurance, "/apiBHXH/getTraCuuThongTinHgd", number.clone()),
        (
            Registry::Insurance,
            "/apiBHXH/getMaSoBhxhTheoTieuChi",
            json!({"hoTen": family.applicant.name, "ngaySinh": birth}),
        ),
        (Registry::Insurance, "/apiBHXH/quaTrinhDong", number.clone()),
        (Registry::Insurance, "/apiBHXH/theBHYT", number),
        (Registry::Land, "/vbdlis/giayChungNhan", json!({"soPhatHanh": family.certificate})),
        (Registry::Land, "/vbdlis/theoChu", json!({"soDinhDanh": family.certificate_owners[0]})),
        (
            Registry::Land,
            "/vbdlis/thuaDat",
            json!({"maXa": parcel.commune, "soHieuToBanDo": parcel.sheet, "soThuTuThua": parcel.number}),
        ),
    ];
    for (registry, path, body) in cases {
        let token = rig.token(registry).await;
        let healthy: Value = rig.post(registry, path, &token, &body).await.json().await.unwrap();
        rig.sandbox.fault(registry, None, Fault::Contradictory, Some(1));
        let spoiled: Value = rig.post(registry, path, &token, &body).await.json().await.unwrap();
        assert_ne!(healthy, spoiled, "{path}");
        assert!(healthy.get("maLoi").is_none(), "{path}: {healthy}");
    }
    let token = rig.token(Registry::Business).await;
    let url = format!(
        "{}/apiCSDLDKDN/1.0/chiTietDoanhNghiep?msdn={}",
        rig.sandbox.endpoints().business,
        family.enterprise
    );
    rig.sandbox.fault(Registry::Business, None, Fault::Contradictory, Some(1));
    let spoiled: Value = rig.http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    let code = spoiled["Data"]["MainInformation"]["ENTERPRISE_GDT_CODE"].as_str().unwrap();
    assert_ne!(code, family.enterprise);
    rig.sandbox.stop().await;
}
