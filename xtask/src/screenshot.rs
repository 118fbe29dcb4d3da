//! `cargo xtask demo --screenshot FOLDER`: windows of sessions side by side, as PNG files.
//!
//! Every window belongs to a session of its own, opened by a real login; the screen is an X server's memory. The pictures
//! in `docs/pictures` were made by this.

use crate::demo::{prepare, report};
use anyhow::{Context as _, Result};
use gobo_tests::chamber::{self, Ssh, State};
use gobo_tests::desktop::{self, Door};
use gobo_tests::lab::Lab;
use gobo_tests::root::Variant;
use gobo_tests::screen::Screen;
use std::fs;
use std::path::Path;

/// A screen with windows.
struct Scene {
    file: &'static str,
    size: (u16, u16),
    windows: &'static [Shown],
}

/// A window on it: who starts what, and where it lies.
struct Shown {
    session: (&'static str, Door),
    command: &'static str,
    title: &'static str,
    at: (i16, i16),
}

const fn shown(
    session: (&'static str, Door),
    command: &'static str,
    title: &'static str,
    at: (i16, i16),
) -> Shown {
    Shown { session, command, title, at }
}

/// Where windows lie on a screen for two.
const LEFT: (i16, i16) = (20, 20);
const RIGHT: (i16, i16) = (480, 20);
const PAIR: (u16, u16) = (926, 318);

const SCENES: [Scene; 4] = [
    Scene {
        file: "two-sessions.png",
        size: PAIR,
        windows: &[
            shown(("ann", Door::Su), "gtk-window 2", "GTK+ 2.24.33 for x86_64 - ann", LEFT),
            shown(("bob", Door::Ssh), "gtk-window 3", "GTK+ 3.24.49 for x86_64 - bob", RIGHT),
        ],
    },
    Scene {
        file: "two-architectures.png",
        size: PAIR,
        windows: &[
            shown(("ann", Door::Ssh), "gtk-window 2", "GTK+ 2.24.33 for x86_64 - ann", LEFT),
            shown(("dora", Door::Su), "gtk-window 2", "GTK+ 2.24.33 for i686 - dora", RIGHT),
        ],
    },
    Scene {
        file: "two-versions.png",
        size: PAIR,
        windows: &[
            shown(("bob", Door::Su), "gtk-window 3", "GTK+ 3.24.24 for x86_64 - bob", LEFT),
            shown(("bob", Door::Ssh), "gtk-window 3", "GTK+ 3.24.49 for x86_64 - bob", RIGHT),
        ],
    },
    Scene {
        file: "programs.png",
        size: (1296, 518),
        windows: &[
            shown(("ann", Door::Su), "lxappearance", "Customize Look and Feel", LEFT),
            shown(("dora", Door::Ssh), "gtk-demo", "GTK+ Code Demos", (670, 20)),
        ],
    },
];

/// Makes the pictures.
pub(crate) fn screenshots(folder: &Path) -> Result<()> {
    let root = prepare(Variant::Full)?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let machine = chamber::machine_state()?;
    let lab = desktop::lab(&root.path)?;
    let ssh = lab.chamber.start_sshd(&["ann", "bob", "dora"])?;
    for scene in &SCENES {
        let file = folder.join(scene.file);
        scene.paint(&lab, &ssh, &file).with_context(|| format!("cannot make {}", file.display()))?;
        println!("{}", file.display());
    }
    drop(ssh);
    drop(lab);
    report("this machine", &State::differences(&machine, &chamber::machine_state()?))
}

impl Scene {
    fn paint(&self, lab: &Lab, ssh: &Ssh<'_>, file: &Path) -> Result<()> {
        let screen = Screen::start(&lab.chamber, self.size.0, self.size.1)?;
        let start = |shown: &Shown| desktop::start(lab, ssh, &screen, shown.session, shown.command);
        let _programs = self.windows.iter().map(start).collect::<Result<Vec<_>>>()?;
        for Shown { title, at: (x, y), .. } in self.windows {
            let window = screen.wait_for(title)?;
            screen.place(&window, *x, *y)?;
            screen.wait_until_painted(&window)?;
        }
        screen.wait_until_still()?.save(file)
    }
}
