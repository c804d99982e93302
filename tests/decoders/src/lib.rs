//! Every decoder that reads bytes of a registry, as a target to throw bytes at:
//! one [`feed`] for the fuzzer (`tests/fuzz`), for the replay of its corpus on
//! stable Rust, and for whoever hunts a single input.
//!
//! **In scope**: the targets, and what must hold of whatever a decoder makes of
//! an input ([`feed`] panics where it does not: that is how a fuzzer hears of
//! it). **Out of scope**: sockets, and what a right answer means; that is for
//! the tests of each adapter.
//!
//! What holds, whatever the bytes: no panic; the same bytes read the same
//! twice; a record handed on is about whom was asked; one passed off as whole
//! has all that its contract makes mandatory; no text in it is longer or
//! stranger than a datum may be; an error holds a cause or a short plain code;
//! and nothing of the input stands in a `Debug` or a message.
//!
//! The first line of an input names the subject asked about, where a target has
//! one: so any recorded answer is one input, about its own subject.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "an invariant that does not hold is a panic: that is how a fuzzer hears of it"
)]

mod asked;
mod business;
pub mod corpus;
mod insurance;
mod invariants;
mod land;
mod population;
mod text;
mod transport;
mod whole;

/// One decoder and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of the fuzz target's file and of its corpus folder.
    pub name: &'static str,
    /// What becomes of the bytes.
    pub feed: fn(&[u8]) -> Verdict,
}

/// What a decoder made of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A whole answer.
    Whole,
    /// An answer that says it is not whole.
    Partly,
    /// A whole answer: there is no such record.
    NotFound,
    /// The registry's own refusal, in its own form.
    Refused,
    /// Nothing that the contract knows.
    Malformed,
}

/// Every target. A decoder that is added belongs here; the replay fails where
/// one has no fuzz target or no corpus.
pub const TARGETS: &[Target] = &[
    Target { name: "population_person", feed: population::person },
    Target { name: "population_household", feed: population::household },
    Target { name: "population_confirmation", feed: population::confirmation },
    Target { name: "population_status", feed: population::status },
    Target { name: "business_enterprise", feed: business::enterprise },
    Target { name: "insurance_search", feed: insurance::search },
    Target { name: "insurance_participation", feed: insurance::participation },
    Target { name: "insurance_health_card", feed: insurance::health_card },
    Target { name: "land_certificate", feed: land::certificate },
    Target { name: "land_certificates", feed: land::certificates },
    Target { name: "land_parcel", feed: land::parcel },
    Target { name: "transport_token", feed: transport::token },
    Target { name: "transport_refusal", feed: transport::refusal },
    Target { name: "transport_json", feed: transport::json_text },
    Target { name: "transport_xml", feed: transport::xml_text },
];

/// Feeds bytes to the target of that name.
///
/// # Panics
/// Where there is no such target, and where something does not hold that must
/// hold whatever the bytes.
pub fn feed(target: &str, bytes: &[u8]) -> Verdict {
    let known = TARGETS.iter().find(|known| known.name == target);
    (known.expect("a target of that name").feed)(bytes)
}
