//! What maintainer scripts and triggers would make: the loader's cache, host keys, the caches of GTK+.
//!
//! The programs of the root make them, in a chroot in a mount and process namespace of its own: nothing of it is seen
//! outside, and it is gone when the last of its processes is.

use super::closure::Program;
use super::store::Store;
use super::tree::{self, Files};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs on the host, in a new mount namespace: $1 is the root, $2 the script for the shell in it. The mount points are
/// empty folders of the root, and the device nodes live on a tmpfs: the root itself is not written to.
const ENTER: &str = r#"
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t tmpfs -o mode=755 gobo-root System/Kernel/Devices
for node in null zero full random urandom tty; do
    : > System/Kernel/Devices/$node
    mount --bind /dev/$node System/Kernel/Devices/$node
done
mount -t proc proc System/Kernel/Status
exec chroot "$1" /System/Index/bin/env -i PATH=/System/Index/bin HOME=/Users/root LANG=C.UTF-8 \
    /System/Index/bin/bash -euc "$2"
"#;

/// Runs a shell script in the root; it has to succeed and to write nothing to stderr.
pub fn run_in(root: &Path, script: &str) -> Result<()> {
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--"])
        .args(["sh", "-c", ENTER, "enter"])
        .arg(root)
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .context("cannot run unshare")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && said.trim().is_empty(),
        "in the root {} the script\n{script}\nended with {} and said\n{}",
        root.display(),
        output.status,
        said.trim()
    );
    Ok(())
}

/// The caches that every root of GTK+ programs needs; each where its program is. Every version was linked once, when it was
/// installed, and has the compiled schemas of that time in its own folder.
const GTK: &str = r#"
loaders=/System/Index/lib/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders
[ ! -x $loaders ] || $loaders --update-cache
[ ! -d /System/Index/share/glib-2.0/schemas ] || glib-compile-schemas /System/Index/share/glib-2.0/schemas
for schemas in /Programs/*/[0-9]*/share/glib-2.0/schemas; do
    [ ! -d $schemas ] || [ -e $schemas/gschemas.compiled ] || glib-compile-schemas $schemas
done
[ ! -d /System/Index/share/mime/packages ] || update-mime-database /System/Index/share/mime
[ ! -x /System/Index/bin/fc-cache ] || fc-cache -s
"#;

/// Makes the caches and the host keys.
pub fn make(root: &Path, linked: &BTreeMap<&str, &Program>, store: &Store) -> Result<()> {
    // Links that are not named as the library inside are no news on GoboLinux.
    let mut script = "ldconfig -X 2>&1 | grep -v 'is not a symbolic link' >&2 || true\n".to_owned();
    let ssh = linked.get("OpenSSH");
    // Making RSA keys takes a second, so they are kept: they protect nothing.
    let keys = ssh.map(|program| store.path(&format!("host-keys--{}", program.version)));
    let made = keys.as_ref().is_some_and(|keys| keys.is_dir());
    if ssh.is_some() && !made {
        script += "ssh-keygen -A > /Data/Variable/tmp/keys.log 2>&1 || cat /Data/Variable/tmp/keys.log >&2\n";
        script += "rm /Data/Variable/tmp/keys.log\n";
    }
    if linked.contains_key("GTK+") {
        script += GTK;
    }
    run_in(root, &script)?;
    if let Some(keys) = keys {
        let settings = root.join("System/Settings/ssh");
        if made {
            tree::copy(&keys, &settings, Files::Copied)?;
        } else {
            let part = store.path("host-keys.part");
            tree::remove(&part)?;
            tree::make_folder(&part)?;
            for path in tree::entries(&settings)? {
                let name = path.file_name().unwrap_or_default();
                if name.to_string_lossy().starts_with("ssh_host_") {
                    tree::copy(&path, &part.join(name), Files::Copied)?;
                }
            }
            fs::rename(&part, &keys).with_context(|| format!("cannot rename {}", part.display()))?;
        }
    }
    Ok(())
}
