//! What an Environment text can say.

use std::ops::Range;

/// One statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// `A=1 B=2`: one after the other.
    Assign(Vec<Assignment>),
    /// `export A=1 B`: every value is worked out before the first is set.
    Export(Vec<Export>),
    /// `unset A B`
    Unset(Vec<Name>),
    /// `if`: the branches, of which the first whose condition holds is taken, and `else`.
    If { branches: Vec<(Condition, Vec<Statement>)>, otherwise: Vec<Statement> },
}

/// The name of a variable, and where it stands.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// `NAME=word` or `NAME+=word`.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: Name,
    pub(super) append: bool,
    pub(super) value: Word,
}

/// One word of `export`.
#[derive(Debug)]
pub(super) enum Export {
    Name(Name),
    Assignment(Assignment),
}

/// `[ -z word ]` or `[ -n word ]`.
#[derive(Debug)]
pub(super) struct Condition {
    /// Whether it is `-z`, which holds where the word is empty.
    pub(super) wants_empty: bool,
    pub(super) word: Word,
    pub(super) span: Range<usize>,
}

/// A word: its pieces, one after the other.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
    /// Some of it is quoted, so that it is a word even when it comes to nothing.
    pub(super) quoted: bool,
}

/// A piece of a word.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text, taken as it is.
    Text(String),
    /// `$NAME` or `${NAME...}`.
    Variable { name: String, substitute: Option<Box<Substitute>>, quoted: bool },
    /// `~`: the home directory.
    Home,
    /// The output of `SuperUserName`.
    SuperUser,
}

/// The part of `${NAME:-word}` behind the name.
#[derive(Debug)]
pub(super) struct Substitute {
    /// `+`: the word stands for a value that is there. Otherwise, `-`: for one that is missing.
    pub(super) for_present: bool,
    /// `:`: an empty value counts as missing.
    pub(super) empty_is_missing: bool,
    pub(super) word: Word,
}
