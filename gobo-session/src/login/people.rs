//! Who a user is and which groups he is in, by the name services of libc.
//!
//! Where `/etc/nsswitch.conf` names files alone, they answer at once. Where it names anything else, a server or a daemon
//! may have to answer, so a child asks, with the deadline of the login (R9).

use super::child::{Question, ask, say};
use super::{Arrival, Login};
use crate::kernel::Far;
use crate::kernel::lock::{Kind, lock};
use nix::unistd::{Gid, Group, User, getgrouplist};
use rustix::fs::Access;
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Says which services answer.
const SERVICES: &str = "/etc/nsswitch.conf";

/// Where nscd listens, which libc asks before any service where it runs.
const CACHE: &str = "/var/run/nscd/socket";

/// The most bytes that an answer may have.
const MAX_ANSWER: usize = 256 * 1024;

/// Whether a database is asked of files on this machine alone.
fn is_local(database: &str, far: &Far) -> bool {
    !far.touches(Path::new(SERVICES))
        && rustix::fs::access(CACHE, Access::EXISTS).is_err()
        && std::fs::read_to_string(SERVICES).is_ok_and(|text| names_files_only(&text, database))
}

/// Whether the text of nsswitch.conf names `files` for a database and nothing else. Which groups a user is in is asked of the
/// database `initgroups`, where there is such a line.
fn names_files_only(text: &str, database: &str) -> bool {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let of = |database: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|(name, _)| name.trim() == database)
            .map(|(_, services)| services.trim())
            .collect()
    };
    let members = if database == "group" { of("initgroups") } else { Vec::new() };
    of(database) == ["files"] && (members.is_empty() || members == ["files"])
}

/// A user, as passwd has him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// His name, as passwd spells it.
    pub name: String,
    /// His id.
    pub uid: u32,
    /// His primary group.
    pub gid: u32,
    /// His home.
    pub home: PathBuf,
}

/// Looks up a user for a login.
///
/// # Errors
/// Why he cannot be looked up: there is none of that name, or nobody answers.
pub fn find(name: &str, arrival: &Arrival) -> Result<Person, String> {
    let look_up = || {
        let user = User::from_name(name).map_err(|errno| format!("look up user {name}: {errno}"))?;
        let user = user.ok_or_else(|| format!("there is no user {name}"))?;
        Ok(Person { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), home: user.dir })
    };
    if is_local("passwd", arrival.far()) {
        return look_up();
    }
    // The user's id is not known yet.
    let number = name.bytes().fold(5381_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
    asked(number, arrival.first_deadline(), look_up)
        .unwrap_or_else(|| Err(format!("look up user {name}: the name services do not answer in time")))
}

/// A user's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Groups {
    /// Their ids, the primary one among them.
    pub(super) ids: Vec<u32>,
    /// The names of those that have any; none where they were not asked for.
    pub(super) names: Vec<String>,
}

/// The groups that a user is in; `None` where they cannot be had in time.
pub(super) fn groups(login: &Login, far: &Far, with_names: bool, deadline: Instant) -> Option<Groups> {
    let user = CString::new(login.user.as_str()).ok()?;
    let look_up = || {
        let ids = getgrouplist(&user, Gid::from_raw(login.gid)).ok()?;
        let names =
            ids.iter().filter(|_| with_names).filter_map(|gid| Some(Group::from_gid(*gid).ok()??.name));
        Some(Groups { names: names.collect(), ids: ids.iter().map(|gid| gid.as_raw()).collect() })
    };
    if is_local("group", far) {
        return look_up();
    }
    asked(login.uid, deadline, look_up)?
}

/// What a child finds out; `None` where it does not in time.
fn asked<T: Serialize + for<'d> Deserialize<'d>>(
    number: u32,
    deadline: Instant,
    look_up: impl Fn() -> T,
) -> Option<T> {
    let lock = lock(Kind::People, number, deadline).ok()?;
    let question = Question { deadline, limit: MAX_ANSWER, lock: lock.as_ref().map(|lock| lock.as_fd()) };
    let answer: Vec<u8> =
        ask(&question, |end| say(end, &serde_json::to_vec(&look_up()).unwrap_or_default())).ok()?;
    serde_json::from_slice(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_alone_are_local() {
        let text = "# passwd: files\npasswd: files\ngroup:\tfiles # sss\nhosts: files dns\n";
        assert!(names_files_only(text, "passwd") && names_files_only(text, "group"));
        for text in [
            "",
            "passwd: files sss",
            "passwd: compat",
            "passwd:files [NOTFOUND=return] ldap",
            "passwd: files\npasswd: sss",
            "passwd: files files",
        ] {
            assert!(!names_files_only(text, "passwd"), "{text}");
        }
        let groups = |line: &str| names_files_only(&format!("group: files\n{line}\n"), "group");
        assert!(groups("initgroups: files") && !groups("initgroups: files sss") && !groups("initgroups:"));
    }

    #[test]
    fn a_child_finds_what_this_process_finds() {
        let arrival = Arrival::at(Instant::now());
        let found = find("root", &arrival).unwrap();
        assert_eq!((found.uid, found.home.as_path()), (0, Path::new("/root")));
        assert_eq!(find("no-such-user", &arrival), Err("there is no user no-such-user".into()));
    }
}
