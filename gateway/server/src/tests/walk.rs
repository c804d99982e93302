//! Every method of the contract, called by those who may not: refused, and
//! recorded once.

use motlan_proto::access::methods;
use tonic::Code;

use super::rig::{Rig, raw, reason, violations};

const PROBES: [&str; 3] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

fn all_methods() -> Vec<&'static str> {
    let contract = methods().iter().map(|(path, _)| *path);
    let all: Vec<_> = contract.chain(PROBES).collect();
    assert!(all.len() > 20, "only {} methods", all.len());
    all
}

#[tokio::test]
async fn a_system_nobody_configured_is_refused_everywhere_and_recorded() {
    let rig = Rig::start().await;
    let channel = rig.channel("stranger").await;
    for path in all_methods() {
        let before = rig.entries();
        let status = raw(&channel, path, &[], None).await.expect_err(path);
        assert_eq!(status.code(), Code::Unauthenticated, "{path}");
        assert_eq!(reason(&status), ("CALLER_UNKNOWN".to_owned(), true), "{path}");
        assert_eq!(rig.entries(), before + 1, "{path}: one entry");
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_everywhere_and_recorded() {
    let rig = Rig::start().await;
    let channel = rig.channel("one-stop-216").await;
    for (path, _) in methods() {
        for token in ["Bearer not.a.token", "Basic dXNlcjpwYXNz", "Bearer"] {
            let before = rig.entries();
            let status = raw(&channel, path, &[], Some(token)).await.expect_err(path);
            assert_eq!(status.code(), Code::Unauthenticated, "{path} {token}");
            assert_eq!(reason(&status), ("TOKEN_MALFORMED".to_owned(), true), "{path} {token}");
            assert_eq!(rig.entries(), before + 1, "{path} {token}: one entry");
        }
    }
}

#[tokio::test]
async fn a_question_without_a_purpose_is_denied_and_recorded() {
    let rig = Rig::start().await;
    let channel = rig.channel("one-stop-216").await;
    let pool = prost_reflect::DescriptorPool::decode(motlan_proto::FILE_DESCRIPTOR_SET).expect("decodes");
    let mut seen = 0;
    for service in pool.services() {
        for method in service.methods().filter(|method| method.input().get_field_by_name("purpose").is_some())
        {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let before = rig.entries();
            let status = raw(&channel, &path, &[], None).await.expect_err(&path);
            assert_eq!(status.code(), Code::PermissionDenied, "{path}");
            assert_eq!(reason(&status), ("PURPOSE_MISSING".to_owned(), true), "{path}");
            assert_eq!(rig.entries(), before + 1, "{path}: one entry");
            seen += 1;
        }
    }
    assert_eq!(seen, motlan_domain::Operation::ALL.len());
}

#[tokio::test]
async fn bytes_that_are_no_message_are_invalid_input_and_their_text_stays_here() {
    let rig = Rig::start().await;
    let channel = rig.channel("auditor").await;
    for (path, _) in methods() {
        let status = raw(&channel, path, &[0xff, 0xff, 0xff], None).await.expect_err(path);
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert_eq!(reason(&status).0, "MESSAGE_MALFORMED", "{path}");
        assert_eq!(violations(&status), [("request".to_owned(), "MESSAGE_MALFORMED".to_owned())], "{path}");
        let own = motlan_domain::Reason::MessageMalformed.text_en();
        assert_eq!(status.message(), own, "{path}: what the decoder said stays here");
    }
    let huge = vec![0; 300 * 1024];
    let status = raw(&channel, methods()[0].0, &huge, None).await.expect_err("too large");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::InvalidArgument, "MESSAGE_TOO_LARGE"));
    assert_eq!(violations(&status), [("request".to_owned(), "MESSAGE_TOO_LARGE".to_owned())]);
}

#[tokio::test]
async fn configured_callers_reach_the_probes_and_unknown_methods_are_unimplemented() {
    let rig = Rig::start().await;
    let channel = rig.channel("verifier").await;
    let before = rig.entries();
    assert_eq!(raw(&channel, PROBES[0], &[], None).await.expect("health").len(), 1);
    for path in &PROBES[1..] {
        // list_services = ""
        assert_eq!(raw(&channel, path, &[0x3a, 0x00], None).await.expect(path).len(), 1);
    }
    assert_eq!(rig.entries(), before, "probes leave no entry");
    let status = raw(&channel, "/motlan.population.v1.PopulationService/Unheard", &[], None).await;
    assert_eq!(status.expect_err("there is none").code(), Code::Unimplemented);

    let closed = Rig::with(|options| options.reflection = false).await;
    let channel = closed.channel("verifier").await;
    let status = raw(&channel, PROBES[1], &[0x3a, 0x00], None).await.expect_err("switched off");
    assert_eq!(status.code(), Code::Unimplemented);
}
