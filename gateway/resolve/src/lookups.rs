//! The lookups of one resolve: each made once, shared by the components that
//! need it, a few per registry at a time so that a slow one delays no other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use motlan_access::Identity;
use motlan_audit::{DraftSubject, Identifier};
use motlan_catalogue::{How, Procedure, RegistryBlank, RoleId, RoleSpec};
use motlan_domain::dataset::{Dataset, FieldSet, Registry};
use motlan_domain::id::PersonalId;
use motlan_domain::{Operation, Outcome, Purpose, Question, Reason, Record, SubjectKey, Trace};
use motlan_dossier::{Dossier, SubjectSource, same_subject};
use motlan_pipeline::{Answer, Freshness, NotReleased, Pipeline, Unrecorded};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::plan::{self, Plan};
use crate::prefill::{self, Book, Whose};

/// How many lookups of one resolve are under way at one registry.
const AT_ONCE: usize = 4;

/// What a lookup came to.
#[derive(Debug, Clone)]
pub(crate) enum Looked {
    /// The registry answered.
    Answered(Arc<Answered>),
    /// Denied, or the registry did not answer; recorded.
    Refused {
        /// DENIED or SOURCE_UNAVAILABLE.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
    /// The log could not be written: the resolve ends.
    Unrecorded(Unrecorded),
}

/// An answer within the gateway.
#[derive(Debug)]
pub(crate) struct Answered {
    /// FOUND, NOT_FOUND or INCOMPLETE.
    pub(crate) outcome: Outcome,
    /// The permitted fields, to be judged on; they do not leave where values
    /// are `withheld`.
    pub(crate) records: Vec<Record>,
    /// Everyone the answer is about.
    pub(crate) people: Vec<DraftSubject>,
    /// Why this caller may not be told values.
    pub(crate) withheld: Option<Reason>,
    /// How old.
    pub(crate) freshness: Freshness,
}

type Flight = Shared<BoxFuture<'static, Looked>>;

/// The lookups of one resolve.
pub(crate) struct Lookups {
    asker: Arc<Asker>,
    // The flights know the asker and not this map: dropped, it ends them.
    flights: Mutex<HashMap<(Operation, SubjectKey, RoleId), Flight>>,
}

/// For whom and about what a resolve asks.
pub(crate) struct Asker {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) identity: Identity,
    pub(crate) dossier: Arc<Dossier>,
    pub(crate) plan: Plan,
    pub(crate) max_age: Option<std::time::Duration>,
    pub(crate) trace: Trace,
    gates: BTreeMap<Registry, Semaphore>,
}

// === impl Answered ===

impl Answered {
    /// Whose own records it holds.
    pub(crate) fn holders(&self) -> impl Iterator<Item = PersonalId> {
        self.records.iter().filter_map(|record| match record {
            Record::Person(person) => person.personal_id,
            _ => None,
        })
    }

    /// Everybody whose data a blank tells out of it, `asked` being whom it was
    /// asked about.
    pub(crate) fn told(
        &self,
        asked: &SubjectKey,
        blank: &RegistryBlank,
        book: &Book<'_>,
    ) -> Vec<DraftSubject> {
        let whose: Option<Vec<Whose>> =
            self.records.iter().map(|record| prefill::told_of(record, blank, book)).collect();
        let Some(whose) = whose else { return self.people.clone() };
        let asked = Identifier::from(asked);
        let told = |person: &&DraftSubject| {
            let is = |id: &PersonalId| Identifier::from(&SubjectKey::Person(*id)) == person.identifier;
            whose.iter().any(|whose| (whose.own && person.identifier == asked) || whose.others.iter().any(is))
        };
        self.people.iter().filter(told).cloned().collect()
    }
}

// === impl Asker ===

impl Asker {
    /// For one resolve.
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        identity: Identity,
        dossier: Arc<Dossier>,
        plan: Plan,
        max_age: Option<std::time::Duration>,
        trace: Trace,
    ) -> Self {
        let gates = Registry::ALL.into_iter().map(|registry| (registry, Semaphore::new(AT_ONCE))).collect();
        Self { pipeline, identity, dossier, plan, max_age, trace, gates }
    }

    /// The dossier as it is now, with those whom answers linked.
    pub(crate) async fn dossier(&self) -> Arc<Dossier> {
        match self.pipeline.register().get(&self.dossier.code).await {
            Ok(Some(dossier)) => dossier,
            // It cannot vanish; unreadable, what was read at the start holds.
            Ok(None) | Err(_) => Arc::clone(&self.dossier),
        }
    }

    async fn ask(
        self: Arc<Self>,
        operation: Operation,
        subject: SubjectKey,
        role: RoleId,
        fields: FieldSet,
    ) -> Looked {
        let _turn = match self.gates.get(&operation.dataset().registry()) {
            Some(gate) => gate.acquire().await.ok(),
            None => None,
        };
        let question = Question {
            operation,
            subject,
            fields,
            purpose: Purpose::Dossier(self.dossier.code.clone()),
            max_age: self.max_age,
            claim: None,
            trace: self.trace.clone(),
        };
        let keep = |seen: &motlan_pipeline::Seen<'_>| (seen.records.to_vec(), seen.people.to_vec());
        match self.pipeline.ask_for_component(&self.identity, question, role.as_str(), keep).await {
            Ok(sealed) => {
                let (answer, (records, people)) = sealed.into_value();
                let Answer { outcome, withheld, freshness, .. } = answer;
                Looked::Answered(Arc::new(Answered { outcome, records, people, withheld, freshness }))
            }
            Err(NotReleased::Refused(sealed)) => {
                Looked::Refused { outcome: sealed.value().outcome, reason: sealed.value().reason }
            }
            Err(NotReleased::Unrecorded(unrecorded)) => Looked::Unrecorded(unrecorded),
        }
    }
}

// === impl Lookups ===

impl Lookups {
    /// None made yet.
    pub(crate) fn new(asker: Asker) -> Self {
        Self { asker: Arc::new(asker), flights: Mutex::default() }
    }

    /// For whom and about what is asked.
    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The subjects in a role: as named at opening, or found by following the
    /// link that the procedure registers. Who stands in a role that this one
    /// excludes is not among them, whoever named them there.
    ///
    /// A dossier is opened all the same: whom the portal named, and signed, is
    /// for the officer to see, and what rests on it is asked for on paper.
    pub(crate) async fn subjects(
        &self,
        procedure: &Procedure,
        role: &RoleId,
    ) -> Result<Vec<SubjectKey>, Looked> {
        let mut subjects = self.all_subjects(procedure, role).await?;
        if let Some(other) = procedure.role(role.as_str()).and_then(|spec| spec.other_than.as_ref()) {
            let dossier = &self.asker.dossier;
            let stands = |key: &SubjectKey| {
                dossier.in_role(other.as_str()).any(|subject| same_subject(&subject.key, key))
            };
            subjects.retain(|key| !stands(key));
        }
        Ok(subjects)
    }

    fn all_subjects<'a>(
        &'a self,
        procedure: &'a Procedure,
        role: &'a RoleId,
    ) -> BoxFuture<'a, Result<Vec<SubjectKey>, Looked>> {
        async move {
            let asker = &self.asker;
            let named: Vec<SubjectKey> = asker
                .dossier
                .in_role(role.as_str())
                .filter(|subject| matches!(subject.how, SubjectSource::Named))
                .map(|subject| subject.key.clone())
                .collect();
            let spec = procedure.role(role.as_str());
            let Some(RoleSpec { how: How::Linked { of, link }, kind, .. }) = spec else { return Ok(named) };
            if !named.is_empty() {
                return Ok(named);
            }
            // Everybody who could show the link is asked every time: a resolve
            // that was cut short has linked only some.
            let shown_by: Vec<Dataset> =
                asker.plan.showing(of, RoleSpec::link_fields(*link, *kind)).collect();
            let mut denied = None;
            let mut answered = false;
            for subject in self.all_subjects(procedure, of).await? {
                for dataset in &shown_by {
                    match self.look(of, *dataset, subject.clone()).await {
                        Looked::Answered(_) => answered = true,
                        refused @ Looked::Refused { outcome: Outcome::Denied, .. } => denied = Some(refused),
                        failed => return Err(failed),
                    }
                }
            }
            // Nobody could tell is not the same as nobody is there.
            if let Some(denied) = denied.filter(|_| !answered) {
                return Err(denied);
            }
            let now = asker.dossier().await;
            Ok(now.in_role(role.as_str()).map(|subject| subject.key.clone()).collect())
        }
        .boxed()
    }

    /// Looks a subject up, or joins whoever does.
    pub(crate) fn look(&self, role: &RoleId, dataset: Dataset, subject: SubjectKey) -> Flight {
        let operation = plan::operation(dataset, subject.kind());
        let mut flights = self.flights.lock();
        flights
            .entry((operation, subject.clone(), role.clone()))
            .or_insert_with(|| {
                let fields = self.asker.plan.fields(role, dataset);
                Arc::clone(&self.asker).ask(operation, subject, role.clone(), fields).boxed().shared()
            })
            .clone()
    }
}
