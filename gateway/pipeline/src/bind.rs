//! The stage that ties an answer to the people of the dossier, both ways:
//! where the procedure demands it, nothing of a stranger's record goes on; and
//! people whom the answer ties to its subject in a registered role become
//! subjects of the dossier.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use motlan_access::Permit;
use motlan_catalogue::{Catalogue, How, RoleSpec};
use motlan_domain::dataset::Dataset;
use motlan_domain::id::PersonalId;
use motlan_domain::{Link, Reason, Record, SubjectKey, SubjectKind};
use motlan_dossier::{Dossier, DossierSubject, Register, RegisterError};

use crate::answer::Refusal;
use crate::fetch::{Found, Inquiry, Sources};
use crate::ledger::Asking;
use crate::sealed::NotReleased;
use crate::tie::{self, HolderClue, Tie};

/// An answer that may be told to its dossier, and the dossier as it now is.
pub(crate) struct Bound {
    pub(crate) permit: Permit,
    pub(crate) asking: Asking,
    pub(crate) found: Found,
    pub(crate) dossier: Option<Arc<Dossier>>,
}

/// What binding needs.
pub(crate) struct Binder<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) register: &'a Register,
    pub(crate) catalogue: &'a Catalogue,
}

// === impl Binder ===

impl Binder<'_> {
    /// Checks the tie, then registers whom the answer links.
    pub(crate) async fn bind(
        &self,
        permit: Permit,
        asking: Asking,
        found: Found,
    ) -> Result<Bound, NotReleased<Refusal>> {
        let Some(dossier) = permit.dossier().cloned() else {
            return Ok(Bound { permit, asking, found, dossier: None });
        };
        if permit.requires_link() {
            for record in found.fetched().iter().flat_map(|fetched| &fetched.records) {
                if !self.tied(&permit, &dossier, record, 0).await? {
                    let refusal = Refusal::denied(Reason::OwnerNotInDossier);
                    return self.sources.ledger.refused(&asking, refusal, Some(found.provenance())).await;
                }
            }
        }
        let dossier = self.link(&permit, &asking, &found, dossier).await?;
        Ok(Bound { permit, asking, found, dossier: Some(dossier) })
    }

    /// Whether the record shows a tie to a person of the dossier, if need be
    /// through at most two further records (parcel → certificate →
    /// enterprise).
    fn tied<'b>(
        &'b self,
        permit: &'b Permit,
        dossier: &'b Dossier,
        record: &'b Record,
        depth: u8,
    ) -> BoxFuture<'b, Result<bool, NotReleased<Refusal>>> {
        async move {
            let persons = persons_of(dossier);
            let subjects: Vec<&SubjectKey> = dossier.subjects.iter().map(|subject| &subject.key).collect();
            match tie::find(record, &persons, &subjects) {
                Tie::Shown => Ok(true),
                Tie::NotShown => Ok(false),
                Tie::Holder(clue) => self.holder_among(permit, &persons, &clue).await,
                Tie::ThroughEnterprise(_) | Tie::ThroughCertificate(_) if depth > 1 => Ok(false),
                Tie::ThroughEnterprise(code) => {
                    let (dataset, subject) = (Dataset::Enterprise, SubjectKey::Enterprise(code));
                    self.tied_through(permit, dossier, dataset, subject, &["code", "representatives"], depth).await
                }
                Tie::ThroughCertificate(serial) => {
                    let (dataset, subject) = (Dataset::Certificate, SubjectKey::Certificate(serial));
                    self.tied_through(permit, dossier, dataset, subject, &["owners", "parcels"], depth).await
                }
            }
        }
        .boxed()
    }

    async fn tied_through(
        &self,
        permit: &Permit,
        dossier: &Dossier,
        dataset: Dataset,
        subject: SubjectKey,
        fields: &[&str],
        depth: u8,
    ) -> Result<bool, NotReleased<Refusal>> {
        let records = self.look(permit, dataset, subject, fields).await?;
        for record in &records {
            if self.tied(permit, dossier, record, depth + 1).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Compares a holder given by name and birth date with the persons of the
    /// dossier, one lookup each; the first that agrees ends it.
    async fn holder_among(
        &self,
        permit: &Permit,
        persons: &[PersonalId],
        clue: &HolderClue,
    ) -> Result<bool, NotReleased<Refusal>> {
        for id in persons {
            let fields = ["full_name", "birth_date"];
            let records = self.look(permit, Dataset::Person, SubjectKey::Person(*id), &fields).await?;
            let agrees = |record: &Record| matches!(record, Record::Person(person) if tie::is_holder(clue, person));
            if records.iter().any(agrees) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A lookup for the tie alone: recorded like any other, disclosed to nobody.
    async fn look(
        &self,
        permit: &Permit,
        dataset: Dataset,
        subject: SubjectKey,
        fields: &[&str],
    ) -> Result<Vec<Record>, NotReleased<Refusal>> {
        let inquiry = Inquiry::for_tie(permit, dataset, subject, fields);
        let found = self.sources.fetch(&inquiry).await?;
        self.sources.ledger.looked(&inquiry.asking, &found).await.map_err(NotReleased::Unrecorded)?;
        Ok(found.fetched().map(|fetched| fetched.records.clone()).unwrap_or_default())
    }

    /// Registers the subjects whom the answer ties to its own subject in a role
    /// that the procedure registers as linked.
    async fn link(
        &self,
        permit: &Permit,
        asking: &Asking,
        found: &Found,
        dossier: Arc<Dossier>,
    ) -> Result<Arc<Dossier>, NotReleased<Refusal>> {
        let (Some(procedure), Some(role)) = (self.catalogue.procedure(&dossier.procedure), permit.role()) else {
            return Ok(dossier);
        };
        let mut new = Vec::new();
        for spec in &procedure.roles {
            let How::Linked { of, link } = &spec.how else { continue };
            // A role that the portal filled at opening is left as it is.
            let named_at_opening = dossier.in_role(spec.id.as_str()).any(|subject| {
                matches!(subject.how, motlan_dossier::SubjectSource::Named)
            });
            if of.as_str() != role || named_at_opening {
                continue;
            }
            for key in linked_keys(found, spec, *link) {
                let known = dossier.in_role(spec.id.as_str()).any(|subject| subject.key == key);
                if !known {
                    new.push(DossierSubject::linked(spec.id.as_str(), key, *link, role));
                }
            }
        }
        if new.is_empty() {
            return Ok(dossier);
        }
        match self.register.link(&dossier.code, new).await {
            Ok(dossier) => Ok(dossier),
            Err(error) => {
                let refusal = Refusal::denied(match error {
                    RegisterError::Closed => Reason::DossierClosed,
                    RegisterError::TooManySubjects => Reason::TooManyValues,
                    _ => Reason::StoreUnavailable,
                });
                self.sources.ledger.refused(asking, refusal, Some(found.provenance())).await
            }
        }
    }
}

/// The persons of a dossier by personal id.
pub(crate) fn persons_of(dossier: &Dossier) -> Vec<PersonalId> {
    let mut persons: Vec<PersonalId> = Vec::new();
    for subject in &dossier.subjects {
        if let SubjectKey::Person(id) = &subject.key
            && !persons.contains(id)
        {
            persons.push(*id);
        }
    }
    persons
}

fn linked_keys(found: &Found, spec: &RoleSpec, link: Link) -> Vec<SubjectKey> {
    let records = found.fetched().into_iter().flat_map(|fetched| &fetched.records);
    let mut keys = Vec::new();
    for record in records {
        match (spec.kind, record) {
            (SubjectKind::Person, record) => {
                let named = record.named().into_iter().filter(|named| named.link == link);
                keys.extend(named.map(|named| SubjectKey::Person(named.id)));
            }
            (SubjectKind::Certificate, Record::Certificate(certificate)) if link == Link::Owner => {
                keys.extend(certificate.serial.clone().map(SubjectKey::Certificate));
            }
            (SubjectKind::Enterprise, Record::Enterprise(enterprise)) if link == Link::LegalRepresentative => {
                keys.extend(enterprise.code.clone().map(SubjectKey::Enterprise));
            }
            (SubjectKind::InsuranceNumber, Record::Participation(held)) if link == Link::Holder => {
                keys.extend(held.insurance_number.clone().map(SubjectKey::Insurance));
            }
            _ => {}
        }
    }
    keys
}
