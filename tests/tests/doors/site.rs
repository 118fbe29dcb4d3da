//! A machine with its services running, and what people see who come in by one of its doors.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Mount, Process, Ssh, mounts};
use gobo_tests::lab::{Lab, view_beside, view_of};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const POLICY: &str = "[[rule]]\nuser = \"ann\"\nprofile = \"old\"\n\
                      [[rule]]\nuser = \"bob\"\nprofile = \"new\"\n\
                      [[rule]]\nuser = \"dora\"\nprofile = \"broken\"\n";

const PROFILES: [(&str, &str); 3] = [
    ("old", "programs = [\"Lua = 5.1.5\", \"Bash = 5.1.4\"]\n[environment]\nCOURSE = \"old\"\n"),
    (
        "new",
        "programs = [\"Lua = 5.3.6\", \"Bash = 5.2.37\", \"Python = 3.9.2\", \"Glibc = 2.41\"]\n\
         [environment]\nCOURSE = \"new\"\n",
    ),
    ("broken", "programs = [\"No-Such-Program\"]\n"),
];

/// Where the scripts below are, and what they write.
const FOLDER: &str = "/run/door";

/// What is run behind every door: it writes down the versions that three real programs print, a variable of the profile,
/// its process and its mount table, waits until it may end, and writes all of it down once more. With an argument it
/// prints it once, and does not wait.
const LOOK: &str = r#"#!/bin/sh
look() {
    lua -v 2>&1 | cut -d' ' -f2
    bash --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
    python3 -V | cut -d' ' -f2
    echo "${COURSE-none}"
    echo $$
    cat /proc/$$/mountinfo
}
cd /run/door
[ -z "$1" ] || { look; exit; }
look > new && mv new seen
while [ ! -e go ]; do sleep 0.05; done
look > new && mv new again
"#;

/// The path of [`LOOK`].
pub(crate) const LOOK_PATH: &str = "/run/door/look";

/// What a module that stands between the two lines of a stack runs: which side it is on, when a session opens and closes.
const PROBE: &str = "#!/bin/sh\n\
                     here=$(readlink /proc/self/ns/mnt) init=$(readlink /proc/1/ns/mnt)\n\
                     [ \"$here\" = \"$init\" ] && side=host || side=session\n\
                     echo \"$PAM_SERVICE $PAM_USER $PAM_TYPE $side $(lua -v 2>&1 | cut -d' ' -f2)\" >> /run/door/probes\n";

const PROBE_LINE: &str = "session optional pam_exec.so quiet seteuid /run/door/probe";

/// A lab machine with its services.
pub(crate) struct Site<'l> {
    pub(crate) lab: &'l Lab,
    pub(crate) ssh: Option<Ssh<'l>>,
    /// How commands reach the host, where that is a container in the chamber.
    pub(crate) host: Vec<String>,
    /// Services that end with it.
    pub(crate) daemons: Vec<Process>,
}

/// A lab with the policy and the profiles of these tests.
pub(crate) fn lab(root: &Path) -> Result<Lab> {
    prepared(Lab::new(root, POLICY, &PROFILES)?)
}

/// As [`lab`], in a chamber built in a special way.
pub(crate) fn lab_with(
    root: &Path,
    special: impl FnOnce(gobo_tests::chamber::Builder) -> gobo_tests::chamber::Builder,
) -> Result<Lab> {
    prepared(Lab::with(root, POLICY, &PROFILES, special)?)
}

/// Puts the probe into every stack with the module's lines, and opens sessions until what they leave for later ones is there.
fn prepared(lab: Lab) -> Result<Lab> {
    for service in lab.chamber.list("/etc/pam.d")? {
        let path = format!("/etc/pam.d/{service}");
        let stack = lab.chamber.read(&path)?;
        if let Some(at) = stack.find("pam_gobo.so close") {
            let (above, below) = stack.split_at(at + "pam_gobo.so close".len());
            lab.chamber.write(&path, format!("{above}\n{PROBE_LINE}{below}"))?;
        }
    }
    lab.log_in_until_kept("ann")?;
    Ok(lab)
}

impl<'l> Site<'l> {
    pub(crate) fn new(lab: &'l Lab) -> Self {
        Self { lab, ssh: None, host: Vec::new(), daemons: Vec::new() }
    }

    /// What a command prints that is run outside of every session, as root.
    pub(crate) fn on_host(&self, argv: &[&str]) -> Result<String> {
        let argv = self.host.iter().map(String::as_str).chain(argv.iter().copied());
        Ok(self.lab.chamber.run(argv)?.success()?.text())
    }

    /// The mount table of the host.
    pub(crate) fn host_mounts(&self) -> Result<Vec<Mount>> {
        mounts::parse(without_user_folders(&self.on_host(&["cat", "/proc/1/mountinfo"])?).as_bytes())
    }

    /// Puts the scripts in their place, and forgets what they wrote.
    pub(crate) fn reset(&self) -> Result<()> {
        let script = format!(
            "rm -rf {FOLDER}; mkdir {FOLDER}; chmod 777 {FOLDER}; cd {FOLDER}; : > probes; chmod 666 probes\n\
             cat > look <<'LOOK'\n{LOOK}LOOK\ncat > probe <<'PROBE'\n{PROBE}PROBE\nchmod 755 look probe"
        );
        self.on_host(&["bash", "-c", &script]).map(drop)
    }

    /// Waits until a script has written down what it sees.
    pub(crate) fn wait_for(&self, name: &str, door: &mut Process) -> Result<String> {
        let path = format!("{FOLDER}/{name}");
        let until = Instant::now() + PATIENCE;
        while self.on_host(&["sh", "-c", &format!("[ ! -e {path} ] || echo there")])?.is_empty() {
            let ended = door.status()?;
            if Instant::now() > until || ended.is_some_and(|status| !status.success()) {
                let (output, errors) = door.take_output();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let log = self.lab.chamber.log()?;
                anyhow::bail!("nothing seen ({ended:?}): {}{}\n{log:#?}", text(&output), text(&errors));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.on_host(&["cat", &path])
    }

    /// Lets the script behind the door end.
    pub(crate) fn let_go(&self) -> Result<()> {
        self.on_host(&["sh", "-c", &format!(": > {FOLDER}/go")]).map(drop)
    }

    /// What the probe wrote: `SERVICE USER TYPE SIDE LUA`.
    pub(crate) fn probes(&self) -> Result<Vec<String>> {
        Ok(self.on_host(&["cat", &format!("{FOLDER}/probes")])?.lines().map(str::to_owned).collect())
    }

    /// What it wrote about the sessions of a user in one stack.
    pub(crate) fn probes_of(&self, stack: &str, user: &str) -> Result<Vec<String>> {
        let start = format!("{stack} {user} ");
        Ok(self.probes()?.into_iter().filter(|line| line.starts_with(&start)).collect())
    }

    /// The process that opened the session of a process, and its name: the outermost one in its mount namespace.
    pub(crate) fn opener_of(&self, pid: u32) -> Result<(u32, String)> {
        let script = format!(
            "p={pid}; ns=$(readlink /proc/$p/ns/mnt)\n\
             while q=$(awk '/^PPid/ {{ print $2 }}' /proc/$p/status); [ \"$(readlink /proc/$q/ns/mnt)\" = \"$ns\" ]; do p=$q; done\n\
             echo $p $(cat /proc/$p/comm)"
        );
        let found = self.on_host(&["bash", "-c", &script])?;
        let (pid, name) = found.split_once(' ').context("no such process")?;
        Ok((pid.parse()?, name.to_owned()))
    }

    /// Makes sure that the host shows nothing of a session, and that root sees there what he always saw.
    pub(crate) fn assert_host_is(&self, before: &[Mount]) -> Result<()> {
        assert_eq!(self.host_mounts()?, before);
        let lua = self.on_host(&["sh", "-c", "lua -v 2>&1"])?;
        ensure!(lua.starts_with("Lua 5.4.4 "), "{lua}");
        Ok(())
    }
}

/// A mount table without the folder that logind mounts for a user who is logged in.
fn without_user_folders(table: &str) -> String {
    let others = table.lines().filter(|line| !line.contains(" /run/user/"));
    others.map(|line| format!("{line}\n")).collect()
}

/// What somebody saw behind a door.
pub(crate) struct Seen {
    /// The versions of Lua, Bash and Python.
    pub(crate) versions: String,
    /// The variable of the profile, or `none`.
    pub(crate) variable: String,
    /// The process that looked.
    pub(crate) pid: u32,
    /// The mounts of the view.
    pub(crate) view: Vec<String>,
}

impl Seen {
    /// Reads what the script wrote, beside the mounts of the host.
    pub(crate) fn read(text: &str, host: &[Mount]) -> Result<Self> {
        let [lua, bash, python, variable, pid, table] = text.splitn(6, '\n').collect::<Vec<_>>()[..] else {
            anyhow::bail!("cut short: {text}");
        };
        Ok(Self {
            versions: format!("{lua} {bash} {python}"),
            variable: variable.to_owned(),
            pid: pid.parse()?,
            view: view_beside(&without_user_folders(table), host)?,
        })
    }

    /// Makes sure that it is what a user's profile gives, or the host's own where he has none.
    pub(crate) fn assert_is_of(&self, user: &str) {
        let (versions, view) = match user {
            "ann" => ("5.1.5 5.1.4 3.11.2", view_of("old", &["bin"])),
            "bob" => ("5.3.6 5.2.37 3.9.2", view_of("new", &["bin", "lib", "share"])),
            _ => ("5.4.4 5.2.15 3.11.2", Vec::new()),
        };
        assert_eq!((self.versions.as_str(), &self.view), (versions, &view), "what {user} sees");
    }
}
