//! The business registry's answers.

use motlan_business::decode_enterprise;
use motlan_domain::{Dataset, Record, SubjectKey};

use crate::asked::{self, decoding};
use crate::{Verdict, invariants};

/// `chiTietDoanhNghiep`
pub(crate) fn enterprise(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let subject = asked::enterprise(line);
    let answers = |record: &Record| match (record, &subject) {
        (Record::Enterprise(enterprise), SubjectKey::Enterprise(code)) => {
            enterprise.code.as_ref() == Some(code)
        }
        // A household business under its owner's id has no code of its own.
        (Record::Enterprise(enterprise), SubjectKey::Person(_)) => enterprise.code.is_none(),
        _ => false,
    };
    invariants::records(Dataset::Enterprise, || decode_enterprise(bytes, &decoding(&subject)), answers)
}
