//! The national business-registration database (*CSDL quốc gia về đăng ký
//! doanh nghiệp*): `chiTietDoanhNghiep`.
//!
//! **In scope**: its JSON. **Out of scope**: the HTTP kit and the tokens
//! (`motlan-transport`). The decoder [`decode_enterprise`] is a pure function
//! of bytes.

mod adapter;
mod config;
mod enterprise;

pub use adapter::BusinessAdapter;
pub use config::{BusinessConfig, BusinessPaths};
pub use enterprise::decode_enterprise;
