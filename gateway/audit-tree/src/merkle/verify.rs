//! Checking proofs.

use aws_lc_rs::digest::{Context, SHA256};
use ct_merkle::digest::consts::U32;
use ct_merkle::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ct_merkle::{ConsistencyProof, RootHash, indices_for_inclusion_proof};

use super::{MAX_SIZE, TreeHead};
use crate::hash::{EMPTY_ROOT, LeafHash, NodeHash, node_hash, sha256_array};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf, the older tree is the larger one, or a tree is
    /// larger than [`MAX_SIZE`]: no proof could answer that.
    #[error("no proof is possible for these sizes")]
    OutOfRange,
    /// A proof for these sizes has another number of hashes.
    #[error("the proof has another length than its sizes ask for")]
    WrongLength,
    /// The hashes do not lead to the root, or roots.
    #[error("the proof does not lead to the root")]
    OtherRoot,
}

/// SHA-256 in the form `ct-merkle` asks for, so that one library does all
/// hashing.
#[derive(Clone)]
struct Sha256(Context);

// === impl Sha256 ===

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&sha256_array(self.0));
    }
}

impl HashMarker for Sha256 {}

// === verification ===

/// Whether `leaf` is leaf number `index` of the tree of `head`
/// (RFC 6962 section 2.1.1).
///
/// # Errors
/// [`ProofError`] where that is not shown.
pub fn verify_inclusion(
    head: TreeHead,
    index: u64,
    leaf: &LeafHash,
    proof: &[NodeHash],
) -> Result<(), ProofError> {
    if index >= head.size || head.size > MAX_SIZE {
        return Err(ProofError::OutOfRange);
    }
    let siblings = indices_for_inclusion_proof(head.size, index);
    if siblings.len() != proof.len() {
        return Err(ProofError::WrongLength);
    }
    // A sibling whose leaves begin after this one stands to the right.
    let root = siblings.iter().zip(proof).fold(*leaf, |node, (sibling, hash)| {
        if span(*sibling).0 > index { node_hash(&node, hash) } else { node_hash(hash, &node) }
    });
    if root == head.root { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Whether the tree of `old` begins that of `new` (RFC 6962 section 2.1.2).
/// The empty tree begins every tree, by an empty proof.
///
/// # Errors
/// [`ProofError`] where that is not shown.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[NodeHash]) -> Result<(), ProofError> {
    if old.size > new.size || new.size > MAX_SIZE {
        return Err(ProofError::OutOfRange);
    }
    // A size has one root, and the empty tree's is known.
    for head in [old, new] {
        if head.size == 0 && head.root != EMPTY_ROOT {
            return Err(ProofError::OtherRoot);
        }
    }
    if old.size == 0 {
        return if proof.is_empty() { Ok(()) } else { Err(ProofError::WrongLength) };
    }
    let hashes = ConsistencyProof::try_from_bytes(proof.concat()).map_err(|_| ProofError::WrongLength)?;
    let root = |head: TreeHead| RootHash::<Sha256>::new(head.root.into(), head.size);
    root(new).verify_consistency(&root(old), &hashes).map_err(|error| match error {
        ct_merkle::ConsistencyVerifError::MalformedProof => ProofError::WrongLength,
        ct_merkle::ConsistencyVerifError::VerificationFailure => ProofError::OtherRoot,
        _ => ProofError::OutOfRange,
    })
}

/// The first leaf under a node, and its level, from the number `ct-merkle`
/// gives it (RFC 9420 appendix C: leaves are the even numbers). It has `2^level`
/// leaves, or fewer at the right edge.
pub(super) fn span(node: u64) -> (u64, u32) {
    let level = node.trailing_ones();
    (node.checked_shr(level + 1).unwrap_or(0) << level, level)
}
