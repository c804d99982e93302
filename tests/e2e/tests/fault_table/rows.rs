//! A list of which one row cannot be read is not whole, whatever fields are
//! asked: the row's other fields are not told either.

use motlan_domain::Registry;
use motlan_e2e::*;
use motlan_harness::{Fault, Opening, World};
use motlan_proto::common::v1::{IncompleteCause, Outcome};
use motlan_proto::land::v1::{ListCertificatesRequest, list_certificates_request};

#[tokio::test]
async fn a_row_that_is_dropped_is_told_whatever_fields_are_asked() {
    let world = World::start().await.expect("a world");
    let opened = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&opened.office).expect("connects");
    let narrowed: [&[&str]; 3] = [&["serial", "status"], &["serial"], &["serial", "owners"]];
    for (turn, names) in narrowed.into_iter().enumerate() {
        let ask = async |faulty: bool| {
            if faulty {
                world.fault(Registry::Land, Some("theoChu"), Fault::UnreadableRow, Some(1));
            }
            let request = ListCertificatesRequest {
                purpose: dossier(&opened.code),
                owner: Some(list_certificates_request::Owner::PersonalId(opened.plan.applicant.clone())),
                fields: fields(names),
                max_age: Some(pbjson_types::Duration::default()),
            };
            office.land().list_certificates(request).await.expect("answered").into_inner()
        };
        let whole = ask(false).await;
        assert_eq!((whole.outcome(), whole.records.len()), (Outcome::Found, 1), "turn {turn}");
        let told = ask(true).await;
        assert_eq!(
            (told.outcome(), told.incomplete_cause()),
            (Outcome::Incomplete, IncompleteCause::FieldInvalid),
            "{names:?}"
        );
        assert_eq!(told.records, whole.records, "{names:?}: the row that can be read is told");
    }
    world.stop().await.expect("stops");
}
