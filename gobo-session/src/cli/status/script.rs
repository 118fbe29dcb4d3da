//! A view as commands that make it again.

use super::super::env::SH;
use crate::plan::{Choice, Plan};

/// Commands for a shell: the profile's variables, and a shell in a view of the very same versions.
pub(super) fn of(plan: &Plan) -> String {
    let of_profile =
        plan.profile.as_ref().map(|profile| format!(" of profile {profile}")).unwrap_or_default();
    let mut script = format!("# The view{of_profile}, plan {}.\n", plan.id());
    if plan.personality {
        script.push_str(
            "# Its profile lets uname say that the machine is a 32-bit one; a shell cannot ask for that.\n",
        );
    }
    for (name, value) in &plan.environment {
        script.push_str(&(SH.set)(name, value));
        script.push('\n');
    }
    script.push_str(&format!("gobo-session shell --fresh --arch {}", plan.arch));
    if plan.pure {
        script.push_str(" --pure");
    }
    for Choice { program, version, .. } in &plan.chosen {
        script.push_str(&format!(" \\\n  --with '{program} = {version}'"));
    }
    script.push('\n');
    script
}
