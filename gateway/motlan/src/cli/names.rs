//! `motlan match`: how two names compare.

use std::io::Write;

use anyhow::Context as _;
use motlan_domain::name::{self, NameLevel};

use super::{MatchArgs, columns, open_csv};
use crate::exit::{Ended, Exit, Failure, OrExit};

/// Runs the command. Names that are equal but for their accents are not the
/// same by themselves, so that answer is a no (exit code 1).
pub fn run(args: &MatchArgs, out: &mut dyn Write) -> Ended {
    match (&args.csv, &args.a, &args.b) {
        (Some(file), ..) => classify(open_csv(file)?, out),
        (None, Some(a), Some(b)) => {
            let compared = name::compare(a, b);
            writeln!(out, "{} {}", compared.level.as_str(), compared.code.as_str())?;
            let same = matches!(compared.level, NameLevel::Exact | NameLevel::CanonicalEqual);
            Ok(if same { Exit::Ok } else { Exit::No })
        }
        _ => Err(Failure::new(Exit::Usage, "two names, or --csv FILE")),
    }
}

fn classify(mut rows: csv::Reader<Box<dyn std::io::Read>>, out: &mut dyn Write) -> Ended {
    let [a_at, b_at] = columns(&mut rows, ["a_name", "b_name"])?;
    let mut output = csv::Writer::from_writer(out);
    output.write_record(["a_name", "b_name", "level", "code"])?;
    for row in rows.into_byte_records() {
        let row = row.context("a row cannot be read").or_exit(Exit::Data)?;
        let (a, b) = (row.get(a_at).unwrap_or_default(), row.get(b_at).unwrap_or_default());
        let compared = name::compare(&String::from_utf8_lossy(a), &String::from_utf8_lossy(b));
        // The bytes as they came: composed or decomposed, visible or not.
        output.write_record([a, b, compared.level.as_str().as_bytes(), compared.code.as_str().as_bytes()])?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}
