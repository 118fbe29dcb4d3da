//! What the files of a tree say of themselves, each read once, whatever it is called.

use super::elf::{Image, Odd, Source as _};
use super::lookup::{File, ViewNames};
use crate::unordered::Map;
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// How much of a script the kernel reads for its first line.
const SCRIPT_LINE: usize = 256;

/// A file that could be started.
#[derive(Debug)]
pub(super) enum Startable {
    /// An ELF file.
    Elf(Image),
    /// A script, by the path of its interpreter.
    Script(Vec<u8>),
}

/// The facts of files, by (device, inode): two views share them.
#[derive(Default)]
pub(super) struct Images(RefCell<Map<(u64, u64), Facts>>);

/// The facts of one file.
pub(super) type Facts = Result<Rc<Startable>, Odd>;

impl Images {
    /// The facts of a file that was found.
    pub(super) fn of(&self, names: &ViewNames<'_>, file: &File) -> Facts {
        if let Some(known) = self.0.borrow().get(&file.id) {
            return known.clone();
        }
        let facts = names.open(file).map_err(Odd::Read).and_then(|fd| read(&fd)).map(Rc::new);
        self.0.borrow_mut().insert(file.id, facts.clone());
        facts
    }
}

fn read(fd: &OwnedFd) -> Result<Startable, Odd> {
    match Image::read(fd) {
        Ok(image) => Ok(Startable::Elf(image)),
        Err(Odd::NotElf) => {
            let mut line = [0; SCRIPT_LINE];
            let length = fd.read_at(&mut line, 0).map_err(Odd::Read)?;
            script(&line[..length]).map(|path| Startable::Script(path.to_vec())).ok_or(Odd::NotElf)
        }
        Err(odd) => Err(odd),
    }
}

/// The interpreter that the first line of a script names, read as the kernel does.
fn script(start: &[u8]) -> Option<&[u8]> {
    let line = start.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let path = line.split(|b| matches!(b, b' ' | b'\t' | 0)).find(|word| !word.is_empty())?;
    path.starts_with(b"/").then_some(path)
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn the_first_line_of_a_script_names_its_interpreter() {
        assert_eq!(script(b"#! \t/bin/sh -e\necho"), Some(b"/bin/sh".as_slice()));
        assert_eq!(script(b"#!/bin/sh"), Some(b"/bin/sh".as_slice()));
        for no_script in [b"#!\n/bin/sh".as_slice(), b"#!sh\n", b"echo", b"#", b""] {
            assert_eq!(script(no_script), None);
        }
    }
}
