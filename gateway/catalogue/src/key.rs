//! Names that rules files give: of roles, of cases, of forms.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Declares one kind of name. All have the same form, `[a-z][a-z0-9_]*`, at
/// most 48 characters, so that they may stand in log entries and JSON as they are.
macro_rules! name {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name, if it is of the form `[a-z][a-z0-9_]*` and at most 48 long.
            pub fn parse(text: &str) -> Option<Self> {
                is_name(text).then(|| Self(text.into()))
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

name! {
    /// A role in which a subject stands in a dossier (*vai trò*): `applicant`,
    /// `spouse`, `certificate` …
    RoleId
}
name! {
    /// A variant of a procedure (*trường hợp*).
    CaseId
}
name! {
    /// A form (*mẫu đơn, tờ khai*).
    FormId
}

impl RoleId {
    /// The role every procedure has: the person who applies (*người yêu cầu*).
    pub const APPLICANT: &'static str = "applicant";
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 48
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
