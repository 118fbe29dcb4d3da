//! What stands behind a name: constraints and flags.

use super::super::name::{MAX, is_name_character};
use super::super::{Complaint, Constraint, Flag, FlagMark, Op};
use super::{Read, Reader, is_blank, is_operator};
use crate::version::Version;
use std::ops::Range;

impl Reader<'_> {
    /// One constraint.
    pub(super) fn constraint(&mut self) -> Read<Constraint> {
        let start = self.at;
        let op = self.op()?;
        let after_op = self.at;
        self.blanks();
        let version_start = self.at;
        let version = self.word(|c| is_name_character(c) || c == '~');
        let span = version_start..self.at;
        let Some(op) = op else {
            let op = if self.options.bare_means_exact { Op::Equal } else { Op::GreaterEqual };
            return self.version(span).map(|version| Constraint { op, version });
        };
        if !version.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            let end = self.next_boundary(version_start);
            let message = format!("a version is missing after `{op}`");
            return Err(Complaint::error(start..end.max(after_op), message)
                .with_help(format!("versions begin with a letter or a digit, as in `{op} 1.0`")));
        }
        if after_op == version_start || self.is_glued_to_name(start) {
            let help = format!("read as `{op} {version}`");
            self.warn(Complaint::warning(start..self.at, "a blank is missing beside the operator"), help);
        }
        self.version(span).map(|version| Constraint { op, version })
    }

    /// The version that stands at `span`, unless something is glued to it that belongs to none.
    fn version(&self, span: Range<usize>) -> Read<Version> {
        if let Some(c) = self.peek().filter(|c| !is_blank(*c) && !is_operator(*c) && !matches!(c, ',' | '['))
        {
            let message = format!("`{}` does not belong in a version", c.escape_debug());
            return Err(Complaint::error(self.at..self.at + c.len_utf8(), message)
                .with_help("versions are letters, digits and + . _ - ~"));
        }
        match span.len() {
            0..=MAX => Ok(Version::new(&self.text[span])),
            _ => Err(Complaint::error(span, format!("a version has at most {MAX} bytes"))),
        }
    }

    /// An operator, if one stands here, however it is spelled.
    fn op(&mut self) -> Read<Option<Op>> {
        let start = self.at;
        let mut spelling = self.word(is_operator).to_owned();
        if spelling.is_empty() {
            return Ok(None);
        }
        let end = self.at;
        self.blanks();
        let parted = matches!(spelling.as_str(), ">" | "<" | "!") && self.peek() == Some('=');
        if parted {
            spelling.push_str(self.word(is_operator));
        } else {
            self.at = end;
        }
        let span = start..self.at;
        let op = match spelling.as_str() {
            "=" | "==" => Op::Equal,
            "!=" => Op::NotEqual,
            "<" => Op::Less,
            "<=" | "=<" => Op::LessEqual,
            ">" => Op::Greater,
            ">=" | "=>" => Op::GreaterEqual,
            _ => {
                return Err(Complaint::error(span, format!("`{spelling}` is not an operator"))
                    .with_help("the operators are >= > <= < = !="));
            }
        };
        if parted || spelling != op.as_str() {
            let message = format!("`{}` is not how the operator is written", &self.text[span.clone()]);
            self.warn(Complaint::warning(span, message), format!("read as `{op}`"));
        }
        Ok(Some(op))
    }

    /// Flags in their brackets.
    pub(super) fn flags(&mut self) -> Read<Vec<Flag>> {
        let start = self.at;
        let rest = &self.text[start + 1..self.end];
        let (inner, closed) = rest.find(']').map_or((rest, false), |close| (&rest[..close], true));
        self.at = start + 1 + inner.len() + usize::from(closed);
        if !closed {
            let complaint = Complaint::warning(start..self.at, "a closing `]` is missing");
            self.warn(complaint, "read as flags up to here");
        }
        inner
            .split(',')
            .map(|flag| {
                let flag = flag.trim_matches(is_blank);
                let (mark, name) = match flag.as_bytes().first() {
                    Some(b'!') => (FlagMark::Not, &flag[1..]),
                    Some(b'*') => (FlagMark::Generic, &flag[1..]),
                    _ => (FlagMark::Plain, flag),
                };
                if name.is_empty() || !name.chars().all(is_name_character) {
                    return Err(Complaint::error(
                        start..self.at,
                        format!("`{flag}` is not the name of a flag"),
                    )
                    .with_help(
                        "flags are letters, digits, _ and -, with commas between them, as in `[ssl,!x11]`",
                    ));
                }
                Ok(Flag { mark, name: name.to_owned() })
            })
            .collect()
    }
}
