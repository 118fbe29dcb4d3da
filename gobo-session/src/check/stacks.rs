//! PAM stacks: where the module's lines stand, and whether that is where they should (R23).

mod read;

use super::Finding;
use crate::config::{OnFailure, Policy};
use crate::login::Arguments;
use crate::tree::Layout;
use crate::trusted::{self, Kind, Trust};
use read::{Line, Stacks};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// The module's file.
const MODULE: &str = "pam_gobo.so";

/// Where libpam may look for modules, besides the index.
const MODULE_FOLDERS: [&str; 5] = [
    "/lib/security",
    "/lib64/security",
    "/usr/lib/security",
    "/usr/lib64/security",
    "/usr/lib/x86_64-linux-gnu/security",
];

/// Looks at the stack of every service.
pub(super) fn check(root: &OwnedFd, policy: Option<&Policy>, layout: &Layout, findings: &mut Vec<Finding>) {
    let stacks = Stacks::new(root);
    let services = match stacks.services() {
        Ok(services) => services,
        Err(error) => return findings.push(Finding::failed("stack", error.to_string())),
    };
    let (mut without, mut uses) = (Vec::new(), false);
    for service in services {
        let lines = match stacks.session(&service) {
            Ok(lines) => lines,
            Err(why) => {
                findings.push(Finding::failed("stack", format!("{service}: {why}")));
                continue;
            }
        };
        if !lines.iter().any(is_ours) {
            without.push(service);
            continue;
        }
        uses = true;
        let before = findings.len();
        check_order(&service, &lines, findings);
        check_words(&service, &lines, policy, findings);
        if findings.len() == before {
            findings.push(Finding::ok("stack", format!("{service}: close first, open last")));
        }
    }
    if !without.is_empty() {
        findings.push(Finding::ok("stack", format!("no view by {}", without.join(", "))));
    }
    if uses {
        check_module(root, layout, findings);
    }
}

fn is_ours(line: &Line) -> bool {
    Path::new(&line.module).file_name().is_some_and(|name| name == MODULE)
}

fn arguments(line: &Line) -> Arguments {
    Arguments::parse(line.words.iter().map(String::as_str))
}

/// `close` first and `open` last.
fn check_order(service: &str, lines: &[Line], findings: &mut Vec<Finding>) {
    let mut failed = |what: String, cure: &str| {
        findings.push(Finding::failed("stack", format!("{service}: {what}")).cured_by(cure));
    };
    let places = |half: fn(&Arguments) -> bool| -> Vec<usize> {
        let ours = lines.iter().enumerate().filter(|(_, line)| is_ours(line) && half(&arguments(line)));
        ours.map(|(place, _)| place).collect()
    };
    let (opens, closes) = (places(Arguments::opens), places(Arguments::closes));
    match opens[..] {
        [] => failed(
            "no line opens: nobody gets a view by it".into(),
            "add `session optional pam_gobo.so open` as the last line",
        ),
        [open] => {
            if let Some(behind) = lines[open + 1..].iter().find(|line| !is_ours(line)) {
                let what = format!(
                    "{behind} stands behind the line that opens: it runs as root in the view of a user"
                );
                failed(what, "move the line of pam_gobo.so that opens behind it");
            }
        }
        _ => failed(format!("{} lines open", opens.len()), "leave the last of them"),
    }
    match closes[..] {
        [] => failed("no line closes: every module runs in the view when a session closes".into(), "add `session optional pam_gobo.so close` before all other session lines"),
        [close] if opens[..] == [close] => findings.push(
            Finding::warning("stack", format!("{service}: {} opens and closes: every other module runs in the view when a session closes", lines[close]))
                .cured_by("use two lines: `close` before all others, `open` behind them"),
        ),
        [close] => {
            if let Some(before) = lines[..close].iter().find(|line| !is_ours(line)) {
                let what = format!("{before} stands before the line that closes: it runs as root in the view of a user when the session closes");
                failed(what, "move the line of pam_gobo.so that closes before it");
            }
        }
        _ => failed(format!("{} lines close", closes.len()), "leave the first of them"),
    }
}

/// What the lines say.
fn check_words(service: &str, lines: &[Line], policy: Option<&Policy>, findings: &mut Vec<Finding>) {
    for line in lines.iter().filter(|line| is_ours(line)) {
        let arguments = arguments(line);
        for word in &arguments.unknown {
            let what = format!("{service}: {line} has the word `{word}`, which means nothing");
            findings.push(Finding::warning("stack", what).cured_by("docs/pam.md has the words"));
        }
        let of_policy = policy.map(|policy| policy.on_failure);
        let denies = arguments.options.on_failure.or(of_policy) == Some(OnFailure::Deny);
        if denies && arguments.opens() && !arguments.options.leave && !line.counts {
            let what = format!(
                "{service}: {line} is `{}`, so that on-failure = \"deny\" refuses nobody",
                line.control
            );
            findings.push(Finding::warning("stack", what).cured_by("make it `required`"));
        }
    }
}

/// The module's file has to be there, and root's.
fn check_module(root: &OwnedFd, layout: &Layout, findings: &mut Vec<Finding>) {
    let index = layout.index.join("lib/security").display().to_string();
    let mut tried = Vec::new();
    for folder in std::iter::once(index.as_str()).chain(MODULE_FOLDERS) {
        let path = Path::new(folder).join(MODULE);
        match trusted::open(root.as_fd(), &path, Trust::RootOnly, Kind::File) {
            Ok(_) => return findings.push(Finding::ok("module", path.display().to_string())),
            Err(error) if error.is_missing() => tried.push(folder),
            Err(error) => return findings.push(Finding::failed("module", error.to_string())),
        }
    }
    let what = format!("{MODULE} is in none of {}", tried.join(", "));
    findings
        .push(Finding::failed("module", what).cured_by("install it, or take its lines out of the stacks"));
}

#[cfg(test)]
mod tests;
