//! Why something is not believed, as sentences.

use super::below;
use super::walk::{MAX_DEPTH, MAX_LINKS};
use crate::text::Safe;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::fmt;
use std::path::{Path, PathBuf};

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

    /// The same error for somebody who is not in the root that the paths start from: they are named below it.
    #[must_use]
    pub fn seen_from_outside(mut self, root: &Path) -> Self {
        for path in [&mut self.path, &mut self.component] {
            // A descriptor's has none.
            if !path.as_os_str().is_empty() {
                *path = below(root, path);
            }
        }
        self
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
