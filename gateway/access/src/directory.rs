//! The officer directory (*danh bạ cán bộ*): who acts for which agency, under
//! which personal id, and who is responsible when nobody acts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use motlan_domain::id::{AgencyCode, IdRules, OfficerAccount, PersonalId};
use serde::Deserialize;

use crate::error::Mistakes;
use crate::identity::Officer;
use crate::places::Places;

/// The key of the configuration that names the file.
const PLACE: &str = "directory";

/// The officers, by account, and the responsible one of each agency.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    officers: HashMap<OfficerAccount, Arc<Officer>>,
    responsible: HashMap<AgencyCode, Arc<Officer>>,
    pub(crate) digest: String,
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
    /// Reads the file. A mistake names the position in it, never the personal id.
    pub(crate) fn read(path: &Path, rules: IdRules, places: &Places<'_>, mistakes: &mut Mistakes) -> Self {
        // A config that names none has been told so.
        if path.as_os_str().is_empty() {
            return Self::default();
        }
        let mut note = |problem: String| mistakes.push(PLACE, format!("{}: {problem}", path.display()));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                note(format!("cannot be read: {}", error.kind()));
                return Self::default();
            }
        };
        let table: toml::Table = match toml::from_str(&text) {
            Ok(table) => table,
            // Place and message alone: the reader's own display quotes the line.
            Err(error) => {
                let line = error.span().map(|span| text[..span.start].lines().count().max(1));
                let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
                note(format!("{line}{}", error.message()));
                return Self::default();
            }
        };
        let mut directory = Self { digest: crate::policy::sha256_hex(text.as_bytes()), ..Self::default() };
        for (key, value) in table {
            match value {
                toml::Value::Array(officers) if key == "officers" => {
                    for (index, officer) in officers.into_iter().enumerate() {
                        let mut note = |problem: String| note(format!("officers[{index}]: {problem}"));
                        // Each by itself, so that the mistakes of all are told.
                        match officer.try_into::<RawOfficer>() {
                            Ok(raw) => directory.add(&raw, rules, places, &mut note),
                            Err(error) => note(error.message().to_owned()),
                        }
                    }
                }
                _ if key == "officers" => note("`officers` must be an array of tables".to_owned()),
                _ => note(format!("unknown key `{key}`; nearest known: officers")),
            }
        }
        directory
    }

    fn add(&mut self, raw: &RawOfficer, rules: IdRules, places: &Places<'_>, note: &mut impl FnMut(String)) {
        let account = OfficerAccount::parse(&raw.account);
        let agency = places.agency(&raw.agency).map_err(&mut *note);
        let personal_id = PersonalId::parse(&raw.personal_id, &rules);
        if account.is_err() {
            note("`account` is not an officer account".to_owned());
        }
        if let Err(error) = &personal_id {
            note(format!("`personal_id` is not accepted: {}", error.reason()));
        }
        let (Ok(account), Ok(agency), Ok(personal_id)) = (account, agency, personal_id) else { return };
        let officer = Arc::new(Officer { account: account.clone(), agency: agency.clone(), personal_id });
        if raw.responsible && self.responsible.insert(agency, Arc::clone(&officer)).is_some() {
            note("the agency has two responsible officers".to_owned());
        }
        if self.officers.insert(account, officer).is_some() {
            note("the account stands twice".to_owned());
        }
    }

    pub(crate) fn officer(&self, account: &OfficerAccount) -> Option<&Arc<Officer>> {
        self.officers.get(account)
    }

    pub(crate) fn responsible(&self, agency: &AgencyCode) -> Option<&Arc<Officer>> {
        self.responsible.get(agency)
    }
}
