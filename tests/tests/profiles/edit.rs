//! `edit`: an editor on a copy.

use super::lab;
use anyhow::Result;
use gobo_tests::chamber::Output;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::time::Duration;

const FILE: &str = "/Users/ann/.config/gobo-session/profiles.d/mine.toml";

/// `gobo-session profile edit WORDS` by a user, with an editor that is a shell script; `$1` is the file.
fn edit(lab: &Lab, user: &str, words: &[&str], editor: &str) -> Result<Output> {
    lab.chamber.write("/Data/editor", format!("#!/bin/sh\n{editor}\n"))?;
    lab.chamber.set_mode("/Data/editor", 0o755)?;
    let words = [&["gobo-session", "profile", "edit"], words].concat();
    lab.chamber.command(words).user(&lab.chamber.user(user)?).env("VISUAL", "/Data/editor").run()
}

#[test]
fn what_is_right_takes_its_place_and_what_is_not_is_kept_beside() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let output = edit(&lab, "ann", &["mine"], "sed -i 's/5.1.4/5.2.37/' \"$1\"")?.success()?;
    assert!(output.text().starts_with("written: profile mine\nin "), "{output}");
    assert_eq!(lab.chamber.read(FILE)?, "programs = [\"Bash = 5.2.37\"]\n");
    let output = edit(&lab, "ann", &["mine"], "echo 'colour = 1' >> \"$1\"")?;
    assert_eq!(output.status.code(), Some(1), "{output}");
    let errors = output.errors();
    assert!(
        errors.contains("mine.toml:2:1: error: unknown key `colour`") && errors.contains("that is kept in "),
        "{errors}"
    );
    assert_eq!(lab.chamber.read(FILE)?, "programs = [\"Bash = 5.2.37\"]\n");
    let kept = errors.rsplit(' ').next().unwrap_or_default().trim();
    assert_eq!(lab.chamber.read(kept)?, "programs = [\"Bash = 5.2.37\"]\ncolour = 1\n");
    let folder = "/Users/ann/.config/gobo-session/profiles.d";
    for (editor, code, said) in [
        ("exit 1", 1, "ended with exit status: 1; nothing is changed; set VISUAL or EDITOR"),
        (":", 0, "nothing is changed"),
    ] {
        let output = edit(&lab, "ann", &["mine"], editor)?;
        assert_eq!(output.status.code(), Some(code), "{output}");
        assert!(output.errors().contains(said), "{output}");
    }
    assert_eq!(lab.chamber.list(folder)?.len(), 2, "no draft is left but the one that was kept");
    Ok(())
}

#[test]
fn a_new_profile_begins_with_a_template_and_root_writes_for_others_as_they_are() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let editor =
        "grep -q '^programs' \"$1\" && echo 'programs = [\"Lua = 5.1.5\"]' > \"$1\"; id -un > /tmp/who";
    edit(&lab, "root", &["new", "--user", "ann"], editor)?.success()?;
    let owner = "stat -c '%U %a' /Users/ann/.config/gobo-session/profiles.d/new.toml; cat /tmp/who";
    assert_eq!(lab.chamber.sh(owner)?.success()?.text(), "ann 644\nann");
    lab.chamber.remove("/tmp/who")?;
    edit(&lab, "root", &["course"], editor)?.success()?;
    assert_eq!(
        lab.chamber.read("/etc/gobo-session/profiles.d/course.toml")?,
        "programs = [\"Lua = 5.1.5\"]\n"
    );
    Ok(())
}

#[test]
fn on_a_terminal_it_is_offered_again() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // Wrong at first, right when it is edited again.
    let editor = "#!/bin/sh\nif grep -q colour \"$1\"; then sed -i /colour/d \"$1\"; echo '# more' >> \"$1\"; \
                  else echo 'colour = 1' >> \"$1\"; fi\n";
    lab.chamber.write("/Data/editor", editor)?;
    lab.chamber.set_mode("/Data/editor", 0o755)?;
    let words = ["env", "VISUAL=/Data/editor", "gobo-session", "profile", "edit", "mine"];
    let mut process = lab.chamber.command(words).user(&lab.chamber.user("ann")?).pty()?;
    process.expect("edit it again? [Y/n] ", Duration::from_secs(20))?;
    process.send("y\n");
    assert!(process.wait(Duration::from_secs(20))?.success());
    assert_eq!(lab.chamber.read(FILE)?, "programs = [\"Bash = 5.1.4\"]\n# more\n");
    Ok(())
}
