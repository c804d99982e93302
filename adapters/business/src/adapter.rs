//! The adapter itself.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use motlan_api::{Ask, Decoding, FetchError, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::{Clock, Dataset, Registry, SubjectKey};
use motlan_telemetry::Reading;
use motlan_transport::{ConfigError, Rest};

use crate::{BusinessConfig, BusinessPaths, decode_enterprise};

const DATASETS: &[Dataset] = &[Dataset::Enterprise];

/// The business registry behind NGSP or LGSP.
pub struct BusinessAdapter {
    rest: Rest,
    paths: BusinessPaths,
    synthetic: Synthetic,
    clock: Arc<dyn Clock>,
}

// === impl BusinessAdapter ===

impl BusinessAdapter {
    /// Reads secrets and certificates; opens no connection.
    pub fn new(
        config: BusinessConfig,
        synthetic: Synthetic,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let rest = Rest::new(config.http, &config.token, Arc::clone(&clock))?;
        Ok(Self { rest, paths: config.paths, synthetic, clock })
    }

    async fn answer(&self, ask: &Ask) -> Result<Reply, FetchError> {
        // A household business founded since 1 July 2025 goes by its owner's
        // personal id.
        let code = match (&ask.want, &ask.subject) {
            (Want::Record { dataset: Dataset::Enterprise, .. }, SubjectKey::Enterprise(code)) => {
                code.canonical()
            }
            (Want::Record { dataset: Dataset::Enterprise, .. }, SubjectKey::Person(id)) => {
                id.expose().to_owned()
            }
            _ => return Err(FetchError::NotOffered),
        };
        let session = self.rest.session(ask);
        let body = self.rest.get(&session, &self.paths.enterprise, &[("msdn", &code)]).await?;
        let retrieved_at = self.clock.now();
        let rules = IdRules { synthetic: self.synthetic, present_year: vietnam_day(retrieved_at).year() };
        let decoding = Decoding { subject: &ask.subject, rules, retrieved_at };
        let mut fetched =
            decode_enterprise(&body, &decoding).map_err(|error| session.name_exchanges(error))?;
        fetched.upstream_ids = session.upstream_ids();
        Ok(Reply::Records(fetched))
    }
}

impl RegistryAdapter for BusinessAdapter {
    fn registry(&self) -> Registry {
        Registry::Business
    }

    fn datasets(&self) -> &'static [Dataset] {
        DATASETS
    }

    fn counted(&self, reading: &mut Reading) {
        self.rest.counted(Registry::Business, reading);
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        self.answer(ask).boxed()
    }
}

#[cfg(test)]
mod tests;
