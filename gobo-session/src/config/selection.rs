//! What a user selected: the text of his `session.toml`.
//!
//! ```toml
//! profile = "gtk2"
//! [service.sshd]
//! profile = "none"
//! [host."lab-*"]
//! profile = "i686"
//! ```
//!
//! The service that he comes in by goes before the host that he comes from, and that before `profile`; of several hosts
//! the first that is written and fits. The file holds names alone (R2), and what it holds is never repeated to anybody
//! but him: root reads it for him, and a link may have led to somebody else's file (R9).

use super::name::{Choice, Glob, Word};
use super::syntax::{Table, parse, without_content};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A user's selection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    profile: Option<Choice>,
    service: Table<BTreeMap<Word, Table<Selected>>>,
    host: Table<BTreeMap<Spanned<Glob>, Table<Selected>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Selected {
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

    /// The name that is selected for a login by a service from a host (PAM_RHOST), for [`super::Policy::decide`].
    #[must_use]
    pub fn for_login(&self, service: &str, host: Option<&str>) -> Option<String> {
        let of_service = self.service.0.iter().find(|(name, _)| name.0 == service).map(|(_, own)| own);
        let of_host = || {
            let fits =
                |(glob, _): &(&Spanned<Glob>, _)| host.is_some_and(|host| glob.get_ref().matches(host));
            self.host.0.iter().filter(fits).min_by_key(|(glob, _)| glob.span().start).map(|(_, own)| own)
        };
        let own = of_service.or_else(of_host).map(|own| &own.0.profile);
        own.or(self.profile.as_ref()).map(Choice::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(text: &str, service: &str, host: Option<&str>) -> Option<String> {
        Selection::check("session.toml", text.as_bytes()).unwrap().for_login(service, host)
    }

    #[test]
    fn the_service_goes_before_the_host_and_that_before_the_rest() {
        let text =
            "profile = \"gtk2\"\n[host.\"lab-*\"]\nprofile = \"i686\"\n[service.sshd]\nprofile = \"none\"\n";
        assert_eq!(selected(text, "sshd", Some("lab-1")).as_deref(), Some("none"));
        assert_eq!(selected(text, "login", Some("LAB-1")).as_deref(), Some("i686"));
        assert_eq!(selected(text, "login", Some("home")).as_deref(), Some("gtk2"));
        assert_eq!(selected(text, "login", None).as_deref(), Some("gtk2"));
        assert_eq!(selected("", "login", None), None);
    }

    #[test]
    fn of_several_hosts_the_first_that_is_written_and_fits_is_taken() {
        let text = "[host.\"z*\"]\nprofile = \"first\"\n[host.\"*\"]\nprofile = \"second\"\n[host.zoo]\nprofile = \"third\"";
        assert_eq!(selected(text, "sshd", Some("zoo")).as_deref(), Some("first"));
        assert_eq!(selected(text, "sshd", Some("ant")).as_deref(), Some("second"));
        assert_eq!(selected(text, "sshd", None), None);
    }

    #[test]
    fn r2_services_and_hosts_are_names_and_patterns() {
        let wrong = |text: &str| Selection::check("s", text.as_bytes()).unwrap_err().one_line();
        assert_eq!(
            [
                wrong("[service.\"../sshd\"]\nprofile = \"a\""),
                wrong("[host.\"[a-z]\"]\nprofile = \"a\""),
                wrong("[host.lab]\nprofil = \"a\""),
                wrong("host = [\"lab\"]"),
                wrong("[host.lab]")
            ],
            [
                "s:1:10: `../sshd` is not a name",
                "s:1:7: `[a-z]` is not a pattern of characters, * and ?",
                "s:2:1: unknown key `profil` (did you mean `profile`?)",
                "s:1:8: invalid type: list, expected a table",
                "s:1:1: missing field `profile`"
            ]
        );
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
