//! Widening a dossier by what a registry answered: only in roles that the
//! procedure registers as tied to the subject that was asked about.

use std::sync::Arc;

use motlan_catalogue::How;
use motlan_domain::{Reason, SubjectKey};
use motlan_dossier::{Dossier, DossierSubject, SubjectSource};

use crate::access::Access;
use crate::identity::Identity;
use crate::permit::{Denial, Permit};

// === impl Access ===

impl Access {
    /// Lets the subjects that the answer to a permitted question shows stand in
    /// the dossier in `role`, and returns the dossier as it is then. The role
    /// must be one the procedure links to the role that was asked about
    /// (`ROLE_UNKNOWN` otherwise). Where somebody was named in it at opening no
    /// link is followed, and the dossier stays as it is.
    pub async fn link(
        &self,
        permit: &Permit,
        role: &str,
        keys: Vec<SubjectKey>,
    ) -> Result<Arc<Dossier>, Denial> {
        let state = self.state();
        let identity: &Identity = &permit.0.identity;
        let deny = |reason| Denial::of(reason, identity).on(state.basis()).asking(permit.question().clone());
        let (Some(dossier), Some(asked)) = (permit.dossier(), permit.role()) else {
            return Err(deny(Reason::RoleUnknown));
        };
        let procedure = self.0.catalogue.procedure(&dossier.procedure);
        let spec = procedure.and_then(|procedure| procedure.role(role));
        let link = spec.and_then(|spec| match &spec.how {
            How::Linked { of, link } if *of == *asked => Some(*link),
            How::Linked { .. } | How::Named => None,
        });
        let kind_fits = |key: &SubjectKey| spec.is_some_and(|spec| spec.kind == key.kind());
        let Some(link) = link.filter(|_| keys.iter().all(kind_fits)) else {
            return Err(deny(Reason::RoleUnknown));
        };
        if dossier.in_role(role).any(|subject| subject.how == SubjectSource::Named) {
            return Ok(Arc::clone(dossier));
        }
        let subjects = keys.into_iter().map(|key| DossierSubject::linked(role, key, link, asked)).collect();
        self.0.register.link(&dossier.code, subjects).await.map_err(|error| deny(error.reason()))
    }
}
