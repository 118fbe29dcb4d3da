//! The process outside that keeps a chamber: it makes what has to be made on the machine, starts process 1, and
//! ends and removes everything when the harness lets go of the socket, by whatever way the harness ended.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::thread::UnshareFlags;

use super::plan::{Base, Plan};
use super::tree::{self, Files};
use super::{init, programs, sys, wire};

/// The argument that makes the program process 1 instead of the keeper.
const AS_INIT: &str = "init";
/// What the names of clones begin with; they lie beside the root, on its file system.
pub(super) const CLONE_PREFIX: &str = ".chamber-";

/// The whole of the program `chamber-init`.
///
/// Standard input is the socket to the harness. An error before the chamber is ready is told there.
pub fn init_main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let as_init = arguments.next_if(|argument| argument == AS_INIT).is_some();
    let result = io::stdin().as_fd().try_clone_to_owned().map_err(Into::into).and_then(|socket| {
        let act = if as_init { init::run } else { keep };
        act(&socket, arguments).inspect_err(|error| {
            let _ = wire::send(&socket, format!("{error:#}").as_bytes(), &[]);
        })
    });
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keep(socket: &OwnedFd, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    // A terminal's interrupt must reach the harness only: this process still has to tidy up.
    rustix::process::setsid().context("cannot make a session")?;
    let mut plan = Plan::from_arguments(arguments)?;
    let _clone = if plan.base == Base::Shared && !plan.programs.is_empty() {
        let clone = Clone::make(&plan.root)?;
        for program in plan.programs.drain(..) {
            programs::install(&clone.path, &program)?;
        }
        plan.root.clone_from(&clone.path);
        Some(clone)
    } else {
        None
    };

    sys::unshare(UnshareFlags::NEWPID).context("cannot make a process namespace")?;
    let mut init = Command::new("/proc/self/exe")
        .arg(AS_INIT)
        .args(plan.to_arguments())
        .stdin(Stdio::from(socket.try_clone()?))
        .spawn()
        .context("cannot start process 1")?;
    let pidfd = pidfd_open(Pid::from_child(&init), PidfdFlags::empty())?;
    let mut waited = [PollFd::new(socket, PollFlags::empty()), PollFd::new(&pidfd, PollFlags::IN)];
    while let Err(rustix::io::Errno::INTR) = poll(&mut waited, None) {}
    // The kernel kills all of the namespace with its process 1, and reports its end when all are gone.
    init.kill()?;
    init.wait()?;
    Ok(())
}

/// A copy of a root made of hard links, which goes with the value.
struct Clone {
    path: PathBuf,
    /// Locked as long as the clone is in use.
    _lock: File,
}

impl Clone {
    fn make(root: &Path) -> Result<Clone> {
        let parent = root.parent().context("the root directory has no parent")?;
        sweep(parent);
        for _ in 0..100 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
            let path = parent.join(format!("{CLONE_PREFIX}{}-{now}", std::process::id()));
            fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
            if let Some(lock) = lock(&path) {
                let clone = Clone { path, _lock: lock };
                tree::copy(root, &clone.path, Files::Linked)?;
                return Ok(clone);
            }
        }
        bail!("other chambers take every clone away")
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes clones whose keeper was killed.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(CLONE_PREFIX));
        if ours && let Some(_lock) = lock(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Locks a directory that nobody else has locked or removed.
fn lock(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    path.exists().then_some(file)
}
