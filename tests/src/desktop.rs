//! A lab machine whose users have desktops of their own: who gets which GTK+, for tests and for pictures.

use crate::chamber::{Process, Ssh};
use crate::lab::Lab;
use crate::screen::Screen;
use anyhow::Result;
use std::path::Path;

/// Ann has GTK+ 2; Bob an older GTK+ 3, by ssh a newer one; Dora a 32-bit GTK+ 2. Carl sees the index as it is.
const POLICY: &str = r#"
[[rule]]
user = ["ann"]
profile = "gtk2"

[[rule]]
user = ["bob"]
service = ["sshd"]
profile = "gtk3-newer"

[[rule]]
user = ["bob"]
profile = "gtk3-older"

[[rule]]
user = ["dora"]
profile = "i686"
"#;

/// The profiles. `-r0` is the build without a revision, the one for the base's own libraries.
const PROFILES: [(&str, &str); 4] = [
    (
        "gtk2",
        r#"
description = "GTK+ 2 and what runs on it"
programs = ["GTK+ = 2.24.33-r0", "GTK-Engines", "LXAppearance"]
[environment]
GTK2_RC_FILES = "/System/Index/share/themes/Clearlooks/gtk-2.0/gtkrc"
"#,
    ),
    (
        "gtk3-older",
        r#"
description = "GTK+ 3 as it was"
programs = ["GTK+ = 3.24.24"]
"#,
    ),
    (
        "gtk3-newer",
        r#"
description = "GTK+ 3 to come"
programs = ["GTK+ >= 3.24.49", "Util-Linux >= 2.40"]
"#,
    ),
    (
        "i686",
        r#"
description = "A 32-bit desktop"
programs = ["GTK+ = 2.24.33", "GTK-Engines", "Bash", "CoreUtils", "Python"]
arch = "i686"
personality = true
[environment]
GTK2_RC_FILES = "/System/Index/share/themes/Clearlooks/gtk-2.0/gtkrc"
"#,
    ),
];

/// The program `gtk-window`, which says and shows with which GTK+ it runs.
const GTK_WINDOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/programs/gtk-window");

/// The machine. Its root is the full one, and large: the chamber has an overlay of it, no copy.
///
/// # Errors
/// As [`Lab::new`].
pub fn lab(root: &Path) -> Result<Lab> {
    Lab::with(root, POLICY, &PROFILES, |builder| {
        builder.overlay_root().program(GTK_WINDOW, "GTK-Window", "1.0")
    })
}

/// The way into a session.
#[derive(Debug, Clone, Copy)]
pub enum Door {
    /// `su -`
    Su,
    /// `ssh`
    Ssh,
}

/// Logs a user in and starts a program on a screen.
///
/// # Errors
/// Where the door does not start.
pub fn start(
    lab: &Lab,
    ssh: &Ssh<'_>,
    screen: &Screen,
    (user, door): (&str, Door),
    command: &str,
) -> Result<Process> {
    let script = format!("export DISPLAY={}; {command}", screen.display());
    match door {
        Door::Su => lab.chamber.spawn(["su", "-", user, "-c", &script]),
        Door::Ssh => ssh.command(user, &script).spawn(),
    }
}
