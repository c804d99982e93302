//! The officer directory (*danh bạ cán bộ*): who acts for which agency, under
//! which personal id, and who is responsible when nobody acts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use motlan_domain::id::{AgencyCode, IdRules, OfficerAccount, PersonalId};
use serde::Deserialize;

use crate::error::Mistakes;
use crate::identity::Officer;

/// The officers, by account, and the responsible one of each agency.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    officers: HashMap<OfficerAccount, Arc<Officer>>,
    responsible: HashMap<AgencyCode, Arc<Officer>>,
    pub(crate) digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDirectory {
    #[serde(default)]
    officers: Vec<RawOfficer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOfficer {
    account: String,
    agency: String,
    personal_id: String,
    #[serde(default)]
    responsible: bool,
}

// === impl Directory ===

impl Directory {
    /// Reads the file. A mistake names the account or the position, never the
    /// personal id.
    pub(crate) fn read(path: &Path, rules: IdRules, mistakes: &mut Mistakes) -> Self {
        let place = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                mistakes.push(place, format!("cannot be read: {}", error.kind()));
                return Self::default();
            }
        };
        let raw: RawDirectory = match toml::from_str(&text) {
            Ok(raw) => raw,
            // The message alone: the reader's own display quotes the line.
            Err(error) => {
                mistakes.push(place, error.message());
                return Self::default();
            }
        };
        let mut directory = Self { digest: crate::policy::sha256_hex(text.as_bytes()), ..Self::default() };
        for (index, raw) in raw.officers.into_iter().enumerate() {
            directory.add(&format!("{place}: officers[{index}]"), &raw, rules, mistakes);
        }
        directory
    }

    fn add(&mut self, place: &str, raw: &RawOfficer, rules: IdRules, mistakes: &mut Mistakes) {
        let account = OfficerAccount::parse(&raw.account);
        let agency = AgencyCode::parse(&raw.agency);
        let personal_id = PersonalId::parse(&raw.personal_id, &rules);
        if account.is_err() {
            mistakes.push(place, "`account` is not an officer account");
        }
        if agency.is_err() {
            mistakes.push(place, "`agency` is not an agency code");
        }
        if let Err(error) = &personal_id {
            mistakes.push(place, format!("`personal_id` is not accepted: {}", error.reason()));
        }
        let (Ok(account), Ok(agency), Ok(personal_id)) = (account, agency, personal_id) else { return };
        let officer = Arc::new(Officer { account: account.clone(), agency: agency.clone(), personal_id });
        if raw.responsible && self.responsible.insert(agency, Arc::clone(&officer)).is_some() {
            mistakes.push(place, "the agency has two responsible officers");
        }
        if self.officers.insert(account, officer).is_some() {
            mistakes.push(place, "the account stands twice");
        }
    }

    pub(crate) fn officer(&self, account: &OfficerAccount) -> Option<&Arc<Officer>> {
        self.officers.get(account)
    }

    pub(crate) fn responsible(&self, agency: &AgencyCode) -> Option<&Arc<Officer>> {
        self.responsible.get(agency)
    }
}
