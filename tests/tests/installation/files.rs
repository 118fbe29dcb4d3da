//! Which files there are, and what becomes of those that somebody has changed.

use super::System;
use anyhow::Result;
use std::collections::BTreeSet;
use std::fs;

const MANIFEST: &str = "/usr/share/gobo-session/manifest";
const POLICY: &str = "/etc/gobo-session/session.toml";

fn debian() -> Result<System> {
    System::new("/usr", "/usr/lib/security", "/etc")
}

#[test]
fn the_manifest_lists_exactly_what_is_there() -> Result<()> {
    let system = debian()?;
    assert_eq!(system.xtask("install")?, "");
    let there = system.list()?;
    let manifest = system.read(MANIFEST)?;
    let listed: BTreeSet<String> = manifest
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            let slash = if parts[0] == "folder" { "/" } else { "" };
            format!("{}{slash}", parts[2])
        })
        .collect();
    assert_eq!(there.keys().cloned().collect::<BTreeSet<_>>(), listed);
    for (path, is) in [
        ("/usr/bin/gobo-session", "755"),
        ("/usr/bin/Runner", "gobo-session"),
        ("/usr/lib/security/pam_gobo.so", "644"),
        ("/usr/lib/tmpfiles.d/gobo-session.conf", "644"),
        ("/usr/share/bash-completion/completions/gobo-session", "644"),
        ("/usr/share/man/man1/gobo-session.1", "644"),
        ("/usr/share/man/man1/gobo-session-runner.1", "644"),
        ("/usr/share/man/man1/gobo-session-profile-select.1", "644"),
        ("/usr/share/man/man5/gobo-session.toml.5", "644"),
        ("/usr/share/man/man7/gobo-session.7", "644"),
        ("/usr/share/man/man8/pam_gobo.8", "644"),
        ("/usr/share/doc/gobo-session/docs/runner.md", "644"),
        ("/usr/share/doc/gobo-session/config/pam.d/sshd", "644"),
        (POLICY, "644"),
        ("/etc/gobo-session/profiles.d/gtk2.toml", "644"),
        ("/etc/gobo-session/", "755"),
    ] {
        assert_eq!(there.get(path).map(String::as_str), Some(is), "{path}");
    }
    Ok(())
}

#[test]
fn what_was_installed_is_removed_and_nothing_else() -> Result<()> {
    let system = debian()?;
    fs::create_dir_all(system.path("/usr/bin"))?;
    fs::write(system.path("/usr/bin/other"), "other")?;
    let before = system.list()?;
    system.xtask("install")?;
    system.xtask("uninstall")?;
    assert_eq!(system.list()?, before);
    assert!(system.xtask("uninstall").is_err_and(|error| error.to_string().contains("nothing is installed")));
    // What somebody has put there stays, and its folder with it.
    system.xtask("install")?;
    fs::write(system.path("/etc/gobo-session/profiles.d/own.toml"), "programs = []\n")?;
    system.xtask("uninstall")?;
    let left: Vec<String> = system.list()?.into_keys().filter(|path| !before.contains_key(path)).collect();
    let own = [
        "/etc/",
        "/etc/gobo-session/",
        "/etc/gobo-session/profiles.d/",
        "/etc/gobo-session/profiles.d/own.toml",
    ];
    assert_eq!(left, own);
    Ok(())
}

#[test]
fn a_changed_configuration_file_stays_and_the_new_one_lies_beside_it() -> Result<()> {
    let system = debian()?;
    system.xtask("install")?;
    let shipped = system.read(POLICY)?;
    fs::write(system.path(POLICY), "on-failure = \"deny\"\n")?;
    let said = system.xtask("install")?;
    assert_eq!(said, format!("{POLICY} was changed and stays; what is new is {POLICY}.new\n"));
    assert_eq!(system.read(POLICY)?, "on-failure = \"deny\"\n");
    assert_eq!(system.read(&format!("{POLICY}.new"))?, shipped);
    // Changed back, it is as if nothing had been.
    fs::write(system.path(POLICY), &shipped)?;
    assert_eq!(system.xtask("install")?, "");
    assert!(!system.path(&format!("{POLICY}.new")).exists());
    fs::write(system.path(POLICY), "on-failure = \"deny\"\n")?;
    let said = system.xtask("uninstall")?;
    assert_eq!(said, format!("{POLICY} was changed and stays\n"));
    assert_eq!(system.read(POLICY)?, "on-failure = \"deny\"\n");
    Ok(())
}

#[test]
fn a_file_of_an_older_version_is_replaced_where_nobody_has_changed_it() -> Result<()> {
    let system = debian()?;
    system.xtask("install")?;
    let shipped = system.read(POLICY)?;
    // An older version shipped another policy, and a document that is no more.
    let old = "# older\n";
    fs::write(system.path(POLICY), old)?;
    let line = |path: &str, digest: &str, kind: &str| format!("{kind}\t{digest}\t{path}\n");
    let document = "/usr/share/doc/gobo-session/docs/older.md";
    fs::write(system.path(document), "older")?;
    let manifest = system.read(MANIFEST)?;
    let kept: String =
        manifest.lines().filter(|it| !it.ends_with(POLICY)).map(|it| format!("{it}\n")).collect();
    let sum = std::process::Command::new("sha256sum").arg(system.path(POLICY)).output()?;
    let sum = String::from_utf8(sum.stdout)?;
    let digest = sum.split(' ').next().unwrap_or_default();
    let manifest = kept + &line(POLICY, digest, "settings") + &line(document, digest, "file");
    fs::write(system.path(MANIFEST), manifest)?;
    assert_eq!(system.xtask("install")?, "");
    assert_eq!(system.read(POLICY)?, shipped);
    assert!(!system.path(document).exists());
    Ok(())
}

#[test]
fn a_file_in_use_is_replaced_and_not_written_into() -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let system = debian()?;
    system.xtask("install")?;
    let module = system.path("/usr/lib/security/pam_gobo.so");
    let open = fs::File::open(&module)?;
    system.xtask("install")?;
    assert_ne!(open.metadata()?.ino(), fs::metadata(&module)?.ino());
    assert_eq!(open.metadata()?.nlink(), 0);
    Ok(())
}
