//! The questions that are put to both servers, and what the answers must be.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use motlan_proto::business::v1::{GetEnterpriseRequest, GetEnterpriseResponse};
use motlan_proto::common::v1::{Purpose, purpose};
use rustls::ClientConfig;
use tokio_util::task::TaskTracker;

use crate::check::{self, Expected};
use crate::client::{self, Line, framed};
use crate::echo::METHOD;

/// An enterprise that a dossier is about.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    /// The dossier's code.
    pub(crate) dossier: String,
    /// The enterprise's code.
    pub(crate) enterprise: String,
    /// Its name, as the sandbox's world has it.
    pub(crate) name: String,
}

/// A question as it goes out, and what must come back.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The request, framed.
    pub(crate) message: Bytes,
    /// What the answer must be.
    pub(crate) expected: Expected,
}

/// Many open connections to one server.
pub(crate) struct Lines {
    lines: Vec<Line>,
    tasks: TaskTracker,
}

// === impl Topic ===

impl Topic {
    /// The request, framed.
    pub(crate) fn message(&self) -> Bytes {
        let dossier = purpose::Basis::DossierCode(self.dossier.clone());
        framed(&GetEnterpriseRequest {
            purpose: Some(Purpose { basis: Some(dossier) }),
            enterprise_code: self.enterprise.clone(),
            fields: Vec::new(),
            max_age: None,
        })
    }

    /// Asks once and judges the answer in full.
    pub(crate) async fn learn(&self, line: &mut Line) -> anyhow::Result<GetEnterpriseResponse> {
        let reply = line.call(self.message()).await?;
        Ok(check::first_answer(&reply, &self.enterprise, &self.name)?)
    }
}

/// Asks every question once: the answers are in the gateway's cache then, and
/// known.
pub(crate) async fn learn(line: &mut Line, topics: &[Topic]) -> anyhow::Result<Vec<GetEnterpriseResponse>> {
    let mut answers = Vec::with_capacity(topics.len());
    for topic in topics {
        answers.push(topic.learn(line).await?);
    }
    Ok(answers)
}

/// The questions to a server that must answer with these, each under a receipt
/// of its own.
pub(crate) fn recorded(topics: &[Topic], answers: &[GetEnterpriseResponse]) -> Arc<[Question]> {
    let question = |(topic, answer): (&Topic, &GetEnterpriseResponse)| Question {
        message: topic.message(),
        expected: Expected::recorded(answer.clone()),
    };
    topics.iter().zip(answers).map(question).collect()
}

/// The questions to a server that must answer with exactly these.
pub(crate) fn echoed(topics: &[Topic], answers: &[GetEnterpriseResponse]) -> Arc<[Question]> {
    let question = |(topic, answer): (&Topic, &GetEnterpriseResponse)| Question {
        message: topic.message(),
        expected: Expected::Same(framed(answer).slice(5..)),
    };
    topics.iter().zip(answers).map(question).collect()
}

// === impl Lines ===

impl Lines {
    /// Opens that many connections; the officers take turns.
    pub(crate) async fn open(
        address: SocketAddr,
        count: usize,
        tls: &Arc<ClientConfig>,
        officers: &[Arc<HeaderMap>],
    ) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let mut lines = Vec::with_capacity(count);
        for headers in officers.iter().cycle().take(count) {
            lines.push(Line::open(address, METHOD, Arc::clone(tls), Arc::clone(headers), &tasks).await?);
        }
        Ok(Self { lines, tasks })
    }

    /// The connections.
    pub(crate) fn all(&self) -> &[Line] {
        &self.lines
    }

    /// The same connections, for another method.
    pub(crate) fn of_method(&self, method: &'static str) -> anyhow::Result<Vec<Line>> {
        self.lines.iter().map(|line| line.of_method(method)).collect()
    }

    /// The first connection.
    pub(crate) fn first(&mut self) -> anyhow::Result<&mut Line> {
        self.lines.first_mut().ok_or_else(|| anyhow::anyhow!("there is no connection"))
    }

    /// Closes them all.
    pub(crate) async fn close(self) {
        drop(self.lines);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The headers of each officer.
pub(crate) fn headers(tokens: &[String]) -> anyhow::Result<Vec<Arc<HeaderMap>>> {
    tokens.iter().map(|token| client::headers(Some(token))).collect()
}
