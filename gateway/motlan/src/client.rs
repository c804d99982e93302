//! The public API as a caller uses it: mutual TLS, the token of the acting
//! person, and errors told in full.
//!
//! **Invariant**: nothing here knows the gateway's inside; every byte goes over
//! the wire that any other client uses.

mod commands;
mod dossier;
mod failure;
pub mod json;
mod next;
mod search;
mod show;
mod subject;
#[cfg(test)]
mod tests;
mod verdict;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use motlan_proto::audit::v1::audit_service_client::AuditServiceClient;
use motlan_proto::business::v1::business_service_client::BusinessServiceClient;
use motlan_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use motlan_proto::dossier::v1::dossier_service_client::DossierServiceClient;
use motlan_proto::insurance::v1::insurance_service_client::InsuranceServiceClient;
use motlan_proto::land::v1::land_service_client::LandServiceClient;
use motlan_proto::population::v1::population_service_client::PopulationServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

pub use commands::{close, get, open, resolve, resolve_all, verify};
pub use failure::{Refusal, Violation};
pub use search::{audit_search, request as search_request, search_all};
pub use show::{
    entry_lines, instant, local, receipt as receipt_line, registry as registry_code, registry_vi,
};
pub use subject::{of_kind as subject_of_kind, person_key, subject_key, to_domain, to_proto};

use crate::cli::ClientArgs;
use crate::exit::{Exit, Failure, OrExit};

/// A channel that carries the caller's token.
pub type Authorised = InterceptedService<Channel, Bearer>;

/// What a caller shows: its certificate and, if somebody acts, their token.
#[derive(Clone)]
pub struct Credentials {
    /// Certificate chain, PEM.
    pub certificate: String,
    /// Private key, PEM.
    pub key: String,
    /// The authority that the gateway's certificate must come from, PEM.
    pub authority: String,
    /// The token of the acting person.
    pub token: Option<String>,
}

/// Puts the token into each request's `authorization`.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

/// A connection to a gateway, as one caller.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    bearer: Bearer,
}

// === impl Credentials ===

impl Credentials {
    /// Reads cert.pem, key.pem and ca.pem of a caller's folder, without a token.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .with_context(|| format!("không đọc được {0} / cannot read {0}", path.display()))
        };
        Ok(Self {
            certificate: read("cert.pem")?,
            key: read("key.pem")?,
            authority: read("ca.pem")?,
            token: None,
        })
    }

    /// The same with the token in a file.
    pub fn with_token_file(mut self, path: &Path) -> anyhow::Result<Self> {
        let token = std::fs::read_to_string(path)
            .with_context(|| format!("không đọc được {0} / cannot read {0}", path.display()))?;
        self.token = Some(token.trim().to_owned());
        Ok(self)
    }
}

// === impl Bearer ===

impl Bearer {
    fn new(token: Option<&str>) -> anyhow::Result<Self> {
        let header = token.map(|token| {
            let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(|_| {
                anyhow!("mã xác nhận có ký tự không hợp lệ / the token holds characters no token has")
            })?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        Ok(Self(header.transpose()?))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

// === impl Connection ===

impl Connection {
    /// Connects to `host:port`, or to `https://host:port`.
    pub async fn open(endpoint: &str, credentials: &Credentials) -> anyhow::Result<Self> {
        let channel = Self::endpoint(endpoint, credentials)?.connect().await;
        let channel = channel
            .with_context(|| format!("không kết nối được tới {endpoint} / cannot connect to {endpoint}"))?;
        Ok(Self { channel, bearer: Bearer::new(credentials.token.as_deref())? })
    }

    /// Connects at the first call, and again whenever the connection is lost.
    pub fn lazy(endpoint: &str, credentials: &Credentials) -> anyhow::Result<Self> {
        let channel = Self::endpoint(endpoint, credentials)?.connect_lazy();
        Ok(Self { channel, bearer: Bearer::new(credentials.token.as_deref())? })
    }

    /// The same connection with another token, or with none.
    pub fn with_token(&self, token: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self { channel: self.channel.clone(), bearer: Bearer::new(token)? })
    }

    fn endpoint(endpoint: &str, credentials: &Credentials) -> anyhow::Result<Endpoint> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&credentials.authority))
            .identity(Identity::from_pem(&credentials.certificate, &credentials.key));
        let address =
            if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
        let built = Endpoint::from_shared(address)
            .with_context(|| format!("{endpoint} không phải là địa chỉ / {endpoint} is no address"))?;
        let built =
            built.connect_timeout(Duration::from_secs(10)).timeout(Duration::from_mins(1)).tcp_nodelay(true);
        built.tls_config(tls).context(
            "chứng thư số hoặc khóa không dùng được / the certificate, key or authority cannot be used",
        )
    }

    /// Dossiers.
    pub fn dossiers(&self) -> DossierServiceClient<Authorised> {
        DossierServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The audit log.
    pub fn audit(&self) -> AuditServiceClient<Authorised> {
        AuditServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The catalogue.
    pub fn catalogue(&self) -> CatalogueServiceClient<Authorised> {
        CatalogueServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Persons and households.
    pub fn population(&self) -> PopulationServiceClient<Authorised> {
        PopulationServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Enterprises.
    pub fn business(&self) -> BusinessServiceClient<Authorised> {
        BusinessServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Insurance.
    pub fn insurance(&self) -> InsuranceServiceClient<Authorised> {
        InsuranceServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Land.
    pub fn land(&self) -> LandServiceClient<Authorised> {
        LandServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The bare channel, for services that are not of this contract.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

/// Connects as the command line says.
pub async fn connect(args: &ClientArgs) -> Result<Connection, Failure> {
    let mut credentials = Credentials::read(&args.client).or_exit(Exit::Usage)?;
    if let Some(token) = token_file(args) {
        credentials = credentials.with_token_file(&token).or_exit(Exit::Usage)?;
    }
    let endpoint = match &args.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => endpoint_beside(&args.client).or_exit(Exit::Usage)?,
    };
    Connection::open(&endpoint, &credentials).await.or_exit(Exit::Unavailable)
}

fn token_file(args: &ClientArgs) -> Option<PathBuf> {
    if args.no_token {
        return None;
    }
    let beside = || {
        ["officer.jwt", "citizen.jwt"]
            .map(|name| args.client.join(name))
            .into_iter()
            .find(|path| path.exists())
    };
    args.token.clone().or_else(beside)
}

/// `grpc` of the endpoints.json that a sandbox wrote two folders above.
fn endpoint_beside(client: &Path) -> anyhow::Result<String> {
    let data = client.canonicalize().ok().and_then(|path| Some(path.parent()?.parent()?.to_owned()));
    let path = data.unwrap_or_default().join("endpoints.json");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "thiếu --endpoint và không đọc được {0} / no --endpoint given, and {0} cannot be read",
            path.display()
        )
    })?;
    let endpoints: serde_json::Value = serde_json::from_str(&text).context("endpoints.json is not JSON")?;
    endpoints["grpc"].as_str().map(str::to_owned).context("endpoints.json names no grpc address")
}
