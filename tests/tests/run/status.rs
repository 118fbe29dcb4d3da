//! `gobo-session status`: what a process is told about the view that it is in.

use super::inherited::LAUNCH;
use super::{LUA, Machine, gobo_session_run};
use anyhow::Result;
use gobo_tests::requires_gobo_root;
use serde_json::{Value, json};
use std::ffi::OsString;

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
    assert!(first.starts_with("in a view: profile lua51; session of ann by su-l, plan "), "{session}");
    let row: Vec<&str> = rest.split_whitespace().collect();
    assert_eq!(row[..6], ["Lua", "5.1.5", "the", "host", "has", "5.4.4"]);
    assert!(rest.ends_with("asked for by profile lua51"), "{session}");
    let run = machine.command(words(&["gobo-session", "status"])).run()?.success()?.text();
    assert!(run.starts_with("in a view: a command's view, plan "), "{run}");
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
    let nothing =
        json!({ "view": false, "source": null, "overlays": [], "about": null, "id": null, "plan": null });
    assert_eq!(none, nothing);
    let session = parse(&machine.in_session("gobo-session status --json")?.success()?.text())?;
    assert_eq!(session["view"], true);
    assert_eq!(session["overlays"], json!(["/System/Index/bin"]));
    assert_eq!(session["source"], json!(format!("gobo-session:lua51:{}", session["id"].as_str().unwrap())));
    assert_eq!((&session["about"]["user"], &session["about"]["service"]), (&json!("ann"), &json!("su-l")));
    assert_eq!(session["plan"]["profile"], "lua51");
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
        "versions Lua --json",
        "why lua",
        "why lua --json",
        "lint --json /Programs/Lua/5.1.5/Resources/Dependencies",
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
