//! Architectures, as `Resources/Architecture` names them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::os::fd::AsFd;
use std::str::FromStr;

/// What a version was built for.
///
/// A version without an Architecture file, with `noarch` in it, or with something unreadable fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Arch {
    /// Fits every wish.
    Any,
    /// 64-bit x86.
    X86_64,
    /// 32-bit x86; i386, i486, i586 and i686 are one.
    I686,
    /// Something else, by its own name.
    Other(String),
}

impl Arch {
    /// The architecture that programs of this machine have.
    #[must_use]
    pub fn native() -> Self {
        std::env::consts::ARCH.parse().unwrap_or(Self::Any)
    }

    /// Reads an Architecture file: its first line; [`Arch::Any`] where that is nothing we know how to read.
    #[must_use]
    pub fn of_file(bytes: &[u8]) -> Self {
        let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(Self::Any)
    }

    /// What the header of an ELF file says (see elf(5)); `None` for what is no such file, or for a processor that is not known
    /// here.
    #[must_use]
    pub fn of_program(fd: impl AsFd) -> Option<Self> {
        const CLASS_32: u8 = 1;
        const CLASS_64: u8 = 2;
        let mut header = [0_u8; 20];
        let read = rustix::io::pread(fd, &mut header, 0).ok()?;
        let is_elf = read == header.len() && header.starts_with(b"\x7fELF");
        match (is_elf, header[4], u16::from_le_bytes([header[18], header[19]])) {
            (true, CLASS_32, 3) => Some(Self::I686),
            (true, CLASS_64, 62) => Some(Self::X86_64),
            _ => None,
        }
    }

    /// Whether both can be the same: equal, or one of them fits everything.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        self == other || *self == Self::Any || *other == Self::Any
    }
}

/// A word that is no architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnArch(String);

impl fmt::Display for NotAnArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no architecture: write x86_64, i686 or noarch", crate::text::Safe(&self.0))
    }
}

impl std::error::Error for NotAnArch {}

impl FromStr for Arch {
    type Err = NotAnArch;

    fn from_str(text: &str) -> Result<Self, NotAnArch> {
        let is_word = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        match text {
            _ if !is_word => Err(NotAnArch(text.to_owned())),
            "noarch" => Ok(Self::Any),
            "x86_64" | "amd64" => Ok(Self::X86_64),
            "i386" | "i486" | "i586" | "i686" => Ok(Self::I686),
            other => Ok(Self::Other(other.to_owned())),
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "noarch",
            Self::X86_64 => "x86_64",
            Self::I686 => "i686",
            Self::Other(name) => name,
        })
    }
}

impl From<Arch> for String {
    fn from(arch: Arch) -> Self {
        arch.to_string()
    }
}

impl TryFrom<String> for Arch {
    type Error = NotAnArch;

    fn try_from(text: String) -> Result<Self, NotAnArch> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_generously_as_upstream_does() {
        assert_eq!(Arch::of_file(b"i586\nrest"), Arch::I686);
        assert_eq!(Arch::of_file(b" x86_64 \r\n"), Arch::X86_64);
        assert_eq!(Arch::of_file(b""), Arch::Any);
        assert_eq!(Arch::of_file(b"noarch\n"), Arch::Any);
        assert_eq!(Arch::of_file(b"\xff\xfe"), Arch::Any);
        assert_eq!(Arch::of_file(b"sh4\n"), Arch::Other("sh4".into()));
    }

    #[test]
    fn any_fits_everything() {
        assert!(Arch::Any.fits(&Arch::I686) && Arch::X86_64.fits(&Arch::Any));
        assert!(!Arch::X86_64.fits(&Arch::I686));
    }
}
