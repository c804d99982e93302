//! `motlan config check`: what a file says and what it names, in one run.
//!
//! A mistake in one section keeps no other from being looked into: whatever
//! could be read is checked, whatever could not is told as unreadable alone.

use std::path::Path;
use std::sync::Arc;

use motlan_audit::FileKeyProvider;
use motlan_business::BusinessAdapter;
use motlan_catalogue::{CatalogueErrors, Purposes};
use motlan_domain::Clock;
use motlan_insurance::InsuranceAdapter;
use motlan_land::LandAdapter;
use motlan_population::PopulationAdapter;

use super::parts::Parts;
use super::{Config, ConfigErrors, Mistake, access, chain, read_text, tls};
use crate::clock::SystemClock;

/// Names every mistake of a file and of what it names: catalogue, purposes,
/// callers, keys, officers, policies, secrets. Opens no port, writes nothing.
pub fn check(file: &Path) -> Result<Config, ConfigErrors> {
    let (text, folder) = read_text(file)?;
    let (parts, mut mistakes) = Parts::parse(&text, folder);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    mistakes.extend(named(&parts, &clock));
    match parts.into_config() {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(ConfigErrors { file: file.to_owned(), mistakes }),
    }
}

/// The mistakes in what the readable parts name.
fn named(parts: &Parts, clock: &Arc<dyn Clock>) -> Vec<Mistake> {
    let mut mistakes = catalogue(parts, clock);
    mistakes.extend(adapters(parts, clock));
    if let Some(file) = &parts.audit_keys
        && let Err(error) = FileKeyProvider::open(file)
    {
        mistakes.push(plain("audit.keys", format!("{}: {error}", file.display())));
    }
    mistakes.extend(tls::mistakes(&parts.tls).into_iter().map(|problem| plain("server", problem)));
    mistakes
}

/// Catalogue and purposes, and the access section over them.
fn catalogue(parts: &Parts, clock: &Arc<dyn Clock>) -> Vec<Mistake> {
    // Where a folder's key is wrong the one compiled in is not what was meant:
    // agencies are then not judged at all.
    let Some(folder) = &parts.catalogue else { return Vec::new() };
    let catalogue = match super::catalogue(folder.as_deref()) {
        Ok(catalogue) => catalogue,
        Err(errors) => return told(&errors),
    };
    let mut mistakes = Vec::new();
    let purposes = parts.purposes.as_ref().map(|folder| super::purposes(folder.as_deref(), &catalogue));
    let purposes = match purposes {
        Some(Ok(purposes)) => Some(purposes),
        // Nothing in the access section depends on which purposes there are.
        other => {
            mistakes.extend(other.and_then(Result::err).iter().flat_map(told));
            Purposes::embedded(&catalogue).ok()
        }
    };
    if let (Some(access), Some(purposes)) = (&parts.access, &purposes) {
        mistakes.extend(access::mistakes(access, parts.synthetic(), &catalogue, purposes, clock));
    }
    mistakes
}

/// Secrets that cannot be read and certificates that cannot be used.
fn adapters(parts: &Parts, clock: &Arc<dyn Clock>) -> Vec<Mistake> {
    let (registries, synthetic) = (parts.registries.clone(), parts.synthetic());
    let population = registries
        .population
        .map(|config| PopulationAdapter::new(config, synthetic, clock.clone()).map(drop));
    let business =
        registries.business.map(|config| BusinessAdapter::new(config, synthetic, clock.clone()).map(drop));
    let insurance =
        registries.insurance.map(|config| InsuranceAdapter::new(config, synthetic, clock.clone()).map(drop));
    let land = registries.land.map(|config| LandAdapter::new(config, synthetic, clock.clone()).map(drop));
    let outcomes = [
        ("registries.population", population),
        ("registries.business", business),
        ("registries.insurance", insurance),
        ("registries.land", land),
    ];
    let failed = outcomes.into_iter().filter_map(|(key, outcome)| Some(plain(key, chain(&outcome?.err()?))));
    failed.collect()
}

/// A catalogue's mistakes as this file's.
pub(super) fn told(errors: &CatalogueErrors) -> Vec<Mistake> {
    errors.mistakes().iter().map(|mistake| plain("catalogue", mistake.to_string())).collect()
}

fn plain(key: &str, problem: String) -> Mistake {
    Mistake { line: 0, key: key.to_owned(), problem }
}
