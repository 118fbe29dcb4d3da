//! What evaluating Environment texts promises. The judge is bash.

mod bash;

use super::*;
use proptest::prelude::*;

/// The scope that the tests start from.
fn scope() -> Scope {
    let mut scope = Scope::gobolinux();
    scope.import("HOME", "/Users/ann");
    scope.import("XDG_DATA_DIRS", "/usr/share");
    scope
}

/// The variables that a text exports, and the complaints.
fn run(text: &str) -> (Vec<String>, Vec<String>) {
    let mut scope = scope();
    let diagnostics = evaluate("E", text.as_bytes(), &mut scope);
    let exported = scope.exported().map(|(name, value)| format!("{name}={value}")).collect();
    (exported, diagnostics.iter().map(Diagnostic::one_line).collect())
}

fn exported(text: &str) -> Vec<String> {
    let (exported, complaints) = run(text);
    assert_eq!(complaints, [""; 0], "{text}");
    exported
}

#[test]
fn texts_mean_what_a_shell_makes_of_them() {
    for (text, expected) in [
        ("export A=1", &["A=1"][..]),
        ("A=1\nexport A", &["A=1"]),
        ("export A\nA=1", &["A=1"]),
        ("A=1", &[]),
        ("export A=1 B=$A", &["A=1", "B="]),
        ("A=1 B=$A; export B", &["B=1"]),
        ("export A='a b'\"c $HOME\"\\ d", &["A=a bc /Users/ann d"]),
        (
            "export A=$goboLibraries/x:${goboPrograms}/Y/Current",
            &["A=/System/Index/lib/x:/Programs/Y/Current"],
        ),
        ("export K=$K:/a\nexport K=$K:/b", &["K=:/a:/b"]),
        ("export K=${K:+$K:}/a\nexport K=${K:+$K:}/b", &["K=/a:/b"]),
        ("export A=${B:-${C-x}y}\nB=; export D=${B-z}${B+z}${B:+z}", &["A=xy", "D=z"]),
        ("export A=\"\\\n./?.lua;\\\n$goboShared/x\"", &["A=./?.lua;/System/Index/share/x"]),
        ("export A=a; A+=b; export A+=c", &["A=abc"]),
        ("export A=~/x:~:b~", &["A=/Users/ann/x:/Users/ann:b~"]),
        ("export A=1 B=2; unset A", &["B=2"]),
        ("export B=1 A=2; unset B; export B=3", &["B=3", "A=2"]),
        ("alias a='b; c' d=\"e\"\nexport A=1 # c\n# d", &["A=1"]),
        ("export A=`SuperUserName || echo gobo`$(SuperUserName)", &["A=rootroot"]),
        ("if [ -z $A ]\nthen\n export A=x\nelse\n export A=y\nfi", &["A=x"]),
        ("A=1; if [ -z \"$A\" ]; then export A=x; elif [ -n \"$A\" ]; then export A=y; fi", &["A=y"]),
        ("if [ -n $A ]; then export A=x; fi", &["A=x"]),
        ("if [ -n \"$A\" ]; then export A=x; fi", &[]),
        ("XDG_DATA_DIRS=$XDG_DATA_DIRS:/a", &["XDG_DATA_DIRS=/usr/share:/a"]),
        ("export A=$ B=\"$\" C='$A'", &["A=$", "B=$", "C=$A"]),
        ("export KDEDIRS=$KDEDIRS:KDEDIRS=\"/x\"", &["KDEDIRS=:KDEDIRS=/x"]),
        ("", &[]),
    ] {
        assert_eq!(exported(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_left_out_whole_and_reported() {
    for (text, expected, complaint) in [
        (
            "mkdir x\nexport A=1",
            &["A=1"][..],
            "E:1:1: `mkdir` is a command: none is run (this statement was left out)",
        ),
        (
            "export A=1 B=$(id)\nexport C=1",
            &["C=1"],
            "E:1:14: the output of a command: none is run (this statement was left out)",
        ),
        ("[ -d x ] &&\nexport A=1\nexport B=1", &["B=1"], "E:1:1: `[` is a command"),
        ("for a in 1 2; do\nexport A=$a\ndone\nexport B=1", &["B=1"], "E:1:1: `for` is not understood"),
        ("f ()\n{\n export A=1\n}\nexport B=1", &["B=1"], "E:1:1: functions are not understood"),
        ("if [ -z $A]\nthen\nexport A=1\nfi\nexport B=1", &["B=1"], "E:1:4: only `[ -z word ]`"),
        ("if [ -z \"$A\" ]; then\nid\nexport A=1\nfi", &["A=1"], "E:2:1: `id` is a command"),
        ("export K=${K:+${K:}/x\nexport B=1", &[], "E:1:15: of `${...}`"),
        ("export A=1 > x\nexport B=1", &["B=1"], "E:1:12: "),
        ("A=1 id\nexport B=1", &["B=1"], "E:1:5: a command behind an assignment: `id`"),
        ("export A=x{a,b}\nexport B={a,b}", &[], "E:1:11: `{` is not understood here"),
        ("A='x y'; if [ -z $A ]; then export B=1; else export B=2; fi", &[], "E:1:13: a value with blanks"),
        ("cat <<E\nexport A=1\nE\n", &[], "E:1:1: "),
        ("export -f A", &[], "E:1:8: `-f` is not the name of a variable"),
        ("export A=$1", &[], "E:1:10: `$1` is not understood"),
        ("source ~/x; export A=1", &["A=1"], "E:1:1: `source` is a command"),
        ("fi", &[], "E:1:1: `fi` without `if`"),
        ("if [ -z \"$A\" ]; then export A=1", &[], "E:1:1: this `if` has no `fi`"),
    ] {
        let (found, complaints) = run(text);
        assert_eq!(found, expected, "{text}");
        assert!(
            complaints.first().is_some_and(|first| first.starts_with(complaint)),
            "{text}: {complaints:?}"
        );
    }
}

#[test]
fn r8_forbidden_names_are_skipped_with_a_warning() {
    let mut scope = scope();
    scope.import("LANG", "C");
    let text = b"export LD_PRELOAD=/x.so\nexport PATH=$PATH:/x\nexport HOME=/tmp\nunset HOME LANG\nexport A='a\nb'\nexport B=1";
    let diagnostics = evaluate("E", text, &mut scope);
    assert_eq!(scope.exported().collect::<Vec<_>>(), [("B", "1")]);
    assert_eq!(scope.removed().collect::<Vec<_>>(), ["LANG"]);
    assert_eq!(diagnostics.iter().map(|d| d.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(diagnostics.iter().all(|d| d.severity == Severity::Warning));
    let first = diagnostics[0].one_line();
    assert!(
        first.starts_with("E:1:8: `LD_PRELOAD` was left as it is: the dynamic loader acts on it"),
        "{first}"
    );
}

#[test]
fn current_is_the_version_of_the_view_also_after_expansion() {
    let mut scope = scope();
    scope.set_current("Qt", "4.8.7");
    let text = b"Q=$goboPrograms/Qt\nexport QTDIR=$Q/Current\nexport A=$QTDIR/x:/Programs/KDE/Current";
    assert_eq!(evaluate("E", text, &mut scope), []);
    let expected = [("QTDIR", "/Programs/Qt/4.8.7"), ("A", "/Programs/Qt/4.8.7/x:/Programs/KDE/Current")];
    assert_eq!(scope.exported().collect::<Vec<_>>(), expected);
}

#[test]
fn bytes_of_other_systems() {
    let mut scope = scope();
    let diagnostics = evaluate(
        "E",
        b"\xef\xbb\xbfexport A=1\r\n# \xff\r\nexport B=\xff\r\nexport C=\xc3\xa9\r\n",
        &mut scope,
    );
    assert_eq!(scope.exported().collect::<Vec<_>>(), [("A", "1"), ("C", "é")]);
    let complaints: Vec<_> = diagnostics.iter().map(|d| (d.line, d.is_error())).collect();
    assert_eq!(complaints, [(0, false), (3, true)]);
}

#[test]
fn places_behind_a_byte_order_mark_are_right() {
    for (text, place) in
        [("\u{feff}[ \n", "E:1:1: "), ("\u{feff}id", "E:1:1: "), ("\u{feff}A=1 é\n", "E:1:5: ")]
    {
        let (_, complaints) = run(text);
        assert!(complaints.first().is_some_and(|first| first.starts_with(place)), "{complaints:?}");
    }
}

#[test]
fn r18_everything_is_bounded() {
    let errors = |text: &str| {
        let mut scope = scope();
        let diagnostics = evaluate("E", text.as_bytes(), &mut scope);
        let size: usize = scope.exported().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size <= MAX_VALUES);
        diagnostics.len()
    };
    assert_eq!(errors(&"#".repeat(MAX_FILE + 1)), 1);
    assert!(errors(&format!("export A=xxxxxxxxxx\n{}", "A=$A$A\n".repeat(100))) > 0);
    assert!(errors(&format!("export A=xxxxxxxxxx\n{}", "A+=$A\n".repeat(9000))) > 0);
    assert!(errors(&format!("export A={}\n{}", "x".repeat(9999), "export B=$A\n".repeat(4000))) > 0);
    assert_eq!(errors(&format!("export A={}x{}", "${A:-".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH))), 0);
    assert!(errors(&format!("export A={}x{}", "${A:-".repeat(9999), "}".repeat(9999))) > 0);
    assert!(errors(&format!("export A={}", "\"${A:-".repeat(9999))) > 0);
    assert!(errors(&"if [ -z a ]; then\n".repeat(3000)) > 0);
    assert_eq!(errors(&"id\n".repeat(9999)), MAX_DIAGNOSTICS + 1);
    assert!(errors(&"$(".repeat(30000)) > 0);
}

#[test]
fn r18_large_values_are_not_worked_on_forever() {
    let value = format!("A={}\nA=$A$A$A$A\n", "x".repeat(30_000));
    for again in ["export A\n".repeat(200), format!("export {}", "A ".repeat(200)), "A+= ".repeat(200)] {
        let (_, complaints) = run(&format!("{value}{again}"));
        let last = complaints.last().map(String::as_str).unwrap_or_default();
        assert!(last.ends_with("(the rest of the file was left out)"), "{last:?}");
        assert_eq!(complaints.len(), 1, "it is said once");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_evaluated_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = evaluate("E", &bytes, &mut scope());
    }

    #[test]
    fn texts_near_the_language_are_evaluated_without_panic(text in bash::any_text()) {
        for diagnostic in evaluate("E", text.as_bytes(), &mut scope()) {
            let _ = diagnostic.to_string();
        }
    }
}
