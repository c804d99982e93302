//! The words of Motlan: identifiers, names, dates, records, questions, answers
//! and the reasons a question is refused.
//!
//! **In scope**: values and pure decisions about them. **Out of scope**: I/O,
//! async, real time, protobuf, SQL. Every other room builds on this one; this
//! one builds on none.

pub mod answer;
pub mod clock;
pub mod codes;
pub mod dataset;
pub mod date;
pub mod freshness;
pub mod id;
pub mod identity;
pub mod name;
pub mod place;
pub mod purpose;
pub mod question;
pub mod reason;
pub mod record;
pub mod subject;
pub mod trace;

pub use answer::{Completeness, Fetched, IncompleteCause, Outcome, Unfinished};
pub use clock::{Clock, ManualClock};
pub use dataset::{Dataset, FieldId, FieldSet, Registry};
pub use freshness::{CachePolicy, CacheScope, CacheState};
pub use purpose::{Evidence, Purpose};
pub use question::{Operation, Question};
pub use reason::Reason;
pub use record::Record;
pub use subject::{Link, SubjectKey, SubjectKind};
pub use trace::Trace;
