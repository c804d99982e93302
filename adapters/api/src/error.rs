//! How asking a registry fails, by what the asker would do about it.

use std::time::Duration;

use motlan_domain::Reason;
use thiserror::Error;

/// A question that got no usable answer.
#[derive(Debug, Clone, Error)]
pub enum FetchError {
    /// Nothing whole came back in time: ask again later.
    #[error("registry unavailable: {reason}")]
    Unavailable {
        /// One of the `SOURCE_…` reasons with `Retry::Later`.
        reason: Reason,
        /// When the registry or the breaker expects to be back.
        retry_after: Option<Duration>,
        /// The exchange, if one took place.
        upstream_ids: Vec<String>,
    },
    /// The registry refused the gateway itself: an operator must act.
    #[error("registry refused the gateway with code {code}")]
    Refused {
        /// The registry's own code, checked to be a short code.
        code: String,
        /// The exchange.
        upstream_ids: Vec<String>,
    },
    /// The answer breaks the wire contract.
    #[error("registry answer is malformed: {cause}")]
    Malformed {
        /// How.
        cause: MalformedCause,
        /// The exchange.
        upstream_ids: Vec<String>,
    },
    /// This adapter does not offer that question.
    #[error("question not offered by this adapter")]
    NotOffered,
}

/// How an answer breaks its contract. No variant carries a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum MalformedCause {
    /// Longer than the limit.
    #[error("too large")]
    TooLarge,
    /// Nested deeper than the limit.
    #[error("too deep")]
    TooDeep,
    /// Ends before it is whole.
    #[error("truncated")]
    Truncated,
    /// Not XML or JSON at all.
    #[error("not well formed")]
    Syntax,
    /// Well formed, of another shape.
    #[error("unexpected shape")]
    Shape,
    /// XML of another namespace.
    #[error("wrong namespace")]
    Namespace,
    /// Carries a document type or entity declaration.
    #[error("forbidden construct")]
    Forbidden,
    /// Another content type than the contract's.
    #[error("wrong content type")]
    ContentType,
    /// About another subject than the one asked for.
    #[error("answers another question")]
    OtherSubject,
    /// Not HTTP: no answer could be taken out of what came.
    #[error("does not follow HTTP")]
    Protocol,
    /// Names more people than an entry of the log can.
    #[error("too many people")]
    TooManyPeople,
}

// === impl FetchError ===

impl FetchError {
    /// The reason as callers are told it.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Unavailable { reason, .. } => *reason,
            Self::Refused { .. } => Reason::SourceRefused,
            Self::Malformed { .. } => Reason::SourceMalformed,
            Self::NotOffered => Reason::SourceNotConnected,
        }
    }

    /// How the answer breaks its contract, where it does.
    pub const fn cause(&self) -> Option<MalformedCause> {
        match self {
            Self::Malformed { cause, .. } => Some(*cause),
            Self::Unavailable { .. } | Self::Refused { .. } | Self::NotOffered => None,
        }
    }

    /// A malformed answer; the transport adds the exchange ids.
    pub const fn malformed(cause: MalformedCause) -> Self {
        Self::Malformed { cause, upstream_ids: Vec::new() }
    }

    /// A refusal; the transport adds the exchange ids. A code that is not
    /// short and plain is not handed on: it could be anything.
    pub fn refused(code: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        // Longer runs of digits could be somebody's number.
        let numbered = code.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 6);
        if (1..=32).contains(&code.len()) && code.bytes().all(plain) && !numbered {
            Self::Refused { code: code.to_owned(), upstream_ids: Vec::new() }
        } else {
            Self::malformed(MalformedCause::Shape)
        }
    }

    /// When to ask again, if that is known.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The ids of the exchange.
    pub fn upstream_ids(&self) -> &[String] {
        match self {
            Self::Unavailable { upstream_ids, .. }
            | Self::Refused { upstream_ids, .. }
            | Self::Malformed { upstream_ids, .. } => upstream_ids,
            Self::NotOffered => &[],
        }
    }
}

// === impl MalformedCause ===

impl MalformedCause {
    /// Every cause.
    pub const ALL: [Self; 11] = [
        Self::TooLarge,
        Self::TooDeep,
        Self::Truncated,
        Self::Syntax,
        Self::Shape,
        Self::Namespace,
        Self::Forbidden,
        Self::ContentType,
        Self::OtherSubject,
        Self::Protocol,
        Self::TooManyPeople,
    ];

    /// Stable upper-case name, which callers are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "TOO_LARGE",
            Self::TooDeep => "TOO_DEEP",
            Self::Truncated => "TRUNCATED",
            Self::Syntax => "NOT_WELL_FORMED",
            Self::Shape => "UNEXPECTED_SHAPE",
            Self::Namespace => "WRONG_NAMESPACE",
            Self::Forbidden => "FORBIDDEN_CONSTRUCT",
            Self::ContentType => "WRONG_CONTENT_TYPE",
            Self::OtherSubject => "OTHER_SUBJECT",
            Self::Protocol => "PROTOCOL_VIOLATION",
            Self::TooManyPeople => "TOO_MANY_PEOPLE",
        }
    }

    /// For a person who reads Vietnamese.
    pub const fn text_vi(self) -> &'static str {
        match self {
            Self::TooLarge => "Trả lời lớn hơn giới hạn cho phép.",
            Self::TooDeep => "Trả lời có cấu trúc lồng nhau quá sâu.",
            Self::Truncated => "Trả lời bị ngắt giữa chừng.",
            Self::Syntax => "Trả lời không phải XML hoặc JSON hợp lệ.",
            Self::Shape => "Trả lời đúng cú pháp nhưng khác cấu trúc quy ước.",
            Self::Namespace => "Trả lời là XML thuộc không gian tên khác với quy ước.",
            Self::Forbidden => "Trả lời chứa khai báo kiểu tài liệu hoặc thực thể XML không được phép.",
            Self::ContentType => "Trả lời có kiểu nội dung khác với quy ước.",
            Self::OtherSubject => "Trả lời nói về đối tượng khác với đối tượng được hỏi.",
            Self::Protocol => "Dữ liệu nhận được không theo giao thức HTTP.",
            Self::TooManyPeople => "Trả lời nêu nhiều người hơn giới hạn cho một lần tra cứu.",
        }
    }

    /// For a person who reads English.
    pub const fn text_en(self) -> &'static str {
        match self {
            Self::TooLarge => "the answer is larger than the limit",
            Self::TooDeep => "the answer is nested deeper than the limit",
            Self::Truncated => "the answer ends before it is whole",
            Self::Syntax => "the answer is neither well-formed XML nor JSON",
            Self::Shape => "the answer is well formed, but of another shape than the contract's",
            Self::Namespace => "the answer is XML of another namespace than the contract's",
            Self::Forbidden => "the answer carries a document type or entity declaration",
            Self::ContentType => "the answer has another content type than the contract's",
            Self::OtherSubject => "the answer is about another subject than the one asked for",
            Self::Protocol => "what came back does not follow HTTP",
            Self::TooManyPeople => "the answer names more people than one answer may",
        }
    }
}

#[cfg(test)]
mod tests;
