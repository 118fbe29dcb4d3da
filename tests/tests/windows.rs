//! Windows of real programs in real sessions: whichever GTK+ a session pins, programs of the other go on working.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::desktop::Door;
use gobo_tests::lab::Lab;
use gobo_tests::screen::Screen;
use gobo_tests::{desktop, requires_gobo_root};
use std::time::Duration;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program with a window.
#[derive(Debug)]
struct Case {
    user: &'static str,
    door: Door,
    command: &'static str,
    /// The title of its window; `None` for `gtk-window`, which says and shows its version itself.
    title: Option<&'static str>,
    /// The GTK+ that it should have.
    version: &'static str,
}

const fn own(user: &'static str, door: Door, command: &'static str, version: &'static str) -> Case {
    Case { user, door, command, title: None, version }
}

const fn titled(
    user: &'static str,
    door: Door,
    command: &'static str,
    title: &'static str,
    version: &'static str,
) -> Case {
    Case { user, door, command, title: Some(title), version }
}

const CASES: [Case; 12] = [
    // A session that pins GTK+ 2: its own programs, those of GTK+ 3 beside them.
    own("ann", Door::Su, "gtk-window 2", "2.24.33"),
    titled("ann", Door::Ssh, "lxappearance", "Customize Look and Feel", "2.24.33"),
    own("ann", Door::Ssh, "gtk-window 3", "3.24.38"),
    titled("ann", Door::Su, "gtk3-demo", "Application Class", "3.24.38"),
    // Sessions that pin GTK+ 3, and a program of GTK+ 2 in one of them.
    own("bob", Door::Su, "gtk-window 3", "3.24.24"),
    titled("bob", Door::Su, "gtk3-widget-factory", "gtk3-widget-factory", "3.24.24"),
    own("bob", Door::Su, "gobo-session run --with 'GTK+ = 2.24.33-r2' gtk-window 2", "2.24.33-r2"),
    own("bob", Door::Ssh, "gtk-window 3", "3.24.49"),
    // No view.
    own("carl", Door::Su, "gtk-window 3", "3.24.38"),
    // A 32-bit session: its own programs, and a 64-bit one of GTK+ 3 beside them.
    own("dora", Door::Su, "gtk-window 2", "2.24.33-i686"),
    titled("dora", Door::Ssh, "gtk-demo", "GTK+ Code Demos", "2.24.33-i686"),
    titled("dora", Door::Ssh, "gtk3-icon-browser", "Icon Browser", "3.24.38"),
];

impl Case {
    /// Whether the program says and shows what it should, with the GTK+ that it should have.
    fn check(&self, program: &mut Process, lab: &Lab, screen: &Screen) -> Result<()> {
        let folder = format!("/Programs/GTK+/{}", self.version);
        let window = match self.title {
            Some(title) => screen.wait_for(title)?,
            None => {
                let number = self.version.split('-').next().unwrap_or_default();
                let machine = if self.version.ends_with("-i686") { "i686" } else { "x86_64" };
                let headline = format!("GTK+ {number} for {machine}");
                let line = program.line(PATIENCE)?;
                ensure!(line == format!("{headline} from {folder}"), "it says {line:?}");
                screen.wait_for(&format!("{headline} - {}", self.user))?
            }
        };
        let loaded = window.loaded(&lab.chamber, "GTK+")?;
        ensure!(loaded == [folder], "it has loaded {loaded:?}");
        screen.wait_until_painted(&window)?;
        Ok(())
    }
}

#[test]
fn programs_of_both_gtk_work_whichever_a_session_pins() {
    let root = requires_gobo_root!(Full);
    let lab = desktop::lab(&root).unwrap();
    let ssh = lab.chamber.start_sshd(&["ann", "bob", "dora"]).unwrap();
    let screen = Screen::start(&lab.chamber, 1280, 960).unwrap();
    let mark = lab.chamber.log_mark().unwrap();
    // All are there at the same time, each in a session of its own.
    let start = |case: &'static Case| {
        let Case { user, door, command, .. } = case;
        desktop::start(&lab, &ssh, &screen, (user, *door), command).map(|program| (case, program))
    };
    let started = CASES.iter().map(start);
    let mut running: Vec<(&Case, Process)> = started.collect::<Result<_>>().unwrap();
    let mut wrong = Vec::new();
    for (case, program) in &mut running {
        if let Err(error) = case.check(program, &lab, &screen).with_context(|| format!("{case:?}")) {
            let (output, errors) = program.take_output();
            let written = String::from_utf8_lossy(&[output, errors].concat()).into_owned();
            wrong.push(format!("{error:#}\n{written}"));
        }
    }
    let said = lab.said(mark).unwrap();
    assert!(wrong.is_empty(), "{}\nthe module said:\n{}", wrong.join("\n"), said.join("\n"));
}
