//! `CompatibilityList`: programs that stand in for others, such as LibJPEG-Turbo for JPEG.
//!
//! A line is `NAME: SUBSTITUTE SUBSTITUTE`. A substitute counts its versions in its own way, so the range that was asked
//! of the original says nothing about it.

use crate::error::{Error, Result, Step};
use crate::requirement::ProgramName;
use crate::tree::Tree;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the list is.
pub(crate) const COMPATIBILITY_LIST: &str = "/System/Settings/Scripts/CompatibilityList";
/// The largest list, in bytes (R18).
const MAX_FILE: usize = 256 * 1024;

/// Which programs stand in for which, the first to be taken first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Substitutes(BTreeMap<ProgramName, Vec<ProgramName>>);

impl Substitutes {
    /// Reads the tree's list; there may be none.
    pub(super) fn read(tree: &Tree) -> Result<Self> {
        match tree.root().read(Path::new(COMPATIBILITY_LIST), MAX_FILE) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.is_missing() => Ok(Self::default()),
            Err(error) => Err(Error::new(Step::Resolve, error.to_string())),
        }
    }

    fn parse(text: &str) -> Self {
        let mut all: BTreeMap<ProgramName, Vec<ProgramName>> = BTreeMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((name, substitutes)) = line.split_once(':') else { continue };
            let Ok(name) = name.trim().parse() else { continue };
            let substitutes = substitutes.split_whitespace().filter_map(|word| word.parse().ok());
            all.entry(name).or_default().extend(substitutes);
        }
        Self(all)
    }

    /// What stands in for a program.
    pub(super) fn of(&self, name: &ProgramName) -> &[ProgramName] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_substitutes_in_order() {
        let list = Substitutes::parse(
            "# what stands in\nJPEG: LibJPEG-Turbo MozJPEG\n\nodd line\n../x: Y\nUdev:Eudev\n",
        );
        let of =
            |name: &str| list.of(&name.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("JPEG"), ["LibJPEG-Turbo", "MozJPEG"]);
        assert_eq!(of("Udev"), ["Eudev"]);
        assert!(of("Lua").is_empty());
    }
}
