//! `motlan config check`: what a file says and what it names, in one run.
//!
//! A mistake in one section keeps no other from being looked into: whatever
//! could be read is checked, whatever could not is told as unreadable alone.
//! Only a text that is no TOML is told by itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use motlan_audit::FileKeyProvider;
use motlan_business::BusinessAdapter;
use motlan_catalogue::{Catalogue, CatalogueErrors, Problem};
use motlan_domain::Clock;
use motlan_domain::id::ProcedureCode;
use motlan_insurance::InsuranceAdapter;
use motlan_land::LandAdapter;
use motlan_population::PopulationAdapter;

use super::parts::Parts;
use super::{Config, ConfigErrors, Mistake, access, chain, key_disk, read_text, tls};
use crate::clock::SystemClock;

const DEFAULT_PROCEDURE: &str = "registries.population.default_procedure";

/// Names every mistake of a file and of what it names: catalogue, purposes,
/// callers, keys, officers, policies, secrets. Opens no port, writes nothing.
pub fn check(file: &Path) -> Result<Config, ConfigErrors> {
    let (text, folder) = read_text(file)?;
    let wrong = |mistakes| ConfigErrors { file: file.to_owned(), mistakes };
    let (parts, mut mistakes) = Parts::parse(&text, folder).map_err(|mistake| wrong(vec![mistake]))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let told = mistakes.iter().map(|mistake| mistake.key.clone()).collect();
    let (catalogue, found) = catalogue(&parts);
    mistakes.extend(found);
    if let Some(catalogue) = &catalogue {
        default_procedure(&parts, catalogue, &mut mistakes);
    }
    mistakes.extend(named(&parts, catalogue.as_ref(), &told, &clock));
    // In the order of the file; what a folder's files have wrong stays in theirs.
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.dedup();
    match parts.into_config() {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(wrong(mistakes)),
    }
}

/// The mistakes in what the readable parts name; `told` are the keys of which
/// a mistake is known already.
fn named(
    parts: &Parts,
    catalogue: Option<&Catalogue>,
    told: &BTreeSet<String>,
    clock: &Arc<dyn Clock>,
) -> Vec<Mistake> {
    let mut mistakes = purposes(parts, catalogue);
    mistakes.extend(access::mistakes(&parts.access, &parts.places, told, catalogue, &**clock));
    mistakes.extend(adapters(parts, clock));
    if let Some(file) = &parts.audit_keys
        && let Err(error) = FileKeyProvider::open(file)
    {
        mistakes.push(parts.places.mistake("audit.keys", format!("{}: {error}", file.display())));
    }
    if let (Some(mode), Some(audit), Some(keys), Some(accepted)) =
        (parts.mode, &parts.audit, &parts.audit_keys, parts.keys_on_same_disk)
        && let Some(problem) = key_disk::mistake(mode, audit, keys, accepted)
    {
        mistakes.push(parts.places.mistake("audit.keys", problem));
    }
    if let (Some(audit), Some(Some(section))) = (&parts.audit, &parts.origins)
        && let Err(failure) = crate::origins::of_gateway(section, &audit.origin)
    {
        mistakes.push(parts.places.mistake("audit.origins", failure.to_string()));
    }
    let tls = tls::mistakes(&parts.tls).into_iter();
    mistakes.extend(tls.map(|(key, problem)| parts.places.mistake(key, problem)));
    mistakes
}

/// The catalogue that is named, if it can be used. Where it cannot, the one
/// compiled in is not what was meant: nothing is judged by that.
fn catalogue(parts: &Parts) -> (Option<Catalogue>, Vec<Mistake>) {
    let Some(folder) = &parts.catalogue else { return (None, Vec::new()) };
    match super::catalogue(folder.as_deref()) {
        Ok(catalogue) => (Some(catalogue), Vec::new()),
        Err(errors) => (None, in_folder(parts, "catalogue.folder", &errors, |_| true)),
    }
}

/// The mistakes of the purposes that are named; without a catalogue no agency
/// in them is called unknown.
fn purposes(parts: &Parts, catalogue: Option<&Catalogue>) -> Vec<Mistake> {
    let Some(folder) = &parts.purposes else { return Vec::new() };
    let unknown_agency = |problem: &Problem| matches!(problem, Problem::Unknown { what: "agency", .. });
    let loaded = match catalogue {
        Some(catalogue) => super::purposes(folder.as_deref(), catalogue),
        // Any catalogue serves for all else that can be wrong with them.
        None => match Catalogue::embedded() {
            Ok(any) => super::purposes(folder.as_deref(), &any),
            Err(errors) => Err(errors),
        },
    };
    let judged = |problem: &Problem| catalogue.is_some() || !unknown_agency(problem);
    loaded.err().map_or_else(Vec::new, |errors| in_folder(parts, "catalogue.purposes", &errors, judged))
}

/// The procedure that is named where no dossier names one: the catalogue must
/// have it. One that is no code has its mistake already, and is told the
/// nearest too.
fn default_procedure(parts: &Parts, catalogue: &Catalogue, mistakes: &mut Vec<Mistake>) {
    let Some(text) = &parts.registries.default_procedure else { return };
    let near = catalogue.nearest_procedure(text);
    let near = near.map(|near| format!("; nearest known: {near}")).unwrap_or_default();
    match ProcedureCode::parse(text) {
        Ok(code) if catalogue.procedure(&code).is_some() => {}
        Ok(_) => {
            let problem = format!("there is no procedure `{text}` in the catalogue{near}");
            mistakes.push(parts.places.mistake(DEFAULT_PROCEDURE, problem));
        }
        Err(_) => {
            let told = mistakes.iter_mut().filter(|mistake| mistake.key == DEFAULT_PROCEDURE);
            told.for_each(|mistake| mistake.problem.push_str(&near));
        }
    }
}

/// Secrets that cannot be read or sent.
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
    let failed = outcomes.into_iter().filter_map(|(key, outcome)| Some((key, outcome?.err()?)));
    failed.map(|(key, error)| parts.places.mistake(key, chain(&error))).collect()
}

/// The mistakes in the files of a folder, as ones of the key that names it.
fn in_folder(
    parts: &Parts,
    key: &str,
    errors: &CatalogueErrors,
    judged: impl Fn(&Problem) -> bool,
) -> Vec<Mistake> {
    let mistakes = errors.mistakes().iter().filter(|mistake| judged(&mistake.problem));
    mistakes.map(|mistake| parts.places.mistake(key, mistake.to_string())).collect()
}
