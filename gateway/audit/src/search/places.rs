//! From filters to the places of the entries that match all of them.
//!
//! The most telling filter leads: its list of places is walked, and each entry
//! held against the others. Without one, the entries themselves are walked.

use motlan_audit_tree::Outcome;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Order, SearchQuery};
use crate::index::postings::{self, Role};
use crate::index::{find_word, signed};

/// A query in the words of the index.
pub(super) struct Wanted {
    lead: Option<(Role, i64)>,
    /// By the column of the entry that holds it.
    others: Vec<(usize, i64)>,
    /// Any of these; none: all.
    kinds: Vec<i64>,
}

/// How far a page goes.
pub(super) struct Bounds {
    /// Entries found.
    pub(super) found: usize,
    /// Entries looked at: two filters that many entries meet, and few both, would
    /// have one request walk the whole log.
    pub(super) looked_at: usize,
}

/// What a page holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Index and position of each entry found.
    pub(super) found: Vec<(u64, u64)>,
    /// The entry looked at last, where the page ends for having looked at so many.
    pub(super) broke_off: Option<u64>,
}

/// What an entry is held against, in the order of [`COLUMNS`].
const ENTRY: &str =
    "SELECT idx, position, kind, outcome, agency, officer, procedure, dossier FROM entries WHERE idx ";

/// The most telling first: where each stands in [`ENTRY`].
const COLUMNS: [(Role, usize); 5] =
    [(Role::Dossier, 7), (Role::Officer, 5), (Role::Procedure, 6), (Role::Agency, 4), (Role::Outcome, 3)];
const KIND: usize = 2;

// === impl Wanted ===

impl Wanted {
    /// `None` where no entry can match: a word that no entry has.
    pub(super) fn of(
        connection: &Connection,
        query: &SearchQuery,
        pseudonym: Option<&str>,
    ) -> rusqlite::Result<Option<Self>> {
        let mut wanted = Self { lead: None, others: Vec::new(), kinds: Vec::new() };
        if let Some(pseudonym) = pseudonym {
            let Some(word) = find_word(connection, pseudonym)? else { return Ok(None) };
            wanted.lead = Some((Role::Subject, word));
        }
        for (role, column) in COLUMNS {
            let Some(text) = filter(query, role) else { continue };
            let Some(word) = find_word(connection, text)? else { return Ok(None) };
            if wanted.lead.is_none() {
                wanted.lead = Some((role, word));
            } else {
                wanted.others.push((column, word));
            }
        }
        for kind in &query.kinds {
            wanted.kinds.extend(find_word(connection, kind.as_str())?);
        }
        if !query.kinds.is_empty() && wanted.kinds.is_empty() {
            return Ok(None);
        }
        // One kind is worth its list; several are a filter.
        if let (None, &[kind]) = (wanted.lead, &wanted.kinds[..]) {
            wanted.lead = Some((Role::Kind, kind));
            wanted.kinds.clear();
        }
        Ok(Some(wanted))
    }

    /// The first entries from `low` to below `high`.
    pub(super) fn find(
        &self,
        connection: &Connection,
        (low, high): (u64, u64),
        order: Order,
        bounds: &Bounds,
    ) -> rusqlite::Result<Places> {
        let newest_first = order == Order::NewestFirst;
        let (mut places, mut looked_at) = (Places::default(), 0);
        // Whether to go on behind that entry.
        let mut look = |index: u64, entry: Option<(u64, u64)>| {
            places.found.extend(entry);
            looked_at += 1;
            if places.found.len() >= bounds.found {
                return false;
            }
            let broken_off = looked_at >= bounds.looked_at;
            places.broke_off = broken_off.then_some(index);
            !broken_off
        };
        let Some(lead) = self.lead else {
            let order = if newest_first { "DESC" } else { "ASC" };
            let sql = format!("{ENTRY} >= ?1 AND idx < ?2 ORDER BY idx {order}");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![signed(low), signed(high)])?;
            while let Some(row) = rows.next()? {
                let index = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
                if !look(index, self.matched(row)?) {
                    break;
                }
            }
            return Ok(places);
        };
        let mut statement = connection.prepare_cached(&format!("{ENTRY} = ?1"))?;
        postings::walk(connection, lead, (low, high), newest_first, |index| {
            let entry = statement.query_row([signed(index)], |row| self.matched(row)).optional()?;
            Ok(look(index, entry.flatten()))
        })?;
        Ok(places)
    }

    /// Index and position of an entry, if it is one that is wanted.
    fn matched(&self, row: &Row<'_>) -> rusqlite::Result<Option<(u64, u64)>> {
        if !self.kinds.is_empty() && !self.kinds.contains(&row.get(KIND)?) {
            return Ok(None);
        }
        for (column, word) in &self.others {
            if row.get::<_, Option<i64>>(*column)? != Some(*word) {
                return Ok(None);
            }
        }
        let number =
            |column| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0));
        Ok(Some((number(0)?, number(1)?)))
    }
}

fn filter(query: &SearchQuery, role: Role) -> Option<&str> {
    match role {
        Role::Dossier => query.dossier.as_deref(),
        Role::Officer => query.officer.as_deref(),
        Role::Procedure => query.procedure.as_deref(),
        Role::Agency => query.agency.as_deref(),
        Role::Outcome => query.outcome.map(Outcome::as_str),
        // These are not compared with a column.
        Role::Subject | Role::Kind => None,
    }
}
