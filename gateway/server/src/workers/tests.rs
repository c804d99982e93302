//! Which thread a connection is put on.

use super::*;

#[tokio::test]
async fn connections_that_stay_are_spread_whatever_comes_and_goes_between() {
    let here = Handle::current();
    let seats = Seats::on(here.clone(), [here]);
    let mut stay = Vec::new();
    for _ in 0..8 {
        stay.extend(seats.take().map(|(_, seat)| seat));
        // A probe of the balancer.
        drop(seats.take());
    }
    let counts: Vec<_> = seats.0.iter().map(|(_, seats)| Arc::strong_count(seats) - 1).collect();
    assert_eq!(counts, [4, 4]);
    stay.retain(|seat| !Arc::ptr_eq(seat, &seats.0[0].1));
    stay.extend((0..4).filter_map(|_| seats.take()).map(|(_, seat)| seat));
    assert!(
        seats.0.iter().all(|(_, seats)| Arc::strong_count(seats) == 5),
        "the freed seats are taken first"
    );
}
