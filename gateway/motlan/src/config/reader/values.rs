//! The values a section hands out beyond plain texts: numbers, durations,
//! addresses, files, secrets.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use motlan_transport::Secret;
use toml::de::DeValue;
use url::Url;

use super::Section;

impl Section<'_> {
    /// A whole number between two limits, or the default.
    pub(in crate::config) fn number(
        &self,
        key: &'static str,
        default: u64,
        allowed: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let Some(value) = self.get(key) else { return Some(default) };
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let number = i128::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok();
        let number =
            number.and_then(|number| u64::try_from(number).ok()).filter(|number| allowed.contains(number));
        if number.is_none() {
            self.mistake(
                key,
                format!("must be a whole number from {} to {}", allowed.start(), allowed.end()),
            );
        }
        number
    }

    /// A share from 0 to 1, or the default.
    pub(in crate::config) fn share(&self, key: &'static str, default: f64) -> Option<f64> {
        let Some(value) = self.get(key) else { return Some(default) };
        let text = match value.get_ref() {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) => integer.as_str(),
            _ => {
                self.wrong_type(key, value, "a number");
                return None;
            }
        };
        let share = text.replace('_', "").parse().ok().filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            self.mistake(key, "must be a number from 0 to 1");
        }
        share
    }

    /// A duration such as `"15 min"` or `"1h 30m"` up to a limit, or the default.
    pub(in crate::config) fn duration(
        &self,
        key: &'static str,
        default: Duration,
        most: Duration,
    ) -> Option<Duration> {
        if !self.has(key) {
            self.ask(key);
            return Some(default);
        }
        self.parsed(key, |text| {
            let duration = text.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
            let duration =
                duration.ok_or_else(|| "is not a duration such as \"15 min\" or \"2s\"".to_owned())?;
            if duration > most { Err(format!("is longer than {:#}", signed(most))) } else { Ok(duration) }
        })
    }

    /// The like of [`Self::duration`] for a time that something is given: with
    /// none at all nothing could ever be done.
    pub(in crate::config) fn time_limit(
        &self,
        key: &'static str,
        default: Duration,
        most: Duration,
    ) -> Option<Duration> {
        let limit = self.duration(key, default, most)?;
        if limit.is_zero() {
            self.mistake(key, "must be more than 0");
            return None;
        }
        Some(limit)
    }

    /// An address and port to listen on.
    pub(in crate::config) fn address(&self, key: &'static str) -> Option<SocketAddr> {
        self.parsed(key, |text| {
            text.parse().map_err(|_| "is not an address and port such as \"127.0.0.1:8443\"".to_owned())
        })
    }

    /// An `http` or `https` address without credentials, query or fragment.
    pub(in crate::config) fn url(&self, key: &'static str) -> Option<Url> {
        self.parsed(key, |text| {
            let url =
                Url::parse(text).map_err(|_| "is not an address such as \"https://host/path\"".to_owned())?;
            let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            match url.scheme() {
                "http" | "https" if plain && url.fragment().is_none() => Ok(url),
                "http" | "https" => Err("must hold no credentials, query or fragment".to_owned()),
                _ => Err("must begin with https:// or http://".to_owned()),
            }
        })
    }

    /// A file that must exist and be readable.
    pub(in crate::config) fn file(&self, key: &'static str) -> Option<PathBuf> {
        self.checked_file(key, self.text(key)?)
    }

    /// A folder that must exist where it is named at all.
    pub(in crate::config) fn folder_or_none(&self, key: &'static str) -> Option<PathBuf> {
        let path = self.path(self.text_or_none(key)?);
        self.checked_folder(key, path)
    }

    /// A path whose parent folder must exist: something the gateway makes.
    pub(in crate::config) fn new_path(&self, key: &'static str) -> Option<PathBuf> {
        let path = self.path(self.text(key)?);
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if parent.is_dir() {
            return Some(path);
        }
        self.mistake(key, format!("the folder {} does not exist", parent.display()));
        None
    }

    /// A secret: a text, or `{ file = "…" }`. It must be there and not empty.
    pub(in crate::config) fn secret(&self, key: &'static str) -> Option<Secret> {
        let secret = self.secret_or_none(key);
        if !self.has(key) {
            self.missing(key, "is missing");
        }
        secret
    }

    /// The like of [`Self::secret`] for a key that may be absent.
    pub(in crate::config) fn secret_or_none(&self, key: &'static str) -> Option<Secret> {
        let value = self.get(key)?;
        let secret = if let Some(text) = value.get_ref().as_str() {
            Secret::inline(text)
        } else if value.get_ref().is_table() {
            Secret::file(self.section_or_none(key).file("file")?)
        } else {
            self.wrong_type(key, value, "a text or { file = \"…\" }");
            return None;
        };
        self.noted(key, secret.read().map(|_| ()).map_err(|error| error.to_string()))?;
        Some(secret)
    }

    fn checked_file(&self, key: &'static str, text: String) -> Option<PathBuf> {
        let path = self.path(text);
        match std::fs::File::open(&path) {
            Ok(_) if path.is_dir() => self.mistake(key, format!("{} is a folder", path.display())),
            Ok(_) => return Some(path),
            Err(error) => self.mistake(key, format!("cannot read {}: {}", path.display(), error.kind())),
        }
        None
    }

    fn checked_folder(&self, key: &'static str, path: PathBuf) -> Option<PathBuf> {
        if path.is_dir() {
            return Some(path);
        }
        self.mistake(key, format!("{} is not a folder", path.display()));
        None
    }

    fn path(&self, text: String) -> PathBuf {
        self.source.folder.join(text)
    }
}

fn signed(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX)
}
