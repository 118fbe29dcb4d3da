//! Text from files that somebody else wrote, made safe for a terminal and for syslog (R20).

use std::fmt::{self, Write as _};

/// Displays text with every character escaped that could move a cursor, hide text or turn its direction.
///
/// Control characters, the bidirectional marks and line separators become `\u{..}`; everything else stays.
#[derive(Debug, Clone, Copy)]
pub struct Safe<'a>(pub &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if is_harmless(c) { f.write_char(c) } else { write!(f, "{}", c.escape_unicode()) }
        })
    }
}

/// Whether a character can be shown as it is.
fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// The first characters of a text, with dots where that is not all of it.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The candidate that a mistyped word was most likely meant to be, if one is near enough.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r20_control_and_bidi_characters_are_escaped() {
        assert_eq!(
            Safe("a\u{1b}[2Jb\u{202e}c\nd\u{feff}").to_string(),
            "a\\u{1b}[2Jb\\u{202e}c\\u{a}d\\u{feff}"
        );
        assert_eq!(Safe("Größe GTK+ 2.24").to_string(), "Größe GTK+ 2.24");
    }

    #[test]
    fn nearest_finds_a_typing_mistake_and_nothing_else() {
        assert_eq!(nearest("progams", ["programs", "profile"]), Some("programs"));
        assert_eq!(nearest("gtk+", ["GTK+", "GLib"]), Some("GTK+"));
        assert_eq!(nearest("colour", ["programs", "profile"]), None);
        assert_eq!(nearest("Xorg", ["EOG"]), None);
    }
}
