//! The variables that Environment texts read and set.

use super::MAX_VALUES;
use crate::unordered::Map;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What GoboPath defines before the shell reads any Environment file.
const GOBOLINUX: [(&str, &str); 25] = [
    ("goboPrefix", ""),
    ("goboUsers", "/Users"),
    ("goboMount", "/Mount"),
    ("goboPrograms", "/Programs"),
    ("goboSystem", "/System"),
    ("goboDevices", "/dev"),
    ("goboStatus", "/proc"),
    ("goboObjects", "/sys"),
    ("goboIndex", "/System/Index"),
    ("goboData", "/Data"),
    ("goboExecutables", "/System/Index/bin"),
    ("goboLibraries", "/System/Index/lib"),
    ("goboHeaders", "/System/Index/include"),
    ("goboShared", "/System/Index/share"),
    ("goboManuals", "/System/Index/share/man"),
    ("goboSettings", "/System/Settings"),
    ("goboKernel", "/System/Kernel"),
    ("goboModules", "/System/Kernel/Modules"),
    ("goboBoot", "/System/Kernel/Boot"),
    ("goboLinks", "/System/Links"),
    ("goboDaemons", "/System/Links/Daemons"),
    ("goboTasks", "/System/Links/Tasks"),
    ("goboEnvironment", "/System/Links/Environment"),
    ("goboVariable", "/Data/Variable"),
    ("goboTemp", "/Data/Variable/tmp"),
];

/// Variables, and what an Environment text may ask for beside them.
///
/// It starts with what the caller gives it ([`define`](Self::define), [`import`](Self::import)), is worked on by one
/// [`evaluate`](super::evaluate) after another, in the order of precedence that later files expect of earlier ones, and in
/// the end tells what became of it ([`exported`](Self::exported), [`removed`](Self::removed)). A variable that nobody
/// gave is empty: nothing is read from the environment of this process.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    variables: Map<String, Variable>,
    /// Variables set by files, in the order in which they first were.
    order: Vec<String>,
    /// Exported variables that the caller gave.
    imported: BTreeSet<String>,
    /// The names of which files have asked what the caller gave, if anything.
    asked: RefCell<BTreeSet<String>>,
    /// The version of each program that `Current` stands for.
    current: BTreeMap<String, String>,
    super_user: String,
    /// What names and values set by files take, in bytes.
    size: usize,
    /// What the variables were that were changed since the oldest fork, the latest change last.
    changed: Vec<(String, Option<Variable>)>,
    forks: usize,
}

/// Where a scope stood when it was forked.
#[derive(Debug)]
pub(super) struct Fork {
    changed: usize,
    order: usize,
    size: usize,
}

#[derive(Debug, Clone, Default)]
struct Variable {
    /// None: it was unset, or has yet to get one.
    value: Option<String>,
    exported: bool,
    from_file: bool,
}

impl Scope {
    /// A scope without variables.
    #[must_use]
    pub fn new() -> Self {
        Self { super_user: "root".to_owned(), ..Self::default() }
    }

    /// A scope with the variables of a GoboLinux shell (`goboPrograms`, `goboLibraries` and the others), not exported.
    #[must_use]
    pub fn gobolinux() -> Self {
        let mut scope = Self::new();
        for (name, value) in GOBOLINUX {
            scope.define(name, value);
        }
        scope
    }

    /// Gives a variable for files to read, which is not exported.
    pub fn define(&mut self, name: &str, value: &str) {
        let variable = Variable { value: Some(value.to_owned()), exported: false, from_file: false };
        self.variables.insert(name.to_owned(), variable);
    }

    /// Gives a variable of the environment that the files add to, such as `HOME` or `XDG_DATA_DIRS`.
    pub fn import(&mut self, name: &str, value: &str) {
        let variable = Variable { value: Some(value.to_owned()), exported: true, from_file: false };
        self.variables.insert(name.to_owned(), variable);
        self.imported.insert(name.to_owned());
    }

    /// Says which version of a program a view has: `/Programs/PROGRAM/Current` means that one from here on.
    pub fn set_current(&mut self, program: &str, version: &str) {
        self.current.insert(program.to_owned(), version.to_owned());
    }

    /// Says what the command `SuperUserName` would print; without this, `root`.
    pub fn set_super_user(&mut self, name: &str) {
        name.clone_into(&mut self.super_user);
    }

    /// The value of a variable, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.ask(name);
        self.value(name)
    }

    /// Remembers that something comes of what the caller gave for a name, unless a file has set it since.
    fn ask(&self, name: &str) {
        if self.variables.get(name).is_none_or(|variable| !variable.from_file) {
            self.asked.borrow_mut().insert(name.to_owned());
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.value.as_deref()
    }

    /// The names of which something may have become of what the caller [gave](Self::import) for them, or that he gave
    /// nothing: where these are the same, all is.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// Whether a variable was [imported](Self::import) of which something may have become.
    #[must_use]
    pub fn asked_for_imported(&self) -> bool {
        !self.asked.borrow().is_disjoint(&self.imported)
    }

    /// The exported variables that files have set, in the order in which each was first set.
    pub fn exported(&self) -> impl Iterator<Item = (&str, &str)> {
        self.order.iter().filter_map(|name| {
            let variable =
                self.variables.get(name).filter(|variable| variable.exported && variable.from_file)?;
            Some((name.as_str(), variable.value.as_deref()?))
        })
    }

    /// The variables of the environment that files have removed, in the order of their names.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.imported.iter().map(String::as_str).filter(|name| self.value(name).is_none())
    }

    pub(super) fn current(&self) -> &BTreeMap<String, String> {
        &self.current
    }

    pub(super) fn super_user(&self) -> &str {
        &self.super_user
    }

    /// Goes on with a copy of the variables, as a shell does that starts another.
    pub(super) fn fork(&mut self) -> Fork {
        self.forks += 1;
        Fork { changed: self.changed.len(), order: self.order.len(), size: self.size }
    }

    /// Comes back to what the variables were at a fork, of those that were not come back from the last one.
    pub(super) fn join(&mut self, fork: Fork) {
        for (name, before) in self.changed.drain(fork.changed..).rev() {
            match before {
                Some(variable) => self.variables.insert(name, variable),
                None => self.variables.remove(&name),
            };
        }
        self.order.truncate(fork.order);
        self.size = fork.size;
        self.forks -= 1;
    }

    /// Notes what a variable is before it changes.
    fn remember(&mut self, name: &str) {
        if self.forks > 0 {
            self.changed.push((name.to_owned(), self.variables.get(name).cloned()));
        }
    }

    /// Gives a variable the value that a file sets; whether there was room for it.
    pub(super) fn assign(&mut self, name: &str, value: &str, export: bool) -> bool {
        let size = self.size - self.size_of(name) + name.len() + value.len();
        if size > MAX_VALUES {
            return false;
        }
        self.size = size;
        if !export {
            // It is exported where the caller did so.
            self.ask(name);
        }
        let variable = self.touch(name);
        variable.value = Some(value.to_owned());
        variable.exported |= export;
        true
    }

    /// Exports a variable, now or as soon as it has a value; whether there was room for it.
    pub(super) fn export(&mut self, name: &str) -> bool {
        self.ask(name);
        let size = self.size - self.size_of(name) + name.len() + self.value(name).map_or(0, str::len);
        if size > MAX_VALUES {
            return false;
        }
        self.size = size;
        self.touch(name).exported = true;
        true
    }

    pub(super) fn unset(&mut self, name: &str) {
        let size = self.size_of(name);
        // It is removed where the caller gave it.
        self.asked.borrow_mut().insert(name.to_owned());
        self.remember(name);
        if let Some(variable) = self.variables.get_mut(name) {
            variable.value = None;
            variable.exported = false;
        }
        self.size = self.size - size + self.size_of(name);
    }

    /// What a variable counts for.
    fn size_of(&self, name: &str) -> usize {
        let variable = self.variables.get(name).filter(|variable| variable.from_file);
        variable.map_or(0, |variable| name.len() + variable.value.as_ref().map_or(0, String::len))
    }

    /// A variable that a file is about to change.
    fn touch(&mut self, name: &str) -> &mut Variable {
        self.remember(name);
        let variable = self.variables.entry(name.to_owned()).or_default();
        if !variable.from_file {
            variable.from_file = true;
            self.order.push(name.to_owned());
        }
        variable
    }
}
