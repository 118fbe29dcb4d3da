//! Whether somebody could work in the view of a profile: on paper as a login would find out, and by starting his shell.

use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::cli::talk;
use crate::compile::compile;
use crate::config::Profile;
use crate::error::{Error, Result, Step};
use crate::login::request_of;
use crate::resolve::resolve;
use crate::try_out::{Scope, try_out};
use std::process::{Command, Stdio};

/// What `run` ends with where the view itself could not be made.
const NO_VIEW: i32 = 125;

/// Resolves and compiles a profile, tries it as a login would where one may have it, and runs `SHELL -c true` in its view.
///
/// # Errors
/// What would not work, and what to do about it.
pub(super) fn try_profile(person: &Person, place: &Place, profile: &Profile, at_login: bool) -> Result<()> {
    let plan = resolve(&place.tree, &request_of(profile.clone()))?;
    let layer = compile(&place.tree, &plan)?;
    if at_login {
        try_out(&place.tree, &plan, &layer, Scope::Login)?;
    }
    let name = profile.name.as_str();
    let shell = &person.shell;
    let mut run = Command::new("/proc/self/exe");
    run.args(["run", "--fresh", "--profile", name, "--"]).arg(shell).args(["-c", "true"]);
    run.env("HOME", &person.home).env("USER", &person.name).env("LOGNAME", &person.name).env("SHELL", shell);
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = run.output().map_err(|error| {
        Error::new(Step::Try, format!("the shell cannot be tried: {error}"))
            .with_cure("is /proc mounted here?")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().unwrap_or_default().trim_start_matches("gobo-session: ");
    match output.status.code() {
        Some(0) => Ok(()),
        // A machine without user namespaces can have sessions all the same.
        Some(NO_VIEW) if at_login => {
            talk::warn(&format!("the shell was tried on paper alone: {said}"));
            Ok(())
        }
        _ => {
            let why = if said.is_empty() { output.status.to_string() } else { said.to_owned() };
            let what = format!("in the view of `{name}` the shell {} does not work: {why}", shell.display());
            Err(Error::new(Step::Try, what)
                .with_cure(format!("gobo-session plan --profile {name} shows what is in it")))
        }
    }
}
