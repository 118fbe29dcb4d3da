//! Bash as the judge: what it exports after sourcing a text is what the evaluator must export.

use super::scope;
use super::texts::any_text;
use crate::environment::{Forbidden, evaluate, forbidden};
use crate::version::corpus;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
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

/// The distinct files of the corpus that are not understood, and why.
const NOT_UNDERSTOOD: [(&str, &str); 3] = [
    // Asks for processes, starts one, and reads what that has written.
    ("GPG-Agent/1.9.22", ":1:4: only `[ -z word ]` and `[ -n word ]` are understood as conditions"),
    // Looks for a file, and writes it.
    ("Swfdec/0.3.5", ":6:4: only `[ -z word ]` and `[ -n word ]` are understood as conditions"),
    // Bash does not understand it either: a brace is not closed.
    ("KDE-Network/3.5.10", ":1:27: of `${...}`, only"),
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
    let mut rejected = BTreeSet::new();
    for (name, bytes) in &texts {
        if let Err(error) = evaluated(bytes) {
            let program = index[name].trim_end_matches("/Resources/Environment");
            let known = NOT_UNDERSTOOD.iter().find(|(known, _)| *known == program);
            assert!(known.is_some_and(|(_, reason)| error.contains(reason)), "{program}: {error}");
            rejected.insert(program);
        }
    }
    assert_eq!(rejected, NOT_UNDERSTOOD.iter().map(|(program, _)| *program).collect());
    let scratch = tempfile::tempdir().unwrap();
    let Some(agree) = compare(scratch.path(), &texts) else { return };
    println!(
        "{} distinct files: {} not understood, {agree} compared with bash, all alike",
        texts.len(),
        rejected.len(),
    );
    assert_eq!(agree + rejected.len(), texts.len());
}

/// Constructs of the language, each of which is in many of the random texts that are compared.
const CONSTRUCTS: [&str; 12] = [
    "\nif [ -z ",
    "]\nthen",
    "else",
    "for ",
    "$(f ",
    "$(g ",
    "${1",
    "local ",
    "##",
    "%",
    "$(readlink ",
    "export \"",
];

#[test]
fn random_texts_export_what_bash_exports() {
    let count =
        std::env::var("GOBO_TESTS_RANDOM_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1000);
    let mut runner = TestRunner::deterministic();
    let texts: Vec<(String, Vec<u8>)> = (0..count)
        .map(|number| {
            let text = any_text().new_tree(&mut runner).unwrap().current();
            (number.to_string(), text.into_bytes())
        })
        .collect();
    let scratch = tempfile::tempdir().unwrap();
    let Some(agree) = compare(scratch.path(), &texts) else { return };
    println!("{agree} of {} random texts understood, all as bash does", texts.len());
    assert!(agree > texts.len() / 10, "too few to mean anything");
    let compared: Vec<String> = fs::read_dir(scratch.path())
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for construct in CONSTRUCTS {
        let found = compared.iter().filter(|text| text.contains(construct)).count();
        assert!(found > texts.len() / 100, "only {found} with {construct}");
    }
}
