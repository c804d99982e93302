//! What an error tells, and what it does not.

use super::{FetchError, MalformedCause};

#[test]
fn a_refusal_keeps_only_a_plain_code() {
    for code in ["001", "HTTP_403", "DU_LIEU_KHONG_HOP_LE", "STATUS_0"] {
        assert!(matches!(FetchError::refused(code), FetchError::Refused { code: told, .. } if told == code));
    }
    for code in ["", "097060000001", "LOI_097060000001", "Nguyễn Văn An", "a b", "a-b", &"x".repeat(33)] {
        let error = FetchError::refused(code);
        assert!(matches!(error, FetchError::Malformed { cause: MalformedCause::Shape, .. }), "{code}");
        assert!(code.is_empty() || !format!("{error} {error:?}").contains(code));
    }
}
