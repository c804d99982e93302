//! Who holds what of the listener at a time: connections, answers, bundles, denials.
//! Anybody may come, so nobody but callers holds more than a share, of one address
//! or of all together; no caller holds more than a quarter, and no officer more than
//! half of the bundles. What is denied is recorded in places of its own: it keeps
//! no auditor out. Whoever finds no place is told to come back; nobody waits for one.

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

/// Of one address, connections of those who are no callers.
const UNKNOWN_OF_AN_ADDRESS: usize = 32;

/// Answers at a time: of hashes and signatures; and of bundles, which may be long.
const ANSWERS: usize = 64;
const BUNDLES: usize = 8;

/// Of one address, answers to those who are no callers.
const ANSWERS_OF_AN_ADDRESS: usize = 16;

/// Denials that are being recorded at a time, and of one who asks.
const DENIALS: (usize, usize) = (8, 2);

/// Who reads: a configured caller, by whatever certificate and from wherever, or
/// anybody, by the address. A certificate alone makes nobody a caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Reader {
    Caller(Arc<str>),
    Anybody(IpAddr),
}

/// The places of the listener.
pub(super) struct Places {
    connections: Shared<Reader>,
    answers: Shared<Reader>,
    bundles: Shared<Box<str>>,
    of_callers: Shared<Box<str>>,
    denials: Shared<Reader>,
}

/// Places for all, so many of them for those who are no callers.
struct Shared<K> {
    all: Arc<Semaphore>,
    anybody: Arc<Semaphore>,
    held: Mutex<HashMap<K, Weak<Semaphore>>>,
    /// Of one caller, and of one who is none.
    each: (usize, usize),
}

/// Places that are held; dropping it gives them back.
pub(super) struct Held(Vec<OwnedSemaphorePermit>);

// === impl Places ===

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let connections = CONNECTIONS.min(limits.max_connections);
        let each = UNKNOWN_OF_AN_ADDRESS.min(most(Self::of_an_address(limits)));
        Self {
            connections: Shared::new(connections, (quarter(connections), each)),
            answers: Shared::new(ANSWERS, (quarter(ANSWERS), ANSWERS_OF_AN_ADDRESS)),
            bundles: Shared::new(BUNDLES, (BUNDLES / 2, 0)),
            of_callers: Shared::new(BUNDLES, (BUNDLES * 3 / 4, 0)),
            denials: Shared::new(DENIALS.0, (DENIALS.1, DENIALS.1)),
        }
    }

    /// Connections of one address, of callers or others.
    pub(super) fn of_an_address(limits: &Limits) -> usize {
        OF_AN_ADDRESS.min(limits.max_connections_per_address)
    }

    /// Connections that may be in handshake.
    pub(super) fn in_handshake(limits: &Limits) -> usize {
        CONNECTIONS.min(limits.max_handshakes)
    }

    /// A place for a connection, past its handshake.
    pub(super) fn connection(&self, reader: &Reader) -> Option<Held> {
        self.connections.place(reader.clone(), reader.is_caller())
    }

    /// A place for an answer that is for anybody.
    pub(super) fn answer(&self, reader: &Reader) -> Option<Held> {
        self.answers.place(reader.clone(), reader.is_caller())
    }

    /// A place for a bundle, for an officer of a caller.
    pub(super) fn bundle(&self, caller: &str, officer: &str) -> Option<Held> {
        let mut held = self.of_callers.place(caller.into(), true)?;
        held.0.extend(self.bundles.place(format!("{caller}\n{officer}").into(), true)?.0);
        Some(held)
    }

    /// A place for recording that a bundle was denied.
    pub(super) fn denial(&self, reader: &Reader) -> Option<Held> {
        self.denials.place(reader.clone(), reader.is_caller())
    }
}

// === impl Reader ===

impl Reader {
    /// Somebody at that address.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Anybody(network(address))
    }

    const fn is_caller(&self) -> bool {
        matches!(self, Self::Caller(_))
    }
}

/// Of so many, what those who are no callers hold at most: the rest is kept for
/// callers.
const fn most(all: usize) -> usize {
    let share = all / 4 * 3;
    if share == 0 { 1 } else { share }
}

/// Of so many, what one caller holds at most.
const fn quarter(all: usize) -> usize {
    if all < 4 { 1 } else { all / 4 }
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
    fn new(all: usize, each: (usize, usize)) -> Self {
        let semaphore = |places| Arc::new(Semaphore::new(places));
        Self { all: semaphore(all), anybody: semaphore(most(all)), each, held: Mutex::default() }
    }

    /// A place, for a caller or for one who is none.
    fn place(&self, one: K, caller: bool) -> Option<Held> {
        let each = if caller { self.each.0 } else { self.each.1 };
        let mut held = Vec::with_capacity(3);
        held.push(self.own(one, each).try_acquire_owned().ok()?);
        if !caller {
            held.push(Arc::clone(&self.anybody).try_acquire_owned().ok()?);
        }
        held.push(Arc::clone(&self.all).try_acquire_owned().ok()?);
        Some(Held(held))
    }

    fn own(&self, one: K, each: usize) -> Arc<Semaphore> {
        let mut held = self.held.lock();
        if let Some(own) = held.get(&one).and_then(Weak::upgrade) {
            return own;
        }
        // Those that have gone are forgotten when somebody new comes.
        held.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(each));
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

    fn address(last: u8) -> Reader {
        Reader::at([192, 0, 2, last].into())
    }

    fn caller(name: &str) -> Reader {
        Reader::Caller(name.into())
    }

    #[test]
    fn those_who_are_no_callers_leave_places_to_the_others() {
        let places = Places::new(&Limits::default());
        let mut held = Vec::new();
        for from in 1..=20 {
            held.push(hold(|| places.connection(&address(from))));
        }
        let counts: Vec<usize> = held.iter().map(Vec::len).collect();
        assert_eq!((&counts[..12], counts[12..].iter().sum()), (&[32; 12][..], 0_usize));
        let known = hold(|| places.connection(&caller("auditor")));
        assert_eq!(known.len(), 128, "kept for those who are");
        drop(known);
        assert!(places.connection(&address(99)).is_none(), "there are as many as may be");
        held.remove(3);
        assert!(places.connection(&address(99)).is_some(), "given back");

        let own = hold(|| places.answer(&address(1)));
        assert_eq!(own.len(), 16);
        let others: Vec<_> = (2..9).map(|from| hold(|| places.answer(&address(from)))).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), 32);
        assert_eq!(hold(|| places.answer(&caller("auditor"))).len(), 16);
    }

    #[test]
    fn no_caller_holds_more_than_a_quarter() {
        let places = Places::new(&Limits::default());
        let connections = hold(|| places.connection(&caller("one")));
        let answers = hold(|| places.answer(&caller("one")));
        assert_eq!((connections.len(), answers.len()), (128, 16));
        let others: Vec<_> = ["two", "three"]
            .map(|name| (hold(|| places.connection(&caller(name))), hold(|| places.answer(&caller(name)))))
            .into();
        assert!(others.iter().all(|(connections, answers)| (connections.len(), answers.len()) == (128, 16)));
        assert!(places.connection(&address(1)).is_some() && places.answer(&address(1)).is_some());
        drop(connections);
        assert_eq!(hold(|| places.connection(&caller("one"))).len(), 128, "given back");
    }

    /// What is denied is recorded beside what is given, and of nobody more than a few.
    #[test]
    fn denials_have_places_of_their_own() {
        let places = Places::new(&Limits::default());
        let mut held: Vec<_> = (1..9).map(|from| hold(|| places.denial(&address(from)))).collect();
        assert_eq!(held.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 0, 0, 0, 0, 0]);
        held.push(hold(|| places.denial(&caller("portal"))));
        assert_eq!(held.last().map(Vec::len), Some(2));
        assert!(places.denial(&caller("other")).is_none());
        assert_eq!(hold(|| places.bundle("auditor", "a")).len(), 4);
        assert_eq!(hold(|| places.answer(&caller("auditor"))).len(), 16);
    }

    #[test]
    fn no_officer_holds_more_than_half_of_the_bundles() {
        let places = Places::new(&Limits::default());
        let one = hold(|| places.bundle("auditor", "a"));
        assert_eq!(one.len(), 4);
        assert_eq!(hold(|| places.bundle("auditor", "b")).len(), 2, "of the same system");
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
        let unknown: Vec<_> = (1..9).filter_map(|from| places.connection(&address(from))).collect();
        assert_eq!((unknown.len(), hold(|| places.connection(&caller("auditor"))).len()), (3, 1));
    }

    #[test]
    fn a_network_is_one() {
        let places = Places::new(&Limits::default());
        let of = |text: &str| Reader::at(text.parse().unwrap());
        let held = hold(|| places.answer(&of("2001:db8:0:1::1")));
        assert!(places.answer(&of("2001:db8:0:1:ffff::2")).is_none());
        assert!(places.answer(&of("2001:db8:0:2::1")).is_some());
        drop(held);
        let _held = hold(|| places.answer(&of("::ffff:192.0.2.1")));
        assert!(places.answer(&address(1)).is_none(), "written another way");
        assert!(places.answer(&address(2)).is_some());
    }
}
