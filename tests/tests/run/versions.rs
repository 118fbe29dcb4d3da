//! Which versions a command gets, and through which mounts.

use super::{LUA, Machine, PATIENCE, everything, gobo_session_run, mounts_added};
use anyhow::Result;
use gobo_tests::chamber::Output;
use gobo_tests::lab::built;
use gobo_tests::requires_gobo_root;
use std::path::PathBuf;

/// What is run in a shell, and a text that is written then.
const VERSIONS: [(&str, &str); 9] = [
    ("gobo-session run --with 'Lua = 5.1.5' lua -v", "Lua 5.1.5"),
    ("gobo-session run --with 'Lua >= 5.2, < 5.4' lua -v", "Lua 5.3.6"),
    ("gobo-session run --with 'Python = 3.9.2' python3 -V", "Python 3.9.2"),
    ("gobo-session run --with 'Bash = 5.2.37' bash --version", "version 5.2.37("),
    ("gobo-session run --with 'Bash = 5.2.37' python3 -c 'import os; print(os.confstr(2))'", "glibc 2.41"),
    ("gobo-session run --with 'Bash = 5.1.4' sh -c 'bash --version'", "version 5.1.4("),
    ("gobo-session run --arch i686 bash -c 'echo $MACHTYPE'", "i686-"),
    ("gobo-session run /Programs/Lua/5.3.6/bin/lua -v", "Lua 5.3.6"),
    ("gobo-session run /Programs/Lua/5.3.6/bin/lua -e 'os.execute(\"lua -v\")'", "Lua 5.3.6"),
];

fn assert_says(output: &Output, text: &str) {
    assert!(output.status.success() && everything(output).contains(text), "{text:?} is not in {output}");
}

#[test]
fn a_command_gets_the_versions_that_it_is_run_with() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (script, text) in VERSIONS {
        assert_says(&machine.in_login(script)?, text);
    }
    for (script, text) in VERSIONS {
        assert_says(&machine.in_session(script)?, text);
    }
    Ok(())
}

#[test]
fn dependencies_come_along_and_work() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let python = "import ssl, ctypes, decimal, sqlite3; print(ssl.OPENSSL_VERSION); \
                  print(ctypes.CDLL(None).abs(-7), decimal.Decimal('0.1') * 3); \
                  print({line.split('/')[3] for line in open('/proc/self/maps') if '/LibFFI/' in line})";
    let output = machine.run(["--with", "Python = 3.9.2", "python3", "-c", python])?.success()?;
    let lines: Vec<String> = output.text().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("OpenSSL 1.1.1w "), "{output}");
    assert_eq!(lines[1..], ["7 0.3", "{'3.3'}"]);
    Ok(())
}

#[test]
fn both_architectures_run_side_by_side() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script =
        "echo $MACHTYPE; /Programs/Bash/5.2.15/bin/bash -c 'echo $MACHTYPE'; python3 -c 'print(2**40)'";
    let output = machine.run(["--arch", "i686", "bash", "-c", script])?.success()?;
    let lines: Vec<String> = output.text().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("i686-") && lines[1].starts_with("x86_64-"), "{output}");
    assert_eq!(lines[2], "1099511627776");
    Ok(())
}

#[test]
fn a_program_of_the_other_architecture_alone_is_run_all_the_same() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert_says(&machine.run(["--arch", "i686", "python3", "-V"])?, "Python 3.11.2");
    let path = ["--arch", "i686", "/Programs/Bash/5.2.15/bin/bash", "-c", "echo $MACHTYPE"];
    assert_says(&machine.run(path)?, "x86_64-");
    Ok(())
}

#[test]
fn the_name_of_a_command_leads_to_the_version_that_others_need() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (version, needs) in [("Tool/1.0", ""), ("Tool/1.1", ""), ("User/1.0", "Tool >= 1.1\n")] {
        let folder = format!("/Programs/{version}");
        machine.chamber().write(format!("{folder}/Resources/Dependencies"), needs)?;
        machine.chamber().write(format!("{folder}/bin/tool"), format!("#!/bin/sh\necho {version}\n"))?;
        machine.chamber().set_mode(format!("{folder}/bin/tool"), 0o755)?;
    }
    machine.chamber().remove("/Programs/User/1.0/bin")?;
    machine.chamber().link("1.0", "/Programs/Tool/Current")?;
    machine.chamber().link("/Programs/Tool/1.0/bin/tool", "/System/Index/bin/tool")?;
    assert_eq!(machine.run(["tool"])?.success()?.text(), "Tool/1.0");
    for tool in ["tool", "/bin/tool", "/System/Index/bin/tool"] {
        assert_eq!(machine.run(["--with", "User", tool])?.success()?.text(), "Tool/1.1", "{tool}");
    }
    let contradicting = machine.run(["--with", "User", "--with", "Tool = 1.0", "tool"])?;
    assert_eq!(contradicting.text(), "Tool/1.0");
    let said = contradicting.errors();
    assert!(said.contains("warning: `Tool >= 1.1` gives way to Tool 1.0 (User 1.0 needs it"), "{said}");
    assert_eq!(machine.run(["/Programs/Tool/1.1/bin/tool"])?.success()?.text(), "Tool/1.1");
    Ok(())
}

#[test]
fn a_script_runs_with_the_interpreter_that_others_need() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.chamber().write("/Programs/User/1.0/Resources/Dependencies", "Bash >= 5.2.16\n")?;
    let script = machine.own_program("script", "#!/bin/bash\necho $BASH_VERSION\n", 0o755)?;
    assert_says(&machine.run([&script])?, "5.2.15(");
    assert_says(&machine.run(["--with", "User", &script])?, "5.2.37(");
    let exact = machine.own_program(
        "exact",
        "#!/Programs/Bash/5.1.4/bin/bash\necho $BASH_VERSION; bash --version\n",
        0o755,
    )?;
    assert_says(&machine.run([&exact])?, "version 5.1.4(");
    Ok(())
}

#[test]
fn a_command_in_the_folder_that_path_means_is_the_one_that_is_run() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (path, folder) in
        [(":/System/Index/bin", "/Programs/Lua/5.1.5/bin"), ("5.1.5/bin:/System/Index/bin", "/Programs/Lua")]
    {
        let words = gobo_session_run(["lua", "-e", "print(_VERSION, os.getenv('LUA_PATH'))"]);
        let output = machine.command(words).env("PATH", path).cwd(folder).run()?.success()?;
        assert_eq!(output.text(), "Lua 5.1\t/Programs/Lua/5.1.5/share/lua/5.1/?.lua;;");
    }
    Ok(())
}

#[test]
fn a_command_sees_exactly_the_mounts_of_its_view() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let seen = |words: &[&str]| -> Result<Vec<PathBuf>> {
        let table = machine.run(words.iter().chain(&["cat", "/proc/self/mountinfo"]))?.success()?.stdout;
        let mut added = mounts_added(machine.chamber(), &table)?;
        for mount in &added {
            let is_bind = mount.point.ends_with("gobo-session/index");
            assert!(is_bind || mount.source.starts_with("gobo-session:-:"), "{mount:?}");
            assert!(is_bind || mount.options.contains("nosuid,nodev"), "{mount:?}");
            assert!(is_bind || mount.super_options.starts_with("ro"), "{mount:?}");
            assert!(!mount.is_shared(), "{mount:?}");
        }
        added.sort_by(|a, b| a.point.cmp(&b.point));
        Ok(added.into_iter().map(|mount| mount.point).collect())
    };
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let lua = ["--with", "Lua = 5.1.5"];
    assert_eq!(seen(&[])?, paths(&[]));
    assert_eq!(seen(&lua)?, paths(&["/System/Index/bin"]));
    assert_eq!(seen(&["--with", "OpenSSL = 1.1.1w"])?, paths(&["/System/Index/lib"]));
    machine.in_session("true")?.success()?;
    let state = [machine.real("/run/gobo-session/index")?, machine.real("/run/gobo-session/view")?];
    assert_eq!(seen(&lua)?, [state.to_vec(), paths(&["/System/Index/bin"])].concat());
    Ok(())
}

#[test]
fn the_machine_has_no_mount_more_while_it_runs() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let before = machine.chamber().mounts_of(1)?;
    let mut run = machine
        .command(gobo_session_run([LUA[0], LUA[1], "sh", "-c", "lua -v 2>&1; read x"]))
        .input("")
        .spawn()?;
    assert!(run.line(PATIENCE)?.starts_with("Lua 5.1.5"));
    assert_eq!(machine.chamber().mounts_of(1)?, before);
    assert_ne!(machine.chamber().mounts_of(run.pid())?.len(), before.len());
    assert!(everything(&machine.command(["lua", "-v"]).run()?).contains("Lua 5.4.4"));
    Ok(())
}

#[test]
fn a_command_runs_in_another_tree() -> Result<()> {
    let root = requires_gobo_root!();
    let before = std::fs::read_to_string("/proc/self/mountinfo")?;
    for script in ["lua -v", "cd /Programs/Lua && /bin/lua -v"] {
        let mut command = std::process::Command::new(built("gobo-session")?);
        command.args(["run", "--root"]).arg(&root).args(["--with", "Lua = 5.1.5", "bash", "-c", script]);
        let output = command.output()?;
        let said = String::from_utf8(output.stderr)?;
        assert!(output.status.success() && said.starts_with("Lua 5.1.5"), "{said}");
    }
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo")?, before, "this machine has a mount more");
    Ok(())
}
