//! The business registry.

use axum::http::{Method, StatusCode, request::Parts};
use serde_json::{Value, json};

use super::{Reply, business_json};
use crate::decided::{self, business};
use crate::world::World;

pub(super) const OPERATIONS: &[(Method, &str, &str)] = &[
    (Method::POST, decided::TOKEN_PATH, "token"),
    (Method::GET, business::DETAIL_PATH, "chiTietDoanhNghiep"),
    (Method::GET, business::JOURNAL_PATH, "tinhTrangHoSo"),
];

/// The first query parameter.
pub(super) fn query(parts: &Parts) -> Option<(String, String)> {
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes()).into_owned().next()
}

pub(super) fn answer(world: &World, operation: &str, parts: &Parts) -> Reply {
    let wanted = if operation == "tinhTrangHoSo" { "in_journal_no" } else { "msdn" };
    let Some((_, key)) = query(parts).filter(|(name, key)| name == wanted && !key.is_empty()) else {
        return envelope(0, &Value::Null, &format!("Thiếu tham số {wanted}"));
    };
    let data = match operation {
        "tinhTrangHoSo" => business_json::journal(world, &key),
        _ => world.enterprise(&key).map(|enterprise| business_json::enterprise(world, enterprise)),
    };
    match data {
        Some(data) => envelope(1, &data, "Thành công"),
        None => envelope(1, &Value::Null, "Không tìm thấy dữ liệu"),
    }
}

fn envelope(status: u8, data: &Value, message: &str) -> Reply {
    let count = u8::from(!data.is_null());
    let body = json!({"Data": data, "DataCount": count, "Status": status, "Message": message});
    let mut reply = Reply::json(StatusCode::OK, &body);
    reply.refusal = (status == 0).then(|| "STATUS_0".to_owned());
    reply
}
