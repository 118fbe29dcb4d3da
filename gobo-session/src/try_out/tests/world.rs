//! A small tree with a shell, a set-user-ID program and an sftp-server, and what can be done to it.

use crate::arch::Arch;
use crate::layer::{Layer, Node, Nodes};
use crate::plan::{Choice, Plan, Source};
use crate::tree::{Layout, Tree};
use crate::trusted::Trust;
use crate::try_out::elf::Target;
use crate::try_out::forge::{Forge, I686};
use crate::version::Version;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

pub(in crate::try_out) struct World(tempfile::TempDir);

impl World {
    /// An empty tree.
    pub(in crate::try_out) fn empty() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for folder in ["Programs", "System/Index/bin", "System/Index/lib", "System/Index/libexec", "etc"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        for (name, text) in
            [("bin", "System/Index/bin"), ("lib", "System/Index/lib"), ("lib64", "System/Index/lib")]
        {
            world.link(name, text);
        }
        world
    }

    /// A tree whose programs work, for 64-bit x86.
    pub(in crate::try_out) fn new() -> Self {
        let world = Self::empty();
        world.glibc("2.36", Target::X86_64);
        world.index("lib", "Glibc/2.36/lib", &["libc.so.6", "ld-linux-x86-64.so.2"]);
        world.install("Ncurses/6.4/lib/libtinfo.so.6", &library(Target::X86_64, "libtinfo.so.6"), 0o644);
        world.install("LibXCrypt/4.4.33/lib/libcrypt.so.1", &library(Target::X86_64, "libcrypt.so.1"), 0o644);
        let bash =
            Forge::program(Target::X86_64).needs("libtinfo.so.6", &[]).needs("libc.so.6", &["GLIBC_2.34"]);
        world.install("Bash/5.2.15/bin/bash", &bash, 0o755);
        let su =
            Forge::program(Target::X86_64).needs("libcrypt.so.1", &[]).needs("libc.so.6", &["GLIBC_2.34"]);
        world.install("Util-Linux/2.38.1/bin/su", &su, 0o4755);
        let sftp_server = Forge::program(Target::X86_64).needs("libc.so.6", &["GLIBC_2.34"]);
        world.install("OpenSSH/9.2/libexec/sftp-server", &sftp_server, 0o755);
        world.index("lib", "Ncurses/6.4/lib", &["libtinfo.so.6"]);
        world.index("lib", "LibXCrypt/4.4.33/lib", &["libcrypt.so.1"]);
        world.index("bin", "Bash/5.2.15/bin", &["bash"]);
        world.index("bin", "Util-Linux/2.38.1/bin", &["su"]);
        world.index("libexec", "OpenSSH/9.2/libexec", &["sftp-server"]);
        world.write("etc/shells", b"# login shells\n/bin/bash\n", 0o644);
        world
    }

    pub(in crate::try_out) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(in crate::try_out) fn write(&self, path: &str, bytes: &[u8], mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(in crate::try_out) fn link(&self, path: &str, text: &str) {
        let path = self.path(path);
        let _ = fs::remove_file(&path);
        symlink(text, path).unwrap();
    }

    /// Puts a file below /Programs.
    pub(in crate::try_out) fn install(&self, path: &str, file: &Forge, mode: u32) {
        self.write(&format!("Programs/{path}"), &file.bytes(), mode);
    }

    /// Links names of a version's folder into the base index.
    pub(in crate::try_out) fn index(&self, area: &str, folder: &str, names: &[&str]) {
        for name in names {
            self.link(&format!("System/Index/{area}/{name}"), &format!("/Programs/{folder}/{name}"));
        }
    }

    /// Installs a Glibc that defines the versions up to its own.
    pub(in crate::try_out) fn glibc(&self, version: &str, target: Target) {
        let folder = if target.is_64 { format!("Glibc/{version}") } else { format!("Glibc/{version}-i686") };
        let loader = if target.is_64 { "ld-linux-x86-64.so.2" } else { "ld-linux.so.2" };
        let arch: &[u8] = if target.is_64 { b"x86_64\n" } else { b"i686\n" };
        let all = ["2.34", "2.35", "2.36", "2.38", "2.41"];
        let names = all.iter().filter(|v| **v <= version).map(|v| format!("GLIBC_{v}")).collect::<Vec<_>>();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let libc = Forge::library(target, "libc.so.6").needs(loader, &[]).defines(&names);
        self.install(&format!("{folder}/lib/libc.so.6"), &libc, 0o755);
        self.install(&format!("{folder}/lib/{loader}"), &Forge::library(target, loader), 0o755);
        self.write(&format!("Programs/{folder}/Resources/Architecture"), arch, 0o644);
    }

    pub(in crate::try_out) fn tree(&self) -> Tree {
        Tree::open(self.0.path(), None, Layout::default(), Trust::Anyone).unwrap()
    }
}

/// A library that needs the base's libc.
pub(in crate::try_out) fn library(target: Target, soname: &str) -> Forge {
    Forge::library(target, soname).needs("libc.so.6", &["GLIBC_2.34"])
}

/// A layer with these links; the path begins with the area, an empty text is a whiteout.
pub(in crate::try_out) fn layer(links: &[(&str, &str)]) -> Layer {
    let mut layer = Layer::default();
    for (path, text) in links {
        let (area, path) = path.split_once('/').unwrap();
        let mut nodes = layer.areas.entry(area.to_owned()).or_default();
        let (folders, name) = path.rsplit_once('/').map_or((None, path), |(f, n)| (Some(f), n));
        for folder in folders.into_iter().flat_map(|f| f.split('/')) {
            let Node::Folder(inner) =
                nodes.entry(folder.into()).or_insert_with(|| Node::Folder(Nodes::new()))
            else {
                panic!("{folder} is no folder")
            };
            nodes = inner;
        }
        let node = if text.is_empty() { Node::Whiteout } else { Node::Link(text.as_bytes().to_vec()) };
        nodes.insert(name.into(), node);
    }
    layer
}

/// A plan with these versions.
pub(in crate::try_out) fn plan(chosen: &[(&str, &str, Arch)]) -> Plan {
    let choice = |(program, version, arch): &(&str, &str, Arch)| Choice {
        program: program.parse().unwrap(),
        version: (*version).to_owned(),
        major: Version::new(version).major(),
        arch: arch.clone(),
        linked: false,
        requirement: program.parse().unwrap(),
        stands_for: None,
        source: Source::Asked,
    };
    Plan { chosen: chosen.iter().map(choice).collect(), ..Plan::empty(Arch::X86_64) }
}

/// The i686 view: a shell and its libraries, all of whose names are 64-bit ones in the base.
pub(in crate::try_out) fn i686(world: &World) -> Vec<(String, String)> {
    world.glibc("2.36", I686);
    world.install("Ncurses/6.4-i686/lib/libtinfo.so.6", &library(I686, "libtinfo.so.6"), 0o644);
    let bash = Forge::program(I686).needs("libtinfo.so.6", &[]).needs("libc.so.6", &["GLIBC_2.34"]);
    world.install("Bash/5.2.15-i686/bin/bash", &bash, 0o755);
    let link = |name: &str, target: &str| (name.to_owned(), format!("/Programs/{target}"));
    vec![
        link("bin/bash", "Bash/5.2.15-i686/bin/bash"),
        link("lib/libc.so.6", "Glibc/2.36-i686/lib/libc.so.6"),
        link("lib/ld-linux.so.2", "Glibc/2.36-i686/lib/ld-linux.so.2"),
        link("lib/libtinfo.so.6", "Ncurses/6.4-i686/lib/libtinfo.so.6"),
    ]
}
