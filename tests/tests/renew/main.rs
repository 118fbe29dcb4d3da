//! `gobo-session refresh` and `reload`: views of running sessions made true again, and nobody misses a file meanwhile.

mod at_once;
mod layers;
mod users;

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Output, Process};
use gobo_tests::lab::{Lab, selection_of, view_of};
use gobo_tests::requires_gobo_root;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const POLICY: &str = "user-profiles = \"trusted\"\n[default]\nprofile = \"lua51\"\nallow = \"*\"\n";
const LUA51: &str = "programs = [\"Lua = 5.1.5\"]\n";

fn lab(root: &Path) -> Result<Lab> {
    let policy = POLICY.replace("\"*\"", "[\"*\"]");
    Lab::with(root, &policy, &[("lua51", LUA51)], |builder| builder.writable_programs())
}

/// A shell in a session or in a view of its own, which does what it is told.
struct Shell(Process);

impl Shell {
    fn session(lab: &Lab, user: &str) -> Result<Self> {
        Self::started(lab.chamber.command(["su", user, "-c", "exec bash"]).input("").spawn()?)
    }

    fn command(lab: &Lab, user: &str, words: &[&str]) -> Result<Self> {
        let words = [&["gobo-session", "run", "--with", "Lua = 5.1.5"], words, &["bash"]].concat();
        Self::started(lab.chamber.command(words).user(&lab.chamber.user(user)?).input("").spawn()?)
    }

    fn started(process: Process) -> Result<Self> {
        let mut shell = Self(process);
        ensure!(shell.says("echo here")? == "here");
        Ok(shell)
    }

    /// What a command prints, in one line.
    fn says(&mut self, command: &str) -> Result<String> {
        self.0.send(format!("echo $({{ {command}; }} 2>&1)\n"));
        self.0.line(PATIENCE)
    }
}

/// What a name of the index's `bin` is.
const NAMES: &str = "for n in new gone switched extra; do echo $n:$(readlink /bin/$n); done";

fn root(lab: &Lab, words: &[&str]) -> Result<Output> {
    lab.chamber.run([&["gobo-session"], words].concat())
}

/// What each session was told to be: user and what was done.
fn told(answer: &Output) -> Result<Vec<Value>> {
    let answer: Value = serde_json::from_slice(&answer.stdout).with_context(|| answer.to_string())?;
    let sessions = answer["sessions"].as_array().cloned().unwrap_or_default();
    let told = sessions.iter().map(|one| json!([one["session"]["user"], one["changed"], one["error"]]));
    // Those of one second stand in any order.
    let mut told: Vec<Value> = told.collect();
    told.sort_by_key(Value::to_string);
    Ok(told)
}

/// The host changes under views that have looked; gives what they saw before, and after.
fn change_the_host(lab: &Lab, shells: &mut [Shell], refresh: impl Fn() -> Result<Output>) -> Result<()> {
    let index = "/System/Index/bin";
    lab.chamber.sh(&format!("ln -s one {index}/gone; ln -s one {index}/switched"))?.success()?;
    let before = "new: gone:one switched:one extra:";
    for shell in &mut *shells {
        assert_eq!(shell.says(NAMES)?, before);
    }
    let change = format!(
        "set -e; ln -s one {index}/new; rm {index}/gone; ln -s two {index}/x; mv -T {index}/x {index}/switched; \
         touch /Programs/Lua/5.1.5/bin/extra"
    );
    lab.chamber.sh(&change)?.success()?;
    for shell in &mut *shells {
        assert_eq!(shell.says(NAMES)?, before, "what was looked up is remembered");
    }
    let done = refresh()?.success()?;
    for shell in &mut *shells {
        let after = "new:one gone: switched:two extra:/Programs/Lua/5.1.5/bin/extra";
        assert_eq!(shell.says(NAMES)?, after, "{done}");
        assert_eq!(shell.says("lua -v")?, "Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio");
    }
    Ok(())
}

#[test]
fn refresh_shows_sessions_the_host_as_it_is_now() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    lab.select("bob", "mine")?;
    let mine = selection_of("bob").replace("session.toml", "profiles.d");
    lab.chamber.write(format!("{mine}/mine.toml"), LUA51)?;
    lab.chamber.sh(&format!("chown -R bob {mine}"))?.success()?;
    // Two sessions have a layer in common, the third, of a profile of his own, has its own.
    let mut shells =
        [Shell::session(&lab, "ann")?, Shell::session(&lab, "ann")?, Shell::session(&lab, "bob")?];
    assert_eq!(shells[2].says("ls /run/gobo-session/view")?, "about.json empty layer plan.json whiteout");
    change_the_host(&lab, &mut shells, || {
        let done = root(&lab, &["refresh", "--json"])?;
        let ann = json!(["ann", 1, null]);
        assert_eq!(told(&done)?, [ann.clone(), ann, json!(["bob", 1, null])]);
        Ok(done)
    })?;
    let again = root(&lab, &["refresh"])?.success()?.text();
    let rows = again.lines().skip(1);
    let lines: Vec<Vec<&str>> = rows.map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.last() == Some(&"fresh")), "{again}");
    // What others could have written is not there, and a new layer of root's is as closed as the first.
    assert_eq!(
        shells[2]
            .says("touch /run/gobo-session/view/x; echo x > /System/Index/bin/x")?
            .matches("Read-only")
            .count(),
        2
    );
    Ok(())
}

#[test]
fn a_user_refreshes_the_views_of_his_own_commands() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // Without the folders that the first login makes a view has no room for what it says of itself.
    let mut bare = Shell::command(&lab, "ann", &[])?;
    assert_eq!(bare.says("ls /bin/new")?, "ls: cannot access '/bin/new': No such file or directory");
    lab.chamber.sh("ln -s ls /System/Index/bin/new")?.success()?;
    assert!(bare.says("ls /bin/new")?.contains("cannot access"));
    let done = lab.chamber.as_user("ann", ["gobo-session", "refresh", "--json"])?.success()?;
    assert_eq!(told(&done)?, [json!(["ann", 0, null])]);
    assert_eq!(bare.says("ls /bin/new; rm /bin/new")?.split(' ').next(), Some("/bin/new"));
    lab.chamber.sh("rm /System/Index/bin/new")?.success()?;
    drop(bare);
    lab.log_in_until_kept("ann")?;
    let mut shells = [Shell::command(&lab, "ann", &[])?, Shell::command(&lab, "ann", &["--writable"])?];
    assert_eq!(shells[1].says("touch /System/Index/bin/mine; ls /bin/mine")?, "/bin/mine");
    change_the_host(&lab, &mut shells, || {
        let done = lab.chamber.as_user("ann", ["gobo-session", "refresh", "--json"])?;
        assert_eq!(told(&done)?.len(), 2);
        Ok(done)
    })?;
    assert_eq!(shells[1].says("ls /bin/mine")?, "/bin/mine");
    // Who is in a view himself has no right to its mounts.
    let inside = shells[0].says("gobo-session refresh")?;
    assert!(
        inside.contains("failed: who is in this view himself has no right to change it; call"),
        "{inside}"
    );
    let other = lab.chamber.as_user("bob", ["gobo-session", "refresh"])?.success()?.text();
    assert_eq!(other, "no session to be renewed");
    Ok(())
}

#[test]
fn refresh_and_reload_are_for_those_that_are_meant() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.profile("lua53", "programs = [\"Lua = 5.3.6\"]\n")?;
    lab.select("bob", "lua53")?;
    let _shells = [Shell::session(&lab, "ann")?, Shell::session(&lab, "bob")?];
    let (ann, bob) = (json!(["ann", 0, null]), json!(["bob", 0, null]));
    for command in ["refresh", "reload"] {
        let ask = |words: &[&str]| told(&root(&lab, &[&[command, "--json"], words].concat())?.success()?);
        assert_eq!(ask(&[])?, [ann.clone(), bob.clone()]);
        assert_eq!(ask(&["--user", "ann"])?, std::slice::from_ref(&ann));
        assert_eq!(ask(&["--profile", "lua53"])?, std::slice::from_ref(&bob));
        assert!(ask(&["--profile", "lua53", "--user", "ann"])?.is_empty());
    }
    let refused = lab.chamber.as_user("ann", ["gobo-session", "reload"])?;
    assert_eq!(refused.status.code(), Some(1), "{refused}");
    assert!(refused.errors().contains("log in again to have a new one"), "{refused}");
    Ok(())
}

#[test]
fn reload_gives_sessions_what_a_new_login_gets() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mut shells = [Shell::session(&lab, "ann")?, Shell::session(&lab, "ann")?];
    assert_eq!(shells[0].says("lua -v")?, "Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio");
    // The parts of the index that the new view lies over are others.
    lab.profile("lua51", "programs = [\"Python = 3.9.2\", \"Lua = 5.3.6\"]\n")?;
    let done = root(&lab, &["reload", "--json"])?.success()?;
    assert_eq!(told(&done)?.len(), 2);
    for shell in &mut shells {
        assert_eq!(
            shell.says("lua -v; python3 -V")?,
            "Lua 5.3.6 Copyright (C) 1994-2020 Lua.org, PUC-Rio Python 3.9.2"
        );
        let status = shell.says("gobo-session status; cat /run/gobo-session/view/about.json")?;
        assert!(status.starts_with("in a view: profile lua51; session of ann by su, "), "{status}");
        assert!(status.contains("Lua 5.3.6") && !status.contains("changed since"), "{status}");
    }
    let mut new = Shell::session(&lab, "ann")?;
    let table = "cat /proc/self/mountinfo | grep gobo-session | sed 's/.* - //' | sort";
    assert_eq!(shells[0].says(table)?, new.says(table)?);
    lab.profile("lua51", LUA51)?;
    root(&lab, &["reload"])?.success()?;
    let table = lab.chamber.read(format!("/proc/{}/mountinfo", shells[1].0.pid()))?;
    // The process of su is in the session too.
    assert_eq!(lab.view_in(&table)?, view_of("lua51", &["bin"]));
    Ok(())
}

#[test]
fn a_reload_that_cannot_be_done_leaves_the_old_view() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mut shell = Shell::session(&lab, "ann")?;
    for (profile, why) in [
        ("programs = [\"Lua = 9\"]\n", "nothing meets `Lua = 9`"),
        ("pure = true\nprograms = [\"Lua = 5.3.6\"]\n", "a pure view is not for logins"),
        ("colour = 1\n", "unknown key `colour`"),
    ] {
        lab.profile("lua51", profile)?;
        let failed = root(&lab, &["reload"])?;
        assert_eq!(failed.status.code(), Some(1), "{failed}");
        assert!(failed.text().contains("failed: ") && failed.text().contains(why), "{failed}");
        assert_eq!(shell.says("lua -v")?, "Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio");
    }
    // A chosen version that is gone is nothing that refresh could cure.
    lab.profile("lua51", LUA51)?;
    lab.chamber.sh("mv /Programs/Lua/5.1.5 /Programs/Lua/5.1.5-failed")?.success()?;
    let failed = root(&lab, &["refresh"])?;
    assert!(
        failed.status.code() == Some(1) && failed.text().contains("Lua 5.1.5 is no longer installed"),
        "{failed}"
    );
    Ok(())
}

#[test]
fn nobody_misses_a_name_while_views_are_renewed() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    // A name of the layer that both profiles have, one of the base, and a listing.
    let script = "import os, sys\nseen, reads = set(), 0\nprint('reading', flush=True)\n\
                  while reads < 100000 or not os.path.exists('/tmp/enough'):\n\
                  \x20   seen.add(os.readlink('/System/Index/bin/lua')); os.stat('/System/Index/bin/ls')\n\
                  \x20   os.stat('/System/Index/lib/libc.so.6'); reads += 3\n\
                  \x20   assert reads % 300 or 'ls' in os.listdir('/System/Index/bin')\n\
                  print(reads >= 100000, *sorted(seen), flush=True)";
    let mut reader =
        lab.chamber.command(["su", "ann", "-c", &format!("exec python3 -c \"{script}\"")]).spawn()?;
    assert_eq!(reader.line(PATIENCE)?, "reading");
    for turn in 0..40 {
        let version = if turn % 2 == 0 { "5.3.6" } else { "5.1.5" };
        lab.profile("lua51", &format!("programs = [\"Lua = {version}\"]\n"))?;
        root(&lab, &["reload"])?.success()?;
        lab.chamber.sh(&format!("ln -s x /System/Index/bin/new-{turn}"))?.success()?;
        // What several users had is made anew, what is one user's own is flushed.
        if turn % 4 < 2 {
            let mark = "cd /run/gobo-session; for plan in $(ls layers); do touch shared/$plan.several; done";
            lab.chamber.sh(mark)?.success()?;
        }
        root(&lab, &["refresh"])?.success()?;
    }
    lab.chamber.write("/tmp/enough", "")?;
    let said = reader.line(2 * PATIENCE)?;
    assert_eq!(said, "True /Programs/Lua/5.1.5/bin/lua /Programs/Lua/5.3.6/bin/lua");
    ensure!(reader.wait(PATIENCE)?.success());
    Ok(())
}
