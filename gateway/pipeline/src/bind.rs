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
use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use motlan_domain::record::CertificateStatus;
use motlan_domain::{Link, Reason, Record, SubjectKey, SubjectKind};
use motlan_dossier::{Dossier, DossierSubject, Register, SubjectSource};

use crate::answer::Refusal;
use crate::fetch::{Found, Inquiry, Sources};
use crate::ledger::Asking;
use crate::sealed::NotReleased;
use crate::tie::{self, HolderClue, Tie};

/// How many persons of a dossier are compared with a holder given by name: a
/// household and then some; beyond it the paper is asked for.
const MOST_COMPARED: usize = 8;

/// How many records further a tie is followed: parcel, certificate, enterprise.
const FARTHEST: u8 = 2;

/// An answer that may be told to its dossier, and the dossier as it now is.
pub(crate) struct Bound {
    pub(crate) permit: Permit,
    pub(crate) asking: Asking,
    pub(crate) found: Found,
    binding: Binding,
}

/// The dossier as it is after the answer, and to whom of it the answer is tied.
#[derive(Default)]
pub(crate) struct Binding {
    dossier: Option<Arc<Dossier>>,
    tied: Vec<PersonalId>,
}

/// What binding needs.
pub(crate) struct Binder<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) register: &'a Register,
    pub(crate) catalogue: &'a Catalogue,
}

/// What the search for a tie goes by.
struct Search<'a> {
    permit: &'a Permit,
    dossier: &'a Dossier,
    persons: Vec<PersonalId>,
}

type Ties = Result<Vec<PersonalId>, NotReleased<Refusal>>;

// === impl Search ===

impl Search<'_> {
    /// The persons of the dossier whom the record names.
    fn persons_in(&self, record: &Record) -> impl Iterator<Item = PersonalId> {
        record.named().into_iter().map(|named| named.id).filter(|id| self.persons.contains(id))
    }

    /// The persons to whom every record is tied, where each shows it itself.
    fn shown(&self, found: &Found) -> Option<Vec<PersonalId>> {
        let mut tied = Vec::new();
        for record in found.fetched().into_iter().flat_map(|fetched| &fetched.records) {
            let before = tied.len();
            tied.extend(self.persons_in(record));
            if tied.len() == before {
                return None;
            }
        }
        Some(tied)
    }
}

// === impl Bound ===

impl Bound {
    /// An answer and what binding it gave.
    pub(crate) const fn new(permit: Permit, asking: Asking, found: Found, binding: Binding) -> Self {
        Self { permit, asking, found, binding }
    }

    /// The dossier as it now is, with those the answer linked.
    pub(crate) const fn dossier(&self) -> Option<&Arc<Dossier>> {
        self.binding.dossier.as_ref()
    }

    /// The persons of the dossier to whom the answer is tied.
    pub(crate) fn tied(&self) -> &[PersonalId] {
        &self.binding.tied
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Checks the tie, then registers whom the answer links.
    pub(crate) async fn bind(
        &self,
        permit: &Permit,
        asking: &Asking,
        found: &Found,
    ) -> Result<Binding, NotReleased<Refusal>> {
        let Some(dossier) = permit.dossier().cloned() else { return Ok(Binding::default()) };
        let mut tied = Vec::new();
        if permit.requires_link() {
            // Whom a tie may rest on is for the permit to say.
            let persons = persons_where(&dossier, |subject| permit.counts(subject));
            let search = Search { permit, dossier: &dossier, persons };
            tied = match search.shown(found) {
                Some(tied) => tied,
                // Boxed: mostly the answer shows the tie itself.
                None => self.look_further(&search, asking, found).boxed().await?,
            };
        }
        let dossier = self.link(permit, asking, found, dossier).await?;
        Ok(Binding { dossier: Some(dossier), tied })
    }

    /// Looks for the tie one record further, or refuses.
    async fn look_further(&self, search: &Search<'_>, asking: &Asking, found: &Found) -> Ties {
        let searched = tokio::time::timeout(self.sources.deadline, self.ties(search, found)).await;
        match searched {
            Ok(Ok(Some(ties))) => Ok(ties),
            Ok(Ok(None)) => self.refuse(asking, found, Refusal::denied(Reason::OwnerNotInDossier)).await,
            // The lookup for the tie has its own entry; the question gets one too.
            Ok(Err(NotReleased::Refused(sealed))) => self.refuse(asking, found, sealed.into_value()).await,
            Ok(Err(unrecorded)) => Err(unrecorded),
            Err(_) => {
                let registry = asking.dataset.registry();
                let refusal = Refusal::unavailable(Reason::SourceTimeout, registry, None);
                self.refuse(asking, found, refusal).await
            }
        }
    }

    /// The person a question about insurance data is about, as the population
    /// registry knows them: the insurance registry is asked by name and date.
    pub(crate) async fn holder(
        &self,
        permit: &Permit,
    ) -> Result<Option<motlan_api::Holder>, NotReleased<Refusal>> {
        let subject = permit.question().subject.clone();
        let records = self.look(permit, Dataset::Person, subject, &["full_name", "birth_date"]).await?;
        Ok(records.into_iter().find_map(|record| match record {
            Record::Person(person) => {
                let (full_name, birth_date) = (person.full_name?, person.birth_date?);
                Some(motlan_api::Holder { full_name, birth_date })
            }
            _ => None,
        }))
    }

    async fn refuse<T>(
        &self,
        asking: &Asking,
        found: &Found,
        refusal: Refusal,
    ) -> Result<T, NotReleased<Refusal>> {
        self.sources.ledger.refused(asking, refusal, Some(found.provenance())).await
    }

    /// The persons to whom every record of the answer is tied; `None` if one
    /// record is tied to nobody.
    async fn ties(
        &self,
        search: &Search<'_>,
        found: &Found,
    ) -> Result<Option<Vec<PersonalId>>, NotReleased<Refusal>> {
        let mut tied = Vec::new();
        for record in found.fetched().into_iter().flat_map(|fetched| &fetched.records) {
            let ties = self.tied(search, record, 0).await?;
            if ties.is_empty() {
                return Ok(None);
            }
            tied.extend(ties);
        }
        Ok(Some(tied))
    }

    /// The persons of the dossier to whom a record is tied, if need be through
    /// further records. Boxed: it looks further by itself.
    fn tied<'b>(&'b self, search: &'b Search<'b>, record: &'b Record, depth: u8) -> BoxFuture<'b, Ties> {
        async move {
            let subjects: Vec<&SubjectKey> =
                search.dossier.subjects.iter().map(|subject| &subject.key).collect();
            match tie::find(record, &search.persons, &subjects) {
                Tie::Shown => Ok(search.persons_in(record).collect()),
                Tie::Holder(clue) => self.holder_among(search, &clue).await,
                Tie::ThroughEnterprises(codes) if depth < FARTHEST => {
                    let keys = codes.into_iter().map(SubjectKey::Enterprise);
                    self.tied_through(search, Dataset::Enterprise, keys, depth, &|_| true).await
                }
                Tie::ThroughCertificates(serials) if depth < FARTHEST => {
                    let keys = serials.into_iter().map(SubjectKey::Certificate);
                    self.tied_through(search, Dataset::Certificate, keys, depth, &|c| covers(c, record)).await
                }
                Tie::NotShown | Tie::ThroughEnterprises(_) | Tie::ThroughCertificates(_) => Ok(Vec::new()),
            }
        }
        .boxed()
    }

    async fn tied_through(
        &self,
        search: &Search<'_>,
        dataset: Dataset,
        subjects: impl Iterator<Item = SubjectKey> + Send,
        depth: u8,
        counts: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Ties {
        let fields: &[&str] = if dataset == Dataset::Enterprise {
            &["code", "representatives"]
        } else {
            &["owners", "parcels", "status", "is_latest"]
        };
        for subject in subjects {
            let records = self.look(search.permit, dataset, subject, fields).await?;
            for record in records.iter().filter(|record| counts(record)) {
                let ties = self.tied(search, record, depth + 1).await?;
                if !ties.is_empty() {
                    return Ok(ties);
                }
            }
        }
        Ok(Vec::new())
    }

    /// Compares a holder given by name and birth date with the persons of the
    /// dossier, one lookup each; the first that agrees ends it.
    async fn holder_among(&self, search: &Search<'_>, clue: &HolderClue) -> Ties {
        for id in search.persons.iter().take(MOST_COMPARED) {
            let fields = ["full_name", "birth_date"];
            let records = self.look(search.permit, Dataset::Person, SubjectKey::Person(*id), &fields).await?;
            let agrees =
                |record: &Record| matches!(record, Record::Person(person) if tie::is_holder(clue, person));
            if records.iter().any(agrees) {
                return Ok(vec![*id]);
            }
        }
        Ok(Vec::new())
    }

    /// A lookup for the tie alone: recorded like any other, disclosed to nobody.
    async fn look(
        &self,
        permit: &Permit,
        dataset: Dataset,
        subject: SubjectKey,
        fields: &[&str],
    ) -> Result<Vec<Record>, NotReleased<Refusal>> {
        self.look_up(&Inquiry::for_tie(permit, dataset, subject, fields)).await
    }

    /// Who holds the number that a question named; `None` if nobody does.
    pub(crate) async fn guessed(&self, permit: &Permit) -> Result<Option<PersonalId>, NotReleased<Refusal>> {
        let records = self.look_up(&Inquiry::for_guess(permit)).await?;
        Ok(records.into_iter().find_map(|record| match record {
            Record::Person(person) => person.personal_id,
            _ => None,
        }))
    }

    async fn look_up(&self, inquiry: &Inquiry<'_>) -> Result<Vec<Record>, NotReleased<Refusal>> {
        let found = self.sources.fetch(inquiry).await?;
        self.sources.ledger.looked(&inquiry.asking, &found).await.map_err(NotReleased::Unrecorded)?;
        Ok(found.fetched().map(|fetched| fetched.records.clone()).unwrap_or_default())
    }

    /// Registers the subjects whom the answer ties to its own subject in a role
    /// that the procedure registers as linked, by a field it registers.
    async fn link(
        &self,
        permit: &Permit,
        asking: &Asking,
        found: &Found,
        dossier: Arc<Dossier>,
    ) -> Result<Arc<Dossier>, NotReleased<Refusal>> {
        let (Some(procedure), Some(role)) = (self.catalogue.procedure(&dossier.procedure), permit.role())
        else {
            return Ok(dossier);
        };
        let mut new = Vec::new();
        for spec in &procedure.roles {
            let How::Linked { of, link } = &spec.how else { continue };
            if of.as_str() != role || named_at_opening(&dossier, spec) || !shown(permit, spec, *link) {
                continue;
            }
            // A person may be tied by several records: each is kept, for whoever
            // may read them on its strength.
            let asked = &permit.question().subject;
            for key in linked_keys(found, spec, *link) {
                let ties = dossier
                    .subjects
                    .iter()
                    .filter(|known| known.role == spec.id.as_str() && known.key == key);
                if !ties.clone().any(|known| known.is_linked_through(asked)) {
                    new.push(
                        DossierSubject::linked(spec.id.as_str(), key, *link, role).through(asked.clone()),
                    );
                }
            }
        }
        if new.is_empty() {
            return Ok(dossier);
        }
        match self.register.link(&dossier.code, new).await {
            Ok(dossier) => Ok(dossier),
            Err(error) => self.refuse(asking, found, Refusal::of(error.reason())).await,
        }
    }
}

/// The persons of a dossier by personal id, those named at opening first.
pub(crate) fn persons_of(dossier: &Dossier) -> Vec<PersonalId> {
    persons_where(dossier, |_| true)
}

fn persons_where(dossier: &Dossier, counts: impl Fn(&DossierSubject) -> bool) -> Vec<PersonalId> {
    // Stored ids were judged at the edge; here the late form of the CMND, which
    // is the personal id, is only read again.
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 9999 };
    let mut persons: Vec<PersonalId> = Vec::new();
    for subject in dossier.subjects.iter().filter(|subject| counts(subject)) {
        let id = match &subject.key {
            SubjectKey::Person(id) => Some(*id),
            SubjectKey::Cmnd(cmnd) => cmnd.as_personal_id(&rules),
            _ => None,
        };
        persons.extend(id.filter(|id| !persons.contains(id)));
    }
    persons
}

/// A role that the portal filled at opening is left as it is.
fn named_at_opening(dossier: &Dossier, spec: &RoleSpec) -> bool {
    dossier.in_role(spec.id.as_str()).any(|subject| matches!(subject.how, SubjectSource::Named))
}

/// Whether this answer was permitted to show the link: not a verification, and
/// the field that shows it is registered for the role.
fn shown(permit: &Permit, spec: &RoleSpec, link: Link) -> bool {
    let operation = permit.question().operation;
    let by = |(dataset, name): &(Dataset, &'static str)| {
        let field = dataset.field(name);
        *dataset == operation.dataset()
            && field.is_some_and(|field| permit.registered_fields().contains(field))
    };
    !operation.verifies() && RoleSpec::link_fields(link, spec.kind).iter().any(by)
}

/// A certificate ties a parcel only if it lists it and is the one in force.
fn covers(certificate: &Record, parcel: &Record) -> bool {
    let (Record::Certificate(certificate), Record::Parcel(parcel)) = (certificate, parcel) else {
        return false;
    };
    let lists = certificate.parcels.iter().flatten().any(|listed| Some(&listed.key) == parcel.key.as_ref());
    lists && certificate.status == Some(CertificateStatus::InForce) && certificate.is_latest != Some(false)
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
            (SubjectKind::Enterprise, Record::Enterprise(enterprise))
                if link == Link::LegalRepresentative =>
            {
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
