//! From the text of a TOML file to a value or one [`Diagnostic`].
//!
//! The files are small and few, and so are the shapes they may have: serde describes those, and this room makes of its
//! errors what an administrator can use: the place, a known key that is near, and never more of a hostile file than
//! fits on a line (R18). The parser bounds nesting by itself; the size is bounded here.

use crate::diagnostic::{Diagnostic, Severity};
use crate::text::{nearest, shorten};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, IntoDeserializer as _};
use serde::de::{MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::str::FromStr;

/// The most bytes that one file may have (R18).
pub const MAX_FILE: usize = 64 * 1024;

/// The most characters of a file's line that are shown, and of a word that is quoted.
const MAX_SHOWN: usize = 160;
const MAX_WORD: usize = 64;

/// The most mistakes of a file that are told of.
const MAX_MISTAKES: usize = 20;

/// Reads one file's bytes.
pub(super) fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Diagnostic> {
    let text = text_of(file, bytes)?;
    toml::from_str(text).map_err(|error| complaint(file, text, &error))
}

/// All that is wrong with the grammar of a file, for whoever writes it: a reader stops at the first.
pub(super) fn mistakes(file: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    let Ok(text) = text_of(file, bytes) else { return Vec::new() };
    let (_, errors) = toml::de::DeTable::parse_recoverable(text);
    let mut mistakes: Vec<_> =
        errors.iter().take(MAX_MISTAKES).map(|error| complaint(file, text, error)).collect();
    mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    // What makes no sense after a mistake in the same line is a part of it.
    mistakes.dedup_by_key(|mistake| mistake.line);
    mistakes
}

fn complaint(file: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let (message, help) = explain(error.message());
    let complaint = match error.span() {
        Some(span) => error_at(file, text, span, message),
        None => Diagnostic::of_file(Severity::Error, file, message),
    };
    Diagnostic { help, ..complaint }
}

/// The text of a file's bytes, where they are text and not too many.
pub(super) fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    if bytes.len() > MAX_FILE {
        let message = format!("the file is larger than {MAX_FILE} bytes");
        return Err(Diagnostic::of_file(Severity::Error, file, message));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        error_at(file, &good, good.len()..good.len(), "this is not UTF-8 text".to_owned())
    })
}

/// An error about some bytes of a file.
pub(super) fn error_at(file: &str, text: &str, span: Range<usize>, message: String) -> Diagnostic {
    Diagnostic::of_span(Severity::Error, file, text, span, message)
}

/// The same complaint with nothing of the file in it but the line's number (R9).
pub(super) fn without_content(complaint: &Diagnostic) -> Diagnostic {
    let message = match complaint.line {
        0 => "not understood".to_owned(),
        line => format!("line {line} is not understood"),
    };
    Diagnostic::of_file(complaint.severity, &complaint.file, message)
        .with_help("its owner sees why by gobo-session check")
}

/// A word of a file between backticks.
pub(super) fn quoted(word: &str) -> String {
    format!("`{}`", shorten(word, MAX_WORD))
}

/// serde's words in ours: the message and the help.
fn explain(message: &str) -> (String, Option<String>) {
    // What a file says stands before the last `expected`, and what we say behind it.
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((word, known)) = rest.rsplit_once("`, expected ")
    {
        return (format!("unknown key {}", quoted(word)), Some(suggest(word, known, "known here")));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((word, known)) = rest.rsplit_once("`, expected ")
    {
        return (format!("unknown value {}", quoted(word)), Some(suggest(word, known, "possible")));
    }
    if message.contains("recursion limit") || message.contains("recursion depth") {
        return ("this is nested too deeply".to_owned(), None);
    }
    let message = message.replace('\n', ", ");
    let message = match message.rsplit_once(", expected ") {
        Some((found, expected)) => {
            let expected = match expected {
                "a map" => "a table",
                "a sequence" => "a list",
                "i64" | "u64" | "u32" => "a whole number",
                other => other,
            };
            let found = match found {
                "invalid type: map" => "invalid type: table",
                "invalid type: sequence" => "invalid type: list",
                other => other,
            };
            format!("{}, expected {expected}", shorten(found, MAX_WORD))
        }
        None if message == "wanted string or table" => "expected a string".to_owned(),
        None => shorten(&message, MAX_SHOWN),
    };
    (message, None)
}

/// The nearest of the words that serde lists, or all of them.
fn suggest(word: &str, listed: &str, what: &str) -> String {
    let known: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    match nearest(&shorten(word, MAX_WORD), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{what}: {}", known.join(", ")),
    }
}

/// Reads a value of a strict grammar from a string. Errors arise inside the string's own deserializer, which knows its
/// place; `serde(try_from)` would blame the list around it.
pub(super) fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Lets serde read types by their [`FromStr`].
macro_rules! read_as_text {
    ($($name:ident),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::config::syntax::from_text(deserializer)
            }
        }
    )+};
}

pub(super) use read_as_text;

/// A table and nothing else: serde would take a list of a struct's values as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData)).map(Self)
    }
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// One value or a list of them; never an empty list, which would look like a condition and hold for nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OneOrMore<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor(PhantomData))
    }
}

struct OneOrMoreVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMoreVisitor<T> {
    type Value = OneOrMore<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(text.into_deserializer()).map(|one| OneOrMore(vec![one]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(|one| OneOrMore(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        if values.is_empty() {
            return Err(de::Error::custom("an empty list holds for nobody"));
        }
        Ok(OneOrMore(values))
    }
}
