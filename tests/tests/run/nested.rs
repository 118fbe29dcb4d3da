//! Views in views.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use std::path::Path;

/// Tells the versions of Lua, Bash, Python and Glibc that it sees.
const TELL: &str = r#"#!/bin/sh
python3 - <<'END'
import os, platform, re, subprocess
def version(*command):
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    return re.search("[0-9]+([.][0-9]+)+", said).group()
print(version("lua", "-v"), version("bash", "--version"), platform.python_version(), os.confstr(2).split()[1])
END
"#;

/// What [`TELL`] tells without a view, and in a session of ann's.
const BASE: &str = "5.4.4 5.2.15 3.11.2 2.36";
const SESSION: &str = "5.1.5 5.2.15 3.11.2 2.36";

fn machine(root: &Path) -> Result<Machine> {
    let machine = Machine::new(root)?;
    machine.chamber().write("/Data/tell", TELL)?;
    machine.chamber().set_mode("/Data/tell", 0o755)?;
    Ok(machine)
}

/// One `run` in another, each with its options, and [`TELL`] in the innermost.
fn nest(options: &[&str]) -> String {
    let runs: String = options.iter().map(|options| format!("gobo-session run {options} ")).collect();
    format!("{runs} /Data/tell")
}

#[test]
fn four_deep_every_choice_is_kept() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    let four =
        ["--with 'Lua = 5.3.6'", "--with 'Bash = 5.1.4'", "--with 'Python = 3.9.2'", "--with 'Glibc = 2.41'"];
    assert_eq!(machine.in_session(&nest(&four))?.success()?.text(), "5.3.6 5.1.4 3.9.2 2.41");
    assert_eq!(machine.in_login(&nest(&four))?.success()?.text(), "5.3.6 5.1.4 3.9.2 2.41");
    Ok(())
}

#[test]
fn a_command_in_a_session_adds_to_its_view_and_may_override_it() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    let cases: [(&[&str], &str); 5] = [
        (&[], SESSION),
        (&[""], SESSION),
        (&["--with 'Bash = 5.1.4'"], "5.1.5 5.1.4 3.11.2 2.36"),
        (&["--with 'Lua = 5.3.6'"], "5.3.6 5.2.15 3.11.2 2.36"),
        (&["--with 'Lua = 5.3.6'", "--with 'Lua = 5.4.4'"], BASE),
    ];
    for (options, wanted) in cases {
        assert_eq!(machine.in_session(&nest(options))?.success()?.text(), wanted, "{options:?}");
    }
    assert_eq!(machine.in_login(&nest(&[]))?.success()?.text(), BASE);
    Ok(())
}

#[test]
fn fresh_forgets_what_was_chosen_around() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    let cases: [(&[&str], &str); 4] = [
        (&["--fresh"], BASE),
        (&["--with 'Bash = 5.1.4'", "--fresh"], BASE),
        (&["--fresh --with 'Bash = 5.1.4'"], "5.4.4 5.1.4 3.11.2 2.36"),
        (&["--with 'Bash = 5.1.4'", "--fresh", "--with 'Python = 3.9.2'"], "5.4.4 5.2.15 3.9.2 2.36"),
    ];
    for (options, wanted) in cases {
        assert_eq!(machine.in_session(&nest(options))?.success()?.text(), wanted, "{options:?}");
    }
    // The command itself is one that the session has chosen.
    assert!(machine.in_session("gobo-session run --fresh lua -v")?.success()?.text().contains("Lua 5.4.4"));
    let by_path = machine.in_session("gobo-session run --fresh /Programs/Lua/5.1.5/bin/lua -v")?.success()?;
    assert!(by_path.errors().contains("Lua 5.1.5"), "{by_path}");
    Ok(())
}

#[test]
fn without_the_state_folders_a_view_is_made_once_and_then_says_what_is_missing() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    assert!(!machine.chamber().exists("/run/gobo-session"));
    let once = machine.in_login(&nest(&["--with 'Lua = 5.1.5'"]))?;
    assert_eq!(once.success()?.text(), SESSION);
    let twice = machine.in_login(&nest(&["--with 'Lua = 5.1.5'", "--with 'Bash = 5.1.4'"]))?;
    assert_eq!((twice.status.code(), twice.text()), (Some(125), String::new()));
    let errors = twice.errors();
    for text in
        ["this is a view already", "/run/gobo-session/index", "/run/gobo-session/view", "administrator"]
    {
        assert!(errors.contains(text), "{text:?} is not in {errors}");
    }
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(!machine.chamber().exists("/run/gobo-session"));
    Ok(())
}

#[test]
fn a_session_made_in_a_view_of_a_command_has_its_own() -> Result<()> {
    let machine = machine(&requires_gobo_root!())?;
    machine.in_session("true")?.success()?;
    let output = machine.chamber().sh("gobo-session run --with 'Bash = 5.1.4' su - ann -c /Data/tell")?;
    assert_eq!(output.success()?.text(), SESSION);
    Ok(())
}
