//! The adapter itself.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use motlan_api::{Ask, Decoding, FetchError, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::{Clock, Dataset, Fetched, Registry, SubjectKey};
use motlan_telemetry::Reading;
use motlan_transport::{ConfigError, Rest};
use serde_json::{Value, json};

use crate::{LandConfig, LandPaths, decode_certificate, decode_certificates, decode_parcel};

const DATASETS: &[Dataset] = &[Dataset::Certificate, Dataset::Parcel];

type Decode = fn(&[u8], &Decoding<'_>) -> Result<Fetched, FetchError>;

/// The land database behind NGSP or LGSP.
pub struct LandAdapter {
    rest: Rest,
    paths: LandPaths,
    synthetic: Synthetic,
    clock: Arc<dyn Clock>,
}

// === impl LandAdapter ===

impl LandAdapter {
    /// Reads secrets and certificates; opens no connection.
    pub fn new(config: LandConfig, synthetic: Synthetic, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let rest = Rest::new(config.http, &config.token, Arc::clone(&clock))?;
        Ok(Self { rest, paths: config.paths, synthetic, clock })
    }

    async fn answer(&self, ask: &Ask) -> Result<Reply, FetchError> {
        let (path, question, decode) = self.question(ask).ok_or(FetchError::NotOffered)?;
        let session = self.rest.session(ask);
        let body = self.rest.post(&session, path, &question).await?;
        let retrieved_at = self.clock.now();
        let rules = IdRules { synthetic: self.synthetic, present_year: vietnam_day(retrieved_at).year() };
        let decoding = Decoding { subject: &ask.subject, rules, retrieved_at };
        let mut fetched = decode(&body, &decoding).map_err(|error| session.name_exchanges(error))?;
        fetched.upstream_ids = session.upstream_ids();
        Ok(Reply::Records(fetched))
    }

    /// Which operation answers, with what, read how.
    fn question(&self, ask: &Ask) -> Option<(&str, Value, Decode)> {
        match (&ask.want, &ask.subject) {
            (Want::Record { dataset: Dataset::Certificate, .. }, SubjectKey::Certificate(serial)) => {
                Some((&self.paths.certificate, json!({"soPhatHanh": serial.spaced()}), decode_certificate))
            }
            (Want::Record { dataset: Dataset::Parcel, .. }, SubjectKey::Parcel(key)) => {
                let question = json!({
                    "maXa": key.commune_code(),
                    "soHieuToBanDo": key.sheet().to_string(),
                    "soThuTuThua": key.number().to_string(),
                });
                Some((&self.paths.parcel, question, decode_parcel))
            }
            (Want::OwnedBy, SubjectKey::Person(id)) => {
                Some((&self.paths.by_owner, json!({"soDinhDanh": id.expose()}), decode_certificates))
            }
            (Want::OwnedBy, SubjectKey::Enterprise(code)) => {
                Some((&self.paths.by_owner, json!({"maDoanhNghiep": code.canonical()}), decode_certificates))
            }
            _ => None,
        }
    }
}

impl RegistryAdapter for LandAdapter {
    fn registry(&self) -> Registry {
        Registry::Land
    }

    fn datasets(&self) -> &'static [Dataset] {
        DATASETS
    }

    fn counted(&self, reading: &mut Reading) {
        self.rest.counted(Registry::Land, reading);
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        self.answer(ask).boxed()
    }
}

#[cfg(test)]
mod tests;
