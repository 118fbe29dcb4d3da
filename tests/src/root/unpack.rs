//! Debian packages into the folder of a program.

use super::closure::Program;
use super::extras::Extras;
use super::fetch::Debs;
use super::place::{self, Place};
use super::tree;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

/// The programs that get what is for systemd: itself, and the bus that it talks on.
const USE_SYSTEMD: [&str; 2] = ["Systemd", "DBus"];

/// Unpacks a program's packages into a new folder. Returns what it had no place for.
pub fn unpack(program: &Program, extras: &Extras, debs: &Debs, folder: &Path) -> Result<Vec<String>> {
    tree::make_folder(folder)?;
    let uses_systemd = USE_SYSTEMD.contains(&program.name.as_str());
    let mut unpacker = Unpacker { folder, uses_systemd, links: Vec::new(), notes: Vec::new() };
    for chosen in &program.packages {
        let deb = debs.path(chosen);
        unpacker.package(&deb).with_context(|| format!("unpacking {} for {program}", deb.display()))?;
    }
    unpacker.make_links().with_context(|| format!("making the links of {program}"))?;
    extras.add_to(folder)?;
    remove_empty_folders(folder)?;
    Ok(unpacker.notes)
}

/// A symbolic link of a package, made when all files are there.
struct Link {
    place: Place,
    /// Where it leads on a Debian system, from the root.
    target: String,
}

struct Unpacker<'a> {
    folder: &'a Path,
    uses_systemd: bool,
    links: Vec<Link>,
    notes: Vec<String>,
}

impl Unpacker<'_> {
    fn package(&mut self, deb: &Path) -> Result<()> {
        let mut dpkg = Command::new("dpkg-deb")
            .arg("--fsys-tarfile")
            .arg(deb)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run dpkg-deb")?;
        let stdout = dpkg.stdout.take().context("no output")?;
        let read = self.archive(stdout);
        let output = dpkg.wait_with_output().context("cannot wait for dpkg-deb")?;
        ensure!(output.status.success(), "dpkg-deb: {}", String::from_utf8_lossy(&output.stderr).trim());
        read
    }

    fn archive(&mut self, stream: impl Read) -> Result<()> {
        let mut archive = tar::Archive::new(stream);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name =
                String::from_utf8(entry.path_bytes().into_owned()).context("a name that is not UTF-8")?;
            let name = name.strip_prefix("./").unwrap_or(&name).trim_end_matches('/').to_owned();
            ensure!(!name.split('/').any(|part| part == ".."), "{name} leads out of the package");
            let is_not_wanted = place::dropped(&name) || place::is_for_systemd(&name) && !self.uses_systemd;
            if name.is_empty() || name == "." || is_not_wanted {
                continue;
            }
            self.entry(&name, &mut entry).with_context(|| name.clone())?;
        }
        // What follows the archive's end is read, so that dpkg-deb is not stopped by a closed pipe.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink())?;
        Ok(())
    }

    fn entry(&mut self, name: &str, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        let kind = entry.header().entry_type();
        let mode = entry.header().mode()? & 0o7777;
        let Some(place) = place::place(name) else {
            if !kind.is_dir() {
                self.notes.push(format!("no place for /{name}"));
            }
            return Ok(());
        };
        let path = self.folder.join(place.path());
        if kind.is_dir() {
            tree::make_folder(&path)?;
            return tree::set_mode(&path, if mode & 0o1000 == 0 { protected(mode) } else { mode });
        }
        if let Some(folder) = path.parent() {
            tree::make_folder(folder)?;
        }
        if kind.is_symlink() {
            let target = entry.link_name()?.context("a link without target")?;
            let folder = Path::new("/").join(name).parent().map(Path::to_path_buf).unwrap_or_default();
            let target = place::normalise(&folder.join(target));
            let target = target.strip_prefix("/").unwrap_or(&target);
            let target = target.to_str().context("a target that is not UTF-8")?.to_owned();
            self.links.push(Link { place, target });
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if kind.is_hard_link() {
            let target = entry.link_name()?.context("a link without target")?;
            let target = place::normalise(&target);
            let target = target.to_str().and_then(place::place).context("a hard link to nowhere")?;
            return Ok(fs::hard_link(self.folder.join(target.path()), &path)?);
        }
        if !kind.is_file() {
            self.notes.push(format!("/{name} is neither file, folder nor link"));
            return Ok(());
        }
        let mut file = fs::File::create_new(&path)?;
        std::io::copy(entry, &mut file)?;
        let (uid, gid) = (entry.header().uid()?, entry.header().gid()?);
        if (uid, gid) != (0, 0) {
            std::os::unix::fs::fchown(&file, Some(uid.try_into()?), Some(gid.try_into()?))?;
        }
        file.set_permissions(Permissions::from_mode(protected(mode)))?;
        let time = UNIX_EPOCH + Duration::from_secs(entry.header().mtime()?);
        file.set_times(fs::FileTimes::new().set_modified(time))?;
        Ok(())
    }

    /// Makes the packages' links: inside the program relative, to other programs through /System/Index.
    fn make_links(&mut self) -> Result<()> {
        let linked: HashSet<PathBuf> = self.links.iter().map(|link| link.place.path()).collect();
        for Link { place, target } in &self.links {
            let path = self.folder.join(place.path());
            let text = match place::place(target) {
                None => Path::new("/").join(target),
                // Debian's merged folders: the link and its target are the same file here.
                Some(there) if there == *place => continue,
                Some(there) => {
                    let here = tree::exists(&self.folder.join(there.path()));
                    if here && there.shares_name(place) {
                        continue;
                    }
                    if here || linked.contains(&there.path()) {
                        place::relative(&place.path(), &there.path())
                    } else {
                        there.global()
                    }
                }
            };
            // A real file wins over a link, a later link over an earlier one.
            if tree::exists(&path) {
                if !path.is_symlink() {
                    continue;
                }
                fs::remove_file(&path)?;
            }
            tree::link(text, &path)?;
        }
        Ok(())
    }
}

/// A mode that lets only the owner write: nobody but root changes a program.
fn protected(mode: u32) -> u32 {
    mode & !0o022
}

/// Removes empty folders, but for those that are meant to be filled: in Defaults/Variable.
fn remove_empty_folders(folder: &Path) -> Result<()> {
    for path in tree::entries(folder)? {
        if !tree::is_folder(&path) || path.ends_with(place::VARIABLE) {
            continue;
        }
        remove_empty_folders(&path)?;
        match fs::remove_dir(&path) {
            Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
                bail!("cannot remove {}: {error}", path.display())
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn header(kind: tar::EntryType, mode: u32, size: usize) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size as u64);
        header.set_mtime(1_000_000);
        header.set_uid(0);
        header.set_gid(0);
        header
    }

    #[test]
    fn a_package_becomes_a_program() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: owners need root");
            return;
        }
        let mut builder = tar::Builder::new(Vec::new());
        let file = |builder: &mut tar::Builder<Vec<u8>>, name: &str, mode, text: &str| {
            builder
                .append_data(&mut header(tar::EntryType::Regular, mode, text.len()), name, text.as_bytes())
                .unwrap();
        };
        file(&mut builder, "./bin/bash", 0o4775, "bash");
        file(&mut builder, "./usr/share/doc/bash/README", 0o644, "");
        file(&mut builder, "./lib/x86_64-linux-gnu/libx.so.1.2", 0o666, "x");
        file(&mut builder, "./opt/elsewhere", 0o644, "");
        for (name, target) in [
            ("./bin/rbash", "bash"),
            ("./usr/bin/bash", "/bin/bash"),
            ("./lib/x86_64-linux-gnu/libx.so.1", "libx.so.1.2"),
            ("./lib64/ld.so", "/lib/x86_64-linux-gnu/ld.so"),
            ("./usr/lib/other", "../share/other/file"),
        ] {
            builder.append_link(&mut header(tar::EntryType::Symlink, 0o777, 0), name, target).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let work = tempfile::tempdir().unwrap();
        let folder = work.path();
        let mut unpacker = Unpacker { folder, uses_systemd: false, links: Vec::new(), notes: Vec::new() };
        unpacker.archive(bytes.as_slice()).unwrap();
        unpacker.make_links().unwrap();
        let target = |path: &str| fs::read_link(folder.join(path)).unwrap().display().to_string();
        let bash = folder.join("bin/bash").symlink_metadata().unwrap();
        assert_eq!((bash.mode() & 0o7777, bash.mtime()), (0o4755, 1_000_000));
        assert_eq!(folder.join("lib/libx.so.1.2").metadata().unwrap().mode() & 0o777, 0o644);
        assert_eq!(target("bin/rbash"), "bash");
        assert_eq!(target("lib/libx.so.1"), "libx.so.1.2");
        assert_eq!(target("lib/other"), "/System/Index/share/other/file");
        assert!(!tree::exists(&folder.join("lib/ld.so")), "a link onto itself");
        assert!(!tree::exists(&folder.join("share")));
        assert_eq!(unpacker.notes, ["no place for /opt/elsewhere"]);
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut head = header(tar::EntryType::Regular, 0o644, 0);
        let name = b"./usr/bin/../../../x";
        head.as_old_mut().name[..name.len()].copy_from_slice(name);
        head.set_cksum();
        builder.append(&head, std::io::empty()).unwrap();
        let bytes = builder.into_inner().unwrap();
        let work = tempfile::tempdir().unwrap();
        let mut unpacker =
            Unpacker { folder: work.path(), uses_systemd: false, links: Vec::new(), notes: Vec::new() };
        assert!(unpacker.archive(bytes.as_slice()).is_err());
    }
}
