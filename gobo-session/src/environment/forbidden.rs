//! Variables that neither a program nor a profile may set.
//!
//! What a login exports reaches programs that run with more rights than whoever wrote the file: the loader, the C library
//! and shells act on variables before a program's first line.

use std::fmt;

/// Why a variable may not have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// The name is not one that a variable can have everywhere.
    Malformed,
    /// The dynamic loader acts on it.
    Loader,
    /// The C library acts on it.
    Library,
    /// Shells act on it before they read their script.
    Shell,
    /// Seat and session are what the login says they are.
    Session,
    /// Who the user is, is what the login says.
    Identity,
    /// `PATH` with an element that is empty or no absolute path: commands would be looked for in the working directory.
    Path,
    /// The value holds a control character.
    ControlCharacter,
}

impl fmt::Display for Forbidden {
    /// The reason as a sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "names of variables are letters, digits and underscores, no digit first",
            Self::Loader => "the dynamic loader acts on it in every program",
            Self::Library => "the C library acts on it in every program",
            Self::Shell => "shells act on it before they read their script",
            Self::Session => "the login says which seat and session this is",
            Self::Identity => "the login says who the user is",
            Self::Path => "every element of PATH is an absolute path",
            Self::ControlCharacter => "values hold no control characters",
        })
    }
}

/// The names that nobody may set, by why that is; where one ends with `*`, all that begin so. The manual is made of them.
pub const FORBIDDEN: [(Forbidden, &[&str]); 5] = [
    (Forbidden::Loader, &["LD_*", "GLIBC_TUNABLES"]),
    (Forbidden::Library, &["GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_*"]),
    (Forbidden::Shell, &["BASH_ENV", "ENV", "IFS", "PS4", "SHELLOPTS", "BASHOPTS"]),
    (Forbidden::Session, &["XDG_SEAT", "XDG_VTNR", "XDG_SESSION_*"]),
    (Forbidden::Identity, &["HOME", "SHELL", "USER", "LOGNAME"]),
];

/// Why a variable may not be set to a value, unless it may.
///
/// Whether the elements of a `PATH` are writable by the user is for the caller to find out: nothing is looked up here.
#[must_use]
pub fn forbidden(name: &str, value: &str) -> Option<Forbidden> {
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name || name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
        return Some(Forbidden::Malformed);
    }
    let is_meant = |listed: &&str| match listed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *listed,
    };
    let by_name = FORBIDDEN.iter().find(|(_, names)| names.iter().any(is_meant)).map(|(why, _)| *why);
    let by_value = || {
        if value.contains(char::is_control) {
            Some(Forbidden::ControlCharacter)
        } else if name == "PATH" && !value.split(':').all(|element| element.starts_with('/')) {
            Some(Forbidden::Path)
        } else {
            None
        }
    };
    by_name.or_else(by_value)
}

#[cfg(test)]
mod tests {
    use super::{Forbidden, forbidden};

    #[test]
    fn r8_names_that_nobody_may_set() {
        for name in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "LD_",
            "GLIBC_TUNABLES",
            "GCONV_PATH",
            "LOCPATH",
            "NLSPATH",
            "MALLOC_CHECK_",
            "BASH_ENV",
            "ENV",
            "IFS",
            "PS4",
            "XDG_SEAT",
            "XDG_VTNR",
            "XDG_SESSION_ID",
            "XDG_SESSION_TYPE",
            "HOME",
            "SHELL",
            "USER",
            "LOGNAME",
            "",
            "A-B",
            "1A",
            "A B",
            "Ä",
            "BASH_FUNC_x%%",
            "A=B",
        ] {
            assert!(forbidden(name, "/x").is_some(), "{name}");
        }
        for name in
            ["KDEDIRS", "LUA_PATH_5_3", "_", "a", "LDFLAGS", "XDG_DATA_DIRS", "ENVIRONMENT", "MANPATH"]
        {
            assert_eq!(forbidden(name, "x"), None, "{name}");
        }
    }

    #[test]
    fn r8_values_that_nobody_may_set() {
        for value in ["a\nb", "\u{1b}[0m", "\t", "\u{0}", "\u{85}", "\u{7f}"] {
            assert_eq!(forbidden("A", value), Some(Forbidden::ControlCharacter), "{value:?}");
        }
        for value in ["", ":/bin", "/bin:", "/a::/b", "bin", "/bin:.", "~/bin"] {
            assert_eq!(forbidden("PATH", value), Some(Forbidden::Path), "{value:?}");
        }
        assert_eq!(forbidden("PATH", "/System/Index/bin:/Programs/Qt/4/bin"), None);
        assert_eq!(forbidden("MANPATH", "/a::b"), None);
    }
}
