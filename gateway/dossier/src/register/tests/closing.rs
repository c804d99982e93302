//! Tests of closing in two steps, and of ties through several records.

use super::*;

async fn close(register: &Register, id: &str, reason: &str) -> Result<Closed, RegisterError> {
    register.close_dossier(&code(1), reason, request(id, 1)).await
}

#[tokio::test]
async fn a_closing_without_its_entry_is_taken_up_by_any_request() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    open_whole(&register, new_dossier(5), request("r5", 1)).await;
    register.open_dossier(new_dossier(3), request("r3", 1)).await.unwrap();
    let begun = close(&register, "c1", "DECIDED").await.unwrap();
    let (at, reason) = (clock.now(), "DECIDED".to_owned());
    assert_eq!(begun.dossier.state, DossierState::Closing { at, reason: reason.clone() });
    assert!(!begun.dossier.is_open() && begun.dossier.is_closing() && !begun.taken_up);
    assert!(
        matches!(register.link(&code(1), vec![]).await, Err(RegisterError::Closed)),
        "it takes nothing more"
    );
    let racing = close(&register, "c2", "WITHDRAWN").await;
    assert!(matches!(racing, Err(RegisterError::Closed)), "while one is at it, no other is");
    drop(begun);
    assert_eq!(register.unfinished().await.unwrap(), [code(1), code(3)]);
    // A stop before the entry.
    register.close().await;
    let register = open(dir.path(), &clock);
    assert_eq!(register.unfinished().await.unwrap(), [code(1), code(3)], "the whole ones are not among them");
    let seen = register.find(&code(1), &viewer("H32.216", "portal")).await.unwrap().unwrap();
    assert!(seen.is_closing());
    clock.advance(Duration::from_mins(1));
    let same = close(&register, "c1", "DECIDED").await.unwrap();
    assert_eq!((same.request.clone(), same.dossier.is_closing()), (RequestState::Begun, true));
    assert!(same.taken_up, "its entry may be there");
    let repeated = close(&register, "c1", "DECIDED").await;
    assert!(matches!(repeated, Err(RegisterError::Overloaded)), "the same request waits for itself");
    drop(same);
    let other = close(&register, "c2", "WITHDRAWN").await.unwrap();
    assert_eq!(other.request, RequestState::New);
    assert_eq!(
        other.dossier.state,
        DossierState::Closing { at, reason: reason.clone() },
        "the first one's closing"
    );
    let closed = register.closed(&code(1)).await.unwrap();
    assert_eq!(closed.state, DossierState::Closed { at, reason });
    drop(other);
    assert!(matches!(close(&register, "c3", "DECIDED").await, Err(RegisterError::Closed)));
    assert_eq!(close(&register, "c2", "WITHDRAWN").await.unwrap().request, RequestState::Begun);
    assert_eq!(register.unfinished().await.unwrap(), [code(3)]);
    // What was never closing does not become closed.
    assert!(matches!(register.closed(&code(5)).await, Err(RegisterError::Unknown)));
    assert!(register.get(&code(5)).await.unwrap().unwrap().is_open());
    let opening = register.close_dossier(&code(3), "DECIDED", request("c4", 1)).await;
    assert!(matches!(opening, Err(RegisterError::Unknown)), "nobody is told of an opening");
}

#[tokio::test]
async fn of_racing_closings_one_goes_on() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..32 {
        let register = register.clone();
        racers.spawn(async move { close(&register, &format!("c{racer}"), "DECIDED").await });
    }
    let mut won = Vec::new();
    while let Some(result) = racers.join_next().await {
        match result.unwrap() {
            Ok(closed) => won.push(closed),
            Err(error) => assert!(matches!(error, RegisterError::Closed), "{error}"),
        }
    }
    assert_eq!(won.len(), 1);
}

#[tokio::test]
async fn two_records_may_tie_one_person_to_one_role() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    let member = |of: u32| {
        let linked =
            DossierSubject::linked("household_member", person(9), Link::HouseholdMember, "applicant");
        linked.through(person(of))
    };
    register.link(&code(1), vec![member(1)]).await.unwrap();
    register.link(&code(1), vec![member(2), member(1)]).await.unwrap();
    register.close().await;
    let register = open(dir.path(), &clock);
    let dossier = register.get(&code(1)).await.unwrap().unwrap();
    let subject = person(9);
    let ties: Vec<_> = dossier.roles_of(&subject).cloned().collect();
    assert_eq!(ties, [member(1), member(2)], "each tie once, whose record it is in survives");
    assert_eq!(dossier.in_role("household_member").count(), 1, "one person in the role");
    assert_eq!(dossier.distinct().count(), 3);
    assert!(ties[0].is_linked_through(&person(1)) && !ties[0].is_linked_through(&person(2)));
    assert!(!dossier.subjects[0].is_linked_through(&person(1)) && dossier.subjects[0].is_named());
}
