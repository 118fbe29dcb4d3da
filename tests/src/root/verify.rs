//! Looks a finished root over: the index leads somewhere, and the linked programs can be started.

use super::closure::Program;
use super::{inside, tree};
use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Checks that every link of the index resolves inside the root, that the ELF interpreter of every linked program
/// exists, and that only root can change /Programs. All that is wrong is in the error.
pub fn verify(root: &Path, linked: &BTreeMap<&str, &Program>) -> Result<()> {
    let mut faults = Vec::new();
    let inside_root = |path: &Path| Path::new("/").join(path.strip_prefix(root).unwrap_or(path));
    tree::walk(&root.join("System/Index"), &mut |path, metadata| {
        let name = inside_root(path);
        if metadata.is_symlink() && inside::resolve(root, &name).is_none() {
            let target = std::fs::read_link(path)?;
            // A service of systemd that must never start is such a link; /dev is empty here.
            if target != Path::new("/dev/null") {
                faults.push(format!("{} leads nowhere: {}", name.display(), target.display()));
            }
        }
        Ok(())
    })?;
    tree::walk(&root.join("Programs"), &mut |path, metadata| {
        if let Some(fault) = writable(metadata) {
            faults.push(format!("{} {fault}", inside_root(path).display()));
        }
        Ok(())
    })?;
    let mut interpreters: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for (name, program) in linked {
        let version = root.join("Programs").join(name).join(&program.version);
        tree::walk(&version, &mut |path, metadata| {
            if metadata.is_file()
                && metadata.mode() & 0o111 != 0
                && let Some(interpreter) = File::open(path).ok().and_then(interpreter)
            {
                interpreters.entry(interpreter).or_insert_with(|| inside_root(path));
            }
            Ok(())
        })?;
    }
    for (interpreter, user) in interpreters {
        if inside::resolve(root, &interpreter).is_none() {
            faults.push(format!(
                "{} wants the loader {}, which is not there",
                user.display(),
                interpreter.display()
            ));
        }
    }
    if !faults.is_empty() {
        let faults: BTreeSet<String> = faults.into_iter().collect();
        let list: Vec<String> = faults.into_iter().collect();
        bail!("the root {} is broken:\n  {}", root.display(), list.join("\n  "));
    }
    Ok(())
}

/// Why others than root could change a file of a program.
fn writable(metadata: &Metadata) -> Option<String> {
    let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
    if metadata.uid() != 0 {
        return Some(format!("belongs to user {}", metadata.uid()));
    }
    let open = !metadata.is_symlink() && !sticky && metadata.mode() & 0o022 != 0;
    open.then(|| format!("can be written by others: mode {:o}", metadata.mode() & 0o7777))
}

/// The interpreter (dynamic loader) that an ELF file names.
fn interpreter(mut file: File) -> Option<PathBuf> {
    const PT_INTERP: u64 = 3;
    let mut head = [0; 64];
    file.read_exact(&mut head).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let wide = head[4] == 2;
    let number = |bytes: &[u8], at: usize, size: usize| -> Option<u64> {
        Some(bytes.get(at..at + size)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let word = if wide { 8 } else { 4 };
    let (table_at, size_at, count_at) = if wide { (32, 54, 56) } else { (28, 42, 44) };
    let table = number(&head, table_at, word)?;
    let (size, count) = (number(&head, size_at, 2)?, number(&head, count_at, 2)?);
    let mut headers = vec![0; usize::try_from(size * count).ok()?];
    file.seek(SeekFrom::Start(table)).ok()?;
    file.read_exact(&mut headers).ok()?;
    let (offset_at, length_at) = if wide { (8, 32) } else { (4, 16) };
    let header =
        headers.chunks(usize::try_from(size.max(1)).ok()?).find(|h| number(h, 0, 4) == Some(PT_INTERP))?;
    let (offset, length) = (number(header, offset_at, word)?, number(header, length_at, word)?);
    let mut name = vec![0; usize::try_from(length).ok().filter(|length| *length <= 4096)?];
    file.seek(SeekFrom::Start(offset)).ok()?;
    file.read_exact(&mut name).ok()?;
    let name = String::from_utf8(name).ok()?;
    Some(PathBuf::from(name.trim_end_matches('\0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_of_a_program() {
        let shell = File::open("/proc/self/exe").unwrap();
        let loader = interpreter(shell);
        assert!(loader.is_none_or(|loader| loader.is_absolute() && loader.exists()));
        assert_eq!(interpreter(File::open("/dev/null").unwrap()), None);
    }

    #[test]
    fn faults_are_listed() {
        let work = tempfile::tempdir().unwrap();
        let root = work.path();
        tree::link("/Programs/A/1/bin/a", &root.join("System/Index/bin/a")).unwrap();
        tree::write(&root.join("Programs/A/1/bin/open"), "", 0o777).unwrap();
        let error = verify(root, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("/System/Index/bin/a leads nowhere: /Programs/A/1/bin/a"), "{error}");
        assert!(error.contains("/Programs/A/1/bin/open can be written by others: mode 777"), "{error}");
        tree::write(&root.join("Programs/A/1/bin/a"), "", 0o755).unwrap();
        std::fs::remove_file(root.join("Programs/A/1/bin/open")).unwrap();
        if rustix::process::geteuid().is_root() {
            verify(root, &BTreeMap::new()).unwrap();
        }
    }
}
