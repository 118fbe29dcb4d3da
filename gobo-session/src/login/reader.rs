//! What the child does that looks into a home: it becomes the user, for good, and reads as he would (R9).
//!
//! It has nothing but a pipe. What is not a regular file of the user or of root, or could be written by others, is not
//! read; and the answer about a file that the user himself could not read is the same whatever is there.

use super::Login;
use super::home::{Found, Home, MAX_BYTES, MAX_ENTRIES, MAX_PROFILES};
use crate::config::MAX_FILE;
use crate::config::ProfileName;
use rustix::fs::{self, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Why something was not read.
type Refusal = Found;

/// Reads the selection, and with `folder` all profiles in it.
pub(super) fn read(login: &Login, groups: &[u32], file: &Path, folder: Option<&PathBuf>) -> Home {
    if let Err(refusal) = become_user(login, groups) {
        return Home { selection: refusal, ..Home::default() };
    }
    let mut home = Home { selection: read_file(CWD, file, login.uid), ..Home::default() };
    if let Some(folder) = folder
        && let Err(refusal) = read_folder(folder, login.uid, &mut home)
    {
        home.folder = refusal;
    }
    home
}

/// Becomes the user for good, in this thread, which is the child's only one.
///
/// A daemon may have been started with a securebit by which it keeps its capabilities when it changes its user: they are
/// given up by themselves.
fn become_user(login: &Login, groups: &[u32]) -> Result<(), Refusal> {
    let refusal = || refused("the child could not become the user");
    let groups: Vec<rustix::fs::Gid> = groups.iter().copied().map(rustix::fs::Gid::from_raw).collect();
    let (uid, gid) = (rustix::fs::Uid::from_raw(login.uid), rustix::fs::Gid::from_raw(login.gid));
    set_thread_groups(&groups).map_err(|_| refusal())?;
    set_thread_res_gid(gid, gid, gid).map_err(|_| refusal())?;
    set_thread_res_uid(uid, uid, uid).map_err(|_| refusal())?;
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, sets).map_err(|_| refusal())?;
    let is_user = rustix::process::getuid() == uid && rustix::process::geteuid() == uid;
    let is_group = rustix::process::getgid() == gid && rustix::process::getegid() == gid;
    if is_user && is_group { Ok(()) } else { Err(refusal()) }
}

/// Reads the user's profiles: the files that are named for one, in the order of their names.
fn read_folder(path: &Path, uid: u32, home: &mut Home) -> Result<(), Refusal> {
    let folder = open(CWD, path, uid, FileType::Directory)?;
    let mut names = Vec::new();
    for (count, entry) in Dir::read_from(&folder).map_err(|_| unreadable())?.enumerate() {
        let entry = entry.map_err(|_| unreadable())?;
        if count == MAX_ENTRIES {
            return Err(refused(&format!("it has more than {MAX_ENTRIES} entries")));
        }
        let name = entry.file_name().to_str().ok().and_then(|name| name.strip_suffix(".toml")?.parse().ok());
        names.extend::<Option<ProfileName>>(name);
    }
    names.sort();
    let mut left = MAX_BYTES;
    for (count, name) in names.into_iter().enumerate() {
        let found = if count == MAX_PROFILES {
            return Err(refused(&format!("it has more than {MAX_PROFILES} profiles")));
        } else {
            read_file(folder.as_fd(), Path::new(&format!("{name}.toml")), uid)
        };
        let found = match found {
            Found::Read(bytes) if bytes.len() > left => {
                refused(&format!("it and those before it are larger than {MAX_BYTES} bytes"))
            }
            found => found,
        };
        left -= if let Found::Read(bytes) = &found { bytes.len() } else { 0 };
        home.profiles.insert(name, found);
    }
    Ok(())
}

/// Reads a file as whoever we are, never waiting for a FIFO, never following a link at its end.
fn read_file(parent: BorrowedFd<'_>, path: &Path, uid: u32) -> Found {
    let fd = match open(parent, path, uid, FileType::RegularFile) {
        Ok(fd) => fd,
        Err(refusal) => return refusal,
    };
    let mut content = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        match rustix::io::read(&fd, &mut buffer) {
            Ok(0) => return Found::Read(content),
            Ok(read) => content.extend_from_slice(&buffer[..read]),
            Err(Errno::INTR) => {}
            Err(_) => return unreadable(),
        }
        if content.len() > MAX_FILE {
            return refused(&format!("it is larger than {MAX_FILE} bytes"));
        }
    }
}

/// Opens what should be of that type, the user's or root's, and written by nobody else.
fn open(parent: BorrowedFd<'_>, path: &Path, uid: u32, kind: FileType) -> Result<OwnedFd, Refusal> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = fs::openat(parent, path, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR => Found::Missing,
        Errno::LOOP => refused("it is a link; put the file itself there"),
        _ => unreadable(),
    })?;
    let stat = fs::fstat(&fd).map_err(|_| unreadable())?;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        let kind = if kind == FileType::Directory { "folder" } else { "regular file" };
        return Err(refused(&format!("it is not a {kind}")));
    }
    if stat.st_uid != uid && stat.st_uid != 0 {
        return Err(refused("it belongs to somebody else"));
    }
    if stat.st_mode & 0o022 != 0 {
        return Err(refused("others can write it; chmod go-w it"));
    }
    Ok(fd)
}

fn refused(why: &str) -> Refusal {
    Found::Refused(why.to_owned())
}

/// Whatever is there, the answer is the same for everything that the user himself could not read.
fn unreadable() -> Refusal {
    refused("it cannot be read")
}
