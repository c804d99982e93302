//! That the entries of receipts are in the log of a checkpoint.

use std::io::Write;

use anyhow::Context as _;
use motlan_audit_tree::verify::Evidence;
use motlan_audit_tree::verify_inclusion;
use motlan_proto::audit::v1::GetInclusionProofRequest;

use super::{KnownKeys, NotTaken, checkpoint, hashes};
use crate::cli::ProveArgs;
use crate::client::{Refusal, connect};
use crate::exit::{Ended, Exit, Failure, OrExit as _};
use crate::term::{Look, Tone};

/// Runs `motlan audit prove --receipt`.
pub(super) async fn run(args: &ProveArgs, keys: &mut KnownKeys, out: &mut dyn Write) -> Ended {
    let mut evidence = Evidence::default();
    for file in &args.receipt {
        let name = file.display().to_string();
        let bytes = std::fs::read(file)
            .with_context(|| format!("không đọc được {name} / cannot read {name}"))
            .or_exit(Exit::Usage)?;
        evidence.add_receipts(&name, &bytes).or_exit(Exit::Usage)?;
    }
    if evidence.receipts().is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "--receipt: không có biên nhận nào / there is no receipt in it",
        ));
    }
    let look = Look::of_stdout();
    let connection = connect(&args.client).await?;
    let newest = match checkpoint(&connection, &args.client, keys).await?.at_once()? {
        Ok(newest) => newest,
        Err(not_taken) => return Exit::No.told(refused(&not_taken, args.client.json, look, out)),
    };
    let (origin, head) = (newest.checkpoint().origin().to_owned(), newest.head());
    let (mut all, mut written) = (true, Ok(()));
    for receipt in evidence.receipts() {
        let why = if receipt.origin != origin {
            Some("biên nhận của nhật ký khác / a receipt of another log")
        } else if receipt.index >= head.size {
            Some("checkpoint chưa bao gồm bản ghi này / the checkpoint does not cover it")
        } else {
            let request = GetInclusionProofRequest { index: receipt.index, size: head.size };
            let told = connection.audit().get_inclusion_proof(request).await.map_err(Refusal::from)?;
            let proof = hashes(&told.into_inner().proof).unwrap_or_default();
            let shown = verify_inclusion(head, receipt.index, &receipt.leaf_hash, &proof);
            shown.err().map(|_| "bản ghi này không có trong nhật ký / this entry is not in the log")
        };
        all &= why.is_none();
        // Nobody may read on; what is wrong with the rest is still looked for.
        written = written.and_then(|()| {
            if args.client.json {
                let told = serde_json::json!({
                    "file": receipt.name, "origin": receipt.origin, "index": receipt.index, "size": head.size,
                    "shown": why.is_none(), "why": why,
                });
                return writeln!(out, "{told}");
            }
            let (text, tone) = match why {
                None => ("CÓ TRONG NHẬT KÝ / in the log", Tone::Good),
                Some(why) => (why, Tone::Wanting),
            };
            let place = format!("{}#{}", receipt.origin, receipt.index);
            writeln!(out, "{place}  {}  ({} bản ghi / entries)", look.paint(text, tone), head.size)
        });
    }
    let exit = if all { Exit::Ok } else { Exit::No };
    exit.told(written)
}

/// Tells why the checkpoint proves nothing.
fn refused(not_taken: &NotTaken, json: bool, look: Look, out: &mut dyn Write) -> std::io::Result<()> {
    let (vi, en) = not_taken.told();
    if json {
        let told = serde_json::json!({
            "shown": false, "why_vi": vi, "why_en": en, "notes": not_taken.notes(),
        });
        return writeln!(out, "{told}");
    }
    writeln!(out, "{}", look.paint(&format!("{vi} / {en}"), Tone::Wanting))?;
    not_taken.notes().iter().try_for_each(|note| writeln!(out, "\n{note}"))
}
