//! The catalogue on the wire.

use motlan_catalogue::{Basis, Case, Catalogue, Component, Decide, How, Procedure, ProcedureLevel, RoleSpec};
use motlan_domain::Reason;
use motlan_domain::id::ProcedureCode;
use motlan_proto::catalogue::v1 as wire;

use super::common::{registry, subject_kind};
use super::enum_out;
use crate::invalid::Checked;
use crate::status::Failure;

/// Procedures of a page unless told otherwise, and at most.
const PAGE: (usize, u32) = (100, 500);

enum_out!(level: ProcedureLevel => wire::ProcedureLevel {
    Province => Province,
    Commune => Commune,
});

enum_out!(basis: Basis => wire::RuleBasis {
    Stated => Stated,
    Judged => Judged,
});

/// The procedure asked for.
///
/// # Errors
/// The violation, or that there is none of this code.
pub(crate) fn find<'a>(catalogue: &'a Catalogue, code: &str) -> Result<&'a Procedure, Failure> {
    let mut checked = Checked::default();
    let code = checked.take("procedure_code", ProcedureCode::parse(code));
    let code = checked.finish(code)?;
    catalogue.procedure(&code).ok_or_else(|| Failure::new(Reason::ProcedureUnknown))
}

/// A page of procedures, and the token of the next. A token is the code of the
/// last procedure told: it holds across a change of the catalogue.
///
/// # Errors
/// Every violation at once.
pub(crate) fn list(
    catalogue: &Catalogue,
    request: &wire::ListProceduresRequest,
) -> Result<wire::ListProceduresResponse, Failure> {
    let mut checked = Checked::default();
    if request.page_size > PAGE.1 {
        checked.flaw("page_size", Reason::PageSizeRange);
    }
    let token = Some(request.page_token.as_str()).filter(|token| !token.is_empty());
    let after = token.map(ProcedureCode::parse).transpose();
    let after = checked.take("page_token", after.map_err(|_| Reason::PageTokenInvalid)).flatten();
    checked.finish(Some(()))?;
    let size = usize::try_from(request.page_size).ok().filter(|size| *size > 0).unwrap_or(PAGE.0);
    let mut rest =
        catalogue.procedures().filter(|procedure| after.as_ref().is_none_or(|after| procedure.code > *after));
    let page: Vec<_> = rest.by_ref().take(size).map(summary).collect();
    let next = rest.next().and(page.last()).map(|last| last.code.clone());
    Ok(wire::ListProceduresResponse {
        procedures: page,
        next_page_token: next.unwrap_or_default(),
        catalogue_digest: catalogue.digest().to_owned(),
    })
}

fn summary(procedure: &Procedure) -> wire::ProcedureSummary {
    wire::ProcedureSummary {
        code: procedure.code.as_str().to_owned(),
        name_vi: procedure.name_vi.clone(),
        name_en: procedure.name_en.clone(),
        level: level(procedure.level).into(),
        component_count: count(procedure.components.len()),
    }
}

/// A procedure in full.
pub(crate) fn procedure(procedure: &Procedure) -> wire::Procedure {
    wire::Procedure {
        code: procedure.code.as_str().to_owned(),
        name_vi: procedure.name_vi.clone(),
        name_en: procedure.name_en.clone(),
        level: level(procedure.level).into(),
        legal_basis: procedure.legal_basis.clone(),
        processing_days: procedure.processing_days,
        channels: procedure.channels.clone(),
        cases: procedure.cases.iter().map(case).collect(),
        roles: procedure.roles.iter().map(role).collect(),
        components: procedure.components.iter().map(component).collect(),
        registered: procedure
            .registered_all()
            .map(|(role, dataset, fields)| wire::RegisteredFields {
                role: role.as_str().to_owned(),
                dataset: dataset.as_str().to_owned(),
                fields: fields.names(dataset).into_iter().map(str::to_owned).collect(),
            })
            .collect(),
    }
}

fn case(case: &Case) -> wire::Case {
    wire::Case {
        id: case.id.as_str().to_owned(),
        name_vi: case.name_vi.clone(),
        name_en: case.name_en.clone(),
    }
}

fn role(role: &RoleSpec) -> wire::Role {
    let (linked_via, linked_as) = match &role.how {
        How::Named => (None, None),
        How::Linked { of, link } => (Some(of.as_str().to_owned()), Some(link.as_str().to_owned())),
    };
    wire::Role {
        id: role.id.as_str().to_owned(),
        kind: subject_kind(role.kind).into(),
        linked_via,
        linked_as,
        family_of_applicant: role.family_of_applicant,
        link_required: role.link_required,
        name_vi: role.name_vi.clone(),
        name_en: role.name_en.clone(),
    }
}

fn component(component: &Component) -> wire::Component {
    let (decision, asked, original_required) = match &component.rule.decide {
        Decide::Lookup(lookup) => {
            (wire::ComponentDecision::Lookup, Some(lookup.dataset.registry()), lookup.original_required)
        }
        Decide::Form(_) => (wire::ComponentDecision::Form, None, false),
        Decide::Vault => (wire::ComponentDecision::Vault, None, false),
        Decide::NotConnected => (wire::ComponentDecision::NotConnected, None, false),
        Decide::Paper => (wire::ComponentDecision::Paper, None, false),
    };
    wire::Component {
        key: component.key.to_string(),
        code: component.code.clone(),
        name: component.name.clone(),
        required: component.required,
        cases: component.rule.cases.iter().map(|case| case.as_str().to_owned()).collect(),
        decision: decision.into(),
        basis: basis(component.rule.basis).into(),
        registry: asked.map(registry).unwrap_or_default().into(),
        originals: component.originals,
        copies: component.copies,
        original_required,
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
