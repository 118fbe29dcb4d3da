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

/// The words that a line may have, and what each means: for the manual.
#[cfg(feature = "cli")]
pub(crate) const WORDS: [(&str, &str); 9] = [
    ("open", "This line only opens: the last one of type session."),
    ("close", "This line only closes: the first one of type session. Without either word a line does both."),
    ("leave", "This service makes no view, whoever comes in; a view that he comes from is left."),
    (
        "profile=NAME",
        "The profile of everybody who comes in by this service: rules are not applied and nobody is asked. Who is exempt \
         gets none.",
    ),
    ("config=DIR", "Another folder than /etc/gobo-session."),
    ("on-failure=base", "A login that cannot have its view goes on without it, whatever policy says."),
    ("on-failure=deny", "Such a login is refused, whatever policy says. The line has to be required."),
    ("quiet", "The user is told nothing when something fails."),
    ("debug", "A login that goes well has two lines in the log too: its view, and the time of each step."),
];

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
    /// `panic=late`: the same, when the session is open.
    #[cfg(debug_assertions)]
    pub panics_late: bool,
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
                #[cfg(debug_assertions)]
                Some(("panic", "late")) => arguments.panics_late = true,
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

    #[cfg(feature = "cli")]
    #[test]
    fn the_words_of_the_manual_are_understood_and_those_of_the_document() {
        let document = include_str!("../../../docs/pam.md");
        for (word, _) in WORDS {
            assert!(document.contains(&format!("| `{word}` |")), "{word}");
            let word = word.replace("DIR", "/etc/x");
            assert_eq!(Arguments::parse([word.as_str()]).unknown, [""; 0], "{word}");
        }
        assert_eq!(document.matches("\n| `").count(), WORDS.len());
    }

    #[test]
    fn a_line_without_argument_does_both() {
        let arguments = Arguments::parse([]);
        assert!(arguments.opens() && arguments.closes());
    }
}
