//! A dossier for people: its state, evidence and roles.

use std::io::{self, Write};

use motlan_proto::common::v1::{Receipt, SubjectKind};
use motlan_proto::dossier::v1::{Dossier, DossierState, Evidence};

use super::show::{self, instant, local, short};

/// Writes what is known of a dossier, and where telling it stands in the log.
pub(super) fn write(dossier: &Dossier, receipt: Option<&Receipt>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {} {} · {}", dossier.procedure_code, dossier.case, dossier.agency_code)?;
    let evidence = short(dossier.evidence().as_str_name(), "EVIDENCE_");
    writeln!(out, "  căn cứ / evidence: {} ({evidence})", evidence_vi(dossier.evidence()))?;
    let time = |time: &Option<motlan_proto::time::Timestamp>| {
        time.as_ref().and_then(instant).map(local).unwrap_or_default()
    };
    let state = match dossier.state() {
        DossierState::Unspecified => String::new(),
        DossierState::Open => format!("đang mở / open (OPEN), {}", time(&dossier.opened_at)),
        DossierState::Closed => {
            let reason = dossier.close_reason.as_deref().unwrap_or_default();
            format!("đã đóng / closed (CLOSED {reason}), {}", time(&dossier.closed_at))
        }
    };
    writeln!(out, "  trạng thái / state: {state}")?;
    receipt.map_or(Ok(()), |receipt| writeln!(out, "  receipt: {}", show::receipt(receipt)))
}

/// Writes the roles that are taken.
pub(super) fn write_roles(dossier: &Dossier, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  vai trò / roles:")?;
    for subject in &dossier.subjects {
        let kind = short(subject.kind().as_str_name(), "SUBJECT_KIND_").to_lowercase();
        let linked = match (&subject.linked_as, &subject.linked_via) {
            (Some(tie), Some(via)) => format!(" ← {via} ({tie})"),
            _ => String::new(),
        };
        writeln!(out, "    {}: {} ({kind}){linked}", subject.role, kind_vi(subject.kind()))?;
    }
    Ok(())
}

const fn evidence_vi(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Unspecified => "không rõ",
        Evidence::Asserted => "chỉ có khai báo của hệ thống gọi",
        Evidence::AcceptanceReceipt => "giấy tiếp nhận hồ sơ đã ký",
        Evidence::CitizenSigned => "yêu cầu do công dân ký",
    }
}

const fn kind_vi(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Unspecified => "không rõ",
        SubjectKind::Person => "cá nhân",
        SubjectKind::Enterprise => "doanh nghiệp",
        SubjectKind::Certificate => "giấy chứng nhận",
        SubjectKind::Parcel => "thửa đất",
        SubjectKind::InsuranceNumber => "số bảo hiểm",
    }
}
