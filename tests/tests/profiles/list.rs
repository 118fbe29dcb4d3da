//! `list` and `show`.

use super::{lab, profile, refused, told};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn it_tells_what_one_may_do_with_each() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let of_ann = "lua51     next login  Lua of the course\n\
                  lua53     to select\n\
                  mine      yours\n\
                  old-libc  to select\n\
                  wrong     faulty\n\
                  \x20   /etc/gobo-session/profiles.d/wrong.toml:1:1: unknown key `colour`";
    let told_ann = told(&lab, "ann", &["list"])?;
    assert!(told_ann.starts_with(of_ann), "{told_ann}");
    assert!(
        told_ann
            .ends_with("\nthe next login has profile lua51 (the rule at /etc/gobo-session/session.toml:9)"),
        "{told_ann}"
    );
    let told_dora = told(&lab, "dora", &["list"])?;
    assert!(told_dora.ends_with("\nthe next login has no view (policy exempts the user)"), "{told_dora}");
    assert_eq!(told(&lab, "root", &["list", "--user", "ann"])?, told_ann, "root asks for her");
    let why = refused(&lab, "bob", &["list", "--user", "ann"])?;
    assert!(why.contains("only root can speak for ann; without --user it is about yourself"), "{why}");
    let why = refused(&lab, "root", &["list", "--user", "anne"])?;
    assert!(why.contains("there is no user anne; did you mean ann?"), "{why}");
    Ok(())
}

#[test]
fn show_tells_what_a_profile_asks_for_and_what_that_gets() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let shown = told(&lab, "ann", &["show", "lua51"])?;
    let wanted = "profile   lua51\n\
                  for       Lua of the course\n\
                  whose     the administrator's; a login may have it\n\
                  file      /etc/gobo-session/profiles.d/lua51.toml\n\
                  programs  Lua = 5.1.5\n\
                  gets      Lua 5.1.5";
    assert_eq!(shown, wanted);
    let text = "description = \"all of it\"\ninclude = [\"lua51\"]\nprograms = [\"Bash\"]\narch = \"i686\"\nprefer = \"newest\"\n\
                strict = true\nuse-flags = [\"-mysql\"]\n[environment]\nA = \"b\"\nC = \"d\"\n";
    super::own_profile(&lab, "full", text)?;
    let shown = profile(&lab, "ann", &["show", "full"])?.text();
    for line in [
        "whose        a user's own; for run and shell; a login may not have it",
        "includes     /etc/gobo-session/profiles.d/lua51.toml",
        "arch         i686",
        "prefer       newest",
        "use-flags    -mysql",
        "options      strict",
        "environment  A=b\n             C=d",
    ] {
        assert!(shown.contains(line), "{line:?} is not in {shown}");
    }
    let why = refused(&lab, "ann", &["show", "lua15"])?;
    assert!(why.contains("there is no profile `lua15` (did you mean `lua51`?)"), "{why}");
    Ok(())
}

#[test]
fn plan_tells_what_a_login_would_get_and_why() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let plan =
        |user: &str, words: &[&str]| lab.chamber.as_user(user, [&["gobo-session", "plan"], words].concat());
    let text = plan("root", &["--user", "ann", "--service", "sshd"])?.success()?.text();
    let head = "a login of ann by sshd has profile lua51 (the rule at\n\
                \x20   /etc/gobo-session/session.toml:9)\n\
                profile lua51, x86_64, plan ";
    assert!(text.starts_with(head), "{text}");
    assert_eq!(plan("ann", &["--service", "sshd"])?.success()?.text(), text, "she sees the same");
    lab.select("ann", "old-libc")?;
    let output = plan("root", &["--user", "ann"])?;
    assert_eq!(output.status.code(), Some(1), "{output}");
    lab.select("ann", "mine")?;
    let output = plan("ann", &["--user", "ann"])?.success()?;
    assert!(output.errors().contains("`mine` is selected, which policy does not allow"), "{output}");
    let text = plan("dora", &["--user", "dora"])?.success()?.text();
    assert!(text.starts_with("a login of dora by login has no view (policy exempts the user)\n"), "{text}");
    let output = plan("ann", &["--user", "ann", "--with", "Lua"])?;
    assert_eq!(output.status.code(), Some(2), "{output}");
    Ok(())
}
