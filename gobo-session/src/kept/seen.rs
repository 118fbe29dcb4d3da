//! What a view was made from: the folders and files that were read, and how each was then.
//!
//! A view is as it would be made now while all of these are what they were: the same (device, inode, time of change, size).
//! The time of modification would not do, which unpacking a package sets back; the time of change is the kernel's own, and
//! tells of new names, owners and modes as well as of content.
//!
//! It is written down as records of a fixed form, which thousands of logins read: where a path starts, how the thing was, the
//! path, and a NUL. Those that are looked at each time come first, then those that are looked at now and then.

use rustix::fs::{self, AtFlags, Statx, StatxFlags};
use rustix::path::Arg;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long ago a thing must have changed for the last time, so that another change would have another time: several ticks
/// of the kernel's clock.
const SETTLED: Duration = Duration::from_millis(50);

/// The same where a file system keeps whole seconds.
const SETTLED_SECONDS: Duration = Duration::from_secs(2);

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The root.
    Root,
    /// The folder of programs.
    Programs,
    /// The base index.
    Index,
    /// The kept view's own folder.
    Kept,
}

impl Place {
    fn letter(self) -> u8 {
        match self {
            Self::Root => b'/',
            Self::Programs => b'P',
            Self::Index => b'I',
            Self::Kept => b'K',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [Self::Root, Self::Programs, Self::Index, Self::Kept].into_iter().find(|p| p.letter() == letter)
    }
}

/// The open folders that paths start from.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) root: BorrowedFd<'a>,
    pub(super) programs: BorrowedFd<'a>,
    pub(super) index: BorrowedFd<'a>,
    pub(super) kept: BorrowedFd<'a>,
}

impl Places<'_> {
    /// How a thing is now; `None` where there is nothing.
    fn look(&self, place: Place, path: impl Arg) -> Option<How> {
        let folder = match place {
            Place::Root => self.root,
            Place::Programs => self.programs,
            Place::Index => self.index,
            Place::Kept => self.kept,
        };
        let wanted = StatxFlags::INO | StatxFlags::CTIME | StatxFlags::SIZE;
        fs::statx(folder, path, AtFlags::empty(), wanted).ok().map(|found| How::of(&found))
    }
}

/// How a thing is: what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct How {
    device: [u32; 2],
    inode: u64,
    /// When it changed for the last time: seconds since 1970, and nanoseconds.
    changed: (i64, u32),
    size: u64,
}

impl How {
    fn of(found: &Statx) -> Self {
        let Statx { stx_dev_major, stx_dev_minor, stx_ino, stx_ctime, stx_size, .. } = *found;
        let changed = (stx_ctime.tv_sec, stx_ctime.tv_nsec);
        Self { device: [stx_dev_major, stx_dev_minor], inode: stx_ino, changed, size: stx_size }
    }

    /// Whether its last change was so long before `begun` that a later one has another time.
    fn is_settled(&self, begun: Duration) -> bool {
        let (seconds, part) = self.changed;
        let settled = if part == 0 { SETTLED_SECONDS } else { SETTLED };
        u64::try_from(seconds).is_ok_and(|seconds| Duration::new(seconds, part) + settled <= begun)
    }

    /// The same as bytes.
    fn bytes(&self) -> HowBytes {
        let Self { device: [major, minor], inode, changed: (seconds, part), size } = self;
        let mut bytes = [0; size_of::<HowBytes>()];
        let numbers = [&[1][..], &major.to_le_bytes(), &minor.to_le_bytes(), &part.to_le_bytes()];
        let long = [&inode.to_le_bytes(), &seconds.to_le_bytes(), &size.to_le_bytes()];
        let all = numbers.into_iter().chain(long.into_iter().map(|number| &number[..])).flatten();
        bytes.iter_mut().zip(all).for_each(|(byte, is)| *byte = *is);
        bytes
    }
}

/// How a thing is, in a record.
type HowBytes = [u8; 1 + 3 * size_of::<u32>() + 3 * size_of::<u64>()];

/// Where there is nothing.
const NOTHING: HowBytes = [0; size_of::<HowBytes>()];

/// What is looked at, as places and paths.
#[derive(Default)]
pub(super) struct Things {
    /// Each time.
    pub(super) always: BTreeSet<(Place, Vec<u8>)>,
    /// Now and then, and only what is there: what comes later changes the folder that it lies in.
    pub(super) seldom: BTreeSet<(Place, Vec<u8>)>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// What is looked at each time.
    Quick,
    /// Everything.
    Thorough,
}

/// How things were, as records.
pub(super) struct Seen {
    always: Vec<u8>,
    seldom: Vec<u8>,
}

impl Seen {
    /// How things are now. `None` where one was changed since `begun`, or so shortly before that a second change could have
    /// the same time.
    pub(super) fn now(places: Places<'_>, things: &Things, begun: SystemTime) -> Option<Self> {
        let mut seen = Self { always: Vec::new(), seldom: Vec::new() };
        let begun = begun.duration_since(UNIX_EPOCH).ok()?;
        seen.look(places, things, |how| how.is_settled(begun)).then_some(seen)
    }

    /// Adds how things are that were written by ourselves just now.
    pub(super) fn add(&mut self, places: Places<'_>, things: &Things) {
        self.look(places, things, |_| true);
    }

    /// Writes down how things are, until one is not settled.
    fn look(&mut self, places: Places<'_>, things: &Things, is_settled: impl Fn(&How) -> bool) -> bool {
        let both = [(&mut self.always, &things.always, false), (&mut self.seldom, &things.seldom, true)];
        for (records, things, is_there_only) in both {
            for (place, path) in things {
                let how = places.look(*place, path.as_slice());
                if how.is_none() && is_there_only {
                    continue;
                }
                if how.as_ref().is_some_and(|how| !is_settled(how)) {
                    return false;
                }
                records.push(place.letter());
                records.extend(how.map_or(NOTHING, |how| how.bytes()));
                records.extend([path.as_slice(), b"\0"].concat());
            }
        }
        true
    }

    /// The same as bytes; `None` where that is too much.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let length = |text: &[u8]| u32::try_from(text.len()).map(u32::to_le_bytes).ok();
        Some([&length(&self.always)?[..], &length(&self.seldom)?, &self.always, &self.seldom].concat())
    }
}

/// Whether what was written down is as it was; also not where the text is damaged.
pub(super) fn is_as_it_was(places: Places<'_>, text: &[u8], look: Look) -> bool {
    let Some([always, seldom]) = parts(text) else { return false };
    let is_same = |records| is_same(places, records) == Some(true);
    is_same(always) && (look == Look::Quick || is_same(seldom))
}

/// The records that are looked at each time, and the others.
fn parts(text: &[u8]) -> Option<[&[u8]; 2]> {
    let (always, text) = text.split_first_chunk()?;
    let (seldom, text) = text.split_first_chunk()?;
    let length = |bytes: &[u8; 4]| usize::try_from(u32::from_le_bytes(*bytes)).ok();
    let (first, rest) = text.split_at_checked(length(always)?)?;
    (length(seldom)? == rest.len()).then_some([first, rest])
}

/// Whether each thing is as its record says; `None` where one is damaged.
fn is_same(places: Places<'_>, mut records: &[u8]) -> Option<bool> {
    while let Some((letter, rest)) = records.split_first() {
        let (was, rest) = rest.split_first_chunk::<{ size_of::<HowBytes>() }>()?;
        let path = CStr::from_bytes_until_nul(rest).ok()?;
        let is = places.look(Place::of(*letter)?, path);
        if is.map_or(NOTHING, |how| how.bytes()) != *was {
            return Some(false);
        }
        records = &rest[path.count_bytes() + 1..];
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    struct World {
        folder: tempfile::TempDir,
        fd: std::fs::File,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for name in ["there", "grows", "replaced", "mode", "link"] {
                std::fs::create_dir(folder.path().join(name)).unwrap();
                std::fs::write(folder.path().join(name).join("file"), name).unwrap();
            }
            symlink("there", folder.path().join("led")).unwrap();
            let fd = std::fs::File::open(folder.path()).unwrap();
            Self { folder, fd }
        }

        fn at(&self, path: &str) -> std::path::PathBuf {
            self.folder.path().join(path)
        }

        fn places(&self) -> Places<'_> {
            let fd = self.fd.as_fd();
            Places { root: fd, programs: fd, index: fd, kept: fd }
        }

        fn write(&self, paths: &[&str], begun: SystemTime) -> Option<Vec<u8>> {
            let things = |paths: &[&str]| {
                paths.iter().map(|path| (Place::Programs, path.as_bytes().to_vec())).collect()
            };
            let (always, seldom) = paths.split_at(1);
            let things = Things { always: things(always), seldom: things(seldom) };
            Seen::now(self.places(), &things, begun)?.to_bytes()
        }

        fn are_as(&self, text: &[u8]) -> [bool; 2] {
            [Look::Quick, Look::Thorough].map(|look| is_as_it_was(self.places(), text, look))
        }
    }

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(10)
    }

    #[test]
    fn what_is_as_it_was_is_believed_and_any_change_is_noticed() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 7] = [
            ("grows", |at| std::fs::write(at.join("grows/more"), "").unwrap()),
            ("grows/file", |at| std::fs::write(at.join("grows/file"), "GROWS").unwrap()),
            ("replaced/file", |at| {
                std::fs::write(at.join("new"), "replaced").unwrap();
                std::fs::rename(at.join("new"), at.join("replaced/file")).unwrap();
            }),
            ("mode", |at| {
                std::fs::set_permissions(at.join("mode"), std::fs::Permissions::from_mode(0o777)).unwrap();
            }),
            ("missing", |at| std::fs::write(at.join("missing"), "").unwrap()),
            ("there/file", |at| std::fs::remove_file(at.join("there/file")).unwrap()),
            ("led", |at| {
                symlink("link", at.join("other")).unwrap();
                std::fs::rename(at.join("other"), at.join("led")).unwrap();
            }),
        ];
        for (path, change) in changes {
            let world = World::new();
            let always = world.write(&[path, "there", "never"], later()).unwrap();
            // What is not there is told by the folder that it would be in.
            let seldom = if path == "missing" { "." } else { path };
            let seldom = world.write(&["never", seldom], later()).unwrap();
            assert_eq!([world.are_as(&always), world.are_as(&seldom)], [[true; 2]; 2], "{path}");
            // A change within the same tick would be found by its inode, size or nothing: let one pass.
            std::thread::sleep(Duration::from_millis(20));
            change(&world.at(""));
            assert_eq!(world.are_as(&always), [false, false], "{path}");
            assert_eq!(world.are_as(&seldom), [true, false], "{path}");
        }
    }

    #[test]
    fn what_is_changing_now_is_not_written_down() {
        let world = World::new();
        assert_eq!(world.write(&["there"], SystemTime::now()), None);
        assert!(world.write(&["missing"], SystemTime::now()).is_some());
    }

    #[test]
    fn a_damaged_text_is_not_believed() {
        let world = World::new();
        let text = world.write(&["there", "grows"], later()).unwrap();
        assert_eq!(world.are_as(&text), [true; 2]);
        for end in 0..text.len() {
            assert_eq!(world.are_as(&text[..end]), [false; 2], "{end}");
        }
        let one = [b"X", &NOTHING[..], b"path\0"].concat();
        let length = u32::try_from(one.len()).unwrap().to_le_bytes();
        assert_eq!(world.are_as(&[&length, &[0; 4][..], &one].concat()), [false; 2]);
    }
}
