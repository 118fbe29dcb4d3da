//! How `run` ends: as the command does, or as env(1) would where there is none.

use super::{LUA, Machine};
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use std::os::unix::process::ExitStatusExt as _;

/// The exit code and what stands on standard error.
struct Ending<'a>(i32, &'a [&'a str]);

impl Ending<'_> {
    fn assert(&self, machine: &Machine, words: &[&str]) -> Result<()> {
        let Self(code, texts) = self;
        let output = machine.run(words)?;
        assert_eq!((output.status.code(), output.text()), (Some(*code), String::new()), "{output}");
        let errors = output.errors();
        assert!(texts.iter().all(|text| errors.contains(text)), "{texts:?} are not in {output}");
        assert!(!errors.contains("panicked"), "{output}");
        Ok(())
    }
}

#[test]
fn every_exit_code_is_the_commands_own() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script =
        "for code in {0..255}; do gobo-session run --with 'Lua = 5.1.5' sh -c \"exit $code\"; echo $?; done";
    let output = machine.command(["bash", "-c", script]).run()?.success()?;
    let codes: Vec<String> = (0..=255).map(|code| code.to_string()).collect();
    assert_eq!(
        (output.text().lines().collect::<Vec<_>>(), output.errors().as_str()),
        (codes.iter().map(String::as_str).collect(), "")
    );
    Ok(())
}

#[test]
fn death_by_a_signal_is_the_commands_own() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let signals = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ILL", 4),
        ("ABRT", 6),
        ("KILL", 9),
        ("SEGV", 11),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
    ];
    for (name, number) in signals {
        let die = format!(
            "import os, resource, signal; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); \
             number = signal.SIG{name}; number == 9 or signal.signal(number, signal.SIG_DFL); os.kill(os.getpid(), number)"
        );
        let output = machine.run([LUA[0], LUA[1], "python3", "-c", &die])?;
        assert_eq!(output.status.signal(), Some(number), "{output}");
    }
    Ok(())
}

#[test]
fn what_cannot_be_understood_or_met_ends_with_125() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let cases: [(&[&str], &[&str]); 12] = [
        (&["--wiht", "Lua", "true"], &["'--wiht'", "'--with'"]),
        (&[], &["<COMMAND>"]),
        (&LUA, &["<COMMAND>"]),
        (&["--with"], &["--with"]),
        (&["--with", ">= 3", "true"], &["--with"]),
        (&["--arch", "so so", "true"], &["is no architecture"]),
        (&["--with", "Luaa", "true"], &["Luaa is not installed", "did you mean Lua?", "command line"]),
        (&["--with", "NoSuchThing", "true"], &["NoSuchThing is not installed"]),
        (&["--with", "Lua = 9", "true"], &["nothing meets `Lua = 9`", "5.1.5", "5.3.6", "5.4.4"]),
        (&["--arch", "i686", "--with", "Lua", "true"], &["nothing meets `Lua`", "i686 is wanted"]),
        (&["--profile", "nowhere", "true"], &["nowhere"]),
        (&["--root", "/no/such/root", "true"], &["/no/such/root"]),
    ];
    for (words, texts) in cases {
        Ending(125, texts).assert(&machine, words)?;
    }
    Ok(())
}

#[test]
fn a_command_that_cannot_be_found_ends_with_127() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = machine.own_program("orphan", "#!/no/such/interpreter\n", 0o755)?;
    let cases: [(&[&str], &[&str]); 4] = [
        (&["no-such-command"], &["no-such-command", "No such file", "PATH"]),
        (&["/no/such/command"], &["/no/such/command", "No such file"]),
        (&[""], &["No such file"]),
        (&[&script], &["orphan", "interpreter"]),
    ];
    for (words, texts) in cases {
        Ending(127, texts).assert(&machine, words)?;
        Ending(127, texts).assert(&machine, &[&LUA, words].concat())?;
    }
    let output = machine
        .command(["/System/Index/bin/gobo-session", "run", "orphan"])
        .env("PATH", "/Users/ann")
        .run()?;
    assert!(output.status.code() == Some(127) && output.errors().contains("interpreter"), "{output}");
    Ok(())
}

#[test]
fn a_command_that_cannot_be_run_ends_with_126() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let plain = machine.own_program("plain", "true\n", 0o644)?;
    let below = format!("{plain}/below");
    let garbage = machine.own_program("garbage", [b"\x7fELF".as_slice(), &[0xff; 60]].concat(), 0o755)?;
    for (word, text) in
        [(plain.as_str(), "Permission denied"), ("/Users", "Permission denied"), (&below, "Not a directory")]
    {
        Ending(126, &[word, text]).assert(&machine, &[word])?;
        Ending(126, &[word, text]).assert(&machine, &[LUA[0], LUA[1], word])?;
    }
    // As execvp(3) has it, a shell gets what the kernel does not know, and says so.
    assert_eq!(machine.run([&garbage])?.status.code(), Some(126));
    let output = machine
        .command(["/System/Index/bin/gobo-session", "run", "plain"])
        .env("PATH", "/Users/ann")
        .run()?;
    assert!(output.status.code() == Some(126) && output.errors().contains("Permission denied"), "{output}");
    Ok(())
}

#[test]
fn a_script_without_a_first_line_is_given_to_the_shell() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = machine.own_program("script", "echo \"$0 $# $2\"; exit 5\n", 0o755)?;
    let output = machine.run([LUA[0], LUA[1], &script, "one", "two words"])?;
    assert_eq!((output.status.code(), output.text()), (Some(5), format!("{script} 2 two words")), "{output}");
    Ok(())
}

#[test]
fn help_and_version_are_no_failures() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for words in [&["--help"][..], &["-h"], &["--version"], &["--with", "Lua", "--help"]] {
        let output = machine.run(words)?.success()?;
        assert!(output.text().contains("gobo-session") && output.stderr.is_empty(), "{output}");
    }
    for (words, code) in
        [(&["gobo-session"][..], 2), (&["gobo-session", "rnu"], 2), (&["gobo-session", "--help"], 0)]
    {
        assert_eq!(machine.command(words).run()?.status.code(), Some(code), "{words:?}");
    }
    Ok(())
}
