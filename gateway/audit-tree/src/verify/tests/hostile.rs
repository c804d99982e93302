//! Whatever the files hold, there is an answer.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::forge::{Forged, evidence, keys, signed};
use super::*;

fn paths() -> impl Strategy<Value = String> {
    let known =
        ["checkpoint", "checkpoints/0", "checkpoints/9", "tile/entries/000", "tile/0/000", "tile/1/000"];
    let partial = (0..3_u8, 1..256_u16).prop_map(|(level, width)| format!("tile/{level}/000.p/{width}"));
    let bundle = (0..3_u8, 1..256_u16).prop_map(|(index, width)| format!("tile/entries/00{index}.p/{width}"));
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), partial, bundle]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_files_below_a_signed_checkpoint(
        size in prop_oneof![0..600_u64, Just(i64::MAX as u64)],
        root: [u8; 32],
        files in btree_map(paths(), vec(any::<u8>(), 0..600), 0..20),
        deep: bool,
    ) {
        let mut shown = Shown { files, ..Shown::default() };
        let kept = signed(TreeHead { size: size / 2, root });
        shown.keep(&kept);
        shown.put("checkpoint", signed(TreeHead { size, root }).to_string().as_bytes());
        let given = evidence(&[&kept], &[&Forged::new(3).receipt(2)]);
        let report = verify(&shown, &keys(&[1]), &given, deep);
        prop_assert_eq!(report.verdict, Verdict::Fault);
    }

    #[test]
    fn any_files(files in btree_map(paths(), vec(any::<u8>(), 0..200), 0..20), deep: bool) {
        let shown = Shown { files, ..Shown::default() };
        prop_assert_ne!(verify(&shown, &keys(&[1]), &Evidence::default(), deep).verdict, Verdict::Ok);
    }

    /// Bytes of a right log overwritten, inserted or taken away.
    #[test]
    fn any_damage_is_found(file in 0..7_usize, at: prop::sample::Index, take in 0..40_usize, put in vec(any::<u8>(), 0..40)) {
        let mut shown = Forged::new(300).publish();
        let path = shown.files.keys().nth(file % shown.files.len()).unwrap().clone();
        let bytes = shown.file(&path);
        let before = bytes.clone();
        let at = at.index(bytes.len());
        let end = (at + take).min(bytes.len());
        bytes.splice(at..end, put);
        let unchanged = *bytes == before;
        for deep in [false, true] {
            let report = verify(&shown, &keys(&[]), &Evidence::default(), deep);
            prop_assert_eq!(report.verdict == Verdict::Ok, unchanged, "{}: {:?}", path, report);
        }
    }

    #[test]
    fn any_evidence(text: String, bytes in vec(any::<u8>(), 0..200)) {
        let _ = Keys::default().add_log(&text);
        let mut evidence = Evidence::default();
        let _ = evidence.add_checkpoint("x", &bytes);
        let _ = evidence.add_receipts("x", &bytes);
        let _ = evidence.add_receipts("x", text.as_bytes());
    }
}
