//! What the kernel asks a FUSE server and how it is answered: linux/fuse.h, as far as reading takes it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

pub(crate) const LOOKUP: u32 = 1;
pub(crate) const FORGET: u32 = 2;
pub(crate) const GETATTR: u32 = 3;
pub(crate) const READLINK: u32 = 5;
pub(crate) const OPEN: u32 = 14;
pub(crate) const READ: u32 = 15;
pub(crate) const STATFS: u32 = 17;
pub(crate) const RELEASE: u32 = 18;
pub(crate) const FLUSH: u32 = 25;
pub(crate) const INIT: u32 = 26;
pub(crate) const OPENDIR: u32 = 27;
pub(crate) const READDIR: u32 = 28;
pub(crate) const RELEASEDIR: u32 = 29;
pub(crate) const BATCH_FORGET: u32 = 42;

/// The length of a request's header, and of an answer's.
const HEADER: usize = 40;
const ANSWER_HEADER: u32 = 16;

/// A request.
pub(crate) struct Request<'b> {
    pub(crate) operation: u32,
    unique: u64,
    node: u64,
    body: &'b [u8],
}

impl<'b> Request<'b> {
    pub(crate) fn parse(bytes: &'b [u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        Some(Self {
            operation: u32_at(header, 4)?,
            unique: u64_at(header, 8)?,
            node: u64_at(header, 16)?,
            body,
        })
    }

    pub(crate) fn is_init(&self) -> bool {
        self.operation == INIT
    }

    /// The place of what is meant; the root is the first.
    pub(crate) fn node(&self) -> usize {
        usize::try_from(self.node).unwrap_or_default().saturating_sub(1)
    }

    /// The name that is looked up.
    pub(crate) fn name(&self) -> &[u8] {
        self.body.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Which bytes are read: offset and length.
    pub(crate) fn range(&self) -> (u64, usize) {
        (u64_at(self.body, 8).unwrap_or(0), u32_at(self.body, 16).unwrap_or(0) as usize)
    }
}

/// An answer: an error number, or what was asked for.
pub(crate) struct Answer {
    error: i32,
    body: Vec<u8>,
}

pub(crate) fn error(number: i32) -> Answer {
    Answer { error: -number, body: Vec::new() }
}

impl Answer {
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self { error: 0, body: bytes.to_vec() }
    }

    /// Version 7.31 and no features; writing is not offered.
    pub(crate) fn init() -> Self {
        let mut body = Vec::new();
        for number in [7_u32, 31, 65536, 0, 0, 4096, 1] {
            body.extend(number.to_ne_bytes());
        }
        body.resize(64, 0);
        Self { error: 0, body }
    }

    /// What a name is; nothing of it is remembered, so that every look asks again.
    pub(crate) fn entry(node: u64, metadata: &Metadata) -> Self {
        let mut body = [node, 0, 0, 0, 0].map(u64::to_ne_bytes).concat();
        body.extend(attributes(metadata));
        Self { error: 0, body }
    }

    pub(crate) fn attributes(metadata: &Metadata) -> Self {
        let mut body = [0_u64, 0].map(u64::to_ne_bytes).concat();
        body.extend(attributes(metadata));
        Self { error: 0, body }
    }

    pub(crate) fn opened() -> Self {
        Self::bytes(&[0; 16])
    }

    /// The names of a folder from the place that the request asks for, as far as they fit.
    pub(crate) fn list(names: &[Vec<u8>], request: &Request<'_>) -> Self {
        let (from, room) = request.range();
        let mut body = Vec::new();
        for (place, name) in names.iter().enumerate().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
            let mut entry = [u64::MAX, place as u64 + 1].map(u64::to_ne_bytes).concat();
            // The type is not told: readers have to ask.
            entry.extend([u32::try_from(name.len()).unwrap_or(0), 0].map(u32::to_ne_bytes).concat());
            entry.extend(name);
            entry.resize(entry.len().next_multiple_of(8), 0);
            if body.len() + entry.len() > room {
                break;
            }
            body.extend(entry);
        }
        Self { error: 0, body }
    }

    /// The bytes to write for a request.
    pub(crate) fn of(&self, request: &Request<'_>) -> Vec<u8> {
        let length = ANSWER_HEADER + u32::try_from(self.body.len()).unwrap_or(0);
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(self.error.to_ne_bytes());
        bytes.extend(request.unique.to_ne_bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// `struct fuse_attr`.
fn attributes(metadata: &Metadata) -> Vec<u8> {
    let times = [metadata.atime(), metadata.mtime(), metadata.ctime()].map(|time| time.unsigned_abs());
    let mut bytes = [metadata.ino(), metadata.size(), metadata.blocks()].map(u64::to_ne_bytes).concat();
    bytes.extend(times.map(u64::to_ne_bytes).concat());
    bytes.extend([0_u32; 3].map(u32::to_ne_bytes).concat());
    let links = u32::try_from(metadata.nlink()).unwrap_or(1);
    let numbers = [metadata.mode(), links, metadata.uid(), metadata.gid(), 0, 4096, 0];
    bytes.extend(numbers.map(u32::to_ne_bytes).concat());
    bytes
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
