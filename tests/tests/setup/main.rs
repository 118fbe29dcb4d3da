//! `gobo-session setup`: lines in the stacks of a machine with real su, sshd and sudo, put in and taken out.

mod beside;
mod elsewhere;
mod services;

use anyhow::Result;
use gobo_tests::chamber::Output;
use gobo_tests::lab::{Lab, stacks};
use gobo_tests::requires_gobo_root;
use std::collections::BTreeMap;
use std::path::Path;

/// A machine with the product, none of whose stacks has its lines, and a policy by which ann gets Lua 5.1.5.
fn lab(root: &Path) -> Result<Lab> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    Lab::turned_off(root, policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")], |builder| builder)
}

fn setup(lab: &Lab, words: &[&str]) -> Result<Output> {
    lab.chamber.run([&["gobo-session", "setup"], words].concat())
}

/// The text of every stack.
fn all_stacks(lab: &Lab) -> Result<BTreeMap<String, String>> {
    let names = lab.chamber.list("/etc/pam.d")?;
    names
        .into_iter()
        .map(|name| Ok((name.clone(), lab.chamber.read(format!("/etc/pam.d/{name}"))?)))
        .collect()
}

#[test]
fn what_it_would_do_is_shown_and_nothing_done() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    let told = setup(&lab, &[])?.success()?;
    assert!(
        told.text().contains("su: gets `close` before its session lines and `open` behind them"),
        "{told}"
    );
    assert!(told.text().contains("su-l: gets none: `su -`."), "{told}");
    assert!(told.text().starts_with("tree: rooted: "), "{told}");
    assert!(!told.text().contains("passwd") && told.errors().contains("nothing was changed"), "{told}");
    assert_eq!(all_stacks(&lab)?, before);
    let absent = setup(&lab, &["xdm"])?.success()?;
    assert_eq!(absent.text(), "xdm: gets none: it has no stack here");
    let unknown = setup(&lab, &["passwd"])?.success()?;
    assert_eq!(unknown.text(), "passwd: gets none: nothing is known here about its sessions");
    Ok(())
}

#[test]
fn lines_are_put_where_they_belong_and_taken_out_without_a_trace() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    setup(&lab, &["--apply"])?.success()?;
    for advice in stacks::advice()? {
        let Some(old) = before.get(&advice.service) else { continue };
        let wanted = advice.lines.map_or(Ok(old.clone()), |lines| stacks::with_lines(old, &lines))?;
        assert_eq!(all_stacks(&lab)?[&advice.service], wanted, "{}", advice.service);
    }
    assert_eq!(lab.chamber.read("/etc/gobo-session/pam.d/su")?, before["su"]);
    assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().contains("Lua 5.1.5"));
    assert_eq!(lab.su("root", "id -u")?.success()?.text(), "0");
    let check = lab.chamber.run(["gobo-session", "check"])?.text();
    assert!(check.contains("su: close first, open last") && !check.contains("stack failed"), "{check}");
    assert!(!check.contains("nothing reads"), "{check}");
    // Once more changes nothing.
    let applied = all_stacks(&lab)?;
    let again = setup(&lab, &["--apply"])?.success()?;
    assert!(again.text().contains("su: has its lines\n") && again.errors().is_empty(), "{again}");
    assert_eq!(all_stacks(&lab)?, applied);
    setup(&lab, &["--remove"])?.success()?;
    assert_eq!(all_stacks(&lab)?, before);
    assert!(!lab.chamber.exists("/etc/gobo-session/pam.d"));
    assert!(lab.su("ann", "lua -v 2>&1")?.success()?.text().contains("Lua 5.4.4"));
    Ok(())
}

#[test]
fn one_service_alone_is_set_up() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    let told = setup(&lab, &["--apply", "sshd"])?.success()?;
    assert_eq!(told.text(), "sshd: has its lines now");
    let changed: Vec<String> = all_stacks(&lab)?
        .into_iter()
        .filter(|(name, text)| before[name] != *text)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed, ["sshd"]);
    Ok(())
}

#[test]
fn a_stack_with_lines_of_its_own_is_left_as_it_is() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let su = lab.chamber.read("/etc/pam.d/su")?;
    let lines = ["session required pam_gobo.so close", "session required pam_gobo.so open on-failure=deny"];
    let own = stacks::with_lines(&su, &lines.map(str::to_owned))?;
    let wrong = format!("{su}session optional pam_gobo.so close\n");
    for (stack, told) in [(own, "su: has its lines"), (wrong, "su: has lines that stand wrongly")] {
        lab.chamber.write("/etc/pam.d/su", &stack)?;
        let output = setup(&lab, &["--apply", "su"])?.success()?;
        assert!(output.text().starts_with(told), "{output}");
        assert_eq!(lab.chamber.read("/etc/pam.d/su")?, stack);
    }
    setup(&lab, &["--remove", "su"])?.success()?;
    assert_eq!(lab.chamber.read("/etc/pam.d/su")?, su);
    Ok(())
}

#[test]
fn what_cannot_be_done_is_told_and_leaves_everything_as_it_was() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    let ann = lab.chamber.user("ann")?;
    let refused = lab.chamber.command(["gobo-session", "setup", "--apply", "su"]).user(&ann).run()?;
    assert_eq!(refused.status.code(), Some(1), "{refused}");
    assert!(refused.errors().contains("cannot be written"), "{refused}");
    for odd in ["../passwd", "/etc/passwd", ".hidden"] {
        let output = setup(&lab, &["--apply", odd])?;
        assert!(
            output.status.code() == Some(1) && output.errors().contains("the name of no service"),
            "{output}"
        );
    }
    assert!(!setup(&lab, &["su", "--apply", "--remove"])?.status.success());
    lab.chamber.run(["rm", "/System/Index/lib/security/pam_gobo.so"])?.success()?;
    let without = setup(&lab, &["--apply", "su"])?;
    assert_eq!(without.status.code(), Some(1), "{without}");
    assert!(without.errors().contains("pam_gobo.so is in none of"), "{without}");
    assert_eq!(all_stacks(&lab)?, before);
    Ok(())
}

#[test]
fn a_stack_by_which_root_would_not_get_in_any_more_is_brought_back() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = all_stacks(&lab)?;
    // A su that lets nobody in as soon as its stack names the module.
    let su = "#!/bin/sh\ngrep -q pam_gobo /etc/pam.d/su && exit 1\nexec /Programs/Util-Linux/Current/bin/su \"$@\"\n";
    lab.chamber.run(["rm", "/System/Index/bin/su"])?.success()?;
    lab.chamber.write("/System/Index/bin/su", su)?;
    lab.chamber.set_mode("/System/Index/bin/su", 0o755)?;
    let output = setup(&lab, &["--apply", "su"])?;
    assert_eq!(output.status.code(), Some(1), "{output}");
    assert!(
        output.errors().contains("su: root would not be let in by its stack any more; it is as it was"),
        "{output}"
    );
    assert_eq!(all_stacks(&lab)?, before);
    Ok(())
}
