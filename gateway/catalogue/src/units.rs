//! Administrative units (*đơn vị hành chính*), dated: a code means nothing
//! without its level and a day (22366 was Phường Tân Tiến, now Phường Nha Trang).

use std::collections::BTreeMap;

use jiff::civil::Date;
use motlan_domain::place::{AdminUnitKey, UnitLevel};
use serde::Deserialize;

use crate::error::{Mistakes, Problem};

/// A province, district or commune during its validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminUnit {
    /// The Statistics Office's code: 2, 3 or 5 digits by level.
    pub code: String,
    /// Its level.
    pub level: UnitLevel,
    /// Full Vietnamese name, e.g. `Phường Nha Trang`.
    pub name: String,
    /// The unit above it; provinces have none.
    pub parent: Option<String>,
    /// First day; `None` where the source does not say (before 2025).
    pub valid_from: Option<Date>,
    /// Last day; `None` while it exists.
    pub valid_to: Option<Date>,
    /// Codes of the units that some or all of its territory came from.
    pub predecessors: Vec<String>,
    /// Codes of the units that some or all of its territory went to.
    pub successors: Vec<String>,
}

/// How two commune codes agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceAgreement {
    /// They mean one commune.
    Same,
    /// One was, or was read as, a former commune of which some territory went
    /// to the other: an address at village level is needed to decide.
    Possible,
    /// They do not.
    Different,
}

/// Every unit, by level and code.
#[derive(Debug, Default)]
pub struct AdminUnits(BTreeMap<(UnitLevel, String), Vec<AdminUnit>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnit {
    code: String,
    level: UnitLevel,
    name: String,
    #[serde(rename = "type")]
    _kind: String,
    parent_code: Option<String>,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
    predecessors: String,
    successors: String,
}

// === impl AdminUnits ===

impl AdminUnits {
    /// The unit that a code of that level means on a day.
    pub fn unit(&self, code: &str, level: UnitLevel, on: Date) -> Option<&AdminUnit> {
        self.0.get(&(level, code.to_owned()))?.iter().find(|unit| unit.valid_on(on))
    }

    /// The unit that a key names.
    pub fn by_key(&self, key: &AdminUnitKey) -> Option<&AdminUnit> {
        self.unit(&key.code, key.level, key.valid_on)
    }

    /// The province a commune or district belongs to on a day.
    pub fn province_of(&self, code: &str, level: UnitLevel, on: Date) -> Option<&AdminUnit> {
        let unit = self.unit(code, level, on)?;
        match (unit.level, unit.parent.as_deref()) {
            (UnitLevel::Province, _) => Some(unit),
            (_, None) => None,
            (_, Some(parent)) => self.unit(parent, UnitLevel::Province, on).or_else(|| {
                self.province_of(parent, UnitLevel::District, on).filter(|_| level == UnitLevel::Commune)
            }),
        }
    }

    /// The units of a level on a day, by code.
    pub fn on(&self, level: UnitLevel, on: Date) -> impl Iterator<Item = &AdminUnit> {
        self.0.values().flatten().filter(move |unit| unit.level == level && unit.valid_on(on))
    }

    /// How a commune code that a source sent agrees with the commune `now` on
    /// that day. Sources may still carry the codes of before 1 July 2025.
    pub fn agreement(&self, sent: &str, now: &str, on: Date) -> PlaceAgreement {
        if self.unit(now, UnitLevel::Commune, on).is_none() {
            return PlaceAgreement::Different;
        }
        if sent == now {
            return PlaceAgreement::Same;
        }
        let rows = self.0.get(&(UnitLevel::Commune, sent.to_owned())).map(Vec::as_slice).unwrap_or_default();
        let went_to_now =
            |unit: &&AdminUnit| !unit.valid_on(on) && unit.successors.iter().any(|code| code == now);
        match rows.iter().find(went_to_now) {
            None => PlaceAgreement::Different,
            // The code has no other reading, and all of its territory went there.
            Some(unit) if rows.len() == 1 && unit.successors.len() == 1 => PlaceAgreement::Same,
            Some(_) => PlaceAgreement::Possible,
        }
    }

    /// Whether a commune code that a source sent may mean the commune `now` on
    /// that day: the same unit, or a unit of the past of which it took over some
    /// territory. A code that has a meaning on the day keeps it: only a code
    /// that has none is read as of the past. Where a paper hangs on it, ask
    /// [`agreement`](Self::agreement): some of a split unit is not all of it.
    pub fn may_be(&self, sent: &str, now: &str, on: Date) -> bool {
        if self.unit(sent, UnitLevel::Commune, on).is_some() {
            return sent == now;
        }
        self.unit(now, UnitLevel::Commune, on)
            .is_some_and(|unit| unit.predecessors.iter().any(|code| code == sent))
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn parse(file: &str, text: &str, mistakes: &mut Mistakes) -> Self {
        let mut units: BTreeMap<_, Vec<AdminUnit>> = BTreeMap::new();
        for (row, read) in csv::Reader::from_reader(text.as_bytes()).deserialize::<RawUnit>().enumerate() {
            let raw = match read {
                Ok(raw) => raw,
                Err(error) => {
                    let line = format!("line {}", row + 2);
                    mistakes.push(file, &line, Problem::malformed(&error.to_string()));
                    continue;
                }
            };
            let unit = AdminUnit::from_raw(raw);
            let rows = units.entry((unit.level, unit.code.clone())).or_default();
            if rows.iter().any(|known| known.overlaps(&unit)) {
                mistakes.push(file, &unit.code, Problem::Duplicate { what: "code", name: unit.code.clone() });
            }
            rows.push(unit);
        }
        Self(units)
    }
}

// === impl AdminUnit ===

impl AdminUnit {
    /// Whether the unit exists on that day.
    pub fn valid_on(&self, on: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_to.is_none_or(|to| on <= to)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let starts_before_end = |a: &Self, b: &Self| match (a.valid_from, b.valid_to) {
            (Some(from), Some(to)) => from <= to,
            _ => true,
        };
        starts_before_end(self, other) && starts_before_end(other, self)
    }

    fn from_raw(raw: RawUnit) -> Self {
        let codes = |list: &str| list.split(';').filter(|code| !code.is_empty()).map(str::to_owned).collect();
        Self {
            code: raw.code,
            level: raw.level,
            name: raw.name,
            parent: raw.parent_code,
            valid_from: raw.valid_from,
            valid_to: raw.valid_to,
            predecessors: codes(&raw.predecessors),
            successors: codes(&raw.successors),
        }
    }
}
