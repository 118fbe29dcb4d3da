//! Bash as the judge: what it exports after sourcing a text is what the evaluator must export.

use super::scope;
use crate::environment::{Forbidden, evaluate, forbidden};
use crate::version::corpus;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

type Variables = BTreeMap<String, String>;

/// Sources each file given behind it in a shell of its own, from one starting environment.
const SCRIPT: &str = r#"
SuperUserName() { echo root; }
for file; do
    (. "$file" >/dev/null 2>&1 </dev/null; unset -f SuperUserName; printf '\1\0'; exec /usr/bin/env -0 2>/dev/null) 2>/dev/null
done
"#;

/// What bash has in its environment after sourcing each of the files; none where there is no bash.
fn sourced(files: &[PathBuf]) -> Option<Vec<Variables>> {
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-c"]);
    let mut start = String::new();
    let variables = scope();
    for name in GIVEN {
        let value = variables.get(name).unwrap_or_else(|| panic!("{name} is not given"));
        start.push_str(&format!("{name}='{value}'\n"));
    }
    command.arg(start + SCRIPT).arg("bash").args(files);
    command.env_clear().env("HOME", "/Users/ann").env("XDG_DATA_DIRS", "/usr/share").current_dir("/");
    let output = match command.output() {
        Ok(output) => output.stdout,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("not run: there is no bash to compare with");
            return None;
        }
        Err(error) => panic!("bash: {error}"),
    };
    let output = String::from_utf8_lossy(&output).into_owned();
    let environments: Vec<Variables> = output
        .split("\u{1}\0")
        .skip(1)
        .map(|environment| {
            let pairs = environment.split_terminator('\0').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        })
        .collect();
    assert_eq!(environments.len(), files.len(), "an environment for each file");
    Some(environments)
}

/// What the shell gets before it sources a file.
const GIVEN: [&str; 11] = [
    "goboPrograms",
    "goboSystem",
    "goboIndex",
    "goboData",
    "goboExecutables",
    "goboLibraries",
    "goboHeaders",
    "goboShared",
    "goboSettings",
    "goboVariable",
    "goboLinks",
];

/// The environment after evaluating a text, if all of it was understood. (Nor is a text compared that gives a variable a
/// control character: that one keeps its value here, and what depends on it differs.)
fn evaluated(bytes: &[u8]) -> Result<Variables, String> {
    let mut scope = scope();
    let diagnostics = evaluate("Environment", bytes, &mut scope);
    let refused = Forbidden::ControlCharacter.to_string();
    if let Some(error) = diagnostics.iter().find(|d| d.is_error() || d.message.contains(&refused)) {
        return Err(error.one_line());
    }
    let mut variables: Variables = [("HOME", "/Users/ann"), ("XDG_DATA_DIRS", "/usr/share")]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .into();
    for name in scope.removed() {
        variables.remove(name);
    }
    variables.extend(scope.exported().map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(variables)
}

/// The variables that both sides can have.
fn comparable(variables: &Variables) -> Variables {
    let of_bash = ["PWD", "OLDPWD", "SHLVL", "_"];
    variables
        .iter()
        .filter(|(name, value)| forbidden(name, value).is_none() && !of_bash.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Compares the evaluator with bash on files that it understood; how many those are.
fn compare(folder: &Path, texts: &[(String, Vec<u8>)]) -> Option<usize> {
    let mut files = Vec::new();
    let mut ours = Vec::new();
    for (name, bytes) in texts {
        if let Ok(variables) = evaluated(bytes) {
            let file = folder.join(name);
            fs::write(&file, String::from_utf8_lossy(bytes).replace("\r\n", "\n")).unwrap();
            files.push(file);
            ours.push(variables);
        }
    }
    for ((file, ours), theirs) in files.iter().zip(&ours).zip(sourced(&files)?) {
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(comparable(ours), comparable(&theirs), "{}:\n{text}", file.display());
    }
    Some(files.len())
}

/// The distinct files of the corpus that are not understood, by what is in them:
/// commands (GPG-Agent, Swfdec), their output (Alchemy), loops and functions (LuaRocks), errors in the file itself
/// (KDE-Network, Lua).
const NOT_UNDERSTOOD: [&str; 7] = [
    "GPG-Agent/1.9.22",
    "Swfdec/0.3.5",
    "Alchemy/0.5a",
    "LuaRocks/2.4.0",
    "LuaRocks/3.11.1",
    "KDE-Network/3.5.10",
    "Lua/5.1.1",
];

#[test]
fn the_files_of_the_corpus_export_what_bash_exports() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("environment");
    let index: BTreeMap<String, String> =
        serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let texts: Vec<(String, Vec<u8>)> = index
        .keys()
        .map(|name| (name.clone(), fs::read(folder.join(format!("{name}.env"))).unwrap()))
        .collect();
    let mut rejected = 0;
    for (name, bytes) in &texts {
        if let Err(error) = evaluated(bytes) {
            rejected += 1;
            println!("{}: {error}", index[name]);
            let program = index[name].split('/').next().unwrap();
            assert!(
                NOT_UNDERSTOOD.iter().any(|known| known.starts_with(program)),
                "{}: {error}",
                index[name]
            );
        }
    }
    assert!(rejected <= NOT_UNDERSTOOD.len());
    let scratch = tempfile::tempdir().unwrap();
    let Some(agree) = compare(scratch.path(), &texts) else { return };
    println!(
        "{} distinct files: {rejected} not understood, {agree} compared with bash, all alike",
        texts.len()
    );
    assert_eq!(agree + rejected, texts.len());
}

/// Texts made of what the language is made of.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let whole = vec![
        "a",
        "b",
        "/x",
        ":",
        "$A",
        "${A}",
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
        "#",
        "é",
        "?",
        ",",
    ];
    let broken = vec!["${A:-", "${B:+", "${C-", "${A+", "}", "\"", "'", "\\", "\\}", " ", "$", ";", "{"];
    let piece = prop_oneof![4 => proptest::sample::select(whole), 1 => proptest::sample::select(broken)];
    let word = prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat());
    let name = proptest::sample::select(vec!["A", "B", "C", "D"]);
    let statement = (0..9, name, word.clone(), word).prop_map(|(kind, name, word, other)| match kind {
        0 => format!("{name}={word}\n"),
        1..=3 => format!("export {name}={word}\n"),
        4 => format!("export {name}+={word} D={other}\n"),
        5 => format!("unset {name}; export {name}={word} # {other}\n"),
        6 => format!("if [ -z \"{word}\" ]; then\n export {name}=1\nelse\n export {name}={other}\nfi\n"),
        7 => format!("if [ -n {word} ]\nthen export {name}=2; fi\n"),
        _ => format!("export {name}=\"{word}\"\n"),
    });
    prop::collection::vec(statement, 1..6).prop_map(|statements| statements.concat())
}

#[test]
fn random_texts_export_what_bash_exports() {
    let count =
        std::env::var("GOBO_TESTS_RANDOM_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(600);
    let mut runner = TestRunner::deterministic();
    let texts: Vec<(String, Vec<u8>)> = (0..count)
        .map(|number| {
            let text = any_text().new_tree(&mut runner).unwrap().current();
            (number.to_string(), text.into_bytes())
        })
        .collect();
    let scratch = tempfile::tempdir().unwrap();
    if let Some(agree) = compare(scratch.path(), &texts) {
        println!("{agree} of {} random texts understood, all as bash does", texts.len());
        assert!(agree > texts.len() / 10, "too few to mean anything");
    }
}
