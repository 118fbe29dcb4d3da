//! Bytes taken apart into lines, whoever wrote them with whatever editor.

use super::MAX_LINE;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// How much of a line that is too long is shown.
const SHOWN: usize = 80;

/// The lines of a file, without a byte order mark and the ends of lines.
pub(super) struct Lines<'a> {
    rest: Option<&'a [u8]>,
    number: u32,
    /// The file begins with a byte order mark.
    pub(super) mark: bool,
    /// A line ended in CR LF.
    pub(super) carriage_returns: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let unmarked = bytes.strip_prefix("\u{feff}".as_bytes());
        Self {
            rest: Some(unmarked.unwrap_or(bytes)),
            number: 0,
            mark: unmarked.is_some(),
            carriage_returns: false,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = RawLine<'a>;

    fn next(&mut self) -> Option<RawLine<'a>> {
        let rest = self.rest.take().filter(|rest| !rest.is_empty())?;
        let line = match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                &rest[..end]
            }
            None => rest,
        };
        let bytes = line.strip_suffix(b"\r").unwrap_or(line);
        self.carriage_returns |= bytes.len() < line.len();
        self.number += 1;
        Some(RawLine { bytes, number: self.number })
    }
}

/// A line, as it is.
pub(super) struct RawLine<'a> {
    bytes: &'a [u8],
    /// Its place in the file, from 1.
    pub(super) number: u32,
}

impl<'a> RawLine<'a> {
    /// What stands before the comment, if that can be read.
    pub(super) fn dependency(&self) -> Result<&'a str, Fault> {
        if self.bytes.len() > MAX_LINE {
            return Err(Fault::TooLong);
        }
        let end = self.bytes.iter().position(|&byte| byte == b'#').unwrap_or(self.bytes.len());
        str::from_utf8(&self.bytes[..end]).map_err(|error| Fault::NotUtf8 { at: error.valid_up_to() })
    }

    /// The line, to be shown.
    pub(super) fn shown(&self) -> Cow<'a, str> {
        if self.bytes.len() > MAX_LINE {
            return Cow::Owned(format!("{}...", String::from_utf8_lossy(&self.bytes[..SHOWN])));
        }
        String::from_utf8_lossy(self.bytes)
    }
}

/// Why a line is no text.
pub(super) enum Fault {
    TooLong,
    NotUtf8 { at: usize },
}

impl Fault {
    /// The bytes of the shown line that it is about.
    pub(super) fn span(&self) -> Range<usize> {
        match self {
            Self::TooLong => 0..0,
            Self::NotUtf8 { at } => *at..*at + char::REPLACEMENT_CHARACTER.len_utf8(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the line has more than {MAX_LINE} bytes: it was left out"),
            Self::NotUtf8 { .. } => f.write_str("the line is not UTF-8: it was left out"),
        }
    }
}
