//! What the loader reads of an ELF file.

use std::path::Path;

use anyhow::{Context, Result, bail};
use object::elf::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, ELFCLASS32, ELFCLASS64, FileHeader32, FileHeader64,
    VER_FLG_WEAK,
};
use object::endian::Endianness;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

/// An ELF file as far as the loader asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Elf {
    /// Whether it is of the 64-bit class.
    pub(super) is_64: bool,
    /// The processor it is for.
    pub(super) machine: u16,
    /// PT_INTERP, the program that loads it.
    pub(super) interpreter: Option<String>,
    /// DT_SONAME.
    pub(super) soname: Option<String>,
    /// DT_NEEDED, in order.
    pub(super) needed: Vec<String>,
    /// DT_RPATH, split.
    pub(super) rpath: Vec<String>,
    /// DT_RUNPATH, split. It is told from an empty one, because it turns DT_RPATH off.
    pub(super) runpath: Option<Vec<String>>,
    /// The symbol versions that it needs, with the library that each must come from. Weak ones are left out.
    pub(super) needs_versions: Vec<(String, String)>,
    /// The symbol versions that it defines.
    pub(super) defines_versions: Vec<String>,
}

/// Reads a file; `None` where it is not an ELF file.
pub(super) fn read(path: &Path) -> Result<Option<Elf>> {
    let data = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !data.starts_with(b"\x7fELF") {
        return Ok(None);
    }
    let elf = match data.get(4) {
        Some(&class) if class == ELFCLASS64 => parse::<FileHeader64<Endianness>>(&data),
        Some(&class) if class == ELFCLASS32 => parse::<FileHeader32<Endianness>>(&data),
        _ => bail!("{} has no ELF class", path.display()),
    };
    elf.map(Some).with_context(|| format!("{} is not a good ELF file", path.display()))
}

fn parse<H: FileHeader<Endian = Endianness>>(data: &[u8]) -> Result<Elf> {
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let mut elf = Elf { is_64: header.is_class_64(), machine: header.e_machine(endian), ..Elf::default() };
    for segment in header.program_headers(endian, data)? {
        if let Some(interpreter) = segment.interpreter(endian, data)? {
            elf.interpreter = Some(text(interpreter));
        }
    }
    let sections = header.sections(endian, data)?;
    if let Some((dynamic, strings)) = sections.dynamic(endian, data)? {
        let strings = sections.strings(endian, data, strings)?;
        for item in dynamic {
            match item.tag(endian) {
                DT_NEEDED => elf.needed.push(text(item.string(endian, strings)?)),
                DT_SONAME => elf.soname = Some(text(item.string(endian, strings)?)),
                DT_RPATH => elf.rpath = split(item.string(endian, strings)?),
                DT_RUNPATH => elf.runpath = Some(split(item.string(endian, strings)?)),
                _ => {}
            }
        }
    }
    if let Some((mut needs, strings)) = sections.gnu_verneed(endian, data)? {
        let strings = sections.strings(endian, data, strings)?;
        while let Some((need, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                if version.vna_flags.get(endian) & VER_FLG_WEAK == 0 {
                    let library = text(need.file(endian, strings)?);
                    elf.needs_versions.push((library, text(version.name(endian, strings)?)));
                }
            }
        }
    }
    if let Some((mut definitions, strings)) = sections.gnu_verdef(endian, data)? {
        let strings = sections.strings(endian, data, strings)?;
        while let Some((_, mut names)) = definitions.next()? {
            // The first name is the version itself, the others are its parents.
            if let Some(name) = names.next()? {
                elf.defines_versions.push(text(name.name(endian, strings)?));
            }
        }
    }
    Ok(elf)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn split(bytes: &[u8]) -> Vec<String> {
    text(bytes).split(':').filter(|folder| !folder.is_empty()).map(str::to_owned).collect()
}
