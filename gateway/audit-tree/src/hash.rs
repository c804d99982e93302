//! RFC 6962 leaf hashing.

use aws_lc_rs::digest::{Context, SHA256};

/// A Merkle leaf hash.
pub type LeafHash = [u8; 32];

/// `SHA-256(0x00 || bytes)`, the leaf hash of RFC 6962 section 2.1.
pub fn leaf_hash(bytes: &[u8]) -> LeafHash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(bytes);
    sha256_array(context)
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
        }
    }
}
