//! What `run` must never do: leave something behind, gain anything, or fail without saying why.

use super::{LUA, Machine, PATIENCE, everything, gobo_session_run};
use anyhow::Result;
use gobo_tests::chamber::Signal;
use gobo_tests::requires_gobo_root;

/// A copy of a program under another name, of root's, with that mode.
fn copy(machine: &Machine, program: &str, name: &str, mode: u32) -> Result<String> {
    let path = format!("/Data/{name}");
    let bytes = machine.chamber().read_bytes(format!("/System/Index/bin/{program}"))?;
    machine.chamber().write(&path, bytes)?;
    machine.chamber().chown(&path, 0, 0)?;
    machine.chamber().set_mode(&path, mode)?;
    Ok(path)
}

#[test]
fn nothing_is_left_of_a_command_that_is_killed() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let places = ["/tmp", "/Users/ann", "/Data"];
    let files = || places.map(|place| machine.chamber().list(place).unwrap_or_default());
    let (before, files_before) = (machine.chamber().host_state()?, files());
    for signal in [Signal::KILL, Signal::TERM] {
        let words = gobo_session_run([LUA[0], LUA[1], "sh", "-c", "echo begun; read line"]);
        let mut run = machine.command(words).input("").spawn()?;
        assert_eq!(run.line(PATIENCE)?, "begun");
        run.signal(signal)?;
        assert!(!run.wait(PATIENCE)?.success());
        machine.chamber().wait_for_state(&before, PATIENCE)?;
    }
    assert_eq!(files(), files_before);
    Ok(())
}

#[test]
fn r15_a_copy_with_privilege_refuses_to_work() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let set_uid = copy(&machine, "gobo-session", "set-uid", 0o4755)?;
    let set_gid = copy(&machine, "gobo-session", "set-gid", 0o2755)?;
    let capable = copy(&machine, "gobo-session", "capable", 0o755)?;
    let give = format!(
        "import os, struct; os.setxattr('{capable}', 'security.capability', \
         struct.pack('<IIIII', 0x02000001, 1 << 21, 0, 0, 0))"
    );
    machine.chamber().run(["python3", "-c", &give])?.success()?;
    for program in [set_uid, set_gid, capable] {
        for (words, code) in
            [(&["run", "true"][..], 125), (&["plan"], 1), (&["status"], 1), (&["run", "--help"], 125)]
        {
            let output = machine.command([&[program.as_str()], words].concat()).run()?;
            assert_eq!((output.status.code(), output.text()), (Some(code), String::new()), "{output}");
            assert!(output.errors().contains("refuses to run with more privilege"), "{output}");
        }
    }
    Ok(())
}

#[test]
fn no_words_at_all_are_a_mistake_and_nothing_worse() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let start = "from ctypes import *; \
                 CDLL(None).execv(b'/System/Index/bin/gobo-session', (c_char_p * 1)(None))";
    let output = machine.command(["python3", "-c", start]).run()?;
    assert_eq!((output.status.code(), output.text()), (Some(2), String::new()), "{output}");
    assert!(output.errors().contains("Usage") && !output.errors().contains("panicked"), "{output}");
    Ok(())
}

#[test]
fn r15_set_user_id_programs_gain_nothing_in_a_view() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let id = copy(&machine, "id", "id", 0o4755)?;
    assert_eq!(machine.command([&id, "-u"]).run()?.text(), "0");
    let inside = |command: &str| machine.run([LUA[0], LUA[1], "sh", "-c", command]);
    assert_eq!(inside(&format!("{id} -u"))?.success()?.text(), "1000");
    for command in ["su -c id", "sudo -n id", "passwd -d ann"] {
        let output = inside(command)?;
        assert!(!output.status.success() && !everything(&output).contains("uid=0"), "{output}");
    }
    let status =
        machine.run([LUA[0], LUA[1], "grep", "-E", "^(Uid|NoNewPrivs|CapEff)", "/proc/self/status"])?;
    assert_eq!(status.text(), "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1");
    Ok(())
}

#[test]
fn a_set_user_id_program_that_could_not_do_its_work_is_refused_and_the_way_that_works_is_told() -> Result<()>
{
    let machine = Machine::new(&requires_gobo_root!())?;
    let id = copy(&machine, "id", "id", 0o4755)?;
    for (words, path) in [(&[&*id, "-u"][..], &*id), (&["su", "-c", "id"], "/bin/su")] {
        let output = machine.run([&LUA, words].concat())?;
        assert_eq!((output.status.code(), output.text()), (Some(126), String::new()), "{output}");
        let told = "works with the rights of root (set-user-ID), and in a view of your own there are none but yours; \
                    start it outside, or have root make the view: sudo gobo-session run";
        assert!(output.errors().contains(told) && output.errors().contains(path), "{output}");
    }
    // What it says works: the index as it is needs no view, and root's view keeps rights as they are.
    assert_eq!(machine.run([&*id, "-u"])?.success()?.text(), "0");
    let as_root = gobo_session_run([LUA[0], LUA[1], &*id, "-u"]);
    assert_eq!(machine.chamber().run(as_root)?.success()?.text(), "0");
    let own = machine.own_program("own", "#!/bin/sh\necho own\n", 0o4755)?;
    assert_eq!(machine.run([LUA[0], LUA[1], &*own])?.success()?.text(), "own");
    Ok(())
}

#[test]
fn where_user_namespaces_are_forbidden_it_says_which_setting_that_is() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    // The setting belongs to the user namespace that the writer is in: the machine's own stays as it is.
    let forbidden = |words: &str| {
        let script = format!(
            "echo 0 > /proc/sys/user/max_user_namespaces && \
             exec setpriv --inh-caps=-all --ambient-caps=-all gobo-session run {words}"
        );
        machine.command(["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", &script]).run()
    };
    let before = std::fs::read_to_string("/proc/sys/user/max_user_namespaces")?;
    let output = forbidden("--with 'Lua = 5.1.5' lua -v")?;
    assert_eq!(output.status.code(), Some(125), "{output}");
    assert!(
        output.errors().contains("raise the sysctl") && output.errors().contains("user.max_user_namespaces")
    );
    assert_eq!(output.errors().lines().count(), 1, "{output}");
    assert!(forbidden("lua -v")?.success()?.text().contains("Lua 5.4.4"));
    assert_eq!(std::fs::read_to_string("/proc/sys/user/max_user_namespaces")?, before);
    Ok(())
}

#[test]
fn root_stays_root_in_a_mount_namespace_alone() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = "id -u; readlink /proc/self/ns/user; lua -v 2>&1; grep NoNew /proc/self/status";
    let words = gobo_session_run([LUA[0], LUA[1], "sh", "-c", script]);
    let output = machine.chamber().run(words)?.success()?.text();
    let lines: Vec<&str> = output.lines().collect();
    let own = machine.chamber().run(["readlink", "/proc/self/ns/user"])?.text();
    assert_eq!(lines[..2], ["0", &own]);
    assert!(lines[2].starts_with("Lua 5.1.5") && lines[3] == "NoNewPrivs:\t0", "{output}");
    Ok(())
}

#[test]
fn root_believes_no_folder_that_is_not_roots() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let words = gobo_session_run(["--with", "Lua = 5.3.6", "lua", "-v"]);
    machine.chamber().chown("/Programs/Lua/5.3.6", machine.ann.uid, machine.ann.gid)?;
    let output = machine.chamber().run(&words)?;
    assert_eq!((output.status.code(), output.text()), (Some(125), String::new()), "{output}");
    assert!(output.errors().contains("5.3.6 (it belongs to uid 1000, not to root"), "{output}");
    assert!(everything(&machine.command(&words).run()?.success()?).contains("Lua 5.3.6"));
    Ok(())
}
