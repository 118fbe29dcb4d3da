//! What a user selected: asked of a child, because his home may hang (R9).

use super::child::{Question, Silence, ask, say};
use super::lock::{Kind, Stuck, lock};
use super::reach::Reach;
use super::{Login, people};
use crate::config::{MAX_FILE, Selection};
use crate::diagnostic::Diagnostic;
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::path::Path;

/// The user's file, from his home.
const FILE: &str = ".config/gobo-session/session.toml";

/// What the user selected: `None` where he has no file, or no home to have it in. The error says why the file was not used, and nothing of what
/// is in it.
pub(super) fn read(login: &Login, reach: &Reach) -> Result<Option<Selection>, String> {
    if !login.home.is_absolute() {
        return Ok(None);
    }
    let path = login.home.join(FILE);
    let unread = |why: &str| format!("{} is ignored: {why}", path.display());
    let deadline = reach.home_deadline;
    let groups = people::groups(login, &reach.far, false, deadline)
        .ok_or_else(|| unread("the user's groups could not be looked up in time"))?;
    let lock = lock(Kind::Home, login.uid, deadline)
        .map_err(|Stuck| unread("an earlier reader of it has not come back"))?;
    let question =
        Question { deadline, limit: MAX_FILE + 1, lock: lock.as_ref().map(std::os::fd::AsFd::as_fd) };
    let answer: Result<Vec<u8>, _> = ask(&question, |end| {
        let read = become_user(login, &groups.ids).and_then(|()| read_file(&path, login.uid));
        say(end, &read.unwrap_or_else(Refusal::encode));
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
fn become_user(login: &Login, groups: &[u32]) -> Result<(), Refusal> {
    let identity = |_| Refusal::Identity;
    let groups: Vec<rustix::fs::Gid> = groups.iter().copied().map(rustix::fs::Gid::from_raw).collect();
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
