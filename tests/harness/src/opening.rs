//! Opening dossiers for tests.

use anyhow::Context as _;
use motlan::client::{Connection, Refusal};
use motlan::sandbox::Plan;
use motlan_domain::id::ProcedureCode;
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{Assertion, OpenDossierRequest, OpenDossierResponse, OpeningEvidence};

use crate::World;

/// How a dossier is opened.
#[derive(Clone)]
pub struct Opening {
    /// The procedure's code.
    pub procedure: String,
    /// The case; the first if none.
    pub case: Option<String>,
    /// Which demo family applies.
    pub family: usize,
    /// With the portal's receipt of acceptance, or on bare assertion.
    pub receipt: bool,
}

/// An open dossier.
pub struct Opened {
    /// Its code.
    pub code: String,
    /// Whom it names, and who decides it.
    pub plan: Plan,
    /// The caller that decides it, by id.
    pub office: String,
    /// What the gateway answered.
    pub answer: OpenDossierResponse,
}

// === impl Opening ===

impl Opening {
    /// That procedure for the first family, with a receipt.
    pub fn of(procedure: &str) -> Self {
        Self { procedure: procedure.to_owned(), case: None, family: 0, receipt: true }
    }

    /// In that case.
    pub fn case(mut self, case: &str) -> Self {
        self.case = Some(case.to_owned());
        self
    }

    /// For that family.
    pub const fn family(mut self, family: usize) -> Self {
        self.family = family;
        self
    }

    /// On the caller's bare word.
    pub const fn asserted(mut self) -> Self {
        self.receipt = false;
        self
    }
}

// === impl World ===

impl World {
    /// The plan for an opening: who is named, who decides.
    pub fn plan(&self, opening: &Opening) -> anyhow::Result<Plan> {
        let world = self.running().world();
        let code = ProcedureCode::parse(&opening.procedure).ok();
        let procedure =
            code.and_then(|code| world.catalogue().procedure(&code)).context("no such procedure")?;
        Ok(world.plan(procedure, opening.case.as_deref(), opening.family)?)
    }

    /// The request for a plan, with the evidence the opening asks for. Change
    /// it to make it wrong: the receipt stays as signed.
    pub fn request(&self, opening: &Opening, plan: &Plan) -> anyhow::Result<OpenDossierRequest> {
        let mut request = plan.request(&plan.dossier_code(self.next_serial()));
        let evidence = if opening.receipt {
            Evidence::AcceptanceReceipt(self.running().world().acceptance(&request)?)
        } else {
            Evidence::Assertion(Assertion {})
        };
        request.evidence = Some(OpeningEvidence { evidence: Some(evidence) });
        Ok(request)
    }

    /// The portal's connection with the applicant of the plan at it.
    pub fn portal_for(&self, plan: &Plan) -> anyhow::Result<Connection> {
        self.connect_with("portal", &self.citizen_token(&plan.applicant)?)
    }

    /// Opens a dossier through the portal, the applicant at it.
    pub async fn open(&self, opening: &Opening) -> anyhow::Result<Opened> {
        let plan = self.plan(opening)?;
        let request = self.request(opening, &plan)?;
        let code = request.dossier_code.clone();
        let answer = self.portal_for(&plan)?.dossiers().open_dossier(request).await.map_err(Refusal::from)?;
        let office =
            self.running().world().cast().of_agency(&plan.agency).context("nobody decides it")?.id.clone();
        Ok(Opened { code, plan, office, answer: answer.into_inner() })
    }
}
