//! A resolve on the wire.

use motlan_catalogue::Mode;
use motlan_domain::id::{ComponentCode, DossierCode};
use motlan_domain::{Reason, Trace};
use motlan_pipeline::Sealed;
use motlan_proto::dossier::v1 as wire;
use motlan_resolve::{ComponentOutcome, ComponentResult, FilledBlank, ResolveRequest, Summary};

use super::common::{registry, timestamp};
use super::{answer, ask, enum_out};
use crate::invalid::Checked;
use crate::status::Failure;

/// The most components one resolve names.
const MAX_COMPONENTS: usize = 64;

enum_out!(outcome: ComponentOutcome => wire::ComponentOutcome {
    Reused => Reused,
    Prefilled => Prefilled,
    NeedsPaper => NeedsPaper,
    SourceUnavailable => SourceUnavailable,
    NotInCase => NotInCase,
});

enum_out!(mode: Mode => wire::ReuseMode {
    Full => Full,
    CopyOnly => CopyOnly,
    PrefillOnly => PrefillOnly,
});

/// Judges a resolve. Whether the procedure has such components is judged once
/// the dossier is known.
///
/// # Errors
/// Every violation at once.
pub(crate) fn request(
    request: &wire::ResolveDossierRequest,
    trace: &Trace,
) -> Result<ResolveRequest, Failure> {
    let mut checked = Checked::default();
    let dossier = checked.take("dossier_code", DossierCode::parse(&request.dossier_code));
    let max_age = ask::max_age(&mut checked, request.max_age.as_ref());
    if request.component_keys.len() > MAX_COMPONENTS {
        checked.flaw("component_keys", Reason::TooManyValues);
    } else {
        for (position, key) in request.component_keys.iter().enumerate() {
            checked.take(format!("component_keys[{position}]"), ComponentCode::parse(key));
        }
    }
    let components = request.component_keys.clone();
    checked.finish(dossier.map(|dossier| ResolveRequest {
        dossier,
        components,
        max_age,
        trace: trace.clone(),
    }))
}

/// A component that has been decided.
pub(crate) fn component(sealed: Sealed<ComponentResult>) -> wire::ResolveDossierResponse {
    let (result, receipt, key) = sealed.into_parts();
    let component = wire::ComponentResult {
        outcome: outcome(result.outcome).into(),
        mode: result.mode.map_or(wire::ReuseMode::None, mode).into(),
        source: result.source.map(registry).unwrap_or_default().into(),
        data_time: result.data_time.map(timestamp),
        retrieved_at: result.retrieved_at.map(timestamp),
        reason: result.reason.code().to_owned(),
        reason_vi: result.reason.text_vi().to_owned(),
        reason_en: result.reason.text_en().to_owned(),
        receipt: Some(answer::receipt(&receipt, key.as_ref())),
        prefilled_fields: count(result.filled.len()),
        total_fields: count(result.blanks),
        prefilled: result.filled.into_iter().map(blank).collect(),
        derived_form: result.derived,
        position: count(result.position),
        key: result.key,
        code: result.code,
        name: result.name,
        required: result.required,
    };
    wire::ResolveDossierResponse {
        result: Some(wire::resolve_dossier_response::Result::Component(component)),
    }
}

/// The end of a resolve.
pub(crate) fn summary(
    dossier_code: &str,
    summary: &Summary,
    actor_absent: bool,
) -> wire::ResolveDossierResponse {
    let summary = wire::ResolveSummary {
        dossier_code: dossier_code.to_owned(),
        reused: count(summary.reused),
        total: count(summary.total),
        prefilled_fields: count(summary.prefilled_fields),
        total_fields: count(summary.total_fields),
        derived_prefilled_fields: count(summary.derived_prefilled_fields),
        derived_total_fields: count(summary.derived_total_fields),
        unavailable: count(summary.unavailable),
        actor_absent,
        withheld: summary.withheld.iter().map(|(reason, fields)| withheld(*reason, *fields)).collect(),
    };
    wire::ResolveDossierResponse { result: Some(wire::resolve_dossier_response::Result::Summary(summary)) }
}

fn blank(blank: FilledBlank) -> wire::PrefilledField {
    let field = wire::PrefilledField {
        key: blank.key,
        label_vi: blank.label_vi,
        label_en: blank.label_en,
        ..Default::default()
    };
    match blank.values {
        Ok(values) => wire::PrefilledField { values, ..field },
        Err(reason) => wire::PrefilledField {
            withheld: true,
            withheld_reason: reason.code().to_owned(),
            withheld_reason_vi: reason.text_vi().to_owned(),
            withheld_reason_en: reason.text_en().to_owned(),
            ..field
        },
    }
}

fn withheld(reason: Reason, fields: usize) -> wire::WithheldFields {
    wire::WithheldFields {
        reason: reason.code().to_owned(),
        reason_vi: reason.text_vi().to_owned(),
        reason_en: reason.text_en().to_owned(),
        fields: count(fields),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
