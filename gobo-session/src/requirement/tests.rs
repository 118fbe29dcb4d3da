//! What requirements promise.

use super::*;
use proptest::prelude::*;

fn requirement(text: &str) -> Requirement {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn admits(constraint: &str, version: &str) -> bool {
    requirement(&format!("P {constraint}")).alternatives()[0].admits(&Version::new(version))
}

#[test]
fn canonical_text_of_what_people_type() {
    for (typed, canonical) in [
        ("Lua", "Lua"),
        ("  Lua  ", "Lua"),
        ("Lua = 5.3.6", "Lua = 5.3.6"),
        ("Lua 5.3", "Lua >= 5.3"),
        ("Lua>=5.3", "Lua >= 5.3"),
        ("Lua == 5.3", "Lua = 5.3"),
        ("Lua => 5.0", "Lua >= 5.0"),
        ("Lua =< 5.0", "Lua <= 5.0"),
        ("Lua > = 5.0", "Lua >= 5.0"),
        ("Lua ! = 5.0", "Lua != 5.0"),
        ("Qt >= 3.3.2 < 4.0", "Qt >= 3.3.2, < 4.0"),
        ("Qt >= 3.3.2 ,< 4.0", "Qt >= 3.3.2, < 4.0"),
        ("Linux 2.6, < 2.6.24", "Linux >= 2.6, < 2.6.24"),
        ("Parted >= 1.7.1, != 1.8.3, != 1.8.4", "Parted >= 1.7.1, != 1.8.3, != 1.8.4"),
        ("Expat | LibXML2 2", "Expat | LibXML2 >= 2"),
        ("GCC < 4 | >= 4.1", "GCC < 4 | GCC >= 4.1"),
        ("Mod_PHP [php] | PHP [php , !cgi]", "Mod_PHP [php] | PHP [php,!cgi]"),
        ("ZLib [*generic] >= 2", "ZLib >= 2 [*generic]"),
        ("7Zip 25.00_bin", "7Zip >= 25.00_bin"),
        ("GTK+ = 2.24.22-r2", "GTK+ = 2.24.22-r2"),
        ("CPAN:XML::Parser 2.34", "CPAN:XML::Parser >= 2.34"),
        ("Make # | CMake", "Make"),
        ("A [cross] | B", "B"),
    ] {
        assert_eq!(requirement(typed).to_string(), canonical, "{typed}");
    }
}

#[test]
fn r2_names_and_versions_never_paths_or_options() {
    let long = "a".repeat(256);
    let texts = [
        "",
        " ",
        "# nothing",
        "/etc/passwd",
        "../Lua",
        "..",
        ".Lua",
        "Lua/5.3",
        "-rf",
        "--with",
        "Lua >=",
        "Lua >= /tmp",
        "Lua >= ../5",
        "Lua >= -r",
        "Lua 5.3/../..",
        "Lua 5.3;id",
        "Lua ~> 5",
        "Lua <> 5",
        "Lua 5 6",
        "Lua (any)",
        "Lua 5.3,",
        "Lua, 5.3",
        "| Lua",
        "Lua |",
        "A || B",
        ">= 1",
        "[ssl]",
        "[a] | B",
        "Lua [cross]",
        "Lua [",
        "Lua []",
        "Lua [a b]",
        "Lua\u{0}",
        "Lua\n",
        "Lua\nQt",
        "Lua\u{85}",
        "Lüa",
        "Lua 5\u{202e}",
        "$(id)",
        "CPAN:",
        "CPAN:-e",
        "CPAN:../x",
        "NPM:left-pad",
        "CPAN:\u{202e}",
        &long,
    ];
    for text in texts {
        let error = text.parse::<Requirement>().expect_err(text);
        assert!(!error.to_string().is_empty());
        assert!(text.get(error.span()).is_some(), "{text:?}: {:?} is not a part of it", error.span());
    }
}

#[test]
fn errors_say_what_to_do() {
    let error = |text: &str| text.parse::<Requirement>().unwrap_err().to_string();
    assert_eq!(
        error("Lua >="),
        "a version is missing after `>=` (versions begin with a letter or a digit, as in `>= 1.0`)"
    );
    assert_eq!(error("/Programs/Lua"), "a program's name holds no `/`: write the name alone, not a path");
    assert_eq!(
        error("CPAM:Glib"),
        "`CPAM` is not a package manager that is known here (did you mean `CPAN:Glib`?)"
    );
    assert_eq!(
        error("Lua ~> 5"),
        "this is no part of a dependency (it was left out; a remark stands behind a `#`)"
    );
    assert_eq!("-x".parse::<ProgramName>().unwrap_err(), InvalidName::Start('-'));
}

#[test]
fn constraints_admit_what_they_say() {
    for (constraint, yes, no) in [
        ("= 2.24.22", ["2.24.22", "2.24.22-r3"], ["2.24.22_bin", "2.24.2"]),
        ("= 2.24.33", ["2.24.33-i686", "2.24.33-r3-i686"], ["2.24.3", "2.24.330"]),
        ("= 2.24.22-r3", ["2.24.22-r3", "2.24.22-r3-i686"], ["2.24.22", "2.24.22-r4"]),
        ("!= 1.8.3", ["1.8.4", "1.8.3_bin"], ["1.8.3", "1.8.3-r1"]),
        ("< 4.0", ["3.9", "4.0rc1"], ["4", "4.0.0"]),
        ("<= 4.0", ["4", "4.0.0-i686"], ["4.0.1", "4.0-r1"]),
        ("> 1.0", ["1.0.1", "1.0_bin"], ["1", "1.0rc1"]),
        (">= 1.0", ["1", "1.0-r1"], ["0.9", "git"]),
        ("= 1.17", ["1.17", "1.17.0"], ["1.17_bin", "1.17a"]),
        (">= 3.3.2 < 4.0", ["3.3.2", "3.99"], ["3.3.1", "4.0"]),
    ] {
        for version in yes {
            assert!(admits(constraint, version), "{constraint} does not admit {version}");
        }
        for version in no {
            assert!(!admits(constraint, version), "{constraint} admits {version}");
        }
    }
}

#[test]
fn serde_goes_by_the_canonical_text() {
    let given: Requirement = serde_json::from_str(r#""Qt 3.3.2 < 4""#).unwrap();
    assert_eq!(serde_json::to_string(&given).unwrap(), r#""Qt >= 3.3.2, < 4""#);
    let error = serde_json::from_str::<Requirement>(r#""../Qt""#).unwrap_err();
    assert!(error.to_string().contains("not a path"), "{error}");
    assert!(serde_json::from_str::<ProgramName>(r#""a/b""#).is_err());
}

/// Requirements as the grammar has them.
pub(crate) fn any_requirement() -> impl Strategy<Value = Requirement> {
    let wanted = prop_oneof![
        4 => "[A-Za-z0-9][A-Za-z0-9+._-]{0,8}".prop_map(|name| Wanted::Program(name.parse().unwrap())),
        1 => (proptest::sample::select(&AlienManager::ALL), "[A-Za-z0-9][A-Za-z0-9:._+@-]{0,8}")
            .prop_map(|(manager, name)| Wanted::Alien { manager, name }),
    ];
    let ops = [Op::Equal, Op::NotEqual, Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual];
    let constraint = (proptest::sample::select(ops.to_vec()), "[A-Za-z0-9][A-Za-z0-9+._~-]{0,8}")
        .prop_map(|(op, version)| Constraint { op, version: Version::new(&version) });
    let marks = vec![FlagMark::Plain, FlagMark::Not, FlagMark::Generic];
    let flag =
        (proptest::sample::select(marks), "[a-z0-9_]{1,6}").prop_map(|(mark, name)| Flag { mark, name });
    let alternative = (wanted, prop::collection::vec(constraint, 0..4), prop::collection::vec(flag, 0..3))
        .prop_map(|(wanted, constraints, flags)| Alternative { wanted, constraints, flags });
    prop::collection::vec(alternative, 1..4).prop_map(|alternatives| Requirement::new(alternatives).unwrap())
}

proptest! {
    #[test]
    fn canonical_text_reads_back(requirement in any_requirement()) {
        let text = requirement.to_string();
        prop_assert_eq!(text.parse::<Requirement>(), Ok(requirement));
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let _ = text.parse::<Requirement>();
    }

    #[test]
    fn texts_near_the_grammar_are_read_without_panic(text in "([A-Za-z0-9:+._~<>=!,|#/ \\[\\]\t*()é-]|CPAN:){0,24}") {
        match text.parse::<Requirement>() {
            Ok(requirement) => {
                let canonical = requirement.to_string();
                prop_assert_eq!(canonical.parse::<Requirement>(), Ok(requirement));
            }
            Err(error) => prop_assert!(text.get(error.span()).is_some()),
        }
    }
}
