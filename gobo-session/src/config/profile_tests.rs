//! Profiles that include each other, and whose they are then.

use super::*;
use crate::arch::Arch;
use crate::diagnostic::Severity;
use crate::resolve::{OnConflict, Prefer, Request};
use std::collections::BTreeMap;

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

fn texts(list: &[(&str, &str)]) -> BTreeMap<ProfileName, Result<Vec<u8>, String>> {
    list.iter().map(|(profile, text)| (name(profile), Ok(text.as_bytes().to_vec()))).collect()
}

fn administrator(list: &[(&str, &str)]) -> Profiles {
    Profiles::none().and_texts(texts(list), "etc".as_ref(), Author::Administrator)
}

fn asked(profile: &Profile) -> Vec<String> {
    profile.programs.iter().map(|p| format!("{} {}:{}", p.requirement, p.file, p.line)).collect()
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let text = r#"
        description = "what it is for"
        programs = ["GTK+ = 2.24.22", "CPAN:XML::Parser"]
        prefer = "newest"
        strict = true
        solve = true
        use-flags = ["mysql", "-gtk"]
        pure = true
        arch = "i686"
        personality = true
        [environment]
        GTK2_RC_FILES = "/System/Settings/gtk-2.0/gtkrc"
    "#;
    let profile = administrator(&[("gtk2", text)]).load(&name("gtk2")).unwrap();
    assert_eq!(profile.description, "what it is for");
    assert_eq!(asked(&profile), ["GTK+ = 2.24.22 /etc/gtk2.toml:3", "CPAN:XML::Parser /etc/gtk2.toml:3"]);
    assert_eq!((profile.prefer, profile.strict, profile.pure), (Prefer::Newest, true, true));
    assert_eq!((profile.arch.as_ref(), profile.personality), (Some(&Arch::I686), true));
    assert_eq!(profile.environment["GTK2_RC_FILES"], "/System/Settings/gtk-2.0/gtkrc");
    assert_eq!((profile.author, profile.notes.len()), (Author::Administrator, 0));

    let mut request = Request::new(Arch::I686).with("Lua".parse().unwrap(), crate::plan::Source::Asked);
    profile.add_to(&mut request);
    let wishes: Vec<String> = request.wishes.iter().map(|wish| wish.requirement.to_string()).collect();
    assert_eq!(wishes, ["Lua", "GTK+ = 2.24.22", "CPAN:XML::Parser"]);
    assert_eq!((request.profile.as_deref(), request.pure, request.strict), (Some("gtk2"), true, true));
    assert_eq!(request.on_conflict, OnConflict::Solve);
    assert_eq!(request.use_flags, [("gtk".to_owned(), false), ("mysql".to_owned(), true)].into());
}

#[test]
fn the_includers_word_comes_first() {
    let profiles = administrator(&[
        ("a", "include = [\"b\", \"c\"]\nprograms = [\"A\"]\n[environment]\nX = \"a\""),
        ("b", "include = [\"d\"]\nprograms = [\"B\"]\n[environment]\nX = \"b\"\nY = \"b\""),
        ("c", "include = [\"d\"]\nprograms = [\"C\"]\n[environment]\nY = \"c\"\nZ = \"c\""),
        ("d", "programs = [\"D\"]"),
    ]);
    let profile = profiles.load(&name("a")).unwrap();
    assert_eq!(asked(&profile), ["A /etc/a.toml:2", "B /etc/b.toml:2", "D /etc/d.toml:1", "C /etc/c.toml:2"]);
    let variables: Vec<String> = profile.environment.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(variables, ["X=a", "Y=b", "Z=c"]);
    assert_eq!(profile.files, ["/etc/a.toml", "/etc/b.toml", "/etc/d.toml", "/etc/c.toml"]);
}

#[test]
fn options_of_an_included_profile_are_ignored_with_a_note() {
    let profiles = administrator(&[
        ("a", "include = [\"b\"]\nstrict = true"),
        ("b", "arch = \"i686\"\nstrict = true\npure = false\nprefer = \"newest\""),
    ]);
    let profile = profiles.load(&name("a")).unwrap();
    assert_eq!((profile.arch, profile.prefer, profile.strict), (None, Prefer::Current, true));
    assert!(profile.notes.iter().all(|note| note.severity == Severity::Warning));
    let notes: Vec<String> = profile.notes.iter().map(Diagnostic::one_line).collect();
    assert_eq!(
        notes,
        [
            "/etc/b.toml:4:10: `prefer` of an included profile is ignored",
            "/etc/b.toml:1:8: `arch` of an included profile is ignored"
        ]
    );
}

#[test]
fn r18_profiles_that_include_each_other_are_shown_as_a_chain() {
    let profiles =
        administrator(&[("a", "include = [\"b\"]"), ("b", "include = [\"c\"]"), ("c", "include = [\"a\"]")]);
    let error = profiles.load(&name("a")).unwrap_err();
    let expected = [
        "/etc/c.toml:1:12: error: profiles include each other: a -> b -> c -> a",
        " 1 | include = [\"a\"]",
        "                ^^^",
    ];
    assert_eq!(error.to_string(), expected.join("\n"));
}

#[test]
fn r18_includes_are_eight_deep_and_no_deeper() {
    let chain: Vec<(String, String)> = (0..10)
        .map(|i| (format!("p{i}"), format!("include = [\"p{}\"]\nprograms = [\"A\"]", i + 1)))
        .collect();
    let mut list: Vec<(&str, &str)> = chain.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    list.push(("p10", ""));
    let profiles = administrator(&list);
    assert_eq!(profiles.load(&name("p2")).unwrap().files.len(), 9);
    assert_eq!(
        profiles.load(&name("p1")).unwrap_err().one_line(),
        "/etc/p9.toml:1:12: includes are more than 8 deep: p1 -> p2 -> p3 -> p4 -> p5 -> p6 -> p7 -> p8 -> p9 -> p10"
    );
}

#[test]
fn one_bad_profile_breaks_no_other() {
    let profiles = administrator(&[("good", "programs = [\"A\"]"), ("bad", "programs = [")]);
    assert!(profiles.load(&name("good")).is_ok());
    assert!(profiles.load(&name("bad")).is_err());
    assert_eq!(profiles.names().unwrap().len(), 2);
    assert_eq!(
        profiles.load(&name("goood")).unwrap_err().to_string(),
        "there is no profile `goood` (did you mean `good`?)"
    );
}

#[test]
fn every_error_of_every_file_is_told() {
    let profiles = administrator(&[
        ("a", "include = [\"b\", \"x\"]\nprograms = [\"/\"]"),
        ("b", "[environment]\nLD_PRELOAD = \"x\""),
    ]);
    let ConfigError::Invalid(errors) = profiles.load(&name("a")).unwrap_err() else {
        panic!("another error")
    };
    let places: Vec<String> = errors.iter().map(|e| format!("{}:{}", e.file, e.line)).collect();
    assert_eq!(places, ["/etc/a.toml:2", "/etc/b.toml:2", "/etc/a.toml:1"]);
}

#[test]
fn r3_what_a_user_wrote_in_part_is_his() {
    let profiles =
        administrator(&[("gtk2", "programs = [\"A\"]"), ("i686", ""), ("x", "include = [\"mine\"]")])
            .and_texts(
                texts(&[("mine", "include = [\"gtk2\"]"), ("gtk2", "programs = [\"Evil\"]"), ("other", "")]),
                "home".as_ref(),
                Author::User,
            );
    let mine = profiles.load(&name("mine")).unwrap();
    assert_eq!(mine.author, Author::User);
    assert_eq!(asked(&mine), ["A /etc/gtk2.toml:1"], "the administrator's goes first");
    assert_eq!(profiles.load(&name("gtk2")).unwrap().author, Author::Administrator);
    assert_eq!(
        profiles.load(&name("x")).unwrap_err().one_line(),
        "/etc/x.toml:1:12: there is no profile `mine` to include",
        "the administrator's profiles include nothing of a user"
    );
    assert_eq!(profiles.names().unwrap()[&name("gtk2")], Author::Administrator);
    assert_eq!(
        profiles.load_for_login(&name("mine"), &Allow::default()).unwrap_err().one_line(),
        "/home/mine.toml:1:12: policy does not let this user select `gtk2`, nor include it"
    );
    let quoting = profiles.load_for_login(&name("mine"), &Allow::default()).unwrap_err();
    assert_eq!(
        quoting.without_content().one_line(),
        "/home/mine.toml: line 1 is not understood (its owner sees why by gobo-session check)",
        "R9"
    );
}

#[test]
fn r2_at_a_login_a_users_own_profile_names_things_and_nothing_else() {
    let profiles = administrator(&[("gtk2", "[environment]\nA = \"of the administrator\"")]).and_texts(
        texts(&[
            ("mine", "include = [\"gtk2\"]\nprograms = [\"A = 1\"]\narch = \"i686\""),
            ("sets", "programs = [\"A\"]\n[environment]\nGTK2_RC_FILES = \"/tmp/x\""),
            ("gets", "include = [\"sets\"]"),
            ("path", "programs = [\"/Programs/A/1\"]"),
        ]),
        "home".as_ref(),
        Author::User,
    );
    let login = |profile: &str| profiles.load_for_login(&name(profile), &Allow::All);
    let mine = login("mine").unwrap();
    assert_eq!((mine.arch, mine.environment.len()), (Some(Arch::I686), 1));
    assert!(profiles.load(&name("sets")).is_ok(), "at `gobo-session run` it may");
    let refusal = "/home/sets.toml:3:1: a user's own profile sets no variables at login (set them in the shell's start \
                   file)";
    assert_eq!(login("sets").unwrap_err().one_line(), refusal);
    assert_eq!(login("gets").unwrap_err().one_line(), refusal);
    assert!(login("path").unwrap_err().one_line().starts_with("/home/path.toml:1:14: "));
}

#[test]
fn what_somebody_else_did_not_read_is_refused_alone() {
    let mut files = texts(&[("a", ""), ("b", "")]);
    files.insert(name("b"), Err("it is a link".to_owned()));
    let profiles = Profiles::none().and_texts(files, "home".as_ref(), Author::User);
    assert!(profiles.load(&name("a")).is_ok());
    assert_eq!(profiles.load(&name("b")).unwrap_err().one_line(), "/home/b.toml: it is a link");
}
