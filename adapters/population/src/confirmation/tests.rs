//! Yes, no, and neither.

use motlan_api::{FetchError, MalformedCause};
use proptest::prelude::*;

use super::decode_confirmation;

fn read(content: &str) -> Result<bool, Option<MalformedCause>> {
    let text = format!(
        "<KetQuaXacThucResponse xmlns=\"http://www.mic.gov.vn/dancu/1.0\">{content}</KetQuaXacThucResponse>"
    );
    decode_confirmation(text.as_bytes()).map_err(|error| match error {
        FetchError::Malformed { cause, .. } => Some(cause),
        _ => None,
    })
}

#[test]
fn there_is_no_half_of_it() {
    assert_eq!(read("<TonTai>true</TonTai>"), Ok(true));
    assert_eq!(read("<TonTai> 0 </TonTai>"), Ok(false));
    for content in [
        "",
        "<TonTai/>",
        "<TonTai>có</TonTai>",
        "<TonTai>TRUE</TonTai>",
        "<TonTai>true</TonTai><TonTai>false</TonTai>",
        "<TonTai xmlns=\"\">true</TonTai>",
        "<x><TonTai>true</TonTai></x>",
    ] {
        assert_eq!(read(content), Err(Some(MalformedCause::Shape)), "{content}");
    }
    let refused = decode_confirmation(b"<Loi><Ma>003</Ma></Loi>");
    assert!(matches!(refused, Err(FetchError::Refused { code, .. }) if code == "003"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_confirmation(&bytes).is_err());
    }
}
