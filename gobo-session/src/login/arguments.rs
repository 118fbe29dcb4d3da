//! The module's arguments in a PAM stack; docs/pam.md has the table. The module reads its own line by this, and
//! `gobo-session check` all lines.

use super::Options;
use crate::config::{OnFailure, ProfileName};
use std::path::PathBuf;

/// Which half of a session a line in the stack does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Half {
    /// `open`: only opens; the last line of a stack.
    Open,
    /// `close`: only closes; the first line of a stack.
    Close,
    /// Both, where one line must do.
    #[default]
    Both,
}

/// What a line in the stack says.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Which half of a session it does.
    pub half: Half,
    /// `debug`: also log what went well.
    pub debug: bool,
    /// `quiet`: tell the user nothing.
    pub quiet: bool,
    /// What they change for the engine.
    pub options: Options,
    /// `panic`, in a debug build alone: for the test of what becomes of a login then.
    #[cfg(debug_assertions)]
    pub panics: bool,
    /// Words that mean nothing, to be logged.
    pub unknown: Vec<String>,
}

impl Arguments {
    /// Reads the words; one that means nothing never breaks a login.
    #[must_use]
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut arguments = Self::default();
        for word in words {
            match word.split_once('=') {
                None if word == "open" => arguments.half = Half::Open,
                None if word == "close" => arguments.half = Half::Close,
                None if word == "debug" => arguments.debug = true,
                None if word == "quiet" => arguments.quiet = true,
                None if word == "leave" => arguments.options.leave = true,
                #[cfg(debug_assertions)]
                None if word == "panic" => arguments.panics = true,
                Some(("config", folder)) if folder.starts_with('/') => {
                    arguments.options.config = PathBuf::from(folder);
                }
                Some(("profile", name)) if name.parse::<ProfileName>().is_ok() => {
                    arguments.options.profile = name.parse().ok();
                }
                Some(("on-failure", "base")) => arguments.options.on_failure = Some(OnFailure::Base),
                Some(("on-failure", "deny")) => arguments.options.on_failure = Some(OnFailure::Deny),
                _ => arguments.unknown.push(word.to_owned()),
            }
        }
        arguments
    }

    /// Whether the line does anything when a session opens.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.half != Half::Close
    }

    /// Whether the line does anything when a session closes.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.half != Half::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_unknown_ones_kept_for_the_log() {
        let line =
            ["open", "debug", "config=/tmp/x", "profile=i686", "on-failure=deny", "colour", "config=x"];
        let arguments = Arguments::parse(line);
        assert!(arguments.opens() && !arguments.closes() && arguments.debug && !arguments.quiet);
        assert_eq!(arguments.options.config, PathBuf::from("/tmp/x"));
        assert_eq!(arguments.options.profile.map(|name| name.to_string()).as_deref(), Some("i686"));
        assert_eq!(arguments.options.on_failure, Some(OnFailure::Deny));
        assert_eq!(arguments.unknown, ["colour", "config=x"]);
    }

    #[test]
    fn a_line_without_argument_does_both() {
        let arguments = Arguments::parse([]);
        assert!(arguments.opens() && arguments.closes());
    }
}
