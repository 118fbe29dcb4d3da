//! Reading here and there in a file, a window at a time.

use super::{MAX_STRINGS, Odd};
use object::pod::{Pod, from_bytes};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// What is read at once where less is asked for: the headers of nearly every file, or a table of versions.
const WINDOW: usize = 4096;

/// What is said of a file that ends too early.
pub(super) const CUT_OFF: Odd = Odd::Malformed("it ends too early");

/// Something with bytes at offsets: an open file, or the bytes themselves.
pub trait Source {
    /// Reads at an offset; less than asked for only at the end.
    ///
    /// # Errors
    /// Where the system call fails.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno>;
}

impl Source for OwnedFd {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset.checked_add(filled as u64).ok_or(Errno::OVERFLOW)?;
            match rustix::io::pread(self, &mut buffer[filled..], at) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(filled)
    }
}

impl Source for [u8] {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

impl Source for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        self.as_slice().read_at(buffer, offset)
    }
}

/// A source and the part of it that was read last.
pub(super) struct Reader<'s, S> {
    source: &'s S,
    start: u64,
    window: Vec<u8>,
}

impl<'s, S: Source> Reader<'s, S> {
    pub(super) fn new(source: &'s S) -> Self {
        Self { source, start: 0, window: Vec::new() }
    }

    /// The bytes at an offset, all of them.
    pub(super) fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], Odd> {
        let within = |start: u64, have: usize| {
            let from = usize::try_from(offset.checked_sub(start)?).ok()?;
            let to = from.checked_add(length)?;
            (to <= have).then_some(from..to)
        };
        if within(self.start, self.window.len()).is_none() {
            self.window = self.read(offset, length.max(WINDOW))?;
            self.start = offset;
        }
        let range = within(self.start, self.window.len()).ok_or(CUT_OFF)?;
        Ok(&self.window[range])
    }

    /// One record at an offset.
    pub(super) fn record<T: Pod>(&mut self, offset: u64) -> Result<T, Odd> {
        let bytes = self.bytes(offset, size_of::<T>())?;
        from_bytes::<T>(bytes).map(|(record, _)| *record).map_err(|()| CUT_OFF)
    }

    /// A table of strings, which does not go through the window.
    pub(super) fn table(&self, offset: u64, size: u64) -> Result<Vec<u8>, Odd> {
        let length = usize::try_from(size.min(MAX_STRINGS + 1)).unwrap_or(usize::MAX);
        if size > MAX_STRINGS {
            return Err(Odd::Malformed("string table"));
        }
        let bytes = self.read(offset, length)?;
        if bytes.len() == length { Ok(bytes) } else { Err(CUT_OFF) }
    }

    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, Odd> {
        // The kernel takes no offset above this one, and no file has it.
        if offset > i64::MAX as u64 {
            return Err(CUT_OFF);
        }
        let mut bytes = vec![0; length];
        let read = self.source.read_at(&mut bytes, offset).map_err(Odd::Read)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}
