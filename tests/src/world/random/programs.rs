//! The programs of a random world, and what is in their versions.

use fastrand::Rng;

use super::{Made, happens, one};
use crate::world::{Program, World};

/// Programs and the versions that each may have.
const PROGRAMS: [(&str, &[&str]); 7] = [
    ("Glibc", &["2.36", "2.38", "2.41", "2.36-i686", "2.41-i686"]),
    ("GTK+", &["2.24.33", "2.24.33-i686", "3.24.38", "3.24.49"]),
    ("Foo", &["1.0", "1.1", "2.0", "1.1-i686", "2.0-i686"]),
    ("Bar", &["1.0", "1.0-r2", "r1.5", "2.0"]),
    ("Baz", &["trunk", "1.0", "1.9", "stable"]),
    ("Qux", &["0.9", "0.10", "0.9-i686", "10"]),
    ("LibSigc++", &["5.1", "5.2", "5.2-i686"]),
];

/// The files and the directories that a folder may hold.
type Names = (&'static [&'static str], &'static [&'static str]);

/// The sources, and what may be directly in each.
const SOURCES: [(&str, Names); 8] = [
    ("bin", (&["foo", "bar", "tool", "run"], &["sub", "more"])),
    ("sbin", (&["foo", "tool", "daemon"], &["sub"])),
    ("Resources/Wrappers", (&["foo", "run"], &["sub"])),
    ("lib", (&LIBRARIES, &LIBRARY_DIRECTORIES)),
    ("lib64", (&["libfoo.so", "libfoo.so.1", "libbar.so.3"], &["pkgconfig", "plugins", "security"])),
    ("include", (&["foo.h", "bar.h", "zap.h"], &["sys", "foo"])),
    ("libexec", (&["helper", "foo"], &["sudo", "tools"])),
    ("share", (&["data", "list", "foo"], &["themes", "icons", "alias"])),
];

const LIBRARIES: [&str; 9] = [
    "libfoo.so",
    "libfoo.so.1",
    "libfoo.so.2",
    "libbar.a",
    "libbar.la",
    "libnss_x.so.2",
    "plug.so",
    "libc.so.6",
    "foo.o",
];

const LIBRARY_DIRECTORIES: [&str; 9] =
    ["pkgconfig", "cmake", "security", "gconv", "gtk-2.0", "sudo", "plugins", "glibc-hwcaps", "x86_64"];

/// Names below the first level.
const DEEPER: Names =
    (&["a", "b", "c", "libfoo.so.1", "foo.pc", "index"], &["Default", "x86-64-v2", "sub", "gtk"]);

/// Makes the programs and their versions.
pub(super) fn make(rng: &mut Rng, world: &World) -> Vec<Made> {
    let mut programs = PROGRAMS;
    rng.shuffle(&mut programs);
    let mut made = Vec::new();
    for (program, versions) in &programs[..rng.usize(3..=7)] {
        let mut versions = versions.to_vec();
        rng.shuffle(&mut versions);
        versions.truncate(rng.usize(1..=4));
        for version in versions {
            make_version(rng, world.program(program, version), program, version);
            made.push(Made { program, version });
        }
    }
    made
}

fn make_version(rng: &mut Rng, mut told: Program<'_>, program: &str, version: &str) {
    told = match rng.u8(..100) {
        _ if version.ends_with("i686") => told.architecture(one(rng, &["i686", "i586", "i386"])),
        _ if program == "Glibc" => told.architecture("x86_64"),
        0..65 => told.architecture("x86_64"),
        65..80 => told,
        80..90 => told.architecture("noarch"),
        _ => told.architecture("i686"),
    };
    if happens(rng, 3) {
        return; // A version without names.
    }
    for (source, names) in SOURCES {
        if happens(rng, 65) {
            told = fill(rng, told, source, names, 1);
        }
    }
}

/// Fills a folder, whose names are `depth` levels below an index directory.
fn fill<'w>(rng: &mut Rng, told: Program<'w>, folder: &str, names: Names, depth: usize) -> Program<'w> {
    let mut told = told.dir(folder);
    let mut taken: Vec<&str> = Vec::new();
    for _ in 0..rng.usize(0..=if depth == 1 { 4 } else { 3 }) {
        let kind = rng.u8(..100);
        // Mostly a directory has a directory's name; that a file clashes with a directory is rare in life and wanted here.
        let is_directory = (50..78).contains(&kind);
        let from = if is_directory != happens(rng, 8) { names.1 } else { names.0 };
        let name = one(rng, from);
        if taken.contains(&name) {
            continue;
        }
        taken.push(name);
        let path = format!("{folder}/{name}");
        told = match kind {
            0..50 => told.file(&path),
            50..78 if depth < 3 => fill(rng, told, &path, DEEPER, depth + 1),
            50..78 => told.dir(&path),
            78..98 => {
                let text = link_text(rng, names, name, depth);
                told.link(&path, &text)
            }
            _ => told.fifo(&path),
        };
    }
    told
}

/// Links to siblings, to the folder itself, up, into other programs, through `Current`, through the index, to nowhere.
fn link_text(rng: &mut Rng, (files, directories): Names, name: &str, depth: usize) -> String {
    let (program, versions) = PROGRAMS[rng.usize(..PROGRAMS.len())];
    let version = if happens(rng, 30) { "Current" } else { one(rng, versions) };
    let (source, first) = SOURCES[rng.usize(..SOURCES.len())];
    let first = if happens(rng, 60) { one(rng, first.1) } else { one(rng, first.0) };
    let directory = if source == "Resources/Wrappers" || source == "sbin" { "bin" } else { source };
    match rng.u8(..100) {
        0..22 => one(rng, files).to_owned(),
        22..34 => one(rng, directories).to_owned(),
        34..38 => ".".to_owned(),
        38..44 if depth >= 2 => "..".to_owned(),
        44..50 if depth >= 2 => format!("../{}", one(rng, directories)),
        50..54 => name.to_owned(),
        54..72 => format!("/Programs/{program}/{version}/{source}/{first}"),
        72..76 => format!("/Programs/{program}/{version}/{source}"),
        76..82 => format!("{}{program}/{version}/{source}/{first}", "../".repeat(depth + 2)),
        82..92 => format!("/System/Index/{directory}/{first}"),
        92..95 => format!("/System/Index/{directory}/{first}/{}", one(rng, DEEPER.0)),
        _ => "nowhere/at-all".to_owned(),
    }
}
