//! `cargo xtask deb`: a Debian package, of plain files and dpkg-deb alone. Two of the same commit are the same bytes.

use crate::dist::{self, run};
use crate::install::{Places, install};
use crate::workspace;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Makes the package in a folder: of what cargo has built in `built`, or of what is built now.
pub(crate) fn deb(folder: &Path, built: Option<PathBuf>) -> Result<()> {
    let (arch, triplet) = match std::env::consts::ARCH {
        "x86_64" => ("amd64", "x86_64-linux-gnu"),
        "aarch64" => ("arm64", "aarch64-linux-gnu"),
        other => bail!("Debian's name for {other} is not known here"),
    };
    // A version of its own lets a package of the same source be told from another.
    let version = std::env::var("DEB_VERSION").unwrap_or_else(|_| env!("CARGO_PKG_VERSION").to_owned());
    let staged = tempfile::tempdir()?;
    let root = staged.path().join("root");
    fs::create_dir(&root)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
    let places = Places {
        destdir: root.clone(),
        prefix: "/usr".into(),
        pamdir: format!("/usr/lib/{triplet}/security").into(),
        sysconfdir: "/etc".into(),
        built: Some(built.map_or_else(dist::build, Ok)?),
        source: workspace(),
    };
    install(&places)?;
    // dpkg has a list of its own.
    fs::remove_file(root.join("usr/share/gobo-session/manifest"))?;
    let source = workspace().join("config/debian");
    put(&source.join("pam-config"), &root.join("usr/share/pam-configs/gobo-session"), 0o644)?;
    for script in SCRIPTS {
        put(&source.join(script), &root.join("DEBIAN").join(script), 0o755)?;
    }
    let control = fs::read_to_string(source.join("control"))?;
    let control = control.replace("@VERSION@", &version).replace("@ARCH@", arch);
    fs::write(root.join("DEBIAN/control"), control)?;
    fs::write(root.join("DEBIAN/conffiles"), settings(&root)?)?;
    let package = folder.join(format!("gobo-session_{version}_{arch}.deb"));
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "--build", "-Zgzip"])
        .args([&root, &package])
        .env("SOURCE_DATE_EPOCH", dist::time_of_source()?.to_string()))
}

fn put(from: &Path, to: &Path, mode: u32) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    Ok(())
}

/// The files that administrators change, for dpkg to ask about.
fn settings(root: &Path) -> Result<String> {
    let mut paths = vec!["/etc/gobo-session/session.toml".to_owned()];
    for entry in fs::read_dir(root.join("etc/gobo-session/profiles.d"))? {
        paths.push(format!("/etc/gobo-session/profiles.d/{}", entry?.file_name().to_string_lossy()));
    }
    paths.sort();
    Ok(paths.iter().map(|path| format!("{path}\n")).collect())
}
