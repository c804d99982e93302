//! What the policies are shown. A memo key is the facts, and the Cedar request
//! is made of the facts alone: whatever could change a verdict is in its key.

use std::str::FromStr;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use motlan_domain::{Evidence, FieldSet, Operation};

/// The facts of one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Facts {
    /// A data question.
    Data(DataFacts),
    /// An operation on a dossier as a whole.
    Dossier(DossierFacts),
    /// Reading the log or the catalogue.
    Plain {
        /// The caller's index.
        caller: u32,
        /// What.
        action: PlainAction,
        /// Who acts.
        actor: &'static str,
    },
}

/// The facts of a data question. Indices stand for texts of the loaded
/// configuration and catalogue: see [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DataFacts {
    pub(crate) caller: u32,
    pub(crate) operation: Operation,
    pub(crate) purpose: PurposeRef,
    /// The subject's role in the procedure, by position.
    pub(crate) role: u16,
    /// What the purpose registers here.
    pub(crate) registered: FieldSet,
    /// What is asked; never empty unless nothing is registered.
    pub(crate) requested: FieldSet,
    pub(crate) actor: &'static str,
    pub(crate) evidence: Option<Evidence>,
    /// The caller's agency handles the dossier.
    pub(crate) handles: bool,
    /// The calling system opened the dossier.
    pub(crate) opened: bool,
    /// The acting citizen is the dossier's applicant.
    pub(crate) applicant: bool,
    /// The subject is the acting citizen.
    pub(crate) own: bool,
    /// The subject is family of the acting citizen, by more than the caller's
    /// word, in a role that the procedure registers as such.
    pub(crate) family: bool,
    /// The registered purpose covers the operation.
    pub(crate) covered: bool,
    /// Asked as a component of a resolve, where an outcome without values is
    /// an answer too.
    pub(crate) component: bool,
}

/// Which purpose, by its index in the loaded catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PurposeRef {
    /// A dossier of that procedure.
    Procedure(u32),
    /// A registered purpose.
    Registered(u32),
}

/// The facts of an operation on a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DossierFacts {
    pub(crate) caller: u32,
    pub(crate) action: DossierAction,
    pub(crate) procedure: u32,
    pub(crate) actor: &'static str,
    /// The caller's agency is the dossier's.
    pub(crate) handles: bool,
    /// The calling system opened it, or is about to.
    pub(crate) opened: bool,
    /// The acting citizen is its applicant.
    pub(crate) applicant: bool,
    /// The dossier's agency decides this procedure.
    pub(crate) competent: bool,
    /// The code was given out by the caller's agency.
    pub(crate) own_code: bool,
    /// The code was given out under the caller's province or ministry.
    pub(crate) province_code: bool,
}

/// What is done with a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DossierAction {
    Open,
    View,
    Resolve,
    Close,
}

/// What is read that is about nobody's dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PlainAction {
    ReadLog,
    ReadCatalogue,
    Reflect,
}

/// The texts that indices stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The caller's id.
    pub(crate) caller: &'a str,
    /// Procedure code or purpose id.
    pub(crate) purpose: &'a str,
    /// The subject's role.
    pub(crate) role: &'a str,
}

type Pairs = Vec<(String, RestrictedExpression)>;

// === impl Facts ===

impl Facts {
    /// A part of the facts that spreads them over shards.
    pub(super) const fn spread(&self) -> (u32, u64) {
        match self {
            Self::Data(facts) => (facts.caller, facts.requested.bits()),
            Self::Dossier(facts) => (facts.caller, facts.procedure as u64),
            Self::Plain { caller, .. } => (*caller, 0),
        }
    }

    /// Principal, action, resource, context.
    pub(super) fn request(
        &self,
        names: &Names<'_>,
    ) -> Result<(EntityUid, EntityUid, EntityUid, Pairs), String> {
        let (action, resource, context) = match self {
            Self::Data(facts) => {
                let dataset = facts.operation.dataset();
                (facts.operation.as_str(), uid("Dataset", dataset.as_str())?, facts.context(names))
            }
            Self::Dossier(facts) => {
                (facts.action.as_str(), uid("Procedure", names.purpose)?, facts.context())
            }
            Self::Plain { action, actor, .. } => {
                (action.as_str(), uid("Gateway", "gateway")?, vec![("actor".to_owned(), text(actor))])
            }
        };
        Ok((uid("System", names.caller)?, uid("Action", action)?, resource, context))
    }
}

// === impl DataFacts ===

impl DataFacts {
    fn context(&self, names: &Names<'_>) -> Pairs {
        let dataset = self.operation.dataset();
        let unregistered = self.requested.minus(self.registered);
        let names_of = |fields: FieldSet| {
            RestrictedExpression::new_set(fields.iter(dataset).map(|field| text(field.name())))
        };
        let purpose = match self.purpose {
            PurposeRef::Procedure(_) => "dossier",
            PurposeRef::Registered(_) => "registered",
        };
        vec![
            ("purpose".to_owned(), text(purpose)),
            ("purpose_id".to_owned(), text(names.purpose)),
            ("subject_role".to_owned(), text(names.role)),
            ("registered".to_owned(), names_of(self.registered)),
            ("requested".to_owned(), names_of(self.requested)),
            ("unregistered".to_owned(), names_of(unregistered)),
            ("sensitive".to_owned(), names_of(dataset.sensitive_fields())),
            ("actor".to_owned(), text(self.actor)),
            ("evidence".to_owned(), text(self.evidence.map_or("NONE", Evidence::as_str))),
            ("handles".to_owned(), RestrictedExpression::new_bool(self.handles)),
            ("opened".to_owned(), RestrictedExpression::new_bool(self.opened)),
            ("applicant".to_owned(), RestrictedExpression::new_bool(self.applicant)),
            ("own".to_owned(), RestrictedExpression::new_bool(self.own)),
            ("family".to_owned(), RestrictedExpression::new_bool(self.family)),
            ("covered".to_owned(), RestrictedExpression::new_bool(self.covered)),
            ("component".to_owned(), RestrictedExpression::new_bool(self.component)),
        ]
    }
}

// === impl DossierFacts ===

impl DossierFacts {
    fn context(&self) -> Pairs {
        vec![
            ("actor".to_owned(), text(self.actor)),
            ("handles".to_owned(), RestrictedExpression::new_bool(self.handles)),
            ("opened".to_owned(), RestrictedExpression::new_bool(self.opened)),
            ("applicant".to_owned(), RestrictedExpression::new_bool(self.applicant)),
            ("competent".to_owned(), RestrictedExpression::new_bool(self.competent)),
            ("own_code".to_owned(), RestrictedExpression::new_bool(self.own_code)),
            ("province_code".to_owned(), RestrictedExpression::new_bool(self.province_code)),
        ]
    }
}

// === impl DossierAction ===

impl DossierAction {
    /// As audit entries name it.
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Open => "open_dossier",
            Self::View => "get_dossier",
            Self::Resolve => "resolve_dossier",
            Self::Close => "close_dossier",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open_dossier",
            Self::View => "view_dossier",
            Self::Resolve => "resolve_dossier",
            Self::Close => "close_dossier",
        }
    }
}

// === impl PlainAction ===

impl PlainAction {
    /// As audit entries name it.
    pub(crate) const fn operation(self) -> &'static str {
        self.as_str()
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::ReadLog => "read_log",
            Self::ReadCatalogue => "read_catalogue",
            Self::Reflect => "reflect",
        }
    }
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// The entity `Motlan::<kind>::"<id>"`.
pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind = EntityTypeName::from_str(&format!("Motlan::{kind}")).map_err(|error| error.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}
