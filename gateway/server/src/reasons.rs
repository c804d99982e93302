//! Every reason a caller can meet, as one page for people: what it means, what
//! to do, whether to ask again, in both languages. `motlan reasons` prints it;
//! `proto/REASONS.md` holds it, and a test there holds the file to it.
//!
//! How an answer can break a registry's contract is the adapters' vocabulary,
//! which this room does not know: whoever asks for the page brings it.

use std::fmt::Write as _;

use motlan_domain::date::DateError;
use motlan_domain::id::IdReason;
use motlan_domain::name::NameError;
use motlan_domain::reason::{Advice, Origin, Retry};
use motlan_domain::{IncompleteCause, Reason, Unfinished};
use tonic::Code;

use crate::status::error_code;

/// One reason as it is told.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// The stable code, `ErrorInfo.reason`.
    pub code: &'static str,
    /// How a caller meets it.
    pub met: Met,
    /// Where it arose.
    pub origin: Origin,
    /// Whether asking again can help.
    pub retry: Retry,
    /// What it means, in Vietnamese.
    pub vi: &'static str,
    /// What it means, in English.
    pub en: &'static str,
    /// What to do next.
    pub next: Advice,
}

/// How a caller meets a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// A call fails with this gRPC code.
    Error(Code),
    /// A component's result carries it.
    Component,
    /// An answer with outcome INCOMPLETE carries it.
    Incomplete,
    /// `SOURCE_MALFORMED` carries it as its cause.
    Cause,
    /// Never: it stands in the log, for who reads that.
    Entry,
}

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Credentials,
    Denied,
    Input,
    Written,
    Gateway,
    Registry,
    Malformed,
    Incomplete,
    Component,
    Log,
}

/// Every reason, in the order of the vocabularies, with the causes of a
/// malformed answer last.
pub fn all(causes: impl IntoIterator<Item = Told>) -> Vec<Told> {
    let mut all: Vec<Told> = Reason::ALL.iter().copied().map(Told::reason).collect();
    all.extend(IdReason::ALL.iter().map(|r| Told::written(r.as_str(), r.text_vi(), r.text_en(), r.advice())));
    all.extend(
        DateError::ALL.iter().map(|r| Told::written(r.reason(), r.text_vi(), r.text_en(), r.advice())),
    );
    all.extend(
        NameError::ALL.iter().map(|r| Told::written(r.reason(), r.text_vi(), r.text_en(), r.advice())),
    );
    all.extend(IncompleteCause::ALL.iter().copied().map(Told::incomplete));
    all.extend(Unfinished::ALL.iter().copied().map(Told::unfinished));
    all.extend(causes);
    all
}

/// The page of those reasons, in Markdown.
pub fn page(all: &[Told]) -> String {
    let mut page = HEAD.to_owned();
    for section in Section::ALL {
        let (title, note) = section.words();
        let _ = write!(
            page,
            "\n## {title}\n\n{note}\n\n| code | gRPC | arose | ask again | what it means | what to do |\n|---|---|---|---|---|---|\n"
        );
        for told in all.iter().filter(|told| section == Section::of(told)) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {}<br>*{}* | {}<br>*{}* |",
                told.code,
                told.met.words(),
                told.origin.as_str(),
                told.retry.as_str(),
                told.vi,
                told.en,
                told.next.vi,
                told.next.en,
            );
        }
    }
    page
}

/// What stands above the tables.
const HEAD: &str = "\
<!-- Generated: `motlan reasons > proto/REASONS.md`. Do not edit by hand. -->

# Mã lý do / Reasons

Mỗi lời từ chối, lỗi hay kết quả của thành phần hồ sơ đều có một mã cố định. Hệ thống gọi rẽ nhánh theo mã, không theo câu chữ.
`motlan reasons CODE` giải thích một mã ngay trên máy, không cần kết nối.

*Every refusal, failure and component result has one stable code. Branch on the code, never on the text. `motlan reasons CODE` explains
one of them, offline.*

- **Ở đâu / where**: `ErrorInfo.reason` (domain `motlan`) in `grpc-status-details-bin`; per field in `BadRequest.field_violations[].reason`;
  `reason` of a component's result; `incomplete_cause` of an answer; `reasons` of `/readyz`. The audit entry carries the same reason.
- **Nơi phát sinh / arose** (`ErrorInfo.metadata.origin`): `caller` (hệ thống gọi), `gateway` (cổng kết nối), `registry` (cơ sở dữ liệu nguồn).
- **Gửi lại / ask again** (`metadata.retry`): `never` (không; trả lời sẽ như cũ), `after_change` (sau khi sửa điều được nêu), `later` (gửi lại
  nguyên văn sau thời gian ghi trong `RetryInfo`). `GUESS_LIMIT` has no `RetryInfo`: it holds until the day ends.
- **Việc cần làm / what to do**: `metadata.next_vi`, `metadata.next_en`. Texts: two `LocalizedMessage`, `vi-VN` and `en-US`.
- **Biên nhận / receipt**: `metadata.receipt_origin`, `receipt_index`, `receipt_leaf_hash`, wherever an entry was written.
- `metadata.violations` counts all mistakes of a request; the list is cut where it would not fit a header, and tells each text once.
";

// === impl Told ===

impl Told {
    /// How an answer breaks its registry's contract.
    pub const fn cause(code: &'static str, vi: &'static str, en: &'static str) -> Self {
        let malformed = Reason::SourceMalformed;
        let (origin, retry, next) = (malformed.origin(), malformed.retry(), malformed.advice());
        Self { code, met: Met::Cause, origin, retry, vi, en, next }
    }

    fn reason(reason: Reason) -> Self {
        Self {
            code: reason.code(),
            met: error_code(reason).map_or(Met::Component, Met::Error),
            origin: reason.origin(),
            retry: reason.retry(),
            vi: reason.text_vi(),
            en: reason.text_en(),
            next: reason.advice(),
        }
    }

    /// A value that is not written as it should be.
    const fn written(code: &'static str, vi: &'static str, en: &'static str, next: Advice) -> Self {
        let met = Met::Error(Code::InvalidArgument);
        Self { code, met, origin: Origin::Caller, retry: Retry::AfterChange, vi, en, next }
    }

    const fn incomplete(cause: IncompleteCause) -> Self {
        Self {
            code: cause.reason(),
            met: Met::Incomplete,
            origin: Origin::Registry,
            retry: Retry::Later,
            vi: cause.text_vi(),
            en: cause.text_en(),
            next: cause.advice(),
        }
    }

    const fn unfinished(reason: Unfinished) -> Self {
        Self {
            code: reason.reason(),
            met: Met::Entry,
            origin: Origin::Gateway,
            retry: Retry::Later,
            vi: reason.text_vi(),
            en: reason.text_en(),
            next: reason.advice(),
        }
    }
}

// === impl Met ===

impl Met {
    /// As the page says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Component => "– (component)",
            Self::Incomplete => "OK, INCOMPLETE",
            Self::Cause => "UNAVAILABLE (cause)",
            Self::Entry => "– (log)",
            Self::Error(code) => match code {
                Code::Ok => "OK",
                Code::Cancelled => "CANCELLED",
                Code::Unknown => "UNKNOWN",
                Code::InvalidArgument => "INVALID_ARGUMENT",
                Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
                Code::NotFound => "NOT_FOUND",
                Code::AlreadyExists => "ALREADY_EXISTS",
                Code::PermissionDenied => "PERMISSION_DENIED",
                Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
                Code::FailedPrecondition => "FAILED_PRECONDITION",
                Code::Aborted => "ABORTED",
                Code::OutOfRange => "OUT_OF_RANGE",
                Code::Unimplemented => "UNIMPLEMENTED",
                Code::Internal => "INTERNAL",
                Code::Unavailable => "UNAVAILABLE",
                Code::DataLoss => "DATA_LOSS",
                Code::Unauthenticated => "UNAUTHENTICATED",
            },
        }
    }
}

// === impl Section ===

impl Section {
    const ALL: [Self; 10] = [
        Self::Credentials,
        Self::Denied,
        Self::Input,
        Self::Written,
        Self::Gateway,
        Self::Registry,
        Self::Malformed,
        Self::Incomplete,
        Self::Component,
        Self::Log,
    ];

    fn of(told: &Told) -> Self {
        match (told.met, told.origin) {
            (Met::Component, _) => Self::Component,
            (Met::Incomplete, _) => Self::Incomplete,
            (Met::Cause, _) => Self::Malformed,
            (Met::Entry, _) => Self::Log,
            (Met::Error(Code::Unauthenticated), _) => Self::Credentials,
            (Met::Error(_), Origin::Gateway) => Self::Gateway,
            (Met::Error(_), Origin::Registry) => Self::Registry,
            (Met::Error(Code::PermissionDenied | Code::ResourceExhausted), Origin::Caller) => Self::Denied,
            (Met::Error(_), Origin::Caller) if Reason::from_code(told.code).is_some() => Self::Input,
            (Met::Error(_), Origin::Caller) => Self::Written,
        }
    }

    /// Heading, and a sentence below it.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Credentials => (
                "Thông tin xác thực / Credentials",
                "Hệ thống gọi hoặc người thực hiện chưa được xác định; việc từ chối được ghi nhật ký. *Who calls or acts is not established; recorded.*",
            ),
            Self::Denied => (
                "Từ chối / Denied",
                "Không được phép; việc từ chối được ghi nhật ký (vượt hạn mức thì ghi gộp), không cơ sở dữ liệu nào bị hỏi, trừ `OWNER_NOT_IN_DOSSIER` chỉ biết được sau khi hỏi. *Not permitted; recorded (beyond the quota in aggregate), and no registry was asked, but for `OWNER_NOT_IN_DOSSIER`, which only an answer can show.*",
            ),
            Self::Input => (
                "Yêu cầu / Requests",
                "Yêu cầu có chỗ chưa đúng; không có gì bị hỏi hay thay đổi. *Something about the request is wrong; nothing was asked or changed.*",
            ),
            Self::Written => (
                "Số, mã, ngày, tên ghi sai / Identifiers, dates and names",
                "Giá trị không được tự sửa. `motlan id LOẠI GIÁ_TRỊ` cho biết quy tắc bị vi phạm. *Values are never corrected. `motlan id KIND VALUE` tells which rule is broken.*",
            ),
            Self::Gateway => {
                ("Cổng kết nối / The gateway", "Không có dữ liệu nào được cung cấp. *Nothing was disclosed.*")
            }
            Self::Registry => (
                "Cơ sở dữ liệu nguồn / Registries",
                "Trong một hồ sơ, các mã này là kết quả của từng thành phần, những thành phần khác không bị ảnh hưởng. *Within a resolve these come as results of single components; the others are untouched.*",
            ),
            Self::Malformed => (
                "Trả lời sai quy ước / How an answer breaks its contract",
                "`SOURCE_MALFORMED` nêu cách sai ở `metadata.cause`. *`SOURCE_MALFORMED` says how in `metadata.cause`.*",
            ),
            Self::Incomplete => (
                "Trả lời chưa đầy đủ / Incomplete answers",
                "Lời gọi thành công, `incomplete_cause` nêu nguyên nhân. *The call succeeds; `incomplete_cause` says why the answer is not whole.*",
            ),
            Self::Component => (
                "Kết quả của thành phần hồ sơ / Component results",
                "Không phải lỗi: cho biết vì sao một thành phần được dùng lại, điền sẵn hoặc vẫn phải nộp. *No errors: why a component is reused, filled in or still needed.*",
            ),
            Self::Log => (
                "Chỉ có trong nhật ký / In the log alone",
                "Không trả cho hệ thống gọi: lý do của bản ghi có kết quả `FAILED`, khi đã định hỏi cơ sở dữ liệu nguồn mà không có câu trả lời nào được cung cấp. *Told to no caller: why an entry has the outcome `FAILED`, where a registry was to be asked and no answer was given out.*",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
