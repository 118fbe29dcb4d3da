//! A session as commands tell of it.

use crate::kernel::About;
use crate::kernel::sessions::Session;
use crate::plan::{Choice, Plan};
use crate::requirement::ProgramName;
use nix::unistd::{Uid, User};
use serde::Serialize;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;

/// Where terminals are, by the kernel's names and by GoboLinux' own.
const DEVICES: [&str; 2] = ["/dev/", "/System/Kernel/Devices/"];

/// What stands where there is nothing to say.
pub(super) const NONE: &str = "-";

/// One version of a program in a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Held {
    pub(super) program: ProgramName,
    pub(super) version: String,
}

impl Held {
    pub(super) fn of(choice: &Choice) -> Self {
        Self { program: choice.program.clone(), version: choice.version.clone() }
    }
}

/// What views were made of: each plan is read once, however many sessions have it.
#[derive(Default)]
pub(super) struct Plans(BTreeMap<String, Plan>);

impl Plans {
    /// The plan of a session, where that can be read.
    pub(super) fn of(&mut self, session: &Session) -> Option<&Plan> {
        let id = session.plan_id();
        if !self.0.contains_key(id) {
            self.0.insert(id.to_owned(), session.plan().ok()?);
        }
        self.0.get(id)
    }
}

/// A session or the view of a command.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// The number of its mount namespace.
    id: u64,
    /// Whose it is, where that can be told.
    user: Option<String>,
    profile: Option<String>,
    plan: String,
    about: Option<About>,
    /// The versions that differ from the host's; `None` where it does not say what it holds.
    programs: Option<Vec<Held>>,
    processes: Vec<u32>,
}

impl Told {
    /// What is told of a session.
    pub(super) fn of(session: &Session, plans: &mut Plans) -> Self {
        let held = |plan: &Plan| plan.to_link().map(|(_, choice)| Held::of(choice)).collect();
        Self { programs: plans.of(session).map(held), ..Self::in_brief(session) }
    }

    /// What is told of a session without reading its plan.
    pub(super) fn in_brief(session: &Session) -> Self {
        let about = session.about.clone();
        let user = about.as_ref().and_then(|about| about.user.clone());
        Self {
            id: session.id,
            user: user.or_else(|| session.processes.iter().find_map(|pid| user_of(*pid))),
            profile: session.profile().map(str::to_owned),
            plan: session.plan_id().to_owned(),
            about,
            programs: None,
            processes: session.processes.clone(),
        }
    }

    /// Whose it is, where that can be told.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The id of its plan.
    pub(super) fn plan(&self) -> &str {
        &self.plan
    }

    /// Its first cells in a table: a process in it, its user, what opened it, its terminal and its profile.
    pub(super) fn cells(&self) -> [String; 5] {
        let about = self.about.as_ref();
        let service = about.map(|about| about.service.as_deref().unwrap_or("run"));
        let tty = about.and_then(|about| about.tty.as_deref()).map(without_folder);
        let pid = self.processes.first().map(u32::to_string);
        let or_none = |cell: Option<&str>| cell.filter(|cell| !cell.is_empty()).unwrap_or(NONE).to_owned();
        [
            or_none(pid.as_deref()),
            or_none(self.user.as_deref()),
            or_none(service),
            or_none(tty),
            or_none(self.profile.as_deref()),
        ]
    }

    /// How many versions in it differ from the host's.
    pub(super) fn programs(&self) -> String {
        self.programs.as_ref().map_or_else(|| NONE.to_owned(), |programs| programs.len().to_string())
    }

    /// How many processes are in it.
    pub(super) fn processes(&self) -> String {
        self.processes.len().to_string()
    }

    /// How old it is.
    pub(super) fn age(&self) -> String {
        self.about.as_ref().map_or_else(|| NONE.to_owned(), |about| super::talk::age(about.since))
    }
}

/// A terminal without the folder of devices, whichever of its names it has.
fn without_folder(tty: &str) -> &str {
    DEVICES.iter().find_map(|folder| tty.strip_prefix(folder)).unwrap_or(tty)
}

/// The user that a process runs as.
pub(super) fn user_of(pid: u32) -> Option<String> {
    std::fs::metadata(format!("/proc/{pid}")).ok().map(|process| name_of(process.uid()))
}

/// The name of a user, or his number where he has none.
pub(super) fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}
