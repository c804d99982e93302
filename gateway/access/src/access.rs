//! The room's handle: what is loaded, and who a caller and an actor are.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::civil::Date;
use motlan_catalogue::{Catalogue, Purposes};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, ProcedureCode, PurposeId, Synthetic};
use motlan_domain::{Clock, Outcome, Reason, SubjectKey};
use motlan_dossier::{Register, Viewer, same_subject};

use crate::caller::{self, CallerCache, CallerEntry};
use crate::config::AccessConfig;
use crate::denial::Denial;
use crate::directory::Directory;
use crate::error::{AccessError, AccessErrors, Mistakes};
use crate::evidence::Signer;
use crate::identity::{Actor, Caller, Identity};
use crate::permit::{Basis, Permit};
use crate::places::Places;
use crate::policy::Policies;
use crate::token::{Issuer, Presented, TokenCache};

/// How many mismatching attempts an agency has about one subject on one day
/// (Asia/Ho_Chi_Minh). The next one is `GUESS_LIMIT`.
pub const GUESS_LIMIT: u32 = 5;

/// The room. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Access(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    config: AccessConfig,
    pub(crate) catalogue: Catalogue,
    pub(crate) purposes: Purposes,
    pub(crate) register: Register,
    pub(crate) clock: Arc<dyn Clock>,
    state: ArcSwap<State>,
}

/// What a reload replaces as a whole.
pub(crate) struct State {
    callers: HashMap<String, CallerEntry>,
    certificates: CallerCache,
    issuers: HashMap<String, Issuer>,
    pub(crate) signers: HashMap<String, Signer>,
    pub(crate) directory: Directory,
    pub(crate) policies: Policies,
    tokens: TokenCache,
    procedures: HashMap<ProcedureCode, ProcedureEntry>,
    purposes: HashMap<PurposeId, ProcedureEntry>,
    catalogue_digest: Arc<str>,
}

/// A procedure or purpose as decisions need it: its index, and what it rests on.
#[derive(Clone)]
pub(crate) struct ProcedureEntry {
    pub(crate) index: u32,
    pub(crate) legal_basis: Arc<[String]>,
}

/// What is loaded, for the audit entry `config.loaded`; lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Of the schema and the policies.
    pub policies: String,
    /// Of the catalogue.
    pub catalogue: String,
    /// Of the registered purposes.
    pub purposes: String,
    /// Of the officer directory's file.
    pub directory: String,
}

// === impl Access ===

impl Access {
    /// Loads keys, directory and policies, and judges the configuration; every
    /// mistake is told at once.
    pub fn load(
        config: AccessConfig,
        catalogue: Catalogue,
        purposes: Purposes,
        register: Register,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AccessErrors> {
        let state = State::load(&config, &catalogue, &purposes, &*clock)?;
        let state = ArcSwap::from_pointee(state);
        Ok(Self(Arc::new(Inner { config, catalogue, purposes, register, clock, state })))
    }

    /// Every mistake that [`load`](Self::load) would find, without a register.
    /// Where there is no catalogue to judge by, no agency or commune is called
    /// unknown; all else is judged.
    pub fn check(
        config: &AccessConfig,
        catalogue: Option<&Catalogue>,
        clock: &dyn Clock,
    ) -> Vec<AccessError> {
        let mut mistakes = Mistakes::default();
        let _judged = Judged::new(config, catalogue, clock, &mut mistakes);
        mistakes.into_errors()
    }

    /// Reads keys, directory and policies again. With a mistake anywhere the
    /// old set stays as it is. Questions under way end under the old set.
    pub fn reload(&self) -> Result<Digests, AccessErrors> {
        let inner = &self.0;
        let state = State::load(&inner.config, &inner.catalogue, &inner.purposes, &*inner.clock)?;
        inner.state.store(Arc::new(state));
        Ok(self.digests())
    }

    /// What is loaded now.
    pub fn digests(&self) -> Digests {
        let state = self.state();
        Digests {
            policies: state.policies.digest().to_string(),
            catalogue: state.catalogue_digest.to_string(),
            purposes: self.0.purposes.digest().to_owned(),
            directory: state.directory.digest.clone(),
        }
    }

    /// The catalogue decisions rest on.
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The dossier register decisions rest on.
    pub fn register(&self) -> &Register {
        &self.0.register
    }

    /// The rules an incoming personal id is judged by today.
    pub fn id_rules(&self) -> IdRules {
        id_rules(&self.0.config, &*self.0.clock)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The day in Viet Nam: no birth date that is stated lies after it.
    pub fn today(&self) -> Date {
        vietnam_day(self.0.clock.now())
    }

    /// Caller and actor of one call: the TLS leaf certificate in DER, and the
    /// token, if one was sent.
    pub fn identify(&self, leaf: Option<&[u8]>, token: Option<&str>) -> Result<Identity, Denial> {
        let leaf = leaf.ok_or_else(|| Denial::new(Reason::CredentialMissing))?;
        let caller = self.caller(leaf)?;
        self.identity(&caller, token)
    }

    /// The configured caller that a leaf certificate (DER) names. It may be
    /// kept for the life of the connection: every decision looks again whether
    /// the caller is still configured.
    pub fn caller(&self, leaf: &[u8]) -> Result<Caller, Denial> {
        let state = self.state();
        state.certificates.caller(leaf, &state.callers).map_err(|reason| Denial::new(reason).showing(leaf))
    }

    /// The person a token names, as presented by `caller`, and until when; no
    /// token is [`Actor::Absent`].
    fn actor(&self, caller: &Caller, token: Option<&str>) -> Result<(Actor, Option<i64>), Denial> {
        let state = self.state();
        let deny = |reason| Denial::new(reason).called_by(caller).on(state.basis());
        let entry = state.current(caller).map_err(deny)?;
        let Some(token) = token else { return Ok((Actor::Absent, None)) };
        let presented = Presented {
            caller,
            allowed: &entry.tokens,
            issuers: &state.issuers,
            directory: &state.directory,
            rules: self.id_rules(),
            now: self.0.clock.now(),
        };
        let named = state.tokens.actor(token, &presented).map_err(deny)?;
        Ok((named.actor, Some(named.until)))
    }

    /// Caller and actor found apart, for a server that keeps the caller of a
    /// connection.
    pub fn identity(&self, caller: &Caller, token: Option<&str>) -> Result<Identity, Denial> {
        let (actor, until) = self.actor(caller, token)?;
        Ok(Identity { caller: caller.clone(), actor, until })
    }

    /// Ends a verification: MISMATCH, NOT_FOUND and INCOMPLETE keep the attempt
    /// counted, MATCH gives it back, and so does `None` or any other outcome:
    /// no answer came. For other operations it does nothing.
    ///
    /// `holder` is the personal id of the record that was found. Where the
    /// question named the person otherwise (by an old nine-digit CMND), the
    /// attempt counts for the personal id too, durably: one person, one limit.
    ///
    /// # Errors
    /// `GUESS_LIMIT`: the attempts about the holder are used up, so not even
    /// the outcome may be told. `STORE_UNAVAILABLE`, `OVERLOADED`: it could not
    /// be counted, and is not to be told either. The attempt stays counted.
    pub async fn settle(
        &self,
        permit: &Permit,
        outcome: Option<Outcome>,
        holder: Option<PersonalId>,
    ) -> Result<(), Reason> {
        let Some(ticket) = &permit.0.guess else { return Ok(()) };
        let counts = matches!(outcome, Some(Outcome::Mismatch | Outcome::NotFound | Outcome::Incomplete));
        let register = &self.0.register;
        let holder =
            holder.map(SubjectKey::Person).filter(|id| !same_subject(id, &permit.0.question.subject));
        if let Some(holder) = holder.filter(|_| outcome.is_some()) {
            let (agency, digest) = (permit.caller().agency(), register.subject_digest(&holder));
            let day = vietnam_day(self.0.clock.now());
            let counted = register.reserve_guess(agency, digest, day, GUESS_LIMIT).await;
            let counted = counted.map_err(|error| error.reason())?;
            if !counts {
                register.refund(&counted).await;
            }
        }
        if !counts {
            register.refund(ticket).await;
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> Arc<State> {
        self.0.state.load_full()
    }

    /// Whether this configuration refuses to speak of the subject: promise 8.
    pub(crate) fn refuses(&self, key: &SubjectKey) -> bool {
        if Synthetic::from(self.0.config.synthetic_ids) == Synthetic::Allowed {
            return false;
        }
        let any = IdRules { synthetic: Synthetic::Allowed, present_year: i16::MAX };
        match key {
            SubjectKey::Person(id) => id.is_synthetic(),
            SubjectKey::Cmnd(cmnd) => cmnd.as_personal_id(&any).is_some_and(|id| id.is_synthetic()),
            _ => false,
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

/// What the configuration alone comes to.
struct Judged {
    entries: Vec<CallerEntry>,
    issuers: HashMap<String, Issuer>,
    signers: HashMap<String, Signer>,
    directory: Directory,
    policies: Option<Policies>,
}

// === impl Judged ===

impl Judged {
    fn new(
        config: &AccessConfig,
        catalogue: Option<&Catalogue>,
        clock: &dyn Clock,
        mistakes: &mut Mistakes,
    ) -> Self {
        let places = Places::new(catalogue, vietnam_day(clock.now()));
        let entries = caller::compile(&config.callers, &places, mistakes);
        let issuers = Issuer::compile(&config.issuers, &places, mistakes);
        // Also one with a mistake of its own: naming it is none.
        let is_caller = |id: &str| config.callers.iter().any(|caller| caller.id == id);
        let signers = Signer::compile(&config.evidence, is_caller, mistakes);
        let directory = Directory::read(&config.directory, id_rules(config, clock), &places, mistakes);
        let policies = Policies::load(config.policy_dir.as_deref(), &entries, mistakes);
        Self { entries, issuers, signers, directory, policies }
    }
}

// === impl State ===

impl State {
    fn load(
        config: &AccessConfig,
        catalogue: &Catalogue,
        purposes: &Purposes,
        clock: &dyn Clock,
    ) -> Result<Self, AccessErrors> {
        let mut mistakes = Mistakes::default();
        let Judged { entries, issuers, signers, directory, policies } =
            Judged::new(config, Some(catalogue), clock, &mut mistakes);
        let indexed = |(index, legal_basis): (u32, &Vec<String>)| ProcedureEntry {
            index,
            legal_basis: legal_basis.as_slice().into(),
        };
        let state = policies.map(|policies| Self {
            callers: entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect(),
            certificates: CallerCache::default(),
            issuers,
            signers,
            directory,
            policies,
            tokens: TokenCache::default(),
            procedures: (0..)
                .zip(catalogue.procedures())
                .map(|(index, p)| (p.code.clone(), indexed((index, &p.legal_basis))))
                .collect(),
            purposes: (0..)
                .zip(purposes.purposes())
                .map(|(index, p)| (p.id.clone(), indexed((index, &p.legal_basis))))
                .collect(),
            catalogue_digest: catalogue.digest().into(),
        });
        mistakes.into_result(state)
    }

    /// The caller's present entry; one that was removed or changed by a reload
    /// is nobody any more.
    pub(crate) fn current(&self, caller: &Caller) -> Result<&CallerEntry, Reason> {
        let entry = self.callers.get(caller.id());
        entry
            .filter(|entry| entry.role == caller.role() && entry.agency == *caller.agency())
            .ok_or(Reason::CallerUnknown)
    }

    pub(crate) fn procedure(&self, code: &ProcedureCode) -> Option<&ProcedureEntry> {
        self.procedures.get(code)
    }

    pub(crate) fn purpose(&self, id: &PurposeId) -> Option<&ProcedureEntry> {
        self.purposes.get(id)
    }

    pub(crate) fn catalogue_digest(&self) -> &Arc<str> {
        &self.catalogue_digest
    }

    /// For a decision no policy was asked about.
    pub(crate) fn basis(&self) -> Basis {
        Basis {
            policies: Arc::default(),
            policy_digest: Arc::clone(self.policies.digest()),
            catalogue_digest: Arc::clone(&self.catalogue_digest),
        }
    }
}

/// As whom a caller looks dossiers up.
pub(crate) fn viewer(caller: &Caller) -> Viewer {
    let agency: &AgencyCode = caller.agency();
    Viewer { agency: agency.clone(), system: caller.id().to_owned() }
}

fn id_rules(config: &AccessConfig, clock: &dyn Clock) -> IdRules {
    IdRules { synthetic: config.synthetic_ids.into(), present_year: vietnam_day(clock.now()).year() }
}
