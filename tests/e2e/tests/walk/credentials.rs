//! Every RPC with each wrong kind of credential: no connection without a
//! certificate of the authority; UNAUTHENTICATED and one entry with any other.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use motlan::sandbox::pki::Authority;
use motlan_e2e::*;
use motlan_harness::{Connection, TokenSpec, World};
use motlan_proto::audit::v1::EntryKind;
use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_types::StatusExt as _;

use crate::complete;
use crate::table::{Dossiers, table};

/// Through which the wrong tokens are shown.
const OFFICE: &str = "one-stop";

/// The same token under another header.
fn under(token: &str, algorithm: &str) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
    let mut header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["alg"] = algorithm.into();
    format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// What is wrong, with whom it is shown, and what is told.
fn wrong(world: &World) -> Vec<(&'static str, Connection, &'static str)> {
    let good = world.officer_token(OFFICE).unwrap();
    let other = world.officer_token("department").unwrap();
    let with = |change: &dyn Fn(&mut TokenSpec)| {
        let mut token = good.clone();
        change(&mut token);
        world.connect_with(OFFICE, &token).unwrap()
    };
    let signed = world.running().world().issuers().sign(&good).unwrap();
    let others = world.running().world().issuers().sign(&other).unwrap();
    let forged = format!("{}.{}", signed.rsplit_once('.').unwrap().0, others.rsplit_once('.').unwrap().1);
    let raw = |token: &str| world.connect(OFFICE).unwrap().with_token(Some(token)).unwrap();
    vec![
        ("an unknown system", world.connect_as_system("stranger", Some(&good)).unwrap(), "CALLER_UNKNOWN"),
        ("expired", with(&|t| (t.iat, t.exp) = (t.iat - 1_800, t.iat - 900)), "TOKEN_EXPIRED"),
        ("for another audience", with(&|t| "another-gateway".clone_into(&mut t.aud)), "TOKEN_AUDIENCE"),
        ("bound to another certificate", with(&|t| t.cnf = other.cnf.clone()), "TOKEN_BINDING"),
        ("of another agency", with(&|t| t.agency.clone_from(&other.agency)), "TOKEN_AGENCY"),
        ("too long-lived", with(&|t| t.exp = t.iat + 901), "TOKEN_LIFETIME"),
        ("garbage", raw("not.a.token"), "TOKEN_MALFORMED"),
        ("signed by nobody", raw(&forged), "TOKEN_SIGNATURE"),
        ("a symmetric algorithm", raw(&under(&signed, "HS256")), "TOKEN_SIGNATURE"),
        ("no algorithm", raw(&under(&signed, "none")), "TOKEN_MALFORMED"),
    ]
}

#[tokio::test]
async fn every_rpc_refuses_each_wrong_credential_and_records_it() {
    let world = World::start().await.unwrap();
    let rows = table(&world, &Dossiers::open(&world).await);
    complete(&rows.keys().collect::<Vec<_>>());
    let mut seen = 0;
    for (what, by, reason) in &wrong(&world) {
        for (path, row) in &rows {
            let what = format!("{path}, {what}");
            let before = world.total_calls();
            let refusal = refused(&what, (row.call)(by.clone()).await, Code::Unauthenticated, reason);
            assert_eq!(world.total_calls(), before, "{what}: a registry was asked");
            let entry = entry_of(&world, &what, &refusal).await;
            assert_eq!(
                (entry.kind(), entry.reason.as_str()),
                (EntryKind::CredentialRefused, *reason),
                "{what}"
            );
            assert!(entry.dossier_code.is_empty(), "{what}: the request was looked at");
            seen += 1;
        }
    }
    assert_eq!(seen, 10 * rows.len());

    // Without a certificate of the authority no word of the gateway is heard.
    let foreign = Authority::new(world.clock().now()).unwrap().client(OFFICE).unwrap();
    let grpc = world.running().gateway().grpc();
    let foreign = Connection::lazy(grpc, &world.shown(&foreign, None)).unwrap();
    for (path, row) in &rows {
        let status = (row.call)(foreign.clone()).await.expect_err(path);
        assert!(status.get_error_details().error_info().is_none(), "{path}: {status:?}");
    }
    let own = world.member(OFFICE).unwrap();
    let authority = Certificate::from_pem(world.shown(&own.credential, None).authority);
    let bare = Endpoint::from_shared(format!("https://{grpc}")).unwrap();
    let bare = bare.tls_config(ClientTlsConfig::new().ca_certificate(authority)).unwrap().connect_lazy();
    for path in rows.keys() {
        let mut client = tonic::client::Grpc::new(bare.clone());
        let sent = async {
            client.ready().await.map_err(|error| tonic::Status::unknown(error.to_string()))?;
            let codec = tonic_prost::ProstCodec::<(), ()>::default();
            client.unary(tonic::Request::new(()), path.parse().unwrap(), codec).await
        };
        let status = sent.await.expect_err(path);
        assert!(status.get_error_details().error_info().is_none(), "{path}: {status:?}");
    }
    world.stop().await.unwrap();
}
