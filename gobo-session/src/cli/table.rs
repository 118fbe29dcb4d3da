//! Lines in columns, each as wide as its longest cell; what does not fit in the last one goes on below.

use crate::text::{Safe, wrap};
use std::fmt;

/// What stands between two columns.
const GAP: &str = "  ";

/// How many columns may stand before the last one, for that to be wrapped.
const MOST_BEFORE: usize = 50;

/// Lines of `N` cells, and others that keep to no column.
#[derive(Debug)]
pub(super) struct Table<const N: usize>(Vec<Line<N>>);

#[derive(Debug)]
enum Line<const N: usize> {
    Row([String; N]),
    Text(String),
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const N: usize> Table<N> {
    /// Adds a line of cells; what is in them is made safe for a terminal.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.0.push(Line::Row(cells.map(|cell| Safe(&cell).to_string())));
    }

    /// Adds a line as it is.
    pub(super) fn text(&mut self, line: &str) {
        self.0.push(Line::Text(Safe(line).to_string()));
    }

    /// Adds a sentence: its lines fit, the first begins with one text, the others with another.
    pub(super) fn sentence(&mut self, first: &str, rest: &str, sentence: &str) {
        wrap(first, rest, &Safe(sentence).to_string()).iter().for_each(|line| self.text(line));
    }

    fn width(&self, column: usize) -> usize {
        let rows = self.0.iter().filter_map(|line| match line {
            Line::Row(cells) => Some(cells[column].chars().count()),
            Line::Text(_) => None,
        });
        rows.max().unwrap_or(0)
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: [usize; N] = std::array::from_fn(|column| self.width(column));
        for line in &self.0 {
            match line {
                Line::Text(text) => writeln!(f, "{text}")?,
                Line::Row(cells) => {
                    let Some((last, before)) = cells.split_last() else { continue };
                    let padded =
                        before.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}{GAP}"));
                    let head: String = padded.collect();
                    let columns = head.chars().count();
                    let lines = match columns <= MOST_BEFORE {
                        true => wrap(&head, &" ".repeat(columns), last),
                        false => vec![format!("{head}{last}")],
                    };
                    if lines.is_empty() {
                        writeln!(f, "{}", head.trim_end())?;
                    }
                    lines.iter().try_for_each(|line| writeln!(f, "{}", line.trim_end()))?;
                }
            }
        }
        Ok(())
    }
}
