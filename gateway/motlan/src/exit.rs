//! How the program ends: the exit codes, and the error that carries one.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use crate::client::Refusal;

/// The exit codes, as the manual lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; the answer is yes.
    Ok = 0,
    /// Done; the answer is no: invalid, a mismatch, denied, not found.
    No = 1,
    /// The command line makes no sense, or names a file that is not there.
    Usage = 2,
    /// The configuration is wrong (`EX_USAGE` of sysexits, as the design has it).
    Config = 64,
    /// Input data is wrong (`EX_DATAERR`).
    Data = 65,
    /// A gateway, a registry or a port is unavailable: later may help (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// A fault of the program (`EX_SOFTWARE`).
    Internal = 70,
    /// Ended by Ctrl-C or SIGTERM before it was done, as a shell tells it.
    Interrupted = 130,
}

/// A failure with the code it ends in.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong; its chain is printed.
    pub cause: anyhow::Error,
}

/// What a command comes to.
pub type Ended = Result<Exit, Failure>;

/// Gives a failure its exit code.
pub trait OrExit<T> {
    /// `self`, its error ending the program with that code.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

// === impl Exit ===

impl Exit {
    /// How a command ends whose answer was, or was not, written: a reader that went
    /// away takes no fault back. Nor does a full disk, but that is told.
    pub fn told<E: Into<Failure>>(self, written: Result<(), E>) -> Ended {
        self.told_or(written, &mut std::io::stderr())
    }

    fn told_or<E: Into<Failure>>(self, written: Result<(), E>, err: &mut dyn Write) -> Ended {
        let Err(unwritten) = written.map_err(Into::into) else { return Ok(self) };
        if self == Self::Ok {
            return Err(unwritten);
        }
        // That of a closed pipe ends in no fault.
        if unwritten.exit != Self::Ok {
            let _ =
                writeln!(err, "motlan: không ghi được kết quả / the answer cannot be written: {unwritten}");
        }
        Ok(self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

// === impl Failure ===

impl Failure {
    /// A failure in one's own words.
    pub fn new(exit: Exit, message: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self { exit, cause: anyhow::Error::msg(message) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.cause)
    }
}

/// A failure nobody gave a code to: a refusal of the gateway has its own; any
/// other is the program's fault.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let cause = error.into();
        let exit = if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            refusal.exit()
        } else if is_closed_pipe(&cause) {
            Exit::Ok
        } else {
            Exit::Internal
        };
        Self { exit, cause }
    }
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, cause: error.into() })
    }
}

/// A closed pipe (`motlan demo | head`) is no fault: the reader has seen
/// enough. Only of what is written here: an error of a connection comes as a
/// refusal, or with a code of its own.
fn is_closed_pipe(cause: &anyhow::Error) -> bool {
    let written = cause.downcast_ref::<std::io::Error>();
    let written = written.or_else(|| match cause.downcast_ref::<csv::Error>()?.kind() {
        csv::ErrorKind::Io(error) => Some(error),
        _ => None,
    });
    written.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_reader_that_went_away_takes_no_fault_back() {
        let closed = || Err(Error::from(ErrorKind::BrokenPipe));
        assert_eq!(Exit::No.told(closed()).unwrap(), Exit::No);
        assert_eq!(Exit::Usage.told(closed()).unwrap(), Exit::Usage);
        assert_eq!(Exit::Ok.told(closed()).unwrap_err().exit, Exit::Ok, "it has seen enough");
        let full = Exit::Ok.told(Err(Error::from(ErrorKind::StorageFull)));
        assert_eq!(full.unwrap_err().exit, Exit::Internal);
        assert_eq!(Exit::Ok.told(Ok::<(), Error>(())).unwrap(), Exit::Ok);
    }

    #[test]
    fn what_could_not_be_written_is_told_but_to_a_reader_that_went_away() {
        for (kind, told) in [(ErrorKind::BrokenPipe, false), (ErrorKind::StorageFull, true)] {
            let mut err = Vec::new();
            assert_eq!(Exit::No.told_or(Err(Error::from(kind)), &mut err).unwrap(), Exit::No);
            let err = String::from_utf8(err).unwrap();
            assert_eq!(err.contains("the answer cannot be written"), told, "{kind}: {err}");
        }
    }
}
