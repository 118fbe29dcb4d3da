//! The Debian package, from its installation to its purge: real dpkg, pam-auth-update, sshd and su on a Debian as debootstrap
//! makes it, with a tree of /Programs beside /usr.

use anyhow::{Result, ensure};
use gobo_tests::debian::{Debian, package};
use gobo_tests::requires_debian_root;
use std::path::Path;
use std::time::Duration;

/// The parts of what the story tells, by their headings.
fn part<'t>(told: &'t str, heading: &str) -> &'t str {
    let after = told.split_once(&format!("## {heading}\n")).map_or("", |(_, after)| after);
    after.split("## ").next().unwrap_or_default()
}

#[test]
fn a_package_is_installed_turned_on_upgraded_turned_off_and_purged() -> Result<()> {
    let debian = Debian::new(&requires_debian_root!())?;
    let folder = tempfile::tempdir()?;
    debian.put(&package("0.1.0", folder.path())?, "/tmp/old.deb")?;
    debian.put(&package("0.1.1", folder.path())?, "/tmp/new.deb")?;
    debian.put(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/debian/story.sh"), "/tmp/story")?;
    let ssh = debian.chamber.start_sshd(&["visitor"])?;
    let words = ["bash", "/tmp/story", "/tmp/old.deb", "/tmp/new.deb", &ssh.config()];
    let story = debian.chamber.command(words).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    let output = story.timeout(Duration::from_secs(300)).run()?;
    ensure!(output.status.success(), "{output}");
    let told = format!("{}\n", output.text());
    for (heading, end) in [
        ("install", "hello: command not found\n0\n"),
        ("the tree beside", "Hello 2.0\n0\n"),
        ("turn on", "session optional pam_gobo.so\nHello 1.0\n4\n"),
        ("a session that lasts", "Hello 1.0\n"),
        ("upgrade under it", "Hello 1.0\nlibrary 1.0\nit ended with 7\n1\nHello 1.0\n4\n"),
        ("turn off", "hello: command not found\n0\n"),
        ("purge", "all is as it was\n"),
    ] {
        assert!(part(&told, heading).ends_with(end), "{heading}: {output}");
    }
    let shown: String = told.lines().map(|line| format!("    {line}\n")).collect();
    assert!(
        include_str!("../../../docs/install.md").contains(&shown),
        "docs/install.md should have:\n{shown}"
    );
    Ok(())
}

#[test]
fn two_packages_of_one_source_are_the_same_bytes() -> Result<()> {
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    let packages = [package("0.1.0", folders[0].path())?, package("0.1.0", folders[1].path())?];
    assert!(std::fs::read(&packages[0])? == std::fs::read(&packages[1])?);
    Ok(())
}
