//! A program is upgraded while people work: what their sessions see of it, and what is said of that.

use super::sessions::{POLICY, PROFILES, there};
use anyhow::{Context as _, Result};
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use serde_json::{Value, json};

/// How many sessions each user has.
const EACH: usize = 10;

/// A program in two versions of which the first is current, and what the first alone and the second alone has.
const INSTALLED: &str = r#"
for version in 1.0 2.0; do
    mkdir -p /Programs/Tool/$version/bin
    printf '#!/bin/sh\necho %s\n' $version > /Programs/Tool/$version/bin/tool
    chmod 755 /Programs/Tool/$version/bin/tool
done
touch /Programs/Tool/1.0/bin/tool-old /Programs/Tool/2.0/bin/tool-new /Programs/Tool/2.0/bin/tool-never
ln -s 1.0 /Programs/Tool/Current
for name in tool tool-old; do ln -s /Programs/Tool/1.0/bin/$name /System/Index/bin/$name; done
"#;

/// The second version becomes current, as SymlinkProgram and DisableProgram do it.
const UPGRADED: &str = r#"
ln -sfn 2.0 /Programs/Tool/.Current && mv -T /Programs/Tool/.Current /Programs/Tool/Current
for name in tool tool-new tool-never; do
    ln -s /Programs/Tool/2.0/bin/$name /System/Index/bin/.$name
    mv -T /System/Index/bin/.$name /System/Index/bin/$name
done
rm /System/Index/bin/tool-old
"#;

/// A session in which programs run in a loop; what fails is written down.
const LOOP: &str = "look() { tool; ls /System/Index/bin/tool-old /System/Index/bin/tool-new; }; look > /dev/null 2>&1; \
                    echo here; \
                    while sleep 0.1; do tool > /dev/null || echo lost tool; [ -L /System/Index/bin/lua ] || echo lost lua; \
                    ls /System/Index/bin/tool-new > /dev/null; done 2> /dev/null; true";

struct Sessions<'a> {
    lab: &'a Lab,
    running: Vec<Process>,
}

impl<'a> Sessions<'a> {
    fn start(lab: &'a Lab) -> Result<Self> {
        let users = ["ann", "bob"].into_iter().cycle().take(2 * EACH);
        let start = |user| there(lab.chamber.spawn(["su", "-", user, "-c", LOOP])?);
        Ok(Self { lab, running: users.map(start).collect::<Result<_>>()? })
    }

    /// What a script prints in each session.
    fn each(&self, script: &str) -> Result<Vec<String>> {
        let one = |process: &Process| {
            let pid = process.pid().to_string();
            Ok(self.lab.chamber.run(["nsenter", "-t", &pid, "-m", "bash", "-c", script])?.success()?.text())
        };
        self.running.iter().map(one).collect()
    }

    /// What `status` calls stale of each session.
    fn stale(&self) -> Result<Vec<Value>> {
        let one = |process: &Process| {
            let words = ["gobo-session", "status", &process.pid().to_string(), "--json"];
            let text = self.lab.chamber.run(words)?.success()?.text();
            serde_json::from_str::<Value>(&text)?.get("stale").cloned().context("nothing about stale names")
        };
        self.running.iter().map(one).collect()
    }
}

/// Makes sure that no session has lost a name while its view was renewed.
fn nothing_lost(sessions: &mut Sessions<'_>) {
    for process in &mut sessions.running {
        let (output, _) = process.take_output();
        assert_eq!(String::from_utf8_lossy(&output), "", "{}", process.name());
    }
}

fn all<T: Clone>(what: T) -> Vec<T> {
    vec![what; 2 * EACH]
}

/// What a session sees of the upgraded program.
const SEEN: &str = "tool; cd /System/Index/bin; for name in tool-old tool-new; do \
                    [ -L $name ] && echo $name || echo no $name; done; ls | grep -c '^tool-new$'";

#[test]
fn an_upgrade_under_running_sessions_is_stale_for_names_that_were_used_and_status_says_so() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    lab.chamber.sh(INSTALLED)?.success()?;
    let sessions = Sessions::start(&lab)?;
    let found = lab.chamber.run(["gobo-session", "list", "--json"])?.success()?.text();
    let found: Value = serde_json::from_str(&found)?;
    assert_eq!(found["sessions"].as_array().map(Vec::len), Some(2 * EACH));
    assert_eq!(sessions.stale()?, all(json!([])));
    lab.chamber.sh(UPGRADED)?.success()?;
    // Names that were looked up before are as they were; a list of names is as it is.
    assert_eq!(sessions.each(SEEN)?, all("1.0\ntool-old\nno tool-new\n1".to_owned()));
    assert_eq!(sessions.stale()?, all(json!(["bin/tool", "bin/tool-new"])));
    // A name that nobody has asked for before is there at once, and so is everything in a session that begins now.
    assert_eq!(sessions.each("[ -L /System/Index/bin/tool-never ] && echo there")?, all("there".to_owned()));
    assert_eq!(
        lab.su("ann", "tool; ls /System/Index/bin/tool-new")?.success()?.text(),
        "2.0\n/System/Index/bin/tool-new"
    );
    Ok(())
}

#[test]
fn after_refresh_everything_is_fresh_and_nothing_was_missed() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    lab.chamber.sh(INSTALLED)?.success()?;
    let mut sessions = Sessions::start(&lab)?;
    lab.chamber.sh(UPGRADED)?.success()?;
    lab.chamber.run(["gobo-session", "refresh"])?.success()?;
    assert_eq!(sessions.each(SEEN)?, all("2.0\nno tool-old\ntool-new\n1".to_owned()));
    assert_eq!(sessions.stale()?, all(json!([])));
    nothing_lost(&mut sessions);
    Ok(())
}

#[test]
fn a_chosen_version_is_removed_and_another_takes_its_place_without_a_gap() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    lab.chamber.sh(INSTALLED)?.success()?;
    let mut sessions = Sessions::start(&lab)?;
    let code =
        |meant: &str| -> Result<_> { Ok(lab.chamber.run(["gobo-session", "who", meant])?.status.code()) };
    assert_eq!(code("Lua/5.1.5")?, Some(3));
    lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    lab.chamber.run(["gobo-session", "reload", "--profile", "lua51"])?.success()?;
    assert_eq!(code("Lua/5.1.5")?, Some(0));
    lab.chamber.remove("/Programs/Lua/5.1.5")?;
    let versions = sessions.each("lua -v 2>&1 | cut -c 1-9")?;
    let expected = ["Lua 5.3.6", "Lua 5.4.4"].into_iter().cycle().take(2 * EACH);
    assert!(versions.iter().eq(expected), "{versions:?}");
    nothing_lost(&mut sessions);
    Ok(())
}

#[test]
fn a_chosen_version_is_removed_first_and_reload_gives_another_without_a_gap() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    lab.chamber.sh(INSTALLED)?.success()?;
    let mut sessions = Sessions::start(&lab)?;
    lab.chamber.remove("/Programs/Lua/5.1.5")?;
    // The names are there, and lead nowhere; who asks is told.
    let pid = sessions.running[0].pid().to_string();
    let told = lab.chamber.run(["gobo-session", "status", &pid])?.success()?;
    assert!(told.text().contains("changed since: Lua 5.1.5 is no longer installed"), "{told}");
    let refused = lab.chamber.run(["gobo-session", "refresh", "--profile", "lua51"])?;
    assert!(refused.text().contains("Lua 5.1.5 is no longer installed"), "{refused}");
    lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    lab.chamber.run(["gobo-session", "reload", "--profile", "lua51"])?.success()?;
    let versions = sessions.each("lua -v 2>&1 | cut -c 1-9")?;
    let expected = ["Lua 5.3.6", "Lua 5.4.4"].into_iter().cycle().take(2 * EACH);
    assert!(versions.iter().eq(expected), "{versions:?}");
    nothing_lost(&mut sessions);
    Ok(())
}
