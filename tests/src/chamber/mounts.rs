//! Mount tables, as /proc/PID/mountinfo tells them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// One line of a mount table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The mount's own number.
    pub id: u32,
    /// The number of the mount it is mounted on.
    pub parent: u32,
    /// Major and minor number of the device.
    pub device: String,
    /// The directory of the file system that is mounted.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
    /// Options of the mount.
    pub options: String,
    /// `shared:N`, `master:N`, `propagate_from:N`, `unbindable`; empty for a private mount.
    pub propagation: Vec<String>,
    /// The type of the file system.
    pub fs_type: String,
    /// The source, as the one who mounted it named it.
    pub source: String,
    /// Options of the file system.
    pub super_options: String,
}

impl Mount {
    /// Whether mounts on it appear elsewhere too.
    pub fn is_shared(&self) -> bool {
        self.propagation.iter().any(|word| word.starts_with("shared:"))
    }

    /// Whether mounts made elsewhere appear on it.
    pub fn is_slave(&self) -> bool {
        self.propagation.iter().any(|word| word.starts_with("master:"))
    }
}

/// Reads a mount table.
pub fn parse(table: &[u8]) -> Result<Vec<Mount>> {
    let lines = table.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| parse_line(line).with_context(|| format!("in {}", line.escape_ascii()))).collect()
}

fn parse_line(line: &[u8]) -> Result<Mount> {
    let mut fields = line.split(|byte| *byte == b' ').map(unescape);
    let mut next = || fields.next().context("a mount with too few fields");
    let text = |field: Vec<u8>| String::from_utf8_lossy(&field).into_owned();
    let path = |field: Vec<u8>| PathBuf::from(OsString::from_vec(field));
    let (id, parent) = (text(next()?).parse()?, text(next()?).parse()?);
    let (device, root, point, options) = (text(next()?), path(next()?), path(next()?), text(next()?));
    let mut propagation = Vec::new();
    let fs_type = loop {
        match next()?.as_slice() {
            b"-" => break text(next()?),
            field => propagation.push(text(field.to_vec())),
        }
    };
    let (source, super_options) = (text(next()?), text(next()?));
    Ok(Mount { id, parent, device, root, point, options, propagation, fs_type, source, super_options })
}

/// Undoes the octal escapes of spaces, tabs, line ends and backslashes.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] if first == b'\\' => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => {
                plain.push(first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read() {
        let long = "x".repeat(100_000);
        let table = format!(
            "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
             23 22 0:21 /a\\040b /mnt/c\\134d\\012 ro shared:7 master:3 - overlay none lowerdir={long}\n"
        );
        let mounts = parse(table.as_bytes()).unwrap();
        assert_eq!((mounts.len(), mounts[0].propagation.len()), (2, 0));
        assert_eq!(
            (mounts[1].root.as_path(), mounts[1].point.as_path()),
            ("/a b".as_ref(), "/mnt/c\\d\n".as_ref())
        );
        assert!(mounts[1].is_shared() && mounts[1].is_slave() && !mounts[0].is_shared());
        assert_eq!((mounts[1].id, mounts[1].parent, mounts[1].fs_type.as_str()), (23, 22, "overlay"));
        assert_eq!(mounts[1].super_options.len(), 100_009);
    }

    #[test]
    fn a_broken_table_is_an_error() {
        assert!(parse(b"22 1 254:0 / / rw\n").is_err());
    }
}
