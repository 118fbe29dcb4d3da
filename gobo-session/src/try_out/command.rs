//! The command of a view of its own: would it start there, and would it still be what it is on the host?

use super::broken::Broken;
use super::cpu::Level;
use super::images::Images;
use super::loader::Loader;
use super::lookup::{File, Found, ViewNames};
use crate::error::{Error, Result, Step};
use crate::layer::Layer;
use crate::tree::Tree;
use rustix::fs::{self, OFlags};
use std::ffi::OsStr;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The file that a command's name means in a view that would be.
pub struct CommandInView<'a> {
    tree: &'a Tree,
    layer: &'a Layer,
    pure: bool,
    /// The path that it was found by.
    path: PathBuf,
    file: Rc<File>,
}

/// Rights that a file gives to whoever starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Those of its owner.
    OfUser(u32),
    /// Capabilities.
    Capabilities,
}

impl<'a> CommandInView<'a> {
    /// The first of some absolute paths that leads to a program; `None` where none does.
    #[must_use]
    pub fn find(
        tree: &'a Tree,
        layer: &'a Layer,
        pure: bool,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> Option<Self> {
        let names = ViewNames::view(tree, layer, pure);
        paths.into_iter().find_map(|path| match names.resolve(path.as_os_str().as_bytes())? {
            Found::File(file) if file.is_regular() && file.mode & 0o111 != 0 => {
                Some(Self { tree, layer, pure, path, file })
            }
            Found::File(_) | Found::Folder(_) => None,
        })
    }

    /// The path that it was found by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it really is, from the tree's root.
    #[must_use]
    pub fn real_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.file.path))
    }

    /// Makes sure that its interpreter and its libraries are in the view.
    ///
    /// # Errors
    /// What is missing, and which program has it.
    pub fn starts(&self) -> Result<()> {
        let names = ViewNames::view(self.tree, self.layer, self.pure);
        let path = self.path.as_os_str().as_bytes();
        let images = Images::default();
        let started = Loader::new(self.tree, names, &images, Level::here()).start(path);
        started.map_err(|broken| self.refusal(path, &broken))
    }

    fn refusal(&self, path: &[u8], broken: &Broken) -> Error {
        let refusal = broken.refusal(self.tree, path);
        let base = ViewNames::base(self.tree);
        let places = [broken.name().to_vec(), [b"/lib/", broken.name()].concat()];
        let found = places.iter().find_map(|place| base.resolve(place)?.file().cloned());
        let owner = found.and_then(|file| self.tree.owner(b"/", &file.path));
        let cure = owner.map(|owner| {
            let word = owner.program.parse::<crate::requirement::ProgramName>();
            let word = word.map_or_else(|_| owner.program.clone(), |name| name.to_string());
            format!("the index has it of {} {}: add --with {word}", owner.program, owner.version)
        });
        Error { step: Step::Start, cure: cure.or(refusal.cure), ..refusal }
    }

    /// The rights that its file gives beyond those of `uid`, if any.
    #[must_use]
    pub fn rights_beyond(&self, uid: u32) -> Option<Rights> {
        let fd = self.tree.open_inside(&self.file.path, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
        let stat = fs::fstat(&fd).ok()?;
        if stat.st_mode & 0o4000 != 0 && stat.st_uid != uid {
            return Some(Rights::OfUser(stat.st_uid));
        }
        let own = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let mut capabilities = [0_u8; 64];
        let has = fs::getxattr(own, "security.capability", &mut capabilities[..]).is_ok();
        has.then_some(Rights::Capabilities)
    }
}
