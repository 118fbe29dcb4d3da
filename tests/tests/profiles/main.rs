//! `gobo-session profile`: what may be chosen, choosing it, saving, checking and writing, as users and as root.

mod check;
mod edit;
mod list;
mod save;
mod select;

use anyhow::{Result, ensure};
use gobo_tests::chamber::Output;
use gobo_tests::lab::{Lab, selection_of};
use std::path::Path;

/// Ann has a profile and may select another; bob has no say; dora is exempt.
const POLICY: &str = "exempt = [\"dora\"]\n\
                      [default]\nprofile = \"none\"\nallow = [\"lua53\"]\n\
                      [[rule]]\nuser = \"bob\"\nprofile = \"lua51\"\nforce = true\n\
                      [[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\nallow = [\"lua53\", \"old-libc\"]\n";

const PROFILES: [(&str, &str); 4] = [
    ("lua51", "description = \"Lua of the course\"\nprograms = [\"Lua = 5.1.5\"]\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\n"),
    ("old-libc", "programs = [\"Glibc = 2.31\"]\n"),
    ("wrong", "colour = 1\n"),
];

/// What ann has written herself.
const OWN: &str = "programs = [\"Bash = 5.1.4\"]\n";

fn lab(root: &Path) -> Result<Lab> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    own_profile(&lab, "mine", OWN)?;
    Ok(lab)
}

/// Gives ann a profile of her own, and everything above it.
fn own_profile(lab: &Lab, name: &str, text: &str) -> Result<()> {
    let ann = lab.chamber.user("ann")?;
    let file = format!("{}/.config/gobo-session/profiles.d/{name}.toml", ann.home);
    lab.chamber.write(&file, text)?;
    for path in Path::new(&file).ancestors().take(4) {
        lab.chamber.chown(path, ann.uid, ann.gid)?;
    }
    Ok(())
}

/// `gobo-session profile WORDS` by a user.
fn profile(lab: &Lab, user: &str, words: &[&str]) -> Result<Output> {
    lab.chamber.as_user(user, [&["gobo-session", "profile"], words].concat())
}

/// What it prints where there is nothing to complain about.
fn told(lab: &Lab, user: &str, words: &[&str]) -> Result<String> {
    let output = profile(lab, user, words)?.success()?;
    ensure!(output.errors().is_empty(), "{output}");
    Ok(output.text())
}

/// How it fails: with 1, and a sentence on standard error alone.
fn refused(lab: &Lab, user: &str, words: &[&str]) -> Result<String> {
    let output = profile(lab, user, words)?;
    ensure!(output.status.code() == Some(1) && output.text().is_empty(), "{output}");
    Ok(output.errors())
}

/// The version of Lua that the next login of a user has.
fn lua_of(lab: &Lab, user: &str) -> Result<String> {
    let output = lab.su(user, "lua -v 2>&1 | cut -d' ' -f2")?.success()?;
    Ok(output.text())
}

/// The file by which a user selects.
fn selection(lab: &Lab, user: &str) -> Result<Option<String>> {
    let file = selection_of(user);
    if lab.chamber.exists(&file) { lab.chamber.read(&file).map(Some) } else { Ok(None) }
}
