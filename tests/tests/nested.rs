//! Sessions that start inside a session: su and sudo to other users and to root, from wherever one stands.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;

const POLICY: &str = "exempt = [\"dora\"]\n\
                      [[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\n\
                      [[rule]]\nuser = \"bob\"\nprofile = \"lua53\"\n\
                      [[rule]]\nuser = \"carl\"\nprofile = \"broken\"\n";

const PROFILES: [(&str, &str); 3] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\npersonality = true\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\n"),
    ("broken", "programs = [\"No-Such-Program\"]\n"),
];

/// The version of one program, the machine, where one stands, and the mount table.
const LOOK: &str = "lua -v 2>&1 | cut -d' ' -f2; uname -m; pwd -P; cat /proc/self/mountinfo";

fn lab(root: &Path) -> Result<Lab> {
    Lab::new(root, POLICY, &PROFILES)
}

/// What [`LOOK`] tells of a session.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    lua: String,
    machine: String,
    cwd: String,
    view: Vec<String>,
}

/// What is seen at the end of a chain of commands which starts in a login session of a user, in some folder.
fn seen_through(lab: &Lab, user: &str, folder: &str, chain: &str) -> Result<Seen> {
    lab.chamber.write("/run/look", format!("{LOOK}\n"))?;
    let output = lab.su(user, &format!("cd {folder} && {chain} bash /run/look"))?.success()?;
    let text = output.text();
    let [lua, machine, cwd, table] = text.splitn(4, '\n').collect::<Vec<_>>()[..] else {
        anyhow::bail!("{output}");
    };
    ensure!(output.stderr.is_empty(), "{output}");
    Ok(Seen { lua: lua.into(), machine: machine.into(), cwd: cwd.into(), view: lab.view_in(table)? })
}

fn seen(lua: &str, machine: &str, cwd: &str, view: Vec<String>) -> Seen {
    Seen { lua: lua.into(), machine: machine.into(), cwd: cwd.into(), view }
}

fn host(cwd: &str) -> Seen {
    seen("5.4.4", "x86_64", cwd, Vec::new())
}

fn of_ann(cwd: &str) -> Seen {
    seen("5.1.5", "i686", cwd, view_of("lua51", &["bin"]))
}

fn of_bob(cwd: &str) -> Seen {
    seen("5.3.6", "x86_64", cwd, view_of("lua53", &["bin"]))
}

#[test]
fn each_user_sees_his_own_from_within_the_session_of_another() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    assert_eq!(seen_through(&lab, "ann", "/Users", "")?, of_ann("/Users"));
    assert_eq!(seen_through(&lab, "ann", "/Users", "sudo -n -u bob")?, of_bob("/Users"));
    assert_eq!(seen_through(&lab, "bob", "/Users", "sudo -n -u ann")?, of_ann("/Users"));
    assert_eq!(
        seen_through(&lab, "bob", "/Users", "sudo -n -u ann sudo -n -u bob sudo -n -u ann")?,
        of_ann("/Users")
    );
    assert_eq!(seen_through(&lab, "ann", "/Users", "sudo -n -u ann")?, of_ann("/Users"));
    Ok(())
}

#[test]
fn su_from_within_a_session_asks_for_a_password_and_gives_the_view_of_the_other() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.chamber.write("/run/look", format!("({LOOK}) > /tmp/seen; echo do''ne\n"))?;
    let mut su = lab.chamber.pty(["su", "-", "bob", "-c", "su ann -c 'bash /run/look'"])?;
    su.expect("assword: ", gobo_tests::chamber::TIMEOUT)?;
    su.send("gobo\n");
    su.expect("done", gobo_tests::chamber::TIMEOUT)?;
    let text = lab.chamber.read("/tmp/seen")?;
    assert!(text.starts_with("5.1.5\ni686\n/Users/bob\n"), "{text}");
    let table = text.splitn(4, '\n').last().context("no mount table")?;
    assert_eq!(lab.view_in(table)?, view_of("lua51", &["bin"]));
    Ok(())
}

#[test]
fn r22_root_sees_the_host_from_within_a_session() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for (folder, stays) in
        [("/Users/ann", "/Users/ann"), ("/System/Index/bin", "/"), ("/Programs", "/Programs")]
    {
        assert_eq!(seen_through(&lab, "ann", folder, "sudo -n")?, host(stays), "{folder}");
    }
    assert_eq!(seen_through(&lab, "ann", "/", "sudo -n sudo -n -u bob sudo -n -u ann sudo -n")?, host("/"));
    Ok(())
}

#[test]
fn r22_what_root_mounts_and_links_from_within_a_session_is_everybodys() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let script = "sudo -n mount -t tmpfs mine /Mount; sudo -n ln -s /Programs/Lua/5.3.6/bin/lua /System/Index/bin/lua-new; \
                  grep -c ' /Mount ' /proc/self/mountinfo; lua-new -v 2>&1";
    let output = lab.su("ann", script)?.success()?;
    assert!(output.text().starts_with("1\nLua 5.3.6"), "{output}");
    assert!(lab.chamber.mounts_of(1)?.iter().any(|mount| mount.point == Path::new("/Mount")));
    assert!(lab.chamber.exists("/System/Index/bin/lua-new"));
    Ok(())
}

#[test]
fn who_has_no_view_sees_none_from_within_a_session() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(seen_through(&lab, "ann", "/Users", "sudo -n -u dora")?, host("/Users"));
    assert_eq!(
        seen_through(&lab, "ann", "/Users", "sudo -n -u carl")?,
        host("/Users"),
        "whose profile is broken"
    );
    assert_eq!(seen_through(&lab, "ann", "/Users", "sudo -n -u nobody")?, host("/Users"));
    let said = lab.said(mark)?;
    assert!(!said.iter().any(|line| line.starts_with("warning")), "{said:#?}");
    Ok(())
}

#[test]
fn r12_a_folder_that_the_view_covers_or_takes_away_is_that_of_the_same_path() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let bin = "/System/Index/bin";
    let stands = "stat -c %d . /System/Index/bin | uniq | wc -l;";
    for chain in ["", "sudo -n -u bob", "sudo -n -u dora", "sudo -n -u carl", "sudo -n -u bob sudo -n -u ann"]
    {
        let script = format!("cd {bin} && {chain} bash -c '{stands} pwd -P; ls lua'");
        let output = lab.su("ann", &script)?.success()?;
        assert_eq!(output.text(), format!("1\n{bin}\nlua"), "{chain}: {output}");
    }
    let client =
        lab.client("ann").with(|wish| wish.cwd = bin.to_owned()).script("pwd -P; ./lua -v 2>&1").run()?;
    assert!(client.stdout.starts_with("/System/Index/bin\nLua 5.1.5"), "{client:#?}");
    assert_eq!(client.before, client.after);
    let state = "/run/gobo-session/view";
    let script = format!("cd {state} && sudo -n -u bob bash -c 'pwd; ls'; cd {state} && sudo -n -u dora ls");
    let output = lab.su("ann", &script)?;
    // Bob's own view, whether its layer is kept or lies there too; and nothing for dora.
    assert!(output.text().contains("/view\nabout.json") && !output.text().contains("cannot"), "{output}");
    Ok(())
}

#[test]
fn nothing_of_a_session_is_held_by_one_that_started_in_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let script = "cd /System/Index/bin; sudo -n -u bob bash -c 'readlink /proc/$$/cwd; ls -l /proc/$$/fd'";
    let output = lab.su("ann", script)?.success()?;
    assert!(output.text().starts_with("/System/Index/bin\n"), "{output}");
    assert!(!output.text().contains("mnt:") && !output.text().contains("unreachable"), "{output}");
    Ok(())
}
