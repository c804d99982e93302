//! What a registry said, and what that makes the question's outcome.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dataset::FieldSet;
use crate::reason::vocabulary;
use crate::record::Record;

/// The seven outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// A record was found.
    Found,
    /// A claim agrees with the record.
    Match,
    /// A claim does not.
    Mismatch,
    /// The registry holds no such record.
    NotFound,
    /// The registry answered, but not whole: say which part is missing.
    Incomplete,
    /// The registry did not answer.
    SourceUnavailable,
    /// Policy refused.
    Denied,
}

/// Whether an answer is the whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// As the wire contract promises.
    Complete,
    /// Some of it could not be read: those fields are absent, and it is said why.
    Incomplete {
        /// What was wrong.
        cause: IncompleteCause,
        /// The fields that should have been there.
        missing: FieldSet,
    },
}

vocabulary! {
    /// Why an answer is incomplete.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    pub enum IncompleteCause {
        /// A mandatory field is absent.
        FieldMissing = "FIELD_MISSING",
            "Trả lời của cơ sở dữ liệu nguồn thiếu một phần bắt buộc theo quy ước.",
            "The registry's answer lacks a part that its contract makes mandatory.",
            "Dùng những trường có dữ liệu; phần thiếu thì yêu cầu nộp giấy tờ.",
            "Use the fields that are there; for what is missing, ask for the paper.";
        /// A field has a form that the contract does not allow.
        FieldInvalid = "FIELD_INVALID",
            "Trả lời của cơ sở dữ liệu nguồn có phần không đúng định dạng quy ước.",
            "A part of the registry's answer has a form that its contract does not allow.",
            "Dùng những trường có dữ liệu; phần thiếu thì yêu cầu nộp giấy tờ, và báo đơn vị vận hành.",
            "Use the fields that are there; for what is missing, ask for the paper, and tell the gateway's operator.";
        /// Two parts of the answer contradict one another.
        Contradictory = "CONTRADICTORY",
            "Các phần trong trả lời của cơ sở dữ liệu nguồn mâu thuẫn với nhau.",
            "Two parts of the registry's answer contradict one another.",
            "Không căn cứ vào dữ liệu này; yêu cầu nộp giấy tờ, và báo đơn vị vận hành.",
            "Do not rely on this record; ask for the paper, and tell the gateway's operator.";
    }
}

vocabulary! {
    /// Why a question has an entry and no answer. It stands in the log, with the
    /// outcome FAILED, and no caller is ever told it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Unfinished {
        /// Whoever asked did not wait for the end, or the end could not be
        /// recorded when it came.
        GivenUp = "GIVEN_UP",
            "Câu hỏi bị bỏ dở: bên gọi đã ngắt, thời hạn đã qua, hoặc khi có kết quả thì không ghi được nhật ký; không có dữ liệu nào được cung cấp.",
            "The question was given up: the caller hung up, a deadline passed, or how it ended could not be recorded; nothing was disclosed.",
            "Không phải làm gì: nếu cơ sở dữ liệu nguồn đã trả lời thì bản ghi có thời điểm nhận; câu hỏi gửi lại là câu hỏi mới.",
            "Nothing to do: where the registry had answered, the entry says when; a question asked again is a new one.";
        /// The gateway stopped before the question ended.
        Interrupted = "INTERRUPTED",
            "Cổng kết nối dừng trước khi câu hỏi kết thúc; không có dữ liệu nào được cung cấp.",
            "The gateway stopped before the question ended; nothing was disclosed.",
            "Bản ghi do lần khởi động sau viết; muốn biết nguồn có được hỏi hay không thì đối chiếu mã yêu cầu (upstream) với cơ quan quản lý nguồn.",
            "The next start wrote the entry; whether the registry was asked, its operator can tell by the request id (upstream).";
    }
}

/// A registry's answer as an adapter hands it on: whole records, before
/// minimisation. `records` is empty when the registry holds none.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The records found; one, or several where a list was asked for.
    pub records: Vec<Record>,
    /// When the gateway received the answer.
    pub retrieved_at: Timestamp,
    /// The source's own data time, if it says one (*thời điểm dữ liệu*).
    pub source_data_time: Option<Timestamp>,
    /// Whole or not.
    pub completeness: Completeness,
    /// The request ids under which the source can find this exchange.
    pub upstream_ids: Vec<String>,
}

// === impl Outcome ===

impl Outcome {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "FOUND",
            Self::Match => "MATCH",
            Self::Mismatch => "MISMATCH",
            Self::NotFound => "NOT_FOUND",
            Self::Incomplete => "INCOMPLETE",
            Self::SourceUnavailable => "SOURCE_UNAVAILABLE",
            Self::Denied => "DENIED",
        }
    }

    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Found,
        Self::Match,
        Self::Mismatch,
        Self::NotFound,
        Self::Incomplete,
        Self::SourceUnavailable,
        Self::Denied,
    ];

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

// === impl IncompleteCause ===

impl IncompleteCause {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        self.reason()
    }
}

// === impl Fetched ===

impl Fetched {
    /// The outcome of having asked for the record itself.
    pub fn outcome(&self) -> Outcome {
        match (self.records.is_empty(), self.completeness) {
            (_, Completeness::Incomplete { .. }) => Outcome::Incomplete,
            (true, Completeness::Complete) => Outcome::NotFound,
            (false, Completeness::Complete) => Outcome::Found,
        }
    }
}
