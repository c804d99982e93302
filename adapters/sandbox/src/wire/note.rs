//! What the call log keeps of a request, read leniently: also a request that
//! will be refused leaves its trace.

use axum::http::request::Parts;
use motlan_domain::Registry;
use serde_json::Value;

use crate::decided::{DOSSIER_HEADER, OFFICER_HEADER};

/// See [`crate::calls::Call`].
pub(super) struct Note {
    pub(super) officer: bool,
    pub(super) dossier: Option<String>,
    pub(super) subject: Option<String>,
}

const KEYS: &[&str] = &["maSoBhxh", "hoTen", "soPhatHanh", "soDinhDanh", "maDoanhNghiep", "maXa"];

pub(super) fn read(registry: Registry, parts: &Parts, body: &[u8]) -> Note {
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut note =
        Note { officer: header(OFFICER_HEADER).is_some(), dossier: header(DOSSIER_HEADER), subject: None };
    match registry {
        Registry::Population => {
            let text = str::from_utf8(body).unwrap_or_default();
            let Ok(document) = roxmltree::Document::parse(text) else { return note };
            let element = |name: &str| {
                let mut nodes = document.root_element().children();
                let node = nodes.find(|node| node.tag_name().name() == name)?;
                node.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
            };
            note.officer = element("MaCanBo").is_some();
            note.subject = element("SoDinhDanh").or_else(|| element("SoCMND"));
        }
        Registry::Business => note.subject = super::business::query(parts).map(|(_, value)| value),
        Registry::Insurance | Registry::Land => {
            let Ok(Value::Object(question)) = serde_json::from_slice(body) else { return note };
            let key = |name: &&str| question.get(*name).and_then(Value::as_str).map(str::to_owned);
            note.subject = match KEYS.iter().find_map(key) {
                // A parcel is commune, sheet and number together.
                Some(commune) if question.contains_key("maXa") => {
                    let part = |name: &str| question.get(name).map(Value::to_string).unwrap_or_default();
                    let parcel = format!("{commune}/{}/{}", part("soHieuToBanDo"), part("soThuTuThua"));
                    Some(parcel.replace('"', ""))
                }
                other => other,
            };
        }
    }
    note
}
