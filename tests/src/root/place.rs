//! Where a file of a Debian package goes in a GoboLinux program's folder.

use std::path::{Component, Path, PathBuf};

/// A place in a program's folder: one of its areas, and the path in it (empty for the area itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `bin`, `lib`, `Resources/Defaults/Settings` ...
    pub area: &'static str,
    /// The path below it.
    pub rest: String,
}

impl Place {
    /// The path in the program's folder.
    pub fn path(&self) -> PathBuf {
        Path::new(self.area).join(&self.rest)
    }

    /// The path by which other programs reach it.
    pub fn global(&self) -> PathBuf {
        let folder = match self.area {
            "bin" | "sbin" => "/System/Index/bin",
            "lib" => "/System/Index/lib",
            "libexec" => "/System/Index/libexec",
            "include" => "/System/Index/include",
            "share" => "/System/Index/share",
            SETTINGS => "/System/Settings",
            VARIABLE => "/Data/Variable",
            _ => "/System/Kernel/Boot",
        };
        if self.rest.is_empty() { folder.into() } else { Path::new(folder).join(&self.rest) }
    }

    /// Whether both have the same name in the index, where sbin and bin are one.
    pub fn shares_name(&self, other: &Self) -> bool {
        let area = |place: &Self| if place.area == "sbin" { "bin" } else { place.area };
        area(self) == area(other) && self.rest == other.rest
    }
}

/// What a program brings to /System/Settings.
pub const SETTINGS: &str = "Resources/Defaults/Settings";
/// What a program brings to /Data/Variable.
pub const VARIABLE: &str = "Resources/Defaults/Variable";

/// Folders of packages that no program gets: documentation, translations, Debian's ways to start services.
const DROPPED: [&str; 18] = [
    "usr/share/doc",
    "usr/share/doc-base",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/menu",
    "usr/share/help",
    "usr/share/gtk-doc",
    "usr/share/bash-completion",
    "etc/alternatives",
    "etc/bash_completion.d",
    "etc/default",
    "etc/init",
    "etc/init.d",
    "etc/logrotate.d",
    // GoboLinux has its own.
    "etc/pam.d",
];

const TRIPLETS: [&str; 3] = ["x86_64-linux-gnu", "i386-linux-gnu", "i686-linux-gnu"];

/// Whether no program gets this file. The path is relative to the root.
pub fn dropped(path: &str) -> bool {
    path.starts_with("etc/cron.") || is_in(path, &DROPPED)
}

/// Whether this is a unit of systemd, or systemd itself: what uses it gets it, GoboLinux' other programs do not.
pub fn is_for_systemd(path: &str) -> bool {
    is_in(path, &["lib/systemd", "usr/lib/systemd"])
}

fn is_in(path: &str, folders: &[&str]) -> bool {
    let rests = folders.iter().filter_map(|folder| path.strip_prefix(folder));
    rests.into_iter().any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a file goes; nothing for folders above the areas and for what GoboLinux has no place for.
pub fn place(path: &str) -> Option<Place> {
    let (usr, inner) = path.strip_prefix("usr/").map_or((false, path), |inner| (true, inner));
    let (first, rest) = inner.split_once('/')?;
    let (area, rest) = match (first, usr) {
        ("bin", _) | ("games", true) => ("bin", rest),
        ("sbin", _) => ("sbin", rest),
        ("lib" | "lib64" | "lib32" | "libx32", _) => ("lib", without_triplet(rest)),
        ("include", true) => ("include", without_triplet(rest)),
        ("libexec", true) => ("libexec", rest),
        ("share", true) => ("share", rest),
        ("etc", false) => (SETTINGS, rest),
        ("var", false) => (VARIABLE, rest),
        ("boot", false) => ("Resources/Boot", rest),
        _ => return None,
    };
    Some(Place { area, rest: rest.to_owned() })
}

fn without_triplet(path: &str) -> &str {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if TRIPLETS.contains(&first) { rest } else { path }
}

/// Takes `.` and `..` out of a path without looking at the disk; `..` of the root is the root.
pub fn normalise(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

/// The path that leads from one place of a tree to another, as a link's text: both are paths from the tree's root.
pub fn relative(link: &Path, target: &Path) -> PathBuf {
    let folder: Vec<_> = link.parent().unwrap_or(Path::new("")).components().collect();
    let target: Vec<_> = target.components().collect();
    let common = folder.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let up = (common..folder.len()).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(target[common..].iter().copied()).collect();
    if path.as_os_str().is_empty() { ".".into() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (debian, gobo) in [
            ("bin/bash", "bin/bash"),
            ("usr/games/fortune", "bin/fortune"),
            ("usr/sbin/sshd", "sbin/sshd"),
            ("lib/x86_64-linux-gnu/security/pam_unix.so", "lib/security/pam_unix.so"),
            ("usr/lib/i386-linux-gnu/libz.so.1", "lib/libz.so.1"),
            ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-x86-64.so.2"),
            ("usr/lib/x86_64-linux-gnu", "lib/"),
            ("usr/lib/python3.11/os.py", "lib/python3.11/os.py"),
            ("usr/include/x86_64-linux-gnu/sys/cdefs.h", "include/sys/cdefs.h"),
            ("usr/libexec/sudo/sudo_noexec.so", "libexec/sudo/sudo_noexec.so"),
            ("etc/ssh/ssh_config", "Resources/Defaults/Settings/ssh/ssh_config"),
            ("var/lib/sudo", "Resources/Defaults/Variable/lib/sudo"),
        ] {
            assert_eq!(place(debian).unwrap().path(), Path::new(gobo), "{debian}");
        }
        for path in ["usr", "usr/lib", "bin", "usr/etc/x", "opt/x", "usr/var/x"] {
            assert_eq!(place(path), None, "{path}");
        }
        assert_eq!(place("usr/sbin/x").unwrap().global(), Path::new("/System/Index/bin/x"));
        assert!(place("usr/sbin/x").unwrap().shares_name(&place("bin/x").unwrap()));
    }

    #[test]
    fn documentation_is_dropped() {
        assert!(dropped("usr/share/doc") && dropped("usr/share/doc/bash/README") && dropped("etc/cron.d/x"));
        assert!(!dropped("usr/share/documents") && !dropped("etc/init.conf") && !dropped("etc/crontab"));
    }

    #[test]
    fn link_texts() {
        let text =
            |link: &str, target: &str| relative(Path::new(link), Path::new(target)).display().to_string();
        assert_eq!(text("bin/sh", "bin/bash"), "bash");
        assert_eq!(text("lib/a/b.so", "lib/c.so"), "../c.so");
        assert_eq!(text("sbin/x", "bin/x"), "../bin/x");
        assert_eq!(text("lib/here", "lib"), ".");
        assert_eq!(normalise(Path::new("/usr/lib/../bin/./x")), Path::new("/usr/bin/x"));
        assert_eq!(normalise(Path::new("/../../x")), Path::new("/x"));
    }
}
