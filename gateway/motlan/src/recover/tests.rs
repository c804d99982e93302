//! The names of the new log; the command itself runs in the end-to-end tests.

use super::*;

#[test]
fn the_new_log_lies_beside_the_old_one() {
    let check = |path: &str, numbered_2: &str| {
        assert_eq!(numbered(Path::new(path), 2), Path::new(numbered_2), "{path}");
    };
    check("/var/lib/motlan/audit", "/var/lib/motlan/audit-2");
    check("/etc/motlan/keys/audit.keys", "/etc/motlan/keys/audit-2.keys");
    check("audit", "audit-2");
    check("log.v1/log", "log.v1/log-2");
}

#[test]
fn every_failure_is_told_in_both_languages() {
    for (error, exit) in [
        (RecoverError::NoLog("audit".into()), Exit::Config),
        (RecoverError::NotNew, Exit::Usage),
        (RecoverError::Log(AuditError::InUse), Exit::Unavailable),
        (RecoverError::Log(AuditError::Superseded { by: "x".to_owned() }), Exit::No),
        (RecoverError::Log(AuditError::Closed), Exit::Unavailable),
        (RecoverError::Files(std::io::ErrorKind::PermissionDenied.into()), Exit::Unavailable),
    ] {
        let failure = failure(error);
        assert_eq!(failure.exit, exit, "{failure}");
        let told = failure.to_string();
        let (vi, en) = told.split_once(" / ").unwrap_or_else(|| panic!("one language: {told}"));
        assert!(!vi.is_ascii() && en.is_ascii(), "{told}");
    }
}
