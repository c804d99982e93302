//! The AUDIT methods: reading the log is itself an entry, durable before what
//! was read leaves.

use motlan_access::{Identity, LogPermit};
use motlan_audit::{AuditError, Draft, Found, SearchPage, SearchQuery, TreeError};
use motlan_audit_tree::entry::{Effect, Filter, Search};
use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::{Bundle, Kind, Text};
use motlan_domain::Reason;

use crate::Pipeline;
use crate::answer::Refusal;
use crate::ledger::{draft_actor, entry_caller, entry_decision};
use crate::sealed::{NotReleased, Sealed, Unrecorded};

/// Why reading the log gave nothing.
#[derive(Debug)]
pub enum ReadError {
    /// Denied, or there is no such entry (both recorded), or the log cannot be
    /// written.
    NotReleased(Box<NotReleased<Refusal>>),
    /// The page token was not issued for this search.
    PageToken,
    /// The published log has no such range.
    OutOfRange,
}

// === impl Pipeline ===

impl Pipeline {
    /// Searches the log.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn search_log(
        &self,
        identity: &Identity,
        query: SearchQuery,
        trace: &str,
    ) -> Result<Sealed<SearchPage>, ReadError> {
        let permit = self.may_read_log(identity, trace).await?;
        let filters = self.filters(&query).await?;
        let page = self.ledger().log().search(query).await.map_err(|error| read_error(&error))?;
        let receipt = self.log_read(&permit, filters, page.entries.len() as u64, trace).await?;
        Ok(Sealed::new(page, receipt, None))
    }

    /// One entry of the log.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_entry(
        &self,
        identity: &Identity,
        index: u64,
        trace: &str,
    ) -> Result<Sealed<Found>, ReadError> {
        let permit = self.may_read_log(identity, trace).await?;
        let found = self.ledger().log().get(index).await.map_err(|error| read_error(&error))?;
        let filters =
            vec![Filter { name: Text::new_static("index"), value: Some(Text::from(index.to_string())) }];
        let receipt = self.log_read(&permit, filters, u64::from(found.is_some()), trace).await?;
        let Some(found) = found else {
            // That it was looked for is an entry, and its receipt is due.
            let refusal = Refusal::of(Reason::EntryUnknown);
            return Err(NotReleased::Refused(Sealed::new(refusal, receipt, None)).into());
        };
        Ok(Sealed::new(found, receipt, None))
    }

    /// A bundle of the published log, for whom that was permitted; the entry names
    /// the indices it holds.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_bundle(
        &self,
        permit: &LogPermit,
        bundle: Bundle,
        trace: &str,
    ) -> Result<Sealed<Vec<u8>>, ReadError> {
        let bytes = self.ledger().log().bundle(bundle).await.map_err(|error| read_error(&error))?;
        let first = bundle.index().saturating_mul(u64::from(TILE_WIDTH));
        let last = first.saturating_add(u64::from(bundle.width()) - 1);
        let filters = vec![Filter {
            name: Text::new_static("indices"),
            value: Some(Text::from(format!("{first}-{last}"))),
        }];
        let count = bytes.as_ref().map_or(0, |_| u64::from(bundle.width()));
        let receipt = self.log_read(permit, filters, count, trace).await?;
        let Some(bytes) = bytes else {
            let refusal = Refusal::of(Reason::EntryUnknown);
            return Err(NotReleased::Refused(Sealed::new(refusal, receipt, None)).into());
        };
        Ok(Sealed::new(bytes, receipt, None))
    }

    pub(crate) async fn may_read_log(
        &self,
        identity: &Identity,
        trace: &str,
    ) -> Result<LogPermit, ReadError> {
        match self.access().may_read_log(identity) {
            Ok(permit) => Ok(permit),
            Err(denial) => self.ledger().denied_in(&denial, trace).await.map_err(ReadError::from),
        }
    }

    pub(crate) async fn log_read(
        &self,
        permit: &LogPermit,
        filters: Vec<Filter>,
        count: u64,
        trace: &str,
    ) -> Result<motlan_audit::Receipt, ReadError> {
        let mut draft = Draft::new(Kind::LogRead).trace(trace.to_owned());
        draft.caller = Some(entry_caller(permit.identity().caller()));
        draft.actor = Some(draft_actor(permit.identity().actor()));
        draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
        draft.search = Some(Search { count, filters });
        let written = self.ledger().write(draft).await;
        written.map_err(|unrecorded| ReadError::from(NotReleased::Unrecorded(unrecorded)))
    }

    /// The filters as the entry shows them: an identifier by its pseudonym
    /// alone, and without a value where it has none.
    pub(crate) async fn filters(&self, query: &SearchQuery) -> Result<Vec<Filter>, ReadError> {
        let mut filters = Vec::new();
        let mut add = |name: &'static str, value: Option<String>| {
            filters.push(Filter { name: Text::new_static(name), value: value.map(Text::from) });
        };
        if let Some(subject) = &query.subject {
            let known = self.ledger().log().find_subject(subject).await;
            let known = known.map_err(|error| read_error(&error))?;
            add("subject", known.map(|pseudonym| pseudonym.as_str().to_owned()));
        }
        let texts = [
            ("dossier", &query.dossier),
            ("agency", &query.agency),
            ("officer", &query.officer),
            ("procedure", &query.procedure),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                add(name, Some(value.clone()));
            }
        }
        if let Some(outcome) = query.outcome {
            add("outcome", Some(outcome.as_str().to_owned()));
        }
        query.kinds.iter().for_each(|kind| add("kind", Some(kind.as_str().to_owned())));
        query.from.iter().for_each(|from| add("from", Some(from.to_string())));
        query.to.iter().for_each(|to| add("to", Some(to.to_string())));
        if query.index_from > 0 {
            add("index_from", Some(query.index_from.to_string()));
        }
        query.index_to.iter().for_each(|to| add("index_to", Some(to.to_string())));
        Ok(filters)
    }
}

impl From<NotReleased<Refusal>> for ReadError {
    fn from(error: NotReleased<Refusal>) -> Self {
        Self::NotReleased(Box::new(error))
    }
}

pub(crate) fn read_error(error: &AuditError) -> ReadError {
    match error {
        AuditError::PageToken => ReadError::PageToken,
        AuditError::Tree(TreeError::OutOfRange { .. }) => ReadError::OutOfRange,
        AuditError::Overloaded { retry_after } => {
            let unrecorded = Unrecorded::Overloaded { retry_after: *retry_after };
            ReadError::from(NotReleased::Unrecorded(unrecorded))
        }
        other => {
            tracing::warn!(error = other as &dyn std::error::Error, reason = %Reason::AuditUnavailable, "reading the log failed");
            ReadError::from(NotReleased::Unrecorded(Unrecorded::Unavailable))
        }
    }
}
