//! Roots, proofs and tiles that others published.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;

/// The eight leaves of the certificate-transparency tests, with the roots,
/// audit paths and consistency proofs as transparency-dev/merkle has them
/// (testonly/reference_test.go, Apache-2.0).
const INPUTS: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const INCLUSION: [(u64, u64, &[&str]); 4] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];
const CONSISTENCY: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

#[test]
fn the_certificate_transparency_tree_is_as_published() {
    let leaves: Vec<LeafHash> = INPUTS.iter().map(|input| leaf_hash(&hex::decode(input).unwrap())).collect();
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 8);
    let mut frontier = Frontier::new();
    let heads: Vec<TreeHead> = leaves.iter().map(|leaf| frontier.append(&[*leaf]).head).collect();
    for (head, root) in heads.iter().zip(ROOTS) {
        assert_eq!(hex::encode(head.root), root, "{}", head.size);
    }
    let printed = |proof: &[NodeHash]| -> Vec<String> { proof.iter().map(hex::encode).collect() };
    let head = |size: u64| heads[size as usize - 1];
    for (index, size, expected) in INCLUSION {
        let proof = stored.prove_inclusion(index, size).unwrap();
        assert_eq!(printed(&proof), expected, "{index} of {size}");
        assert_eq!(verify_inclusion(head(size), index, &leaves[index as usize], &proof), Ok(()));
    }
    for (old, new, expected) in CONSISTENCY {
        let proof = stored.prove_consistency(old, new).unwrap();
        assert_eq!(printed(&proof), expected, "{old} to {new}");
        assert_eq!(verify_consistency(head(old), head(new), &proof), Ok(()));
    }
}

/// transparency-dev/tessera, testdata/log (Apache-2.0): its entries, its tile
/// `tile/0/000.p/15`, and the roots of its checkpoints.
#[test]
fn the_tessera_test_log_is_as_published() {
    let entries = [
        "one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf",
        "threeten", "fourten", "fivten",
    ];
    let tile = "\
        d0d7360ab79f58ab1e1e3fe64ad77e2ea0bc07e36b5f46ed2223edd9298df9e9\
        ab1ab7f07c7c8fe0eff4ba6faa53c7e4412e91a599153e8aa4e01beece5b7825\
        671f146c5e471e8a1a83a3c214ce4ba907b8f3a5888d14cc8cd3ce75bb12ef94\
        f715ab3faa5d071e6e2ac4bb994d5bf735943dcc3799da0d085e7980cfb9336a\
        ccc29ae0e02a77b0f4578c1ac17493d79cf4262104929ac804f91fc4e7ac5af0\
        ca233e7a26b8c35c2c93f524c7b905e7a2105640d6dcc594694cff56d26efb25\
        d90d0fe63491f93764c1d5d6cb1f866c1597d0a65b359916cc28f24cf4a8cecc\
        4e1720a15d8361c2be542c4150358094dc662f2dabeddabb74aefe3a5810296b\
        f751d0a9a3f35a56c1b140e4dc9bd2a4e4caec173889f646c576737c004e9ae5\
        1d397d3d1902b011c12620ec8276f13ccf813f9a15dc7b077db2e2f0ca09077d\
        bb2d8c46edf697d5733185e694b4ee2c1d04b84222c9fcb4d8a5d0a2fecfed33\
        3bad5c1c0eb3037ca7261ecfcdd10fadf07c684d580560819c970d22979478fb\
        a5f4fecc9f63c361fe39bd564bc86137bc23637e77194d6682680c84a7eb9ad5\
        b6c94e61bdb317e092f2f4d4494ae0ea49069def34864e39e5c8cf65779a495f\
        3786dc18e75f450d499f119c1eaee20dd8293f21fc9d08714a18d72b1cd60eb5";
    let roots = [
        (1, "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek="),
        (3, "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk="),
        (8, "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY="),
        (12, "uZo6M+IhVna+CLgWCrJs0xBPUHbozHkYTQASduHSLME="),
        (15, "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs="),
    ];
    let leaves: Vec<LeafHash> = entries.iter().map(|entry| leaf_hash(entry.as_bytes())).collect();
    let tiles = written(&leaves);
    assert_eq!(tiles.0.len(), 1);
    assert_eq!(hex::encode(&tiles.0[&"tile/0/000.p/15".parse().unwrap()]), tile);
    let stored = StoredTree::new(&tiles, 15);
    for (size, root) in roots {
        assert_eq!(BASE64_STANDARD.encode(stored.root(size).unwrap()), root, "{size}");
    }
}
