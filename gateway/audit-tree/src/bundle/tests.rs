//! Round trips, faults, and a bundle another implementation wrote.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn written(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        push_entry(&mut bytes, entry).unwrap();
    }
    bytes
}

/// The beginning of transparency-dev/tessera, testdata/log
/// (tile/entries/000.p/3, Apache-2.0).
#[test]
fn a_published_bundle_is_read_and_written() {
    let published = b"\x00\x03one\x00\x03two\x00\x05three";
    let entries = split_entries(Bundle::new(0, 3).unwrap(), published).unwrap();
    assert_eq!(entries, [&b"one"[..], b"two", b"three"]);
    assert_eq!(written(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]), published);
}

#[test]
fn faults_are_told() {
    let three = Bundle::new(9, 3).unwrap();
    let cases: [(&[u8], BundleError); 6] = [
        (b"", BundleError::Truncated { entry: 0 }),
        (b"\x00", BundleError::Truncated { entry: 0 }),
        (b"\x00\x00\x00\x02x", BundleError::Truncated { entry: 1 }),
        (b"\x00\x00\x00\x02xy", BundleError::Truncated { entry: 2 }),
        (b"\x00\x00\x00\x02xy\x00\x00\x00", BundleError::Trailing { at: 8 }),
        (b"\x00\x00\x00\x02xy\x00\x00\x00\x00", BundleError::Trailing { at: 8 }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(split_entries(three, bytes), Err(expected), "{bytes:?}");
    }
}

#[test]
fn the_longest_entry_fits_and_a_longer_one_leaves_no_trace() {
    let mut bytes = Vec::new();
    push_entry(&mut bytes, &vec![7; MAX_ENTRY_BYTES]).unwrap();
    let before = bytes.clone();
    assert_eq!(push_entry(&mut bytes, &vec![7; MAX_ENTRY_BYTES + 1]), Err(BundleError::EntryTooLong));
    assert_eq!(bytes, before);
    assert_eq!(split_entries(Bundle::new(0, 1).unwrap(), &bytes).unwrap(), [&vec![7; MAX_ENTRY_BYTES][..]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bundles_read_back(entries in vec(vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = written(&entries);
        let bundle = Bundle::new(0, entries.len() as u16).unwrap();
        prop_assert_eq!(split_entries(bundle, &bytes).unwrap(), entries);
        for cut in [1, 2, 3] {
            prop_assert!(split_entries(bundle, &bytes[..bytes.len() - cut.min(bytes.len())]).is_err());
        }
    }

    #[test]
    fn what_is_read_is_written_the_same(bytes in vec(0..4_u8, 0..200), width in 1..=256_u16) {
        if let Ok(entries) = split_entries(Bundle::new(0, width).unwrap(), &bytes) {
            let entries: Vec<Vec<u8>> = entries.into_iter().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(written(&entries), bytes);
        }
    }
}
