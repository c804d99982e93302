//! The catalogue: procedures with their cases, components and roles, the rules
//! that turn a component into a question, forms, agencies, administrative
//! units, and registered purposes.
//!
//! **In scope**: reading those files, finding every mistake in them at once,
//! and telling what a procedure registers. **Out of scope**: asking a registry,
//! deciding a component (`motlan-resolve`), deciding access (`motlan-access`).
//!
//! A procedure registers exactly the union of what its rules ask
//! ([`Procedure::registered`]): nobody writes that list a second time.

mod agency;
mod compile;
mod error;
mod files;
mod form;
mod key;
mod load;
mod procedure;
mod purposes;
mod raw;
mod rule;
mod units;

pub use agency::{Agency, AgencyLevel};
pub use error::{CatalogueErrors, Mistake, Problem};
pub use form::{Blank, BlankSource, DossierFact, Form, RegistryBlank};
pub use key::{CaseId, FormId, RoleId};
pub use load::Catalogue;
pub use procedure::{Case, Component, How, Procedure, ProcedureLevel, ResultSpec, RoleSpec};
pub use purposes::{Purposes, RegisteredPurpose};
pub use rule::{Accept, Basis, Decide, Lookup, Mode, Rule};
pub use units::{AdminUnit, AdminUnits, PlaceAgreement};

#[cfg(test)]
mod tests;
