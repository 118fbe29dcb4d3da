//! `gobo-session status`: what a process is told about the view that it is in.

use super::inherited::LAUNCH;
use super::{LUA, Machine, PATIENCE, gobo_session_run};
use anyhow::{Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::requires_gobo_root;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::thread::sleep;
use std::time::{Duration, Instant};

const NO_VIEW: &str = "not in a view: programs see the index as it is";

fn words(words: &[&str]) -> Vec<OsString> {
    gobo_session_run([&LUA, words].concat())
}

#[test]
fn status_tells_where_the_view_comes_from_and_what_differs() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    assert_eq!(machine.in_login("gobo-session status")?.success()?.text(), NO_VIEW);
    let session = machine.in_session("gobo-session status")?.success()?.text();
    let (first, rest) = session.split_once('\n').unwrap();
    assert!(first.starts_with("in a view: profile lua51; session of ann by su-l, "), "{session}");
    let row: Vec<&str> = rest.split_whitespace().collect();
    assert_eq!((row[0], &row[2..8]), ("plan", &["Lua", "5.1.5", "the", "host", "has", "5.4.4"][..]));
    assert!(rest.ends_with("asked for by profile lua51"), "{session}");
    let run = machine.command(words(&["gobo-session", "status"])).run()?.success()?.text();
    assert!(run.starts_with("in a view: a command's view, "), "{run}");
    assert!(run.ends_with("asked for on the command line"), "{run}");
    let fresh = machine.in_session("gobo-session run --fresh gobo-session status")?.success()?.text();
    assert!(fresh.ends_with("\n  nothing in it differs from the host"), "{fresh}");
    Ok(())
}

#[test]
fn status_is_json_for_programs() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let parse = |text: &str| serde_json::from_str::<Value>(text);
    let none = parse(&machine.in_login("gobo-session status --json")?.success()?.text())?;
    let nothing = json!({ "view": false, "source": null, "overlays": [], "about": null, "id": null, "plan": null, "drift": null, "stale": null });
    assert_eq!(none, nothing);
    let session = parse(&machine.in_session("gobo-session status --json")?.success()?.text())?;
    assert_eq!(session["view"], true);
    assert_eq!(session["overlays"], json!(["/System/Index/bin"]));
    assert_eq!(session["source"], json!(format!("gobo-session:lua51:{}", session["id"].as_str().unwrap())));
    assert_eq!((&session["about"]["user"], &session["about"]["service"]), (&json!("ann"), &json!("su-l")));
    assert_eq!((&session["plan"]["profile"], &session["drift"]), (&json!("lua51"), &json!([])));
    let run = parse(&machine.command(words(&["gobo-session", "status", "--json"])).run()?.success()?.text())?;
    assert_eq!((&run["about"]["user"], &run["plan"]["profile"]), (&Value::Null, &Value::Null));
    assert_eq!(run["plan"]["chosen"][0]["version"], "5.1.5");
    Ok(())
}

#[test]
fn a_view_without_a_description_is_told_from_none() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let run = machine.command(words(&["gobo-session", "status"])).run()?.success()?.text();
    assert!(
        run.starts_with("in a view (gobo-session:-:") && run.ends_with("does not say what it holds"),
        "{run}"
    );
    Ok(())
}

#[test]
fn output_that_cannot_be_written_is_a_failure_and_no_panic() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let broken = [
        ("os.close(1)", "Bad file descriptor"),
        ("os.dup2(os.open('/dev/full', os.O_WRONLY), 1)", "No space left"),
        (
            "signal.signal(signal.SIGPIPE, signal.SIG_IGN); r, w = os.pipe(); os.close(r); os.dup2(w, 1)",
            "Broken pipe",
        ),
    ];
    let answers = [
        "status",
        "status --json",
        "plan --with Lua",
        "plan --with Lua --json",
        "plan --with Lua --dot",
        "env --with Lua=5.1.5",
        "env --json",
        "versions Lua",
        "list",
        "who Lua",
        "who Lua --json",
        "versions Lua --json",
        "why lua",
        "why lua --json",
        "diff @here @login",
        "diff @here @login --json",
        "lint --json /Programs/Lua/5.1.5/Resources/Dependencies",
        "completions bash",
        "man",
        "--help",
    ];
    for words in answers {
        for (setup, told) in broken {
            let words = ["python3", "-c", LAUNCH, setup, "gobo-session"].into_iter().chain(words.split(' '));
            let output = machine.command(words).run()?;
            assert_eq!(output.status.code(), Some(1), "{output}");
            assert!(output.errors().lines().count() == 1 && output.errors().contains(told), "{output}");
        }
    }
    Ok(())
}

#[test]
fn nobody_has_to_read_what_is_said() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for after in ["2>&-", "2>/dev/full"] {
        let script = format!("gobo-session run --with 'Python = 3.9.2' python3 -V {after}");
        assert_eq!(machine.command(["bash", "-c", &script]).run()?.success()?.text(), "Python 3.9.2");
        let script = format!("gobo-session run --with Nothing true {after}");
        assert_eq!(machine.command(["bash", "-c", &script]).run()?.status.code(), Some(125), "{script}");
    }
    Ok(())
}

/// A process of ann's in a view of its own, as long as this lives, and its id.
fn sleeper(machine: &Machine) -> Result<(Process, String)> {
    let script = "gobo-session run --with 'Lua = 5.1.5' sleep 300 & echo $! > pid; wait";
    let process = machine.command(["bash", "-c", script]).spawn()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let pid = machine.command(["cat", "pid"]).run()?.text();
        if !pid.is_empty() && status_of(machine, &pid)?.starts_with("in a view") {
            return Ok((process, pid));
        }
        ensure!(Instant::now() < deadline, "it does not get into its view");
        sleep(Duration::from_millis(50));
    }
}

fn status_of(machine: &Machine, pid: &str) -> Result<String> {
    Ok(machine.command(["gobo-session", "status", pid]).run()?.text())
}

#[test]
fn the_status_of_another_process_is_for_its_user_and_root() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let (mut process, pid) = sleeper(&machine)?;
    let status = status_of(&machine, &pid)?;
    assert!(status.starts_with("in a view: a command's view, "), "{status}");
    assert!(status.contains("\n  Lua 5.1.5  the host has 5.4.4  asked for on the command line"), "{status}");
    let root = machine.chamber().run(["gobo-session", "status", &pid])?.success()?.text();
    assert!(root.lines().skip(1).eq(status.lines().skip(1)), "{root}");
    let bob = machine.chamber().as_user("bob", ["gobo-session", "status", &pid])?;
    assert_eq!((bob.status.code(), bob.text()), (Some(1), String::new()));
    assert!(bob.errors().ends_with("only the user of a process, and root, may look at it"), "{bob}");
    let none = machine.command(["gobo-session", "status", "4194304"]).run()?;
    assert_eq!(none.status.code(), Some(1));
    assert!(none.errors().starts_with("gobo-session: read: there is no process 4194304; "), "{none}");
    let both = machine.command(["gobo-session", "status", "--root", "/", &pid]).run()?;
    assert_eq!(both.status.code(), Some(2), "{both}");
    process.stop();
    Ok(())
}

#[test]
fn names_that_a_view_still_shows_as_they_were_are_stale() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let chamber = machine.chamber();
    let script = "ls /System/Index/bin/new /System/Index/bin/less /System/Index/share/newer/x; echo he''re; sleep 300; true";
    let mut process = chamber.spawn(["su", "-", "ann", "-c", script])?;
    process.expect("here", PATIENCE)?;
    let pid = process.pid().to_string();
    let stale = || -> Result<Value> {
        let text = chamber.run(["gobo-session", "status", &pid, "--json"])?.success()?.text();
        Ok(serde_json::from_str::<Value>(&text)?["stale"].clone())
    };
    assert_eq!(stale()?, json!([]));
    let changes = "ln -s /Programs/Lua/5.4.4/bin/lua /System/Index/bin/new && \
                   ln -s /Programs/Lua/5.4.4/bin/lua /System/Index/bin/never && \
                   ln -sfn /Programs/Lua/5.4.4/bin/lua /System/Index/bin/.less && \
                   mv /System/Index/bin/.less /System/Index/bin/less";
    chamber.sh(changes)?.success()?;
    assert_eq!(stale()?, json!(["bin/less", "bin/new"]));
    let status = chamber.run(["gobo-session", "status", &pid])?.success()?.text();
    let last = "stale: bin/less, bin/new; `gobo-session refresh` shows what is there now";
    assert_eq!(status.lines().last(), Some(last), "{status}");
    process.stop();
    Ok(())
}

#[test]
fn a_script_makes_the_same_view_again() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    machine.lab.profile(
        "lua51",
        "programs = [\"Lua = 5.1.5\", \"Readline\"]\n[environment]\nA = \"it's $HOME\"\n",
    )?;
    let plan = |script: &str| -> Result<Value> {
        let text = machine.in_session(script)?.success()?.text();
        Ok(serde_json::from_str::<Value>(&text)?["plan"].clone())
    };
    let versions = |plan: &Value| -> Vec<Value> {
        let chosen = plan["chosen"].as_array().into_iter().flatten();
        chosen.map(|c| json!([c["program"], c["version"], c["linked"]])).collect()
    };
    let script = machine.in_session("gobo-session status --script")?.success()?.text();
    assert!(script.starts_with("# The view of profile lua51, plan "), "{script}");
    assert!(
        script.contains(
            "\nexport A='it'\\''s $HOME'\ngobo-session shell --fresh --arch x86_64 \\\n  --with 'Lua = 5.1.5'"
        ),
        "{script}"
    );
    let session = plan("gobo-session status --json")?;
    assert!(versions(&session).len() > 2, "{session}");
    let again =
        "eval \"$(gobo-session status --script | sed 's/gobo-session shell/gobo-session plan --json/')\"";
    assert_eq!(versions(&plan(again)?), versions(&session));
    let none = machine.in_login("gobo-session status --script")?;
    assert_eq!(none.status.code(), Some(1));
    assert_eq!(
        none.errors(),
        "gobo-session: read: there is no view; `gobo-session list` shows the sessions that have one"
    );
    Ok(())
}

#[test]
fn what_changes_under_a_view_is_told() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let (mut process, pid) = sleeper(&machine)?;
    let chamber = machine.chamber();
    let changes = || -> Result<Vec<String>> {
        let status = status_of(&machine, &pid)?;
        Ok(status
            .lines()
            .filter_map(|line| line.strip_prefix("changed since: "))
            .map(str::to_owned)
            .collect())
    };
    assert!(changes()?.is_empty());
    chamber.write("/Programs/Lua/5.1.5/bin/luanew", "")?;
    assert_eq!(changes()?, ["the layer would be another at bin/luanew"]);
    chamber.write("/Programs/Lua/5.1.5/bin/luanewer", "")?;
    chamber.run(["ln", "-sfn", "8.1", "/Programs/Readline/Current"])?.success()?;
    let current = "Readline 8.2 is no longer current, but 8.1";
    assert_eq!(changes()?, [current, "the layer would be another at bin/luanew, bin/luanewer"]);
    chamber.run(["mv", "/Programs/Lua/5.1.5", "/Programs/Lua/.5.1.5"])?.success()?;
    assert_eq!(changes()?, ["Lua 5.1.5 is no longer installed", current]);
    process.stop();
    Ok(())
}
