//! Sizes and hashes as the C2SP texts write them, one spelling each.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::hash::NodeHash;
use crate::merkle::MAX_SIZE;

/// A tree size: ASCII decimal without leading zeros, at most [`MAX_SIZE`].
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    let canonical = match digits {
        [b'0'] => true,
        [first, ..] => *first != b'0' && digits.iter().all(u8::is_ascii_digit),
        [] => false,
    };
    // `str::parse` alone would take "+1" and "01".
    if !canonical {
        return None;
    }
    text.parse().ok().filter(|size| *size <= MAX_SIZE)
}

/// A hash in base64 (RFC 4648 section 4, padded, no other bits set).
pub(crate) fn parse_hash(text: &str) -> Option<NodeHash> {
    // 32 bytes have exactly this many characters; refuse before decoding.
    if text.len() != 44 {
        return None;
    }
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

/// The hash in base64.
pub(crate) fn print_hash(hash: &NodeHash) -> String {
    BASE64_STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_spelling() {
        let cases = [
            ("0", Some(0)),
            ("1", Some(1)),
            ("20852163", Some(20_852_163)),
            ("9223372036854775807", Some(MAX_SIZE)),
            ("9223372036854775808", None),
            ("18446744073709551616", None),
            ("", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("1 ", None),
            ("1_0", None),
            ("0x1", None),
            ("١", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_size(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let text = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let hash = parse_hash(text).unwrap();
        assert_eq!(print_hash(&hash), text);
        let refused = [
            "",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
            "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
        ];
        for text in refused {
            assert_eq!(parse_hash(text), None, "{text:?}");
        }
    }
}
