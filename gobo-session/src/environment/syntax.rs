//! What an Environment text can say.

use std::ops::Range;

/// One statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// `A=1 B=2`: one after the other.
    Assign(Vec<Assignment>),
    /// `export A=1 B`: every value is worked out before the first is set.
    Export(Vec<Declared>),
    /// `local A=1 B`, in a function: likewise.
    Local(Vec<Declared>),
    /// `unset A B`
    Unset(Vec<Name>),
    /// `echo word word`, in a function.
    Echo { words: Vec<Word>, span: Range<usize> },
    /// `if`: the branches, of which the first whose condition holds is taken, and `else`.
    If { branches: Vec<(Condition, Vec<Statement>)>, otherwise: Vec<Statement>, span: Range<usize> },
    /// `for NAME in word word`
    For { variable: Name, words: Vec<Word>, body: Vec<Statement> },
    /// `NAME () { ... }`
    Function { name: String, body: Vec<Statement> },
}

/// The name of a variable or function, and where it stands.
#[derive(Debug, Clone)]
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

/// One word of `export` or `local`.
#[derive(Debug)]
pub(super) enum Declared {
    Name(Name),
    Assignment(Assignment),
    /// A word whose name has yet to be worked out: `PATH_$version=/x`.
    Word(Word),
}

/// `[ -z word ]` or `[ -n word ]`.
#[derive(Debug)]
pub(super) struct Condition {
    /// Whether it is `-z`, which holds where the word is empty.
    pub(super) wants_empty: bool,
    pub(super) word: Word,
    /// The last `]` is a word of its own, and not the end of the other: `[ -z $A]`.
    pub(super) closed: bool,
}

/// A word: its pieces, one after the other.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
    /// Some of it is quoted, so that it is a word even when it comes to nothing.
    pub(super) quoted: bool,
    pub(super) span: Range<usize>,
}

/// A piece of a word.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text, taken as it is.
    Text(String),
    /// `$NAME` or `${NAME...}`; in a function the name may be a digit.
    Variable { name: String, form: Form, quoted: bool },
    /// `~`: the home directory.
    Home,
    /// `$(command)`
    Output { command: Command, quoted: bool },
}

/// What stands behind the name in `${NAME...}`.
#[derive(Debug)]
pub(super) enum Form {
    /// Nothing: the value itself is meant.
    Value,
    /// `:-word` and its relatives.
    Substitute {
        /// `+`: the word stands for a value that is there. Otherwise, `-`: for one that is missing.
        for_present: bool,
        /// `:`: an empty value counts as missing.
        empty_is_missing: bool,
        word: Word,
    },
    /// `#pattern` or `%pattern`: the value without what the pattern fits.
    Without {
        end: End,
        /// `##` or `%%`: as much as the pattern can fit, otherwise as little.
        longest: bool,
        /// The pattern: what stands between its asterisks.
        pattern: Vec<Word>,
    },
}

/// The end of a value that a pattern is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Back,
}

/// A command whose output is known without running it.
#[derive(Debug)]
pub(super) enum Command {
    SuperUserName,
    /// `readlink word`
    ReadLink(Word),
    /// A function of the file, and its arguments.
    Function(Name, Vec<Word>),
}
