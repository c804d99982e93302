//! Communes of Khánh Hòa before and after 1 July 2025.

use std::collections::BTreeMap;

/// Code of the province of the sandbox (old Khánh Hòa and Ninh Thuận together).
pub const PROVINCE: &str = "56";

const TABLE: &str = include_str!("../../data/admin_units_56.csv");

/// A commune as it is since 1 July 2025.
#[derive(Debug, Clone)]
pub struct NewCommune {
    /// Five-digit code.
    pub code: String,
    /// Name with its kind, e.g. `Phường Nha Trang`.
    pub name: String,
    /// Codes of the old communes it was made from, in whole or in part.
    pub predecessors: Vec<String>,
}

/// A commune as it was until 30 June 2025.
#[derive(Debug, Clone)]
pub struct OldCommune {
    /// Five-digit code.
    pub code: String,
    /// Name with its kind.
    pub name: String,
    /// Three-digit code of its district.
    pub district: String,
    /// Name of its district with its kind.
    pub district_name: String,
    /// Old province code: 56 Khánh Hòa or 58 Ninh Thuận.
    pub province: String,
    /// Old province name.
    pub province_name: String,
}

/// All units of the province.
#[derive(Debug)]
pub struct Units {
    /// The 65 communes since 1 July 2025, by code.
    pub new: BTreeMap<String, NewCommune>,
    /// The communes before, by code.
    pub old: BTreeMap<String, OldCommune>,
}

// === impl Units ===

impl Units {
    /// Reads the embedded table.
    pub(crate) fn load() -> Self {
        let mut provinces = BTreeMap::new();
        let mut districts = BTreeMap::new();
        let mut new = BTreeMap::new();
        let mut old = BTreeMap::new();
        for line in TABLE.lines().skip(1) {
            let columns: Vec<&str> = line.split(',').collect();
            let &[code, level, name, _, parent, _, valid_to, predecessors, _] = columns.as_slice() else {
                continue;
            };
            let in_force = valid_to.is_empty();
            match level {
                "province" if !in_force => {
                    provinces.insert(code.to_owned(), name.to_owned());
                }
                "district" => {
                    districts.insert(code.to_owned(), (name.to_owned(), parent.to_owned()));
                }
                "commune" if in_force => {
                    let predecessors = predecessors.split(';').map(str::to_owned).collect();
                    let commune = NewCommune { code: code.to_owned(), name: name.to_owned(), predecessors };
                    new.insert(code.to_owned(), commune);
                }
                "commune" => {
                    let Some((district_name, province)) = districts.get(parent) else { continue };
                    let commune = OldCommune {
                        code: code.to_owned(),
                        name: name.to_owned(),
                        district: parent.to_owned(),
                        district_name: district_name.clone(),
                        province: province.clone(),
                        province_name: provinces.get(province).cloned().unwrap_or_default(),
                    };
                    old.insert(code.to_owned(), commune);
                }
                _ => {}
            }
        }
        Self { new, old }
    }

    /// The new commune of that code.
    pub fn commune(&self, code: &str) -> Option<&NewCommune> {
        self.new.get(code)
    }

    /// The old commune of that code.
    pub fn old_commune(&self, code: &str) -> Option<&OldCommune> {
        self.old.get(code)
    }

    /// The first predecessor of a new commune.
    pub fn predecessor(&self, new_code: &str) -> Option<&OldCommune> {
        self.new.get(new_code)?.predecessors.iter().find_map(|code| self.old.get(code))
    }
}
