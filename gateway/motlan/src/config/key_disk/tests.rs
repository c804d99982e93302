//! Where a production gateway may have its keys.

use super::*;

fn judged(mode: Mode, audit: &Path, keys: &Path, accepted: bool) -> Option<String> {
    mistake(mode, &AuditOptions::new(audit, "motlan.example/gw1"), keys, accepted)
}

#[test]
fn keys_lie_apart_from_the_log_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::create_dir_all(at("etc")).unwrap();
    fs::create_dir_all(at("audit/log")).unwrap();
    std::os::unix::fs::symlink(at("audit"), at("linked")).unwrap();
    let keys = at("etc/audit.keys");
    // The log's folder need not be there yet.
    for audit in [at("audit"), at("var/lib/audit")] {
        let told = judged(Mode::Production, &audit, &keys, false).expect("one file system");
        assert!(told.contains("keys_on_same_disk"), "{told}");
        assert_eq!(judged(Mode::Production, &audit, &keys, true), None, "the operator answers for it");
        assert_eq!(judged(Mode::Sandbox, &audit, &keys, false), None, "nobody real is sealed by them");
    }
    // Who tries it out is told, and may.
    let told = warning(Mode::Sandbox, &AuditOptions::new(at("audit"), "motlan.example/gw1"), &keys);
    let told = told.expect("one file system");
    assert!(told.contains("cùng hệ thống tệp") && told.contains("in production"), "{told}");
    let options = AuditOptions::new(at("audit"), "motlan.example/gw1");
    assert_eq!(warning(Mode::Production, &options, &keys), None, "there it is a mistake, or accepted");
    assert_eq!(warning(Mode::Sandbox, &options, Path::new("/proc/self/status")), None);
    // Within it, nobody answers for it; by whatever name.
    for inside in ["audit/audit.keys", "audit/log/audit.keys", "linked/audit.keys", "etc/../audit/audit.keys"]
    {
        let told = judged(Mode::Production, &at("audit"), &at(inside), true).expect(inside);
        assert!(told.contains("must not lie in the folder"), "{told}");
    }
    // On another file system all is well: there is one on every Linux.
    let other = Path::new("/proc/self/status");
    assert_ne!(device(other), device(folder.path()), "the test shows nothing here");
    assert_eq!(judged(Mode::Production, &at("audit"), other, false), None);
}
