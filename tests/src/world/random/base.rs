//! The base index of a random world: programs linked and disabled, leftovers, links of nobody, real files.

use fastrand::Rng;

use super::{Made, happens, one};
use crate::oracle::index::{Entry, Index};
use crate::oracle::words::major;
use crate::world::World;

/// Names where a link of a version may stand that no SymlinkProgram would make today.
const ODD_NAMES: [&str; 21] = [
    "bin/foo",
    "bin/older",
    "lib/libfoo.so",
    "lib/libfoo.so.2",
    "lib/libc.so.6",
    "lib/libbar.la",
    "lib/libnss_x.so.2",
    "lib/pkgconfig/foo.pc",
    "lib/cmake",
    "lib/security",
    "lib/gconv",
    "lib/sudo/a",
    "lib/glibc-hwcaps/x86-64-v2/libfoo.so.1",
    "lib/x86_64/libfoo.so",
    "include/foo.h",
    "include/sys/a",
    "libexec/sudo",
    "libexec/tools",
    "share/themes/Default",
    "share/icons",
    "share/list",
];

/// Links without an owner.
const LINKS_OF_NOBODY: [(&str, &str); 16] = [
    ("lib/x86_64-linux-gnu", "."),
    ("lib/i386-linux-gnu", "."),
    ("include/sys", "."),
    ("lib/x86_64", "."),
    ("share/alias", "themes"),
    ("share/icons", "themes/Default"),
    ("lib/plugins", "../share"),
    ("bin/tool", "/opt/bin/tool"),
    ("bin/more", "/opt/bin"),
    ("share/themes", "../../../opt/share/themes"),
    ("share/themes", "/opt/share/themes"),
    ("bin/run", "foo"),
    ("lib/libbar.so.3", "/System/Index/lib/libfoo.so.1"),
    ("libexec/helper", "/no/such/thing"),
    ("share/data", "data"),
    ("share/foo", "/Programs/Unknown/1.0/share/foo"),
];

const REAL_FILES: [&str; 5] =
    ["bin/daemon", "lib/libfoo.so.1", "lib/plugins/index", "share/themes/index", "share/list"];

const REAL_DIRECTORIES: [&str; 6] =
    ["bin/sub", "lib/plugins", "lib/pkgconfig", "share/icons/Default", "libexec/tools/sub", "share/foo"];

/// Makes the `Current` links and the index.
pub(super) fn make(rng: &mut Rng, world: &World, made: &[Made]) {
    let mut to_link = what_to_link(rng, world, made);
    rng.shuffle(&mut to_link);
    for version in to_link {
        if happens(rng, 25) {
            world.symlink_program_relative(version.program, version.version);
        } else {
            world.symlink_program(version.program, version.version);
        }
    }
    world.other_file("opt/bin/tool").other_file("opt/share/themes/Default/a");
    let mut base = Base { world, index: read(world) };
    base.remove_some(rng);
    base.add_odd_links(rng, made);
    base.add_links_of_nobody(rng);
    base.add_real_things(rng);
}

/// Most programs have a current version, and most current versions are linked; so are some that are not current: another
/// major, or an older one of the same.
fn what_to_link<'m>(rng: &mut Rng, world: &World, made: &'m [Made]) -> Vec<&'m Made> {
    let mut to_link: Vec<&Made> = Vec::new();
    let mut programs: Vec<&str> = made.iter().map(|made| made.program).collect();
    programs.dedup();
    for program in programs {
        let mut versions: Vec<&Made> = made.iter().filter(|made| made.program == program).collect();
        rng.shuffle(&mut versions);
        if happens(rng, 80) {
            world.program(program, versions[0].version).current();
        }
        if happens(rng, 80) {
            to_link.push(versions[0]);
        }
        for other in &versions[1..] {
            let is_other_major = major(other.version) != major(versions[0].version);
            if happens(rng, if is_other_major { 35 } else { 15 }) {
                to_link.push(other);
            }
        }
    }
    to_link
}

/// The base while it is made, with what is really in it.
struct Base<'w> {
    world: &'w World,
    index: Index,
}

impl Base<'_> {
    /// A program may be linked in part.
    fn remove_some(&mut self, rng: &mut Rng) {
        for (name, entry) in self.index.iter() {
            if matches!(entry, Entry::Link(_)) && happens(rng, 8) {
                self.world.index_remove(name);
            }
        }
        self.index = read(self.world);
    }

    /// Links of versions at other names, through `Current`, by long ways, to what is gone.
    fn add_odd_links(&mut self, rng: &mut Rng, made: &[Made]) {
        for _ in 0..rng.usize(0..8) {
            let Made { program, version } = &made[rng.usize(..made.len())];
            let name = one(rng, &ODD_NAMES);
            let up = "../".repeat(name.matches('/').count() + 2);
            let folder = match rng.u8(..100) {
                0..60 => format!("/Programs/{program}/{version}"),
                60..75 => format!("/Programs/{program}/Current"),
                75..90 => format!("{up}Programs/./{program}/{version}"),
                _ => format!("/Programs/{program}/7.7-gone"),
            };
            let inside = match rng.u8(..100) {
                0..60 => name,
                60..80 => one(rng, &["share/themes", "lib/plugins", "include/sys", "share/icons"]),
                _ => "lib/not-there",
            };
            self.add_link(rng, name, &format!("{folder}/{inside}"));
        }
    }

    fn add_links_of_nobody(&mut self, rng: &mut Rng) {
        for (name, text) in LINKS_OF_NOBODY {
            if happens(rng, if text == "." { 25 } else { 12 }) {
                self.add_link(rng, name, text);
            }
        }
    }

    fn add_real_things(&mut self, rng: &mut Rng) {
        for name in REAL_FILES {
            if happens(rng, 12) && self.is_free(name) {
                self.world.index_file(name);
                self.note(name, Entry::File);
            }
        }
        for name in REAL_DIRECTORIES {
            if happens(rng, 12) && self.is_free(name) {
                self.world.index_dir(name);
                self.note(name, Entry::Directory);
            }
        }
    }

    fn add_link(&mut self, rng: &mut Rng, name: &str, text: &str) {
        let replaces = matches!(self.index.get(name), Some(Entry::Link(_))) && happens(rng, 50);
        if replaces || self.is_free(name) {
            self.world.index_link(name, text);
            self.note(name, Entry::Link(text.to_owned()));
        }
    }

    /// Notes what was put at a name, and the directories above it.
    fn note(&mut self, name: &str, entry: Entry) {
        for (end, _) in name.match_indices('/') {
            self.index.put(&name[..end], Entry::Directory);
        }
        self.index.put(name, entry);
    }

    /// Whether a name can be made: nothing is there, and above it are only real directories, or nothing.
    fn is_free(&self, name: &str) -> bool {
        let mut above = name.match_indices('/').map(|(end, _)| &name[..end]);
        self.index.get(name).is_none()
            && above.all(|name| self.index.get(name).is_none_or(|it| *it == Entry::Directory))
    }
}

fn read(world: &World) -> Index {
    Index::read(&world.root().join("System/Index")).expect("the base can be read")
}
