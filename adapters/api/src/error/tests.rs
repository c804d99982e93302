//! What an error tells, and what it does not.

use std::collections::BTreeSet;

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

#[test]
fn causes_are_stable_names_of_their_own() {
    let names: BTreeSet<&str> = MalformedCause::ALL.into_iter().map(MalformedCause::as_str).collect();
    assert_eq!(names.len(), MalformedCause::ALL.len(), "one name each");
    let plain = |name: &&&str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    assert_eq!(names.iter().filter(plain).count(), names.len(), "{names:?}");
    assert_eq!(FetchError::malformed(MalformedCause::TooDeep).cause(), Some(MalformedCause::TooDeep));
    assert_eq!(FetchError::refused("001").cause(), None);
}
