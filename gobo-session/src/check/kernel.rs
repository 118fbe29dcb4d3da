//! What the kernel lets us do: everything that a view takes is tried, in a child that is gone afterwards.

use super::Finding;
use crate::arch::Arch;
use crate::error::{Because as _, Error, Result, Step};
use crate::kernel::{self, About, Access, Shown, View, attach, mountinfo, namespace, sys};
use crate::layer::{Layer, Node, Nodes};
use crate::login::child::{Question, Silence, ask, say};
use crate::plan::Plan;
use crate::tree::{Layout, Tree};
use crate::trusted::Trust;
use nix::unistd::{Gid, Uid, geteuid, setgroups, setresgid, setresuid};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that a child has to say.
const MAX_ANSWER: usize = 64 * 1024;

/// Who is no user of this machine.
const NOBODY: u32 = 65534;

/// The name that a view on trial shows.
const NAME: &str = ".gobo-session-check";

/// Tries what a login and what `run` do, and looks at how mounts spread.
pub(super) fn check(layout: &Layout, shares_root: bool, findings: &mut Vec<Finding>) {
    if Tree::open(Path::new("/"), None, layout.clone(), Trust::Anyone).is_err() {
        // Nothing to lie over: that is told already.
        return;
    }
    if geteuid().is_root() {
        findings.push(match tried(|| login_view(layout)) {
            Ok(()) => Finding::ok("kernel", "a login's view can be made, refreshed and replaced"),
            Err(error) => Finding::of_error("kernel", "a login cannot have a view", &error),
        });
        findings.push(walks());
        check_mounts(shares_root, findings);
    }
    findings.push(match tried(|| users_view(layout)) {
        Ok(()) => Finding::ok("run", "users can make views of their own"),
        Err(error) => {
            let finding = Finding::of_error("run", "users cannot make views of their own", &error);
            settings().into_iter().fold(finding, |finding, (setting, cure)| {
                let what = format!("{}; {setting}", finding.what);
                Finding { what, ..finding }.cured_by(cure)
            })
        }
    });
}

/// Tries whether this process could enter a view that it can write to.
///
/// # Errors
/// Which step the kernel refused.
pub fn try_command_view(layout: &Layout) -> Result<()> {
    tried(|| {
        if geteuid().is_root() {
            namespace::enter_own()?;
        } else {
            namespace::enter_user_namespace()?;
        }
        show(layout, Trust::Anyone, Access::Write).map(drop)
    })
}

/// Does something in a child.
fn tried(what: impl Fn() -> Result<()>) -> Result<()> {
    let question = Question { deadline: Instant::now() + PATIENCE, limit: MAX_ANSWER, lock: None };
    let answer: Vec<u8> = ask(&question, |end| {
        let outcome = what().map_err(Told::of);
        say(end, &serde_json::to_vec(&outcome).unwrap_or_default());
    })
    .map_err(|silence| match silence {
        Silence::Failed(errno) => Error::call(Step::Mount, "a child that was to try it", errno),
        Silence::Late | Silence::Long => {
            Error::new(Step::Mount, "a child that was to try it does not answer")
        }
    })?;
    let outcome: Result<(), Told> = serde_json::from_slice(&answer)
        .map_err(|_| Error::new(Step::Mount, "the child that was to try it died"))?;
    outcome.map_err(Told::error)
}

/// An error on its way out of a child.
#[derive(Serialize, Deserialize)]
struct Told {
    step: Step,
    what: String,
    errno: Option<i32>,
    cure: Option<String>,
}

impl Told {
    fn of(Error { step, what, errno, cure }: Error) -> Self {
        Self { step, what, errno: errno.map(Errno::raw_os_error), cure }
    }

    fn error(self) -> Error {
        let Self { step, what, errno, cure } = self;
        Error { step, what, errno: errno.map(Errno::from_raw_os_error), cure }
    }
}

/// What a login does, and what is done to its view later.
fn login_view(layout: &Layout) -> Result<()> {
    namespace::enter_own()?;
    let path = show(layout, Trust::RootOnly, Access::Read)?;
    attach::try_to_renew(&path)
}

/// What `run` does, by a user without any privilege.
fn users_view(layout: &Layout) -> Result<()> {
    let becomes = |what: &'static str| {
        move |errno: nix::Error| Error::call(Step::Attach, what, Errno::from_raw_os_error(errno as i32))
    };
    if geteuid().is_root() {
        setgroups(&[]).map_err(becomes("setgroups"))?;
        let (group, user) = (Gid::from_raw(NOBODY), Uid::from_raw(NOBODY));
        setresgid(group, group, group).map_err(becomes("setresgid"))?;
        setresuid(user, user, user).map_err(becomes("setresuid"))?;
        // Else what /proc has of this process stays root's.
        set_dumpable_behavior(DumpableBehavior::Dumpable)
            .because(Step::Attach, || "prctl(PR_SET_DUMPABLE)".into())?;
    }
    namespace::enter_user_namespace()?;
    show(layout, Trust::Anyone, Access::Read).map(drop)
}

/// Makes a view with one name of its own in the calling process's own namespace, and makes sure that it shows it; the path of
/// its overlay.
fn show(layout: &Layout, trust: Trust, access: Access) -> Result<PathBuf> {
    let shown = kernel::shown(layout)?;
    let tree = Tree::open(Path::new("/"), shown.base(), layout.clone(), trust)?;
    let area = layout.areas.first().map(|area| area.name.clone()).unwrap_or_default();
    let nodes = Nodes::from([(NAME.as_bytes().to_vec(), Node::Link(b"/".to_vec()))]);
    let layer = Layer { areas: [(area.clone(), nodes)].into(), notes: Vec::new() };
    let view = View::prepare(&tree, &Plan::empty(Arch::native()), &layer, &About::default(), access)?;
    attach::over_inherited(&view, layout, &Shown { overlays: Vec::new(), ..shown })?;
    let path = layout.index.join(area);
    std::fs::read_link(path.join(NAME)).map_err(|error| {
        Error::new(Step::Attach, format!("{} does not show its layer: {error}", path.display()))
    })?;
    Ok(path)
}

/// Whether root finds sessions by the kernel's own list.
fn walks() -> Finding {
    let own = open("/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let next = own.and_then(|own| sys::neighbour(own.as_fd(), sys::Neighbour::Next).map(drop));
    match next {
        Ok(()) | Err(Errno::NOENT) => {
            Finding::ok("kernel", "it lists mount namespaces: sessions are found by that")
        }
        Err(_) => {
            Finding::ok("kernel", "it does not list mount namespaces: sessions are found by their processes")
        }
    }
}

/// Whether sessions see what is mounted later.
fn check_mounts(shares_root: bool, findings: &mut Vec<Finding>) {
    let Ok(mounts) = mountinfo::of(1) else { return };
    let is_shared = mounts.iter().any(|mount| mount.point == b"/" && mount.is_shared());
    findings.push(match (is_shared, shares_root) {
        (true, _) => Finding::ok("mounts", "sessions see what is mounted later"),
        (false, true) => Finding::ok("mounts", "/ is private yet: the first login that has a view makes it shared"),
        (false, false) => Finding::warning(
            "mounts",
            "/ is private: sessions do not see what is mounted later, and what the host unmounts stays mounted in them",
        )
        .cured_by("share-root = true in session.toml, or `mount --make-rshared /` at boot"),
    });
}

/// The settings that are known to keep users from making namespaces, as they are, with what to do.
fn settings() -> Vec<(String, String)> {
    let forbidding = [
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user/max_user_namespaces", "0", "10000"),
        ("user/max_mnt_namespaces", "0", "10000"),
    ];
    let found = forbidding.into_iter().filter_map(|(file, bad, good)| {
        let value = std::fs::read_to_string(Path::new("/proc/sys").join(file)).ok()?;
        let name = file.replace('/', ".");
        (value.trim() == bad).then(|| (format!("{name} is {bad}"), format!("sysctl {name}={good}")))
    });
    found.collect()
}
