//! What one ELF file says about how it is started and what it needs.
//!
//! Only what the loader itself would read is read: the headers, the dynamic section, and the tables that it points at,
//! found through the program headers. Section headers are not looked at: a stripped file has none. A file is somebody
//! else's text: every offset is checked by reading there, every table has a bound (R18), and what does not fit is an
//! [`Odd`] value.

mod reader;
mod versions;

pub use reader::Source;

use object::LittleEndian;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use reader::Reader;
use rustix::io::Errno;
use std::fmt;

/// The most program headers, dynamic entries and version records that are read of one file.
const MAX_HEADERS: u64 = 512;
const MAX_DYNAMIC: u64 = 8192;
const MAX_RECORDS: usize = 8192;

/// The longest name, the longest RPATH, and the largest string table.
const MAX_NAME: usize = 4096;
const MAX_RPATH: usize = 64 * 1024;
const MAX_STRINGS: u64 = 16 * 1024 * 1024;

/// The facts of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// For whom it is.
    pub target: Target,
    /// The program that starts it (PT_INTERP).
    pub interpreter: Option<Vec<u8>>,
    /// The name that it goes by.
    pub soname: Option<Vec<u8>>,
    /// The libraries that it needs, in order.
    pub needed: Vec<Vec<u8>>,
    /// Where it wants them to be looked for.
    pub search: Search,
    /// The versions that it needs of them.
    pub version_needs: Vec<VersionNeed>,
    /// The versions that it defines, in the order of their bytes; `None` where it has no such table.
    pub versions: Option<Vec<Vec<u8>>>,
}

/// For which machine a file is: one loader loads files of one target only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Whether it is of the 64-bit class.
    pub is_64: bool,
    /// The machine (`EM_*`).
    pub machine: u16,
}

/// Where a file wants its libraries to be looked for, separated by colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// It does not say.
    Anywhere,
    /// For itself and all that it loads (DT_RPATH; not where there is DT_RUNPATH).
    Rpath(Vec<u8>),
    /// For itself (DT_RUNPATH).
    Runpath(Vec<u8>),
}

/// A version that must be defined by a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionNeed {
    /// The library, by a name among [`Image::needed`].
    pub library: Vec<u8>,
    /// The version.
    pub version: Vec<u8>,
    /// Whether the program starts without it too.
    pub is_weak: bool,
}

/// Why a file has no facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// It is no ELF file.
    NotElf,
    /// Something in it does not fit.
    Malformed(&'static str),
    /// It cannot be read.
    Read(Errno),
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotElf => f.write_str("it is no ELF file"),
            Self::Malformed(what) => write!(f, "as an ELF file it is malformed: {what}"),
            Self::Read(errno) => write!(f, "it cannot be read: {}", std::io::Error::from(*errno)),
        }
    }
}

impl std::error::Error for Odd {}

impl Target {
    /// 64-bit x86, whose loader searches folders for the levels of a processor.
    pub const X86_64: Self = Self { is_64: true, machine: elf::EM_X86_64 };
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.machine, self.is_64) {
            (elf::EM_X86_64, true) => f.write_str("x86_64"),
            (elf::EM_386, false) => f.write_str("i686"),
            (machine, is_64) => write!(f, "{}-bit machine {machine}", if is_64 { 64 } else { 32 }),
        }
    }
}

impl Image {
    /// Reads the facts of a file.
    ///
    /// # Errors
    /// Where it is no ELF file, or something in it does not fit.
    pub fn read(source: &impl Source) -> Result<Self, Odd> {
        let mut reader = Reader::new(source);
        let ident = *reader
            .bytes(0, 16)
            .map_err(|odd| if odd == reader::CUT_OFF { Odd::NotElf } else { odd })?
            .first_chunk::<16>()
            .ok_or(Odd::NotElf)?;
        match ident {
            [0x7f, b'E', b'L', b'F', class, elf::ELFDATA2LSB, ..] => match class {
                elf::ELFCLASS32 => read_as::<FileHeader32<LittleEndian>>(&mut reader),
                elf::ELFCLASS64 => read_as::<FileHeader64<LittleEndian>>(&mut reader),
                _ => Err(Odd::Malformed("unknown class")),
            },
            [0x7f, b'E', b'L', b'F', ..] => Err(Odd::Malformed("not little-endian")),
            _ => Err(Odd::NotElf),
        }
    }
}

/// A part of the file that is mapped when it is loaded.
struct Load {
    address: u64,
    offset: u64,
    size: u64,
}

/// The entries of the dynamic section that count here.
#[derive(Default)]
struct Dynamic {
    needed: Vec<u64>,
    soname: Option<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    strings: Option<u64>,
    strings_size: u64,
    version_needs: Option<u64>,
    versions: Option<u64>,
}

fn read_as<H: FileHeader<Endian = LittleEndian>>(reader: &mut Reader<'_, impl Source>) -> Result<Image, Odd> {
    let e = LittleEndian;
    let header: H = reader.record(0)?;
    if !matches!(header.e_type(e), elf::ET_EXEC | elf::ET_DYN) {
        return Err(Odd::Malformed("neither program nor library"));
    }
    let target = Target { is_64: header.is_type_64(), machine: header.e_machine(e) };
    let size = size_of::<H::ProgramHeader>() as u64;
    if u64::from(header.e_phnum(e)) > MAX_HEADERS || u64::from(header.e_phentsize(e)) != size {
        return Err(Odd::Malformed("program headers"));
    }
    let (mut loads, mut dynamic, mut interpreter) = (Vec::new(), Dynamic::default(), None);
    let mut dynamic_at = None;
    for number in 0..u64::from(header.e_phnum(e)) {
        let at = after(header.e_phoff(e).into(), number * size)?;
        let part: H::ProgramHeader = reader.record(at)?;
        let (offset, size) = part.file_range(e);
        match part.p_type(e) {
            elf::PT_LOAD => loads.push(Load { address: part.p_vaddr(e).into(), offset, size }),
            elf::PT_DYNAMIC => dynamic_at = Some((offset, size)),
            elf::PT_INTERP => interpreter = Some(interpreter_at(reader, offset, size)?),
            _ => {}
        }
    }
    if let Some((offset, size)) = dynamic_at {
        dynamic = read_dynamic::<H>(reader, offset, size)?;
    }
    let strings = match dynamic.strings {
        Some(address) => reader.table(offset_of(&loads, address)?, dynamic.strings_size)?,
        None => Vec::new(),
    };
    let string = |at: u64| string_at(&strings, at, MAX_NAME);
    let search = match (dynamic.runpath, dynamic.rpath) {
        (Some(at), _) => Search::Runpath(string_at(&strings, at, MAX_RPATH)?),
        (None, Some(at)) => Search::Rpath(string_at(&strings, at, MAX_RPATH)?),
        (None, None) => Search::Anywhere,
    };
    let needs_at = dynamic.version_needs.map(|address| offset_of(&loads, address)).transpose()?;
    let versions_at = dynamic.versions.map(|address| offset_of(&loads, address)).transpose()?;
    Ok(Image {
        target,
        interpreter,
        soname: dynamic.soname.map(string).transpose()?,
        needed: dynamic.needed.into_iter().map(string).collect::<Result<_, _>>()?,
        search,
        version_needs: needs_at.map_or(Ok(Vec::new()), |at| versions::needs(reader, at, &strings))?,
        versions: versions_at.map(|at| versions::definitions(reader, at, &strings)).transpose()?,
    })
}

fn read_dynamic<H: FileHeader<Endian = LittleEndian>>(
    reader: &mut Reader<'_, impl Source>,
    offset: u64,
    size: u64,
) -> Result<Dynamic, Odd> {
    let entry_size = size_of::<H::Dyn>() as u64;
    let mut dynamic = Dynamic::default();
    if size / entry_size > MAX_DYNAMIC {
        return Err(Odd::Malformed("dynamic section"));
    }
    for number in 0..size / entry_size {
        let entry: H::Dyn = reader.record(after(offset, number * entry_size)?)?;
        let value = entry.val(LittleEndian);
        match entry.tag(LittleEndian) {
            elf::DT_NULL => break,
            elf::DT_NEEDED => dynamic.needed.push(value),
            elf::DT_SONAME => dynamic.soname = Some(value),
            elf::DT_RPATH => dynamic.rpath = Some(value),
            elf::DT_RUNPATH => dynamic.runpath = Some(value),
            elf::DT_STRTAB => dynamic.strings = Some(value),
            elf::DT_STRSZ => dynamic.strings_size = value,
            elf::DT_VERNEED => dynamic.version_needs = Some(value),
            elf::DT_VERDEF => dynamic.versions = Some(value),
            _ => {}
        }
    }
    Ok(dynamic)
}

fn interpreter_at(reader: &mut Reader<'_, impl Source>, offset: u64, size: u64) -> Result<Vec<u8>, Odd> {
    let size = usize::try_from(size).ok().filter(|size| (2..=MAX_NAME).contains(size));
    let text = reader.bytes(offset, size.ok_or(Odd::Malformed("interpreter"))?)?;
    string_at(text, 0, MAX_NAME)
}

/// Where in the file an address is that the loader would see.
fn offset_of(loads: &[Load], address: u64) -> Result<u64, Odd> {
    let within = |load: &Load| address.checked_sub(load.address).filter(|distance| *distance < load.size);
    let found = loads.iter().find_map(|load| load.offset.checked_add(within(load)?));
    found.ok_or(Odd::Malformed("an address outside of the file"))
}

fn string_at(strings: &[u8], at: u64, limit: usize) -> Result<Vec<u8>, Odd> {
    let rest = usize::try_from(at).ok().and_then(|at| strings.get(at..));
    let end = rest.and_then(|rest| rest.iter().take(limit).position(|b| *b == 0));
    match (rest, end) {
        (Some(rest), Some(end)) => Ok(rest[..end].to_vec()),
        _ => Err(Odd::Malformed("a name outside of its table")),
    }
}

/// An offset further on in the file.
fn after(offset: u64, distance: u64) -> Result<u64, Odd> {
    offset.checked_add(distance).ok_or(Odd::Malformed("an offset outside of the file"))
}

#[cfg(test)]
mod tests;
