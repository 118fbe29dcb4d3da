//! Reading PAM stacks as libpam does, as far as the order of session lines goes.

use crate::text::Safe;
use crate::trusted::{self, Trust, TrustError};
use std::fmt;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// Where stacks are, the administrator's before the system's.
const FOLDERS: [&str; 2] = ["etc/pam.d", "usr/lib/pam.d"];

/// The most services, the largest file, the most lines of one stack, and how deep files may include others (R18).
const MAX_SERVICES: usize = 1024;
const MAX_FILE: usize = 256 * 1024;
const MAX_LINES: usize = 4096;
const MAX_DEPTH: usize = 16;

/// One line of a session stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    file: String,
    number: usize,
    /// What becomes of the module's answer.
    pub(super) control: String,
    /// Whether an error of the module counts.
    pub(super) counts: bool,
    /// The module.
    pub(super) module: String,
    /// Its arguments.
    pub(super) words: Vec<String>,
}

impl Line {
    /// The file that it stands in.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// What it says, wherever it stands.
    pub(crate) fn text(&self) -> String {
        format!("{} {} {}", self.control, self.module, self.words.join(" "))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({})", Safe(&self.file), self.number, Safe(&self.module))
    }
}

/// The stacks of a machine.
pub(crate) struct Stacks<'r> {
    root: &'r OwnedFd,
}

impl<'r> Stacks<'r> {
    pub(crate) fn new(root: &'r OwnedFd) -> Self {
        Self { root }
    }

    /// The services that have a file, in order.
    pub(crate) fn services(&self) -> Result<Vec<String>, TrustError> {
        let mut services = Vec::new();
        for folder in FOLDERS {
            match trusted::list(self.root.as_fd(), Path::new(folder), Trust::RootOnly, MAX_SERVICES) {
                Ok(names) => services.extend(names.into_iter().filter_map(|name| name.into_string().ok())),
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error),
            }
        }
        services.retain(|name| !name.starts_with('.') && !name.ends_with('~'));
        services.sort();
        services.dedup();
        Ok(services)
    }

    /// The session lines of a service, with those of the files that it includes.
    pub(crate) fn session(&self, service: &str) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        self.add(service, 0, &mut lines)?;
        Ok(lines)
    }

    fn add(&self, name: &str, depth: usize, lines: &mut Vec<Line>) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("files include each other more than {MAX_DEPTH} deep"));
        }
        let (file, text) = self.read(name)?;
        for (number, text) in logical_lines(&text) {
            let words = words(&text);
            let [first, rest @ ..] = words.as_slice() else { continue };
            if first == "@include" {
                if let [other] = rest {
                    self.add(other, depth + 1, lines)?;
                }
                continue;
            }
            let [control, module, arguments @ ..] = rest else { continue };
            if first.trim_start_matches('-') != "session" {
                continue;
            }
            if matches!(control.as_str(), "include" | "substack") {
                self.add(module, depth + 1, lines)?;
                continue;
            }
            if lines.len() == MAX_LINES {
                return Err(format!("it has more than {MAX_LINES} session lines"));
            }
            lines.push(Line {
                file: file.clone(),
                number,
                counts: counts(control),
                control: control.clone(),
                module: module.clone(),
                words: arguments.to_vec(),
            });
        }
        Ok(())
    }

    /// Which file a service's stack is; `None` where it has none.
    pub(crate) fn file_of(&self, service: &str) -> Result<Option<String>, String> {
        Ok(self.find(service)?.map(|(file, _)| file))
    }

    fn read(&self, name: &str) -> Result<(String, String), String> {
        self.find(name)?.ok_or_else(|| format!("{} is included and not there", Safe(name)))
    }

    fn find(&self, name: &str) -> Result<Option<(String, String)>, String> {
        for folder in FOLDERS {
            // What is included by an absolute path is that file.
            let path = Path::new(folder).join(name);
            match trusted::read(self.root.as_fd(), &path, Trust::RootOnly, MAX_FILE) {
                Ok(bytes) => {
                    let file = Path::new("/").join(&path).display().to_string();
                    return Ok(Some((file, String::from_utf8_lossy(&bytes).into_owned())));
                }
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(None)
    }
}

/// Whether an error of a module with that control ends in an error of the stack.
fn counts(control: &str) -> bool {
    match control.strip_prefix('[') {
        Some(list) => {
            let actions =
                list.trim_end_matches(']').split_whitespace().filter_map(|pair| pair.split_once('='));
            let action = actions
                .filter(|(code, _)| matches!(*code, "session_err" | "default"))
                .map(|(_, action)| action);
            action.into_iter().next().is_some_and(|action| matches!(action, "bad" | "die"))
        }
        None => matches!(control, "required" | "requisite"),
    }
}

/// Lines without comments, joined where one ends with a backslash, each with the number of its first.
pub(crate) fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let (line, continues) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, last)) => {
                last.push(' ');
                last.push_str(line);
            }
            None => lines.push((number + 1, line.to_owned())),
        }
        goes_on = continues;
    }
    lines
}

/// The words of a line; what is between `[` and `]` is one.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for word in line.split_whitespace() {
        match words.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        open = (open || word.starts_with('[')) && !word.ends_with(']');
    }
    words
}
