//! Between protobuf and the domain: requests are judged on the way in, records
//! are copied field by field on the way out. Protobuf types stop here.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod audit;
pub(crate) mod business;
pub(crate) mod catalogue;
pub(crate) mod common;
pub(crate) mod dossier;
pub(crate) mod insurance;
pub(crate) mod land;
pub(crate) mod population;
pub(crate) mod range;
pub(crate) mod resolve;

/// The value of a protobuf enum for a domain enum, variant by variant.
macro_rules! enum_out {
    ($name:ident: $domain:ty => $wire:ty { $($from:ident => $to:ident),+ $(,)? }) => {
        pub(crate) const fn $name(value: $domain) -> $wire {
            match value {
                $( <$domain>::$from => <$wire>::$to, )+
            }
        }
    };
}
pub(crate) use enum_out;

#[cfg(test)]
mod tests;
