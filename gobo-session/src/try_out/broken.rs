//! What keeps a program from starting, and how that is told.

use super::elf::{Odd, Target};
use crate::error::{Error, Step};
use crate::tree::Tree;

/// Why a program would not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// The program, interpreter or library that something is wrong with.
    name: Vec<u8>,
    /// Who needs it; `None` where it is what was to be started.
    needed_by: Option<Vec<u8>>,
    fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The view has nothing of that name.
    Missing,
    /// It is no file that may be executed.
    NotExecutable,
    /// It could not be understood.
    Odd(Odd),
    /// Scripts are each other's interpreters.
    Scripts,
    /// There are more libraries than this.
    Crowded(usize),
    /// The view has it for another machine only.
    OtherMachine { found: Vec<u8>, wanted: Target, is: Target },
    /// It does not define a version that is needed of it.
    Version { version: Vec<u8>, found: Vec<u8>, needed_by: Vec<u8> },
}

impl Broken {
    /// Something is wrong with what was to be started.
    pub(super) fn of(name: &[u8], fault: Fault) -> Self {
        Self { name: name.to_vec(), needed_by: None, fault }
    }

    /// Something is wrong with what another file needs.
    pub(super) fn needed(name: &[u8], by: &[u8], fault: Fault) -> Self {
        Self { name: name.to_vec(), needed_by: Some(by.to_vec()), fault }
    }

    /// What something is wrong with.
    #[cfg(feature = "cli")]
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The refusal of a view in which `program` would not start.
    pub(super) fn refusal(&self, tree: &Tree, program: &[u8]) -> Error {
        let what = format!("in this view {} would not start: {}", text(program), self.reason(tree, program));
        Error::new(Step::Try, what).with_cure(self.cure(tree))
    }

    fn reason(&self, tree: &Tree, program: &[u8]) -> String {
        let name = text(&self.name);
        let it = if self.name == program { "it".to_owned() } else { name.clone() };
        let by = self.needed_by.as_deref().filter(|by| *by != program);
        let needs =
            || by.map_or_else(|| format!("it needs {name}"), |by| format!("{} needs {name}", text(by)));
        match &self.fault {
            Fault::Missing if self.needed_by.is_some() => format!("{}, which is not there", needs()),
            Fault::Missing => format!("{it} is not there"),
            Fault::NotExecutable => format!("{it} cannot be executed"),
            Fault::Odd(odd) if it == "it" => odd.to_string(),
            Fault::Odd(odd) => format!("{name} is not what it should be: {odd}"),
            Fault::Scripts => "scripts are each other's interpreters".to_owned(),
            Fault::Crowded(limit) => format!("it needs more than {limit} libraries"),
            Fault::OtherMachine { found, is, wanted } => {
                format!("{} for {wanted}, and {} is for {is}", needs(), owner(tree, found))
            }
            Fault::Version { version, found, .. } => {
                let who = by.map_or_else(|| "it".to_owned(), text);
                format!("{who} needs {}, which {} has not got", text(version), owner(tree, found))
            }
        }
    }

    fn cure(&self, tree: &Tree) -> String {
        match &self.fault {
            Fault::Version { found, needed_by, .. } => {
                format!(
                    "choose a newer version of {}, or an older one of {}",
                    program(tree, found),
                    program(tree, needed_by)
                )
            }
            Fault::OtherMachine { found, wanted, .. } => {
                format!("choose {} for {wanted} too, or leave it out of the profile", program(tree, found))
            }
            Fault::Missing if self.needed_by.is_some() => {
                format!(
                    "add the program that has {} to the profile, or choose other versions",
                    text(&self.name)
                )
            }
            _ => "choose another version of the program that it belongs to, or leave that out of the profile"
                .to_owned(),
        }
    }
}

/// Program and version that a file belongs to, or its path.
fn owner(tree: &Tree, path: &[u8]) -> String {
    tree.owner(b"/", path).map_or_else(|| text(path), |owner| format!("{} {}", owner.program, owner.version))
}

/// The program that a file belongs to, or its path.
fn program(tree: &Tree, path: &[u8]) -> String {
    tree.owner(b"/", path).map_or_else(|| text(path), |owner| owner.program)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
