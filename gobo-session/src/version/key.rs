//! The place of a version in the order.
//!
//! A version is read as runs of digits and runs of letters; all else only separates them. Compared are, in turn: its
//! class, its release, its suffix, and the revision of its recipe.
//!
//! - The *class* puts what has no release below what has one: dated snapshots (`20081111-GIT`), then names of moving
//!   targets (`git`, `latest`), then versions that begin with a word (`Nov2002`), then all others.
//! - The *release* is the numbers that it begins with, without the zeros at their end: people write `Python < 3.0.0` and
//!   mean 3.0, so `2`, `2.0` and `2.0.0` are one release.
//! - The *suffix* is the rest. What announces a release (`rc1`, `beta2`) comes before it, and all else after:
//!   `1.0rc1 < 1.0 < 1.0a < 1.0-1`.
//! - The *revision* is `-rN` or `-rNpM` at the end. An architecture behind it (`2.24.33-r2-i686`) is not compared.
//!
//! Each of these is a tuple of totally ordered elements, which makes the whole a total order by construction.

use super::number::Number;

/// What two versions are compared by. The order of the fields is the order of comparison.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    class: Class,
    release: Vec<Number>,
    suffix: Vec<Element>,
    revision: Revision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Snapshot,
    Rolling,
    Word,
    Release,
}

/// One run of a suffix. The order of the variants is the order of versions that differ in them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Tilde,
    Development,
    Alpha,
    Beta,
    Preview,
    Candidate,
    /// The end of the suffix: what comes before stands for something earlier than the release, what follows for later.
    End,
    Word(Box<str>),
    Number(Number),
}

/// N and M of `-rNpM`.
type Revision = (Number, Number);

const VERSION_CONTROL: [&str; 5] = ["git", "svn", "cvs", "hg", "bzr"];
const MOVING_TARGETS: [&str; 10] =
    ["darcs", "fossil", "scm", "master", "main", "trunk", "head", "latest", "devel", "snapshot"];
const ARCHITECTURES: [&str; 5] = ["-i386", "-i486", "-i586", "-i686", "-x86_64"];

impl Key {
    pub(super) fn of(text: &str) -> Self {
        let Parts { bare, revision } = Parts::of(text);
        let revision = revision.unwrap_or((Number::Word(0), Number::Word(0)));
        let bare = bare.to_ascii_lowercase();
        let tokens = |text| Tokens { rest: text }.collect::<Vec<_>>();
        if let Some(dated) = snapshot(&bare) {
            let suffix = elements(&tokens(dated));
            return Self { class: Class::Snapshot, release: Vec::new(), suffix, revision };
        }
        let tokens = tokens(without_v(&bare));
        let class = match tokens.first() {
            Some(Token { text, .. }) if is_rolling(text) => Class::Rolling,
            Some(first) if first.is_number() => Class::Release,
            _ => Class::Word,
        };
        let numbers = tokens.iter().take_while(|token| token.is_number()).count();
        let (release, rest) = tokens.split_at(numbers);
        let mut release: Vec<Number> = release.iter().map(|token| Number::new(token.text)).collect();
        release.truncate(release.iter().rposition(|number| !number.is_zero()).map_or(0, |last| last + 1));
        Self { class, release, suffix: elements(rest), revision }
    }

    pub(super) fn same_without_revision(&self, other: &Self) -> bool {
        (self.class, &self.release, &self.suffix) == (other.class, &other.release, &other.suffix)
    }
}

/// A text taken apart at its end.
pub(super) struct Parts<'a> {
    /// The text without revision and architecture.
    pub(super) bare: &'a str,
    /// The revision that is written there.
    pub(super) revision: Option<Revision>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = without_architecture(text);
        match without_revision(text) {
            Some((rest, revision)) => Self { bare: without_architecture(rest), revision: Some(revision) },
            None => Self { bare: text, revision: None },
        }
    }
}

fn without_architecture(text: &str) -> &str {
    ARCHITECTURES
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix).filter(|rest| !rest.is_empty()))
        .unwrap_or(text)
}

/// `TEXT-rN` or `TEXT-rNpM`, taken apart.
fn without_revision(text: &str) -> Option<(&str, Revision)> {
    let (rest, revision) = text.rsplit_once("-r")?;
    let (number, patch) = revision.split_once('p').map_or((revision, None), |(n, m)| (n, Some(m)));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let well_formed = is_number(number) && patch.is_none_or(is_number);
    well_formed.then(|| (rest, (Number::new(number), Number::new(patch.unwrap_or("")))))
}

/// The date of a dated snapshot, such as `20081111-git`.
fn snapshot(text: &str) -> Option<&str> {
    let (dated, word) = text.rsplit_once('-')?;
    let is_snapshot = VERSION_CONTROL.contains(&word) && dated.contains(|c: char| c.is_ascii_digit());
    is_snapshot.then_some(dated)
}

fn without_v(text: &str) -> &str {
    text.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text)
}

fn is_rolling(word: &str) -> bool {
    VERSION_CONTROL.contains(&word) || MOVING_TARGETS.contains(&word)
}

/// A run of digits or of letters, or a tilde.
#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    /// A digit follows immediately.
    before_digit: bool,
}

impl Token<'_> {
    fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    fn element(&self) -> Element {
        match self.text {
            "~" => Element::Tilde,
            "dev" | "devel" | "snapshot" => Element::Development,
            "alpha" => Element::Alpha,
            "a" if self.before_digit => Element::Alpha,
            "beta" => Element::Beta,
            "b" if self.before_digit => Element::Beta,
            "pre" | "preview" | "pr" => Element::Preview,
            "rc" | "cr" => Element::Candidate,
            digits if self.is_number() => Element::Number(Number::new(digits)),
            word => Element::Word(word.into()),
        }
    }
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.rest.find(|c: char| c.is_ascii_alphanumeric() || c == '~')?;
        let rest = &self.rest[start..];
        let length = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let end = match rest.as_bytes()[0] {
            b'~' => 1,
            b'0'..=b'9' => length(|c| c.is_ascii_digit()),
            _ => length(|c| c.is_ascii_alphabetic()),
        };
        let (text, rest) = rest.split_at(end);
        self.rest = rest;
        Some(Token { text, before_digit: rest.starts_with(|c: char| c.is_ascii_digit()) })
    }
}

fn elements(tokens: &[Token<'_>]) -> Vec<Element> {
    tokens.iter().map(Token::element).chain([Element::End]).collect()
}
