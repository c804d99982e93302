//! What is shown to people: colour only on a terminal, and tables aligned by
//! display width.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// Columns a text may take where nothing is known of the terminal.
const DEFAULT_WIDTH: usize = 100;

/// The narrowest a flexible column is squeezed to.
const NARROWEST: usize = 12;

/// Between two columns.
const GAP: usize = 2;

/// How to write for whoever reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether escape sequences may be written.
    pub colour: bool,
    /// Columns of a line.
    pub width: usize,
}

/// What a text means; the colour follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// A heading.
    Strong,
    /// Less important.
    Faint,
    /// Good news.
    Good,
    /// Help, not the whole of it.
    Helpful,
    /// Something is asked of the reader.
    Wanting,
    /// Something went wrong.
    Bad,
}

/// A cell: text and tone.
pub type Cell = (String, Tone);

/// A table of wrapped cells.
pub struct Table {
    titles: Vec<&'static str>,
    /// Share of the free width, by column; 0 keeps the natural width.
    weights: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

// === impl Look ===

impl Look {
    /// For standard output.
    pub fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal())
    }

    /// For standard error.
    pub fn of_stderr() -> Self {
        Self::of(io::stderr().is_terminal())
    }

    /// Without colour, at that width.
    pub const fn plain(width: usize) -> Self {
        Self { colour: false, width }
    }

    fn of(terminal: bool) -> Self {
        // https://no-color.org: any value but the empty one switches colour off.
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = measured.filter(|_| terminal).unwrap_or(DEFAULT_WIDTH).clamp(40, 160);
        Self { colour: terminal && !refused, width }
    }

    /// The text in its tone.
    pub fn paint(self, text: &str, tone: Tone) -> String {
        let style = tone.style();
        if !self.colour || tone == Tone::Plain { text.to_owned() } else { format!("{style}{text}{style:#}") }
    }

    /// The text in lines of this width, each behind an indent.
    pub fn paragraph(self, text: &str, indent: usize) -> String {
        let lines = wrap(text, self.width.saturating_sub(indent).max(NARROWEST));
        let indented: Vec<String> = lines.iter().map(|line| format!("{:indent$}{line}\n", "")).collect();
        indented.concat()
    }
}

// === impl Tone ===

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(anstyle::Color::Ansi(colour)));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Helpful => colour(AnsiColor::Cyan),
            Self::Wanting => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red),
        }
    }
}

// === impl Table ===

impl Table {
    /// A table with those titles and weights.
    pub fn new(columns: &[(&'static str, usize)]) -> Self {
        let (titles, weights) = columns.iter().copied().unzip();
        Self { titles, weights, rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are not shown.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Writes the table.
    pub fn write(&self, look: Look, out: &mut dyn Write) -> io::Result<()> {
        let widths = self.widths(look.width);
        let titles: Vec<Cell> = self.titles.iter().map(|title| ((*title).to_owned(), Tone::Strong)).collect();
        write_row(&titles, &widths, look, out)?;
        let rule: usize = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        writeln!(out, "{}", look.paint(&"─".repeat(rule), Tone::Faint))?;
        self.rows.iter().try_for_each(|row| write_row(row, &widths, look, out))
    }

    /// A column is never narrower than its longest word if that fits; what is
    /// left of the line is shared by weight, no column beyond its longest cell.
    fn widths(&self, available: usize) -> Vec<usize> {
        let over = |measure: fn(&str) -> usize| -> Vec<usize> {
            let column = |column: usize| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| measure(text));
                cells.chain([measure(self.titles[column])]).max().unwrap_or(0)
            };
            (0..self.titles.len()).map(column).collect()
        };
        let natural = over(UnicodeWidthStr::width);
        let words = over(|text| text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0));
        let gaps = GAP * natural.len().saturating_sub(1);
        let fixed: usize =
            natural.iter().zip(&self.weights).filter(|(_, weight)| **weight == 0).map(|(n, _)| n).sum();
        let free = available.saturating_sub(fixed + gaps);
        let shares: usize = self.weights.iter().sum::<usize>().max(1);
        let fits =
            words.iter().zip(&self.weights).filter(|(_, weight)| **weight > 0).map(|(w, _)| w).sum::<usize>()
                <= free;
        let least = |column: usize| {
            if fits {
                words[column]
            } else {
                (free * self.weights[column] / shares).max(NARROWEST).min(natural[column])
            }
        };
        let mut widths: Vec<usize> = (0..natural.len())
            .map(|column| if self.weights[column] == 0 { natural[column] } else { least(column) })
            .collect();
        let mut left = available.saturating_sub(gaps + widths.iter().sum::<usize>());
        while left > 0 {
            // The column that is furthest below its share of the line grows.
            let growing = (0..widths.len())
                .filter(|column| self.weights[*column] > 0 && widths[*column] < natural[*column]);
            let Some(column) = growing.min_by_key(|column| widths[*column] * 1_000 / self.weights[*column])
            else {
                break;
            };
            widths[column] += 1;
            left -= 1;
        }
        widths
    }
}

fn write_row(cells: &[Cell], widths: &[usize], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let wrapped: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|((text, _), width)| wrap(text, *width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut text = String::new();
        let mut owed = 0;
        for ((lines, (_, tone)), width) in wrapped.iter().zip(cells).zip(widths) {
            let piece = lines.get(line).map_or("", String::as_str);
            if !piece.is_empty() {
                text.extend(std::iter::repeat_n(' ', owed));
                owed = 0;
                text.push_str(&look.paint(piece, *tone));
            }
            // Padding is written only when something follows it.
            owed += width.saturating_sub(piece.width()) + GAP;
        }
        writeln!(out, "{text}")?;
    }
    Ok(())
}

/// The text in lines of at most `width` columns: broken at spaces, a longer
/// word inside. Never empty.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let used = lines.last().map_or(0, |line| line.width());
        if used > 0 && used + 1 + word.width() <= width {
            push(&mut lines, " ");
            push(&mut lines, word);
            continue;
        }
        if used > 0 {
            lines.push(String::new());
        }
        let mut room = width;
        for letter in word.chars() {
            let columns = letter.width().unwrap_or(0);
            if columns > room {
                lines.push(String::new());
                room = width;
            }
            room = room.saturating_sub(columns);
            push(&mut lines, letter.encode_utf8(&mut [0; 4]));
        }
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests;
