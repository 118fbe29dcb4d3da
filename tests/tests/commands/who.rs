//! `gobo-session who` and `host`: what an administrator asks and does while people work.

use super::sessions::{POLICY, PROFILES, command, session, there, told};
use anyhow::Result;
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use serde_json::json;

/// Somebody in whose login a command runs on.
fn running(lab: &Lab, user: &str, command: &str) -> Result<Process> {
    there(lab.chamber.spawn(["su", "-", user, "-c", &format!("{command}; true")])?)
}

const LUA: &str = "lua -e 'print(\"here\"); io.stdout:flush(); os.execute(\"sleep 300\")'";

#[test]
fn who_uses_a_program_is_told_by_its_version() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let _ann = session(&lab, "ann")?;
    let _bob = running(&lab, "bob", LUA)?;
    let _carl = running(&lab, "carl", LUA)?;
    // The one that ann's view was made of.
    let chosen = told(&lab, "root", &["who", "Lua/5.1.5"])?;
    assert_eq!((&chosen["used"], &chosen["processes"]), (&json!(true), &json!([])));
    assert_eq!(chosen["sessions"].as_array().map(Vec::len), Some(1), "{chosen}");
    assert_eq!(chosen["sessions"][0]["session"]["user"], "ann");
    assert_eq!(chosen["sessions"][0]["holds"], json!([{ "program": "Lua", "version": "5.1.5" }]));
    assert_eq!(chosen["sessions"][0]["running"], json!([]));
    // The current one: bob runs it in his session, carl in a login that has no view.
    let current = told(&lab, "root", &["who", "lua/5.4.4"])?;
    assert_eq!(current["sessions"].as_array().map(Vec::len), Some(1), "{current}");
    assert_eq!(current["sessions"][0]["session"]["user"], "bob");
    let of_bob = &current["sessions"][0]["running"][0];
    assert_eq!((&of_bob["name"], &of_bob["versions"]), (&json!("lua"), &json!(["5.4.4"])));
    assert_eq!(
        (&current["processes"][0]["user"], &current["processes"][0]["name"]),
        (&json!("carl"), &json!("lua"))
    );
    // Any.
    let any = told(&lab, "root", &["who", "Lua"])?;
    assert_eq!((any["sessions"].as_array().map(Vec::len), &any["version"]), (Some(2), &json!(null)), "{any}");
    // What is current and needed is used too.
    let needed = told(&lab, "root", &["who", "Glibc"])?;
    assert!(!needed["sessions"][0]["holds"].as_array().unwrap().is_empty(), "{needed}");
    Ok(())
}

#[test]
fn a_script_that_removes_programs_can_rely_on_the_exit_code() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let code = |user: &str, meant: &str| -> Result<_> {
        let output = lab.chamber.as_user(user, ["gobo-session", "who", meant])?;
        Ok((output.status.code(), output.text(), output.errors()))
    };
    let nobody = |what: &str| (Some(0), what.to_owned(), String::new());
    assert_eq!(code("root", "Lua/5.1.5")?, nobody("no session holds Lua 5.1.5, and no process runs it"));
    let _ann = session(&lab, "ann")?;
    let (used, table, errors) = code("root", "Lua/5.1.5")?;
    assert_eq!((used, errors.as_str()), (Some(3), ""), "{table}");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["PID", "USER", "SERVICE", "TTY", "PROFILE", "HOLDS", "RUNNING"]);
    assert_eq!(rows[1][1..], ["ann", "su-l", "-", "lua51", "5.1.5", "-"], "{table}");
    assert_eq!(code("ann", "Lua/5.1.5")?.0, Some(3));
    let own = "no session of yours holds Lua 5.1.5, and no process of yours runs it";
    assert_eq!(code("carl", "Lua/5.1.5")?, nobody(own));
    let _bob = command(&lab, "bob")?;
    let (_, _, errors) = code("root", "Python/3.11.2")?;
    assert_eq!(errors, "gobo-session: not looked into, since their users made them: 1 view of bob");
    let wrong = [
        ("Luaa", 1, "Luaa is not installed; did you mean Lua?"),
        ("Lua/9", 1, "Lua 9 is not installed, and nobody uses it; `gobo-session versions Lua` lists what is"),
        ("Lua/", 2, "`` is no version: write PROGRAM/VERSION, such as Lua/5.1.5"),
    ];
    for (meant, ends, said) in wrong {
        let (code, text, errors) = code("root", meant)?;
        assert_eq!((code, text.as_str()), (Some(ends), ""), "{meant}");
        assert!(errors.contains(said), "{errors}");
    }
    Ok(())
}

#[test]
fn a_version_that_was_removed_is_still_used() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let _ann = running(&lab, "ann", LUA)?;
    lab.chamber.remove("/Programs/Lua/5.1.5")?;
    let removed = told(&lab, "root", &["who", "Lua/5.1.5"])?;
    assert_eq!(
        (&removed["used"], &removed["sessions"][0]["running"][0]["name"]),
        (&json!(true), &json!("lua"))
    );
    Ok(())
}

#[test]
fn r22_host_runs_a_command_in_the_view_of_process_1() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let ann = session(&lab, "ann")?;
    let pid = ann.pid().to_string();
    // Root in ann's view, as nsenter brings him there.
    let inside = |folder: &str, script: &str| {
        let script = format!("cd {folder}; {script}");
        lab.chamber.run(["nsenter", "-t", &pid, "-m", "bash", "-c", &script])
    };
    let version = "lua -v 2>&1 | cut -c 1-9";
    assert_eq!(inside("/", version)?.success()?.text(), "Lua 5.1.5");
    let here = "gobo-session host bash -c 'lua -v 2>&1 | cut -c 1-9; pwd; readlink /proc/self/ns/mnt'";
    let host = lab.chamber.run(["readlink", "/proc/1/ns/mnt"])?.success()?.text();
    for (folder, stays) in [("/Users/ann", "/Users/ann"), ("/System/Index/bin", "/")] {
        assert_eq!(
            inside(folder, here)?.success()?.text(),
            format!("Lua 5.4.4\n{stays}\n{host}"),
            "{folder}"
        );
    }
    inside("/", "gobo-session host ln -s /Programs/Lua/5.3.6/bin/lua /System/Index/bin/lua-new")?
        .success()?;
    assert!(lab.chamber.exists("/System/Index/bin/lua-new"));
    let codes =
        [("host sh -c 'exit 7'", 7), ("host /nothing", 127), ("host /etc/passwd", 126), ("host", 125)];
    for (words, code) in codes {
        assert_eq!(inside("/", &format!("gobo-session {words}"))?.status.code(), Some(code), "{words}");
    }
    Ok(())
}

#[test]
fn r22_host_refuses_where_process_1_is_not_the_host() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let refused = |words: &[&str], said: &str| -> Result<()> {
        let output = lab.chamber.run(words)?;
        assert_eq!((output.status.code(), output.text()), (Some(125), String::new()), "{output}");
        assert!(output.errors().contains(said) && output.errors().lines().count() == 1, "{output}");
        Ok(())
    };
    let container = "the host's view is not to be reached from a container or a chroot: start outside";
    let jail = "mkdir -p /run/jail && mount -t tmpfs jail /run/jail && cd / && for name in *; do \
                if [ -L $name ]; then cp -P $name /run/jail; else mkdir /run/jail/$name && mount --rbind $name \
                /run/jail/$name; fi; done && exec chroot /run/jail gobo-session host true";
    refused(&["unshare", "-m", "bash", "-c", jail], &format!("process 1 has another root; {container}"))?;
    let words = ["unshare", "-Urm", "gobo-session", "host", "true"];
    refused(&words, &format!("process 1 is in another user namespace; {container}"))?;
    let ann = lab.chamber.as_user("ann", ["gobo-session", "host", "true"])?;
    assert_eq!(ann.status.code(), Some(125));
    assert!(ann.errors().starts_with("gobo-session: leave: only root may go to the host's view"), "{ann}");
    // Outside any view it is the command and nothing else.
    assert!(lab.chamber.run(["gobo-session", "host", "true"])?.status.success());
    Ok(())
}
