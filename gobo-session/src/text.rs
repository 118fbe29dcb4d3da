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

/// How many columns what people read may take.
pub const WIDTH: usize = 80;

/// A text in lines that fit: the first begins with one text, the others with another, such as blanks. What stands between
/// quotes is never divided, nor is a word.
#[must_use]
pub fn wrap(first: &str, rest: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{rest}{word}")),
            None => lines.push(format!("{first}{word}")),
        }
    }
    lines
}

/// The words of a text. Those between backticks, or between quotes that stand at the ends of words, are one, and so are
/// an option and its value.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut before) = (0, None, ' ');
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '`' || (c == '\'' && !before.is_alphanumeric()) => quote = Some(c),
            None if c == ' ' && !is_option(&text[start..at]) => {
                words.extend((start < at).then(|| &text[start..at]));
                start = at + 1;
            }
            None => {}
        }
        before = c;
    }
    words.extend((start < text.len()).then(|| &text[start..]));
    words
}

/// Whether a text is an option, for which a value has yet to come.
fn is_option(word: &str) -> bool {
    word.starts_with("--") && !word.contains(' ')
}

/// The first few of some words, and how many more there are.
pub fn few(words: &[impl AsRef<str>]) -> String {
    const MOST: usize = 3;
    let first: Vec<&str> = words.iter().take(MOST).map(AsRef::as_ref).collect();
    match words.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The candidate that a mistyped word was most likely meant to be, if one is near enough.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let (limit, letters) = ((word.chars().count() / 3).max(1), letters_of(&word));
    let distance_to = |candidate: &'a str| {
        let lowercase = candidate.to_lowercase();
        let others = letters_of(&lowercase);
        // Each letter that only one of them has is a mistake at least; a system has thousands of programs.
        let least = (letters & !others).count_ones().max((others & !letters).count_ones());
        let is_near = usize::try_from(least).is_ok_and(|least| least <= limit);
        is_near.then(|| (strsim::damerau_levenshtein(&word, &lowercase), candidate))
    };
    let near = candidates.into_iter().filter_map(distance_to).filter(|(distance, _)| *distance <= limit);
    near.min().map(|(_, candidate)| candidate)
}

/// The letters that a word has, as bits; several share one.
fn letters_of(word: &str) -> u64 {
    word.chars().fold(0, |letters, letter| letters | 1 << (u32::from(letter) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn nearest_is_the_first_of_the_least_distance(
            word in "[a-eA-E+é]{0,7}",
            candidates in proptest::collection::vec("[a-eA-E+é]{0,7}", 0..12),
        ) {
            let distance = |candidate: &&str| {
                strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase())
            };
            let limit = (word.chars().count() / 3).max(1);
            let all = candidates.iter().map(String::as_str);
            let plainly = all.clone().filter(|one| distance(one) <= limit).min_by_key(|one| (distance(one), *one));
            prop_assert_eq!(nearest(&word, all), plainly);
        }
    }

    #[test]
    fn what_can_be_copied_stays_on_one_line() {
        let text = "with Glibc 2.41 instead of 2.36 everything fits and fits: --with 'Glibc = 2.41' --with A, \
                    `Glibc >= 2.38, < 3` it's one's own";
        let lines = [
            "offer: with Glibc 2.41 instead of 2.36 everything fits and fits:",
            "    --with 'Glibc = 2.41' --with A, `Glibc >= 2.38, < 3` it's one's own",
        ];
        assert_eq!(wrap("offer: ", "    ", text), lines);
    }
}
