//! What processes run, by the files that they have mapped.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// The processes that run something below a folder or have it mapped, as far as the caller may look at them: of each, the
/// names right below the folder that it is of.
pub(crate) fn running_below(folder: &Path) -> BTreeMap<u32, BTreeSet<OsString>> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let running = pids.map(|pid: u32| {
        let files = files_of(pid);
        let names =
            files.iter().filter_map(|file| Some(file.strip_prefix(folder).ok()?.iter().next()?.to_owned()));
        (pid, names.collect::<BTreeSet<OsString>>())
    });
    running.filter(|(_, names)| !names.is_empty()).collect()
}

/// The files that a process has mapped; its program is one of them.
fn files_of(pid: u32) -> BTreeSet<PathBuf> {
    let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.split(|byte| *byte == b'\n').filter_map(file_in).collect()
}

/// The file that a line of maps tells of.
fn file_in(line: &[u8]) -> Option<PathBuf> {
    let start = line.iter().position(|byte| *byte == b'/')?;
    Some(PathBuf::from(OsString::from_vec(line[start..].to_vec())))
}

/// The name of a process's program.
pub(crate) fn name_of(pid: u32) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    OsStr::from_bytes(name.trim_ascii_end()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_its_own_program() {
        let program = std::env::current_exe().unwrap();
        let (folder, name) = (program.parent().unwrap(), program.file_name().unwrap());
        let running = running_below(folder);
        assert!(running[&std::process::id()].contains(name), "{running:?}");
        assert!(!running_below(Path::new("/nowhere")).contains_key(&std::process::id()));
    }

    #[test]
    fn a_line_without_a_file_is_passed_over() {
        let line = b"7f00-7f01 r-xp 00000000 00:1b 42    /Programs/A/1 0/bin/a (deleted)";
        assert_eq!(file_in(line), Some("/Programs/A/1 0/bin/a (deleted)".into()));
        assert_eq!(file_in(b"7ffd-7ffe rw-p 00000000 00:00 0    [stack]"), None);
    }
}
