//! systemd as process 1 of a container in the chamber, and the manager that it starts for a user.

use crate::door::{Door, Killed};
use crate::site::{PATIENCE, Site};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use std::time::Instant;

/// A service of ann's, started through her manager, which her login by su brought up. systemd kills the process that is to
/// close the session before it comes to that.
pub(crate) const SYSTEMD_USER: Door = Door {
    closes: false,
    ..Door::new("systemd --user, a service", "systemd-user", "systemd", Killed::End, |site| {
        let words = ["su", "-", "ann", "-c", "exec systemd-run --user --quiet --wait /run/door/look"];
        site.lab.chamber.spawn(site.host.iter().map(String::as_str).chain(words))
    })
};

/// What becomes process 1: `/` is shared, as systemd itself has it on a machine of its own, and units are masked that a
/// container has no use for.
const INIT: &str = "set -e\n\
    mount --make-rprivate /\n\
    mount -t proc proc /proc\n\
    mount -t cgroup2 cgroup2 /sys/fs/cgroup\n\
    mount -t tmpfs -o mode=755 run /run\n\
    mount --make-rshared /\n\
    mkdir -p /run/sshd /run/systemd/system\n\
    for unit in systemd-journald-dev-log.socket dev-hugepages.mount sys-kernel-debug.mount \
        sys-kernel-tracing.mount systemd-pstore.service systemd-timesyncd.service; do\n\
        ln -s /dev/null /run/systemd/system/$unit\n\
    done\n\
    exec env -i PATH=/System/Index/bin container=chamber LANG=C.UTF-8 /System/Index/lib/systemd/systemd \
        --system --unit=multi-user.target --log-target=null --show-status=no\n";

/// Its cgroup, which the machine itself has to give: made, and taken away when all in it has ended.
const ENTER_CGROUP: &str = "set -e\n\
    mkdir -p /Mount/cgroup; mount -t cgroup2 cgroup2 /Mount/cgroup\n\
    mkdir -p /Mount/cgroup/$1/init; echo $$ > /Mount/cgroup/$1/init/cgroup.procs\n\
    exec unshare --mount --pid --fork --kill-child=SIGKILL --ipc --uts --cgroup bash -c \"$2\"\n";
const LEAVE_CGROUP: &str =
    "until find /Mount/cgroup/$1 -depth -type d -exec rmdir {} + ; do sleep 0.05; done\n";

/// A container with systemd as process 1, in the chamber of a lab.
pub(crate) struct Container<'l> {
    pub(crate) site: Site<'l>,
    cgroup: String,
}

impl<'l> Container<'l> {
    /// Boots it, and waits until it is up.
    pub(crate) fn boot(lab: &'l Lab) -> Result<Self> {
        // Sessions are known to logind, which has a user's manager started.
        let auth = lab.chamber.read("/etc/pam.d/system-auth")?;
        lab.chamber.write("/etc/pam.d/system-auth", format!("{auth}session optional pam_systemd.so\n"))?;
        lab.chamber.write("/etc/systemd/logind.conf", "[Login]\nUserStopDelaySec=0\n")?;
        let cgroup = format!("gobo-doors-{}", std::process::id());
        let outer = lab.chamber.command(["bash", "-c", ENTER_CGROUP, "enter", &cgroup, INIT]).spawn()?;
        let mut container = Self { site: Site { daemons: vec![outer], ..Site::new(lab) }, cgroup };
        container.site.host = container.entrance()?;
        container.wait_until_up()?;
        Ok(container)
    }

    /// How a command gets into it.
    fn entrance(&mut self) -> Result<Vec<String>> {
        let outer = self.site.daemons.first().context("it was started")?.pid();
        let children = format!("/proc/{outer}/task/{outer}/children");
        let until = Instant::now() + PATIENCE;
        let inner = loop {
            let found = self.site.lab.chamber.read(&children)?.trim().to_owned();
            let name = self.site.lab.chamber.read(format!("/proc/{found}/comm")).unwrap_or_default();
            if name.trim_end() == "systemd" {
                break found;
            }
            let status = self.outer()?.status()?;
            if status.is_some() || Instant::now() > until {
                let (output, errors) = self.outer()?.take_output();
                anyhow::bail!("systemd does not start: {}{}", output.escape_ascii(), errors.escape_ascii());
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        let words =
            ["nsenter", "-t", &inner, "-a", "--", "env", "-i", "PATH=/System/Index/bin", "LANG=C.UTF-8"];
        Ok(words.map(str::to_owned).to_vec())
    }

    fn outer(&mut self) -> Result<&mut Process> {
        self.site.daemons.first_mut().context("it was started")
    }

    fn wait_until_up(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let state = self.site.on_host(&["sh", "-c", "systemctl is-system-running 2>&1 || true"])?;
            if state == "running" || state == "degraded" {
                return Ok(());
            }
            let jobs = || self.site.on_host(&["sh", "-c", "systemctl list-jobs; systemctl --failed"]);
            ensure!(Instant::now() < until, "systemd is {state}:\n{}", jobs()?);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        self.site.daemons.clear();
        let _ = self.site.lab.chamber.run(["bash", "-c", LEAVE_CGROUP, "leave", &self.cgroup]);
    }
}

/// Waits until nothing is left of ann's manager: while it stops it is no more `active`, yet the socket of its bus is still
/// there, and a login at that moment would be answered by nobody.
const UNTIL_MANAGER_GONE: &str = "until [ ! -e /run/user/1000 ] && \
        [ \"$(systemctl is-active user@1000 user-runtime-dir@1000 | sort -u)\" = inactive ]; do sleep 0.05; done";

/// What ann's shell and a service of hers see after a login.
fn seen_at_a_login(site: &Site<'_>) -> Result<[String; 2]> {
    let script = "lua -v 2>&1; systemd-run --user --quiet --wait --pipe lua -v 2>&1";
    let text = site.on_host(&["su", "-", "ann", "-c", script])?;
    let version = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    let versions: Option<Vec<String>> = text.lines().map(version).collect();
    versions.and_then(|versions| versions.try_into().ok()).with_context(|| text.clone())
}

/// A user's manager keeps the view that it was started with, whatever policy says later, until it stops.
pub(crate) fn keeps_its_view_until_it_stops(site: &Site<'_>) -> Result<()> {
    let words = ["su", "-", "ann", "-c", "systemctl --user is-active default.target; read go"];
    let first = site.lab.chamber.command(site.host.iter().map(String::as_str).chain(words));
    let mut first = first.input("").spawn()?;
    first.expect("active", PATIENCE)?;
    assert_eq!(seen_at_a_login(site)?, ["5.1.5", "5.1.5"]);
    site.lab.policy("")?;
    assert_eq!(seen_at_a_login(site)?, ["5.4.4", "5.1.5"], "a new login, and the manager of the old one");
    first.send("go\n");
    first.wait(PATIENCE)?;
    site.on_host(&["bash", "-c", UNTIL_MANAGER_GONE])?;
    assert_eq!(seen_at_a_login(site)?, ["5.4.4", "5.4.4"], "a new manager");
    Ok(())
}
