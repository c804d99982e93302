//! A secret of the configuration, or the file that holds it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::ConfigError;

/// A text of the configuration that must not be shown: a password, a key, a
/// PEM bundle. In the file either the text itself (`secret = "…"`) or where to
/// read it (`secret = { file = "/run/secrets/x" }`); one trailing line break
/// of a file is not part of it. The memory is wiped when it is dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "Form")]
pub struct Secret(Form);

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Form {
    Inline(Inline),
    File(InFile),
}

#[derive(Clone, Deserialize)]
#[serde(from = "String")]
struct Inline(Zeroizing<String>);

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    file: PathBuf,
}

// === impl Secret ===

impl Secret {
    /// The text itself.
    pub fn inline(text: impl Into<String>) -> Self {
        Self(Form::Inline(Inline(Zeroizing::new(text.into()))))
    }

    /// In a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Form::File(InFile { file: path.into() }))
    }

    /// Makes a relative path one below `base`, the folder of the config file.
    pub fn resolve(&mut self, base: &Path) {
        if let Form::File(InFile { file }) = &mut self.0 {
            *file = base.join(&*file);
        }
    }

    /// The text; reads the file if it is in one. An empty secret is an error.
    pub fn read(&self) -> Result<Zeroizing<String>, ConfigError> {
        let text = match &self.0 {
            Form::Inline(Inline(text)) => text.clone(),
            Form::File(InFile { file }) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| ConfigError::SecretFile { path: file.clone(), kind: error.kind() })?;
                let text = Zeroizing::new(text);
                let trimmed = text.strip_suffix('\n').unwrap_or(&text);
                Zeroizing::new(trimmed.strip_suffix('\r').unwrap_or(trimmed).to_owned())
            }
        };
        if text.is_empty() { Err(ConfigError::SecretEmpty) } else { Ok(text) }
    }
}

impl From<String> for Inline {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Form> for Secret {
    fn from(form: Form) -> Self {
        Self(form)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Inline(_) => f.write_str("Secret(…)"),
            Form::File(InFile { file }) => write!(f, "Secret(in {})", file.display()),
        }
    }
}

#[cfg(test)]
mod tests;
