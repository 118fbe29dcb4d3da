//! Makes chambers.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Chamber;
use super::control::Control;
use super::places;
use super::plan::{Base, Plan, Program};
use super::root::Root;
use super::syslog::{self, Syslog};
use super::wire::{self, Request};

/// Says what a chamber is to be like; see [`Chamber::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    plan: Plan,
    syslog: Syslog,
    init: Option<PathBuf>,
}

impl Builder {
    pub(super) fn new(root: &Path) -> Builder {
        let base = if places::of(root).is_shared { Base::Shared } else { Base::Copied };
        let plan = Plan { root: root.to_owned(), base, ..Plan::default() };
        Builder { plan, syslog: Syslog::default(), init: None }
    }

    /// Adds the tree `tree` of the machine as /Programs/NAME/VERSION, owned by root, with links in the index
    /// as installing it would make them: what the program brings wins, and a link to a whole directory becomes
    /// a directory of links where two programs share it.
    ///
    /// The chamber has a root of its own then, as with [`writable_programs`](Builder::writable_programs) unless
    /// it is an overlay.
    pub fn program(mut self, tree: impl Into<PathBuf>, name: &str, version: &str) -> Builder {
        let program = Program { tree: tree.into(), name: name.to_owned(), version: version.to_owned() };
        self.plan.programs.push(program);
        if self.plan.base == Base::Shared {
            self.plan.base = Base::Copied;
        }
        self
    }

    /// Gives the chamber a copy of the whole root, on a tmpfs, in which everything may be changed: /Programs
    /// and the index too. That costs the memory, and a quarter of a second for a root of 100 MB.
    pub fn writable_programs(mut self) -> Builder {
        self.plan.base = Base::Copied;
        self
    }

    /// Makes the root an overlay, writable, as on a live system. An overlay over its directories is then the
    /// second in the stack.
    pub fn overlay_root(mut self) -> Builder {
        self.plan.base = Base::Overlaid;
        self
    }

    /// Leaves all mounts private, as on a machine without systemd. Otherwise `/` is shared.
    pub fn private_root(mut self) -> Builder {
        self.plan.private = true;
        self
    }

    /// Leaves /proc out. What reads it fails: the states of the chamber, mount tables, and sshd.
    pub fn without_proc(mut self) -> Builder {
        self.plan.without_proc = true;
        self
    }

    /// Makes /run, /proc, /sys and /dev folders, and GoboLinux' own names links to them, as systemd wants it. The chamber
    /// has a copy of the whole root then, as with [`writable_programs`](Builder::writable_programs).
    pub fn real_folders(mut self) -> Builder {
        self.plan.real_folders = true;
        self.plan.base = Base::Copied;
        self
    }

    /// Chooses what receives log messages; a [`Syslog::Receiver`] if nothing is said.
    pub fn syslog(mut self, syslog: Syslog) -> Builder {
        self.syslog = syslog;
        self
    }

    /// Names the program `chamber-init`. If nothing is said it is looked for beside the running test.
    pub fn init(mut self, program: impl Into<PathBuf>) -> Builder {
        self.init = Some(program.into());
        self
    }

    /// Makes the chamber.
    pub fn build(mut self) -> Result<Chamber> {
        let given = &self.plan.root;
        self.plan.root = given.canonicalize().with_context(|| format!("no root at {}", given.display()))?;
        for program in &mut self.plan.programs {
            let tree = program.tree.canonicalize();
            program.tree = tree.with_context(|| format!("no program at {}", program.tree.display()))?;
        }
        self.plan.receive_log = self.syslog == Syslog::Receiver;

        let (ours, theirs) = wire::pair()?;
        let keeper = start(self.init.map_or_else(default_init, Ok)?, &self.plan, theirs)?;
        let control = Arc::new(Control::new(ours));
        let keeper = Keeper { process: keeper, control: Arc::clone(&control) };
        let root = control.ready().context("cannot make the chamber")?;
        // With the answer to this, process 1 has let go of all that it needed to make the chamber.
        control.ask(&Request::Drain, &[])?;
        let (root, places) = (Root::new(root), places::of(&self.plan.root));
        let mut chamber =
            Chamber { daemon: None, syslog: self.syslog, control, root, places, _keeper: keeper };
        if self.syslog == Syslog::Daemon {
            chamber.daemon = Some(syslog::start_daemon(&chamber)?);
        }
        Ok(chamber)
    }
}

fn start(init: PathBuf, plan: &Plan, socket: OwnedFd) -> Result<Child> {
    let mut command = Command::new(&init);
    command.args(plan.to_arguments()).env_clear().current_dir("/");
    command.stdin(Stdio::from(socket)).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", init.display()))
}

/// The program `chamber-init` of the same build as the running program.
pub(super) fn default_init() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find the running program")?;
    let found = program.ancestors().skip(1).take(2).map(|directory| directory.join("chamber-init"));
    let found = found.filter(|path| path.is_file()).last();
    found.with_context(|| {
        format!("no chamber-init beside {}: build the package gobo-tests", program.display())
    })
}

/// The keeper of a chamber, which ends everything when it is let go.
pub(super) struct Keeper {
    process: Child,
    control: Arc<Control>,
}

impl Keeper {
    /// Lets go of the chamber and waits until nothing is left of it.
    fn end(&mut self) {
        self.control.release();
        let until = Instant::now() + Duration::from_secs(10);
        while let Ok(None) = self.process.try_wait() {
            if Instant::now() > until {
                // Process 1 dies with its parent.
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}
