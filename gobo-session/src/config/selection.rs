//! What a user selected: the text of his `session.toml`.
//!
//! The file holds names alone (R2), and what it holds is never repeated to anybody but him: root reads it for him, and
//! a link may have led to somebody else's file (R9).

use super::name::Choice;
use super::syntax::{Table, parse, without_content};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A user's selection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    profile: Option<Choice>,
    service: BTreeMap<String, Table<ForService>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForService {
    profile: Choice,
}

impl Selection {
    /// Reads the file for root; an error tells the line and nothing of what is there (R9).
    ///
    /// # Errors
    /// Where anything in it is not as it should be: all of it is refused then.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        Self::check(file, bytes).map_err(|error| without_content(&error))
    }

    /// Reads the file for its owner; an error shows what is wrong.
    ///
    /// # Errors
    /// As [`Selection::parse`].
    pub fn check(file: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        parse(file, bytes)
    }

    /// The name that is selected for a service, for [`super::Policy::decide`].
    #[must_use]
    pub fn for_service(&self, service: &str) -> Option<String> {
        let own = self.service.get(service).map(|own| &own.0.profile);
        own.or(self.profile.as_ref()).map(Choice::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_can_have_its_own() {
        let text = b"profile = \"gtk2\"\n[service.sshd]\nprofile = \"none\"\n";
        let selection = Selection::parse("session.toml", text).unwrap();
        assert_eq!(selection.for_service("sshd").as_deref(), Some("none"));
        assert_eq!(selection.for_service("login").as_deref(), Some("gtk2"));
        assert_eq!(Selection::parse("session.toml", b"").unwrap().for_service("login"), None);
    }

    #[test]
    fn r9_errors_never_quote_the_file() {
        for secret in [
            "profile = \"SECRET/x\"",
            "SECRET = 1",
            "\n\nSECRET:$6$SECRET:19000::::",
            "profile = SECRET",
            "[service.SECRET]\nSECRET = 2",
            "profile = \"a\"\nprofile = \"SECRET\"",
            "profile = \"a\"\n\"\\SECRET\"",
            "profile = [\"SECRET\"]",
        ] {
            let error = Selection::parse("session.toml", secret.as_bytes()).unwrap_err();
            let shown = format!("{error} {} {error:?}", error.one_line());
            assert!(!shown.contains("SECRET"), "{shown}");
        }
    }

    #[test]
    fn r9_errors_tell_the_line() {
        let error = Selection::parse("session.toml", b"# mine\nprofile = 3\n").unwrap_err();
        assert_eq!(
            error.one_line(),
            "session.toml: line 2 is not understood (its owner sees why by gobo-session check)"
        );
        let own = Selection::check("session.toml", b"# mine\nprofile = 3\n").unwrap_err();
        assert_eq!(own.one_line(), "session.toml:2:11: invalid type: integer `3`, expected a string");
    }
}
