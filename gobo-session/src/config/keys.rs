//! Every key of the files that people write, once: what the manual says of each is what stands here, and tests compare it
//! with what the readers take. How much they take is told here too.

use super::policy_file::{MAX_AREAS, MAX_RULES};
use super::profile_file::{MAX_DEPTH, MAX_INCLUDES, MAX_PROGRAMS, MAX_VARIABLES};
use super::{MAX_DROP_INS, MAX_FILE};

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The table that it stands in, as it is written: `[tree]`; empty for the file's own.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: &'static str,
    /// What holds where it is not written.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How it could be written, as the line of a file.
    pub example: &'static str,
}

/// Makes a table of keys.
macro_rules! keys {
    ($($table:literal { $($name:literal, $kind:literal, $default:literal, $meaning:literal, $example:literal;)+ })+) => {
        &[$($(Key {
            table: $table, name: $name, kind: $kind, default: $default, meaning: $meaning, example: $example,
        },)+)+]
    };
}

/// The administrator's session.toml, and session.d.
pub const POLICY: &[Key] = keys! {
    "" {
        "on-failure", "\"base\" or \"deny\"", "\"base\"",
            "What becomes of a login that cannot have its view: it goes on without it and says so, or it is refused.",
            "on-failure = \"deny\"";
        "exempt", "list of users and @groups", "nobody", "Who never gets a view. uid 0 never does in any case.",
            "exempt = [\"backup\", \"@staff\"]";
        "user-profiles", "\"off\" or \"trusted\"", "\"off\"",
            "Whether profiles that users wrote are used at login. Whoever may write one that is can become root by it.",
            "user-profiles = \"off\"";
        "share-root", "true or false", "true",
            "Make / shared once, in the namespace of process 1, so that sessions see what is mounted later.",
            "share-root = false";
        "deadline-ms", "number from 100 to 60000", "2000", "The most time that a login may take for all of it.",
            "deadline-ms = 5000";
    }
    "[default]" {
        "profile", "profile or \"none\"", "\"none\"", "What a login has where no rule holds.", "profile = \"gtk2\"";
        "allow", "list of profiles", "none of them",
            "What users may select instead; \"*\" is every profile of the administrator.", "allow = [\"gtk2\", \"i686\"]";
    }
    "[[rule]]" {
        "user", "user or list of users", "everybody", "The rule holds for these users.", "user = [\"ann\", \"bob\"]";
        "group", "group or list of groups", "everybody", "The rule holds for members of these groups.",
            "group = \"cs101\"";
        "uid", "number, range or list of them", "everybody", "The rule holds for these user ids.",
            "uid = [\"1000-1999\", 5000]";
        "service", "service or list of services", "every one", "The rule holds for logins by these PAM services.",
            "service = [\"sshd\", \"login\"]";
        "tty", "pattern or list of patterns", "every one",
            "The rule holds on these terminals, without /dev/; * and ? stand for any characters.", "tty = \"tty*\"";
        "host", "pattern or list of patterns", "every one", "The rule holds for logins from these hosts.",
            "host = \"lab-*\"";
        "profile", "profile or \"none\"", "that of [default]", "What a login has where the rule holds.",
            "profile = \"cs101\"";
        "allow", "list of profiles", "that of [default]", "What users may select instead.", "allow = [\"*\"]";
        "force", "true or false", "false", "Users are not asked what they selected. A rule with force has no allow.",
            "force = true";
    }
    "[tree]" {
        "programs", "path", "\"/Programs\"", "Where programs are.", "programs = \"/Programs\"";
        "index", "path", "\"/System/Index\"", "Where the index is.", "index = \"/System/Index\"";
        "directories", "table of lists of folders", "GoboLinux' own",
            "The parts of the index, and which folders of a version go into each; the later goes before the earlier.",
            "directories = { bin = [\"bin\", \"sbin\"], lib = [\"lib\"] }";
        "real-files", "\"keep\" or \"replace\"", "\"keep\"",
            "What a view does with regular files of the index: leaves them, or shows a program's in their place.",
            "real-files = \"replace\"";
    }
};

/// A user's session.toml.
pub const SELECTION: &[Key] = keys! {
    "" {
        "profile", "profile or \"none\"", "what policy gives", "What the next logins have.", "profile = \"gtk2\"";
    }
    "[service.NAME]" {
        "profile", "profile or \"none\"", "the one for all logins",
            "What logins by this PAM service have. It goes before what is said of hosts.", "profile = \"none\"";
    }
    "[host.\"PATTERN\"]" {
        "profile", "profile or \"none\"", "the one for all logins",
            "What logins from these hosts have; of several that fit the first counts.", "profile = \"i686\"";
    }
};

/// A profile: NAME.toml in profiles.d.
pub const PROFILE: &[Key] = keys! {
    "" {
        "description", "text", "none", "What it is for.", "description = \"Desktop programs against GTK+ 2\"";
        "include", "list of profiles", "none of them",
            "Profiles whose programs and variables are added, behind its own. Their options are ignored.",
            "include = [\"base-desktop\"]";
        "programs", "list of requirements", "none of them",
            "What it asks for, the first weighs most. Versions are compared by = != < <= > >=, several with commas between.",
            "programs = [\"GTK+ = 2.24.22\", \"LXAppearance\"]";
        "prefer", "\"current\" or \"newest\"", "\"current\"",
            "Which of several versions that satisfy is taken: the current one if it does, or the highest.",
            "prefer = \"newest\"";
        "strict", "true or false", "false", "Whether a dependency that is not installed fails the profile.",
            "strict = true";
        "solve", "true or false", "false",
            "Whether a choice in which nothing gives way is taken instead of the nearest one.", "solve = true";
        "use-flags", "list of flags", "none of them",
            "Flags that are on (mysql) or off (-mysql) for programs that do not say what they were built with.",
            "use-flags = [\"-mysql\"]";
        "pure", "true or false", "false",
            "Whether the view holds the chosen programs alone; for run and shell, not for logins.", "pure = true";
        "arch", "\"x86_64\" or \"i686\"", "the machine's", "The architecture that versions are chosen for.",
            "arch = \"i686\"";
        "personality", "true or false", "false", "Whether uname says that the machine is a 32-bit one.",
            "personality = true";
    }
    "[environment]" {
        "NAME", "text", "", "A variable of the session. Some are refused, see below.",
            "GTK2_RC_FILES = \"/System/Settings/gtk-2.0/gtkrc\"";
    }
};

/// How much a policy and a selection may hold.
#[must_use]
pub fn policy_limits() -> String {
    format!(
        "Each of these files has at most {} KiB, and session.d at most {MAX_DROP_INS} entries; all files of a policy together have \
         at most {MAX_RULES} rules, and directories at most {MAX_AREAS} parts. What holds more is an error.",
        MAX_FILE / 1024
    )
}

/// How much a profile may hold.
#[must_use]
pub fn profile_limits() -> String {
    format!(
        "A file has at most {} KiB. A profile with all that it includes has at most {MAX_PROGRAMS} programs, {MAX_VARIABLES} \
         variables and {MAX_INCLUDES} includes, which are at most {MAX_DEPTH} deep. One that holds more is an error.",
        MAX_FILE / 1024
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Author, Profiles, check_policy, check_profile, check_selection};
    use crate::diagnostic::Diagnostic;
    use std::collections::BTreeSet;

    fn policy(text: &str) -> Vec<Diagnostic> {
        check_policy("session.toml", text.as_bytes(), &Profiles::none()).unwrap()
    }

    fn selection(text: &str) -> Vec<Diagnostic> {
        check_selection("session.toml", text.as_bytes())
    }

    fn profile(text: &str) -> Vec<Diagnostic> {
        let texts = [("base-desktop".parse().unwrap(), Ok(Vec::new()))].into();
        let profiles = Profiles::none().and_texts(texts, std::path::Path::new("profiles.d"), Author::User);
        check_profile("gtk2.toml", text.as_bytes(), &profiles).unwrap()
    }

    /// The keys of a file, one of its tables, how that is opened, and what reads the file.
    type Table = (&'static [Key], &'static str, &'static str, fn(&str) -> Vec<Diagnostic>);

    /// Every table of the three files, with what reads it, and how one is opened.
    fn tables() -> Vec<Table> {
        vec![
            (POLICY, "", "", policy),
            (POLICY, "[default]", "[default]\n", policy),
            (POLICY, "[[rule]]", "[[rule]]\n", policy),
            (POLICY, "[tree]", "[tree]\n", policy),
            (SELECTION, "", "", selection),
            (SELECTION, "[service.NAME]", "[service.sshd]\n", selection),
            (SELECTION, "[host.\"PATTERN\"]", "[host.\"lab-*\"]\n", selection),
            (PROFILE, "", "", profile),
            (PROFILE, "[environment]", "[environment]\n", profile),
        ]
    }

    #[test]
    fn every_example_is_one() {
        let mut seen = 0;
        for (keys, table, head, check) in tables() {
            for key in keys.iter().filter(|key| key.table == table) {
                let text = format!("{head}{}\n", key.example);
                assert_eq!(check(&text), [], "{text}");
                assert!(
                    key.name == "NAME" || key.example.starts_with(&format!("{} = ", key.name)),
                    "{key:?}"
                );
                seen += 1;
            }
        }
        assert_eq!(seen, POLICY.len() + SELECTION.len() + PROFILE.len(), "every table is looked at");
    }

    #[test]
    fn the_keys_are_those_that_the_readers_take() {
        for (keys, table, head, check) in
            tables().into_iter().filter(|(_, table, ..)| *table != "[environment]")
        {
            let complaints = check(&format!("{head}qqqqqqqqqqqqqqqq = 1\n"));
            let help = complaints.first().and_then(|complaint| complaint.help.clone()).unwrap_or_default();
            let known =
                help.strip_prefix("known here: ").unwrap_or_else(|| panic!("{table}: {complaints:?}"));
            // Tables are no keys of the file that they stand in.
            let known = known.split(", ").filter(|name| {
                !["default", "rule", "tree", "service", "host", "environment"].contains(name)
                    || table == "[[rule]]"
            });
            let known: BTreeSet<&str> = known.collect();
            let listed = keys.iter().filter(|key| key.table == table).map(|key| key.name);
            assert_eq!(listed.collect::<BTreeSet<_>>(), known, "{table}");
        }
    }
}
