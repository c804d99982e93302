//! Canonical protobuf JSON with enum prefixes dropped: `FOUND` for
//! `OUTCOME_FOUND`.
//!
//! The prefixes exist because protobuf enums share a scope; a reader of JSON
//! has no use for them. Which values are enums is read from the descriptors,
//! never guessed from their spelling.

use anyhow::Context as _;
use motlan_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use serde::Serialize;
use serde_json::Value;

/// The contract's descriptors.
pub struct Contract(DescriptorPool);

// === impl Contract ===

impl Contract {
    /// Decodes the descriptor set that was compiled in.
    pub fn load() -> anyhow::Result<Self> {
        Ok(Self(
            DescriptorPool::decode(FILE_DESCRIPTOR_SET)
                .context("the contract's descriptors cannot be read")?,
        ))
    }

    /// A message of that full name as JSON.
    pub fn json(&self, full_name: &str, message: &impl Serialize) -> anyhow::Result<Value> {
        let descriptor =
            self.0.get_message_by_name(full_name).with_context(|| format!("no message {full_name}"))?;
        let mut value = serde_json::to_value(message).context("the message cannot be written as JSON")?;
        plain(&mut value, &descriptor);
        Ok(value)
    }
}

/// Drops the prefixes in a message's object.
fn plain(value: &mut Value, message: &MessageDescriptor) {
    let Some(object) = value.as_object_mut() else { return };
    for field in message.fields() {
        let Some(inside) = object.get_mut(field.json_name()) else { continue };
        let kind = field.kind();
        match inside {
            Value::Array(items) => items.iter_mut().for_each(|item| plain_one(item, &kind)),
            one => plain_one(one, &kind),
        }
    }
}

fn plain_one(value: &mut Value, kind: &Kind) {
    match kind {
        Kind::Message(message) if message.package_name().starts_with("motlan.") => plain(value, message),
        Kind::Enum(declared) => {
            let prefix = format!("{}_", upper_snake(declared.name()));
            let short = value.as_str().and_then(|name| name.strip_prefix(&prefix)).map(str::to_owned);
            if let Some(short) = short {
                *value = Value::String(short);
            }
        }
        _ => {}
    }
}

/// `CacheState` as `CACHE_STATE`.
fn upper_snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}
