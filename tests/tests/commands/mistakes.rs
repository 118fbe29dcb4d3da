//! Mistakes: each is told in a sentence, with what to do, on standard error alone, and ends as `exit.rs` says.

use super::{Answer, ask_in};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use std::path::Path;

/// A command line, what it ends with, and what it says.
type Mistake<'a> = (&'a [&'a str], i32, &'a str);

fn assert_mistake((words, code, said): Mistake<'_>) -> Result<()> {
    let answer = ask_in(Path::new("/"), words, b"")?;
    let Answer { out, err, .. } = &answer;
    assert_eq!(answer.code, Some(code), "{words:?}: {answer:#?}");
    assert!(out.is_empty() && err.contains(said), "{words:?}: {answer:#?}");
    Ok(())
}

#[test]
fn a_command_line_that_cannot_be_understood() -> Result<()> {
    let mistakes: [Mistake<'_>; 12] = [
        (&["versoins"], 2, "tip: a similar subcommand exists: 'versions'"),
        (&["versions"], 2, "required arguments were not provided:\n  <PROGRAM>"),
        (&["versions", "Lua", "Bash"], 2, "unexpected argument 'Bash'"),
        (&["versions", "a/b"], 2, "a program's name holds no `/`: write the name alone, not a path"),
        (&["plan", "--jsno"], 2, "tip: a similar argument exists: '--json'"),
        (&["plan", "--json", "--dot"], 2, "the argument '--json' cannot be used with '--dot'"),
        (&["plan", "--with", "Lua = = 3"], 2, "invalid value 'Lua = = 3' for '--with <REQUIREMENT>'"),
        (&["plan", "--arch", "a b"], 2, "`a b` is no architecture: write x86_64, i686 or noarch"),
        (&["env", "--json", "--fish"], 2, "the argument '--json' cannot be used with '--fish'"),
        (&["lint"], 2, "required arguments were not provided:\n  <FILE>..."),
        (&["lint", "--kind", "profil", "x"], 2, "tip: a similar value exists: 'profile'"),
        (&["run"], 125, "required arguments were not provided:\n  <COMMAND>..."),
    ];
    mistakes.into_iter().try_for_each(assert_mistake)
}

#[test]
fn a_tree_that_is_none() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (root, missing) = (folder.path().to_string_lossy(), folder.path().join("x"));
    let missing = missing.to_string_lossy();
    let no_tree = "is this a GoboLinux tree? another one is named by --root or [tree] in session.toml";
    for words in [&["plan"][..], &["env"], &["versions", "Lua"], &["why", "lua"], &["diff", "none", "none"]] {
        let with = |root| [&words[..1], &["--root", root], &words[1..]].concat();
        assert_mistake((&with(&root), 1, no_tree))?;
        assert_mistake((&with(&missing), 1, "No such file or directory"))?;
    }
    assert_mistake((&["run", "--root", &root, "true"], 125, no_tree))
}

#[test]
fn something_that_is_not_there() -> Result<()> {
    let world = World::new()?;
    world.program("Lua", "5.4").architecture("x86_64").current().linked();
    let root = world.root().to_string_lossy();
    let mistakes: [Mistake<'_>; 5] = [
        (&["plan", "--with", "Luaa"], 1, "Luaa is not installed; did you mean Lua?"),
        (&["plan", "--with", "Lua = 9"], 1, "Lua is installed as 5.4; install it"),
        (&["plan", "--profile", "course"], 1, "there is no profile `course`"),
        (&["env", "--with", "Luaa"], 1, "Luaa is not installed; did you mean Lua?"),
        (&["versions", "Luaa"], 1, "Luaa is not installed; did you mean Lua?"),
    ];
    for (words, code, said) in mistakes {
        assert_mistake((&[&words[..1], &["--root", &*root], &words[1..]].concat(), code, said))?;
    }
    Ok(())
}

#[test]
fn something_that_may_not_be_read() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), "", &[])?;
    lab.chamber.write("/Users/ann/Dependencies", "Lua\n")?;
    lab.chamber.set_mode("/Users/ann/Dependencies", 0o600)?;
    let output = lab.chamber.as_user("ann", ["gobo-session", "lint", "Dependencies"])?;
    assert_eq!(output.status.code(), Some(1));
    let told = "Dependencies: error: it cannot be read: Permission denied (os error 13)\n   = whoever owns it can let you read \
                it: chmod a+r";
    assert_eq!(output.text(), told);
    lab.chamber.set_mode("/Programs/Lua/5.3.6", 0o700)?;
    let output = lab.chamber.as_user("ann", ["gobo-session", "versions", "Lua"])?.success()?;
    let refused = "no version: 5.3.6 (it cannot be opened: Permission denied (os error 13))";
    assert_eq!(output.text().lines().last(), Some(refused));
    Ok(())
}
