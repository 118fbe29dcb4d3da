//! `gobo-session list` and its like: sessions found in the kernel, by whom they may be seen, and what is said of them.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// Ann's and bob's sessions have views of two profiles, carl's none.
pub(super) const POLICY: &str =
    "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n[[rule]]\nuser = [\"bob\"]\nprofile = \"python\"\n";
pub(super) const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("python", "programs = [\"Python = 3.9.2\"]\n")];

/// Something that goes on until the process is stopped.
const WAIT: &str = "echo here; sleep 300; true";

/// A process that has got where it was to go.
pub(super) fn there(mut process: Process) -> Result<Process> {
    let line = process.line(PATIENCE)?;
    ensure!(line.ends_with("here"), "{line}");
    Ok(process)
}

/// A session that goes on.
pub(super) fn session(lab: &Lab, user: &str) -> Result<Process> {
    there(lab.chamber.spawn(["su", "-", user, "-c", WAIT])?)
}

/// A command in a view of its own that goes on.
pub(super) fn command(lab: &Lab, user: &str) -> Result<Process> {
    let words = ["gobo-session", "run", "--with", "Lua = 5.1.5", "bash", "-c", WAIT];
    there(lab.chamber.command(words).user(&lab.chamber.user(user)?).spawn()?)
}

/// What `gobo-session WORDS --json` tells a user.
pub(super) fn told(lab: &Lab, user: &str, words: &[&str]) -> Result<Value> {
    let output = lab.chamber.as_user(user, [&["gobo-session"], words, &["--json"]].concat())?;
    serde_json::from_slice(&output.stdout).with_context(|| output.to_string())
}

/// Of each session in an answer, its user, service and profile.
fn summary(answer: &Value) -> Vec<[String; 3]> {
    let sessions = answer["sessions"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let told = sessions.map(|s| [text(&s["user"]), text(&s["about"]["service"]), text(&s["profile"])]);
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

fn rows(rows: &[[&str; 3]]) -> Vec<[String; 3]> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn a_user_sees_his_own_sessions_and_root_all_but_what_lies_in_users_namespaces() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    assert_eq!(told(&lab, "root", &["list"])?, json!({ "sessions": [], "others": [] }));
    for user in ["ann", "bob"] {
        lab.log_in_until_kept(user)?;
    }
    let before = lab.chamber.host_state()?;
    let running =
        [session(&lab, "ann")?, session(&lab, "bob")?, session(&lab, "carl")?, command(&lab, "ann")?];
    let root = told(&lab, "root", &["list"])?;
    assert_eq!(summary(&root), rows(&[["ann", "su-l", "lua51"], ["bob", "su-l", "python"]]));
    assert_eq!(root["others"], json!([{ "user": "ann", "views": 1 }]));
    let ann = told(&lab, "ann", &["list"])?;
    assert_eq!(summary(&ann), rows(&[["ann", "-", "-"], ["ann", "su-l", "lua51"]]));
    assert_eq!(ann["others"], json!([]));
    assert_eq!(summary(&told(&lab, "bob", &["list"])?), rows(&[["bob", "su-l", "python"]]));
    assert_eq!(told(&lab, "carl", &["list"])?, json!({ "sessions": [], "others": [] }));
    drop(running);
    lab.chamber.wait_for_state(&before, PATIENCE)?;
    assert_eq!(told(&lab, "root", &["list"])?, json!({ "sessions": [], "others": [] }));
    Ok(())
}

#[test]
fn a_session_is_found_from_within_another_and_from_a_chroot() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let _bob = session(&lab, "bob")?;
    let text = lab.su("ann", "gobo-session list --json")?.success()?.text();
    assert_eq!(summary(&serde_json::from_str(&text)?), rows(&[["ann", "su-l", "lua51"]]));
    // Root inside ann's view looks from there at everybody's.
    let ann = session(&lab, "ann")?;
    let inside = ["nsenter", "-t", &ann.pid().to_string(), "-m", "gobo-session", "list", "--json"];
    let text = lab.chamber.run(inside)?.success()?.text();
    let both = rows(&[["ann", "su-l", "lua51"], ["bob", "su-l", "python"]]);
    assert_eq!(summary(&serde_json::from_str(&text)?), both);
    Ok(())
}

#[test]
fn a_session_all_of_whose_processes_are_in_a_chroot_is_found() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let ann = session(&lab, "ann")?;
    let pid = ann.pid().to_string();
    let script =
        "mkdir -p /run/jail && mount --rbind / /run/jail && echo here && exec chroot /run/jail sleep 300";
    let jailed = there(lab.chamber.spawn(["nsenter", "-t", &pid, "-m", "bash", "-c", script])?)?;
    drop(ann);
    // The processes of her shell end a little later than su.
    let until = Instant::now() + PATIENCE;
    loop {
        let root = told(&lab, "root", &["list"])?;
        assert_eq!(summary(&root), rows(&[["ann", "su-l", "lua51"]]), "{root}");
        if root["sessions"][0]["processes"] == json!([jailed.pid()]) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "{} is not alone: {root}", jailed.pid());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_user_mounts_under_our_name_is_not_believed() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let _ann = session(&lab, "ann")?;
    let script = "mount -t overlay gobo-session:lua51:0123456789abcdef -o lowerdir=/Programs:/System/Index/bin \
                  /System/Index/bin && mount -t tmpfs gobo-session:lua51:0123456789abcdef /run/gobo-session/view && \
                  echo '{\"user\":\"ann\",\"service\":\"sshd\",\"since\":0}' > /run/gobo-session/view/about.json && \
                  echo here && exec sleep 300";
    let carl = lab.chamber.user("carl")?;
    let _carl = there(lab.chamber.command(["unshare", "-Urm", "bash", "-c", script]).user(&carl).spawn()?)?;
    let root = told(&lab, "root", &["list"])?;
    assert_eq!(summary(&root), rows(&[["ann", "su-l", "lua51"]]));
    assert_eq!(root["others"], json!([{ "user": "carl", "views": 1 }]));
    assert_eq!(summary(&told(&lab, "ann", &["list"])?), rows(&[["ann", "su-l", "lua51"]]));
    Ok(())
}

#[test]
fn a_list_is_a_table_for_people() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let none = lab.chamber.run(["gobo-session", "list"])?.success()?;
    assert_eq!((none.text(), none.errors()), ("no session with a view".into(), String::new()));
    let ann = session(&lab, "ann")?;
    let _bob = command(&lab, "bob")?;
    let list = lab.chamber.run(["gobo-session", "list"])?.success()?;
    let table: Vec<Vec<String>> =
        list.text().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    let head = ["PID", "USER", "SERVICE", "TTY", "PROFILE", "PROGRAMS", "PROCESSES", "AGE"];
    assert_eq!(table[0], head, "{list}");
    let pid = ann.pid().to_string();
    assert_eq!(table[1][..6], [pid.as_str(), "ann", "su-l", "-", "lua51", "1"], "{list}");
    assert_eq!(table.len(), 2, "{list}");
    let others = "gobo-session: not looked into, since their users made them: 1 view of bob";
    assert_eq!(list.errors(), others);
    Ok(())
}

#[test]
fn a_session_says_its_terminal_and_the_host_that_it_comes_from() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let client = lab.client("ann").with(|wish| {
        wish.tty = Some("/dev/pts/7".to_owned());
        wish.host = Some("lab-3".to_owned());
    });
    let report = client.script("gobo-session list; gobo-session list --json").run()?;
    let told = report.stdout.lines().last().unwrap_or_default();
    let told: Value = serde_json::from_str(told).with_context(|| report.stdout.clone())?;
    let about = &told["sessions"][0]["about"];
    assert_eq!((&about["tty"], &about["host"]), (&json!("/dev/pts/7"), &json!("lab-3")), "{told}");
    let row: Vec<&str> = report.stdout.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    assert_eq!(row[1..5], ["ann", "pamtester", "pts/7", "lua51"], "{}", report.stdout);
    Ok(())
}
