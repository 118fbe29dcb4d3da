//! Opening what root is to believe (R4, R17).
//!
//! A path is walked one component at a time, each opened with `O_PATH | O_NOFOLLOW` beneath the descriptor of the one
//! before and checked through its own descriptor, so nothing is looked up a second time after its check. Links are
//! followed here and not by the kernel: their owner is checked, absolute ones start again at the given root, `..` goes
//! back to a directory that was passed before and never above the root, and links of /proc are not followed at all.
//! A path that others than root could change is refused with the component, the reason and the cure.

use crate::text::Safe;
use rustix::fs::{self, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// The most symbolic links that one path may go through, as in the kernel.
const MAX_LINKS: usize = 40;

/// The most directories that one path may go down: each holds a descriptor while the path is walked (R18).
const MAX_DEPTH: usize = 64;

/// Who may have written what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Root alone: every component belongs to uid 0 and is not writable by group or others.
    ///
    /// A sticky directory such as /tmp is refused too. An access control list that lets somebody write is seen in the
    /// bits of the group.
    RootOnly,
    /// Anyone: for work that holds no privilege. Paths are walked in the same way, owners do not matter.
    Anyone,
}

/// What a path should lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, opened for reading.
    File,
    /// A directory, opened for reading.
    Directory,
}

/// Why something is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustError {
    /// The path that was asked for; empty for a descriptor.
    pub path: PathBuf,
    /// The place on the way, from the root, that is wrong; empty for a descriptor.
    pub component: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a component of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It belongs to this uid and not to root.
    Owner(u32),
    /// Its mode lets group or others write.
    Writable(u32),
    /// It is this, where a regular file should be.
    NotRegular(FileType),
    /// It is this, where a directory should be.
    NotDirectory(FileType),
    /// It is a link of /proc.
    ProcLink,
    /// The path goes through more than 40 links.
    Links,
    /// The path goes down more than 64 directories.
    Depth,
    /// Another file took its place between check and opening.
    Replaced,
    /// It has more than this many bytes.
    Large(usize),
    /// It has more than this many entries.
    Crowded(usize),
    /// The kernel refused.
    Call(Errno),
}

impl TrustError {
    /// Whether there is simply nothing of that name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.fault == Fault::Call(Errno::NOENT)
    }

    /// Whether it could have been written by somebody else than root.
    #[must_use]
    pub fn is_untrusted(&self) -> bool {
        matches!(self.fault, Fault::Owner(_) | Fault::Writable(_) | Fault::ProcLink | Fault::Replaced)
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, component) = (self.path.to_string_lossy(), self.component.to_string_lossy());
        if path.trim_start_matches('/') != component.trim_start_matches('/') {
            write!(f, "{}: ", Safe(&path))?;
        }
        let it = if component.is_empty() { "it" } else { &component };
        write!(f, "{} {}", Safe(it), self.fault)
    }
}

impl std::error::Error for TrustError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(uid) => write!(f, "belongs to uid {uid}, not to root; chown it to root"),
            Self::Writable(mode) => {
                write!(f, "is writable by others than root (mode {mode:04o}); chmod go-w it")
            }
            Self::NotRegular(found) => {
                write!(f, "is {}, not a regular file; put a regular file there", describe(*found))
            }
            Self::NotDirectory(found) => {
                write!(f, "is {}, not a directory; put a directory there", describe(*found))
            }
            Self::ProcLink => {
                f.write_str("is a link of /proc, which is never followed; name what it leads to")
            }
            Self::Links => {
                write!(f, "is reached through more than {MAX_LINKS} links; do they lead to each other?")
            }
            Self::Depth => write!(f, "is more than {MAX_DEPTH} directories deep; use a shorter path"),
            Self::Replaced => f.write_str("was replaced while it was opened; try again"),
            Self::Large(limit) => write!(f, "is larger than {limit} bytes; make it smaller"),
            Self::Crowded(limit) => write!(f, "has more than {limit} entries; remove some"),
            Self::Call(errno) => write!(f, "cannot be opened: {}", std::io::Error::from(*errno)),
        }
    }
}

fn describe(found: FileType) -> &'static str {
    match found {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

/// Opens `path` below `root`, where an absolute path starts too.
///
/// Never waits: a FIFO is refused before it is opened. The descriptor is close-on-exec (R12).
///
/// # Errors
/// Where a component is missing, is not what it should be, or is not to be trusted.
pub fn open(root: BorrowedFd<'_>, path: &Path, trust: Trust, kind: Kind) -> Result<OwnedFd, TrustError> {
    Walk { root, path, trust, passed: Vec::new() }.open(kind)
}

/// Reads the regular file `path` of at most `limit` bytes (R18).
///
/// # Errors
/// As [`open`], and where the file is larger.
pub fn read(root: BorrowedFd<'_>, path: &Path, trust: Trust, limit: usize) -> Result<Vec<u8>, TrustError> {
    let file = File::from(open(root, path, trust, Kind::File)?);
    let mut bytes = Vec::new();
    file.take((limit as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| at_end(path, Fault::Call(Errno::from_io_error(&error).unwrap_or(Errno::IO))))?;
    if bytes.len() > limit { Err(at_end(path, Fault::Large(limit))) } else { Ok(bytes) }
}

/// The names in the directory `path`, at most `limit` (R18), in the order of their bytes; without `.` and `..`.
///
/// # Errors
/// As [`open`], and where there are more.
pub fn list(
    root: BorrowedFd<'_>,
    path: &Path,
    trust: Trust,
    limit: usize,
) -> Result<Vec<OsString>, TrustError> {
    let failed = |errno| at_end(path, Fault::Call(errno));
    let entries = Dir::new(open(root, path, trust, Kind::Directory)?).map_err(failed)?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        match entry.file_name().to_bytes() {
            b"." | b".." => {}
            _ if names.len() == limit => return Err(at_end(path, Fault::Crowded(limit))),
            name => names.push(OsStr::from_bytes(name).to_owned()),
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Checks the owner and mode of something that is open already.
///
/// # Errors
/// Where others than root could change it; the error knows no path.
pub fn check(fd: BorrowedFd<'_>, trust: Trust) -> Result<(), TrustError> {
    let fault = match fs::fstat(fd) {
        Ok(stat) => fault_of(&stat, trust),
        Err(errno) => Some(Fault::Call(errno)),
    };
    fault.map_or(Ok(()), |fault| Err(TrustError { path: PathBuf::new(), component: PathBuf::new(), fault }))
}

fn at_end(path: &Path, fault: Fault) -> TrustError {
    TrustError { path: path.to_owned(), component: Path::new("/").join(path), fault }
}

/// What the owner and mode of something say against it. A link has no mode of its own.
fn fault_of(stat: &Stat, trust: Trust) -> Option<Fault> {
    let mode = stat.st_mode & 0o7777;
    match trust {
        Trust::Anyone => None,
        Trust::RootOnly if stat.st_uid != 0 => Some(Fault::Owner(stat.st_uid)),
        Trust::RootOnly if type_of(stat) != FileType::Symlink && mode & 0o022 != 0 => {
            Some(Fault::Writable(mode))
        }
        Trust::RootOnly => None,
    }
}

fn type_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// A path on its way: the directories passed so far, from the root.
struct Walk<'a> {
    root: BorrowedFd<'a>,
    path: &'a Path,
    trust: Trust,
    passed: Vec<(OsString, OwnedFd)>,
}

/// What is left to walk.
enum Part {
    Root,
    Up,
    Name(OsString),
}

/// The parts of a path, last one first.
fn parts_of(path: &Path) -> impl Iterator<Item = Part> + '_ {
    path.components().rev().filter_map(|component| match component {
        Component::RootDir => Some(Part::Root),
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    })
}

impl Walk<'_> {
    fn open(&mut self, kind: Kind) -> Result<OwnedFd, TrustError> {
        let mut left: Vec<Part> = parts_of(self.path).collect();
        let mut links = 0;
        self.check(&self.stat(self.root, None)?, None)?;
        while let Some(part) = left.pop() {
            let name = match part {
                Part::Root => {
                    self.passed.clear();
                    continue;
                }
                Part::Up => {
                    self.passed.pop();
                    continue;
                }
                Part::Name(name) => name,
            };
            let fd = self.step(&name)?;
            let stat = self.stat(fd.as_fd(), Some(&name))?;
            self.check(&stat, Some(&name))?;
            match type_of(&stat) {
                FileType::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(self.wrong(Some(&name), Fault::Links));
                    }
                    left.extend(parts_of(&self.target(fd.as_fd(), &name)?));
                }
                FileType::Directory if self.passed.len() == MAX_DEPTH => {
                    return Err(self.wrong(Some(&name), Fault::Depth));
                }
                FileType::Directory => self.passed.push((name, fd)),
                found if !left.is_empty() || kind == Kind::Directory => {
                    return Err(self.wrong(Some(&name), Fault::NotDirectory(found)));
                }
                FileType::RegularFile => return self.open_file(&name, &stat),
                found => return Err(self.wrong(Some(&name), Fault::NotRegular(found))),
            }
        }
        match kind {
            Kind::File => Err(self.wrong(None, Fault::NotRegular(FileType::Directory))),
            Kind::Directory => fs::openat(
                self.here(),
                ".",
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .map_err(|errno| self.wrong(None, Fault::Call(errno))),
        }
    }

    /// The directory that was reached.
    fn here(&self) -> BorrowedFd<'_> {
        self.passed.last().map_or(self.root, |(_, fd)| fd.as_fd())
    }

    /// Goes to `name` without opening what is there.
    ///
    /// It is asked for as a directory first: without `O_DIRECTORY`, `O_PATH` does not set off an automount.
    fn step(&self, name: &OsStr) -> Result<OwnedFd, TrustError> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(self.here(), name, flags | OFlags::DIRECTORY, Mode::empty())
            .or_else(|errno| match errno {
                Errno::NOTDIR => fs::openat(self.here(), name, flags, Mode::empty()),
                other => Err(other),
            })
            .map_err(|errno| self.wrong(Some(name), Fault::Call(errno)))
    }

    /// Opens a regular file that was checked. `O_PATH` descriptors cannot be made readable without /proc, so it is
    /// opened by name again and must be the same file; one that takes its place meanwhile cannot make us wait.
    fn open_file(&self, name: &OsStr, checked: &Stat) -> Result<OwnedFd, TrustError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = fs::openat(self.here(), name, flags, Mode::empty())
            .map_err(|errno| self.wrong(Some(name), Fault::Call(errno)))?;
        let stat = self.stat(fd.as_fd(), Some(name))?;
        if (stat.st_dev, stat.st_ino, type_of(&stat)) != (checked.st_dev, checked.st_ino, type_of(checked)) {
            return Err(self.wrong(Some(name), Fault::Replaced));
        }
        self.check(&stat, Some(name))?;
        Ok(fd)
    }

    /// Where the link `fd` leads, read through its descriptor.
    fn target(&self, fd: BorrowedFd<'_>, name: &OsStr) -> Result<PathBuf, TrustError> {
        let failed = |errno| self.wrong(Some(name), Fault::Call(errno));
        if fs::fstatfs(fd).map_err(failed)?.f_type == fs::PROC_SUPER_MAGIC {
            return Err(self.wrong(Some(name), Fault::ProcLink));
        }
        let target = fs::readlinkat(fd, c"", Vec::new()).map_err(failed)?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn stat(&self, fd: BorrowedFd<'_>, name: Option<&OsStr>) -> Result<Stat, TrustError> {
        fs::fstat(fd).map_err(|errno| self.wrong(name, Fault::Call(errno)))
    }

    fn check(&self, stat: &Stat, name: Option<&OsStr>) -> Result<(), TrustError> {
        fault_of(stat, self.trust).map_or(Ok(()), |fault| Err(self.wrong(name, fault)))
    }

    /// A fault of the directory that was reached, or of `name` in it, with its place from the root.
    fn wrong(&self, name: Option<&OsStr>, fault: Fault) -> TrustError {
        let passed = self.passed.iter().map(|(passed, _)| passed.as_os_str());
        let component = Path::new("/").iter().chain(passed).chain(name).collect();
        TrustError { path: self.path.to_owned(), component, fault }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Gid, Uid};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use tempfile::TempDir;

    struct Place {
        folder: TempDir,
        root: OwnedFd,
    }

    impl Place {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let root = fs::open(folder.path(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
            std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
            for directory in ["a", "a/b"] {
                set_mode(&folder.path().join(directory), 0o755);
            }
            std::fs::write(folder.path().join("a/b/file"), "hello").unwrap();
            set_mode(&folder.path().join("a/b/file"), 0o644);
            Self { folder, root }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn read(&self, path: &str, trust: Trust) -> Result<String, String> {
            read(self.root.as_fd(), Path::new(path), trust, 64)
                .map(|bytes| String::from_utf8(bytes).unwrap())
                .map_err(|error| error.to_string())
        }

        fn refuses(&self, path: &str, trust: Trust, message: &str) {
            assert_eq!(self.read(path, trust).unwrap_err(), message);
        }
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn chown(path: &Path, uid: u32) {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(0));
        fs::chownat(CWD, path, Some(uid), Some(gid), rustix::fs::AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }

    fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    #[test]
    fn r4_links_are_followed_within_the_root() {
        let place = Place::new();
        symlink("/a", place.at("absolute")).unwrap();
        symlink("../../../../a/./b", place.at("a/above")).unwrap();
        symlink("b/../b//file", place.at("a/relative")).unwrap();
        for path in ["a/b/file", "/a/b/file", "absolute/above/file", "a/relative", "../../a/b/../b/file"] {
            assert_eq!(place.read(path, Trust::Anyone).as_deref(), Ok("hello"), "{path}");
        }
    }

    #[test]
    fn r4_a_link_that_leaves_the_root_leads_nowhere() {
        let place = Place::new();
        symlink("../../../../../../etc/passwd", place.at("out")).unwrap();
        let error = read(place.root.as_fd(), Path::new("out"), Trust::Anyone, 64).unwrap_err();
        assert!(error.is_missing());
        assert_eq!(error.to_string(), "out: /etc cannot be opened: No such file or directory (os error 2)");
    }

    #[test]
    fn r18_links_in_a_circle_end() {
        let place = Place::new();
        symlink("y", place.at("x")).unwrap();
        symlink("x", place.at("y")).unwrap();
        place.refuses(
            "x/file",
            Trust::Anyone,
            "x/file: /x is reached through more than 40 links; do they lead to each other?",
        );
    }

    #[test]
    fn r18_depth_is_bounded() {
        let place = Place::new();
        let deep = vec!["d"; 65].join("/");
        std::fs::create_dir_all(place.at(&deep)).unwrap();
        let error = open(place.root.as_fd(), deep.as_ref(), Trust::Anyone, Kind::Directory).unwrap_err();
        assert_eq!(error.fault, Fault::Depth);
    }

    #[test]
    fn r9_special_files_are_refused_without_waiting() {
        let place = Place::new();
        fs::mknodat(CWD, place.at("fifo"), FileType::Fifo, Mode::from(0o644), 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(place.at("socket")).unwrap();
        for (path, what) in [("fifo", "a FIFO"), ("socket", "a socket"), ("a", "a directory")] {
            let message = format!("/{path} is {what}, not a regular file; put a regular file there");
            place.refuses(path, Trust::Anyone, &message);
        }
        place.refuses(
            "a/b/file/..",
            Trust::Anyone,
            "a/b/file/..: /a/b/file is a regular file, not a directory; put a directory there",
        );
    }

    #[test]
    fn r4_links_of_proc_are_not_followed() {
        let root = fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let error = open(root.as_fd(), Path::new("proc/1/root"), Trust::Anyone, Kind::Directory).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/proc/1/root is a link of /proc, which is never followed; name what it leads to"
        );
    }

    #[test]
    fn r18_size_and_entries_are_bounded() {
        let place = Place::new();
        std::fs::File::create(place.at("sparse")).unwrap().set_len(4 << 30).unwrap();
        place.refuses("sparse", Trust::Anyone, "/sparse is larger than 64 bytes; make it smaller");
        let error = list(place.root.as_fd(), Path::new("/"), Trust::Anyone, 1).unwrap_err();
        assert_eq!(error.to_string(), "/ has more than 1 entries; remove some");
        let names = list(place.root.as_fd(), Path::new(""), Trust::Anyone, 2).unwrap();
        assert_eq!(names, ["a", "sparse"]);
    }

    #[test]
    fn r4_owner_and_mode_decide() {
        let stat = |uid, mode| {
            let mut stat = fs::stat("/").unwrap();
            (stat.st_uid, stat.st_mode) = (uid, mode);
            fault_of(&stat, Trust::RootOnly)
        };
        assert_eq!(stat(0, 0o040_755), None);
        assert_eq!(stat(0, 0o120_777), None, "a link has no mode");
        assert_eq!(stat(0, 0o041_777), Some(Fault::Writable(0o1777)), "sticky is not enough");
        assert_eq!(stat(0, 0o100_664), Some(Fault::Writable(0o664)));
        assert_eq!(stat(1000, 0o120_777), Some(Fault::Owner(1000)));
    }

    #[test]
    fn r4_what_others_could_change_is_refused_with_the_cure() {
        if !is_root() {
            return;
        }
        let place = Place::new();
        assert_eq!(place.read("a/b/file", Trust::RootOnly).as_deref(), Ok("hello"));
        symlink("a/b/file", place.at("link")).unwrap();
        chown(&place.at("link"), 1000);
        place.refuses("link", Trust::RootOnly, "/link belongs to uid 1000, not to root; chown it to root");
        set_mode(&place.at("a/b/file"), 0o664);
        place.refuses(
            "a/b/file",
            Trust::RootOnly,
            "/a/b/file is writable by others than root (mode 0664); chmod go-w it",
        );
        chown(&place.at("a"), 1001);
        place.refuses(
            "a/b/file",
            Trust::RootOnly,
            "a/b/file: /a belongs to uid 1001, not to root; chown it to root",
        );
        assert_eq!(place.read("a/b/file", Trust::Anyone).as_deref(), Ok("hello"));
        set_mode(place.folder.path(), 0o1777);
        place.refuses(
            "a/b/file",
            Trust::RootOnly,
            "a/b/file: / is writable by others than root (mode 1777); chmod go-w it",
        );
        let error = check(place.root.as_fd(), Trust::RootOnly).unwrap_err();
        assert_eq!(error.to_string(), "it is writable by others than root (mode 1777); chmod go-w it");
    }

    #[test]
    fn r12_descriptors_are_close_on_exec() {
        let place = Place::new();
        for (path, kind) in [("a/b/file", Kind::File), ("a/b", Kind::Directory), ("/", Kind::Directory)] {
            let fd = open(place.root.as_fd(), path.as_ref(), Trust::Anyone, kind).unwrap();
            assert!(rustix::io::fcntl_getfd(&fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        }
    }

    /// CVE-2025-6020: whatever is swapped under the walk, nothing outside the root is ever opened.
    #[test]
    fn r4_a_directory_swapped_for_a_link_never_leads_out() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let place = Place::new();
        let outside = TempDir::new().unwrap();
        std::fs::create_dir(outside.path().join("b")).unwrap();
        std::fs::write(outside.path().join("b/file"), "stolen").unwrap();
        symlink(outside.path(), place.at("link")).unwrap();
        let (directory, link, done) = (place.at("a"), place.at("link"), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let exchange = fs::RenameFlags::EXCHANGE;
                    fs::renameat_with(CWD, &directory, CWD, &link, exchange).unwrap();
                }
            });
            let read = || place.read("a/b/file", Trust::Anyone).is_ok_and(|text| text != "hello");
            let stolen = (0..10_000).filter(|_| read()).count();
            done.store(true, Ordering::Relaxed);
            assert_eq!(stolen, 0);
        });
    }
}
