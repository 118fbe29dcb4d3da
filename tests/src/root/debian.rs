//! A minimal Debian system, made by debootstrap: a machine whose own programs are in /usr, where a tree of /Programs can only
//! lie beside them.
//!
//! ```text
//! WORK/root-debian       the root
//! WORK/root-debian.key   what it was made of
//! ```
//!
//! It stays as it is while what it is made of stays the same: tests want a Debian, not the newest.

use super::host::{Lock, Progress, Umask};
use super::{apt, host, tree};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SUITE: &str = "bookworm";

/// What the system has besides the packages that Debian cannot be without, and what those need.
const PACKAGES: &str = "openssh-server,man-db,pkgconf";

const SCRIPT: &str = include_str!("../../data/debian/bootstrap.sh");

/// The tools of the host that this calls besides those of any root, with the Debian packages that have them.
pub const HOST_PACKAGES: &[(&str, &str)] = &[("debootstrap", "debootstrap")];

/// Where the root is in a work folder, once it is built.
pub fn path(work: &Path) -> PathBuf {
    work.join("root-debian")
}

/// Builds the root in a work folder, or finds the one of last time. Progress goes to stderr, one line a step.
///
/// # Errors
/// Where this machine cannot build one, or the mirror does not give its packages.
pub fn build(work: &Path) -> Result<PathBuf> {
    let progress = Progress::start();
    host::require_privileges_and_tools()?;
    let _umask = Umask::set(0o022);
    tree::make_folder(work)?;
    let work = work.canonicalize().with_context(|| format!("no folder {}", work.display()))?;
    let _lock = Lock::take(&work.join("lock"), &progress)?;
    let (root, key) = (path(&work), tree::sha256_of([SUITE, PACKAGES, SCRIPT]));
    let key_file = root.with_extension("key");
    if root.is_dir() && fs::read_to_string(&key_file).is_ok_and(|made_of| made_of == key) {
        return Ok(root);
    }
    progress.line(format_args!("a minimal Debian {SUITE}, by debootstrap"));
    let (part, memory, cache) =
        (root.with_extension("part"), root.with_extension("memory"), work.join("debs"));
    for old in [&part, &memory, &root] {
        tree::remove(old)?;
    }
    tree::make_folder(&memory)?;
    tree::make_folder(&cache)?;
    let mirror = apt::mirror()?;
    let namespaces = ["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation=private"];
    let mut script = Command::new("unshare");
    script.args(namespaces).args(["bash", "-c", SCRIPT, "bootstrap"]);
    let output = script.args([mirror.as_str(), SUITE, PACKAGES]).args([&cache, &memory, &part]).output();
    let output = output.context("unshare does not start")?;
    ensure!(
        output.status.success(),
        "debootstrap of {SUITE} from {mirror} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    tree::remove(&memory)?;
    fs::rename(&part, &root).with_context(|| format!("cannot rename {}", part.display()))?;
    tree::write(&key_file, key, 0o644)?;
    progress.line(format_args!("{} is ready", root.display()));
    Ok(root)
}
