//! What root believes, and what it refuses.

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

#[test]
fn r4_where_a_file_can_be_put_is_found_by_the_same_way() {
    let place = Place::new();
    symlink("/a/b", place.at("absolute")).unwrap();
    symlink("../../../absolute/new", place.at("a/leads")).unwrap();
    let entry = |path: &str| entry(place.root.as_fd(), path.as_ref(), Trust::Anyone);
    for (path, name) in
        [("a/b/file", "file"), ("absolute/file", "file"), ("/a/leads", "new"), ("a/b/none", "none")]
    {
        let found = entry(path).unwrap();
        let (folder, own) = (fs::fstat(&found.folder).unwrap(), fs::stat(place.at("a/b")).unwrap());
        assert_eq!((found.name, folder.st_ino), (name.into(), own.st_ino), "{path}");
        fs::fsync(found.folder).unwrap();
    }
    for (path, why) in [
        ("a/none/file", "a/none/file: /a/none cannot be opened: No such file or directory (os error 2)"),
        ("a/b", "/a/b is a directory, not a regular file; put a regular file there"),
        ("a/b/file/x", "a/b/file/x: /a/b/file is a regular file, not a directory; put a directory there"),
    ] {
        assert_eq!(entry(path).unwrap_err().to_string(), why);
    }
}
