//! The two tables of symbol versions: what a file needs, and what it defines.
//!
//! Both are chains: each record says how many bytes further on the next one lies. A chain can lead in circles in a file
//! that means ill, so records are counted.

use super::reader::{Reader, Source};
use super::{MAX_NAME, MAX_RECORDS, Odd, VersionNeed, after, string_at};
use object::LittleEndian as Le;
use object::elf::{VER_FLG_WEAK, Verdaux, Verdef, Vernaux, Verneed};

/// Reads the table of needed versions at an offset of the file.
pub(super) fn needs(
    reader: &mut Reader<'_, impl Source>,
    mut at: u64,
    strings: &[u8],
) -> Result<Vec<VersionNeed>, Odd> {
    let mut needs = Vec::new();
    let mut count = Count::default();
    loop {
        count.one_more()?;
        let need: Verneed<Le> = reader.record(at)?;
        let library = string_at(strings, need.vn_file.get(Le).into(), MAX_NAME)?;
        let mut version_at = after(at, need.vn_aux.get(Le).into())?;
        for _ in 0..need.vn_cnt.get(Le) {
            count.one_more()?;
            let version: Vernaux<Le> = reader.record(version_at)?;
            needs.push(VersionNeed {
                library: library.clone(),
                version: string_at(strings, version.vna_name.get(Le).into(), MAX_NAME)?,
                is_weak: version.vna_flags.get(Le) & VER_FLG_WEAK != 0,
            });
            version_at = after(version_at, version.vna_next.get(Le).into())?;
        }
        match need.vn_next.get(Le) {
            0 => return Ok(needs),
            next => at = after(at, next.into())?,
        }
    }
}

/// Reads the table of defined versions at an offset of the file; the names come in the order of their bytes.
pub(super) fn definitions(
    reader: &mut Reader<'_, impl Source>,
    mut at: u64,
    strings: &[u8],
) -> Result<Vec<Vec<u8>>, Odd> {
    let mut names = Vec::new();
    let mut count = Count::default();
    loop {
        count.one_more()?;
        let definition: Verdef<Le> = reader.record(at)?;
        if definition.vd_cnt.get(Le) > 0 {
            // The first name is the version's own, the others are those of the versions it follows.
            let name: Verdaux<Le> = reader.record(after(at, definition.vd_aux.get(Le).into())?)?;
            names.push(string_at(strings, name.vda_name.get(Le).into(), MAX_NAME)?);
        }
        match definition.vd_next.get(Le) {
            0 => break,
            next => at = after(at, next.into())?,
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// How many records were read.
#[derive(Default)]
struct Count(usize);

impl Count {
    fn one_more(&mut self) -> Result<(), Odd> {
        self.0 += 1;
        if self.0 > MAX_RECORDS { Err(Odd::Malformed("too many versions")) } else { Ok(()) }
    }
}
