//! The table of access classes, made by the build and by its test.

use std::error::Error;
use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, Value};

const ACCESS_EXTENSION: &str = "motlan.common.v1.access";

/// Rust source of an array of (gRPC path, access class), sorted by path.
///
/// # Errors
/// A method that declares no class, by its path: the build fails.
pub(crate) fn of(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let access =
        pool.get_extension_by_name(ACCESS_EXTENSION).ok_or("the access extension is not declared")?;
    let mut rows = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let options = method.options();
            let number = match options.get_extension(&access).as_ref() {
                Value::EnumNumber(number) if options.has_extension(&access) => *number,
                _ => 0,
            };
            let variant = match number {
                1 => "Data",
                2 => "Audit",
                3 => "Catalogue",
                4 => "Operate",
                5 => "Probe",
                _ => {
                    return Err(
                        format!("{path} declares no access class: set option ({ACCESS_EXTENSION})").into()
                    );
                }
            };
            rows.push((path, variant));
        }
    }
    rows.sort();
    let mut table = format!("[(&str, AccessClass); {}] = [\n", rows.len());
    for (path, variant) in rows {
        writeln!(table, "    ({path:?}, AccessClass::{variant}),")?;
    }
    table.push_str("];\n");
    Ok(format!("/// Every method's path and class, sorted by path.\nstatic TABLE: {table}"))
}
