//! What a child that looks into a home brings back (R9): the user's selection, and the profiles that he wrote.
//!
//! The child writes what it found into a pipe, and root reads it from there. Each file is judged alone, so that a bad one
//! says nothing about the others.

use crate::config::{MAX_FILE, ProfileName};
use std::collections::BTreeMap;

/// The most profiles of one's own, the most entries of their folder, and the most bytes of all of them (R18).
pub(super) const MAX_PROFILES: usize = 64;
pub(super) const MAX_ENTRIES: usize = 256;
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// The most bytes that the child may write: the files, and what stands around each.
pub(super) const MAX_ANSWER: usize = MAX_FILE + MAX_BYTES + (MAX_PROFILES + 2) * 512;

/// What was found of one file or folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none.
    #[default]
    Missing,
    /// It was read: this is in it.
    Read(Vec<u8>),
    /// It was not read, for this reason.
    Refused(String),
}

/// What was found in a home.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Home {
    /// The file that selects.
    pub(super) selection: Found,
    /// The folder of his profiles, as far as it was not read.
    pub(super) folder: Found,
    /// His profiles.
    pub(super) profiles: BTreeMap<ProfileName, Found>,
}

/// The names that the file and the folder have in an answer; no profile is called so.
const SELECTION: &str = "";
const FOLDER: &str = "/";

impl Home {
    /// What the child writes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut answer = Vec::new();
        add(&mut answer, SELECTION, &self.selection);
        add(&mut answer, FOLDER, &self.folder);
        for (name, found) in &self.profiles {
            add(&mut answer, name.as_str(), found);
        }
        answer.push(b'.');
        answer
    }

    /// What the child wrote; `None` where it did not come to its end.
    pub(super) fn decode(answer: &[u8]) -> Option<Self> {
        let mut rest = answer.strip_suffix(b".")?;
        let mut home = Self::default();
        while let [kind, name_length, more @ ..] = rest {
            let (name, more) = more.split_at_checked(usize::from(*name_length))?;
            let (length, more) = more.split_first_chunk::<4>()?;
            let (bytes, more) = more.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            rest = more;
            let found = match kind {
                b'-' => Found::Missing,
                b'=' => Found::Read(bytes.to_vec()),
                b'!' => Found::Refused(String::from_utf8_lossy(bytes).into_owned()),
                _ => return None,
            };
            match std::str::from_utf8(name).ok()? {
                SELECTION => home.selection = found,
                FOLDER => home.folder = found,
                name => drop(home.profiles.insert(name.parse().ok()?, found)),
            }
        }
        rest.is_empty().then_some(home)
    }
}

/// Adds a file: its kind, its name and its bytes, each with its length before it.
fn add(answer: &mut Vec<u8>, name: &str, found: &Found) {
    let (kind, bytes) = match found {
        Found::Missing => (b'-', [].as_slice()),
        Found::Read(bytes) => (b'=', bytes.as_slice()),
        Found::Refused(why) => (b'!', why.as_bytes()),
    };
    let (Ok(name_length), Ok(length)) = (u8::try_from(name.len()), u32::try_from(bytes.len())) else {
        return;
    };
    answer.extend([kind, name_length]);
    answer.extend(name.as_bytes());
    answer.extend(length.to_le_bytes());
    answer.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        let read = |text: &str| Found::Read(text.into());
        let profiles = [("a", read("programs = []\n")), ("b", Found::Refused("it is a link".into()))];
        let profiles = profiles.map(|(name, found)| (name.parse().unwrap(), found)).into();
        Home { selection: read("profile = \"a\"."), folder: Found::Missing, profiles }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Home::decode(&home().encode()), Some(home()));
        assert_eq!(Home::decode(&Home::default().encode()), Some(Home::default()));
    }

    #[test]
    fn r14_an_answer_that_is_cut_off_is_none() {
        let whole = home().encode();
        for end in 0..whole.len() {
            let cut = [&whole[..end], b"."].concat();
            assert!(Home::decode(&whole[..end]).is_none_or(|part| part != home()), "{end}");
            assert!(Home::decode(&cut).is_none_or(|part| part.profiles.len() <= 2), "{end}");
        }
        assert_eq!(Home::decode(b"?\x01a\0\0\0\0."), None);
    }
}
