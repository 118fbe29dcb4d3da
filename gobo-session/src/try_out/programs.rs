//! Which programs a user must be able to start in a view: shells, set-user-ID programs, sftp-server.

use super::lookup::{File, Found, ViewNames, split};
use crate::error::{Error, Result, Step};
use crate::layer::{Layer, Nodes};
use crate::tree::{Entry, Folder, Kind, LinkText, MAX_ENTRIES, Tree, absolute, join, read_link};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Names the shells that users may have.
pub(crate) const SHELLS: &str = "/etc/shells";

/// Its largest size, and the most shells (R18).
const MAX_SHELLS_FILE: usize = 64 * 1024;
const MAX_SHELLS: usize = 256;

/// Where sshd's sftp-server may be, below the index.
const SFTP_SERVERS: [&str; 6] = [
    "libexec/sftp-server",
    "libexec/openssh/sftp-server",
    "libexec/ssh/sftp-server",
    "lib/sftp-server",
    "lib/openssh/sftp-server",
    "lib/ssh/sftp-server",
];

/// The areas of the index that have programs.
const PROGRAM_AREAS: [&str; 2] = ["bin", "libexec"];

/// Bits of a mode that make a program run with other rights than its caller's.
const SET_ID: u32 = 0o6000;

/// The shells of /etc/shells; without that file /bin/sh, as for getusershell.
///
/// # Errors
/// Where the file cannot be read, or is not to be trusted: who could write it could have any view refused (R4).
pub(super) fn shells(tree: &Tree) -> Result<Vec<Vec<u8>>> {
    let text = match tree.root().read(Path::new(SHELLS), MAX_SHELLS_FILE) {
        Ok(text) => text,
        Err(error) if error.is_missing() => return Ok(vec![b"/bin/sh".to_vec()]),
        Err(error) => return Err(Error::new(Step::Try, error.to_string())),
    };
    let lines = text.split(|b| *b == b'\n').map(|line| line.split(|b| *b == b'#').next().unwrap_or_default());
    Ok(lines
        .map(<[u8]>::trim_ascii)
        .filter(|l| l.starts_with(b"/"))
        .take(MAX_SHELLS)
        .map(<[u8]>::to_vec)
        .collect())
}

/// The paths where the base has an sftp-server.
pub(super) fn sftp_servers(tree: &Tree, base: &ViewNames<'_>) -> Vec<Vec<u8>> {
    let index = tree.index().path().as_os_str().as_bytes();
    let paths = SFTP_SERVERS.iter().map(|name| join(index, name.as_bytes()));
    paths.filter(|path| base.resolve(path).is_some_and(|found| found.file().is_some())).collect()
}

/// The base's set-user-ID and set-group-ID programs among the names that the layer changes in `bin`.
pub(super) fn set_id_changed(tree: &Tree, base: &ViewNames<'_>, layer: &Layer) -> Vec<Vec<u8>> {
    let at = join(tree.index().path().as_os_str().as_bytes(), b"bin");
    let names = layer.areas.get("bin").into_iter().flat_map(Nodes::keys);
    let is_program =
        |path: &Vec<u8>| base.resolve(path).is_some_and(|f| f.file().is_some_and(|f| is_set_id(f)));
    names.map(|name| join(&at, name)).filter(is_program).collect()
}

/// All set-user-ID and set-group-ID programs of the base: in `bin` and `libexec`, and in the folders there.
///
/// This asks for the mode of every program of the system. Where the kernel cannot follow a link for it, names are taken in the
/// order of where they lead, so each program's folder is opened once, and none is kept.
///
/// # Errors
/// Where a folder of the index cannot be read.
pub(super) fn set_id(tree: &Tree, base: &ViewNames<'_>) -> Result<Vec<Vec<u8>>> {
    scan(tree, base, None)
}

/// As [`set_id`], and all programs of the base with file capabilities: of these every one has to be opened.
///
/// # Errors
/// As [`set_id`].
#[cfg(feature = "cli")]
pub(super) fn privileged(tree: &Tree, base: &ViewNames<'_>) -> Result<Vec<Vec<u8>>> {
    scan(tree, base, Some(|fd| has_capabilities(fd.as_fd())))
}

/// Whether an open file has file capabilities.
#[cfg(feature = "cli")]
pub(super) fn has_capabilities(fd: BorrowedFd<'_>) -> bool {
    let mut capabilities = [0_u8; 64];
    fs::fgetxattr(fd, "security.capability", &mut capabilities[..]).is_ok()
}

fn scan(tree: &Tree, base: &ViewNames<'_>, also: Option<Telling>) -> Result<Vec<Vec<u8>>> {
    let mut scan = Scan { tree, base, also, names: 0, folders: Vec::new(), programs: Vec::new() };
    for area in PROGRAM_AREAS {
        let at = join(tree.index().path().as_os_str().as_bytes(), area.as_bytes());
        if let Some(folder) = Folder::open_if_there(tree.index().fd(), area.as_bytes(), tree.trust())? {
            scan.look_through(&folder, &at)?;
        }
    }
    for (target, path) in std::mem::take(&mut scan.folders) {
        let opened = tree.open_base(&target, OFlags::RDONLY | OFlags::DIRECTORY).ok();
        if let Some(folder) = opened.and_then(|fd| Folder::of(fd, &path, tree.trust()).ok()) {
            scan.look_through(&folder, &path)?;
        }
    }
    scan.programs.sort_unstable();
    Ok(scan.programs)
}

/// Tells from an open file whether it is looked for too.
type Telling = fn(&OwnedFd) -> bool;

/// Whether a link at a name is followed.
#[derive(Clone, Copy)]
enum Follow<'f> {
    /// It is, from the folder of that path.
    Yes(&'f [u8]),
    /// It is not: what is there is known by that path.
    No(&'f [u8]),
}

/// A search for set-user-ID programs, and for others.
struct Scan<'s, 'a> {
    tree: &'s Tree,
    base: &'s ViewNames<'a>,
    also: Option<Telling>,
    /// How many names were looked at.
    names: usize,
    /// Folders that were found: where they are, and by which path programs know them.
    folders: Vec<(Vec<u8>, Vec<u8>)>,
    programs: Vec<Vec<u8>>,
}

impl Scan<'_, '_> {
    /// Looks at the entries of a folder, and at what its links lead to.
    fn look_through(&mut self, folder: &Folder, at: &[u8]) -> Result<()> {
        let mut links = Vec::new();
        for Entry { name, kind } in folder.entries()? {
            self.names += 1;
            if self.names > MAX_ENTRIES {
                return Err(Error::new(Step::Try, format!("the index has more than {MAX_ENTRIES} programs")));
            }
            let path = join(at, &name);
            match kind {
                // The kernel goes the same way by one call.
                Kind::Link if self.tree.is_here() => self.ask(folder.fd(), &name, Follow::Yes(at), path),
                Kind::Link => {
                    if let LinkText::Link(text) = read_link(folder.fd(), &name)? {
                        links.push((absolute(at, &text), path));
                    }
                }
                Kind::File => self.ask(folder.fd(), &name, Follow::No(&path.clone()), path),
                Kind::Directory => self.folders.push((path.clone(), path)),
                Kind::Special => {}
            }
        }
        links.sort_unstable();
        let mut open: Option<(&[u8], Option<OwnedFd>)> = None;
        for (target, path) in &links {
            let Some((parent, name)) = split(target) else { continue };
            if open.as_ref().is_none_or(|(at, _)| *at != parent) {
                open = Some((parent, self.tree.open_base(parent, OFlags::PATH | OFlags::DIRECTORY).ok()));
            }
            if let Some((_, Some(folder))) = &open {
                self.ask(folder.as_fd(), name, Follow::No(target), path.clone());
            }
        }
        Ok(())
    }

    /// Looks at the name `name` in `folder`, which programs know as `path`.
    fn ask(&mut self, folder: BorrowedFd<'_>, name: &[u8], follow: Follow<'_>, path: Vec<u8>) {
        let (at_flags, no_follow) = match follow {
            Follow::Yes(_) => (AtFlags::empty(), OFlags::empty()),
            Follow::No(_) => (AtFlags::SYMLINK_NOFOLLOW, OFlags::NOFOLLOW),
        };
        let Ok(stat) = fs::statat(folder, name, at_flags) else { return };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if stat.st_mode & SET_ID != 0 => self.programs.push(path),
            FileType::RegularFile if stat.st_mode & 0o111 != 0 => {
                let flags = OFlags::RDONLY | no_follow | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let open = || fs::openat(folder, name, flags, Mode::empty()).ok();
                if self.also.is_some_and(|also| open().is_some_and(|fd| also(&fd))) {
                    self.programs.push(path);
                }
            }
            FileType::Directory => match follow {
                Follow::No(target) => self.folders.push((target.to_vec(), path)),
                Follow::Yes(at) => {
                    if let Ok(LinkText::Link(text)) = read_link(folder, name) {
                        self.folders.push((absolute(at, &text), path));
                    }
                }
            },
            FileType::Symlink => match self.base.resolve(&path) {
                Some(Found::File(file)) => {
                    let open = || self.base.open(&file).ok();
                    if is_set_id(&file) || self.also.is_some_and(|also| open().is_some_and(|fd| also(&fd))) {
                        self.programs.push(path);
                    }
                }
                Some(Found::Folder(found)) => self.folders.push((found.path().to_vec(), path)),
                _ => {}
            },
            _ => {}
        }
    }
}

fn is_set_id(file: &File) -> bool {
    file.is_regular() && file.mode & SET_ID != 0
}
