//! The decision on one component, by its rule.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use motlan_catalogue::{
    Agency, Blank, BlankSource, CaseId, Catalogue, Component, Decide, DossierFact, Form, Lookup, Procedure,
    RegistryBlank, RoleId,
};
use motlan_domain::dataset::Dataset;
use motlan_domain::id::{EnterpriseCode, PersonalId};
use motlan_domain::{Outcome, Reason, Record, SubjectKey};
use motlan_dossier::{Dossier, same_subject};
use motlan_pipeline::Unrecorded;

use crate::judge::{self, Bench};
use crate::lookups::{Answered, Looked, Lookups};
use crate::prefill::{self, Book};
use crate::result::{ComponentOutcome, ComponentResult, FilledBlank, Told};

/// What every decision of one resolve shares.
pub(crate) struct Deciding {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) lookups: Lookups,
    pub(crate) case: CaseId,
    pub(crate) today: Date,
    /// Why no value at all is told to whoever asks.
    pub(crate) withheld: Option<Reason>,
}

/// What fills a blank, and why it is not told, if it is not.
struct Filling {
    cells: Vec<String>,
    withheld: Option<Reason>,
}

// === impl Deciding ===

impl Deciding {
    /// Decides a component.
    ///
    /// # Errors
    /// When the log could not be written: nothing may be told.
    pub(crate) async fn decide(
        &self,
        procedure: &Procedure,
        component: &Component,
        in_case: bool,
    ) -> Result<ComponentResult, Unrecorded> {
        let mut result = ComponentResult::undecided(component);
        if !in_case {
            result.settle(ComponentOutcome::NotInCase, Reason::NotInCase);
            return Ok(result);
        }
        match component.rule.decide_in(&self.case) {
            Decide::Lookup(lookup) => self.by_lookup(procedure, lookup, &mut result).await?,
            Decide::Form(form) => self.by_form(procedure, form, &mut result).await?,
            Decide::Vault => result.settle(ComponentOutcome::NeedsPaper, Reason::NotInVault),
            Decide::NotConnected => result.settle(ComponentOutcome::NeedsPaper, Reason::SourceNotConnected),
            Decide::Paper => result.settle(ComponentOutcome::NeedsPaper, Reason::NoSource),
        }
        Ok(result)
    }

    /// A lookup replaces the paper if every role of the rule has a subject, each
    /// another person, and every one of them is acceptable.
    async fn by_lookup(
        &self,
        procedure: &Procedure,
        lookup: &Lookup,
        result: &mut ComponentResult,
    ) -> Result<(), Unrecorded> {
        result.source = Some(lookup.dataset.registry());
        let mut asked: Vec<(&RoleId, Vec<SubjectKey>)> = Vec::new();
        for role in &lookup.roles {
            match self.lookups.subjects(procedure, role).await {
                Ok(subjects) => asked.push((role, subjects)),
                Err(failed) => return result.fail(&failed),
            }
        }
        // Nobody is asked about for a paper that is needed anyway.
        if asked.iter().any(|(_, subjects)| subjects.is_empty())
            || lookup.must_be_named().any(|role| !self.names_another(role, &asked))
        {
            result.settle(ComponentOutcome::NeedsPaper, Reason::SubjectNotNamed);
            return Ok(());
        }
        let mut holders: Vec<(&RoleId, PersonalId)> = Vec::new();
        for (role, subjects) in asked {
            for subject in subjects {
                let answered = match self.lookups.look(role, lookup.dataset, subject).await {
                    Looked::Answered(answered) => answered,
                    failed => return result.fail(&failed),
                };
                result.rests_on(&answered);
                if let Err(reason) = self.judge(lookup, &answered).await {
                    result.settle(ComponentOutcome::NeedsPaper, reason);
                    return Ok(());
                }
                let before = holders.len();
                holders.extend(answered.holders().map(|holder| (role, holder)));
                // That two roles are two people has to be seen.
                if lookup.roles.len() > 1 && holders.len() == before {
                    result.settle(ComponentOutcome::NeedsPaper, Reason::SubjectNotNamed);
                    return Ok(());
                }
            }
        }
        // One person under two numbers is still one.
        let twice = |(role, id): &(&RoleId, PersonalId)| {
            holders.iter().any(|(other, same)| other != role && same == id)
        };
        if holders.iter().any(twice) {
            result.settle(ComponentOutcome::NeedsPaper, Reason::SubjectNotNamed);
            return Ok(());
        }
        if lookup.original_required {
            result.settle(ComponentOutcome::NeedsPaper, Reason::OriginalRequired);
        } else {
            result.settle(ComponentOutcome::Reused, Reason::RecordReused);
        }
        Ok(())
    }

    /// Whether the dossier names somebody in that role who is none of those asked
    /// about.
    fn names_another(&self, role: &RoleId, asked: &[(&RoleId, Vec<SubjectKey>)]) -> bool {
        let is_asked = |key: &SubjectKey| {
            asked.iter().flat_map(|(_, subjects)| subjects).any(|subject| same_subject(subject, key))
        };
        let dossier = &self.lookups.asker().dossier;
        dossier.in_role(role.as_str()).any(|subject| subject.is_named() && !is_asked(&subject.key))
    }

    /// Of a list any one record that meets the conditions will do.
    async fn judge(&self, lookup: &Lookup, answered: &Answered) -> Result<(), Reason> {
        match answered.outcome {
            Outcome::Found => {}
            Outcome::NotFound => return Err(Reason::NotFoundAtSource),
            _ => return Err(Reason::SourceIncomplete),
        }
        let dossier = self.lookups.asker().dossier().await;
        let persons = dossier.subjects.iter().filter_map(|subject| match &subject.key {
            SubjectKey::Person(id) => Some(*id),
            _ => None,
        });
        let enterprises = dossier.subjects.iter().filter_map(|subject| match &subject.key {
            SubjectKey::Enterprise(code) => Some(code.clone()),
            _ => None,
        });
        let (persons, enterprises): (Vec<_>, Vec<EnterpriseCode>) =
            (persons.collect(), enterprises.collect());
        let named = |role: &RoleId| {
            let named = dossier.in_role(role.as_str()).filter(|subject| subject.is_named());
            let keys = named.filter_map(|subject| match &subject.key {
                SubjectKey::Person(id) => Some(*id),
                _ => None,
            });
            keys.collect()
        };
        let bench = Bench {
            today: self.today,
            commune: self.agency(&dossier).and_then(|agency| agency.commune_code.as_deref()),
            units: self.catalogue.units(),
            fields: lookup.fields,
            persons: &persons,
            enterprises: &enterprises,
            named: &named,
        };
        let mut first_fault = None;
        for record in &answered.records {
            let judged = judge::judge(record, &lookup.accept, &bench).and_then(|()| {
                // A record with nothing of what the officer needs replaces nothing.
                let useful = !record.present().intersection(lookup.fields).is_empty();
                if useful { Ok(()) } else { Err(Reason::FieldAbsent) }
            });
            match judged {
                Ok(()) => return Ok(()),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        Err(first_fault.unwrap_or(Reason::NotFoundAtSource))
    }

    /// A form is prefilled if at least one blank is.
    async fn by_form(
        &self,
        procedure: &Procedure,
        form: &Form,
        result: &mut ComponentResult,
    ) -> Result<(), Unrecorded> {
        result.blanks = form.blanks.len();
        result.derived = form.derived;
        let mut unavailable = None;
        // All lookups at once; the loop below finds them made.
        let all = form.registry_blanks().filter(|(_, datum)| self.has_rows(datum));
        let all = all.map(|(_, datum)| self.warm(procedure, &datum.role, datum.dataset));
        futures::future::join_all(all).await;
        for blank in &form.blanks {
            let filling = match &blank.source {
                BlankSource::Applicant => None,
                BlankSource::Dossier(fact) => {
                    Some(Filling { cells: vec![self.fact(procedure, *fact)], withheld: self.withheld })
                }
                BlankSource::Registry(datum) => {
                    result.source = result.source.or(Some(datum.dataset.registry()));
                    match self.datum(procedure, blank, datum, result).await {
                        Ok(found) => found,
                        Err(Looked::Unrecorded(unrecorded)) => return Err(unrecorded),
                        Err(Looked::Refused { outcome: Outcome::SourceUnavailable, reason }) => {
                            unavailable = Some(reason);
                            None
                        }
                        Err(_) => None,
                    }
                }
            };
            result.filled.extend(filling.map(|filling| filled(blank, filling)));
        }
        let by_registry =
            form.registry_blanks().any(|(blank, _)| result.filled.iter().any(|f| f.key == blank.key));
        match (by_registry, unavailable) {
            (false, Some(reason)) => result.settle(ComponentOutcome::SourceUnavailable, reason),
            (false, None) if result.filled.is_empty() => {
                result.settle(ComponentOutcome::NeedsPaper, Reason::FormBlank);
            }
            (true, _) | (false, None) => result.settle(ComponentOutcome::Prefilled, Reason::FormPrefilled),
        }
        Ok(())
    }

    /// Starts the lookups of a role and waits for them.
    async fn warm(&self, procedure: &Procedure, role: &RoleId, dataset: Dataset) {
        if let Ok(subjects) = self.lookups.subjects(procedure, role).await {
            let looks = subjects.into_iter().map(|subject| self.lookups.look(role, dataset, subject));
            futures::future::join_all(looks).await;
        }
    }

    /// What fills a blank: nothing if no record holds the datum.
    async fn datum(
        &self,
        procedure: &Procedure,
        blank: &Blank,
        datum: &RegistryBlank,
        result: &mut ComponentResult,
    ) -> Result<Option<Filling>, Looked> {
        if !self.has_rows(datum) {
            return Ok(None);
        }
        let mut cells = Vec::new();
        let mut rests_on = Vec::new();
        for subject in self.lookups.subjects(procedure, &datum.role).await? {
            let answered = match self.lookups.look(&datum.role, datum.dataset, subject.clone()).await {
                Looked::Answered(answered) => answered,
                failed => return Err(failed),
            };
            let rows_of = datum.in_role.as_ref().map(|role| self.others(role));
            let book = Book { units: self.catalogue.units(), today: self.today, rows_of };
            let of = |record: &Record| prefill::cells(record, datum, &book);
            let found: Vec<String> = answered.records.iter().flat_map(of).collect();
            if found.iter().any(|cell| !cell.is_empty()) {
                let told = answered.told(&subject, datum, &book);
                rests_on.push((answered, told));
            }
            cells.extend(found);
        }
        // The columns of a table stay aligned: a row without the value keeps its
        // empty cell. Elsewhere there is nothing to align with.
        if !blank.repeated {
            cells.retain(|cell| !cell.is_empty());
        }
        // A blank over several people is told whole or not at all.
        let withheld = rests_on.iter().find_map(|(answered, _)| answered.withheld);
        for (answered, people) in &rests_on {
            result.rests_on(answered);
            if withheld.is_none() {
                result.told.add(datum.field, people);
            }
        }
        Ok((!rests_on.is_empty()).then_some(Filling { cells, withheld }))
    }

    /// Whether the blank can have a value at all: where only the rows of a role
    /// are wanted in which the dossier has nobody, no registry need be asked.
    fn has_rows(&self, datum: &RegistryBlank) -> bool {
        datum.in_role.as_ref().is_none_or(|role| !self.others(role).is_empty())
    }

    /// Who was named in a role, but for the applicant: a table of others has no
    /// row for the one whose blanks stand above it, whoever named them there.
    fn others(&self, role: &RoleId) -> Vec<&SubjectKey> {
        let dossier = &self.lookups.asker().dossier;
        let applicant = |key: &SubjectKey| {
            dossier.in_role(RoleId::APPLICANT).any(|applicant| same_subject(&applicant.key, key))
        };
        let named = dossier.subjects.iter().filter(|subject| *role == *subject.role.as_str());
        named.map(|subject| &subject.key).filter(|key| !applicant(key)).collect()
    }

    fn agency(&self, dossier: &Dossier) -> Option<&Agency> {
        self.catalogue.agency(&dossier.agency)
    }

    fn fact(&self, procedure: &Procedure, fact: DossierFact) -> String {
        let dossier = &self.lookups.asker().dossier;
        match fact {
            DossierFact::AgencyName => self
                .agency(dossier)
                .map_or_else(|| dossier.agency.as_str().to_owned(), |agency| agency.name_vi.clone()),
            DossierFact::ProcedureName => procedure.name_vi.clone(),
            DossierFact::CaseName => procedure
                .case(&dossier.case)
                .map_or_else(|| dossier.case.clone(), |case| case.name_vi.clone()),
            DossierFact::OpenedOn => {
                prefill::written_day(motlan_domain::date::vietnam_day(dossier.opened_at))
            }
            DossierFact::DossierCode => dossier.code.as_str().to_owned(),
        }
    }
}

fn filled(blank: &Blank, filling: Filling) -> FilledBlank {
    let (label_vi, label_en) = (blank.label_vi.clone(), blank.label_en.clone());
    let values = filling.withheld.map_or(Ok(filling.cells), Err);
    FilledBlank { key: blank.key.clone(), label_vi, label_en, values }
}

// === impl ComponentResult ===

impl ComponentResult {
    fn undecided(component: &Component) -> Self {
        Self {
            key: component.key.as_str().to_owned(),
            code: component.code.clone(),
            position: component.position,
            name: component.name.clone(),
            required: component.required,
            outcome: ComponentOutcome::NeedsPaper,
            mode: component.rule.mode(),
            source: None,
            data_time: None,
            retrieved_at: None,
            reason: Reason::NoSource,
            filled: Vec::new(),
            blanks: 0,
            derived: false,
            told: Told::default(),
        }
    }

    fn settle(&mut self, outcome: ComponentOutcome, reason: Reason) {
        (self.outcome, self.reason) = (outcome, reason);
    }

    /// A denial leaves the paper; a silent registry too, but says so.
    fn fail(&mut self, failed: &Looked) -> Result<(), Unrecorded> {
        match failed {
            Looked::Refused { outcome: Outcome::SourceUnavailable, reason } => {
                self.settle(ComponentOutcome::SourceUnavailable, *reason);
            }
            Looked::Refused { reason, .. } => self.settle(ComponentOutcome::NeedsPaper, *reason),
            Looked::Unrecorded(unrecorded) => return Err(*unrecorded),
            Looked::Answered(_) => {}
        }
        Ok(())
    }

    /// Keeps the oldest times.
    fn rests_on(&mut self, answered: &Answered) {
        let freshness = &answered.freshness;
        let data_time = freshness.source_data_time.unwrap_or(freshness.retrieved_at);
        let older = |known: Option<Timestamp>, at: Timestamp| Some(known.map_or(at, |known| known.min(at)));
        self.data_time = older(self.data_time, data_time);
        self.retrieved_at = older(self.retrieved_at, freshness.retrieved_at);
    }
}
