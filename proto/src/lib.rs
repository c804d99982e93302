//! The public contract: bindings of `motlan.<area>.v1`, canonical JSON for
//! every message, the descriptor set and each method's access class.
//!
//! **In scope**: what the .proto files say, and nothing else. **Out of scope**:
//! what a value means or whether it is valid (that is the domain's), and who
//! may call (that is access'). Only the server and the command-line client use
//! this crate.
//!
//! Every message's `Debug` names its type and shows none of its content.

pub mod access;
pub mod time;
pub mod told;

/// Declares the module of one package: messages, services and canonical JSON.
macro_rules! package {
    ($(#[$meta:meta])* $area:ident, $file:literal) => {
        $(#[$meta])*
        pub mod $area {
            /// First version of the package.
            #[allow(missing_docs, unreachable_pub, unused_qualifications, rust_2018_idioms, clippy::all, clippy::pedantic)]
            // Generated: tonic's clients and servers carry no docs and run no tasks of ours.
            #[allow(clippy::disallowed_methods)]
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));
                include!(concat!(env!("OUT_DIR"), "/", $file, ".serde.rs"));
                include!(concat!(env!("OUT_DIR"), "/served/", $file, ".rs"));
            }
        }
    };
}

package! {
    /// What all areas share: purpose, subject, outcome, provenance, receipt.
    common, "motlan.common.v1"
}
package! {
    /// Persons and households.
    population, "motlan.population.v1"
}
package! {
    /// Enterprises.
    business, "motlan.business.v1"
}
package! {
    /// Social and health insurance.
    insurance, "motlan.insurance.v1"
}
package! {
    /// Certificates and parcels.
    land, "motlan.land.v1"
}
package! {
    /// Dossiers: open, resolve, close.
    dossier, "motlan.dossier.v1"
}
package! {
    /// The audit log as auditors read it.
    audit, "motlan.audit.v1"
}
package! {
    /// The catalogue of procedures.
    catalogue, "motlan.catalogue.v1"
}

mod redacted {
    //! `Debug` for every message, without its content.
    include!(concat!(env!("OUT_DIR"), "/debug.rs"));
}

/// The encoded `google.protobuf.FileDescriptorSet` of the contract with its
/// imports, custom options kept, comments left out. For reflection and tests.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

#[cfg(test)]
mod tests;
