//! Many callers at a gateway that runs as a process of its own: each asks
//! again and again and writes down what it was told, until it is stopped or the
//! gateway is gone.

mod call;
mod judge;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use motlan_harness::{Connection, DemoFamily, Opening, Plan, Refusal, Site, World};
use motlan_proto::dossier::v1::OpenDossierRequest;
use tokio::task::JoinSet;

use crate::{Held, RESIDENCE};
pub use call::{Call, Reply, What};
pub use judge::{judge, judge_intents, judge_registries, unhonoured};

/// What a caller does when it was refused for the gateway's own sake, or has a
/// costly question: others are to get on too.
const PAUSE: Duration = Duration::from_millis(15);

/// Dossiers that the portal opens in one load, at most: a day has 9,999 serials.
const OPENINGS: usize = 96;

/// One family, its open dossier, and the office that decides it.
#[derive(Clone)]
pub struct Case {
    /// Who they are.
    pub family: DemoFamily,
    /// Whom a dossier of theirs names.
    pub plan: Plan,
    /// The caller that decides it.
    pub office: String,
    /// The dossier's code.
    pub dossier: String,
}

/// A running load.
pub struct Load {
    callers: JoinSet<Vec<Call>>,
    stopped: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

/// What was told so far.
#[derive(Default)]
pub struct Counts {
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Office,
    Verifier,
    Auditor,
    Portal,
}

/// One caller.
struct Caller {
    by: Connection,
    role: Role,
    case: Case,
    /// For the portal: openings to make, each once.
    openings: Vec<OpenDossierRequest>,
    stopped: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

// === impl Case ===

impl Case {
    /// Opens a dossier of residence for every demo family.
    pub async fn open_all(world: &World, site: &Site) -> (Vec<Self>, Vec<Call>) {
        let (mut cases, mut calls) = (Vec::new(), Vec::new());
        for (number, family) in world.families().iter().enumerate() {
            let opening = Opening::of(RESIDENCE).family(number);
            let plan = world.plan(&opening).unwrap();
            let request = world.request(&opening, &plan).unwrap();
            let dossier = request.dossier_code.clone();
            let portal = world.citizen_at(site, &plan.applicant).unwrap();
            let call = Call::open(&portal, request).await;
            assert!(matches!(call.reply, Reply::Answered), "{dossier} does not open: {call:?}");
            let office = world.running().world().cast().of_agency(&plan.agency).unwrap().id.clone();
            calls.push(call);
            cases.push(Self { family: family.clone(), plan, office, dossier });
        }
        (cases, calls)
    }
}

// === impl Load ===

impl Load {
    /// Starts so many callers: offices, a verifier, the auditor and the portal,
    /// in the proportion 5 : 1 : 1 : 1, each on a connection of its own.
    pub fn start(world: &World, site: &Site, cases: &[Case], callers: usize) -> Self {
        let mut load = Self { callers: JoinSet::new(), stopped: Arc::default(), counts: Arc::default() };
        for number in 0..callers {
            let case = cases[number % cases.len()].clone();
            let role = match number % 8 {
                5 => Role::Verifier,
                6 => Role::Auditor,
                7 => Role::Portal,
                _ => Role::Office,
            };
            let by = match role {
                Role::Office => world.connect_to(site, &case.office),
                Role::Verifier => world.connect_to(site, "verifier"),
                Role::Auditor => world.connect_to(site, "auditor"),
                Role::Portal => world.citizen_at(site, &case.plan.applicant),
            };
            let family = world.families().iter().position(|f| f.applicant.id == case.plan.applicant);
            let opening = Opening::of(RESIDENCE).family(family.unwrap());
            let made = if role == Role::Portal { OPENINGS / (callers / 8) } else { 0 };
            let openings = (0..made).map(|_| world.request(&opening, &case.plan).unwrap()).collect();
            let caller = Caller {
                by: by.unwrap(),
                role,
                case,
                openings,
                stopped: Arc::clone(&load.stopped),
                counts: Arc::clone(&load.counts),
            };
            load.callers.spawn(caller.ask(number));
        }
        load
    }

    /// How many answers and denials came, and how many calls were refused for
    /// the gateway's sake.
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.acknowledged.load(Ordering::Relaxed), self.counts.refused.load(Ordering::Relaxed))
    }

    /// Waits until at least so many answers and so many refusals came.
    pub async fn reaches(&self, what: &str, acknowledged: u64, refused: u64) {
        let reached = async {
            while self.counts().0 < acknowledged || self.counts().1 < refused {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_mins(2), reached).await;
        assert!(
            reached.is_ok(),
            "{what}: {:?} of {acknowledged} answers and {refused} refusals",
            self.counts()
        );
    }

    /// Stops the callers; each ends the call it is at.
    pub async fn stop(self) -> Vec<Call> {
        self.stopped.store(true, Ordering::Relaxed);
        let calls: Vec<Call> = self.callers.join_all().await.into_iter().flatten().collect();
        let gone = calls.iter().find(|call| call.reply == Reply::Gone);
        assert!(gone.is_none(), "a connection broke: {gone:?}");
        calls
    }

    /// Waits until every caller has noticed that the gateway is gone.
    pub async fn all_gone(self) -> Vec<Call> {
        let callers = tokio::time::timeout(Duration::from_mins(2), self.callers.join_all()).await;
        callers.expect("every caller notices").into_iter().flatten().collect()
    }
}

// === impl Caller ===

impl Caller {
    async fn ask(mut self, number: usize) -> Vec<Call> {
        let mut calls = Vec::new();
        for turn in number / 8.. {
            if self.stopped.load(Ordering::Relaxed) {
                break;
            }
            let call = self.one(turn).await;
            let refused = matches!(call.reply, Reply::Refused { .. });
            let count = if refused { &self.counts.refused } else { &self.counts.acknowledged };
            count.fetch_add(if refused { 1 } else { call.held.len() as u64 }, Ordering::Relaxed);
            let gone = call.reply == Reply::Gone;
            calls.push(call);
            if gone {
                break;
            }
            if refused || self.role != Role::Office {
                tokio::time::sleep(PAUSE).await;
            }
        }
        calls
    }

    async fn one(&mut self, turn: usize) -> Call {
        let (by, case) = (&self.by, &self.case);
        match (self.role, turn % 5) {
            (Role::Office, 0) => Call::person(by, What::Hit, case).await,
            (Role::Office, 1) => Call::person(by, What::Live, case).await,
            (Role::Office, 2) => Call::stranger(by, case).await,
            (Role::Office, 3) => Call::household(by, case).await,
            (Role::Office, _) => Call::resolve(by, case).await,
            (Role::Verifier, 0 | 2 | 4) => Call::verify(by, case).await,
            (Role::Verifier, _) => Call::verify_unknown(by).await,
            (Role::Auditor, _) => Call::search(by, case).await,
            (Role::Portal, 0 | 2 | 4) => match self.openings.pop() {
                Some(opening) => Call::open(by, opening).await,
                None => Call::view(by, case).await,
            },
            (Role::Portal, _) => Call::view(by, case).await,
        }
    }
}

/// The refusal that a status tells, if it is one of the gateway's.
fn refusal(status: tonic::Status) -> Option<Refusal> {
    Some(Refusal::from(status)).filter(|refusal| !refusal.reason.is_empty())
}

/// A receipt that an answer must have.
fn receipt(receipt: Option<motlan_proto::common::v1::Receipt>) -> Held {
    receipt.expect("every answer has a receipt").into()
}
