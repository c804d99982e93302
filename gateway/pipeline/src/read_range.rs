//! Reading the log whole: ranges with their proof, and what opens the creation
//! of subjects. Every page and every chunk is an entry before it leaves.

use motlan_access::Identity;
use motlan_audit::{Filter, Part, Pinned, Pseudonym, RangePage, SearchQuery, SubjectOpening, Text};

use crate::Pipeline;
use crate::read_log::{ReadError, read_error};
use crate::sealed::Sealed;

/// Which subjects are to be opened.
#[derive(Debug, Clone)]
pub enum Openings {
    /// All that were created in a range of the log.
    Created,
    /// These.
    Of(Vec<Pseudonym>),
}

/// Openings under way: chunk by chunk, against one tree.
pub struct Opener {
    identity: Identity,
    wanted: Openings,
    pinned: Pinned,
    /// Where the next chunk begins; none behind the last.
    next: Option<u64>,
    trace: String,
}

/// A chunk of openings.
#[derive(Debug)]
pub struct Opened {
    /// The openings.
    pub openings: Vec<SubjectOpening>,
    /// The tree they are proved against.
    pub pinned: Pinned,
}

// === impl Pipeline ===

impl Pipeline {
    /// A page of a range of the log, whole.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_range(
        &self,
        identity: &Identity,
        query: SearchQuery,
        part: Part,
        trace: &str,
    ) -> Result<Sealed<RangePage>, ReadError> {
        let permit = self.may_read_log(identity, trace).await?;
        // The entry says which part was read, not which was asked for.
        let query = SearchQuery { index_from: 0, index_to: None, ..query };
        let mut filters = self.filters(&query).await?;
        let log = self.ledger().log();
        let pinned = log.pin(part).await.map_err(|error| read_error(&error))?;
        let page = log.read_range(&query, pinned).await.map_err(|error| read_error(&error))?;
        filters.extend(range_filters(page.pinned.range.from, page.pinned.range.to));
        filters.push(named("prove_range", None));
        let receipt = self.log_read(&permit, filters, page.entries.len() as u64, trace).await?;
        Ok(Sealed::new(page, receipt, None))
    }

    /// Begins to open subjects.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn begin_openings(
        &self,
        identity: &Identity,
        wanted: Openings,
        part: Part,
        trace: &str,
    ) -> Result<Opener, ReadError> {
        self.may_read_log(identity, trace).await?;
        let pinned = self.ledger().log().pin(part).await.map_err(|error| read_error(&error))?;
        let next = Some(pinned.range.from);
        Ok(Opener { identity: identity.clone(), wanted, pinned, next, trace: trace.to_owned() })
    }

    /// The next chunk; none behind the last. There is at least one, which may be
    /// empty: that it was asked for is recorded.
    ///
    /// # Errors
    /// See [`ReadError`]; the opening is over.
    pub async fn open_next(&self, opener: &mut Opener) -> Result<Option<Sealed<Opened>>, ReadError> {
        let Some(from) = opener.next.take() else { return Ok(None) };
        // Asked again each time: a token ends, and so does a policy.
        let permit = self.may_read_log(&opener.identity, &opener.trace).await?;
        let log = self.ledger().log();
        let (openings, mut filters) = match &opener.wanted {
            Openings::Created => {
                let opened = log.openings_in(&opener.pinned, from).await;
                let (openings, next) = opened.map_err(|error| read_error(&error))?;
                opener.next = next;
                let to = next.unwrap_or(opener.pinned.range.to);
                (openings, range_filters(from, to).into())
            }
            Openings::Of(pseudonyms) => {
                let opened = log.openings_of(&opener.pinned, pseudonyms).await;
                let openings = opened.map_err(|error| read_error(&error))?;
                // Not as a search about them: what they did is not told.
                let opened = |pseudonym: &Pseudonym| named("opened", Some(pseudonym.as_str().to_owned()));
                (openings, pseudonyms.iter().map(opened).collect::<Vec<_>>())
            }
        };
        filters.push(named("open_subjects", None));
        let receipt = self.log_read(&permit, filters, openings.len() as u64, &opener.trace).await?;
        let opened = Opened { openings, pinned: opener.pinned.clone() };
        Ok(Some(Sealed::new(opened, receipt, None)))
    }
}

/// A filter as an entry shows it.
pub(crate) fn named(name: &'static str, value: Option<String>) -> Filter {
    Filter { name: Text::new_static(name), value: value.map(Text::from) }
}

/// The part of the log that was read.
pub(crate) fn range_filters(from: u64, to: u64) -> [Filter; 2] {
    [named("index_from", Some(from.to_string())), named("index_to", Some(to.to_string()))]
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("next", &self.next).finish_non_exhaustive()
    }
}
