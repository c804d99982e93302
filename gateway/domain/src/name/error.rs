//! Why a text is no name.

/// Carries the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameError {
    /// Nothing visible in it.
    #[error("name empty")]
    Empty,
    /// More than 120 characters.
    #[error("name length")]
    Length,
    /// A control character, or one that turns the direction of writing.
    #[error("name control character")]
    Control,
}

impl NameError {
    /// Stable reason code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "NAME_EMPTY",
            Self::Length => "NAME_LENGTH",
            Self::Control => "NAME_CONTROL",
        }
    }

    /// For a person who reads Vietnamese.
    pub const fn text_vi(self) -> &'static str {
        match self {
            Self::Empty => "Họ, chữ đệm và tên không được để trống.",
            Self::Length => "Họ, chữ đệm và tên không được dài quá 120 ký tự.",
            Self::Control => "Họ, chữ đệm và tên chứa ký tự điều khiển không được phép.",
        }
    }

    /// For a person who reads English.
    pub const fn text_en(self) -> &'static str {
        match self {
            Self::Empty => "The name must not be empty.",
            Self::Length => "The name must not be longer than 120 characters.",
            Self::Control => "The name holds a control character that is not allowed.",
        }
    }
}
