//! The shortest way through everything: an administrator's policy, a login by su, a program of the view.

use anyhow::Result;
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;

#[test]
fn a_login_sees_the_version_of_its_profile() -> Result<()> {
    let policy = "[[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    let mark = lab.chamber.log_mark()?;
    let lua = |user: &str| anyhow::Ok(lab.su(user, "lua -v 2>&1")?.success()?.text());
    assert!(lua("ann")?.starts_with("Lua 5.1.5 "));
    assert!(lua("bob")?.starts_with("Lua 5.4.4 "));
    let said = lab.said(mark)?;
    assert!(said[0].starts_with("debug: user ann: plan ") && said[0].ends_with(": Lua 5.1.5"), "{said:#?}");
    assert_eq!(said[1], "debug: user bob: no view: policy's default");
    let table = lab.su("ann", "cat /proc/self/mountinfo")?.success()?.text();
    assert_eq!(lab.view_in(&table)?, view_of("lua51", &["bin"]));
    Ok(())
}

#[test]
fn a_client_is_as_it_was_when_its_session_is_closed() -> Result<()> {
    let policy = "[default]\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    let report = lab.client("ann").script("lua -v 2>&1").run()?;
    assert!(report.stdout.starts_with("Lua 5.1.5 "), "{report:#?}");
    assert_eq!((report.open, report.close, report.told.len()), (0, 0, 0));
    assert_eq!(report.inside.view()?, view_of("lua51", &["bin"]));
    assert_eq!(report.before, report.after);
    Ok(())
}

#[test]
fn a_profile_that_says_solve_gets_the_choice_in_which_everything_fits() -> Result<()> {
    let policy =
        "[[rule]]\nuser = \"ann\"\nprofile = \"nearest\"\n[[rule]]\nuser = \"bob\"\nprofile = \"solved\"\n";
    let nearest = "programs = [\"Python = 3.9.2\", \"Bash = 5.2.37\"]\n";
    let solved = format!("{nearest}solve = true\n");
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("nearest", nearest), ("solved", &solved)])?;
    let mark = lab.chamber.log_mark()?;
    let versions = |user: &str| anyhow::Ok(lab.su(user, "python3 -V; echo $BASH_VERSION")?.success()?.text());
    assert_eq!(versions("bob")?, "Python 3.9.2\n5.2.37(1)-release");
    // The nearest choice leaves Bash without its Glibc: a view in which no shell would start is refused.
    assert_eq!(versions("ann")?, "Python 3.11.2\n5.2.15(1)-release");
    let said = lab.said(mark)?;
    assert!(said.iter().any(|line| line.contains("would not start: it needs GLIBC_2.38")), "{said:#?}");
    Ok(())
}
