//! Acceptance receipts: what strengthens an opening, and what is refused.

use jsonwebtoken::Header;
use motlan_domain::{Evidence, Reason, SubjectKey};

use super::operate::opening;
use super::world::{By, Signing, World, applicant, enterprise, head, land, stranger};
use crate::{ACCEPTANCE_TYPE, AcceptanceClaims, AcceptanceSubject, OpenRequest};

const CODE: &str = "H32.216-261121-0001";

fn claims(world: &World) -> AcceptanceClaims {
    let now = motlan_domain::Clock::now(&*world.clock).as_second();
    let subject = |role: &str, key: SubjectKey| AcceptanceSubject::new(role, &key);
    AcceptanceClaims {
        iss: "portal-receipts".to_owned(),
        dossier: CODE.to_owned(),
        procedure: "1.004222".to_owned(),
        case: "own_home".to_owned(),
        agency: "H32.216".to_owned(),
        // In another order than the request names them.
        subjects: vec![
            subject("certificate", land()),
            subject("household_head", head()),
            subject("applicant", applicant()),
        ],
        iat: now,
        exp: now + 3_600,
    }
}

fn weigh(
    world: &World,
    caller: &str,
    receipt: &str,
    change: impl FnOnce(&mut OpenRequest),
) -> Result<Evidence, Reason> {
    let mut request = opening(CODE, "H32.216");
    request.receipt = Some(receipt.to_owned());
    change(&mut request);
    let identity = world.identity(caller, By::Absent);
    let permit = world.access.may_open(&identity, request).map_err(|denial| denial.reason())?;
    Ok(permit.dossier().evidence)
}

#[test]
fn a_receipt_that_agrees_strengthens_the_opening() {
    let world = World::new();
    let mut claims = claims(&world);
    let receipt = claims.sign(world.receipts.kid, &world.receipts.key).unwrap();
    assert_eq!(weigh(&world, "portal", &receipt, |_| ()), Ok(Evidence::AcceptanceReceipt));
    claims.case = String::new();
    let receipt = claims.sign(world.receipts.kid, &world.receipts.key).unwrap();
    assert_eq!(
        weigh(&world, "portal", &receipt, |_| ()),
        Ok(Evidence::AcceptanceReceipt),
        "the default case"
    );
    assert_eq!(weigh(&world, "portal", &receipt, |r| r.receipt = None), Ok(Evidence::Asserted));
    world.advance(3_629);
    assert_eq!(
        weigh(&world, "portal", &receipt, |_| ()),
        Ok(Evidence::AcceptanceReceipt),
        "within the leeway"
    );
    world.advance(1);
    assert_eq!(weigh(&world, "portal", &receipt, |_| ()), Err(Reason::EvidenceExpired));
}

/// A portal signs what it sends, and it sends what people write.
#[test]
fn an_identifier_counts_in_every_form_in_which_a_request_may_give_it() {
    let world = World::new();
    let serial = land().expose();
    let letters = serial.find(|c: char| c.is_ascii_digit()).unwrap();
    let (letters, digits) = serial.split_at(letters);
    let cases = [
        (format!("{letters}{digits}"), Ok(Evidence::AcceptanceReceipt)),
        (format!("{letters} {digits}"), Ok(Evidence::AcceptanceReceipt)),
        // What no rule reads, and another serial, agree with nothing.
        (format!("{letters}  {digits}"), Err(Reason::EvidenceInvalid)),
        (format!("{letters}-{digits}"), Err(Reason::EvidenceInvalid)),
        (format!("X{letters} {digits}"), Err(Reason::EvidenceInvalid)),
    ];
    for (value, expected) in cases {
        let mut claims = claims(&world);
        claims.subjects[0].value.clone_from(&value);
        let receipt = claims.sign(world.receipts.kid, &world.receipts.key).unwrap();
        assert_eq!(weigh(&world, "portal", &receipt, |_| ()), expected, "{value}");
    }
    let as_sent = |kind: &str, value: &str| {
        let (role, kind, value) = ("x".to_owned(), kind.to_owned(), value.to_owned());
        AcceptanceSubject { role, kind, value }.canonical().value
    };
    let forms = [
        ("enterprise", "0314409058002", "0314409058-002"),
        ("enterprise", "0314409058-002", "0314409058-002"),
        ("enterprise", "0314409058 002", "0314409058 002"),
        ("certificate", "ST 632157", "ST632157"),
        ("parcel", "22366/12/345", "22366/12/345"),
        // An identifier of another kind is not read as this one.
        ("person", "ST 632157", "ST 632157"),
    ];
    for (kind, value, canonical) in forms {
        assert_eq!(as_sent(kind, value), canonical, "{kind} {value}");
    }
}

#[test]
fn a_receipt_that_says_anything_else_is_refused() {
    type Spoil = fn(&mut AcceptanceClaims);
    let cases: [(&str, Spoil, Reason); 14] = [
        ("dossier", |c| c.dossier = "H32.216-261121-0002".to_owned(), Reason::EvidenceInvalid),
        ("procedure", |c| c.procedure = "1.004194".to_owned(), Reason::EvidenceInvalid),
        ("case", |c| c.case = "join_family".to_owned(), Reason::EvidenceInvalid),
        ("agency", |c| c.agency = "H32.217".to_owned(), Reason::EvidenceInvalid),
        ("a person less", |c| drop(c.subjects.pop()), Reason::EvidenceInvalid),
        (
            "a thing more",
            |c| c.subjects.push(AcceptanceSubject::new("x", &enterprise())),
            Reason::EvidenceInvalid,
        ),
        ("another person", |c| c.subjects[2].value = stranger().expose(), Reason::EvidenceInvalid),
        ("another role", |c| c.subjects[2].role = "household_head".to_owned(), Reason::EvidenceInvalid),
        ("another kind", |c| c.subjects[2].kind = "insurance_number".to_owned(), Reason::EvidenceInvalid),
        ("the same twice", |c| c.subjects.push(c.subjects[0].clone()), Reason::EvidenceInvalid),
        ("unknown signer", |c| c.iss = "somebody".to_owned(), Reason::EvidenceInvalid),
        ("an issuer of tokens", |c| c.iss = "https://id.portal.test".to_owned(), Reason::EvidenceInvalid),
        ("expired", |c| c.exp = c.iat - 60, Reason::EvidenceExpired),
        ("from the future", |c| c.iat += 60, Reason::EvidenceExpired),
    ];
    let world = World::new();
    for (what, spoil, reason) in cases {
        let mut claims = claims(&world);
        spoil(&mut claims);
        let receipt = claims.sign(world.receipts.kid, &world.receipts.key).unwrap();
        assert_eq!(weigh(&world, "portal", &receipt, |_| ()), Err(reason), "{what}");
    }
}

#[test]
fn a_receipt_of_another_hand_is_refused() {
    let world = World::new();
    let claims = claims(&world);
    let good = claims.sign(world.receipts.kid, &world.receipts.key).unwrap();
    let invalid = Err(Reason::EvidenceInvalid);
    assert_eq!(weigh(&world, "portal-2", &good, |_| ()), invalid, "a system the signer is not for");
    let strange = Signing::ed25519("r1");
    assert_eq!(weigh(&world, "portal", &claims.sign("r1", &strange.key).unwrap(), |_| ()), invalid);
    assert_eq!(weigh(&world, "portal", "no receipt", |_| ()), invalid);
    assert_eq!(weigh(&world, "portal", &good[..good.len() - 4], |_| ()), invalid);
    for typ in [None, Some("JWT"), Some(ACCEPTANCE_TYPE)] {
        let mut header = Header::new(world.receipts.algorithm);
        header.kid = Some("r1".to_owned());
        header.typ = typ.map(str::to_owned);
        let receipt = jsonwebtoken::encode(&header, &claims, &world.receipts.key).unwrap();
        let expected = if typ == Some(ACCEPTANCE_TYPE) { Ok(Evidence::AcceptanceReceipt) } else { invalid };
        assert_eq!(weigh(&world, "portal", &receipt, |_| ()), expected, "{typ:?}");
    }
}
