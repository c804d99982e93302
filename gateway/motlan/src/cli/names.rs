//! `motlan match`: how two names compare.

use std::io::Write;
use std::path::Path;

use motlan_domain::name::{self, NameLevel};

use super::MatchArgs;
use super::sheet::Sheet;
use crate::exit::{Ended, Exit, Failure};

/// Runs the command. Names that are equal but for their accents are not the
/// same by themselves, so that answer is a no (exit code 1).
pub fn run(args: &MatchArgs, out: &mut dyn Write) -> Ended {
    match (&args.csv, &args.a, &args.b) {
        (Some(file), ..) => classify(file, out),
        (None, Some(a), Some(b)) => {
            let compared = name::compare(a, b);
            writeln!(out, "{} {}", compared.level.as_str(), compared.code.as_str())?;
            let same = matches!(compared.level, NameLevel::Exact | NameLevel::CanonicalEqual);
            Ok(if same { Exit::Ok } else { Exit::No })
        }
        _ => Err(Failure::new(Exit::Usage, "cần hai họ tên, hoặc --csv FILE / two names, or --csv FILE")),
    }
}

fn classify(file: &Path, out: &mut dyn Write) -> Ended {
    let mut rows = Sheet::open(file, ["a_name", "b_name"])?;
    let mut output = csv::Writer::from_writer(out);
    output.write_record(["a_name", "b_name", "level", "code"])?;
    while let Some([a, b]) = rows.next()? {
        let compared = name::compare(&String::from_utf8_lossy(a), &String::from_utf8_lossy(b));
        // The bytes as they came: composed or decomposed, visible or not.
        output.write_record([a, b, compared.level.as_str().as_bytes(), compared.code.as_str().as_bytes()])?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}
