//! Faults put into answers.

use std::io;

use axum::body::Body;
use axum::http::{StatusCode, header, request::Parts};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use motlan_domain::Registry;
use serde_json::{Map, Value, json};

use super::{Front, Reply, XML, expire_token, population};
use crate::decided::population as decided;
use crate::faults::Fault;
use crate::serve::Cut;

/// The answer of a fault that does not ask the registry at all.
pub(super) fn instead(front: &Front, fault: &Fault, parts: &Parts) -> Option<Reply> {
    let population = front.registry == Registry::Population;
    Some(match fault {
        Fault::Status { code } => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            html(status)
        }
        Fault::TooMany { retry_after_s } => {
            html(StatusCode::TOO_MANY_REQUESTS).header(header::RETRY_AFTER, &retry_after_s.to_string())
        }
        Fault::Empty => Reply { body: Bytes::new(), ..blank(front) },
        Fault::ExpiredToken if population => {
            population::refuse(decided::REFUSED_TIMESTAMP, "Timestamp ngoài khoảng cho phép")
        }
        Fault::ExpiredToken => expire_token(front, parts),
        Fault::EntityBomb => Reply { body: Bytes::from(bomb()), content_type: XML, ..blank(front) },
        Fault::Redirect { to } => html(StatusCode::FOUND).header(header::LOCATION, to),
        Fault::DeepNesting => {
            const LEVELS: usize = 50_000;
            let body = if population {
                format!("{}{}", "<a>".repeat(LEVELS), "</a>".repeat(LEVELS))
            } else {
                format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS))
            };
            Reply { body: Bytes::from(body), ..blank(front) }
        }
        Fault::Refuse { code } if population => population::refuse(code, "Từ chối"),
        Fault::Refuse { code } => Reply::error(StatusCode::FORBIDDEN, code, "Từ chối"),
        _ => return None,
    })
}

/// The registry's answer with the fault in it.
pub(super) fn spoiled(front: &Front, fault: &Fault, operation: &str, mut reply: Reply) -> Reply {
    let population = front.registry == Registry::Population;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let spoiled = match fault {
        Fault::Truncate { at_bytes } => {
            reply.body.truncate(*at_bytes);
            return reply;
        }
        // The end tag or bracket goes, a stray sign comes.
        Fault::Malformed => format!("{}&<{{", text.trim_end_matches(['}', ']', '>'])),
        Fault::WrongSchema if population => rename_elements(&text),
        Fault::WrongSchema => rename_keys(parsed(&text)).to_string(),
        Fault::WrongNamespace if population => [decided::NS_ANSWER, decided::NS_RELATIVES]
            .iter()
            .fold(text, |text, namespace| text.replace(namespace, "http://example.invalid/other")),
        Fault::WrongNamespace => json!({"Envelope": {"Body": parsed(&text)}}).to_string(),
        Fault::Contradictory if population => contradict_xml(&text),
        Fault::Contradictory => contradict_json(operation, parsed(&text)).to_string(),
        Fault::UnreadableRow if operation == "CungCapThongTinHoGiaDinh" => {
            let end = "</CongdanCollection>";
            text.replace(end, &format!("<CongDan><HoVaTen></HoVaTen></CongDan>{end}"))
        }
        Fault::UnreadableRow if !population => add_unreadable(parsed(&text)).to_string(),
        _ => return reply,
    };
    reply.body = Bytes::from(spoiled);
    reply
}

/// Half of the answer, then a reset.
pub(super) fn reset(reply: Reply, cut: Cut) -> Response {
    let body = reply.body.clone();
    let half = body.slice(..body.len() / 2);
    let first = stream::once(async move { Ok::<Bytes, io::Error>(half) });
    let then = stream::once(async move {
        // Lets the head and the first half out before the connection goes.
        tokio::task::yield_now().await;
        cut.now();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let length = body.len().to_string();
    let reply = reply.header(header::CONTENT_LENGTH, &length);
    reply.with_body(Body::from_stream(futures::StreamExt::chain(first, then)))
}

/// The answer and then white space, in chunks, up to `bytes` in all.
pub(super) fn oversize(reply: Reply, bytes: u64) -> Response {
    const CHUNK: u64 = 64 * 1024;
    let first = reply.body.clone();
    let rest = bytes.saturating_sub(first.len() as u64);
    let blank = Bytes::from(vec![b' '; CHUNK as usize]);
    let padding = stream::unfold(rest, move |left| {
        let take = usize::try_from(left.min(CHUNK)).unwrap_or(0);
        let chunk = blank.slice(..take);
        async move { (take > 0).then(|| (Ok::<Bytes, io::Error>(chunk), left - take as u64)) }
    });
    let first = stream::once(async move { Ok(first) });
    reply.with_body(Body::from_stream(futures::StreamExt::chain(first, padding)))
}

fn blank(front: &Front) -> Reply {
    match front.registry {
        Registry::Population => Reply::xml(String::new()),
        _ => Reply::json(StatusCode::OK, &Value::Null),
    }
}

fn html(status: StatusCode) -> Reply {
    let body = Bytes::from(format!("<html><body><h1>{status}</h1></body></html>"));
    Reply { status, content_type: "text/html", headers: Vec::new(), body, refusal: None }
}

/// Ten levels of ten: 10^10 copies of a word.
fn bomb() -> String {
    use std::fmt::Write;
    let mut text =
        String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE CongdanCollection [<!ENTITY e0 \"motlan\">");
    for level in 1..=10 {
        let _ = write!(text, "<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10));
    }
    text.push_str(
        "]>\n<CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\">&e10;</CongdanCollection>",
    );
    text
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// `key` → `key_v2` everywhere: a schema that moved on without notice.
fn rename_keys(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let renamed = fields.into_iter().map(|(key, value)| (format!("{key}_v2"), rename_keys(value)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(rename_keys).collect(),
        other => other,
    }
}

/// Every element below the root gets another name.
fn rename_elements(text: &str) -> String {
    let Ok(document) = roxmltree::Document::parse(text) else { return text.to_owned() };
    let root = document.root_element();
    let names: std::collections::BTreeSet<&str> = root
        .descendants()
        .skip(1)
        .filter(roxmltree::Node::is_element)
        .map(|node| node.tag_name().name())
        .collect();
    names.into_iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("<{name}>"), &format!("<{name}V2>"))
            .replace(&format!("</{name}>"), &format!("</{name}V2>"))
    })
}

/// The last row of a list once more, in which what is no object is something
/// else.
fn add_unreadable(mut value: Value) -> Value {
    if let Some(rows) = value.as_array_mut()
        && let Some(Value::Object(mut row)) = rows.last().cloned()
    {
        for member in row.values_mut().filter(|member| !member.is_object()) {
            *member = json!([true]);
        }
        rows.push(Value::Object(row));
    }
    value
}

/// Another person than asked about; of yes and no, both.
fn contradict_xml(text: &str) -> String {
    let between = |open: &str, close: &str| {
        let start = text.find(open)? + open.len();
        let end = start + text.get(start..)?.find(close)?;
        Some((start, end))
    };
    if let Some((start, end)) = between("<TonTai>", "</TonTai>") {
        let other = if &text[start..end] == "true" { "false" } else { "true" };
        let close = end + "</TonTai>".len();
        return format!("{}<TonTai>{other}</TonTai>{}", &text[..close], &text[close..]);
    }
    match between("<SoDinhDanh>", "</SoDinhDanh>") {
        Some((start, end)) => format!("{}099099000001{}", &text[..start], &text[end..]),
        None => text.to_owned(),
    }
}

/// An answer at odds with the question or with itself.
fn contradict_json(operation: &str, mut value: Value) -> Value {
    let mut set = |pointer: &str, new: Value| {
        if let Some(place) = value.pointer_mut(pointer) {
            *place = new;
        }
    };
    match operation {
        "chiTietDoanhNghiep" => set("/Data/MainInformation/ENTERPRISE_GDT_CODE", json!("4290000008")),
        "tinhTrangHoSo" => set("/Data/IN_JOURNAL_NO", json!("HS-0")),
        "getTraCuuTtHgdByMaSoBhxh" | "getTraCuuThongTinHgd" => set("/maSoBhxh", json!("9800000000")),
        "getMaSoBhxhTheoTieuChi" => set("/0/ngaySinh", json!("19000101")),
        "quaTrinhDong" => set("/0/denThang", json!("190001")),
        "theBHYT" => set("/denNgay", json!("19000101")),
        "giayChungNhan" => set("/GiayChungNhan/soPhatHanh", json!("ZZ 000000")),
        "thuaDat" => set("/ThuaDat/soThuTuThua", json!("99999")),
        "theoChu" => {
            let stranger = json!([{"CaNhan": {"hoTen": "Nguyễn Văn Khác", "soDinhDanh": "099099000001"}}]);
            set("/0/ChuSuDung", stranger);
        }
        _ => {}
    }
    value
}
