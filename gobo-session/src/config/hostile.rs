//! Files that mean harm, and what is said about each.

use super::*;
use crate::environment::forbidden;
use crate::requirement::{InvalidRequirement, Requirement};
use proptest::prelude::*;
use std::collections::BTreeMap;

const KNOWN: &str =
    "(known here: on-failure, exempt, user-profiles, share-root, deadline-ms, default, rule, tree)";

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

fn policy(text: impl AsRef<[u8]>) -> String {
    let file = ("session.toml".to_owned(), text.as_ref().to_vec());
    ConfigError::Invalid(policy_file::read([file]).unwrap_err()).one_line()
}

fn profile(text: impl AsRef<[u8]>) -> String {
    let texts = BTreeMap::from([(name("p"), Ok(text.as_ref().to_vec())), (name("gtk2"), Ok(Vec::new()))]);
    let profiles = Profiles::none().and_texts(texts, "d".as_ref(), Author::Administrator);
    profiles.load(&name("p")).unwrap_err().one_line()
}

fn why_not(text: &str) -> InvalidRequirement {
    text.parse::<Requirement>().unwrap_err()
}

/// One test each: a text, how it is read, and the whole message.
macro_rules! refused {
    ($($test:ident: $read:ident($text:expr) => $message:expr;)+) => {$(
        #[test]
        fn $test() {
            assert_eq!($read($text), $message);
        }
    )+};
}

refused! {
    r18_a_file_that_is_too_large: policy(vec![b'#'; MAX_FILE + 1]) =>
        "session.toml: the file is larger than 65536 bytes";
    r18_open_brackets_without_end: policy("[".repeat(MAX_FILE)) =>
        "session.toml:1:3: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`";
    r18_nested_lists: policy(format!("x = {}", "[".repeat(60_000))) =>
        "session.toml:1:85: this is nested too deeply";
    r18_nested_lists_that_are_closed: policy(format!("x = {}{}", "[".repeat(30_000), "]".repeat(30_000))) =>
        "session.toml:1:85: this is nested too deeply";
    r18_nested_tables: policy(format!("x = {}", "{a=".repeat(20_000))) =>
        "session.toml:1: this is nested too deeply";
    r18_a_dotted_key: policy(format!("{}x = 1", "a.".repeat(30_000))) =>
        "session.toml: this is nested too deeply";
    r18_a_dotted_header: policy(format!("[{}x]", "a.".repeat(30_000))) =>
        "session.toml: this is nested too deeply";
    r18_a_long_key: policy(format!("{} = 1", "k".repeat(60_000))) =>
        format!("session.toml:1:1: unknown key `{}...` {KNOWN}", "k".repeat(64));
    r18_a_long_value: policy(format!("on-failure = \"{}\"", "b".repeat(60_000))) =>
        format!("session.toml:1:14: unknown value `{}...` (possible: base, deny)", "b".repeat(64));
    r18_many_rules: policy("[[rule]]\n".repeat(1025)) =>
        "session.toml:1025:1: there are more than 1024 rules in all";
    r20_a_nul: policy("on-failure\0= 3") =>
        "session.toml:1:11: invalid unquoted key, expected letters, numbers, `-`, `_`";
    r20_an_escape_sequence: policy("\"a\\u001b[2J\" = 1") =>
        format!("session.toml:1:1: unknown key `a\\u{{1b}}[2J` {KNOWN}");
    r20_a_bidi_mark: policy("\"\u{202e}gpj\" = 1") =>
        format!("session.toml:1:1: unknown key `\\u{{202e}}gpj` {KNOWN}");
    r20_a_line_end_in_a_value: policy("user-profiles = \"a\\nerror: b\"") =>
        "session.toml:1:17: unknown value `a\\u{a}error: b` (possible: off, trusted)";
    a_file_that_is_not_text: policy(b"share-root = true\nx\xff\xfe") =>
        "session.toml:2:2: this is not UTF-8 text";
    a_key_that_looks_like_a_message: policy("\"a`, expected `b\" = 1") =>
        format!("session.toml:1:1: unknown key `a`, expected `b` {KNOWN}");
    a_mistyped_value: policy("on-failure = \"bass\"") =>
        "session.toml:1:14: unknown value `bass` (did you mean `base`?)";
    a_mistyped_key_of_a_rule: policy("[[rule]]\nusr = \"ann\"") =>
        "session.toml:2:1: unknown key `usr` (did you mean `user`?)";
    a_key_twice: policy("on-failure = \"base\"\non-failure = \"deny\"") =>
        "session.toml:2:1: duplicate key";
    a_number_for_a_word: policy("on-failure = 3") =>
        "session.toml:1:14: expected a string";
    a_list_for_a_table: policy("tree = []") =>
        "session.toml:1:8: invalid type: list, expected a table";
    a_rule_as_a_list: policy("rule = [[\"ann\"]]") =>
        "session.toml:1:9: invalid type: list, expected a table";
    a_rule_that_is_no_list: policy("[rule]\nuser = \"a\"") =>
        "session.toml:1:1: invalid type: table, expected a list";
    a_deadline_of_nothing: policy("deadline-ms = 0") =>
        "session.toml:1:15: 0 is not between 100 and 60000 milliseconds";
    a_deadline_without_end: policy("deadline-ms = 9223372036854775807") =>
        "session.toml:1:15: 9223372036854775807 is not between 100 and 60000 milliseconds";
    an_exempt_group_without_name: policy("exempt = [\"ann\", \"@\"]") =>
        "session.toml:1:18: `` is not a name";
    a_group_among_users: policy("[[rule]]\nuser = \"@staff\"") =>
        "session.toml:2:8: `@staff` is not a name";
    a_condition_that_holds_for_nobody: policy("[[rule]]\nuser = []") =>
        "session.toml:2:8: an empty list holds for nobody";
    a_range_of_uids_backwards: policy("[[rule]]\nuid = \"2000-1000\"") =>
        "session.toml:2:7: the range ends before it begins";
    a_uid_that_overflows: policy("[[rule]]\nuid = 4294967296") =>
        "session.toml:2:7: 4294967296 is not a user id";
    a_negative_uid: policy("[[rule]]\nuid = \"-1\"") =>
        "session.toml:2:7: `-1` is not a user id or a range of them";
    a_pattern_of_another_kind: policy("[[rule]]\ntty = \"tty[0-9]\"") =>
        "session.toml:2:7: `tty[0-9]` is not a pattern of characters, * and ?";
    force_with_allow: policy("[[rule]]\nforce = true\nallow = []") =>
        "session.toml:1:1: a rule with force cannot have allow: its users are not asked";
    r2_a_path_for_a_profile: policy("[default]\nprofile = \"../../etc/passwd\"") =>
        "session.toml:2:11: `../../etc/passwd` is not a profile name";
    r2_a_path_among_the_allowed: policy("[default]\nallow = [\"a\", \"b/c\"]") =>
        "session.toml:2:15: `b/c` is not a profile name";
    r4_an_index_that_climbs: policy("[tree]\nindex = \"/System/../etc\"") =>
        "session.toml:2:9: `/System/../etc` is not an absolute path of a folder";
    r4_an_index_that_is_the_root: policy("[tree]\nindex = \"/\"") =>
        "session.toml:2:9: `/` is not an absolute path of a folder";
    r4_a_folder_that_climbs: policy("[tree]\ndirectories = { bin = [\"../bin\"] }") =>
        "session.toml:2:24: `../bin` is not the name of a folder";
    all_errors_are_counted: policy("[[rule]]\nforce = true\nallow = []\n[[rule]]\nforce = true\nallow = []") =>
        "session.toml:1:1: a rule with force cannot have allow: its users are not asked; and 1 more";

    a_mistyped_key_of_a_profile: profile("progams = []") =>
        "/d/p.toml:1:1: unknown key `progams` (did you mean `programs`?)";
    a_program_that_is_a_number: profile("programs = [\"A\", 3]") =>
        "/d/p.toml:1:18: invalid type: integer `3`, expected a string";
    an_architecture_nobody_has: profile("arch = \"vax\"") =>
        "/d/p.toml:1:8: unknown value `vax` (possible: x86_64, i686)";
    r2_an_include_that_climbs: profile("include = [\"gtk2\", \"../x\"]") =>
        "/d/p.toml:1:20: `../x` is not a profile name";
    an_include_of_none: profile("include = [\"none\"]") =>
        "/d/p.toml:1:12: `none` is reserved and cannot be the name of a profile";
    an_include_of_itself: profile("include = [\"p\"]") =>
        "/d/p.toml:1:12: profiles include each other: p -> p";
    an_include_that_is_missing: profile("include = [\"gtk3\"]") =>
        "/d/p.toml:1:12: there is no profile `gtk3` to include (did you mean `gtk2`?)";
    r18_many_programs: profile(format!("programs = [\n{}]", "\"A\",\n".repeat(257))) =>
        "/d/p.toml:258:1: there are more than 256 programs in all";
    r18_many_includes: profile(format!("include = [\n{}]", "\"gtk2\",\n".repeat(65))) =>
        "/d/p.toml:66:1: there are more than 64 includes in all";
    r18_many_variables: profile((100..357).fold("[environment]".to_owned(), |all, i| format!("{all}\nV{i} = \"\""))) =>
        "/d/p.toml:258:1: there are more than 256 variables in all";
    r18_a_program_of_many_characters: profile(format!("programs = [\"{}\"]", "x".repeat(60_000))) =>
        format!("/d/p.toml:1:14: {}", why_not(&"x".repeat(60_000)).message());
    r8_a_forbidden_variable: profile("[environment]\nA = \"x\"\nXDG_SEAT = \"seat0\"") =>
        format!("/d/p.toml:3:1: `XDG_SEAT` cannot be set: {}", forbidden("XDG_SEAT", "seat0").unwrap());
    r8_a_variable_of_two_lines: profile("[environment]\nA = \"x\\ny\"") =>
        format!("/d/p.toml:2:1: `A` cannot be set: {}", forbidden("A", "x\ny").unwrap());
}

#[test]
fn a_program_that_is_no_requirement_is_shown_with_a_caret_inside_the_string() {
    let wrong = "Lua >= 5.1, >= ?";
    let at = why_not(wrong).span().start;
    assert!(at > 0);
    let message = profile(format!("programs = [\n  \"GTK+\", \"{wrong}\",\n]\n"));
    assert!(message.starts_with(&format!("/d/p.toml:2:{}: ", "  \"GTK+\", \"".len() + at + 1)), "{message}");
    // Where escapes shift the characters, the whole string is meant.
    let message = profile("programs = [\"\\u004cua >= 5.1, >= ?\"]");
    assert!(message.starts_with("/d/p.toml:1:13: "), "{message}");
}

#[test]
fn r18_a_long_line_is_not_shown_whole() {
    let text = format!("on-failure = 3 # {}", "x".repeat(60_000));
    let file = ("session.toml".to_owned(), text.into_bytes());
    let shown = ConfigError::Invalid(policy_file::read([file]).unwrap_err()).to_string();
    assert_eq!(
        shown,
        format!(
            "session.toml:1:14: error: expected a string\n 1 | on-failure = 3 # {}...\n{}^",
            "x".repeat(143),
            " ".repeat(18)
        )
    );
}

/// Text that gets further into the readers than noise does.
fn nearly_toml() -> impl Strategy<Value = String> {
    let words = "[ ] [[rule]]\n [default]\n [tree]\n [environment]\n user uid profile allow programs include \
                 directories = = = \n \n \n \" \"p\" \"none\" \"a/b\" \"\\u0000\" \"1-2\" -1 1.5 true { } , . ' \
                 # \r \"\"\" é \u{202e} \u{feff}";
    let words = prop::sample::select(words.split(' ').collect::<Vec<_>>());
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

/// Reads bytes as everything there is, and prints what comes of it.
fn read_all(bytes: &[u8]) {
    if let Err(errors) = policy_file::read([("f".to_owned(), bytes.to_vec())]) {
        let error = ConfigError::Invalid(errors);
        assert!(!format!("{error}{}", error.one_line()).contains('\u{202e}'));
    }
    let texts = BTreeMap::from([(name("p"), Ok(bytes.to_vec()))]);
    let profiles = Profiles::none().and_texts(texts, "d".as_ref(), Author::User);
    if let Err(error) = profiles.load(&name("p")) {
        assert!(!format!("{error}{}", error.one_line()).contains('\u{202e}'));
    }
    if let Err(error) = Selection::parse("f", bytes) {
        assert!(error.source.is_empty());
    }
}

proptest! {
    #[test]
    fn r14_no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn r14_no_text_panics(text in nearly_toml()) {
        read_all(text.as_bytes());
    }
}
