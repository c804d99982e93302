//! The adapter itself.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use motlan_api::{Ask, Decoding, FetchError, Gaps, RegistryAdapter, Reply, Want};
use motlan_domain::dataset::FieldSet;
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::{Clock, Dataset, Fetched, Record, Registry, SubjectKey};
use motlan_telemetry::Reading;
use motlan_transport::{Call, ConfigError, Http, Media, Session};

use crate::sign::Signer;
use crate::{PopulationConfig, confirmation, household, person, request, status};

const DATASETS: &[Dataset] = &[Dataset::Person, Dataset::Household];
/// The officer, as X-Road names the header.
const USER_ID: HeaderName = HeaderName::from_static("x-road-userid");

/// The population database behind its direct route.
pub struct PopulationAdapter {
    http: Http,
    signer: Signer,
    config: PopulationConfig,
    synthetic: Synthetic,
    clock: Arc<dyn Clock>,
}

// === impl PopulationAdapter ===

impl PopulationAdapter {
    /// Reads secrets and certificates; opens no connection.
    pub fn new(
        config: PopulationConfig,
        synthetic: Synthetic,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let http = Http::new(config.http.clone(), Arc::clone(&clock))?;
        Ok(Self { http, signer: Signer::new(&config)?, config, synthetic, clock })
    }

    async fn answer(&self, ask: &Ask) -> Result<Reply, FetchError> {
        let paths = &self.config.paths;
        match &ask.want {
            Want::Record { dataset: Dataset::Person, fields, .. } => {
                let document = request::lookup("TraCuuThongTinCongDan", ask, &self.config);
                let session = self.http.session(ask);
                let mut fetched =
                    self.fetch(ask, &session, &paths.lookup, document, person::decode_person).await?;
                if !fields.intersection(self.fetched_apart(Dataset::Person)).is_empty() {
                    self.add_status(ask, &session, &mut fetched).await?;
                }
                Ok(Reply::Records(fetched))
            }
            Want::Record { dataset: Dataset::Household, .. } => {
                let document = request::lookup("CungCapThongTinHoGiaDinh", ask, &self.config);
                let session = self.http.session(ask);
                let fetched =
                    self.fetch(ask, &session, &paths.household, document, household::decode_household);
                Ok(Reply::Records(fetched.await?))
            }
            Want::Confirm { full_name } => {
                let document = request::confirm(ask, full_name).ok_or(FetchError::NotOffered)?;
                let session = self.http.session(ask);
                let body = self.call(ask, &session, &paths.confirm, document).await?;
                let exists = confirmation::decode_confirmation(&body);
                Ok(Reply::Confirmed {
                    exists: exists.map_err(|error| session.name_exchanges(error))?,
                    retrieved_at: self.clock.now(),
                    upstream_ids: session.upstream_ids(),
                })
            }
            Want::Record { .. } | Want::OwnedBy => Err(FetchError::NotOffered),
        }
    }

    async fn fetch(
        &self,
        ask: &Ask,
        session: &Session<'_>,
        path: &str,
        document: Option<String>,
        decode: fn(&[u8], &Decoding<'_>) -> Result<Fetched, FetchError>,
    ) -> Result<Fetched, FetchError> {
        let document = document.ok_or(FetchError::NotOffered)?;
        let body = self.call(ask, session, path, document).await?;
        let mut fetched =
            decode(&body, &self.decoding(ask)).map_err(|error| session.name_exchanges(error))?;
        fetched.upstream_ids = session.upstream_ids();
        Ok(fetched)
    }

    /// Adds to the person found what only a second exchange tells, within the
    /// same deadline. Where that exchange fails, the question does: the fields
    /// were asked for, and a record without them would read as "alive".
    async fn add_status(
        &self,
        ask: &Ask,
        session: &Session<'_>,
        fetched: &mut Fetched,
    ) -> Result<(), FetchError> {
        let [Record::Person(person)] = fetched.records.as_mut_slice() else { return Ok(()) };
        // The id in force, if the person has one: an old one may be unknown here.
        let subject = person.personal_id.map_or_else(|| ask.subject.clone(), SubjectKey::Person);
        // As the session numbers its exchanges.
        let request_id = format!("{}-{}", ask.request_id, session.upstream_ids().len() + 1);
        let document = request::status(&request_id, &subject, ask, &self.config);
        let document = document.ok_or(FetchError::NotOffered)?;
        let body = self.call(ask, session, &self.config.paths.status, document).await?;
        let status = status::decode_status(&body, &self.decoding(ask))
            .map_err(|error| session.name_exchanges(error))?;
        (person.deceased, person.missing) = (status.deceased, status.missing);
        let mut gaps = Gaps::new(Dataset::Person);
        gaps.absorb(fetched.completeness);
        gaps.absorb(status.completeness);
        fetched.completeness = gaps.finish();
        fetched.source_data_time = status.data_time;
        fetched.upstream_ids = session.upstream_ids();
        Ok(())
    }

    fn decoding<'a>(&self, ask: &'a Ask) -> Decoding<'a> {
        let retrieved_at = self.clock.now();
        let rules = IdRules { synthetic: self.synthetic, present_year: vietnam_day(retrieved_at).year() };
        Decoding { subject: &ask.subject, rules, retrieved_at }
    }

    /// One exchange. The source counts questions per officer and refuses a
    /// `MaYeuCau` that it has seen, so none is sent twice.
    async fn call(
        &self,
        ask: &Ask,
        session: &Session<'_>,
        path: &str,
        document: String,
    ) -> Result<bytes::Bytes, FetchError> {
        let mut call =
            Call::post(self.http.url(path), "application/xml; charset=utf-8", document, Media::Xml)
                .only_once();
        self.signer.sign(&mut call, self.clock.now().as_millisecond());
        if let Ok(officer) = HeaderValue::from_str(ask.on_behalf.officer_id.expose()) {
            call.secret_header(USER_ID, officer);
        }
        let answer = session.send(call).await?;
        if answer.status == http::StatusCode::OK {
            Ok(answer.body)
        } else {
            Err(session.name_exchanges(FetchError::refused("HTTP_400")))
        }
    }
}

impl RegistryAdapter for PopulationAdapter {
    fn registry(&self) -> Registry {
        Registry::Population
    }

    fn datasets(&self) -> &'static [Dataset] {
        DATASETS
    }

    fn fetched_apart(&self, dataset: Dataset) -> FieldSet {
        match dataset {
            Dataset::Person => dataset.field_set(status::FIELDS).unwrap_or_default(),
            _ => FieldSet::EMPTY,
        }
    }

    fn counted(&self, reading: &mut Reading) {
        self.http.counted(Registry::Population, reading);
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        self.answer(ask).boxed()
    }
}

#[cfg(test)]
mod tests;
