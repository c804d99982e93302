//! The two hashes of RFC 6962: of a leaf, and of an inner node.

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A Merkle leaf hash.
pub type LeafHash = [u8; 32];

/// The hash of any node of the tree: of a leaf, of a subtree, or the root.
pub type NodeHash = [u8; 32];

/// Length of a hash in bytes.
pub const HASH_BYTES: usize = 32;

/// The root of the tree without leaves: the hash of no bytes at all
/// (RFC 6962 section 2.1).
pub const EMPTY_ROOT: NodeHash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// `SHA-256(0x00 || bytes)`, the leaf hash of RFC 6962 section 2.1.
pub fn leaf_hash(bytes: &[u8]) -> LeafHash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(bytes);
    sha256_array(context)
}

/// The same, of bytes that have room for one more in front of them: one call, and
/// no context is allocated. The first byte is overwritten; the leaf is what is
/// behind it.
pub fn leaf_hash_behind(first: &mut [u8]) -> LeafHash {
    if let Some(prefix) = first.first_mut() {
        *prefix = 0;
    }
    let mut out = [0; HASH_BYTES];
    out.copy_from_slice(digest(&SHA256, first).as_ref());
    out
}

/// `SHA-256(0x01 || left || right)`, the node hash of RFC 6962 section 2.1.
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    // One buffer and one call: an incremental context allocates, and this is
    // what an append does once per leaf.
    let mut message = [1; 1 + 2 * HASH_BYTES];
    let (_, hashes) = message.split_at_mut(1);
    let (first, second) = hashes.split_at_mut(HASH_BYTES);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    let mut out = [0; HASH_BYTES];
    out.copy_from_slice(digest(&SHA256, &message).as_ref());
    out
}

/// The finished digest as an array.
pub(crate) fn sha256_array(context: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaf hashes of the first RFC 6962 test inputs, as published with
    /// the certificate-transparency sources.
    #[test]
    fn leaf_hashes_are_those_of_rfc_6962() {
        let cases: [(&[u8], &str); 2] = [
            (b"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (b"\x00", "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
        ];
        for (input, expected) in cases {
            assert_eq!(hex::encode(leaf_hash(input)), expected);
            let mut behind = [b"x", input].concat();
            assert_eq!(hex::encode(leaf_hash_behind(&mut behind)), expected);
        }
    }

    /// The root over those two leaves, and over none, from the same place.
    #[test]
    fn node_hashes_are_those_of_rfc_6962() {
        assert_eq!(
            hex::encode(node_hash(&leaf_hash(b""), &leaf_hash(b"\x00"))),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(EMPTY_ROOT, sha256_array(Context::new(&SHA256)));
    }
}
