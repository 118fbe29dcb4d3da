//! `${NAME%pattern}` and its relatives: a value without what a pattern of texts and asterisks fits.

use super::syntax::End;

/// The value without what the pattern fits at one of its ends: as much as it can (`longest`), or as little.
///
/// The pattern is what stands between its asterisks; a pattern without any is one text. Each text is looked for from the
/// end that is cut, as near to it as it goes, and only the last one, which decides how much is cut, as far as it goes
/// where that is asked for.
pub(super) fn without<'v>(value: &'v str, pattern: &[String], end: End, longest: bool) -> &'v str {
    let rest = match end {
        End::Front => cut_front(value, pattern, longest),
        End::Back => cut_back(value, pattern, longest),
    };
    rest.unwrap_or(value)
}

fn cut_front<'v>(value: &'v str, pattern: &[String], longest: bool) -> Option<&'v str> {
    let (first, others) = pattern.split_first()?;
    let mut rest = value.strip_prefix(first.as_str())?;
    let Some((last, between)) = others.split_last() else { return Some(rest) };
    for text in between {
        rest = &rest[rest.find(text.as_str())? + text.len()..];
    }
    let at = if longest { rest.rfind(last.as_str()) } else { rest.find(last.as_str()) };
    Some(&rest[at? + last.len()..])
}

fn cut_back<'v>(value: &'v str, pattern: &[String], longest: bool) -> Option<&'v str> {
    let (last, others) = pattern.split_last()?;
    let mut rest = value.strip_suffix(last.as_str())?;
    let Some((first, between)) = others.split_first() else { return Some(rest) };
    for text in between.iter().rev() {
        rest = &rest[..rest.rfind(text.as_str())?];
    }
    let at = if longest { rest.find(first.as_str()) } else { rest.rfind(first.as_str()) };
    Some(&rest[..at?])
}

#[cfg(test)]
mod tests {
    use super::{End, without};

    #[test]
    fn patterns_fit_as_little_or_as_much_as_they_are_asked_to() {
        for (value, pattern, [front, all_front, back, all_back]) in [
            ("5.2=_5_2", "=*", ["5.2=_5_2", "5.2=_5_2", "5.2", "5.2"]),
            ("5.2=_5_2", "*=", ["_5_2", "_5_2", "5.2=_5_2", "5.2=_5_2"]),
            ("a/b/c", "/*", ["a/b/c", "a/b/c", "a/b", "a"]),
            ("a/b/c", "*/", ["b/c", "c", "a/b/c", "a/b/c"]),
            ("a/b/c", "*", ["a/b/c", "", "a/b/c", ""]),
            ("a/b/c", "**", ["a/b/c", "", "a/b/c", ""]),
            ("a/b/c", "", ["a/b/c"; 4]),
            ("a/b/c", "a/b/c", [""; 4]),
            ("a/b/c", "x*c", ["a/b/c"; 4]),
            ("abab", "ab", ["ab", "ab", "ab", "ab"]),
            ("abab", "a*b", ["ab", "", "ab", ""]),
            ("xabyabz", "*a*b*", ["yabz", "", "xaby", ""]),
            ("aa", "a*a*a", ["aa"; 4]),
            ("éaé", "*é", ["aé", "", "éa", ""]),
            ("", "*", [""; 4]),
        ] {
            let parts: Vec<String> = pattern.split('*').map(str::to_owned).collect();
            let found = [(End::Front, false), (End::Front, true), (End::Back, false), (End::Back, true)]
                .map(|(end, longest)| without(value, &parts, end, longest));
            assert_eq!(found, [front, all_front, back, all_back], "{value} {pattern}");
        }
    }
}
