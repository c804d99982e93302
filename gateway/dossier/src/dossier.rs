//! A dossier and the people it is about.

use jiff::Timestamp;
use motlan_domain::id::{AgencyCode, DossierCode, PersonalId, ProcedureCode};
use motlan_domain::{Evidence, Link, SubjectKey, SubjectKind};

/// The most subjects a dossier may have, linked ones included. Far above any
/// household; it bounds what one dossier costs.
pub(crate) const MAX_SUBJECTS: usize = 256;

/// After this many minutes an opening without an entry may be replaced.
const OPENING_MINUTES: i64 = 5;

/// One run of a procedure (*hồ sơ*), as registered. Immutable: a change makes
/// a new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// Its code (*mã hồ sơ*).
    pub code: DossierCode,
    /// Of which procedure.
    pub procedure: ProcedureCode,
    /// Of which of its cases.
    pub case: String,
    /// The agency that handles it (*cơ quan giải quyết*).
    pub agency: AgencyCode,
    /// The system that opened it, by caller id.
    pub opened_by: String,
    /// How strongly it was shown that it exists and whom it is about.
    pub evidence: Evidence,
    /// Digest of the catalogue in force at opening.
    pub catalogue_digest: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Open or closed.
    pub state: DossierState,
    /// Whom and what it is about, in the order of naming, linked ones last.
    pub subjects: Vec<DossierSubject>,
}

/// Whether questions may still be asked for a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DossierState {
    /// Registered, but its entry is not in the audit log yet: nobody is told
    /// that it exists, and no question is permitted.
    Opening,
    /// Work goes on.
    Open,
    /// Being closed: no question is permitted any more, but the closing is not
    /// in the audit log yet. The next request to close goes on from here.
    Closing {
        /// Since when.
        at: Timestamp,
        /// Why, as the first closing caller said.
        reason: String,
    },
    /// Finished: no question is permitted any more.
    Closed {
        /// Since when.
        at: Timestamp,
        /// Why, as the closing caller said (a stable code, no personal data).
        reason: String,
    },
}

/// One subject of a dossier in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierSubject {
    /// In which role of the procedure.
    pub role: String,
    /// Whom or what.
    pub key: SubjectKey,
    /// How it came to be there.
    pub how: SubjectSource,
}

/// How a subject came to stand in a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectSource {
    /// Named at opening.
    Named,
    /// Tied by a registry answer to the subject of another role.
    Linked {
        /// The tie the answer showed.
        link: Link,
        /// The role of the subject that was asked about.
        via_role: String,
        /// The subject that was asked about, where it is known: of two
        /// applicants each has a household.
        via: Option<SubjectKey>,
    },
}

/// A dossier to be opened. `opened_at` is the register's clock.
#[derive(Debug, Clone)]
pub struct NewDossier {
    /// Its code, supplied by the caller.
    pub code: DossierCode,
    /// Of which procedure.
    pub procedure: ProcedureCode,
    /// Of which of its cases.
    pub case: String,
    /// The agency that handles it.
    pub agency: AgencyCode,
    /// The system that opens it, by caller id.
    pub opened_by: String,
    /// The strength of the evidence.
    pub evidence: Evidence,
    /// Digest of the catalogue in force.
    pub catalogue_digest: String,
    /// Whom and what it is about.
    pub subjects: Vec<DossierSubject>,
}

// === impl Dossier ===

impl Dossier {
    /// Whether questions may be asked for it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, DossierState::Open)
    }

    /// Whether it is what that opening asks for: by whom, of what, about whom.
    pub(crate) fn is_of(&self, new: &NewDossier) -> bool {
        let named = self.subjects.iter().filter(|subject| matches!(subject.how, SubjectSource::Named));
        let same_subjects =
            named.map(|s| (&s.role, &s.key)).eq(new.subjects.iter().map(|s| (&s.role, &s.key)));
        self.opened_by == new.opened_by
            && self.procedure == new.procedure
            && self.case == new.case
            && self.agency == new.agency
            && same_subjects
    }

    /// Whether its opening is not in the audit log yet.
    pub const fn is_opening(&self) -> bool {
        matches!(self.state, DossierState::Opening)
    }

    /// Whether its closing is not in the audit log yet.
    pub const fn is_closing(&self) -> bool {
        matches!(self.state, DossierState::Closing { .. })
    }

    /// Whether its opening was begun so long ago that whoever began it is gone.
    pub(crate) fn cut_off(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.opened_at);
        self.is_opening() && age > jiff::SignedDuration::from_mins(OPENING_MINUTES)
    }

    /// The subjects, each once per role: two records may tie the same person to
    /// it in one role.
    pub fn distinct(&self) -> impl Iterator<Item = &DossierSubject> {
        self.subjects.iter().enumerate().filter_map(|(at, subject)| {
            let same = |other: &DossierSubject| other.role == subject.role && other.key == subject.key;
            let first = !self.subjects.iter().take(at).any(same);
            first.then_some(subject)
        })
    }

    /// The subjects standing in that role, each once.
    pub fn in_role<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a DossierSubject> {
        self.distinct().filter(move |subject| subject.role == role)
    }

    /// The roles in which that subject stands; a person may have several.
    pub fn roles_of<'a>(&'a self, key: &'a SubjectKey) -> impl Iterator<Item = &'a DossierSubject> {
        self.subjects.iter().filter(move |subject| same_subject(&subject.key, key))
    }

    /// Whether the subject stands in it in any role.
    pub fn knows(&self, key: &SubjectKey) -> bool {
        self.roles_of(key).next().is_some()
    }

    /// Whether the person stands in it in any role.
    pub fn knows_person(&self, id: &PersonalId) -> bool {
        self.knows(&SubjectKey::Person(*id))
    }
}

// === impl DossierSubject ===

impl DossierSubject {
    /// A subject named at opening.
    pub fn named(role: impl Into<String>, key: SubjectKey) -> Self {
        Self { role: role.into(), key, how: SubjectSource::Named }
    }

    /// A subject tied by a registry answer.
    pub fn linked(role: impl Into<String>, key: SubjectKey, link: Link, via_role: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            key,
            how: SubjectSource::Linked { link, via_role: via_role.into(), via: None },
        }
    }

    /// For a linked subject: whose record shows the tie.
    #[must_use]
    pub fn through(mut self, subject: SubjectKey) -> Self {
        if let SubjectSource::Linked { via, .. } = &mut self.how {
            *via = Some(subject);
        }
        self
    }

    /// Whether it was named at opening; else it stands here by a link alone.
    pub const fn is_named(&self) -> bool {
        matches!(self.how, SubjectSource::Named)
    }

    /// Whether a record of that subject ties it to the dossier.
    pub fn is_linked_through(&self, subject: &SubjectKey) -> bool {
        match &self.how {
            SubjectSource::Named => false,
            SubjectSource::Linked { via, .. } => via.as_ref().is_some_and(|via| same_subject(via, subject)),
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> SubjectKind {
        self.key.kind()
    }
}

// === impl NewDossier ===

impl NewDossier {
    pub(crate) fn opened(self, at: Timestamp) -> Dossier {
        Dossier {
            code: self.code,
            procedure: self.procedure,
            case: self.case,
            agency: self.agency,
            opened_by: self.opened_by,
            evidence: self.evidence,
            catalogue_digest: self.catalogue_digest,
            opened_at: at,
            state: DossierState::Opening,
            subjects: self.subjects,
        }
    }
}

/// Whether two keys name the same subject. The late form of the CMND has the
/// twelve digits of the personal id and is that id.
pub fn same_subject(one: &SubjectKey, other: &SubjectKey) -> bool {
    match (one, other) {
        (SubjectKey::Person(id), SubjectKey::Cmnd(cmnd))
        | (SubjectKey::Cmnd(cmnd), SubjectKey::Person(id)) => id.expose() == cmnd.expose(),
        _ => one == other,
    }
}
