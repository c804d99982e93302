//! Who holds what of the listener at a time: connections, answers, bundles. Anybody
//! may come without a certificate, so nobody without one holds more than a share,
//! of one address or of all together, and no officer more than half of the bundles.
//! Whoever finds no place is told to come back; nobody waits for one.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::Limits;

/// Connections in all and of one address, whatever more callers may have.
const CONNECTIONS: usize = 512;
const OF_AN_ADDRESS: usize = 128;

/// Of one address, connections without a certificate.
const UNKNOWN_OF_AN_ADDRESS: usize = 32;

/// Answers at a time: of hashes and signatures; and of bundles, which may be long.
const ANSWERS: usize = 64;
const BUNDLES: usize = 8;

/// Of one address, answers to those without a certificate.
const ANSWERS_OF_AN_ADDRESS: usize = 16;

/// The places of the listener.
pub(super) struct Places {
    connections: Shared<IpAddr>,
    answers: Shared<IpAddr>,
    bundles: Shared<Box<str>>,
}

/// Places for all, so many of them for those who are counted one by one: in all,
/// and each.
struct Shared<K> {
    all: Arc<Semaphore>,
    counted: Arc<Semaphore>,
    each: usize,
    held: Mutex<HashMap<K, Weak<Semaphore>>>,
}

/// Places that are held; dropping it gives them back.
pub(super) struct Held(#[expect(dead_code, reason = "held until dropped")] Vec<OwnedSemaphorePermit>);

// === impl Places ===

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let connections = CONNECTIONS.min(limits.max_connections);
        let each = UNKNOWN_OF_AN_ADDRESS.min(most(Self::of_an_address(limits)));
        Self {
            connections: Shared::new(connections, most(connections), each),
            answers: Shared::new(ANSWERS, most(ANSWERS), ANSWERS_OF_AN_ADDRESS),
            bundles: Shared::new(BUNDLES, BUNDLES, BUNDLES / 2),
        }
    }

    /// Connections of one address, with a certificate or without.
    pub(super) fn of_an_address(limits: &Limits) -> usize {
        OF_AN_ADDRESS.min(limits.max_connections_per_address)
    }

    /// Connections that may be in handshake.
    pub(super) fn in_handshake(limits: &Limits) -> usize {
        CONNECTIONS.min(limits.max_handshakes)
    }

    /// A place for a connection, past its handshake.
    pub(super) fn connection(&self, from: IpAddr, known: bool) -> Option<Held> {
        self.connections.place((!known).then(|| network(from)))
    }

    /// A place for an answer that is for anybody.
    pub(super) fn answer(&self, from: IpAddr, known: bool) -> Option<Held> {
        self.answers.place((!known).then(|| network(from)))
    }

    /// A place for a bundle, for an officer of a caller.
    pub(super) fn bundle(&self, caller: &str, officer: &str) -> Option<Held> {
        self.bundles.place(Some(format!("{caller}\n{officer}").into()))
    }
}

/// Of so many, what those without a certificate hold at most: the rest is kept for
/// those who have one.
const fn most(all: usize) -> usize {
    let share = all / 4 * 3;
    if share == 0 { 1 } else { share }
}

/// Whom an address stands for: of IPv6 a whole /64 is one machine's to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

// === impl Shared ===

impl<K: Eq + Hash> Shared<K> {
    fn new(all: usize, counted: usize, each: usize) -> Self {
        let semaphore = |places| Arc::new(Semaphore::new(places));
        Self { all: semaphore(all), counted: semaphore(counted), each, held: Mutex::default() }
    }

    /// A place, for one who is counted, or for one who is not.
    fn place(&self, one: Option<K>) -> Option<Held> {
        let mut held = Vec::with_capacity(3);
        if let Some(one) = one {
            held.push(self.own(one).try_acquire_owned().ok()?);
            held.push(Arc::clone(&self.counted).try_acquire_owned().ok()?);
        }
        held.push(Arc::clone(&self.all).try_acquire_owned().ok()?);
        Some(Held(held))
    }

    fn own(&self, one: K) -> Arc<Semaphore> {
        let mut held = self.held.lock();
        if let Some(own) = held.get(&one).and_then(Weak::upgrade) {
            return own;
        }
        // Those that have gone are forgotten when somebody new comes.
        held.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.each));
        held.insert(one, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(places: impl Fn() -> Option<Held>) -> Vec<Held> {
        std::iter::from_fn(places).take(10_000).collect()
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn those_without_a_certificate_leave_places_to_the_others() {
        let places = Places::new(&Limits::default());
        let mut held = Vec::new();
        for from in 1..=20 {
            held.push(hold(|| places.connection(address(from), false)));
        }
        let counts: Vec<usize> = held.iter().map(Vec::len).collect();
        assert_eq!((&counts[..12], counts[12..].iter().sum()), (&[32; 12][..], 0_usize));
        let known = hold(|| places.connection(address(1), true));
        assert_eq!(known.len(), 128, "kept for those who have one");
        drop(known);
        assert!(places.connection(address(99), false).is_none(), "there are as many as may be");
        held.remove(3);
        assert!(places.connection(address(99), false).is_some(), "given back");

        let own = hold(|| places.answer(address(1), false));
        assert_eq!(own.len(), 16);
        let others: Vec<_> = (2..9).map(|from| hold(|| places.answer(address(from), false))).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), 32);
        assert_eq!(hold(|| places.answer(address(1), true)).len(), 16);
    }

    #[test]
    fn no_officer_holds_more_than_half_of_the_bundles() {
        let places = Places::new(&Limits::default());
        let one = hold(|| places.bundle("auditor", "a"));
        assert_eq!(one.len(), 4);
        assert_eq!(hold(|| places.bundle("auditor", "b")).len(), 4, "of the same system");
        let other = hold(|| places.bundle("other", "a"));
        assert_eq!(other.len(), 4);
        assert!(places.bundle("third", "c").is_none());
        drop(one);
        assert!(places.bundle("auditor", "a").is_some());
    }

    #[test]
    fn small_limits_leave_a_place_to_either() {
        let limits = Limits { max_connections: 4, max_connections_per_address: 2, ..Limits::default() };
        let places = Places::new(&limits);
        let unknown: Vec<_> = (1..9).filter_map(|from| places.connection(address(from), false)).collect();
        assert_eq!((unknown.len(), hold(|| places.connection(address(1), true)).len()), (3, 1));
    }

    #[test]
    fn a_network_is_one() {
        let places = Places::new(&Limits::default());
        let of = |text: &str| text.parse::<IpAddr>().unwrap();
        let held = hold(|| places.answer(of("2001:db8:0:1::1"), false));
        assert!(places.answer(of("2001:db8:0:1:ffff::2"), false).is_none());
        assert!(places.answer(of("2001:db8:0:2::1"), false).is_some());
        drop(held);
        let _held = hold(|| places.answer(of("::ffff:192.0.2.1"), false));
        assert!(places.answer(address(1), false).is_none(), "written another way");
        assert!(places.answer(address(2), false).is_some());
    }
}
