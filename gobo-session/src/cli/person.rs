//! Whom a command is for: its caller, or the user that root names.

use super::place::Place;
use crate::config::{Author, ConfigError, DIR, Decision, Login, MAX_FILE, OWN_FOLDER, Profile, Selection};
use crate::config::{Source, UserProfiles, kill_switch};
use crate::error::{Error, Result, Step};
use crate::text::nearest;
use nix::unistd::{Gid, Group, Uid, User, geteuid, getgrouplist, initgroups, setresgid, setresuid};
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// The shell of who has none.
pub(super) const DEFAULT_SHELL: &str = "/bin/sh";

/// Where users are listed, for a name that is not known.
const PASSWD: &str = "/etc/passwd";

/// A user of this machine, as the user database has him.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) uid: u32,
    gid: u32,
    pub(super) home: PathBuf,
    pub(super) shell: PathBuf,
}

impl Person {
    /// The caller.
    pub(super) fn caller() -> Result<Self> {
        let user = User::from_uid(geteuid()).ok().flatten();
        user.map(Self::of).ok_or_else(|| Error::new(Step::Configure, "this user is not in the user database"))
    }

    /// The caller, or the user that he names. Root *is* that user from here on: what is read and written is read and
    /// written with his rights (R11).
    pub(super) fn acting_for(name: Option<&str>) -> Result<Self> {
        let Some(name) = name else { return Self::caller() };
        let user = User::from_name(name).ok().flatten().map(Self::of).ok_or_else(|| no_user(name))?;
        if user.uid == geteuid().as_raw() {
            return Ok(user);
        }
        if !geteuid().is_root() {
            let error = Error::new(Step::Configure, format!("only root can speak for {name}"));
            return Err(error.with_cure("without --user it is about yourself"));
        }
        user.become_him()?;
        Ok(user)
    }

    fn of(user: User) -> Self {
        let shell = if user.shell.as_os_str().is_empty() { DEFAULT_SHELL.into() } else { user.shell };
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), home: user.dir, shell }
    }

    /// Gives up being root for good.
    fn become_him(&self) -> Result<()> {
        let failed = |call: &str| {
            let what = format!("{call} for {}", self.name);
            move |errno: nix::Error| {
                Error::call(Step::Configure, what, rustix::io::Errno::from_raw_os_error(errno as i32))
            }
        };
        let name = CString::new(self.name.as_str()).map_err(|_| no_user(&self.name))?;
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        initgroups(&name, gid).map_err(failed("initgroups"))?;
        setresgid(gid, gid, gid).map_err(failed("setresgid"))?;
        setresuid(uid, uid, uid).map_err(failed("setresuid"))
    }

    /// The folder of what he wrote himself.
    pub(super) fn folder(&self) -> PathBuf {
        self.home.join(OWN_FOLDER)
    }

    /// The file that selects.
    pub(super) fn selection_file(&self) -> PathBuf {
        self.folder().join("session.toml")
    }

    /// What he selected.
    fn selection(&self, place: &Place) -> Result<Option<Selection>> {
        let file = self.selection_file();
        let bytes = place.tree.read_file(&file, MAX_FILE)?;
        let read = bytes.map(|bytes| Selection::check(&file.display().to_string(), &bytes)).transpose();
        read.map_err(|error| Error::new(Step::Configure, error.one_line()))
    }

    /// What policy says about a login of his by a service; `selected` stands for what he selected.
    pub(super) fn decision(
        &self,
        place: &Place,
        service: &str,
        selected: impl FnOnce() -> Option<String>,
    ) -> Decision {
        let groups = || {
            let groups = getgrouplist(&CString::new(self.name.as_str()).ok()?, Gid::from_raw(self.gid));
            groups.ok()?.into_iter().map(|gid| Some(Group::from_gid(gid).ok()??.name)).collect()
        };
        let login =
            Login { user: &self.name, uid: self.uid, groups: &groups, service, tty: None, host: None };
        place.config.policy.decide(&login, selected)
    }

    /// What he would get if he came in by a service, not from another host.
    pub(super) fn at_login(&self, place: &Place, service: &str) -> Result<AtLogin> {
        if let Some(switch) = kill_switch(place.tree.root(), Path::new(DIR)) {
            return Ok(AtLogin { profile: None, why: format!("turned off by {switch}"), refused: None });
        }
        let selection = self.selection(place)?;
        let decision = self.decision(place, service, || selection?.for_login(service, None));
        let why = decision.source.to_string();
        let selected = match &decision.refused {
            Some(refused) => refused.parse().ok(),
            None => decision.profile.clone().filter(|_| decision.source == Source::Selected),
        };
        let profiles = &place.config.profiles;
        if let Some(name) = selected
            && profiles.author(&name)? == Some(Author::User)
        {
            if place.config.policy.user_profiles == UserProfiles::Trusted {
                let profile = profiles.load_for_login(&name, &decision.allow)?;
                return Ok(AtLogin {
                    profile: Some(profile),
                    why: Source::Selected.to_string(),
                    refused: None,
                });
            }
            if decision.refused.is_none() {
                return Err(ConfigError::NoProfile { name, near: None }.into());
            }
        }
        let profile = decision.profile.map(|name| profiles.load(&name)).transpose()?;
        Ok(AtLogin { profile, why, refused: decision.refused })
    }
}

/// What somebody would get at a login.
pub(super) struct AtLogin {
    /// `None` is no view.
    pub(super) profile: Option<Profile>,
    /// Who says so.
    pub(super) why: String,
    /// What he selected and is not given.
    pub(super) refused: Option<String>,
}

impl AtLogin {
    /// What it is, in a few words: `profile gtk2`, `no view`.
    pub(super) fn what(&self) -> String {
        self.profile.as_ref().map_or("no view".to_owned(), |profile| format!("profile {}", profile.name))
    }
}

fn no_user(name: &str) -> Error {
    let passwd = std::fs::read_to_string(PASSWD).unwrap_or_default();
    let near = nearest(name, passwd.lines().filter_map(|line| line.split(':').next()));
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Error::new(Step::Configure, format!("there is no user {name}{near}"))
}
