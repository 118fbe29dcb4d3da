//! Files that are named on the command line: regular ones of a bounded size, `-` for standard input, and /dev/null for an
//! empty one.

use rustix::fs::{self, Dev, FileType, Mode, OFlags, makedev};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What stands for standard input.
pub(super) const STDIN: &str = "-";

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unread {
    Folder,
    /// A FIFO, a socket or a device.
    Special,
    Call(io::Error),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("this is a folder"),
            Self::Special => f.write_str("this is no regular file"),
            Self::Call(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

/// Reads at most `limit` bytes, never waiting for anything but standard input.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Unread> {
    if path.as_os_str() == STDIN {
        return read_all(io::stdin(), limit);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = fs::open(path, flags, Mode::empty()).map_err(|errno| Unread::Call(errno.into()))?;
    let stat = fs::fstat(&fd).map_err(|errno| Unread::Call(errno.into()))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => read_all(File::from(fd), limit),
        FileType::Directory => Err(Unread::Folder),
        FileType::CharacterDevice if is_null(stat.st_rdev) => Ok(Vec::new()),
        _ => Err(Unread::Special),
    }
}

/// Whether a device is /dev/null, by whatever name.
fn is_null(device: Dev) -> bool {
    device == makedev(1, 3)
}

fn read_all(input: impl Read, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    input.take(limit as u64).read_to_end(&mut bytes).map_err(Unread::Call)?;
    Ok(bytes)
}
