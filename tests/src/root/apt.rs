//! A private apt for each suite and architecture: apt's transport and its verification of signatures, with a
//! configuration and a state of our own. The host's lists, architectures and package database are neither read nor
//! written; its sources are looked at once, for the mirror.

use super::data::Origin;
use super::host::Progress;
use super::packages::Catalogue;
use super::tree;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

/// The keys of Debian's archive.
pub const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// apt's own tools for scripts: its transport, without its package cache.
const HELPER: &str = "/usr/lib/apt/apt-helper";
/// The age at which a package index is fetched again.
const INDEX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// When a mirror that did not answer is asked again.
const NEXT_TRY: Duration = Duration::from_secs(10 * 60);
/// Where another mirror can be named.
const MIRROR_VARIABLE: &str = "GOBO_MIRROR";

/// When an index is fetched again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// When it is older than a day.
    WhenOld,
    /// In any case.
    Always,
}

/// The private apt of one suite and architecture.
pub struct Apt {
    origin: Origin,
    mirror: String,
    folder: PathBuf,
}

impl Apt {
    /// Writes the configuration.
    pub fn new(work: &Path, mirror: &str, origin: &Origin) -> Result<Self> {
        let folder = work.join("apt").join(origin.to_string());
        for name in ["etc/preferences.d", "state/lists/partial", "cache/archives/partial"] {
            tree::make_folder(&folder.join(name))?;
        }
        let (path, arch, suite) = (folder.display(), origin.arch.debian(), &origin.suite);
        // Main and parts lead nowhere: the host's hooks, proxies and architectures must not apply. The empty cache files
        // save 100 MB a suite. Valid-Until has passed for suites which are not updated any more.
        let configuration = format!(
            r#"APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "root";
Dir::Etc "{path}/etc"; Dir::Etc::main "/dev/null/x"; Dir::Etc::parts "/dev/null/x";
Dir::Etc::sourcelist "{path}/etc/sources.list"; Dir::Etc::sourceparts "/dev/null/x";
Dir::Etc::preferencesparts "{path}/etc/preferences.d";
Dir::Etc::trusted "/dev/null/x"; Dir::Etc::trustedparts "/dev/null/x";
Dir::State "{path}/state"; Dir::State::status "{path}/status"; Dir::State::extended_states "{path}/extended";
Dir::Cache "{path}/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; Dir::Log "{path}/log";
Acquire::Languages "none"; Acquire::GzipIndexes "true"; Acquire::Retries "3"; Acquire::http::Timeout "20";
Acquire::Check-Valid-Until "false"; Acquire::Check-Date "false";
Debug::NoLocking "true";
"#
        );
        tree::write(&folder.join("status"), "", 0o644)?;
        tree::write(&folder.join("apt.conf"), configuration, 0o644)?;
        let source = format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n");
        tree::write(&folder.join("etc/sources.list"), source, 0o644)?;
        Ok(Self { origin: origin.clone(), mirror: mirror.to_owned(), folder })
    }

    /// The packages of the suite, from an index that is fetched if there is none or if it is old. Says whether it was.
    pub fn catalogue(&self, refresh: Refresh, progress: &Progress) -> Result<(Catalogue, bool)> {
        let path = self.folder.join("catalogue");
        let known = fs::read_to_string(&path).ok().and_then(|text| Catalogue::parse(&text).ok());
        let made = path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let fresh = SystemTime::now().duration_since(made).is_ok_and(|age| age < INDEX_AGE);
        if let Some(known) = known {
            if fresh && refresh == Refresh::WhenOld {
                return Ok((known, false));
            }
            return match self.update(0, progress) {
                Ok(files) if refresh == Refresh::WhenOld && !changed_since(&files, made) => {
                    set_age(&path, Duration::ZERO)?;
                    Ok((known, true))
                }
                Ok(files) => Ok((self.extract(&files, &path)?, true)),
                Err(error) => {
                    progress.line(format_args!("going on with the index of last time: {error:#}"));
                    set_age(&path, INDEX_AGE - NEXT_TRY)?;
                    Ok((known, false))
                }
            };
        }
        let hint =
            || format!("no package index; is the network there? {MIRROR_VARIABLE} names another mirror");
        let files = self.update(3, progress).with_context(hint)?;
        Ok((self.extract(&files, &path)?, true))
    }

    /// Lets apt fetch the index, and says where it has put it.
    fn update(&self, retries: u32, progress: &Progress) -> Result<Vec<String>> {
        let mut update = Command::new("apt-get");
        update.args(["update", "-o", &format!("Acquire::Retries={retries}")]);
        // The package cache, which apt-get makes after each update, is for a resolver that is not asked here.
        let output = self.run(update.args(["-o", "pkgCacheFile::Generate=false"]))?;
        let said = String::from_utf8_lossy(&output.stdout);
        // apt-get is content with an index that it could not fetch.
        if !output.status.success() || said.lines().any(|line| line.starts_with("Err:")) {
            bail!("apt-get update of {} from {} failed\n{}", self.origin, self.mirror, complaints(&output));
        }
        let fetched = said.lines().find(|line| line.starts_with("Fetched")).unwrap_or("unchanged");
        progress.line(format_args!("index of {}: {fetched}", self.origin));
        let mut targets = Command::new("apt-get");
        targets.args(["indextargets", "--format", "$(FILENAME)", "Created-By: Packages"]);
        Ok(self.text(&mut targets)?.lines().map(str::to_owned).collect())
    }

    fn extract(&self, files: &[String], path: &Path) -> Result<Catalogue> {
        let packages = self.text(Command::new(HELPER).arg("cat-file").args(files))?;
        let text = Catalogue::extract(&packages);
        let catalogue = Catalogue::parse(&text).with_context(|| format!("the index of {}", self.origin))?;
        let part = path.with_extension("part");
        tree::write(&part, text, 0o644)?;
        fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(catalogue)
    }

    /// Fetches files of the mirror's pool: (path on the mirror, path here, SHA-256).
    pub fn download<'a>(&self, files: impl IntoIterator<Item = (&'a str, &'a Path, &'a str)>) -> Result<()> {
        let mut command = Command::new(HELPER);
        command.args(["-q", "download-file"]);
        for (remote, local, sha256) in files {
            command.arg(format!("{}/{remote}", self.mirror)).arg(local).arg(format!("SHA256:{sha256}"));
        }
        let output = self.run(&mut command)?;
        if !output.status.success() {
            bail!(
                "downloading packages of {} from {} failed\n{}",
                self.origin,
                self.mirror,
                complaints(&output)
            );
        }
        Ok(())
    }

    fn run(&self, command: &mut Command) -> Result<Output> {
        command.env("APT_CONFIG", self.folder.join("apt.conf")).env("LC_ALL", "C.UTF-8");
        command.output().with_context(|| format!("cannot run {}", command.get_program().display()))
    }

    fn text(&self, command: &mut Command) -> Result<String> {
        let output = self.run(command)?;
        if !output.status.success() {
            bail!("{} failed for {}\n{}", command.get_program().display(), self.origin, complaints(&output));
        }
        String::from_utf8(output.stdout).with_context(|| format!("the index of {}", self.origin))
    }
}

/// Whether apt has put another index there since. It gives the files the server's time, so their own is not asked.
fn changed_since(files: &[String], time: SystemTime) -> bool {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let older =
        |file: &String| fs::metadata(file).is_ok_and(|m| u64::try_from(m.ctime()).unwrap_or(0) < seconds);
    !files.iter().all(older)
}

/// Makes a file that old.
fn set_age(path: &Path, age: Duration) -> Result<()> {
    let file = fs::File::options().append(true).open(path);
    let set = file.and_then(|file| file.set_modified(SystemTime::now() - age));
    set.with_context(|| format!("cannot set the time of {}", path.display()))
}

/// What apt says went wrong, without its summary.
fn complaints(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let summary = ["W: Some index files failed to download.", "E: Download Failed"];
    let lines = said.lines().filter(|line| !summary.iter().any(|end| line.starts_with(end)));
    lines.take(12).map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The Debian mirror: `GOBO_MIRROR`, else the first one in the host's apt sources.
pub fn mirror() -> Result<String> {
    if let Some(mirror) = std::env::var_os(MIRROR_VARIABLE) {
        let mirror = mirror.into_string().ok().with_context(|| format!("{MIRROR_VARIABLE} is not UTF-8"))?;
        return Ok(mirror.trim_end_matches('/').to_owned());
    }
    let folder = Path::new("/etc/apt/sources.list.d");
    let mut files = tree::entries(folder).unwrap_or_default();
    files.push("/etc/apt/sources.list".into());
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
    let found =
        files.iter().find_map(|path| match path.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => deb822_mirror(&read(path)),
            Some("list") => one_line_mirror(&read(path)),
            _ => None,
        });
    found.with_context(|| {
        format!(
            "no Debian mirror (a URI that ends in /debian) in /etc/apt/sources.list and {}: name one in {MIRROR_VARIABLE}",
            folder.display()
        )
    })
}

fn deb822_mirror(text: &str) -> Option<String> {
    text.split("\n\n").filter(|stanza| !stanza.lines().any(|line| line.trim() == "Enabled: no")).find_map(
        |stanza| {
            let uris = stanza.lines().find_map(|line| line.strip_prefix("URIs:"))?;
            uris.split_whitespace().find_map(debian)
        },
    )
}

fn one_line_mirror(text: &str) -> Option<String> {
    text.lines().filter_map(|line| line.trim().strip_prefix("deb ")).find_map(|line| {
        let line = line.trim();
        let after_options = if line.starts_with('[') { line.split_once(']')?.1 } else { line };
        after_options.split_whitespace().next().and_then(debian)
    })
}

fn debian(uri: &str) -> Option<String> {
    let uri = uri.trim_end_matches('/');
    uri.ends_with("/debian").then(|| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_has_not_changed() {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("Packages.lz4");
        tree::write(&file, "", 0o644).unwrap();
        set_age(&file, INDEX_AGE * 100).unwrap();
        let files = [file.display().to_string()];
        let now = SystemTime::now();
        assert!(changed_since(&files, now - INDEX_AGE), "whatever its own time says");
        assert!(!changed_since(&files, now + Duration::from_secs(2)));
        assert!(changed_since(&["missing".to_owned()], now));
    }

    #[test]
    fn mirrors() {
        let sources = "Types: deb\nEnabled: no\nURIs: http://off.example/debian\n\nTypes: deb\n# a note\nURIs: http://a.example/debian-security http://b.example/debian/\nSuites: x\n";
        assert_eq!(deb822_mirror(sources).as_deref(), Some("http://b.example/debian"));
        let list = "# deb http://no.example/debian x\ndeb-src http://no.example/debian x main\ndeb [arch=amd64 signed-by=/k] http://c.example/debian x main\n";
        assert_eq!(one_line_mirror(list).as_deref(), Some("http://c.example/debian"));
        assert_eq!(one_line_mirror("deb http://d.example/ubuntu x main"), None);
    }
}
