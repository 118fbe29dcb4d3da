//! The doors of a machine, one like another: what is true of each, and what a table says about it.

use crate::site::{PATIENCE, Seen, Site};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Process, State};
use std::time::{Duration, Instant};

/// One way in.
pub(crate) struct Door {
    /// What docs/doors.md calls it.
    pub(crate) name: &'static str,
    /// The PAM service, and so the file in config/pam.d.
    pub(crate) stack: &'static str,
    /// The process that opens the session.
    pub(crate) opener: &'static str,
    /// Whether what the module sets by pam_putenv reaches the user's programs.
    pub(crate) variables: bool,
    /// What becomes of the user's processes when the one that opened the session is killed.
    pub(crate) killed: Killed,
    /// Whether close_session is called when she leaves.
    pub(crate) closes: bool,
    /// Whether what [`Door::enter`] starts goes on when she has left.
    pub(crate) is_daemon: bool,
    /// Brings ann in, and lets her run the script behind the door.
    pub(crate) enter: fn(&Site<'_>) -> Result<Process>,
}

impl Door {
    /// A door as most are: one program that opens and closes the session, and lets variables through.
    pub(crate) const fn new(
        name: &'static str,
        stack: &'static str,
        opener: &'static str,
        killed: Killed,
        enter: fn(&Site<'_>) -> Result<Process>,
    ) -> Self {
        Self { name, stack, opener, variables: true, closes: true, is_daemon: false, killed, enter }
    }
}

/// What a killed opener leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Killed {
    /// The user's processes go on, and see what they saw.
    LiveOn,
    /// They end with it.
    End,
}

impl Door {
    /// Tries everything that is true of every door.
    pub(crate) fn try_out(&self, site: &Site<'_>) -> Result<()> {
        self.opens_and_closes(site).with_context(|| format!("{}, a session from end to end", self.name))?;
        self.is_killed(site).with_context(|| format!("{}, killed", self.name))
    }

    /// Ann comes in, sees her versions, and leaves; the host shows nothing of it at any time.
    fn opens_and_closes(&self, site: &Site<'_>) -> Result<()> {
        site.reset()?;
        let (mounts, before) = (site.host_mounts()?, site.lab.chamber.host_state()?);
        let mut door = (self.enter)(site)?;
        let seen = Seen::read(&site.wait_for("seen", &mut door)?, &mounts)?;
        seen.assert_is_of("ann");
        assert_eq!(seen.variable, if self.variables { "old" } else { "none" }, "{}", self.name);
        assert_eq!(site.opener_of(seen.pid)?.1, self.opener, "{}", self.name);
        site.assert_host_is(&mounts)?;
        site.let_go()?;
        Seen::read(&site.wait_for("again", &mut door)?, &mounts)?.assert_is_of("ann");
        // Between the two lines a session is opened and closed on the host.
        let probe = |kind: &str| format!("{} ann {kind} host 5.4.4", self.stack);
        let expected: &[String] = match self.closes {
            true => &[probe("open_session"), probe("close_session")],
            false => &[probe("open_session")],
        };
        let until = Instant::now() + PATIENCE;
        while site.probes_of(self.stack, "ann")? != expected {
            let seen = site.probes()?;
            ensure!(Instant::now() < until, "the module between the two lines saw {seen:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.is_daemon {
            door.stop();
        }
        door.wait(PATIENCE)?;
        self.wait_for_state(site, &before)?;
        site.assert_host_is(&mounts)
    }

    /// The process that opened ann's session is killed: what lives on is what she ran, in her view, and nothing else.
    fn is_killed(&self, site: &Site<'_>) -> Result<()> {
        site.reset()?;
        let (mounts, before) = (site.host_mounts()?, site.lab.chamber.host_state()?);
        let mut door = (self.enter)(site)?;
        let seen = Seen::read(&site.wait_for("seen", &mut door)?, &mounts)?;
        let (opener, _) = site.opener_of(seen.pid)?;
        site.on_host(&["kill", "-KILL", &opener.to_string()])?;
        match self.killed {
            Killed::LiveOn => {
                site.on_host(&["bash", "-c", &format!("while [ -e /proc/{opener} ]; do sleep 0.01; done")])?;
                site.assert_host_is(&mounts)?;
                site.let_go()?;
                let again = loop {
                    // The door itself may have ended, by a signal.
                    let lives =
                        site.on_host(&["sh", "-c", &format!("[ ! -e /proc/{} ] || echo yes", seen.pid)])?;
                    let text =
                        site.on_host(&["sh", "-c", "[ ! -e /run/door/again ] || cat /run/door/again"])?;
                    if !text.is_empty() {
                        break text;
                    }
                    ensure!(!lives.is_empty(), "ann's processes are gone");
                };
                Seen::read(&again, &mounts)?.assert_is_of("ann");
            }
            Killed::End => {
                site.on_host(&[
                    "bash",
                    "-c",
                    &format!("while [ -e /proc/{} ]; do sleep 0.01; done", seen.pid),
                ])?;
                site.let_go()?;
            }
        }
        door.stop();
        self.wait_for_state(site, &before)?;
        site.assert_host_is(&mounts)
    }

    /// Waits until processes, mounts and files are what they were, but for the scripts' own.
    fn wait_for_state(&self, site: &Site<'_>, before: &State) -> Result<()> {
        // What the scripts leave, and cron and the clock that it was given.
        let leftovers = "cd /run/door; rm -f seen again new go /run/crond.* /dev/shm/*faketime*";
        site.on_host(&["bash", "-c", leftovers])?;
        site.lab.chamber.wait_for_state(before, PATIENCE).with_context(|| self.name.to_owned())
    }
}
