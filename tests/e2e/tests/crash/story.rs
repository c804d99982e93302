//! One folder of state and the gateways that live and die on it.

use std::collections::{BTreeMap, BTreeSet};

use motlan_e2e::load::{Call, Case, Load, Reply, What, judge, judge_intents, unhonoured};
use motlan_e2e::{Held, Ledger};
use motlan_harness::faults::{FaultLayer, Rule};
use motlan_harness::power::{Lost, Luck, Machine};
use motlan_harness::{Connection, Program, Served, Site, World};
use motlan_proto::audit::v1::GetEntryRequest;
use tempfile::TempDir;

use crate::callers;

/// Receipts that are looked up over the API too, and openings that are asked
/// for again, after each restart.
const SAMPLE: usize = 12;

/// A folder of state, and all that was ever told from it.
pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) site: Site,
    pub(crate) program: Program,
    pub(crate) calls: Vec<Call>,
    pub(crate) layer: FaultLayer,
    /// Questions that a stop cut off and a start closed.
    pub(crate) interrupted: usize,
    cases: Vec<Case>,
    machine: Option<Machine>,
    pseudonyms: BTreeMap<String, String>,
    _folder: TempDir,
}

/// How a life ends.
pub(crate) enum End {
    /// SIGKILL, once so many answers came and some more.
    Random,
    /// By these rules of the fault layer, put in force when the answers came.
    At(Vec<Rule>),
}

// === impl Story ===

impl Story {
    /// A fresh folder, a first gateway on it, and a dossier per family. With
    /// `power` every change is written down, so that the power can fail.
    pub(crate) async fn begin(power: bool) -> (Self, Served) {
        let world = World::start().await.unwrap();
        // Segments as small as they may be, so that one is full in a life.
        let site = world.site("served", &[("segment_mib = ", "segment_mib = 1")]).unwrap();
        let folder = tempfile::tempdir_in(world.folder()).unwrap();
        let mut layer = FaultLayer::build(folder.path(), site.state()).unwrap();
        let machine = power.then(|| Machine::begin(&mut layer, folder.path()).unwrap());
        let program = Program::built().unwrap();
        let served = program.serve(&site, Some(&layer)).await.unwrap();
        let (cases, calls) = Case::open_all(&world, &site).await;
        let pseudonyms = BTreeMap::new();
        let story = Self {
            world,
            site,
            program,
            calls,
            layer,
            interrupted: 0,
            cases,
            machine,
            pseudonyms,
            _folder: folder,
        };
        (story, served)
    }

    /// Starts the gateway again on what is left.
    pub(crate) async fn restart(&self) -> Served {
        let started = self.program.serve(&self.site, Some(&self.layer)).await;
        started.unwrap_or_else(|error| panic!("the log opens without repair by hand: {error:#}"))
    }

    /// A load until the gateway ends; how many answers came.
    pub(crate) async fn live(&mut self, served: Served, enough: usize, end: End) -> usize {
        self.live_among(callers(), served, enough, end).await
    }

    /// The same with so many callers.
    pub(crate) async fn live_among(
        &mut self,
        callers: usize,
        served: Served,
        enough: usize,
        end: End,
    ) -> usize {
        let load = Load::start(&self.world, &self.site, &self.cases, callers);
        let random = usize::from(uuid::Uuid::new_v4().as_bytes()[0]) % (1 + enough / 2);
        load.reaches("a life", (enough + random) as u64, 0).await;
        match end {
            End::Random => served.kill().await.unwrap(),
            End::At(rules) => {
                self.layer.arm(&rules).unwrap();
                let status = served.dies().await.unwrap();
                assert!(!status.success(), "{status}");
                assert!(self.layer.acted(0).unwrap() > 0, "it died of something else");
            }
        }
        let calls = load.all_gone().await;
        let answered = calls.iter().filter(|call| !call.held.is_empty()).count();
        let gone = calls.iter().filter(|call| call.reply == Reply::Gone).count();
        assert!(gone >= callers / 2, "only {gone} callers were at it when the gateway died");
        let told: usize = calls.iter().map(|call| call.held.len()).sum();
        assert!(told >= enough && answered > 0, "{told} answers");
        self.calls.extend(calls);
        told
    }

    /// The process is dead and the machine goes on.
    pub(crate) fn process_died(&self) {
        self.machine.as_ref().unwrap().process_died().unwrap();
    }

    /// The process is dead and the power with it.
    pub(crate) fn power_fails(&mut self, luck: Luck) -> Lost {
        let machine = self.machine.take().unwrap();
        machine.process_died().unwrap();
        let (machine, lost) = machine.power_cut(luck).unwrap();
        self.machine = Some(machine);
        lost
    }

    /// The receipts told so far that the log on the disk does not honour.
    pub(crate) fn missing(&self) -> usize {
        unhonoured(&self.calls, &Ledger::read(&self.site.audit(), &self.site.state().join("log"))).len()
    }

    /// All that was ever told still holds.
    pub(crate) async fn check(&mut self, served: &Served, what: &str) {
        let ledger = Ledger::read(&served.site().audit(), &served.site().state().join("log"));
        judge(&self.calls, &ledger);
        self.interrupted = judge_intents(&ledger);
        self.people_keep_their_pseudonym(&ledger, what);
        // The same over the API, for some: the reads are entries behind all that was told.
        let auditor = self.world.connect_to(&self.site, "auditor").unwrap();
        let last = self.calls.iter().flat_map(|call| &call.held).map(|held| held.index).max().unwrap();
        let mut sample: Vec<&Held> = self.calls.iter().rev().flat_map(|call| &call.held).collect();
        sample.truncate(SAMPLE);
        for held in sample {
            let read = read(&auditor, held).await.unwrap_or_else(|| panic!("{what}: no entry {held:?}"));
            assert!(read.index > last, "{what}: index {} was given again", read.index);
        }
        self.openings_stand(what).await;
    }

    /// Whoever opened a dossier gets the same answer for the same request.
    async fn openings_stand(&self, what: &str) {
        let opened = self.calls.iter().rev().filter(|call| call.what == What::Open);
        let opened = opened.filter(|call| call.reply == Reply::Answered).take(SAMPLE);
        for call in opened {
            let request = call.opening.clone().unwrap();
            let case = self.cases.iter().find(|case| case.plan.agency == request.agency_code).unwrap();
            let portal = self.world.citizen_at(&self.site, &case.plan.applicant).unwrap();
            let again = Call::open(&portal, request.clone()).await;
            assert_eq!(again.held, call.held, "{what}: {} was opened: {again:?}", request.dossier_code);
            let case = Case { dossier: request.dossier_code, ..case.clone() };
            let viewed = Call::view(&portal, &case).await;
            assert_eq!(viewed.reply, Reply::Answered, "{what}: {}", case.dossier);
        }
    }

    /// Whether one of the dossiers last opened is there no more.
    pub(crate) async fn an_opening_is_lost(&self) -> bool {
        let opened = self.calls.iter().rev().filter(|call| call.what == What::Open);
        for call in opened.filter(|call| call.reply == Reply::Answered).take(SAMPLE) {
            let code = call.opening.as_ref().unwrap().dossier_code.clone();
            let portal = self.world.connect_to(&self.site, "portal").unwrap();
            let viewed = Call::view(&portal, &Case { dossier: code, ..self.cases[0].clone() }).await;
            if viewed.reply == Reply::Denied("DOSSIER_UNKNOWN".to_owned()) {
                return true;
            }
        }
        false
    }

    /// A person has one pseudonym, whatever happened in between.
    fn people_keep_their_pseudonym(&mut self, ledger: &Ledger, what: &str) {
        let entries: BTreeMap<&str, &serde_json::Value> = ledger
            .entries()
            .filter(|(entry, _)| entry["kind"] == "access.outcome" && !entry["subjects"].is_null())
            .filter_map(|(entry, _)| Some((entry["trace"].as_str()?, entry)))
            .collect();
        for call in
            self.calls.iter().filter(|call| matches!(call.what, What::Hit | What::Live | What::Verify))
        {
            let (Some(entry), Some(subject)) = (entries.get(call.trace.as_str()), &call.subject) else {
                continue;
            };
            let found = entry["subjects"][0]["pseudonym"].as_str().unwrap().to_owned();
            let known = self.pseudonyms.entry(subject.clone()).or_insert_with(|| found.clone());
            assert_eq!(*known, found, "{what}: a second pseudonym for one person");
        }
        assert!(!self.pseudonyms.is_empty());
        // A crash after the entry and before the row knows of it has it written
        // once more, with the same commitment; another would be another person.
        let mut made = BTreeMap::new();
        for (entry, _) in ledger.entries().filter(|(entry, _)| entry["kind"] == "subject.created") {
            let field = |name: &str| entry["created"][name].as_str().unwrap();
            let before = made.insert(field("pseudonym"), field("commitment"));
            assert!(before.is_none_or(|before| before == field("commitment")), "{what}: {entry}");
        }
        assert!(made.len() > 1, "{what}: nobody was met");
        let persons: BTreeSet<&&str> = made.values().collect();
        assert_eq!(persons.len(), made.len(), "{what}: two pseudonyms with one commitment");
    }
}

/// Reads an entry as the auditor; the read's own receipt if it is that one.
pub(crate) async fn read(auditor: &Connection, held: &Held) -> Option<Held> {
    let told = auditor.audit().get_entry(GetEntryRequest { index: held.index }).await.ok()?.into_inner();
    let entry = told.entry.expect("an entry");
    let computed = motlan_audit_tree::leaf_hash(&entry.canonical);
    let same = entry.index == held.index && entry.leaf_hash == held.leaf_hash;
    (same && computed.as_slice() == held.leaf_hash).then(|| told.receipt.expect("a receipt").into())
}
