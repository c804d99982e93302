//! The request documents. The order of their elements matters to the source.

use std::fmt::Write as _;

use motlan_api::Ask;
use motlan_domain::SubjectKey;
use motlan_domain::id::ProcedureCode;
use motlan_domain::name::{PersonName, registry_form};
use motlan_transport::xml::escape;

use crate::PopulationConfig;
use crate::element::NS_VERIFIED;

/// Namespace of the requests but those of the `XacMinh…` operations.
const NS_REQUEST: &str = "http://dancuquocgia.bca";
/// `MaTichHop` of the lookup; the household operation takes the same.
const SERVICE_LOOKUP: &str = "037";
/// `MaDichVu` of the yes/no service.
const SERVICE_CONFIRM: &str = "033";

/// A document under construction.
struct Document {
    text: String,
    root: &'static str,
}

/// `TraCuuThongTinCongDan` (037), or another operation of the same form.
pub(crate) fn lookup(root: &'static str, ask: &Ask, config: &PopulationConfig) -> Option<String> {
    let behalf = &ask.on_behalf;
    let mut document = Document::new(root, NS_REQUEST);
    document.element("MaYeuCau", &ask.request_id);
    document.element("MaDVC", procedure(ask, config).as_str());
    document.element("MaTichHop", SERVICE_LOOKUP);
    document.element("MaCanBo", behalf.officer_id.expose());
    document.element("MaDonVi", behalf.agency.as_str());
    document.element("TaiKhoan", &config.account);
    document.element("SoDienThoai", &config.phone);
    document.subject(&ask.subject)?;
    Some(document.end())
}

/// `XacThucThongTinCongDanRequest` (033).
pub(crate) fn confirm(ask: &Ask, full_name: &PersonName) -> Option<String> {
    let mut document = Document::new("XacThucThongTinCongDanRequest", NS_REQUEST);
    document.element("MaYeuCau", &ask.request_id);
    document.element("MaDichVu", SERVICE_CONFIRM);
    document.element("MaCanBo", ask.on_behalf.officer_id.expose());
    document.subject(&ask.subject)?;
    document.element("HoVaTen", &registry_form(full_name.expose()));
    Some(document.end())
}

/// `XacMinhTinhTrangChetMatTichRequest` about a person already found.
pub(crate) fn status(
    request_id: &str,
    subject: &SubjectKey,
    ask: &Ask,
    config: &PopulationConfig,
) -> Option<String> {
    let mut document = Document::new("XacMinhTinhTrangChetMatTichRequest", NS_VERIFIED);
    document.element("MaYeuCau", request_id);
    document.element("MaDVC", procedure(ask, config).as_str());
    document.element("MaCanBo", ask.on_behalf.officer_id.expose());
    document.element("MaDonVi", ask.on_behalf.agency.as_str());
    document.subject(subject)?;
    Some(document.end())
}

fn procedure<'a>(ask: &'a Ask, config: &'a PopulationConfig) -> &'a ProcedureCode {
    ask.on_behalf.procedure.as_ref().unwrap_or(&config.default_procedure)
}

// === impl Document ===

impl Document {
    fn new(root: &'static str, namespace: &str) -> Self {
        let mut text = String::with_capacity(640);
        let _ = write!(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root} xmlns=\"{namespace}\">");
        Self { text, root }
    }

    fn element(&mut self, name: &str, value: &str) {
        let _ = write!(self.text, "<{name}>{}</{name}>", escape(value));
    }

    /// The id the question is about; nothing for another kind of subject.
    fn subject(&mut self, subject: &SubjectKey) -> Option<()> {
        match subject {
            SubjectKey::Person(id) => self.element("SoDinhDanh", id.expose()),
            SubjectKey::Cmnd(id) => self.element("SoCMND", id.expose()),
            _ => return None,
        }
        Some(())
    }

    fn end(mut self) -> String {
        let _ = write!(self.text, "</{}>", self.root);
        self.text
    }
}

#[cfg(test)]
mod tests;
