//! Both forms of asking for a token, and what is no token.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::Reason;

use super::{Bearer, TokenConfig, TokenForm, read_token};
use crate::far::{FarEnd, Play, answer, ask, clock, json, shared};
use crate::{Call, Http, Media, Secret};

const TOKEN: &str = r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#;

fn basic() -> TokenForm {
    TokenForm::Basic { client_id: "id".to_owned(), client_secret: Secret::inline("sec ret") }
}

async fn send(script: Vec<Play>, form: TokenForm) -> (Result<(), FetchError>, Vec<String>) {
    let far = FarEnd::start(script).await;
    let http = Arc::new(Http::new(far.config(), shared(&clock())).unwrap());
    let bearer = Bearer::new(&TokenConfig::new(form), Arc::clone(&http)).unwrap();
    let ask = ask();
    let session = http.session(&ask);
    let reply = bearer.send(&session, || Call::get(http.url("/data"), Media::Json)).await;
    (reply.map(|_| ()), far.requests())
}

#[tokio::test]
async fn basic_asks_as_rfc_6749_says() {
    let (reply, requests) = send(vec![json(TOKEN), json("{}")], basic()).await;
    assert!(reply.is_ok());
    let [token, data] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert!(token.starts_with("POST /token HTTP/1.1"));
    assert!(token.contains(&format!("authorization: Basic {}", STANDARD.encode("id:sec ret"))));
    assert!(token.contains("content-type: application/x-www-form-urlencoded"));
    assert!(token.ends_with("\r\n\r\ngrant_type=client_credentials"));
    assert!(data.starts_with("GET /data HTTP/1.1") && data.contains("authorization: Bearer t0ken"));
    assert!(data.contains("x-road-id: q1-2"), "the second exchange of the question");
}

#[tokio::test]
async fn lgsp_sends_its_header_with_every_call() {
    let form = TokenForm::Lgsp {
        access_key: "ak".to_owned(),
        secret_key: Secret::inline("sk"),
        app_name: "motlan".to_owned(),
        partner_code: "000.00.00.H32".to_owned(),
        partner_code_cus: "000.00.00.H32".to_owned(),
    };
    let (reply, requests) = send(vec![json(TOKEN), json("{}")], form).await;
    assert!(reply.is_ok());
    assert_eq!(requests.len(), 2);
    for request in &requests {
        let header = request.lines().find_map(|line| line.strip_prefix("lgspaccesstoken: ")).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&STANDARD.decode(header).unwrap()).unwrap();
        assert_eq!(object["SecretKey"], "sk");
        assert_eq!(object["PartnerCodeCus"], "000.00.00.H32");
    }
    assert!(!requests[0].contains("authorization:") && requests[1].contains("authorization: Bearer t0ken"));
}

#[tokio::test]
async fn a_token_that_cannot_be_had_says_why() {
    let cases = [
        (answer("401 No", "", ""), Reason::SourceRefused, "TOKEN_401"),
        (answer("400 No", "content-type: application/json\r\n", "{}"), Reason::SourceRefused, "TOKEN_400"),
        (answer("500 No", "", ""), Reason::SourceError, ""),
        (json("{}"), Reason::SourceMalformed, ""),
        (json("{\"access_token\":"), Reason::SourceMalformed, ""),
    ];
    for (play, reason, code) in cases {
        let (reply, requests) = send(vec![play], basic()).await;
        let error = reply.unwrap_err();
        assert_eq!(error.reason(), reason);
        assert!(format!("{error}").contains(code), "{error}");
        assert_eq!(requests.len(), 1, "no data was asked for");
    }
}

#[test]
fn tokens_and_what_is_none() {
    let cases: &[(&str, Result<u64, MalformedCause>)] = &[
        (TOKEN, Ok(3_600)),
        (r#"{"access_token":"t"}"#, Ok(60)),
        (r#"{"access_token":"t","expires_in":"1800","token_type":"bearer","scope":"x"}"#, Ok(1_800)),
        (r#"{"access_token":"t","expires_in":99999999}"#, Ok(86_400)),
        (r#"{"access_token":""}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":5}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":"a b"}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":"a\r\nx: y"}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":"t","token_type":"MAC"}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":"t","expires_in":-1}"#, Err(MalformedCause::Shape)),
        (r#"{"access_token":"t","expires_in":"soon"}"#, Err(MalformedCause::Shape)),
        (r#"["t"]"#, Err(MalformedCause::Shape)),
        ("", Err(MalformedCause::Truncated)),
        ("<html>", Err(MalformedCause::Syntax)),
    ];
    for (text, expected) in cases {
        let read = read_token(text.as_bytes());
        if let Ok((header, _)) = &read {
            assert!(header.is_sensitive());
        }
        assert_eq!(read.map(|(_, validity)| validity.as_secs()), *expected, "{text}");
    }
}

mod waiting;
