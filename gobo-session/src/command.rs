//! A command that is to run in a view: what it is, which program it belongs to, and becoming it.

use crate::arch::Arch;
use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use crate::tree::Tree;
use rustix::fs::{self, Access, AtFlags, OFlags};
use rustix::io::Errno;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The longest first line of a script that is read, as the kernel reads it.
const MAX_SHEBANG: usize = 256;

/// How many files a command may lead through: a script, its interpreter, and so on.
const MAX_INTERPRETERS: usize = 4;

/// The version that a command belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belongs {
    /// The command's file, by its real path inside the tree.
    pub path: PathBuf,
    /// Its program.
    pub program: ProgramName,
    /// Its version's folder.
    pub version: String,
    /// Its version's architecture.
    pub arch: Arch,
    /// Whether it is this very version: its path does not lead through the index, so that no view leads it elsewhere.
    pub is_fixed: bool,
}

/// The files that a command leads through as it is seen now: its own, and for a script its interpreter's, and so on.
#[derive(Default)]
pub struct CommandFiles(Vec<CommandFile>);

/// One of them.
struct CommandFile {
    fd: OwnedFd,
    /// Where it was found, by its absolute path inside the tree.
    found: PathBuf,
    /// Its real path inside the tree.
    real: PathBuf,
    /// Whether it was found through the index.
    is_in_index: bool,
}

impl CommandFiles {
    /// Finds them; none where there is no such command.
    #[must_use]
    pub fn find(tree: &Tree, command: &OsStr, path: Option<&OsStr>) -> Self {
        let next = |file: &CommandFile| find(tree, &interpreter(&file.fd)?, path);
        Self(std::iter::successors(find(tree, command, path), next).take(MAX_INTERPRETERS).collect())
    }

    /// The version that the command belongs to: its own file's, or for a script outside /Programs its interpreter's.
    /// `None` where that is no version of the tree.
    ///
    /// # Errors
    /// Where the version's folder cannot be read.
    pub fn belong_to(&self, tree: &Tree) -> Result<Option<Belongs>> {
        for file in &self.0 {
            if let Some(found) = version_of(tree, file)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What the command's file was built for, as its first bytes say; for a script what its interpreter was.
    #[must_use]
    pub fn built_for(&self) -> Option<Arch> {
        self.0.last().and_then(|file| Arch::of_program(&file.fd))
    }

    /// Their paths: where each was found, where it really is, and whether the index led there.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, &Path, bool)> {
        self.0.iter().map(|file| (file.found.as_path(), file.real.as_path(), file.is_in_index))
    }
}

/// Finds the file of a command.
fn find(tree: &Tree, command: &OsStr, path: Option<&OsStr>) -> Option<CommandFile> {
    candidates(command.as_bytes(), path).into_iter().find_map(|candidate| {
        let found = std::path::absolute(OsStr::from_bytes(&candidate)).ok()?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = tree.open_inside(found.as_os_str().as_bytes(), flags).ok()?;
        let kind = fs::fstat(&fd).ok().map(|s| fs::FileType::from_raw_mode(s.st_mode));
        let own = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let runs = fs::accessat(fs::CWD, own, Access::EXEC_OK, AtFlags::EACCESS).is_ok();
        if kind != Some(fs::FileType::RegularFile) || !runs {
            return None;
        }
        let real = tree.real_path(fd.as_fd())?;
        let is_in_index = is_in_index(tree, &found);
        Some(CommandFile { fd, found, real, is_in_index })
    })
}

/// The version whose folder a file lies in.
fn version_of(tree: &Tree, file: &CommandFile) -> Result<Option<Belongs>> {
    let Some(owner) = tree.owner(b"/", file.real.as_os_str().as_bytes()) else { return Ok(None) };
    let Some(program) = tree.installed(&owner) else { return Ok(None) };
    let Some(version) = program.version(tree, &owner.version) else { return Ok(None) };
    let arch = version.arch(tree)?.clone();
    Ok(Some(Belongs {
        path: file.real.clone(),
        program: program.name.clone(),
        version: owner.version,
        arch,
        is_fixed: !file.is_in_index,
    }))
}

/// Whether the folder that a path names a file in is one of the index, as /bin is.
fn is_in_index(tree: &Tree, path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path).as_os_str().as_bytes();
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    let real = tree.open_inside(folder, flags).ok().and_then(|fd| tree.real_path(fd.as_fd()));
    real.is_some_and(|real| real.starts_with(&tree.layout().index))
}

/// The program that runs a script; for `env NAME` that is NAME.
fn interpreter(fd: &OwnedFd) -> Option<OsString> {
    let mut line = [0_u8; MAX_SHEBANG];
    let read = rustix::io::pread(fd, &mut line, 0).ok()?;
    let line = line[..read].split(|b| *b == b'\n').next()?.strip_prefix(b"#!")?;
    let mut words = line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty());
    let first = words.next()?;
    let is_env = first.rsplit(|b| *b == b'/').next() == Some(b"env");
    let named = words.find(|word| !word.starts_with(b"-") && !word.contains(&b'=')).filter(|_| is_env);
    Some(OsStr::from_bytes(named.unwrap_or(first)).to_owned())
}

/// Where commands are looked for without a PATH.
pub const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// What to do where a command must not be run.
const DENIED: &str = "you may not run it: chmod +x makes a file of yours a command; a folder that you may not pass, or a mount \
                      with noexec, forbids it too";

/// Why a command did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStarted {
    /// There is no such command.
    NotFound(Error),
    /// It is there, but cannot be run.
    CannotRun(Error),
}

/// Becomes the command: same process, same descriptors, same signals. Comes back only with the reason why not.
///
/// A name without `/` is looked for in the PATH of the new environment. A file that the kernel does not know how to
/// run is given to /bin/sh, as execvp(3) does.
#[must_use]
pub fn become_command(words: &[OsString], environment: &[(OsString, OsString)]) -> NotStarted {
    let name = words.first().cloned().unwrap_or_default();
    let error = |errno: Errno| Error::call(Step::Start, name.to_string_lossy(), errno);
    let text = |bytes: &[u8]| CString::new(bytes).ok();
    let argv: Option<Vec<CString>> = words.iter().map(|word| text(word.as_bytes())).collect();
    let envp: Option<Vec<CString>> = environment
        .iter()
        .map(|(name, value)| text(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect();
    let (Some(argv), Some(envp)) = (argv, envp) else { return NotStarted::CannotRun(error(Errno::INVAL)) };
    let path = environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let is_path = name.as_bytes().contains(&b'/');
    let (mut denied, mut orphan) = (false, false);
    for file in candidates(name.as_bytes(), path) {
        let Some(file) = text(&file) else { continue };
        match execute(&file, &argv, &envp) {
            // A file that is there but "not found" names an interpreter that is not.
            nix::Error::ENOENT => orphan |= fs::access(file.as_c_str(), Access::EXISTS).is_ok(),
            nix::Error::ENOTDIR if !is_path => {}
            nix::Error::EACCES => denied = true,
            errno => return NotStarted::CannotRun(error(Errno::from_raw_os_error(errno as i32))),
        }
    }
    let missing = error(Errno::NOENT);
    NotStarted::NotFound(match (denied, orphan) {
        (true, _) => return NotStarted::CannotRun(error(Errno::ACCESS).with_cure(DENIED)),
        (_, true) => missing.with_cure("the file is there, its interpreter is not: a foreign architecture?"),
        _ if is_path => missing.with_cure("in the view there is no such file; is the path right?"),
        _ => missing.with_cure("it is not in the PATH of the view"),
    })
}

/// The files that a name of a command can mean, in order: itself where it is a path, else one in each folder of the PATH.
#[must_use]
pub fn candidates(name: &[u8], path: Option<&OsStr>) -> Vec<Vec<u8>> {
    if name.contains(&b'/') {
        return vec![name.to_vec()];
    }
    let folders = path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes().split(|b| *b == b':');
    let below = |folder: &[u8]| if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() };
    if name.is_empty() { Vec::new() } else { folders.map(below).collect() }
}

fn execute(file: &CString, argv: &[CString], envp: &[CString]) -> nix::Error {
    let Err(errno) = nix::unistd::execve(file, argv, envp);
    if errno != nix::Error::ENOEXEC {
        return errno;
    }
    let script = [c"/bin/sh".to_owned(), file.clone()];
    let words: Vec<CString> = script.into_iter().chain(argv.iter().skip(1).cloned()).collect();
    let Err(errno) = nix::unistd::execve(c"/bin/sh", &words, envp);
    errno
}
