//! `check`: everything that keeps a profile from being used.

use super::{lab, own_profile, profile};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn each_is_told_with_what_is_wrong() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.profile("lua53", "programs = [\"Lua = 9\"]\n")?;
    let output = profile(&lab, "ann", &["check"])?;
    assert_eq!(output.status.code(), Some(1), "{output}");
    let text = output.text();
    for part in ["ok       lua51\n", "ok       mine\n", "failed   lua53\n", "nothing meets `Lua = 9`"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert!(!text.contains("wrong"), "she may not select it: {text}");
    let output = profile(&lab, "ann", &["check", "wrong", "nothing"])?;
    let text = output.text();
    let wrong = "failed   wrong\n/etc/gobo-session/profiles.d/wrong.toml:1:1: error: unknown key `colour`\n 1 | colour = 1\n";
    assert!(
        text.contains(wrong) && text.contains("failed   nothing\n         there is no profile `nothing`"),
        "{text}"
    );
    let output = profile(&lab, "root", &["check"])?;
    assert!(output.text().contains("failed   wrong\n"), "root looks after all: {output}");
    Ok(())
}

#[test]
fn what_is_for_run_alone_need_not_be_fit_for_a_login() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    own_profile(&lab, "pure", "pure = true\nprograms = [\"Bash\"]\n")?;
    let output = profile(&lab, "ann", &["check", "pure"])?.success()?;
    assert_eq!(output.text(), "ok       pure");
    lab.policy(&format!("user-profiles = \"trusted\"\n{}", super::POLICY))?;
    let output = profile(&lab, "ann", &["check", "pure"])?;
    assert!(output.text().contains("a pure view is not for logins"), "{output}");
    Ok(())
}
