//! Whether an agency or commune that the configuration names is there.

use jiff::civil::Date;
use motlan_catalogue::Catalogue;
use motlan_domain::id::AgencyCode;
use motlan_domain::place::UnitLevel;

/// The agencies and communes there are on a day. Without a catalogue none is
/// called unknown: a check goes on where the catalogue itself has a mistake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    catalogue: Option<&'a Catalogue>,
    today: Date,
}

// === impl Places ===

impl<'a> Places<'a> {
    pub(crate) const fn new(catalogue: Option<&'a Catalogue>, today: Date) -> Self {
        Self { catalogue, today }
    }

    /// The agency of that code, or what is wrong with it.
    pub(crate) fn agency(&self, text: &str) -> Result<AgencyCode, String> {
        let nearest = |catalogue: &Catalogue| nearest_known(catalogue.nearest_agency(text));
        let near = || self.catalogue.map(nearest).unwrap_or_default();
        let code = AgencyCode::parse(text)
            .map_err(|error| format!("`{text}` is no agency code: {}{}", error.reason(), near()))?;
        if self.catalogue.is_none_or(|catalogue| catalogue.agency(&code).is_some()) {
            Ok(code)
        } else {
            Err(format!("there is no agency `{text}`{}", near()))
        }
    }

    /// What is wrong with a commune that is not there.
    pub(crate) fn no_commune(&self, code: &str) -> Option<String> {
        let there =
            |catalogue: &&Catalogue| catalogue.units().unit(code, UnitLevel::Commune, self.today).is_some();
        let catalogue = self.catalogue.filter(|catalogue| !there(catalogue))?;
        let near = nearest_known(catalogue.nearest_commune(code, self.today));
        Some(format!("there is no commune `{code}`{near}"))
    }
}

fn nearest_known(name: Option<String>) -> String {
    name.map(|name| format!("; nearest known: {name}")).unwrap_or_default()
}
