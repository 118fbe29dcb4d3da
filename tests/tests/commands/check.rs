//! `gobo-session check`: what is wrong with a machine, and what to do about it.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::{Lab, selection_of};
use gobo_tests::requires_gobo_root;
use serde_json::Value;
use std::path::Path;

pub(super) const POLICY: &str = "[[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\nallow = [\"lua51\"]\n";
const PROFILES: [(&str, &str); 1] = [("lua51", "programs = [\"Lua = 5.1.5\"]\n")];

pub(super) fn lab(root: &Path) -> Result<Lab> {
    Lab::new(root, POLICY, &PROFILES)
}

/// What is not as it should be, one line each: `LEVEL ABOUT: WHAT; CURE`, and the exit code.
fn complaints(lab: &Lab, user: &str) -> Result<(Vec<String>, Option<i32>)> {
    let words = ["gobo-session", "check", "--json"];
    let output = if user == "root" { lab.chamber.run(words)? } else { lab.chamber.as_user(user, words)? };
    let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{output}"))?;
    let findings = answer["findings"].as_array().context("no findings")?;
    let bad = findings.iter().filter(|finding| finding["level"] != "ok").map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let places = finding["places"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let places: String = places.map(|place| format!("\n{place}")).collect();
        format!("{} {}: {}; {}{places}", text("level"), text("about"), text("what"), text("cure"))
    });
    Ok((bad.collect(), output.status.code()))
}

#[test]
fn a_machine_that_is_set_up_as_it_should_be_has_nothing_to_complain_of() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for user in ["root", "ann"] {
        assert_eq!(complaints(&lab, user)?, (Vec::new(), Some(0)), "{user}");
    }
    let text = lab.chamber.run(["gobo-session", "check"])?.success()?;
    assert!(text.stderr.is_empty(), "{text}");
    for line in [
        "switch     ok       none turns it off",
        "policy     ok       /etc/gobo-session/session.toml with session.d: 1 rule",
        "profile    ok       lua51",
        "index      ok       /System/Index is root's",
        "stack      ok       sshd: close first, open last",
        "module     ok       /System/Index/lib/security/pam_gobo.so",
        "kernel     ok       a login's view can be made, refreshed and replaced",
        "run        ok       users can make views of their own",
        "mounts     ok       sessions see what is mounted later",
    ] {
        assert!(text.text().lines().any(|said| said == line), "{line}\n{text}");
    }
    Ok(())
}

/// Each mistake, how it comes about, and all that is said of it.
#[test]
fn each_mistake_is_found_with_its_cause_and_its_cure() -> Result<()> {
    let root = requires_gobo_root!();
    let stack = |name: &'static str, words: &'static str| move |lab: &Lab| lab.open_line(name, words);
    type Mistake = Box<dyn Fn(&Lab) -> Result<()>>;
    let mistakes: Vec<(Mistake, &[&str])> = vec![
        (
            Box::new(|lab| lab.chamber.write("/etc/gobo-session/disabled", "")),
            &[
                "warning switch: /etc/gobo-session/disabled turns it off: nobody gets a view; remove it when what it was for \
               is over",
            ],
        ),
        (
            Box::new(|lab| lab.policy("on-failur = \"deny\"\n")),
            &[
                "failed policy: /etc/gobo-session/session.toml or session.d is not understood; nobody gets a view until this \
               is right\n/etc/gobo-session/session.toml:1:1: error: unknown key `on-failur`\n 1 | on-failur = \
               \"deny\"\n     ^^^^^^^^^\n   = did you mean `on-failure`?",
            ],
        ),
        (
            Box::new(|lab| lab.chamber.set_mode("/etc/gobo-session/session.toml", 0o666)),
            &[
                "failed policy: /etc/gobo-session/session.toml or session.d: not trusted: /etc/gobo-session/session.toml: \
               /System/Settings/gobo-session/session.toml is writable by others than root (mode 0666); chmod go-w it; \
               nobody gets a view until this is right",
            ],
        ),
        (
            Box::new(|lab| lab.policy("user-profiles = \"trusted\"\n[default]\nprofile = \"lua52\"\n")),
            &[
                "warning policy: user-profiles = \"trusted\": whoever may write a profile of his own can become root by \
                 it; `gobo-session check --privileged` shows by which programs; \"off\" is the default",
                "failed policy: [default] names `lua52`, and there is no such profile; did you mean `lua51`? write \
                 /etc/gobo-session/profiles.d/lua52.toml",
            ],
        ),
        (
            Box::new(|lab| lab.profile("bad", "colour = 1\n")),
            &["failed profile: bad is not understood; who has this profile gets no view until it is \
               right\n/etc/gobo-session/profiles.d/bad.toml:1:1: error: unknown key `colour`\n 1 | colour = 1\n     \
               ^^^^^^\n   = known here: description, include, programs, prefer, strict, solve,\n\
               \x20    use-flags, pure, arch, personality, environment"],
        ),
        (
            Box::new(|lab| lab.chamber.chown("/Programs/Lua", 1001, 0)),
            &[
                "failed programs: /Programs/Lua: it belongs to uid 1001, not to root; chown it to root; ",
                "failed profile: lua51 leads to no view: nothing meets `Lua = 5.1.5` (asked for by profile lua51): \
                 /Programs/Lua: it belongs to uid 1001, not to root; chown it to root; install it, or ask for another \
                 version",
            ],
        ),
        (
            Box::new(|lab| lab.chamber.chown("/Programs/Lua/5.1.5", 1001, 0)),
            &[
                "warning programs: /Programs/Lua/5.1.5 (it belongs to uid 1001, not to root; chown it to root) is no \
               version; ",
                "failed profile: lua51 leads to no view: nothing meets `Lua = 5.1.5` (asked for by profile lua51): Lua is \
                 installed as 5.4.4, 5.3.6, 5.1.5 (it belongs to uid 1001, not to root; chown it to root); install it, or ask for \
                 another version",
            ],
        ),
        (
            Box::new(|lab| lab.profile("pure", "programs = [\"Luas\"]\npure = true\n")),
            &[
                "warning profile: pure leads to no view: nothing meets `Luas` (asked for by profile pure): Luas is not \
                 installed; did you mean Lua?; install it, or ask for another version",
            ],
        ),
        (
            Box::new(|lab| {
                let folder = "/Programs/Lua/5.1.5/lib/only-here/deep";
                lab.chamber.write(format!("{folder}/mine.so"), "")?;
                lab.chamber.chown(format!("{folder}/mine.so"), 1001, 0)?;
                lab.chamber.set_mode(folder, 0o775)
            }),
            &[
                "warning programs: others than root could change 2 things that views show, and no login looks there; \
                 \n/Programs/Lua/5.1.5/lib/only-here/deep: it is writable by others than root (mode 0775); chmod go-w \
                 it\n/Programs/Lua/5.1.5/lib/only-here/deep/mine.so: it belongs to uid 1001, not to root; chown it to root",
            ],
        ),
        (
            Box::new(|lab| lab.chamber.set_mode("/System/Index/share", 0o777)),
            &[
                "failed index: /System/Index/share: it is writable by others than root (mode 0777); chmod go-w it; ",
                "failed profile: lua51 leads to no view: /System/Index/share: it is writable by others than root (mode \
                 0777); chmod go-w it; ",
            ],
        ),
        (
            Box::new(|lab| {
                lab.chamber.mkdir("/run/gobo-session")?;
                lab.chamber.chown("/run/gobo-session", 1001, 0)
            }),
            &[
                "failed state: /run/gobo-session: /Data/Variable/run/gobo-session belongs to uid 1001, not to root; chown it \
               to root; nobody gets a view until this is right",
            ],
        ),
        (
            Box::new(|lab| {
                let stack = lab.chamber.read("/etc/pam.d/sshd")?;
                lab.chamber.write("/etc/pam.d/sshd", stack + "session required pam_exec.so /bin/true\n")
            }),
            &[
                "failed stack: sshd: /etc/pam.d/sshd:9 (pam_exec.so) stands behind the line that opens: it runs as root in \
               the view of a user; move the line of pam_gobo.so that opens behind it",
            ],
        ),
        (
            Box::new(stack("cron", "optional pam_gobo.so open on-failure=deny colour")),
            &[
                "warning stack: cron: /etc/pam.d/cron:5 (pam_gobo.so) has the word `colour`, which means nothing; \
                 docs/pam.md has the words",
                "warning stack: cron: /etc/pam.d/cron:5 (pam_gobo.so) is `optional`, so that on-failure = \"deny\" refuses \
                 nobody; make it `required`",
            ],
        ),
        (
            Box::new(|lab| lab.chamber.remove("/System/Index/lib/security/pam_gobo.so")),
            &[
                "failed module: pam_gobo.so is in none of /System/Index/lib/security, /lib/security, /lib64/security, \
               /usr/lib/security, /usr/lib64/security, /usr/lib/x86_64-linux-gnu/security; install it, or take its lines \
               out of the stacks",
            ],
        ),
        (
            Box::new(|lab| {
                lab.chamber.write("/etc/gobo-session/profile.d", "")?;
                lab.chamber.write("/etc/gobo-session/profiles.d/lua51.toml.old", "")
            }),
            &[
                "warning settings: nothing reads /etc/gobo-session/profile.d; remove it; did you mean profiles.d?",
                "warning settings: nothing reads /etc/gobo-session/profiles.d/lua51.toml.old; remove it, or let its name end \
                 in .toml",
            ],
        ),
        (
            Box::new(|lab| {
                lab.policy(&format!("share-root = false\n{POLICY}"))?;
                lab.chamber.sh("mount --make-rprivate /")?.success().map(drop)
            }),
            &[
                "warning mounts: / is private: sessions do not see what is mounted later, and what the host unmounts stays \
                 mounted in them; share-root = true in session.toml, or `mount --make-rshared /` at boot",
            ],
        ),
    ];
    for (number, (mistake, expected)) in mistakes.iter().enumerate() {
        let lab = lab(&root)?;
        mistake(&lab)?;
        let (found, code) = complaints(&lab, "root")?;
        assert_eq!(found, *expected, "mistake {number}");
        let fails = expected.iter().any(|line| line.starts_with("failed"));
        assert_eq!(code, Some(i32::from(fails)), "mistake {number}");
    }
    Ok(())
}

#[test]
fn where_user_namespaces_are_forbidden_the_setting_is_named() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // The setting belongs to the user namespace that the writer is in: the machine's own stays as it is.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && \
                  exec setpriv --inh-caps=-all --ambient-caps=-all gobo-session check --json";
    let words = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", script];
    let output = lab.chamber.as_user("ann", words)?;
    let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{output}"))?;
    let run = answer["findings"].as_array().into_iter().flatten().find(|finding| finding["about"] == "run");
    let run = run.context("nothing about run")?;
    assert_eq!(run["level"], "failed", "{run}");
    let what = run["what"].as_str().context("no text")?;
    assert!(
        what.starts_with("users cannot make views of their own: unshare(CLONE_NEWUSER|CLONE_NEWNS)"),
        "{what}"
    );
    assert!(what.ends_with("; user.max_user_namespaces is 0"), "{what}");
    assert_eq!(run["cure"], "sysctl user.max_user_namespaces=10000");
    assert_eq!(output.status.code(), Some(1));
    Ok(())
}

#[test]
fn what_is_tried_leaves_nothing_behind() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = lab.chamber.host_state()?;
    lab.chamber.run(["gobo-session", "check"])?.success()?;
    lab.chamber.wait_for_state(&before, gobo_tests::chamber::TIMEOUT)
}

#[test]
fn a_user_sees_what_is_wrong_with_his_own_files() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("ann", "lua51\"\nprofil = \"x")?;
    let folder = selection_of("ann").replace("session.toml", "profiles.d");
    lab.chamber.write(format!("{folder}/good.toml"), "programs = [\"Lua\"]\n")?;
    lab.chamber.write(format!("{folder}/sets.toml"), "programs = []\n[environment]\nA = \"secret\"\n")?;
    lab.chamber.write(format!("{folder}/bad.toml"), "programs = [\"Lua >\"]\n")?;
    let (found, code) = complaints(&lab, "ann")?;
    assert_eq!(code, Some(1));
    let parts = [
        [
            "failed own: /Users/ann/.config/gobo-session/session.toml is not understood: no login heeds it",
            "2:1: error",
        ],
        ["failed own: profile bad is not understood", "bad.toml:1:"],
        [
            "warning own: profile sets, for a login, is not understood",
            "a user's own profile sets no variables at login",
        ],
    ];
    ensure!(found.len() == parts.len(), "{found:#?}");
    for (line, parts) in found.iter().zip(parts) {
        ensure!(parts.iter().all(|part| line.contains(part)), "{parts:?} in {line}");
    }
    assert_eq!(complaints(&lab, "bob")?, (Vec::new(), Some(0)), "they are nobody else's");
    Ok(())
}
