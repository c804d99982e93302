//! Ranges of the log, whole: every entry from one index to another with a proof
//! that none was left out, and what opens the creation of its subjects.
//!
//! What is told of a subject here is a keyed hash and the random bytes of a
//! commitment, never an identifier and never a key.

use std::sync::Arc;

use motlan_audit_tree::filter::{EntryFilter, Sought};
use motlan_audit_tree::{Kind, LeafRange, NodeHash, SignedCheckpoint};

use crate::error::AuditError;
use crate::identifier::Identifier;
use crate::log::AuditLog;
use crate::search::{Found, Order, SearchPage, SearchQuery, found};
use crate::subjects::Pseudonym;
use crate::tree::{Published, TreeError};

/// Bytes of entries after which a page ends, so that it fits a message.
const PAGE_BYTES: usize = 2 << 20;

/// Entries of a page unless told otherwise, and at most.
const PAGE: (u32, u32) = (50, 200);

/// Openings told at a time.
pub const OPENINGS: usize = 100;

/// Which part of the log, and against which tree it is to be proved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    /// The first index.
    pub from: u64,
    /// The index behind the last; none for the end of the tree.
    pub to: Option<u64>,
    /// The size of the tree; none for the newest published one.
    pub size: Option<u64>,
}

/// A part of the log against one tree.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The indices.
    pub range: LeafRange,
    /// The size of the tree.
    pub size: u64,
    /// The newest checkpoint: of that size, unless another one was asked for.
    pub newest: Arc<SignedCheckpoint>,
}

/// A page of a range.
#[derive(Debug, Clone)]
pub struct RangePage {
    /// Every entry of the page.
    pub entries: Vec<Found>,
    /// The indices of those that match.
    pub matching: Vec<u64>,
    /// What the page holds, and the tree it is proved against.
    pub pinned: Pinned,
    /// The index behind the whole range.
    pub end: u64,
    /// The proof.
    pub proof: Vec<NodeHash>,
    /// Whom the search is about.
    pub asked: Option<AskedSubject>,
}

/// Whom a search is about, as auditors are told.
#[derive(Clone)]
pub struct AskedSubject {
    /// The keyed hash of the identifier.
    pub keyed_hash: [u8; 32],
    /// The pseudonym, if the tree holds its creation.
    pub pseudonym: Option<Pseudonym>,
}

/// What opens a pseudonym.
#[derive(Clone)]
pub struct SubjectOpening {
    /// The `subject.created` entry.
    pub created: Found,
    /// Its inclusion proof.
    pub created_proof: Vec<NodeHash>,
    /// The random bytes of the commitment, and the keyed hash; none once the
    /// subject was erased.
    pub opened: Option<([u8; 32], [u8; 32])>,
    /// The `subject.erased` entry and its inclusion proof, if there is one.
    pub erased: Option<(Found, Vec<NodeHash>)>,
}

// === impl SearchQuery ===

impl SearchQuery {
    /// The filters, as an entry is held against them.
    pub fn filter(&self, sought: Option<Sought>) -> EntryFilter {
        EntryFilter {
            dossier: self.dossier.clone(),
            subject: sought,
            agency: self.agency.clone(),
            officer: self.officer.clone(),
            procedure: self.procedure.clone(),
            outcome: self.outcome,
            kinds: self.kinds.clone(),
            from: self.from,
            to: self.to,
        }
    }
}

// === impl AuditLog ===

impl AuditLog {
    /// Which entries are meant, against which tree. Waits a moment for a
    /// checkpoint that covers them; where no end is named, all that is durable now.
    ///
    /// # Errors
    /// [`AuditError::Tree`] where the log has no such part.
    pub async fn pin(&self, part: Part) -> Result<Pinned, AuditError> {
        let durable = self.inner.sequencer.durable();
        let needed = part.size.or(part.to).unwrap_or(durable);
        let newest = self.checkpoint_covering(needed).await;
        let published = newest.head().size;
        let size = part.size.unwrap_or(published);
        let range = LeafRange { from: part.from, to: part.to.unwrap_or(size) };
        if range.from >= range.to || range.to > size || size > published {
            return Err(TreeError::OutOfRange { published }.into());
        }
        Ok(Pinned { range, size, newest })
    }

    /// The next page of a range: every entry, and which of them match. The
    /// filters are those of `query`; its order, indices and token are not
    /// looked at.
    ///
    /// Reading the log is itself to be recorded: the caller appends a
    /// `log.read`.
    ///
    /// # Errors
    /// [`AuditError::Store`], [`AuditError::Tree`], or those of
    /// [`AuditLog::asked`].
    pub async fn read_range(&self, query: &SearchQuery, pinned: Pinned) -> Result<RangePage, AuditError> {
        let asked = match &query.subject {
            Some(subject) => Some(self.asked(subject, pinned.size).await?),
            None => None,
        };
        let sought = asked.as_ref().map(AskedSubject::sought);
        let filter = query.filter(sought);
        let most = if query.page_size == 0 { PAGE.0 } else { query.page_size.min(PAGE.1) };
        let (reader, published) = (Arc::clone(&self.inner.reader), self.inner.published.clone());
        let read = move || {
            let LeafRange { from, to: end } = pinned.range;
            let stored = reader.scan(from, PAGE_BYTES)?;
            let page = stored.into_iter().take(most as usize).take_while(|stored| stored.index < end);
            let entries: Vec<Found> = page.map(found).collect::<Result<_, _>>()?;
            let to = from + entries.len() as u64;
            let range = LeafRange { from, to };
            let proof = published.prove_range(range, pinned.size)?;
            let matching = entries.iter().filter(|found| filter.matches(&found.entry));
            let matching = matching.map(|found| found.index).collect();
            Ok(RangePage { entries, matching, pinned: Pinned { range, ..pinned }, end, proof, asked })
        };
        self.inner.ranges.work(read).await
    }

    /// The entries from one index to before another that match, so many that it
    /// fits a message; and the index behind those looked at. The caller appends
    /// a `log.read`.
    ///
    /// # Errors
    /// [`AuditError::Store`] when they cannot be read.
    pub async fn matching(
        &self,
        filter: EntryFilter,
        from: u64,
        to: u64,
    ) -> Result<(Vec<Found>, u64), AuditError> {
        let reader = Arc::clone(&self.inner.reader);
        let look = move || {
            let (mut entries, mut at) = (Vec::new(), from);
            for stored in reader.scan(from, PAGE_BYTES)? {
                if stored.index >= to || entries.len() == PAGE.1 as usize {
                    break;
                }
                at = stored.index + 1;
                entries.extend(Some(found(stored)?).filter(|found| filter.matches(&found.entry)));
            }
            Ok((entries, at))
        };
        self.inner.ranges.work(look).await
    }

    /// Whom an identifier is about in the tree of that size.
    ///
    /// # Errors
    /// When the subject table cannot be read, or [`AuditError::IndexBehind`].
    pub async fn asked(&self, subject: &Identifier, size: u64) -> Result<AskedSubject, AuditError> {
        let keyed_hash = self.inner.subjects.hash(subject);
        let pseudonym = match self.find_subject(subject).await? {
            Some(pseudonym) if self.introduced(&pseudonym, Kind::SubjectCreated, size).await?.is_some() => {
                Some(pseudonym)
            }
            _ => None,
        };
        Ok(AskedSubject { keyed_hash, pseudonym })
    }

    /// What opens those created from one index on, so many that it fits a
    /// message; and the index from which to go on, none at the end.
    ///
    /// # Errors
    /// [`AuditError::IndexBehind`] and those of a search.
    pub async fn openings_in(
        &self,
        pinned: &Pinned,
        from: u64,
    ) -> Result<(Vec<SubjectOpening>, Option<u64>), AuditError> {
        let query = SearchQuery {
            kinds: vec![Kind::SubjectCreated],
            index_from: from,
            index_to: Some(pinned.range.to),
            order: Order::OldestFirst,
            page_size: u32::try_from(OPENINGS).unwrap_or(PAGE.1),
            ..SearchQuery::default()
        };
        let page = self.covering(query, pinned.range.to).await?;
        let last = page.entries.last().map(|found| found.index + 1);
        let next = last.filter(|_| page.next_page_token.is_some());
        Ok((self.opened(page.entries, pinned.size).await?, next))
    }

    /// What opens these pseudonyms; of those that the tree does not know,
    /// nothing.
    ///
    /// # Errors
    /// As [`AuditLog::openings_in`].
    pub async fn openings_of(
        &self,
        pinned: &Pinned,
        pseudonyms: &[Pseudonym],
    ) -> Result<Vec<SubjectOpening>, AuditError> {
        let mut created = Vec::new();
        for pseudonym in pseudonyms {
            created.extend(self.introduced(pseudonym, Kind::SubjectCreated, pinned.size).await?);
        }
        self.opened(created, pinned.size).await
    }

    async fn opened(&self, created: Vec<Found>, size: u64) -> Result<Vec<SubjectOpening>, AuditError> {
        let mut openings = Vec::with_capacity(created.len());
        for created in created {
            let pseudonym = created.entry.created.as_ref().and_then(|made| Pseudonym::parse(&made.pseudonym));
            let Some(pseudonym) = pseudonym else { continue };
            let subjects = Arc::clone(&self.inner.subjects);
            let published = self.inner.published.clone();
            let (index, looked_up) = (created.index, pseudonym.clone());
            let work =
                move || Ok((subjects.opening_of(&looked_up)?, published.prove_inclusion(index, size)?));
            let (opened, created_proof) = self.inner.ranges.work(work).await?;
            let erased = match opened {
                Some(_) => None,
                None => self.introduced(&pseudonym, Kind::SubjectErased, size).await?,
            };
            let erased = match erased {
                Some(erased) => {
                    let proof = self.prove_inclusion(erased.index, size).await?;
                    Some((erased, proof))
                }
                None => None,
            };
            openings.push(SubjectOpening { created, created_proof, opened, erased });
        }
        Ok(openings)
    }

    /// The first entry of that kind about a pseudonym in the tree of that size.
    async fn introduced(
        &self,
        pseudonym: &Pseudonym,
        kind: Kind,
        size: u64,
    ) -> Result<Option<Found>, AuditError> {
        let query = SearchQuery {
            pseudonym: Some(pseudonym.clone()),
            kinds: vec![kind],
            index_to: Some(size),
            order: Order::OldestFirst,
            page_size: 1,
            ..SearchQuery::default()
        };
        Ok(self.covering(query, size).await?.entries.pop())
    }

    /// A search that covers all below an index.
    async fn covering(&self, query: SearchQuery, to: u64) -> Result<SearchPage, AuditError> {
        let page = self.search_on(query).await?;
        if page.indexed_through < to {
            return Err(AuditError::IndexBehind);
        }
        Ok(page)
    }
}

// === impl AskedSubject ===

impl AskedSubject {
    fn sought(&self) -> Sought {
        let known = self.pseudonym.as_ref().map(|pseudonym| pseudonym.as_str().to_owned());
        known.map_or(Sought::Nobody, Sought::Pseudonym)
    }
}

// Keyed hashes are for auditors alone.
impl std::fmt::Debug for AskedSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskedSubject").field("pseudonym", &self.pseudonym).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SubjectOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubjectOpening").field("created", &self.created.index).finish_non_exhaustive()
    }
}

// === impl Published ===

impl Published {
    /// That these are all leaves of a range of the tree of `size`. Reads files.
    pub(crate) fn prove_range(&self, range: LeafRange, size: u64) -> Result<Vec<NodeHash>, TreeError> {
        self.prove(size, |tree| tree.prove_range(range, size))
    }
}
