//! `gobo-session lint`: what authors and administrators are told about their files.

use super::{Answer, ask_in};
use anyhow::Result;
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, text)?;
    }
    Ok(folder)
}

/// `gobo-session lint WORDS` in a folder, with the administrator's profiles of that folder.
fn lint(folder: &Path, words: &[&str]) -> Result<Answer> {
    ask_in(folder, &[&["lint", "--root", "."], words].concat(), b"")
}

fn assert_lint(files: &[(&str, &str)], words: &[&str], code: i32, out: &str, err: &str) -> Result<()> {
    let answer = lint(folder(files)?.path(), words)?;
    assert_eq!(
        answer,
        Answer { code: Some(code), out: out.into(), err: err.into() },
        "{words:?}\n{}",
        answer.out
    );
    Ok(())
}

#[test]
fn what_is_good_is_not_talked_about() -> Result<()> {
    assert_lint(
        &[
            ("Resources/Dependencies", "Lua >= 5.1\nGTK+ >= 2.24, < 3 [gtk]\n"),
            ("Resources/BuildDependencies", "Make\n"),
            ("Resources/BuildInformation", "*Warning*: Unresolved library /usr/lib/x.so\nZLib 1.2\n"),
            ("Resources/Environment", "export LUA_PATH=\"$LUA_PATH:/x\"\nalias l=ls\n"),
            ("session.toml", "on-failure = \"deny\"\n[[rule]]\nuser = \"ann\"\nprofile = \"mine\"\n"),
            ("session.d/10-lab.toml", "exempt = [\"@staff\"]\n"),
            ("profiles.d/base.toml", "programs = [\"Lua\"]\n"),
            ("profiles.d/mine.toml", "include = [\"base\"]\n"),
            (".config/gobo-session/session.toml", "profile = \"mine\"\n[service.sshd]\nprofile = \"none\"\n"),
        ],
        &[
            "Resources/Dependencies",
            "Resources/BuildDependencies",
            "Resources/BuildInformation",
            "Resources/Environment",
            "session.toml",
            "session.d/10-lab.toml",
            "profiles.d/base.toml",
            "profiles.d/mine.toml",
            ".config/gobo-session/session.toml",
            "--strict",
        ],
        0,
        "",
        "",
    )
}

#[test]
fn a_warning_is_shown_and_is_no_failure_unless_it_is_to_be() -> Result<()> {
    let files = [("Dependencies", "Lua >= 5.1\nQt >= 3.3.2 < 4.0\n")];
    let shown = |severity: &str| {
        format!(
            "\
Dependencies:2:13: {severity}: a comma is missing here
 2 | Qt >= 3.3.2 < 4.0
                 ^
   = read as `, < 4.0`
"
        )
    };
    let warned = "gobo-session: 1 warning in 1 file\n";
    assert_lint(&files, &["Dependencies"], 0, &shown("warning"), warned)?;
    let failed = "gobo-session: 1 error in 1 file\n";
    assert_lint(&files, &["--strict", "Dependencies"], 1, &shown("error"), failed)
}

#[test]
fn every_kind_of_file_is_read_by_its_reader() -> Result<()> {
    assert_lint(
        &[
            ("Dependencies", "GTK+ >= \n"),
            ("Environment", "export LD_PRELOAD=/x\nexport A=$(date)\n"),
            ("session.toml", "on-failur = \"base\"\n"),
            ("session.d/a.toml", "[[rule]]\nforce = true\nallow = []\n"),
            ("profiles.d/mine.toml", "programs = [\"GTK+ = = 2\"]\ninclude = [\"base\"]\n"),
            ("profiles.d/base.toml", "pure = true\n[environment]\nLD_PRELOAD = \"/x\"\n"),
            (".config/gobo-session/session.toml", "profile = \"a/b\"\n"),
            ("profiles.d/none.toml", "include = [\"bsae\"]\n"),
        ],
        &[
            "Dependencies",
            "Environment",
            "session.toml",
            "session.d/a.toml",
            "profiles.d/mine.toml",
            "profiles.d/base.toml",
            "profiles.d/none.toml",
            ".config/gobo-session/session.toml",
        ],
        1,
        // The trailing blank of the first line is the file's.
        "\
Dependencies:1:6: error: a version is missing after `>=`
 1 | GTK+ >=\u{20}
          ^^^
   = versions begin with a letter or a digit, as in `>= 1.0`
Environment:1:8: warning: `LD_PRELOAD` was left as it is: the dynamic loader acts on it in every program
 1 | export LD_PRELOAD=/x
            ^^^^^^^^^^
   = the Environment file of a program may not set it
Environment:2:10: error: the output of a command: none is run
 2 | export A=$(date)
              ^^^^^^^
   = this statement was left out
session.toml:1:1: error: unknown key `on-failur`
 1 | on-failur = \"base\"
     ^^^^^^^^^
   = did you mean `on-failure`?
session.d/a.toml:1:1: error: a rule with force cannot have allow: its users are not asked
 1 | [[rule]]
     ^^^^^^^^
profiles.d/mine.toml:1:19: error: a version is missing after `=`
 1 | programs = [\"GTK+ = = 2\"]
                       ^^^^^
   = versions begin with a letter or a digit, as in `= 1.0`
profiles.d/base.toml:1:8: warning: `pure` of an included profile is ignored
 1 | pure = true
            ^^^^
profiles.d/base.toml:3:1: error: `LD_PRELOAD` cannot be set: the dynamic loader acts on it in every program
 3 | LD_PRELOAD = \"/x\"
     ^^^^^^^^^^
profiles.d/none.toml: error: `none` is reserved and cannot be the name of a profile
   = its file is named for it: NAME.toml
profiles.d/none.toml:1:12: error: there is no profile `bsae` to include
 1 | include = [\"bsae\"]
                ^^^^^^
   = did you mean `base`?
.config/gobo-session/session.toml:1:11: error: `a/b` is not a profile name
 1 | profile = \"a/b\"
               ^^^^^
",
        "gobo-session: 9 errors and 2 warnings in 8 files\n",
    )
}

#[test]
fn a_policy_names_profiles_that_are_there() -> Result<()> {
    let session = "[default]\nallow = [\"mine\", \"mien\"]\n";
    let drop_in = "[[rule]]\nuser = \"ann\"\nprofile = \"course\"\nallow = [\"none\"]\n";
    let files = [
        ("session.toml", session),
        ("session.d/lab.toml", drop_in),
        ("profiles.d/mine.toml", "strict = true\n"),
    ];
    assert_lint(
        &files,
        &["session.toml", "session.d/lab.toml"],
        0,
        "\
session.toml:2:19: warning: there is no profile `mien`
 2 | allow = [\"mine\", \"mien\"]
                       ^^^^
   = did you mean `mine`?
session.d/lab.toml:3:12: warning: there is no profile `course`
 3 | profile = \"course\"
                ^^^^^^
   = it would be profiles.d/course.toml
",
        "gobo-session: 2 warnings in 2 files\n",
    )?;
    // Where there are no profiles at all, they are elsewhere.
    assert_lint(&files[..2], &["session.toml", "session.d/lab.toml"], 0, "", "")
}

#[test]
fn standard_input_is_a_file_of_the_kind_that_is_said() -> Result<()> {
    let folder = folder(&[("etc/gobo-session/profiles.d/base.toml", "programs = [\"Lua\"]\n")])?;
    let lint = |kind: &str, text: &str| {
        ask_in(folder.path(), &["lint", "--root", ".", "--kind", kind, "-"], text.as_bytes())
    };
    let good = Answer { code: Some(0), out: String::new(), err: String::new() };
    assert_eq!(lint("profile", "include = [\"base\"]\n")?, good);
    assert_eq!(lint("build-information", "*Warning*: Unresolved library /usr/lib/x.so\n")?, good);
    let wrong = lint("selection", "profile = 3\n")?;
    assert_eq!(wrong.code, Some(1));
    assert_eq!(
        wrong.out,
        "\
-:1:11: error: invalid type: integer `3`, expected a string
 1 | profile = 3
               ^
"
    );
    Ok(())
}

#[test]
fn what_cannot_be_checked_is_an_error_and_the_others_are_checked() -> Result<()> {
    let files =
        [("folder/Dependencies", ""), ("Depedencies", ""), ("notes.txt", ""), ("Environment", "ls\n")];
    let folder = folder(&files)?;
    let words = ["folder", "Depedencies", "notes.txt", "missing/Dependencies", "Environment"];
    let answer = lint(folder.path(), &words)?;
    assert_eq!(
        answer.out,
        "\
folder: error: this is a folder
   = name the files in it, as
     `find FOLDER -name Dependencies -exec gobo-session lint {} +` does
Depedencies: error: it cannot be told by its name and place what kind of file this is
   = did you mean Dependencies?
notes.txt: error: it cannot be told by its name and place what kind of file this is
   = say it by --kind, one of dependencies, build-dependencies,
     build-information, environment, profile, policy, selection
missing/Dependencies: error: it cannot be read: No such file or directory (os error 2)
   = is the path right?
Environment:1:1: error: `ls` is a command: none is run
 1 | ls
     ^^
   = this statement was left out
"
    );
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), "gobo-session: 5 errors in 5 files\n"));
    Ok(())
}

#[test]
fn the_advice_about_folders_can_be_followed() -> Result<()> {
    let folder = folder(&[("a/Dependencies", "Lua = = 3\n"), ("b/Dependencies", "Lua\n")])?;
    let program = gobo_tests::lab::built("gobo-session")?;
    let find = std::process::Command::new("find")
        .args([".", "-name", "Dependencies", "-exec"])
        .arg(program)
        .args(["lint", "{}", "+"])
        .current_dir(folder.path())
        .output()?;
    let out = String::from_utf8(find.stdout)?;
    assert!(!find.status.success() && out.starts_with("./a/Dependencies:1:"), "{out}");
    Ok(())
}

#[test]
fn a_fifo_is_not_waited_for() -> Result<()> {
    let folder = folder(&[])?;
    let fifo = folder.path().join("Dependencies");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status()?;
    assert!(made.success());
    let answer = lint(folder.path(), &["Dependencies"])?;
    let shown = "Dependencies: error: this is no regular file\n   = give what it holds to standard input, and name \
                 that: -\n";
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), shown));
    Ok(())
}

#[test]
fn diagnostics_are_json_for_programs() -> Result<()> {
    let folder = folder(&[("Dependencies", "Qt >= 3.3.2 < 4.0\n"), ("notes.txt", "")])?;
    let answer = lint(folder.path(), &["--json", "Dependencies", "notes.txt"])?;
    let all = answer.json()?;
    assert_eq!(answer.code, Some(1));
    assert_eq!(
        all["files"],
        json!([{ "file": "Dependencies", "kind": "dependencies" }, { "file": "notes.txt", "kind": null }])
    );
    assert_eq!((&all["errors"], &all["warnings"]), (&json!(1), &json!(1)));
    assert_eq!(
        all["diagnostics"][0],
        json!({
            "severity": "warning", "file": "Dependencies", "line": 1, "column": 13, "width": 1,
            "message": "a comma is missing here", "help": "read as `, < 4.0`",
            "source": "Qt >= 3.3.2 < 4.0",
        })
    );
    Ok(())
}

#[test]
fn text_of_a_file_does_not_reach_the_terminal_as_it_is() -> Result<()> {
    let folder = folder(&[("Dependencies", "Lua\u{1b}[2J >= 1\n"), ("Environment", "\u{1b}]0;x\u{7} y\n")])?;
    let answer = lint(folder.path(), &["Dependencies", "Environment"])?;
    assert!(answer.code == Some(1) && !answer.out.contains('\u{1b}'), "{answer:#?}");
    Ok(())
}

#[test]
fn every_mistake_in_the_grammar_of_a_file_is_told_at_once() -> Result<()> {
    let text = "on-failure = deny\n[default]\nprofile = \"mine\nallow = [\"a\" \"b\"]\n";
    let files = [("session.toml", text), ("profiles.d/mine.toml", "programs = [\"Lua\"\nstrict = yes\n")];
    let folder = folder(&files)?;
    for (file, lines) in [("session.toml", &[1, 3, 4][..]), ("profiles.d/mine.toml", &[2])] {
        let answer = lint(folder.path(), &[file])?;
        let told = answer.out.lines().filter_map(|line| line.strip_prefix(file)?.strip_prefix(':'));
        let told: Vec<u32> = told.filter_map(|rest| rest.split(':').next()?.parse().ok()).collect();
        assert_eq!((told.as_slice(), answer.code), (lines, Some(1)), "{}", answer.out);
    }
    Ok(())
}
