//! The adapter itself.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join};
use motlan_api::{Ask, Decoding, FetchError, Gaps, Holder, MalformedCause, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{IdRules, InsuranceNumber, Synthetic};
use motlan_domain::{Clock, Dataset, Fetched, Registry, SubjectKey};
use motlan_telemetry::Reading;
use motlan_transport::{ConfigError, Rest, Session};
use serde_json::json;

use crate::search::{Hits, decode_search};
use crate::{InsuranceConfig, InsurancePaths, decode_health_card, decode_participation, search};

const DATASETS: &[Dataset] = &[Dataset::Participation, Dataset::HealthCard];

/// The insurance database behind NGSP or LGSP.
pub struct InsuranceAdapter {
    rest: Rest,
    paths: InsurancePaths,
    synthetic: Synthetic,
    clock: Arc<dyn Clock>,
}

// === impl InsuranceAdapter ===

impl InsuranceAdapter {
    /// Reads secrets and certificates; opens no connection.
    pub fn new(
        config: InsuranceConfig,
        synthetic: Synthetic,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let rest = Rest::new(config.http, &config.token, Arc::clone(&clock))?;
        Ok(Self { rest, paths: config.paths, synthetic, clock })
    }

    async fn answer(&self, ask: &Ask) -> Result<Reply, FetchError> {
        let (dataset, holder) = match &ask.want {
            Want::Record {
                dataset: dataset @ (Dataset::Participation | Dataset::HealthCard),
                holder,
                ..
            } => (*dataset, holder.as_ref()),
            _ => return Err(FetchError::NotOffered),
        };
        let session = self.rest.session(ask);
        let fetched = match (&ask.subject, holder) {
            (SubjectKey::Insurance(number), _) => self.by_number(ask, &session, dataset, number).await,
            (SubjectKey::Person(_) | SubjectKey::Cmnd(_), Some(holder)) => {
                self.by_person(ask, &session, dataset, holder).await
            }
            // Without a name and a birth date the number cannot be found.
            _ => Err(FetchError::NotOffered),
        };
        let mut fetched = fetched.map_err(|error| session.name_exchanges(error))?;
        fetched.upstream_ids = session.upstream_ids();
        Ok(Reply::Records(fetched))
    }

    /// The number first, then what it leads to; the base record has to be the
    /// holder's as well.
    async fn by_person(
        &self,
        ask: &Ask,
        session: &Session<'_>,
        dataset: Dataset,
        holder: &Holder,
    ) -> Result<Fetched, FetchError> {
        let birth_date = holder.birth_date.to_string().replace('-', "");
        let question = json!({"hoTen": holder.full_name.expose(), "ngaySinh": birth_date});
        let found = self.rest.post(session, &self.paths.search, &question).await?;
        let number = match decode_search(&found, holder)? {
            Hits::One(number) => number,
            Hits::None => return Ok(self.decoding(ask).not_found()),
            Hits::Several => {
                let mut gaps = Gaps::new(dataset);
                gaps.all_contradictory();
                return Ok(self.decoding(ask).nothing_sure(gaps.finish()));
            }
        };
        let fetched = self.by_number(ask, session, dataset, &number).await?;
        if fetched.records.iter().all(|record| search::agrees(record, holder)) {
            Ok(fetched)
        } else {
            Err(FetchError::malformed(MalformedCause::OtherSubject))
        }
    }

    /// Base record and the dataset's own, at the same time.
    async fn by_number(
        &self,
        ask: &Ask,
        session: &Session<'_>,
        dataset: Dataset,
        number: &InsuranceNumber,
    ) -> Result<Fetched, FetchError> {
        let question = json!({"maSoBhxh": number.expose()});
        let path = if dataset == Dataset::HealthCard { &self.paths.card } else { &self.paths.history };
        let base = self.rest.post(session, &self.paths.identity, &question);
        let own = self.rest.post(session, path, &question);
        let (base, own) = try_join(base, own).await?;
        let decoding = self.decoding(ask);
        if dataset == Dataset::HealthCard {
            decode_health_card(&base, &own, number, &decoding)
        } else {
            decode_participation(&base, &own, number, &decoding)
        }
    }

    fn decoding<'a>(&self, ask: &'a Ask) -> Decoding<'a> {
        let retrieved_at = self.clock.now();
        let rules = IdRules { synthetic: self.synthetic, present_year: vietnam_day(retrieved_at).year() };
        Decoding { subject: &ask.subject, rules, retrieved_at }
    }
}

impl RegistryAdapter for InsuranceAdapter {
    fn registry(&self) -> Registry {
        Registry::Insurance
    }

    fn datasets(&self) -> &'static [Dataset] {
        DATASETS
    }

    fn counted(&self, reading: &mut Reading) {
        self.rest.counted(Registry::Insurance, reading);
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        self.answer(ask).boxed()
    }
}

#[cfg(test)]
mod tests;
