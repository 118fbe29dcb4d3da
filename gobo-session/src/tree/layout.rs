//! What is where: the folders of a tree, and which of a program's folders go into which part of the index.

use std::path::PathBuf;

/// The parts of the index in the order in which they are made: `lib` last, because everything needs it.
pub const AREAS: [&str; 5] = ["bin", "libexec", "include", "share", "lib"];

/// What a view does with a regular file that lies in the base index itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RealFiles {
    /// It stays, as SymlinkProgram leaves it: it is a generated cache, or the administrator's own.
    #[default]
    Keep,
    /// A chosen program's file goes before it: for an index of real files, such as /usr.
    Replace,
}

/// One part of the index and where programs have what belongs into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Its folder below the index, such as `bin`.
    pub name: String,
    /// The folders of a version whose entries go into it, strongest first.
    pub sources: Vec<String>,
}

/// The folders of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Where programs are, from the tree's root.
    pub programs: PathBuf,
    /// Where the index is, from the tree's root.
    pub index: PathBuf,
    /// The parts of the index.
    pub areas: Vec<Area>,
    /// What happens to regular files of the index.
    pub real_files: RealFiles,
}

impl Layout {
    /// A layout from a list of folders as `[tree]` writes them: the later folder of a list goes before the earlier.
    /// `Resources/Wrappers` goes before them all in `bin`.
    pub fn new<'a>(
        programs: PathBuf,
        index: PathBuf,
        directories: impl IntoIterator<Item = (&'a str, &'a [String])>,
        real_files: RealFiles,
    ) -> Self {
        let mut areas: Vec<Area> = directories
            .into_iter()
            .map(|(name, folders)| {
                let wrappers = (name == "bin").then(|| "Resources/Wrappers".to_owned());
                let sources = wrappers.into_iter().chain(folders.iter().rev().cloned()).collect();
                Area { name: name.to_owned(), sources }
            })
            .collect();
        let place = |area: &Area| AREAS.iter().position(|known| *known == area.name);
        areas.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
        Self { programs, index, areas, real_files }
    }
}

impl Layout {
    /// What is where, in the words of `[tree]`, each folder's list strongest first; `None` where it is as GoboLinux has it.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let Self { programs, index, areas, real_files } = self;
        let real_files = match real_files {
            RealFiles::Keep => "keep",
            RealFiles::Replace => "replace",
        };
        let places = format!(
            "programs = {}, index = {}, real-files = {real_files}",
            programs.display(),
            index.display()
        );
        let areas = areas.iter().map(|Area { name, sources }| format!("{name} = {}", sources.join(" ")));
        let told = std::iter::once(places).chain(areas).collect::<Vec<_>>().join(", ");
        (*self != Self::default()).then_some(told)
    }
}

impl Default for Layout {
    /// GoboLinux' own.
    fn default() -> Self {
        let folders = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let directories = [
            ("bin", folders(&["bin", "sbin"])),
            ("lib", folders(&["lib", "lib64"])),
            ("include", folders(&["include"])),
            ("libexec", folders(&["libexec"])),
            ("share", folders(&["share"])),
        ];
        Self::new(
            "/Programs".into(),
            "/System/Index".into(),
            directories.iter().map(|(name, list)| (*name, list.as_slice())),
            RealFiles::Keep,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_folder_wins_and_wrappers_win_over_all() {
        let layout = Layout::default();
        let bin = layout.areas.iter().find(|a| a.name == "bin").unwrap();
        assert_eq!(bin.sources, ["Resources/Wrappers", "sbin", "bin"]);
        assert_eq!(layout.areas.last().unwrap().name, "lib");
    }

    #[test]
    fn a_layout_is_told_where_it_is_not_the_usual_one() {
        let usual = Layout::default();
        assert_eq!(usual.told(), None);
        let bin = ["bin".to_owned(), "sbin".to_owned()];
        let other =
            Layout::new("/Programs".into(), "/usr".into(), [("bin", bin.as_slice())], RealFiles::Replace);
        let told =
            "programs = /Programs, index = /usr, real-files = replace, bin = Resources/Wrappers sbin bin";
        assert_eq!(other.told().as_deref(), Some(told));
    }
}
