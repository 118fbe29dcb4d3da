//! `cargo xtask dist`: tarballs of the source and of the built product. Two of the same commit are the same bytes: names are in
//! order, times are the commit's, owners are root, and the compiler is told no path of this machine.

use crate::install::{Places, install};
use crate::{cargo_in, workspace};
use anyhow::{Context as _, Result, bail, ensure};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the binary tarball's files go on a system.
const PREFIX: &str = "/usr";
const PAMDIR: &str = "/usr/lib/security";

/// Makes both tarballs in a folder.
pub(crate) fn dist(folder: &Path) -> Result<()> {
    for tarball in tarballs(&workspace(), &workspace().join("target/dist-build"), folder)? {
        println!("{}", tarball.display());
    }
    Ok(())
}

/// Makes both tarballs of the last commit twice, each time in a new folder of another name, and compares them byte by byte.
pub(crate) fn twice() -> Result<()> {
    let work = tempfile::tempdir()?;
    let sources = ["here", "in/quite/another/folder"].map(|name| work.path().join(name));
    // Both are of the same commit, whatever is committed while the first is built.
    for (from, to) in [(&workspace(), &sources[0]), (&sources[0], &sources[1])] {
        run(Command::new("git").args(["clone", "--quiet"]).args([from, to]))?;
    }
    let mut made = Vec::new();
    for source in &sources {
        made.push(tarballs(source, &source.join("target"), &source.join("target/dist"))?);
    }
    let [first, second] = made.as_slice() else { bail!("it was not made twice") };
    for (one, other) in first.iter().zip(second) {
        let name = one.file_name().unwrap_or_default().display();
        let (one, other) = (std::fs::read(one)?, std::fs::read(other)?);
        ensure!(one == other, "{name}: two builds are not the same bytes");
        println!("{name}: twice the same {} bytes", one.len());
    }
    Ok(())
}

/// Makes the tarball of a source's last commit and that of what is built of it.
fn tarballs(source: &Path, target: &Path, folder: &Path) -> Result<[PathBuf; 2]> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = format!("gobo-session-{}", env!("CARGO_PKG_VERSION"));
    let of_source = folder.join(format!("{name}.tar.gz"));
    archive(source, &name, &of_source)?;
    let staged = tempfile::tempdir()?;
    let top = format!("{name}-{}", std::env::consts::ARCH);
    let places = Places {
        destdir: staged.path().join(&top),
        prefix: PREFIX.into(),
        pamdir: PAMDIR.into(),
        sysconfdir: "/etc".into(),
        built: Some(build_in(source, target)?),
        source: source.to_owned(),
    };
    std::fs::create_dir(&places.destdir)?;
    std::fs::set_permissions(&places.destdir, std::fs::Permissions::from_mode(0o755))?;
    install(&places)?;
    let of_product = folder.join(format!("{top}.tar.gz"));
    pack(staged.path(), &top, &of_product, time_of(source)?)?;
    Ok([of_source, of_product])
}

/// Packs the last commit of a source; its files are of that commit's time.
fn archive(source: &Path, name: &str, to: &Path) -> Result<()> {
    let manner = ["-c", "tar.umask=0022", "-c", "tar.tar.gz.command=gzip -9n", "archive", "--format=tar.gz"];
    let places = [format!("--prefix={name}/"), format!("--output={}", std::path::absolute(to)?.display())];
    run(Command::new("git").args(manner).args(places).arg("HEAD").current_dir(source))
}

/// Builds the product without a path of this machine in it; the folder that it is in.
pub(crate) fn build() -> Result<PathBuf> {
    build_in(&workspace(), &workspace().join("target/dist-build"))
}

/// As [`build`], of any source.
fn build_in(source: &Path, target: &Path) -> Result<PathBuf> {
    let mut flags = format!("--remap-path-prefix={}=/gobo-session", source.canonicalize()?.display());
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    if let Some(home) = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))) {
        flags.push_str(&format!(" --remap-path-prefix={}=/cargo", home.display()));
    }
    let stripped = "profile.release.strip=\"debuginfo\"";
    let product = ["build", "--release", "--locked", "-p", "gobo-session", "-p", "pam_gobo"];
    let manner = ["--config", stripped, "--target-dir", &target.to_string_lossy()];
    cargo_in(source, &[&product[..], &manner].concat(), &[("RUSTFLAGS", &flags)])?;
    Ok(target.join("release"))
}

/// Packs a folder below another one; everything in it is of that time.
fn pack(below: &Path, name: &str, to: &Path, time: u64) -> Result<()> {
    let order = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
    let time = format!("--mtime=@{time}");
    let manner = [&time, "--use-compress-program=gzip -9n", "-C"];
    run(Command::new("tar").args(order).args(manner).arg(below).arg("-cf").arg(to).arg(name))
}

/// When this source was last changed, in seconds since 1970: SOURCE_DATE_EPOCH, or the commit's time.
pub(crate) fn time_of_source() -> Result<u64> {
    time_of(&workspace())
}

/// As [`time_of_source`], of any source.
fn time_of(source: &Path) -> Result<u64> {
    if let Ok(told) = std::env::var("SOURCE_DATE_EPOCH") {
        return told.parse().context("SOURCE_DATE_EPOCH is a whole number");
    }
    let log = Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(source).output();
    let log = log.context("git does not start: set SOURCE_DATE_EPOCH")?;
    ensure!(log.status.success(), "git knows no commit here: set SOURCE_DATE_EPOCH");
    Ok(String::from_utf8(log.stdout)?.trim().parse()?)
}

/// Runs a program.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} does not start"))?;
    ensure!(status.success(), "{name} failed: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_tarball_does_not_depend_on_when_and_in_which_order_files_were_made() -> Result<()> {
        let work = tempfile::tempdir()?;
        let mut packed = Vec::new();
        for (round, names) in [["a", "b", "c"], ["c", "a", "b"]].iter().enumerate() {
            let below = work.path().join(round.to_string());
            fs::create_dir_all(below.join("top"))?;
            for name in names {
                let file = fs::File::create(below.join("top").join(name))?;
                file.set_modified(
                    std::time::UNIX_EPOCH + std::time::Duration::from_secs(round as u64 * 1000),
                )?;
            }
            let to = work.path().join(format!("{round}.tar.gz"));
            pack(&below, "top", &to, 1_700_000_000)?;
            packed.push(fs::read(to)?);
        }
        assert!(packed[0] == packed[1] && !packed[0].is_empty());
        Ok(())
    }

    #[test]
    fn a_tarball_of_the_source_does_not_depend_on_where_it_is_made() -> Result<()> {
        let work = tempfile::tempdir()?;
        let first = work.path().join("first");
        fs::create_dir(&first)?;
        fs::write(first.join("file"), "text\n")?;
        let git = |folder: &Path, words: &[&str]| {
            let who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"];
            run(Command::new("git").args(who).args(words).current_dir(folder))
        };
        git(&first, &["init", "--quiet"])?;
        git(&first, &["add", "file"])?;
        git(&first, &["commit", "--quiet", "--message", "first"])?;
        git(work.path(), &["clone", "--quiet", "first", "of/another/name"])?;
        let second = work.path().join("of/another/name");
        fs::set_permissions(second.join("file"), fs::Permissions::from_mode(0o600))?;
        let packed = [&first, &second].map(|source| -> Result<Vec<u8>> {
            let to = source.with_extension("tar.gz");
            archive(source, "gobo-session", &to)?;
            Ok(fs::read(to)?)
        });
        let [one, other] = packed;
        assert!(one? == other?);
        Ok(())
    }
}
