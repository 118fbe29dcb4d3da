//! `/Programs/NAME/Current` in a value means the version that the view has.

use std::borrow::Cow;
use std::collections::BTreeMap;

const PROGRAMS: &str = "/Programs/";
const CURRENT: &str = "Current";

/// The value with every path through a program's `Current` link led to the version of that program; paths of programs
/// without one stay.
///
/// A value may be a list of paths, or hold them behind an option (`-I/Programs/Qt/Current/include`). A folder named
/// `Programs` elsewhere (`/Mount/old/Programs`) is another.
pub(super) fn rewrite<'v>(value: &'v str, versions: &BTreeMap<String, String>) -> Cow<'v, str> {
    if versions.is_empty() || !value.contains(CURRENT) {
        return Cow::Borrowed(value);
    }
    let mut result = String::with_capacity(value.len());
    for word in value.split_inclusive(is_separator) {
        match split(word).and_then(|(path, name, rest)| Some((path, versions.get(name)?, rest))) {
            Some((path, version, rest)) => {
                result.push_str(path);
                result.push_str(version);
                result.push_str(rest);
            }
            None => result.push_str(word),
        }
    }
    Cow::Owned(result)
}

/// What the link `Current` at a path holds: the version that the view has of its program, and nothing where it has none.
/// Not known where the path is another.
///
/// [`rewrite`] may have led the path to that version before.
pub(super) fn link<'v>(path: &str, versions: &'v BTreeMap<String, String>) -> Option<&'v str> {
    let (name, link) = path.strip_prefix(PROGRAMS)?.split_once('/')?;
    let version = versions.get(name).map_or("", String::as_str);
    let is_program = !matches!(name, "" | "." | "..");
    (is_program && (link == CURRENT || (link == version && !version.is_empty()))).then_some(version)
}

/// A word with a path through `Current`: what stands before `Current`, the program, and what stands behind.
fn split(word: &str) -> Option<(&str, &str, &str)> {
    let programs = word.find(PROGRAMS)?;
    let before = word[..programs].trim_end_matches('/');
    let is_root = before.is_empty() || (before.starts_with('-') && !before.contains('/'));
    let name_start = programs + PROGRAMS.len();
    let name_end = name_start + word[name_start..].find('/')?;
    let rest = word[name_end + 1..].strip_prefix(CURRENT)?;
    let is_whole = rest.is_empty() || rest.starts_with(|c| c == '/' || is_separator(c));
    (is_root && is_whole).then(|| (&word[..=name_end], &word[name_start..name_end], rest))
}

fn is_separator(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, ':' | ';' | ',' | '=' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_becomes_the_version_of_the_view() {
        let versions =
            BTreeMap::from([("Qt".to_owned(), "4.8.7".to_owned()), ("GTK+".to_owned(), "2.24".to_owned())]);
        for (value, rewritten) in [
            ("/Programs/Qt/Current", "/Programs/Qt/4.8.7"),
            ("/Programs/Qt/Current/", "/Programs/Qt/4.8.7/"),
            (
                "/a:/Programs/Qt/Current/lib:/Programs/GTK+/Current",
                "/a:/Programs/Qt/4.8.7/lib:/Programs/GTK+/2.24",
            ),
            ("-I/Programs/Qt/Current/include -L/b", "-I/Programs/Qt/4.8.7/include -L/b"),
            ("file:///Programs/Qt/Current/x", "file:///Programs/Qt/4.8.7/x"),
            ("--prefix=/Programs/Qt/Current;x", "--prefix=/Programs/Qt/4.8.7;x"),
            ("/Programs/Glibc/Current", "/Programs/Glibc/Current"),
            ("/Programs/Qt/Currently", "/Programs/Qt/Currently"),
            ("/Mount/Programs/Qt/Current", "/Mount/Programs/Qt/Current"),
            ("./Programs/Qt/Current", "./Programs/Qt/Current"),
            ("/Programs/Qt/4.1/Current", "/Programs/Qt/4.1/Current"),
            ("/Programs/Current", "/Programs/Current"),
            ("", ""),
        ] {
            assert_eq!(rewrite(value, &versions), rewritten, "{value}");
        }
    }

    #[test]
    fn what_the_link_current_holds() {
        let versions = BTreeMap::from([("Qt".to_owned(), "4.8.7".to_owned())]);
        for (path, held) in [
            ("/Programs/Qt/Current", Some("4.8.7")),
            ("/Programs/Qt/4.8.7", Some("4.8.7")),
            ("/Programs/GTK+/Current", Some("")),
            ("/Programs/GTK+/", None),
            ("/Programs/Qt/3.3.8", None),
            ("/Programs/Qt/Current/", None),
            ("/Programs/Qt/Current/bin", None),
            ("/Programs/../Current", None),
            ("/Programs//Current", None),
            ("Programs/Qt/Current", None),
            ("-f", None),
            ("", None),
        ] {
            assert_eq!(link(path, &versions), held, "{path}");
        }
    }
}
