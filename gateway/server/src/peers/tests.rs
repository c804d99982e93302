//! The door, without sockets.

use super::*;

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn gave_way(places: &[&Place]) -> Vec<bool> {
    places.iter().map(|place| place.yields.is_cancelled()).collect()
}

#[test]
fn the_oldest_in_handshake_gives_way() {
    let door = Arc::new(Door::new(100, 2));
    let enter = |last| door.enter(address(last)).unwrap();
    let (oldest, known, third) = (enter(1), enter(2), enter(3));
    assert_eq!(gave_way(&[&oldest, &known, &third]), [true, false, false]);
    // One that is known gives way to nobody, and takes no place of the others.
    known.known();
    let (fourth, fifth) = (enter(4), enter(5));
    assert_eq!(gave_way(&[&known, &third, &fourth, &fifth]), [false, true, false, false]);
    drop((oldest, known, third, fourth, fifth));
    let state = door.state.lock();
    assert!(state.open.is_empty() && state.waiting.is_empty(), "something stays behind");
}

#[test]
fn an_address_keeps_its_number_and_its_unknown_give_way_first() {
    let door = Arc::new(Door::new(2, 100));
    let (known, silent) = (door.enter(address(1)).unwrap(), door.enter(address(1)).unwrap());
    known.known();
    let next = door.enter(address(1)).unwrap();
    assert_eq!(gave_way(&[&known, &silent, &next]), [false, true, false]);
    drop(silent);
    next.known();
    assert!(door.enter(address(1)).is_none(), "both are known");
    assert!(door.enter(address(2)).is_some(), "another address is not hurt");
    drop(known);
    assert!(door.enter(address(1)).is_some(), "the place came back");
}

#[test]
fn whoever_is_slow_to_go_keeps_newcomers_out() {
    let door = Arc::new(Door::new(2, 100));
    let mut places: Vec<_> = (0..4).map(|_| door.enter(address(1)).unwrap()).collect();
    assert!(places[..2].iter().all(|place| place.yields.is_cancelled()), "told to go");
    assert!(door.enter(address(1)).is_none(), "twice the number is there");
    places.remove(0);
    assert!(door.enter(address(1)).is_some());
}
