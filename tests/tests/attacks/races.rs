//! Logins while everything that they read is swapped for links to somewhere else, as fast as it goes.

use super::lab;
use anyhow::{Result, ensure};
use gobo_tests::chamber::{Process, TIMEOUT};
use gobo_tests::lab::{Lab, built, view_of};
use gobo_tests::requires_gobo_root;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many logins there are if `GOBO_RACES` does not say.
const LOGINS: usize = 1000;

/// Folders that nothing may be opened in: bob's, and one of root's that ann links to.
const OUTSIDE: [&str; 4] =
    ["/Users/bob/outside", "/Users/bob/outside/bin", "/Users/bob/outside/Resources", "/Users/root/outside"];

/// What ann swaps: the file that selects.
const OF_ANN: [&str; 2] =
    ["/Users/ann/.config/gobo-session/session.toml", "/Users/ann/.config/gobo-session/other"];

/// What nobody but root can swap, and here it is: a version's folder, a profile, the state and its folders.
const OF_ROOT: [&str; 8] = [
    "/Programs/Race/1.0",
    "/Programs/Race/other",
    "/System/Settings/gobo-session/profiles.d/lua51.toml",
    "/System/Settings/gobo-session/profiles.d/other",
    "/Data/Variable/run/gobo-session/view",
    "/Data/Variable/run/gobo-session/other",
    "/Data/Variable/run/gobo-session",
    "/Data/Variable/run/other/gobo-session",
];

fn start(lab: &Lab, user: &str, words: &[&str]) -> Result<Process> {
    let argv = ["swapper"].iter().chain(words);
    let mut process = lab.chamber.command(argv).user(&lab.chamber.user(user)?).input("").spawn()?;
    process.expect("begun", TIMEOUT)?;
    Ok(process)
}

/// Ends a helper and gives what it printed since it had begun.
fn end(mut process: Process) -> Result<String> {
    process.close_input();
    let status = process.wait(TIMEOUT)?;
    let (output, errors) = process.take_output();
    ensure!(status.success(), "{}", String::from_utf8_lossy(&errors));
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

/// Everything twice: where it belongs, and outside, which says or holds something else.
fn prepare(lab: &Lab) -> Result<()> {
    let chamber = &lab.chamber;
    chamber.write("/usr/bin/swapper", std::fs::read(built("swapper")?)?)?;
    chamber.set_mode("/usr/bin/swapper", 0o755)?;
    lab.profile("lua51", "programs = [\"Lua = 5.1.5\", \"Race\"]\n")?;
    lab.select("ann", "lua51")?;
    for (folder, name) in [("/Programs/Race/1.0", "race"), ("/Users/bob/outside", "evil")] {
        chamber.write(format!("{folder}/bin/{name}"), "#!/bin/sh\n")?;
        chamber.write(format!("{folder}/Resources/Environment"), format!("export RACE={name}\n"))?;
    }
    chamber.link("/Users/bob/outside", OF_ROOT[1])?;
    chamber.write("/Users/bob/outside/lua51.toml", "programs = [\"Lua = 5.3.6\"]\n")?;
    chamber.link("/Users/bob/outside/lua51.toml", OF_ROOT[3])?;
    for folder in ["index", "view"] {
        chamber.mkdir(format!("/Users/bob/outside/state/{folder}"))?;
    }
    chamber.link("index", "/Users/bob/outside/state/other")?;
    chamber.sh("chown -R bob /Users/bob/outside")?.success()?;
    chamber.write("/Users/root/outside/session.toml", "profile = \"lua53\"\n")?;
    chamber
        .sh("chmod 700 /Users/root /Users/root/outside; ln -s /Users/root/outside/session.toml \
                /Users/ann/.config/gobo-session/other; chown -h ann /Users/ann/.config/gobo-session/other")?
        .success()?;
    ensure!(lab.client("ann").run()?.inside.view()? == view_of("lua51", &["bin"]), "a good login");
    chamber.link("/Users/bob/outside/state/view", OF_ROOT[5])?;
    chamber.link("/Users/bob/outside/state", OF_ROOT[7])
}

#[test]
fn swapped_for_links_in_a_tight_loop_nothing_outside_is_opened_or_mounted_on() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.open_line("pamtester", "required pam_gobo.so open quiet")?;
    prepare(&lab)?;
    let logins = std::env::var("GOBO_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(LOGINS);
    let watcher = start(&lab, "root", &[&["watch"][..], &OUTSIDE].concat())?;
    let ann = start(&lab, "ann", &[&["swap"][..], &OF_ANN].concat())?;
    let root = start(&lab, "root", &[&["swap"][..], &OF_ROOT].concat())?;
    let report = lab
        .client("ann")
        .with(|wish| (wish.times, wish.each) = (logins, true))
        .timeout(Duration::from_secs(60) + Duration::from_millis(100) * u32::try_from(logins)?)
        .run();
    let swaps: u64 = end(ann)?.parse::<u64>()? + end(root)?.parse::<u64>()?;
    let report = report?;
    assert_eq!(end(watcher)?, "", "opened outside");

    let good = view_of("lua51", &["bin"]).join("\n");
    // A folder that is mounted on has the name that it is swapped for, mount and all.
    let mut seen = BTreeMap::<String, usize>::new();
    for (view, count) in &report.seen {
        let view = view.replace("/run/other/gobo-session/", "/run/gobo-session/");
        let view = view.replace("/gobo-session/other:", "/gobo-session/view:");
        let mut lines: Vec<&str> = view.lines().collect();
        lines.sort_unstable();
        *seen.entry(lines.join("\n")).or_default() += count;
    }
    println!("{logins} logins, {swaps} swaps: {seen:#?}");
    let is_good = |view: &String| view.is_empty() || *view == good;
    assert!(seen.keys().all(is_good) && seen.len() == 2, "whole views or none, and some of each: {seen:#?}");
    assert_eq!(report.before, report.after);
    let evil = report.variables.iter().any(|variable| variable == "RACE=evil");
    assert!(!evil, "{:#?}", report.variables);
    Ok(())
}
