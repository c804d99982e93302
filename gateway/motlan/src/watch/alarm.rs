//! An alarm: what the gateway showed cannot be true together, or it signed what it
//! does not prove. Told to people on both outputs, and kept with the signed notes
//! that show it, for whoever has to answer for them.

use std::io::Write;
use std::path::Path;

use motlan_audit_tree::SignedCheckpoint;

use crate::cli::WatchArgs;
use crate::client::Refusal;
use crate::prove::NotTaken;
use crate::term::{Look, Tone};

/// The alarm.
#[derive(Debug)]
pub(super) struct Alarm {
    vi: &'static str,
    en: &'static str,
    /// What the gateway said instead of a proof.
    refusal: Option<String>,
    /// Checkpoints and statements that show it, the older first.
    notes: Vec<String>,
}

// === impl Alarm ===

impl Alarm {
    pub(super) const fn new((vi, en): (&'static str, &'static str)) -> Self {
        Self { vi, en, refusal: None, notes: Vec::new() }
    }

    /// Over a checkpoint that is none of a known key, after the last one that was.
    pub(super) fn not_taken(not_taken: &NotTaken, last: Option<&SignedCheckpoint>) -> Self {
        let mut alarm = Self::new(not_taken.told()).by(last);
        alarm.notes.extend(not_taken.notes());
        alarm
    }

    /// Shown by these.
    pub(super) fn by<'a>(mut self, notes: impl IntoIterator<Item = &'a SignedCheckpoint>) -> Self {
        self.notes.extend(notes.into_iter().map(ToString::to_string));
        self
    }

    /// Because of that refusal.
    pub(super) fn refused(mut self, refusal: &Refusal) -> Self {
        self.refusal = Some(refusal.to_string());
        self
    }

    /// Tells it and keeps it, and says whether it could be written to the output: that
    /// it could not does not take it back.
    pub(super) fn tell(&self, args: &WatchArgs, out: &mut dyn Write) -> std::io::Result<()> {
        let json = serde_json::json!({
            "alarm": { "vi": self.vi, "en": self.en, "refusal": self.refusal, "notes": self.notes }
        });
        let json = json.to_string();
        let told =
            if args.client.json { writeln!(out, "{json}") } else { self.print(Look::of_stdout(), out) };
        let told = told.and_then(|()| out.flush());
        let mut err = std::io::stderr();
        let _ = writeln!(err, "{}", self.headline(Look::of_stderr()));
        let _ = self.refusal.iter().try_for_each(|refusal| writeln!(err, "{refusal}"));
        let mut file = args.state.as_os_str().to_owned();
        file.push(".alarm");
        let kept = keep(Path::new(&file), &json);
        let name = Path::new(&file).display();
        let _ = match kept {
            Ok(()) => writeln!(err, "motlan: bằng chứng được lưu tại / the evidence is kept in {name}"),
            Err(error) => {
                writeln!(
                    err,
                    "motlan: không lưu được bằng chứng / the evidence cannot be kept: {name}: {error}"
                )
            }
        };
        told
    }

    fn headline(&self, look: Look) -> String {
        format!("{} {} / {}", look.paint("CẢNH BÁO / ALARM", Tone::Bad), self.vi, self.en)
    }

    fn print(&self, look: Look, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "{}", self.headline(look))?;
        if let Some(refusal) = &self.refusal {
            writeln!(out, "{refusal}")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "\n{note}"))
    }
}

/// Adds a line, unless it is there: a watch that is started again and again tells the
/// same.
fn keep(file: &Path, line: &str) -> std::io::Result<()> {
    let there = match std::fs::read_to_string(file) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if there.lines().any(|kept| kept == line) {
        return Ok(());
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(file, "{line}")?;
    file.sync_all()
}
