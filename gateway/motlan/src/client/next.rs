//! What to do about a refusal, in both languages.
//!
//! The gateway says why and whether asking again helps; which option of this
//! program mends it, only this program knows.

use tonic::Code;

use super::Refusal;

/// A reason of our own and its texts.
pub(super) struct Said {
    pub(super) reason: &'static str,
    pub(super) vi: &'static str,
    pub(super) en: &'static str,
}

/// The next step, Vietnamese and English.
pub(super) fn next_step(refusal: &Refusal) -> Option<(String, String)> {
    let (vi, en) = match refusal.reason.as_str() {
        "" => return by_code(refusal.code),
        "ACTOR_ABSENT" => (
            "chỉ ra người thực hiện bằng --token FILE, hoặc bỏ --no-token",
            "name the acting person by --token FILE, or leave --no-token out",
        ),
        "TOKEN_EXPIRED" | "TOKEN_LIFETIME" => {
            ("lấy mã xác nhận mới rồi gửi lại", "get a fresh token, then ask again")
        }
        "TOKEN_MALFORMED" | "TOKEN_SIGNATURE" | "TOKEN_AUDIENCE" | "TOKEN_BINDING" | "TOKEN_AGENCY" => (
            "dùng mã xác nhận cấp cho đúng hệ thống và cơ quan này (--token FILE)",
            "use a token that was issued to this system and agency (--token FILE)",
        ),
        "CALLER_UNKNOWN" | "CREDENTIAL_MISSING" => (
            "dùng chứng thư số của hệ thống có trong cấu hình của cổng kết nối (--client DIR)",
            "use the certificate of a system that the gateway's configuration names (--client DIR)",
        ),
        "AUDITOR_ONLY" => (
            "dùng chứng thư số của hệ thống kiểm toán (--client DIR)",
            "use the certificate of an auditor's system (--client DIR)",
        ),
        "DOSSIER_UNKNOWN" => (
            "kiểm tra mã hồ sơ và hệ thống gọi (--client DIR)",
            "check the dossier's code, and as which system you ask (--client DIR)",
        ),
        "DOSSIER_EXISTS" => ("dùng mã hồ sơ khác", "use another dossier code"),
        "REQUEST_ID_REUSED" => ("dùng --request-id khác", "use another --request-id"),
        "EVIDENCE_TOO_WEAK" => (
            "mở hồ sơ kèm giấy tiếp nhận đã ký (--receipt hoặc --receipt-key)",
            "open the dossier with a signed acceptance receipt (--receipt or --receipt-key)",
        ),
        "GUESS_LIMIT" => ("chờ đến ngày mai (giờ Việt Nam)", "wait until tomorrow (Viet Nam's time)"),
        _ => return by_gateway(refusal).or_else(|| by_advice(refusal)),
    };
    Some((vi.to_owned(), en.to_owned()))
}

/// What the gateway says to do, and when.
fn by_gateway(refusal: &Refusal) -> Option<(String, String)> {
    let [vi, en] = refusal.next.as_slice() else { return None };
    Some(match refusal.retry_after {
        Some(after) => {
            let seconds = after.as_secs_f32();
            (format!("{vi} (sau {seconds} giây)"), format!("{en} (in {seconds} s)"))
        }
        None => (vi.clone(), en.clone()),
    })
}

/// What a gateway advises that says no more than whether to ask again.
fn by_advice(refusal: &Refusal) -> Option<(String, String)> {
    let (vi, en) = match (refusal.fact("retry")?, refusal.retry_after) {
        ("later", Some(after)) => {
            let seconds = after.as_secs_f32();
            return Some((format!("gửi lại sau {seconds} giây"), format!("ask again in {seconds} s")));
        }
        ("later", None) => ("gửi lại sau ít phút", "ask again in a few minutes"),
        ("after_change", _) => ("sửa yêu cầu rồi gửi lại", "change the request, then ask again"),
        ("never", _) => ("gửi lại cũng không có kết quả khác", "asking again will not bring another answer"),
        _ => return None,
    };
    Some((vi.to_owned(), en.to_owned()))
}

fn by_code(code: Code) -> Option<(String, String)> {
    let (vi, en) = match code {
        Code::Unavailable | Code::DeadlineExceeded | Code::Unimplemented | Code::Unknown => (
            "kiểm tra địa chỉ (--endpoint) và trạng thái của cổng kết nối",
            "check the address (--endpoint), and that the gateway is up",
        ),
        Code::ResourceExhausted => ("gửi lại sau ít phút", "ask again in a few minutes"),
        _ => return None,
    };
    Some((vi.to_owned(), en.to_owned()))
}

/// What a status comes to that names no reason: it is no word of a gateway, but
/// of the connection or of whatever else answers there.
pub(super) const fn unexplained(code: Code) -> Said {
    let (reason, vi, en) = match code {
        Code::Unavailable => (
            "UNAVAILABLE",
            "Mất kết nối với cổng kết nối.",
            "the connection to the gateway was lost or refused",
        ),
        Code::DeadlineExceeded | Code::Cancelled => {
            ("NO_ANSWER", "Cổng kết nối không trả lời đúng hạn.", "the gateway did not answer in time")
        }
        Code::Unimplemented => (
            "METHOD_UNKNOWN",
            "Máy chủ không có phương thức này; có thể đó không phải là cổng kết nối Motlan.",
            "the server does not know this method; it may be no Motlan gateway",
        ),
        Code::ResourceExhausted => {
            ("LIMIT_REACHED", "Đã vượt giới hạn của máy chủ.", "a limit of the server is reached")
        }
        Code::Unauthenticated | Code::PermissionDenied => {
            ("REFUSED", "Máy chủ từ chối mà không nêu lý do.", "the server refused and named no reason")
        }
        _ => (
            "NO_REASON",
            "Máy chủ báo lỗi mà không nêu lý do.",
            "the server reported an error and named no reason",
        ),
    };
    Said { reason, vi, en }
}
