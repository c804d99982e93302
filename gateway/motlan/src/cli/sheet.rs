//! CSV as people hand it over: named columns in any order, values as written.
//!
//! The reader below is lenient: a quote that is never closed would make one
//! value of all that follows, and nobody would be told. So the bytes are
//! looked at on their way in, and a file that is not whole CSV ends the
//! command, with the line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::exit::{Exit, Failure, OrExit as _};

/// UTF-8's byte order mark; the reader takes it off.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The rows of a file, each with the values of `N` columns.
pub(super) struct Sheet<const N: usize> {
    rows: csv::Reader<Whole<Box<dyn Read>>>,
    row: csv::ByteRecord,
    columns: [usize; N],
}

/// Hands bytes on as long as they are CSV (RFC 4180).
struct Whole<R> {
    inner: R,
    /// Bytes of the mark seen so far; `None` once past it.
    mark: Option<usize>,
    state: State,
    line: u64,
    after_return: bool,
}

/// Where in a field the next byte stands.
#[derive(Debug, Clone, Copy)]
enum State {
    Begin,
    Plain,
    /// Opened on that line.
    Quoted(u64),
    /// The quote closes the field opened on that line, or is one of a pair.
    AfterQuote(u64),
}

/// What is no CSV, and the line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Broken {
    #[error(
        "dòng {0}: dấu ngoặc kép mở ra mà không đóng lại / line {0}: a quotation mark is opened and never closed"
    )]
    NeverClosed(u64),
    #[error("dòng {0}: có chữ sau dấu ngoặc kép đóng / line {0}: text follows a closing quotation mark")]
    AfterClosing(u64),
}

// === impl Sheet ===

impl<const N: usize> Sheet<N> {
    /// Opens a file, `-` for standard input, and finds the columns.
    ///
    /// # Errors
    /// [`Exit::Data`] for a file that cannot be opened or is no such sheet.
    pub(super) fn open(path: &Path, names: [&str; N]) -> Result<Self, Failure> {
        let source: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let opened = File::open(path).and_then(|file| {
                let folder = file.metadata()?.is_dir();
                if folder { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
            });
            let opened =
                opened.with_context(|| format!("không mở được tệp {0} / cannot open {0}", path.display()));
            Box::new(opened.or_exit(Exit::Data)?)
        };
        Self::read(source, names)
    }

    fn read(source: Box<dyn Read>, names: [&str; N]) -> Result<Self, Failure> {
        // Rows may be ragged: a missing value is an empty one, judged like any other.
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(Whole::new(source));
        let header = rows.byte_headers().map_err(unreadable)?.clone();
        let columns = columns(&header, names)?;
        Ok(Self { rows, row: csv::ByteRecord::new(), columns })
    }

    /// The next row's values, as written.
    ///
    /// # Errors
    /// [`Exit::Data`] where the file stops being CSV.
    pub(super) fn next(&mut self) -> Result<Option<[&[u8]; N]>, Failure> {
        if !self.rows.read_byte_record(&mut self.row).map_err(unreadable)? {
            return Ok(None);
        }
        Ok(Some(self.columns.map(|at| self.row.get(at).unwrap_or_default())))
    }
}

/// Where the named columns stand.
fn columns<const N: usize>(header: &csv::ByteRecord, names: [&str; N]) -> Result<[usize; N], Failure> {
    let expected = names.join(",");
    let wrong = |vi: String, en: String| Failure::new(Exit::Data, format!("{vi} / {en}"));
    let first = header.get(0).unwrap_or_default();
    if first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]) {
        let (vi, en) = ("tệp dùng mã UTF-16, hãy lưu lại bằng UTF-8", "the file is UTF-16: save it as UTF-8");
        return Err(wrong(vi.to_owned(), en.to_owned()));
    }
    if header.iter().all(<[u8]>::is_empty) {
        let vi = format!("tệp không có dòng tiêu đề, cần {expected}");
        return Err(wrong(vi, format!("the file has no header line: it needs {expected}")));
    }
    let standing = |name: &str| header.iter().filter(|column| *column == name.as_bytes()).count();
    let of = |count: fn(usize) -> bool| -> Vec<&str> {
        names.into_iter().filter(|name| count(standing(name))).collect()
    };
    let (missing, twice) = (of(|count| count == 0).join(", "), of(|count| count > 1).join(", "));
    if !missing.is_empty() {
        let vi = format!("dòng tiêu đề không có cột {missing}, cần {expected}");
        return Err(wrong(vi, format!("the header has no column {missing}: it needs {expected}")));
    }
    if !twice.is_empty() {
        let vi = format!("dòng tiêu đề có nhiều cột {twice}");
        return Err(wrong(vi, format!("the header has the column {twice} more than once")));
    }
    Ok(names.map(|name| header.iter().position(|column| column == name.as_bytes()).unwrap_or_default()))
}

/// There are no bytes, or they are no CSV: what the reader below said.
fn unreadable(error: csv::Error) -> Failure {
    let cause = match error.into_kind() {
        csv::ErrorKind::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()) {
            Some(broken) => anyhow::Error::from(*broken),
            None => anyhow::Error::from(error).context("không đọc được tệp / the file cannot be read"),
        },
        other => anyhow!("{other:?}").context("không đọc được tệp / the file cannot be read"),
    };
    Failure { exit: Exit::Data, cause }
}

// === impl Whole ===

impl<R: Read> Whole<R> {
    const fn new(inner: R) -> Self {
        Self { inner, mark: Some(0), state: State::Begin, line: 1, after_return: false }
    }

    fn look(&mut self, byte: u8) -> Result<(), Broken> {
        if let Some(seen) = self.mark {
            self.mark = MARK.get(seen).filter(|mark| **mark == byte).map(|_| seen + 1);
            if self.mark.is_some() {
                return Ok(());
            }
            // It began like a mark and was none.
            if seen > 0 && seen < MARK.len() {
                self.state = State::Plain;
            }
        }
        self.state = match (self.state, byte) {
            (State::Begin, b'"') => State::Quoted(self.line),
            (State::Quoted(since), b'"') => State::AfterQuote(since),
            (State::AfterQuote(since), b'"') | (State::Quoted(since), _) => State::Quoted(since),
            (_, b',' | b'\r' | b'\n') => State::Begin,
            (State::AfterQuote(_), _) => return Err(Broken::AfterClosing(self.line)),
            (State::Begin | State::Plain, _) => State::Plain,
        };
        // A line ends with CR, LF or both.
        if byte == b'\r' || (byte == b'\n' && !self.after_return) {
            self.line += 1;
        }
        self.after_return = byte == b'\r';
        Ok(())
    }
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let looked = buffer[..count].iter().try_for_each(|byte| self.look(*byte));
        let ended = match self.state {
            State::Quoted(since) if count == 0 && !buffer.is_empty() => Err(Broken::NeverClosed(since)),
            _ => Ok(count),
        };
        looked.and(ended).map_err(|broken| io::Error::new(io::ErrorKind::InvalidData, broken))
    }
}

#[cfg(test)]
mod tests;
