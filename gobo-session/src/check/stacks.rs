//! PAM stacks: where the module's lines stand, and whether that is where they should (R23).

mod read;

use super::Finding;
use crate::arch::Arch;
use crate::config::{OnFailure, Policy};
use crate::login::Arguments;
use crate::tree::Layout;
use crate::trusted::{self, Kind, Trust};
pub(crate) use read::{Line, Stacks, logical_lines, words};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// The module's file.
pub(crate) const MODULE: &str = "pam_gobo.so";

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

pub(crate) fn is_ours(line: &Line) -> bool {
    Path::new(&line.module).file_name().is_some_and(|name| name == MODULE)
}

fn arguments(line: &Line) -> Arguments {
    Arguments::parse(line.words.iter().map(String::as_str))
}

/// Whether the module's lines stand in wrong places.
pub(crate) fn is_out_of_order(service: &str, lines: &[Line]) -> bool {
    let mut findings = Vec::new();
    check_order(service, lines, &mut findings);
    findings.iter().any(|finding| finding.level == super::Level::Failed)
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
    findings.push(match has_module(root, layout) {
        Ok(path) => Finding::ok("module", path),
        Err(why) => {
            Finding::failed("module", why).cured_by("install it, or take its lines out of the stacks")
        }
    });
}

/// Where the module's file is, by the way that libpam finds it; else why there is none that root could believe, or that
/// programs of this machine could load.
pub(crate) fn has_module(root: &OwnedFd, layout: &Layout) -> Result<String, String> {
    let index = layout.index.join("lib/security").display().to_string();
    let mut tried = Vec::new();
    for folder in std::iter::once(index.as_str()).chain(MODULE_FOLDERS) {
        let path = Path::new(folder).join(MODULE);
        match trusted::open(root.as_fd(), &path, Trust::RootOnly, Kind::File) {
            Ok(file) => {
                let (native, shown) = (Arch::native(), path.display());
                return match Arch::of_program(&file) {
                    Some(arch) if arch != native => {
                        Err(format!("{shown} is for {arch}, and programs of this machine are for {native}"))
                    }
                    None if native == Arch::X86_64 => Err(format!("{shown} is no shared library")),
                    _ => Ok(shown.to_string()),
                };
            }
            Err(error) if error.is_missing() => tried.push(folder),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(format!("{MODULE} is in none of {}", tried.join(", ")))
}

#[cfg(test)]
mod tests;
