//! Each option.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;

/// A machine with Foo of two architectures, 1.0 for i686, and a file that asks for it.
fn with_architectures(machine: &Machine) -> Result<String> {
    for (version, arch) in [("Foo/1.0", "i686"), ("Foo/1.1", "x86_64")] {
        machine.install(version, "")?;
        machine.chamber().write(format!("/Programs/{version}/Resources/Architecture"), arch)?;
    }
    machine.file("Dependencies", "Foo\n")
}

#[test]
fn arch_is_that_of_the_dependencies() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = with_architectures(&machine)?;
    for (options, version) in [
        (&["-a", "i686"][..], "Foo/1.0"),
        (&["--arch=i386"], "Foo/1.0"),
        (&["--arch", "i686"], "Foo/1.0"),
        (&["-a", "x86_64"], "Foo/1.1"),
        (&["-a", "i686", "-a", "x86_64"], "Foo/1.1"),
        (&[], "Foo/1.1"),
    ] {
        let options = [options, &["-d", &file]].concat();
        assert_eq!(machine.shows(&options, "foo")?, version, "{options:?}");
    }
    Ok(())
}

#[test]
fn arch_is_by_default_the_files_then_its_programs_then_the_machines() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = with_architectures(&machine)?;
    // A shell of the other architecture needs what its own program does.
    let file_32 = machine.file("Dependencies32", "Foo\nBash\n")?;
    let bash = machine.chamber().read_bytes("/Programs/Bash/5.2.15-i686/bin/bash")?;
    machine.executable("/Users/ann/bash32", bash)?;
    let of_file = machine.runner(["-d", &file_32, "/Users/ann/bash32", "-c", "foo; echo $MACHTYPE"])?;
    assert_eq!(of_file.success()?.text(), "Foo/1.0\ni686-pc-linux-gnu");
    // Without a first line that names one, a script has no interpreter whose file could be looked at.
    machine.executable("/Programs/Bar/1.0/bin/bar", "foo\n")?;
    machine.chamber().write("/Programs/Bar/1.0/Resources/Architecture", "i686\n")?;
    let of_program = machine.runner(["-d", &file, "/Programs/Bar/1.0/bin/bar"])?.success()?;
    assert_eq!(of_program.text(), "Foo/1.0");
    machine.executable("/Users/ann/baz", "foo\n")?;
    assert_eq!(machine.runner(["-d", &file, "./baz"])?.success()?.text(), "Foo/1.1");
    Ok(())
}

#[test]
fn dependencies_may_be_repeated_and_the_first_file_weighs_most() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let first = machine.file("first", "Lua = 5.1.5\n")?;
    let second = machine.file("second", "Lua 5.1.5\nBash = 5.1.4\n")?;
    for options in [
        ["-d", &first, "-d", &second],
        ["--dependencies", &first, "--dep", &second],
        ["-q", "-d", &first, &format!("--dependencies={second}")],
    ] {
        let script = "lua -v 2>&1; bash -c 'echo $BASH_VERSION'";
        let told = machine.shows(&options, script)?;
        assert!(told.starts_with("Lua 5.1.5") && told.contains("\n5.1.4("), "{told}");
    }
    let newer = machine.file("newer", "Lua = 5.3.6\n")?;
    let told = machine.runner(["-d", &newer, "-d", &first, "sh", "-c", "lua -v 2>&1"])?.success()?;
    assert!(told.text().starts_with("Lua 5.3.6"), "{told}");
    Ok(())
}

#[test]
fn the_document_has_every_option() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let help = machine.runner(["-h"])?.success()?.text();
    let document = include_str!("../../../docs/runner.md");
    let is_option = |word: &&str| word.starts_with("--") && word.len() > 2;
    let options: Vec<&str> = help.lines().filter_map(|line| line.split([' ', ',']).find(is_option)).collect();
    assert!(options.len() >= 12, "{help}");
    for option in options.into_iter().filter(|option| *option != "--version") {
        let option = option.trim_end_matches("...");
        let row = document.lines().find(|line| line.starts_with("| `-") && line.contains(option));
        assert!(row.is_some(), "{option} is not in docs/runner.md");
    }
    Ok(())
}

#[test]
fn help_is_told_and_no_failure() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for words in [&["-h"][..], &["--help"], &["-q", "-h"], &["-d", "nowhere", "--help"]] {
        let output = machine.runner(words)?.success()?;
        for option in ["--arch", "--pure", "--no-removedeps"] {
            assert!(output.text().contains(option) && output.stderr.is_empty(), "{output}");
        }
    }
    Ok(())
}

#[test]
fn quiet_says_nothing_and_verbose_what_is_layered() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\nNo-Such-Program\nBad >= = 1\n")?;
    let said = |options: &[&str]| -> Result<String> {
        let output = machine.runner([options, &["-d", &file, "true"]].concat())?.success()?;
        assert!(output.stdout.is_empty(), "{output}");
        Ok(output.errors())
    };
    assert_eq!(said(&["-q"])?, "");
    assert_eq!(said(&["--quiet"])?, "");
    let usual = said(&[])?;
    assert!(usual.contains("No-Such-Program is not installed") && usual.contains(":3:"), "{usual}");
    assert!(!usual.contains("adding"), "{usual}");
    let line = "gobo-session: adding dependency /Programs/Lua/5.1.5";
    assert_eq!(said(&["-v"])?.lines().filter(|said| said.contains("adding")).collect::<Vec<_>>(), [line]);
    for debug in [&["-vv"][..], &["-v", "--verbose"]] {
        let told = said(debug)?;
        assert!(told.contains(&format!("{line} (asked for by {file}:1)")), "{told}");
    }
    Ok(())
}

#[test]
fn check_tells_by_its_code_whether_it_can_work_here() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let said = |words: &[&str]| -> Result<(Option<i32>, String, String)> {
        let output = machine.runner(words)?;
        Ok((output.status.code(), output.text(), output.errors()))
    };
    let nothing = |code| (Some(code), String::new(), String::new());
    for words in [&["-c"][..], &["--check"], &["-q", "-c"], &["-c", "no-such-command"]] {
        assert_eq!(said(words)?, nothing(0), "{words:?}");
    }
    let which = machine.command(["sh", "-c", "command -v Runner && Runner -c"]).run()?.success()?;
    assert_eq!(which.text(), "/System/Index/bin/Runner");
    assert_eq!(said(&["-cv"])?.2, "gobo-session: views can be made here");
    let silent = machine.forbidden("Runner -c")?;
    assert_eq!((silent.status.code(), silent.text(), silent.errors()), nothing(1));
    let told = machine.forbidden("Runner -cv")?;
    assert_eq!((told.status.code(), told.text()), (Some(1), String::new()));
    let errors = told.errors();
    assert!(
        errors.contains("no view can be made here") && errors.contains("max_user_namespaces"),
        "{errors}"
    );
    machine.as_root(["-c"])?.success()?;
    let script = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec Runner -c";
    let root = machine.chamber().run(["unshare", "--user", "--map-root-user", "sh", "-c", script])?;
    assert_eq!((root.status.code(), root.text(), root.errors()), nothing(1));
    Ok(())
}

#[test]
fn the_null_device_is_a_file_of_no_dependencies() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install("Foo/1.0", "")?;
    for options in [&["-d", "/dev/null"][..], &["-p", "-d", "/dev/null"]] {
        let output = machine.runner([options, &["true"]].concat())?.success()?;
        assert_eq!(output.errors(), "", "{options:?}");
    }
    Ok(())
}

#[test]
fn strict_takes_a_bare_version_for_that_version_alone() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install("Foo/1.0", "")?;
    machine.install_current("Foo/1.5", "")?;
    let file = machine.file("Dependencies", "Foo 1.0\n")?;
    assert_eq!(machine.shows(&["-d", &file], "foo")?, "Foo/1.5");
    assert_eq!(machine.shows(&["-S", "-d", &file], "foo")?, "Foo/1.0");
    assert_eq!(machine.shows(&["--strict", "-d", &file], "foo")?, "Foo/1.0");
    // The same in the file of the command's own program.
    machine.install_current("Bar/1.0", "Foo 1.0\n")?;
    machine.tool("Bar/1.0", "bar", "foo")?;
    for bar in ["bar", "/Programs/Bar/1.0/bin/bar"] {
        assert_eq!(machine.runner([bar])?.success()?.text(), "Foo/1.5");
        assert_eq!(machine.runner(["-S", bar])?.success()?.text(), "Foo/1.0");
    }
    Ok(())
}

#[test]
fn pure_holds_the_dependencies_and_bash_alone() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let script = "lua -v 2>&1; for name in /System/Index/bin/*; do echo ${name##*/}; done";
    for pure in ["-p", "--pure"] {
        let told = machine.shows(&[pure, "-d", &file], script)?;
        let names: Vec<&str> = told.lines().skip(1).collect();
        assert!(told.starts_with("Lua 5.1.5") && names.contains(&"bash"), "{told}");
        assert!(!names.contains(&"python3") && !names.contains(&"grep"), "{told}");
    }
    // Bash is there also where nothing else would bring it.
    let lua = machine.runner(["-p", "-d", &file, "lua", "-e", "os.execute('bash --version')"])?.success()?;
    assert!(lua.text().contains("version 5.2.15"), "{lua}");
    Ok(())
}

#[test]
fn fallback_runs_the_command_where_no_view_can_be_made() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let lua =
        |options: &[&str]| machine.runner([options, &["-d", &file, "sh", "-c", "lua -v 2>&1"]].concat());
    assert!(lua(&["-f"])?.success()?.text().contains("Lua 5.1.5"), "a view that can be made is made");
    let without = |option: &str| machine.forbidden(&format!("Runner {option} -d {file} lua -v"));
    assert_eq!(without("")?.status.code(), Some(4));
    for fallback in ["-f", "--fallback"] {
        let output = without(fallback)?.success()?;
        assert!(output.text().contains("Lua 5.4.4"), "{output}");
        assert!(output.errors().contains("the command is run without a view"), "{output}");
    }
    assert_eq!(without("-qf")?.success()?.errors(), "");
    assert_eq!(machine.runner(["-f", "-d", "nowhere", "true"])?.status.code(), Some(5));
    assert_eq!(machine.runner(["-f", "sh", "-c", "exit 9"])?.status.code(), Some(9));
    assert_eq!(machine.runner(["-f", "no-such-command"])?.status.code(), Some(255));
    Ok(())
}

#[test]
fn no_source_env_leaves_environment_files_alone() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let path = "/Programs/Lua/5.1.5/share/lua/5.1/?.lua;;";
    let script = "echo \"$LUA_PATH $GOBOLINUX_RUNNER\"";
    assert_eq!(machine.shows(&["-d", &file], script)?, format!("{path} 1"));
    assert_eq!(machine.shows(&["-E", "-d", &file], script)?, " 1");
    assert_eq!(machine.shows(&["--no-source-env", "-d", &file], script)?, " 1");
    Ok(())
}

#[test]
fn no_cleanup_is_accepted_and_nothing_is_left_with_it_either() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let before = machine.chamber().host_state()?;
    for option in ["-C", "--no-cleanup"] {
        assert!(machine.shows(&[option, "-d", &file], "lua -v 2>&1")?.contains("Lua 5.1.5"));
    }
    machine.chamber().wait_for_state(&before, super::PATIENCE)
}

#[test]
fn no_removedeps_leaves_what_other_versions_have() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.install_current("Foo/1.0", "")?;
    machine.tool("Foo/1.0", "foo-only-old", "echo old")?;
    machine.chamber().link("/Programs/Foo/1.0/bin/foo-only-old", "/System/Index/bin/foo-only-old")?;
    machine.install("Foo/1.1", "")?;
    let file = machine.file("Dependencies", "Foo = 1.1\n")?;
    let script = "foo; command -v foo-only-old";
    assert_eq!(machine.runner(["-d", &file, "sh", "-c", script])?.text(), "Foo/1.1");
    for option in ["-R", "--no-removedeps"] {
        let told = machine.shows(&[option, "-d", &file], script)?;
        assert_eq!(told, "Foo/1.1\n/System/Index/bin/foo-only-old");
    }
    Ok(())
}

#[test]
fn options_end_at_the_first_word_that_is_none() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (words, text) in [
        (&["-q", "echo", "-d", "nowhere"][..], "-d nowhere"),
        (&["echo", "-h", "--help", "-q", "-v"], "-h --help -q -v"),
        (&["-qECR", "echo", "--", "-c"], "-- -c"),
        (&["-q", "--", "echo", "-p"], "-p"),
    ] {
        assert_eq!(machine.runner(words)?.success()?.text(), text, "{words:?}");
    }
    // The command of the same meaning under its own name.
    let output = machine.command(["gobo-session", "runner", "-q", "echo", "-q"]).run()?.success()?;
    assert_eq!(output.text(), "-q");
    Ok(())
}
