//! What a user selected, and which groups he is in: both asked of a child, because both may hang (R9).

use super::Login;
use super::child::{Silence, ask};
use crate::config::{MAX_FILE, Selection};
use crate::diagnostic::Diagnostic;
use crate::kernel::State;
use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{Gid, Group, getgrouplist};
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// The user's file, from his home.
const FILE: &str = ".config/gobo-session/session.toml";

/// The file in the state folder in which readers that are at work hold locks.
const READERS: &str = "readers";

/// The most bytes that group names may take.
const MAX_GROUPS: usize = 256 * 1024;

/// The names of the groups that a user is in; `None` where they cannot be had in time.
pub(super) fn group_names(login: &Login, deadline: Instant) -> Option<Vec<String>> {
    let user = CString::new(login.user.as_str()).ok()?;
    let bytes = ask(deadline, MAX_GROUPS, None, || {
        let Ok(groups) = getgrouplist(&user, Gid::from_raw(login.gid)) else { return Vec::new() };
        let names = groups.into_iter().filter_map(|gid| Some(Group::from_gid(gid).ok()??.name));
        let mut text: String = names.flat_map(|name| [name, "\n".to_owned()]).collect();
        text.push('.');
        text.into_bytes()
    });
    let text = String::from_utf8(bytes.ok()?).ok()?;
    Some(text.strip_suffix('.')?.lines().map(str::to_owned).collect())
}

/// What the user selected: `None` where he has no file, or no home to have it in. The error says why the file was not used, and nothing of what
/// is in it.
pub(super) fn read(login: &Login, deadline: Instant) -> Result<Option<Selection>, String> {
    if !login.home.is_absolute() {
        return Ok(None);
    }
    let path = login.home.join(FILE);
    let unread = |why: &str| format!("{} is ignored: {why}", path.display());
    let user = CString::new(login.user.as_str()).map_err(|_| unread("the user's name is odd"))?;
    let lock = lock(login.uid, deadline).map_err(|why| unread(&why))?;
    let answer = ask(deadline, MAX_FILE + 1, lock.as_ref().map(std::os::fd::AsFd::as_fd), || {
        become_user(login, &user).and_then(|()| read_file(&path, login.uid)).unwrap_or_else(Refusal::encode)
    });
    match answer {
        Err(Silence::Late) => Err(unread("reading it takes too long; is its file server up?")),
        Err(Silence::Long) => Err(unread(&format!("it is larger than {MAX_FILE} bytes"))),
        Err(Silence::Failed(errno)) => Err(unread(&format!("no child could read it ({errno})"))),
        Ok(bytes) => match bytes.split_first() {
            Some((b'=', content)) => {
                let file = path.display().to_string();
                Selection::parse(&file, content).map(Some).map_err(|diagnostic| unread(&why_not(&diagnostic)))
            }
            Some((b'-', _)) => Ok(None),
            Some((b'!', why)) => Err(unread(&String::from_utf8_lossy(why))),
            _ => Err(unread("the child that was to read it died")),
        },
    }
}

/// What is wrong with a file, without its name.
fn why_not(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{help}", diagnostic.message)
}

/// Why the child did not read the file.
enum Refusal {
    /// There is none.
    Missing,
    /// Whatever is there, the answer is the same for everything that the user himself could not read.
    Unreadable,
    /// It is not as it should be.
    Odd(&'static str),
    /// The child is not who it should be.
    Identity,
}

impl Refusal {
    fn encode(self) -> Vec<u8> {
        match self {
            Self::Missing => b"-".to_vec(),
            Self::Unreadable => b"!it cannot be read".to_vec(),
            Self::Odd(why) => [b"!", why.as_bytes()].concat(),
            Self::Identity => b"!the child could not become the user".to_vec(),
        }
    }
}

/// Becomes the user for good, in this thread, which is the child's only one.
fn become_user(login: &Login, user: &CString) -> Result<(), Refusal> {
    let identity = |_| Refusal::Identity;
    let groups = getgrouplist(user, Gid::from_raw(login.gid)).map_err(|_| Refusal::Identity)?;
    let groups: Vec<rustix::fs::Gid> =
        groups.into_iter().map(|g| rustix::fs::Gid::from_raw(g.as_raw())).collect();
    let (uid, gid) = (rustix::fs::Uid::from_raw(login.uid), rustix::fs::Gid::from_raw(login.gid));
    set_thread_groups(&groups).map_err(identity)?;
    set_thread_res_gid(gid, gid, gid).map_err(identity)?;
    set_thread_res_uid(uid, uid, uid).map_err(identity)?;
    let is_user = rustix::process::getuid() == uid && rustix::process::geteuid() == uid;
    let is_group = rustix::process::getgid() == gid && rustix::process::getegid() == gid;
    if is_user && is_group { Ok(()) } else { Err(Refusal::Identity) }
}

/// Reads the file as whoever we are, never waiting for a FIFO, never following a link at its end.
fn read_file(path: &Path, uid: u32) -> Result<Vec<u8>, Refusal> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match fs::open(path, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NOTDIR) => return Err(Refusal::Missing),
        Err(Errno::LOOP) => return Err(Refusal::Odd("it is a link; put the file itself there")),
        Err(_) => return Err(Refusal::Unreadable),
    };
    let stat = fs::fstat(&fd).map_err(|_| Refusal::Unreadable)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Refusal::Odd("it is not a regular file"));
    }
    if stat.st_uid != uid && stat.st_uid != 0 {
        return Err(Refusal::Odd("it belongs to somebody else"));
    }
    if stat.st_mode & 0o022 != 0 {
        return Err(Refusal::Odd("others can write it; chmod go-w it"));
    }
    let mut answer = b"=".to_vec();
    let mut buffer = [0_u8; 4096];
    loop {
        match rustix::io::read(&fd, &mut buffer) {
            Ok(0) => return Ok(answer),
            Ok(read) if answer.len() <= MAX_FILE + 1 => answer.extend_from_slice(&buffer[..read]),
            Ok(_) => return Ok(answer),
            Err(Errno::INTR) => {}
            Err(_) => return Err(Refusal::Unreadable),
        }
    }
}

/// Takes the lock that a reader of this uid holds while it lives, so that at most one is ever stuck: the byte of one
/// file that has the uid's number.
///
/// Where state cannot be kept there is no lock: the deadline still holds.
fn lock(uid: u32, deadline: Instant) -> Result<Option<OwnedFd>, String> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = State::make()
        .ok()
        .and_then(|state| fs::openat(state.folder(), READERS, flags, Mode::from(0o600)).ok());
    let Some(file) = file else { return Ok(None) };
    let byte = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: uid.into(),
        l_len: 1,
        l_pid: 0,
    };
    loop {
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&byte)) {
            Ok(_) => return Ok(Some(file)),
            Err(nix::Error::EAGAIN | nix::Error::EACCES) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(_) => return Err("an earlier reader of it has not come back".into()),
        }
    }
}
