//! Each kind of rule, drop-ins and includes, through real libpam.

use super::{PROFILES, lua, lua_of, opened};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::lab::client::{Client, Wish};
use gobo_tests::requires_gobo_root;
use std::path::Path;

fn lab(root: &Path, policy: &str) -> Result<Lab> {
    let lab = Lab::new(root, policy, &PROFILES)?;
    lab.module_alone("pamtester")?;
    Ok(lab)
}

/// One rule that gives Lua 5.1.5 to whom it holds for.
fn rule(condition: &str) -> String {
    format!("[[rule]]\n{condition}\nprofile = \"lua51\"\n")
}

#[test]
fn each_condition_holds_for_some_and_not_for_others() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "")?;
    let client = |user: &str, change: &dyn Fn(&mut Wish)| -> Client<'_> { lab.client(user).with(change) };
    let nothing = |_: &mut Wish| {};
    let tty = |tty: &str| {
        let tty = tty.to_owned();
        move |wish: &mut Wish| wish.tty = Some(tty.clone())
    };
    let host = |host: &str| {
        let host = host.to_owned();
        move |wish: &mut Wish| wish.host = Some(host.clone())
    };
    let other_door = |wish: &mut Wish| wish.service = "other-door".to_owned();
    lab.module_alone("other-door")?;
    type Case<'c> = (&'c str, Vec<(&'c str, &'c dyn Fn(&mut Wish), bool)>);
    let (tty1, pts, lab7, home) = (tty("/dev/tty1"), tty("pts/0"), host("LAB-7.example.org"), host("home"));
    let cases: [Case<'_>; 8] = [
        (
            "user = [\"ann\", \"bob\"]",
            vec![("ann", &nothing, true), ("bob", &nothing, true), ("carl", &nothing, false)],
        ),
        ("group = \"cs101\"", vec![("bob", &nothing, true), ("carl", &nothing, false)]),
        ("group = \"carl\"", vec![("carl", &nothing, true), ("ann", &nothing, false)]),
        (
            "uid = [\"1001-1002\", 1003]",
            vec![("bob", &nothing, true), ("dora", &nothing, true), ("ann", &nothing, false)],
        ),
        ("service = \"other-door\"", vec![("ann", &other_door, true), ("ann", &nothing, false)]),
        ("tty = \"tty*\"", vec![("ann", &tty1, true), ("ann", &pts, false), ("ann", &nothing, false)]),
        (
            "host = \"lab-*.example.org\"",
            vec![("ann", &lab7, true), ("ann", &home, false), ("ann", &nothing, false)],
        ),
        (
            "user = \"ann\"\ngroup = \"cs101\"\nuid = 1000\nservice = \"pamtester\"\ntty = \"tty1\"",
            vec![("ann", &tty1, true), ("ann", &pts, false), ("bob", &tty1, false)],
        ),
    ];
    let mark = lab.chamber.log_mark()?;
    for (condition, logins) in cases {
        lab.policy(&rule(condition))?;
        for (user, change, holds) in logins {
            let expected = if holds { "5.1.5" } else { "5.4.4" };
            assert_eq!(lua(client(user, change))?, expected, "{condition} for {user}");
        }
    }
    lab.policy(&rule("uid = 0"))?;
    assert_eq!(lua_of(&lab, "root")?, "5.4.4", "R22: no rule reaches uid 0");
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}

#[test]
fn the_first_rule_decides_and_drop_ins_come_by_name() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "[default]\nprofile = \"lua53\"\n")?;
    let drop_in =
        |name: &str, text: &str| lab.chamber.write(format!("/etc/gobo-session/session.d/{name}.toml"), text);
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6");
    drop_in("20-none", "[[rule]]\nuser = [\"ann\", \"bob\"]\nprofile = \"none\"\n")?;
    drop_in("10-ann", &rule("user = \"ann\""))?;
    drop_in("30-exempt", "exempt = [\"carl\"]\n[default]\nprofile = \"lua51\"\n")?;
    let seen = ["ann", "bob", "carl", "dora"].map(|user| lua_of(&lab, user).unwrap_or_default());
    assert_eq!(seen, ["5.1.5", "5.4.4", "5.4.4", "5.1.5"]);
    lab.chamber.set_mode("/etc/gobo-session/session.d/20-none.toml", 0o664)?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "dora")?, "5.4.4", "nobody is layered");
    assert_eq!(
        lab.said(mark)?,
        [
            "err: no view: user dora, profile -, configure: not trusted: /etc/gobo-session/session.d/20-none.toml: \
             /System/Settings/gobo-session/session.d/20-none.toml is writable by others than root (mode 0664); chmod \
             go-w it"
        ]
    );
    Ok(())
}

#[test]
fn profiles_include_each_other_and_a_bad_one_harms_its_own_users_alone() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "[default]\nprofile = \"lua51\"\nallow = [\"*\"]\n")?;
    lab.profile("both", "include = [\"lua51\"]\nprograms = [\"Bash = 5.1.4\"]\n")?;
    lab.profile("lua51", "programs = [\"Lua = 5.1.5\"]\nstrict = true\n[environment]\nFROM = \"lua51\"\n")?;
    lab.profile("bad", "colour = 1\n")?;
    lab.profile("includes-bad", "include = [\"bad\"]\n")?;
    lab.profile("round", "include = [\"about\"]\n")?;
    lab.profile("about", "include = [\"round\"]\n")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "carl")?, "5.1.5");
    lab.select("ann", "both")?;
    let both = lab
        .client("ann")
        .script("lua -v 2>&1 | cut -d' ' -f2; bash --version | head -1; echo $FROM")
        .run()?;
    assert!(
        both.stdout.starts_with("5.1.5\nGNU bash, version 5.1.4") && both.stdout.ends_with("\nlua51\n"),
        "{both:#?}"
    );
    for wrong in ["bad", "includes-bad", "round"] {
        lab.select("ann", wrong)?;
        assert_eq!(opened(lab.client("ann"))?.stdout, "5.4.4\n", "{wrong}");
        assert_eq!(lua_of(&lab, "carl")?, "5.1.5", "the others keep theirs");
    }
    let file = "/etc/gobo-session/profiles.d";
    assert_eq!(
        lab.said(mark)?,
        [
            format!(
                "warning: user ann, profile both: {file}/lua51.toml:2:10: `strict` of an included profile is ignored"
            ),
            format!(
                "err: no view: user ann, profile bad, configure: {file}/bad.toml:1:1: unknown key `colour` (known here: \
                     description, include, programs, prefer, strict, solve, use-flags, pure, arch, personality, environment)"
            ),
            format!(
                "err: no view: user ann, profile includes-bad, configure: {file}/bad.toml:1:1: unknown key `colour` \
                     (known here: description, include, programs, prefer, strict, solve, use-flags, pure, arch, personality, \
                     environment)"
            ),
            format!(
                "err: no view: user ann, profile round, configure: {file}/about.toml:1:12: profiles include each \
                     other: round -> about -> round"
            ),
        ]
    );
    Ok(())
}

#[test]
fn a_policy_that_is_missing_layers_nobody_and_says_nothing() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "")?;
    lab.chamber.remove("/System/Settings/gobo-session")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4");
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}
