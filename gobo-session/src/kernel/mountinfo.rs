//! The kernel's list of mounts, read as it is written (R19): any line length, octal escapes, whole fields.

use crate::error::{Error, Result, Step};
use rustix::io::Errno;
use std::io::Read as _;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its id, as statx tells it.
    pub id: u64,
    /// The device of its file system, as stat tells it.
    pub device: u64,
    /// Where it is mounted, seen from the process's root.
    pub point: Vec<u8>,
    /// `shared:N`, `master:N` and the like.
    pub propagation: Vec<String>,
    /// The type of the file system.
    pub kind: String,
    /// What it was mounted from.
    pub source: Vec<u8>,
}

impl Mount {
    /// Whether it is part of a view: an overlay whose source name is ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind == "overlay" && self.source.starts_with(super::SOURCE_PREFIX.as_bytes())
    }

    /// Whether mounts that are made in it later are seen in copies of the namespace.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.propagation.iter().any(|tag| tag.starts_with("shared:"))
    }
}

/// The mounts of the calling thread's namespace.
///
/// # Errors
/// Where /proc cannot be read.
pub fn read() -> Result<Vec<Mount>> {
    // A thread can be in another namespace than its process.
    read_file("/proc/thread-self/mountinfo", u64::MAX).map_err(|error| error.with_cure("is /proc mounted?"))
}

/// Whether what is mounted later is not seen in copies of a namespace with these mounts.
pub(crate) fn has_private_root(mounts: &[Mount]) -> bool {
    !mounts.iter().any(|mount| mount.point == b"/" && mount.is_shared())
}

/// The mounts of another process's namespace.
///
/// # Errors
/// Where they cannot be read.
pub fn of(pid: u32) -> Result<Vec<Mount>> {
    read_file(&format!("/proc/{pid}/mountinfo"), u64::MAX)
}

/// The first mounts of another process's namespace, as many as one read gives.
///
/// # Errors
/// Where they cannot be read.
#[cfg(feature = "cli")]
pub(super) fn first_of(pid: u32) -> Result<Vec<Mount>> {
    read_file(&format!("/proc/{pid}/mountinfo"), FIRST_READ as u64)
}

fn read_file(path: &str, most: u64) -> Result<Vec<Mount>> {
    let mut text = Vec::with_capacity(FIRST_READ);
    std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut text)).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Error::call(Step::Attach, format!("read {path}"), errno)
    })?;
    Ok(parse(&text))
}

/// How much is read at once: the kernel looks for its place in the list again for each read.
const FIRST_READ: usize = 64 * 1024;

/// Reads the text; lines that are not as the kernel writes them are passed over.
#[must_use]
pub fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|b| *b == b'\n').filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|b| *b == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let device = std::str::from_utf8(fields.nth(1)?).ok()?.split_once(':')?;
    let device = rustix::fs::makedev(device.0.parse().ok()?, device.1.parse().ok()?);
    let point = unescape(fields.nth(1)?);
    fields.next()?;
    let mut propagation = Vec::new();
    loop {
        match fields.next()? {
            b"-" => break,
            tag => propagation.push(String::from_utf8_lossy(tag).into_owned()),
        }
    }
    let kind = String::from_utf8_lossy(fields.next()?).into_owned();
    let source = unescape(fields.next()?);
    Some(Mount { id, device, point, propagation, kind, source })
}

/// Takes `\040` and its like back to the byte.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let octal = (*first == b'\\').then(|| tail.get(..3)).flatten();
        let value = octal.and_then(|digits| {
            let all = digits.iter().all(|d| (b'0'..=b'7').contains(d));
            all.then(|| digits.iter().fold(0_u32, |n, d| n * 8 + u32::from(d - b'0')))
        });
        match value.and_then(|v| u8::try_from(v).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_lines_of_any_length_and_octal_escapes_are_read() {
        let long = "x".repeat(100_000);
        let text = format!(
            "36 35 98:0 /mnt1 /mnt\\0402\\134 rw,noatime master:1 propagate_from:2 - ext3 /dev/ro\\012ot \
             rw,lowerdir={long}\n41 36 0:50 / /System/Index/bin ro shared:7 - overlay gobo-session:gtk2:00 ro\nnonsense\n"
        );
        let mounts = parse(text.as_bytes());
        assert_eq!(mounts.len(), 2);
        assert_eq!(mounts[0].device, rustix::fs::makedev(98, 0));
        assert_eq!(mounts[0].point, b"/mnt 2\\");
        assert_eq!(mounts[0].source, b"/dev/ro\not");
        assert_eq!(mounts[0].propagation, ["master:1", "propagate_from:2"]);
        assert!(!mounts[0].is_ours() && !mounts[0].is_shared());
        assert!(mounts[1].is_ours() && mounts[1].is_shared());
    }

    #[test]
    fn r19_whole_fields_are_compared() {
        let text =
            b"1 0 0:1 / / rw - overlay notgobo-session:x rw\n2 0 0:1 / / rw - fuse gobo-session:x rw\n";
        assert!(parse(text).iter().all(|mount| !mount.is_ours()));
    }
}
