//! From a dossier's components to what need not be handed in.
//!
//! **In scope**: which lookups a case needs, the conditions on their answers,
//! the blanks they fill, the order in which results are told. **Out of scope**:
//! how a question is permitted, asked and recorded: every lookup is a question
//! to `motlan-pipeline`, and every decision an entry of its own.

mod component;
mod judge;
mod lookups;
mod plan;
mod prefill;
mod result;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, FuturesUnordered};
use futures::{FutureExt, StreamExt};
use motlan_access::{DossierPermit, Identity};
use motlan_audit::Draft;
use motlan_audit_tree::entry::Component as EntryComponent;
use motlan_audit_tree::entry::{Effect, Fields};
use motlan_audit_tree::{Kind, Outcome as EntryOutcome, Text};
use motlan_catalogue::{CaseId, Component, Procedure};
use motlan_domain::id::DossierCode;
use motlan_domain::{Clock, Reason, Trace, date};
use motlan_pipeline::{
    NotReleased, Pipeline, Refusal, Sealed, Unrecorded, draft_actor, entry_caller, entry_decision,
    entry_evidence,
};

pub use result::{ComponentOutcome, ComponentResult, FilledBlank, Summary};

use component::Deciding;
use lookups::{Asker, Lookups};
use plan::Plan;

/// Resolves dossiers.
#[derive(Clone)]
pub struct Resolver {
    pipeline: Arc<Pipeline>,
    clock: Arc<dyn Clock>,
}

/// What is to be resolved.
#[derive(Debug, Clone)]
pub struct ResolveRequest {
    /// Which dossier.
    pub dossier: DossierCode,
    /// Which components, by key or code; empty for all of the procedure.
    pub components: Vec<String>,
    /// The oldest registry answer that is accepted.
    pub max_age: Option<Duration>,
    /// What the call belongs to.
    pub trace: Trace,
}

/// Why a resolve does not start.
#[derive(Debug)]
pub enum NotResolved {
    /// Denied, or nothing could be recorded.
    NotReleased(NotReleased<Refusal>),
    /// The procedure has no component of some of the names; recorded. Only who
    /// may resolve the dossier hears of it.
    ComponentsUnknown(Sealed<UnknownComponents>),
}

/// The places in [`ResolveRequest::components`] of names that are no
/// component's, ascending; never empty.
#[derive(Debug)]
pub struct UnknownComponents(Vec<usize>);

/// The results of one resolve, each as it is known, in no fixed order. An
/// `Unrecorded` ends it: the log could not be written.
pub type Results = BoxStream<'static, Result<Sealed<ComponentResult>, Unrecorded>>;

// === impl Resolver ===

impl Resolver {
    /// Over this pipeline.
    pub fn new(pipeline: Arc<Pipeline>, clock: Arc<dyn Clock>) -> Self {
        Self { pipeline, clock }
    }

    /// Starts a resolve. Dropping the stream abandons what is not yet asked.
    ///
    /// # Errors
    /// As [`Pipeline::ask`]; and where a component is asked for that the
    /// procedure does not have.
    pub async fn resolve(
        &self,
        identity: &Identity,
        request: ResolveRequest,
    ) -> Result<Results, NotResolved> {
        let permit = match self.pipeline.access().may_resolve(identity, &request.dossier).await {
            Ok(permit) => permit,
            Err(denial) => return Ok(self.pipeline.refuse(&denial, request.trace.id()).await?),
        };
        let permit = Arc::new(permit);
        let catalogue = Arc::clone(self.pipeline.catalogue());
        let dossier = Arc::clone(permit.dossier());
        let case = CaseId::parse(&dossier.case);
        let (Some(procedure), Some(case)) = (catalogue.procedure(&dossier.procedure).cloned(), case) else {
            // The catalogue in force no longer has the procedure.
            let reason = Reason::ProcedureUnknown;
            let sealed = self.refuse(&permit, reason, Refusal::denied(reason), request.trace.id()).await?;
            return Err(NotReleased::Refused(sealed).into());
        };
        let procedure = Arc::new(procedure);
        let wanted = match wanted(&procedure, &request.components) {
            Ok(wanted) => wanted,
            Err(unknown) => {
                let sealed =
                    self.refuse(&permit, Reason::ComponentUnknown, unknown, request.trace.id()).await?;
                return Err(NotResolved::ComponentsUnknown(sealed));
            }
        };
        let plan = Plan::of(&procedure, &case, &wanted);
        let asker = Asker::new(
            Arc::clone(&self.pipeline),
            identity.clone(),
            dossier,
            plan,
            request.max_age,
            request.trace.clone(),
        );
        let today = date::vietnam_day(self.clock.now());
        let withheld = permit.withheld();
        let lookups = Lookups::new(asker);
        let deciding = Arc::new(Deciding { catalogue, lookups, case: case.clone(), today, withheld });
        let results: FuturesUnordered<_> = wanted
            .into_iter()
            .map(|place| {
                let (deciding, procedure, permit) =
                    (Arc::clone(&deciding), Arc::clone(&procedure), Arc::clone(&permit));
                let (pipeline, trace, case) =
                    (Arc::clone(&self.pipeline), request.trace.clone(), case.clone());
                async move {
                    let component = &procedure.components[place];
                    let in_case = component.asked_in(&case);
                    let result = deciding.decide(&procedure, component, in_case).await?;
                    let draft = decided_draft(&permit, &result, trace.id());
                    let canonical = result.canonical().map_err(|_| Unrecorded::Unavailable)?;
                    pipeline.seal_committed(draft, &canonical, result).await
                }
                .boxed()
            })
            .collect();
        Ok(results.boxed())
    }

    /// Records that nothing is resolved, and hands out what is told instead.
    async fn refuse<T>(
        &self,
        permit: &DossierPermit,
        reason: Reason,
        told: T,
        trace: &str,
    ) -> Result<Sealed<T>, NotReleased<Refusal>> {
        let mut draft = base_draft(Kind::AccessDenied, permit, trace);
        draft.operation = Some(Text::new_static("resolve_dossier"));
        draft.outcome = Some(EntryOutcome::Denied);
        draft.reason = Some(Text::new_static(reason.code()));
        self.pipeline.seal(draft, told).await.map_err(NotReleased::Unrecorded)
    }
}

// === impl NotResolved ===

impl From<NotReleased<Refusal>> for NotResolved {
    fn from(not_released: NotReleased<Refusal>) -> Self {
        Self::NotReleased(not_released)
    }
}

// === impl UnknownComponents ===

impl UnknownComponents {
    /// The places, from 0.
    pub fn places(&self) -> &[usize] {
        &self.0
    }
}

/// The places of the components asked for, all if none is named; or which
/// names are no component's.
fn wanted(procedure: &Procedure, names: &[String]) -> Result<Vec<usize>, UnknownComponents> {
    // An empty code is many components' and names none.
    let is = |component: &Component, name: &String| {
        component.key.as_str() == name || (component.code == *name && !name.is_empty())
    };
    let known = |name: &String| procedure.components.iter().any(|component| is(component, name));
    let unknown: Vec<usize> =
        names.iter().enumerate().filter(|(_, name)| !known(name)).map(|(place, _)| place).collect();
    if !unknown.is_empty() {
        return Err(UnknownComponents(unknown));
    }
    let asked = |place: &usize| {
        let component = &procedure.components[*place];
        names.is_empty() || names.iter().any(|name| is(component, name))
    };
    Ok((0..procedure.components.len()).filter(asked).collect())
}

fn base_draft(kind: Kind, permit: &DossierPermit, trace: &str) -> Draft {
    let dossier = permit.dossier();
    let mut draft = Draft::new(kind).trace(trace.to_owned()).dossier(dossier.code.as_str().to_owned());
    draft.caller = Some(entry_caller(permit.identity().caller()));
    draft.actor = Some(draft_actor(permit.identity().actor()));
    draft.evidence = Some(entry_evidence(dossier.evidence));
    draft.procedure = Some(Text::new(dossier.procedure.as_str()));
    draft.case = Some(Text::new(&dossier.case));
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft
}

fn decided_draft(permit: &DossierPermit, result: &ComponentResult, trace: &str) -> Draft {
    let mut draft = base_draft(Kind::ComponentDecided, permit, trace);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    draft.component = Some(EntryComponent {
        key: Text::new(&result.key),
        mode: result.mode.map(|mode| Text::new_static(mode.as_str())),
        outcome: Text::new_static(result.outcome.as_str()),
        prefilled: count(result.filled.len()),
        total: count(result.blanks),
    });
    draft.reason = Some(Text::new_static(result.reason.code()));
    let told = result.told.fields.iter().map(Text::new).collect::<Vec<_>>();
    draft.fields = (!told.is_empty()).then(|| Fields { asked: Vec::new(), disclosed: told });
    draft.subjects.clone_from(&result.told.subjects);
    draft
}
