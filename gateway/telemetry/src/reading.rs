//! A reading: what all the numbers were at one moment. Whoever scrapes and the
//! collector are told from the same kind of reading.

use crate::instrument::{Instrument, Kind};
use crate::number::Histogram;

/// A room that counts something.
pub trait Source: Send + Sync {
    /// Puts what it counted into the reading.
    fn read(&self, reading: &mut Reading);
}

/// Everything that was counted, by instrument.
#[derive(Debug, Default)]
pub struct Reading {
    families: Vec<Family>,
}

/// All that was counted under one name.
#[derive(Debug)]
pub struct Family {
    /// What.
    pub instrument: &'static Instrument,
    /// One per set of attributes.
    pub points: Vec<Point>,
}

/// What was counted under one set of attributes.
#[derive(Debug)]
pub struct Point {
    /// Which part of it: keys and values.
    pub attributes: Vec<Attribute>,
    /// How many, how much.
    pub value: Value,
}

/// A key and its value.
pub type Attribute = (&'static str, Label);

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// A word of a closed set.
    Word(&'static str),
    /// A name out of the configuration.
    Name(String),
    /// A number out of a closed set.
    Number(u16),
}

/// How many, how much.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a counter.
    Count(u64),
    /// Of a gauge.
    Level(f64),
    /// Of a histogram.
    Spread {
        /// The upper bounds, in the instrument's unit.
        bounds: Vec<f64>,
        /// How many fell under each bound and above the one before; then how
        /// many above all.
        buckets: Vec<u64>,
        /// All of them together, in the instrument's unit.
        sum: f64,
    },
}

// === impl Reading ===

impl Reading {
    /// What these rooms counted.
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a dyn Source>) -> Self {
        let mut reading = Self::default();
        sources.into_iter().for_each(|source| source.read(&mut reading));
        reading
    }

    /// A counter.
    pub fn count(&mut self, instrument: &'static Instrument, attributes: Vec<Attribute>, count: u64) {
        self.point(instrument, attributes, Value::Count(count));
    }

    /// A counter that is only told once it counted something: of a large set
    /// of labels most never occur.
    pub fn count_if_any(&mut self, instrument: &'static Instrument, attributes: Vec<Attribute>, count: u64) {
        if count > 0 {
            self.count(instrument, attributes, count);
        }
    }

    /// A gauge.
    pub fn level(&mut self, instrument: &'static Instrument, attributes: Vec<Attribute>, level: f64) {
        self.point(instrument, attributes, Value::Level(level));
    }

    /// A histogram, once it counted something. `attributes` is asked then.
    pub fn spread(
        &mut self,
        instrument: &'static Instrument,
        histogram: &Histogram,
        attributes: impl FnOnce() -> Vec<Attribute>,
    ) {
        let Kind::Histogram { bounds, per_unit } = instrument.kind else { return };
        let counted = histogram.read();
        if counted.count() == 0 {
            return;
        }
        let value = Value::Spread {
            bounds: bounds.iter().map(|bound| in_units(*bound, per_unit)).collect(),
            sum: in_units(counted.sum, per_unit),
            buckets: counted.buckets,
        };
        self.point(instrument, attributes(), value);
    }

    /// What was counted, in the order of the table.
    pub fn families(mut self) -> Vec<Family> {
        let place = |family: &Family| {
            crate::instrument::ALL.iter().position(|known| known.name == family.instrument.name)
        };
        self.families.sort_by_key(place);
        self.families
    }

    fn point(&mut self, instrument: &'static Instrument, attributes: Vec<Attribute>, value: Value) {
        let point = Point { attributes, value };
        match self.families.iter_mut().find(|family| family.instrument.name == instrument.name) {
            Some(family) => family.points.push(point),
            None => self.families.push(Family { instrument, points: vec![point] }),
        }
    }
}

/// Exact for every count below 2^53: about a hundred days in nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "a sum that large is told to sixteen digits")]
fn in_units(count: u64, per_unit: f64) -> f64 {
    count as f64 / per_unit
}

// === impl Label ===

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl From<&'static str> for Label {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

#[cfg(test)]
mod tests;
