//! Why a text is no name.

use crate::reason::vocabulary;

vocabulary! {
    /// Carries the rule, never the text.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
    pub enum NameError {
        /// Nothing visible in it.
        #[error("name empty")]
        Empty = "NAME_EMPTY",
            "Họ, chữ đệm và tên không được để trống.",
            "The name must not be empty.",
            "Ghi họ, chữ đệm và tên như người đó khai.",
            "Send the name as the person states it.";
        /// More than 120 characters.
        #[error("name length")]
        Length = "NAME_LENGTH",
            "Họ, chữ đệm và tên không được dài quá 120 ký tự.",
            "The name must not be longer than 120 characters.",
            "Chỉ ghi họ, chữ đệm và tên, không kèm nội dung khác.",
            "Send the name alone, with nothing beside it.";
        /// A control character, or one that turns the direction of writing.
        #[error("name control character")]
        Control = "NAME_CONTROL",
            "Họ, chữ đệm và tên chứa ký tự điều khiển không được phép.",
            "The name holds a control character that is not allowed.",
            "Nhập lại tên bằng bàn phím, không dán từ nơi khác.",
            "Type the name in again instead of pasting it.";
    }
}
