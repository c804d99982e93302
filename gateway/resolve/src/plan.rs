//! What a case of a procedure needs to know, and about whom: one lookup per
//! subject and dataset, with the union of what the case's components need.

use std::collections::BTreeMap;

use motlan_catalogue::{CaseId, Decide, How, Procedure, RoleId, RoleSpec};
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::{Operation, SubjectKind};

/// The fields the case needs, by role and dataset.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    fields: BTreeMap<(RoleId, Dataset), FieldSet>,
}

// === impl Plan ===

impl Plan {
    /// For the wanted components of one case of a procedure.
    pub(crate) fn of(procedure: &Procedure, case: &CaseId, wanted: &[usize]) -> Self {
        let mut plan = Self::default();
        let components = wanted.iter().filter_map(|place| procedure.components.get(*place));
        components
            .filter(|component| component.asked_in(case))
            .for_each(|component| plan.add(component.rule.decide_in(case)));
        // A linked role is found by a field of the role it is linked to; the
        // longest chain is as long as the list of roles.
        for _ in &procedure.roles {
            let used = |role: &&RoleSpec| plan.fields.keys().any(|(used, _)| *used == role.id);
            let linked: Vec<&RoleSpec> = procedure.roles.iter().filter(used).collect();
            for role in linked {
                if let How::Linked { of, link } = &role.how {
                    plan.add_link(of, RoleSpec::link_fields(*link, role.kind));
                }
            }
        }
        plan
    }

    /// What to ask of a subject in that role.
    pub(crate) fn fields(&self, role: &RoleId, dataset: Dataset) -> FieldSet {
        self.fields.get(&(role.clone(), dataset)).copied().unwrap_or_default()
    }

    fn add(&mut self, decide: &Decide) {
        match decide {
            Decide::Lookup(lookup) => {
                let needed = lookup.accept.iter().filter_map(|accept| accept.needs(lookup.dataset));
                let fields = needed.fold(lookup.fields, FieldSet::union);
                lookup.roles.iter().for_each(|role| self.add_fields(role, lookup.dataset, fields));
            }
            Decide::Form(form) => {
                for (_, blank) in form.registry_blanks() {
                    self.add_fields(&blank.role, blank.dataset, FieldSet::EMPTY.with(blank.field));
                }
            }
            Decide::Vault | Decide::NotConnected | Decide::Paper => {}
        }
    }

    /// The datasets about a role's subject whose answers show a link.
    pub(crate) fn showing<'a>(
        &'a self,
        of: &'a RoleId,
        shown_by: &'a [(Dataset, &'static str)],
    ) -> impl Iterator<Item = Dataset> + 'a {
        let asked = |(dataset, name): &&(Dataset, &'static str)| {
            dataset.field(name).is_some_and(|field| self.fields(of, *dataset).contains(field))
        };
        shown_by.iter().filter(asked).map(|(dataset, _)| *dataset)
    }

    /// A link is shown by whichever of the fields is asked for anyway, else by
    /// the first.
    fn add_link(&mut self, of: &RoleId, shown_by: &[(Dataset, &'static str)]) {
        let shown = self.showing(of, shown_by).next().is_some();
        if let Some((dataset, name)) = shown_by.first().filter(|_| !shown)
            && let Some(field) = dataset.field(name)
        {
            self.add_fields(of, *dataset, FieldSet::EMPTY.with(field));
        }
    }

    fn add_fields(&mut self, role: &RoleId, dataset: Dataset, fields: FieldSet) {
        let known = self.fields.entry((role.clone(), dataset)).or_default();
        *known = known.union(fields);
    }
}

/// The operation that reads a dataset about a subject of that kind.
pub(crate) const fn operation(dataset: Dataset, kind: SubjectKind) -> Operation {
    match (dataset, kind) {
        (Dataset::Certificate, SubjectKind::Person | SubjectKind::Enterprise) => Operation::ListCertificates,
        (dataset, _) => Operation::lookup_of(dataset),
    }
}
