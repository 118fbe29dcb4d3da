//! What evaluating Environment texts promises. The judge is bash.

mod bash;
mod bounds;
mod texts;

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
        ("for a in 1 2 3; do export A+=$a; done", &["A=123"]),
        ("for a in x/y '' $A \"$A\" # c\n\n# d\ndo\nexport A=$A,${a%/*}\ndone; export a", &["a=", "A=,x,,"]),
        ("for a in; do export A=1; done", &[]),
        (
            "v=5.2=_5_2; export A=${v%=*} B=${v#*=} C=\"${v%%_*}\" D=${v##*'_'}",
            &["A=5.2", "B=_5_2", "C=5.2=", "D=2"],
        ),
        ("k=_5 v='a b'; export A$k=1 A$k+=2 \"B$k=$v\"; export C${k}", &["A_5=12", "B_5=a b"]),
        ("C_5=1; k=_5; export C$k $D", &["C_5=1"]),
        ("f () { echo \"a  $1\" $2 b; }\nexport A=\"$(f x) $(f 1 2)\"", &["A=a  x b a  1 2 b"]),
        ("f () { echo a; echo; }\nA=b; export A=$(f)c", &["A=ac"]),
        (
            "A=1\nf ()\n{\n local A=$1 B C=$A\n D=${B-none}\n echo $A$C$D\n}\nexport E=$(f 2)$A$C$D",
            &["E=21none1"],
        ),
        ("f() { export A=1; unset HOLE; echo $A; }; HOLE=x; export B=$(f)$A$HOLE", &["B=1x"]),
        ("f() { echo \"$1${2:+,$(f \"$2\")}\"; }; export A=$(f a b)", &["A=a,b"]),
        ("f() { echo 1; }; f() { echo 2; }; export A=$(f)", &["A=2"]),
        (
            "f() { if [ -z $1 ]; then echo no; else for a in $1 b; do echo $a; done; fi; }\nexport A=$(f)",
            &["A=no"],
        ),
        ("export A=\"$(readlink ${goboPrograms}/Qt/Current)\"", &["A="]),
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
        ("while [ -z $a ]; do\nexport A=$a\ndone\nexport B=1", &["B=1"], "E:1:1: `while` is not understood"),
        ("for a; do\nexport A=$a\ndone\nexport B=1", &["B=1"], "E:1:1: loops are understood as"),
        ("function f {\n export A=1\n}\nexport B=1", &["B=1"], "E:1:1: functions are understood as"),
        ("if [ -z $A\nthen\nexport A=1\nfi\nexport B=1", &["B=1"], "E:1:4: only `[ -z word ]`"),
        ("if [ -z \"$A\" ]; then\nid\nexport A=1\nfi", &["A=1"], "E:2:1: `id` is a command"),
        ("export K=${K:+${K:}/x\nexport B=1", &[], "E:1:15: of `${...}`"),
        ("export A=1 > x\nexport B=1", &["B=1"], "E:1:12: "),
        ("A=1 id\nexport B=1", &["B=1"], "E:1:5: a command behind an assignment: `id`"),
        ("export A=x{a,b}\nexport B={a,b}", &[], "E:1:11: `{` is not understood here"),
        ("A='x y'; if [ -z $A ]; then export B=1; else export B=2; fi", &[], "E:1:18: a value with blanks"),
        ("cat <<E\nexport A=1\nE\n", &[], "E:1:1: "),
        ("export -f A", &[], "E:1:8: `-f` is not the name of a variable"),
        ("export A=$1", &[], "E:1:10: `$1` is not understood"),
        ("source ~/x; export A=1", &["A=1"], "E:1:1: `source` is a command"),
        ("fi", &[], "E:1:1: `fi` without `if`"),
        ("done; export A=1", &["A=1"], "E:1:1: `done` without `for`"),
        (
            "for a in b; export A=1; done; export B=1",
            &["B=1"],
            "E:1:1: this `for` has no `do` where one should be",
        ),
        ("for a in b; do done; export B=1", &["B=1"], "E:1:16: no statement stands before this `done`"),
        ("v='a b'; for a in $v; do export A=$a; done", &[], "E:1:19: a value with blanks"),
        ("v='*'; for a in $v; do export A=$a; done", &[], "E:1:17: a value with `*`"),
        ("for a in *; do export A=$a; done; export B=1", &["B=1"], "E:1:10: `*` is not understood here"),
        ("for a in b; do id; export A=1; done", &["A=1"], "E:1:16: `id` is a command"),
        ("for LD_X in b; do export A=1; done", &[], "E:1:5: `LD_X` was left as it is"),
        ("k='1 2'; export A$k=1 B=1; export C=1", &["C=1"], "E:1:17: a value with blanks"),
        (
            "k=-; export A$k=1 B=1; export C=1",
            &["C=1"],
            "E:1:13: this does not come to the name of a variable",
        ),
        ("k=PRELOAD; export LD_$k=1 B=1", &["B=1"], "E:1:19: `LD_PRELOAD` was left as it is"),
        ("export A=${A%[ab]}", &[], "E:1:14: `[` is not understood here"),
        ("export A=${A/a/b}", &[], "E:1:10: of `${...}`, only"),
        ("v='*'; export A=${A%$v}", &[], "E:1:21: a value with `*`"),
        (
            "f () { id; echo 1; }\nexport A=$(f); export B=1",
            &["B=1"],
            "E:1:8: `id` is a command: none is run (this function",
        ),
        (
            "f () { echo $1; }\nv='a b'\nexport A=$(f \"$v\"); export B=1",
            &["B=1"],
            "E:1:13: a value with blanks that is not quoted makes several words here (the statement that calls this",
        ),
        ("f () { echo 1; }\nf\nexport A=1", &["A=1"], "E:2:1: `f` is a function: only its output"),
        ("f () { echo 1; }; unset f", &[], "E:1:25: `f` is a function"),
        ("f () { echo -n 1; }; export A=$(f)", &[], "E:1:8: `echo` is understood without options"),
        ("f () { g () { echo 1; }; echo 2; }; export A=$(f)", &[], "E:1:8: functions inside functions"),
        ("export A=$(f); f () { echo 1; }", &[], "E:1:10: the output of a command: none is run"),
        (
            "if [ -n \"$A\" ]; then f () { echo 1; }; fi; export A=$(f)",
            &[],
            "E:1:55: this function is not defined",
        ),
        ("echo () { export A=1; }", &[], "E:1:1: `echo` is not understood as the name of a function"),
        ("echo 1; export A=1", &["A=1"], "E:1:1: `echo` is a command"),
        ("local A=1", &[], "E:1:1: `local` is a command"),
        ("f () { local A+=1; echo $A; }", &[], "E:1:14: `local` is not understood with `+=`"),
        ("export A=$(readlink -f /Programs/Qt/Current)", &[], "E:1:10: the output of a command"),
        ("export A=$(readlink /etc/passwd)", &[], "E:1:21: the only link that is known"),
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
fn the_link_current_holds_the_version_of_the_view() {
    let mut scope = scope();
    scope.set_current("Qt", "4.8.7");
    let text =
        b"export A=/Programs/Qt/Current\nexport B=\"$(readlink $A)\" C=$(readlink /Programs/KDE/Current)";
    assert_eq!(evaluate("E", text, &mut scope), []);
    let expected = [("A", "/Programs/Qt/4.8.7"), ("B", "4.8.7"), ("C", "")];
    assert_eq!(scope.exported().collect::<Vec<_>>(), expected);
}

#[test]
fn a_test_that_a_shell_finds_wrong_does_not_hold_and_is_shown() {
    let text = "if [ -z $V]\nthen\n export A=1\nelse\n export A=2\nfi";
    for (before, expected) in [("", "A=1"), ("V=x\n", "A=2"), ("V='[*'\n", "A=2")] {
        let (exported, complaints) = run(&format!("{before}{text}"));
        assert_eq!(exported, [expected], "{before}");
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }
    let (_, complaints) = run(&format!("V='x ]'\n{text}"));
    assert!(complaints[0].contains("several words"), "{complaints:?}");
    let diagnostics = evaluate("E", text.as_bytes(), &mut scope());
    assert_eq!(diagnostics[0].severity, Severity::Warning);
    assert_eq!((diagnostics[0].line, diagnostics[0].column, diagnostics[0].width), (1, 11, 1));
    assert_eq!(diagnostics[0].help.as_deref(), Some("write ` ]`"));
}

#[test]
fn what_is_wrong_in_a_loop_is_said_once() {
    let (_, complaints) = run("for a in 1 2 3; do export LD_X=$a; done");
    assert_eq!(complaints.len(), 1, "{complaints:?}");
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

proptest! {
    #[test]
    fn any_bytes_are_evaluated_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = evaluate("E", &bytes, &mut scope());
    }

    #[test]
    fn texts_near_the_language_are_evaluated_without_panic(text in texts::any_text()) {
        for diagnostic in evaluate("E", text.as_bytes(), &mut scope()) {
            let _ = diagnostic.to_string();
        }
    }

    /// What is kept of a view's variables is taken for those over another environment, where they were not asked for.
    #[test]
    fn nothing_comes_of_what_was_not_asked_for(text in texts::any_text(), one in environment(), other in environment()) {
        let run = |given: &[Option<String>; 4]| {
            let mut scope = Scope::gobolinux();
            for (name, value) in NAMES.iter().zip(given).filter_map(|(name, value)| Some((name, value.as_ref()?))) {
                scope.import(name, value);
            }
            let complaints: Vec<_> = evaluate("E", text.as_bytes(), &mut scope).iter().map(Diagnostic::one_line).collect();
            let exported: Vec<_> = scope.exported().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let removed: Vec<_> = scope.removed().map(str::to_owned).collect();
            ((exported, removed, complaints), scope.asked())
        };
        let (is, asked) = run(&one);
        let mut same = other;
        for (place, _) in NAMES.iter().enumerate().filter(|(_, name)| asked.contains(**name)) {
            same[place].clone_from(&one[place]);
        }
        prop_assert_eq!(run(&same).0, is);
    }
}

/// What a caller may have set.
const NAMES: [&str; 4] = ["A", "B", "C", "HOME"];

fn environment() -> impl Strategy<Value = [Option<String>; 4]> {
    let value =
        || prop::option::of(prop::sample::select(vec!["", "x", "a b", "/p/*"]).prop_map(str::to_owned));
    [value(), value(), value(), value()]
}
