//! Random texts that are made of what the language is made of.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// Pieces of words, anywhere.
const PIECES: [&str; 29] = [
    "a",
    "b",
    "/x",
    ":",
    "$A",
    "${A}",
    "\"$A\"",
    "$B/y",
    "${A:-$B}",
    "${C+ c}",
    "${C-\"d e\"}",
    "\"$B c\"",
    "'q $r'",
    "\"${B:+z$B}\"",
    "~",
    "~/",
    "\\\n",
    "\\ ",
    "\"\\\n\"",
    "\\\"",
    "\\$",
    "=",
    "`SuperUserName`",
    "$(SuperUserName)",
    "$(readlink /Programs/Qt/Current)",
    "#",
    "é",
    ",",
    "\"\"",
];

/// Pieces that mean something in a function.
const ARGUMENTS: [&str; 6] = ["$1", "${2}", "\"$1\"", "${1%/*}", "${2:-\"$1\"}", "\"${1##*/}\""];

/// Pieces that call a function.
const CALLS: [&str; 4] = ["$(f a)", "\"$(f $A \"$B\")\"", "\"$( f '' ${A#a})\"", "$(f \"$(f x/y)\" ${B%b*})"];

/// Pieces that are understood in few places, or together with others.
const ODD: [&str; 18] = [
    "*", "?", "]", "{", "}", "${A:-", "${B:+", "${C-", "${A+", "${A%", "\"", "'", "\\", "\\}", " ", "$", ";",
    "$(g b)",
];

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the function `f`.
    First,
    /// In the function `g`, which calls `f`.
    Second,
    /// Behind them.
    File,
}

/// A value without what a pattern fits.
fn cut() -> impl Strategy<Value = String> {
    let part = select(vec!["*", "a", "b", "/", "x", ":", "\"*\"", "$B", "\"$A\"", "\"/\"", "é", ""]);
    let pattern = prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat());
    (select(vec!["A", "B", "C"]), select(vec!["#", "##", "%", "%%"]), pattern, any::<bool>()).prop_map(
        |(name, operator, pattern, quoted)| {
            let quote = if quoted { "\"" } else { "" };
            format!("{quote}${{{name}{operator}{pattern}}}{quote}")
        },
    )
}

fn word(place: Place) -> impl Strategy<Value = String> {
    let one_of = |pieces: &[&'static str]| select(pieces.to_vec()).prop_map(str::to_owned).boxed();
    let mut pieces = vec![(24, one_of(&PIECES)), (1, one_of(&ODD)), (4, cut().boxed())];
    if place != Place::File {
        pieces.push((9, one_of(&ARGUMENTS)));
    }
    if place != Place::First {
        pieces.push((3, one_of(&CALLS)));
    }
    prop::collection::vec(Union::new_weighted(pieces), 0..5).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["A", "B", "C", "D"])
}

fn plain(place: Place) -> impl Strategy<Value = String> {
    (0..11, name(), word(place), word(place)).prop_map(|(kind, name, word, other)| match kind {
        0 => format!("{name}={word}\n"),
        1..=3 => format!("export {name}={word}\n"),
        4 => format!("export {name}+={word} D={other}\n"),
        5 => format!("unset {name}; export {name}={word} # {other}\n"),
        6 => format!("export {name}${{k}}_$k+={word}\n"),
        7 => format!("export \"{name}=\"{word}\n"),
        8 => format!("export {name}$B+=\"{word}\"\n"),
        _ => format!("export {name}=\"{word}\"\n"),
    })
}

fn compound(place: Place) -> impl Strategy<Value = String> {
    let parts = (0..7, name(), word(place), word(place), plain(place));
    parts.prop_map(|(kind, name, word, other, plain)| match kind {
        0 => format!("if [ -z \"{word}\" ]; then\n {plain}else\n export {name}={other}\nfi\n"),
        1 => format!("if [ -n {word} ]\nthen {plain} fi\n"),
        2 => format!("if [ -z {word}]\nthen\n {plain}elif [ -n {other} ]\nthen\n export C=1\nfi\n"),
        3 => format!("for {name} in a=b {word} {other}\ndo\n {plain}done\n"),
        4 => format!("for k in {word} x/y; do # c\n export {name}+=\"{other}\" A=$k; {plain} done\n"),
        5 => format!("for k in \"{word}\" ''\n\n do for A in {other} a; do {plain} done; done\n"),
        _ => format!("for {name} in 1 \"$A\"; do if [ -z {word} ]; then {plain} fi; done\n"),
    })
}

fn function(name: &'static str, place: Place) -> impl Strategy<Value = String> {
    let inside = prop_oneof![2 => plain(place), 1 => compound(place)];
    let parts = (0..4, self::name(), word(place), word(place), inside);
    parts.prop_map(move |(kind, local, word, other, inside)| match kind {
        0 => format!("{name} () {{\n local {local}={word} k\n echo \"{other}\" ${local}\n}}\n"),
        1 => format!("{name}()\n{{\n {inside} echo {word} {other}; echo\n}}\n"),
        2 => format!("{name} () {{ local {local}=\"{word}\"; {inside} echo \"${local}{other}\"; }}\n"),
        _ => format!("{name} ( ) # c\n{{\n for k in {word}; do {inside} done; echo {other}\n}}\n"),
    })
}

pub(super) fn any_text() -> impl Strategy<Value = String> {
    let statement = prop_oneof![2 => plain(Place::File), 1 => compound(Place::File)];
    let statements = prop::collection::vec(statement, 1..4).prop_map(|statements| statements.concat());
    (function("f", Place::First), function("g", Place::Second), statements).prop_map(|(f, g, statements)| {
        format!("A=a/b B=b\n{f}{g}export D=\"$(f $A \"$B\")\"$(g x) E=\"$(g '' y)\"\n{statements}")
    })
}
