//! Who types, and where: outside of any session, or in one that a real service has opened and that goes on.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Process, Ssh};
use gobo_tests::lab::Lab;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// What no program prints: the exit code stands between two of them.
const MARK: &str = "\u{1e}";
const END: &str = "printf '\\036%s\\036' $?\n";

/// What stands before a line that is typed: `ann$ `, `ann@sshd$ `, `root# `.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Prompt {
    pub(crate) user: String,
    /// The service that opened the session; outside of any there is none.
    service: Option<String>,
}

impl Prompt {
    /// The prompt of a line, and what is typed behind it.
    pub(crate) fn split(line: &str) -> Option<(Self, &str)> {
        let (who, command) = line.split_once(' ')?;
        let (who, is_root) = match who.strip_suffix('$') {
            Some(who) => (who, false),
            None => (who.strip_suffix('#')?, true),
        };
        let (user, service) = match who.split_once('@') {
            Some((user, service)) => (user, Some(service.to_owned())),
            None => (who, None),
        };
        let is_name = !user.is_empty() && user.bytes().all(|b| b.is_ascii_lowercase());
        (is_name && is_root == (user == "root")).then(|| (Self { user: user.to_owned(), service }, command))
    }
}

/// What was printed, and how it ended.
pub(crate) struct Answer {
    pub(crate) printed: String,
    /// The exit code, or that it was a signal.
    pub(crate) end: String,
}

/// A session that goes on.
struct Session {
    process: Process,
    /// The namespaces that there were none of before it.
    namespaces: BTreeSet<u64>,
}

/// Types in a lab.
pub(crate) struct Typist<'l> {
    sessions: BTreeMap<Prompt, Session>,
    sshd: Option<Ssh<'l>>,
    lab: &'l Lab,
}

impl<'l> Typist<'l> {
    pub(crate) fn new(lab: &'l Lab) -> Self {
        Self { sessions: BTreeMap::new(), sshd: None, lab }
    }

    /// Types a line; a session begins with its first line, and ends with `exit`.
    pub(crate) fn type_line(&mut self, prompt: &Prompt, command: &str) -> Result<Answer> {
        let Some(service) = &prompt.service else { return self.outside(&prompt.user, command) };
        if !self.sessions.contains_key(prompt) {
            let before = self.namespaces()?;
            let process = self.log_in(&prompt.user, service)?;
            let namespaces = self.namespaces()?.difference(&before).copied().collect();
            self.sessions.insert(prompt.clone(), Session { process, namespaces });
        }
        if command == "exit"
            && let Some(session) = self.sessions.remove(prompt)
        {
            return self.log_out(session);
        }
        let session = self.sessions.get_mut(prompt).context("no session")?;
        said(&mut session.process, command)
    }

    fn outside(&self, user: &str, command: &str) -> Result<Answer> {
        let script = format!("exec 2>&1\n{command}");
        let command = self.lab.chamber.command(["bash", "-c", &script]).timeout(PATIENCE);
        let output = command.user(&self.lab.chamber.user(user)?).run()?;
        let end = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        Ok(Answer { printed: String::from_utf8_lossy(&output.stdout).into_owned(), end })
    }

    /// Opens a session, in which a shell waits for what is typed.
    fn log_in(&mut self, user: &str, service: &str) -> Result<Process> {
        let mut process = match service {
            "su-l" => self.lab.chamber.command(["su", "-", user]).input("").spawn()?,
            "sshd" => {
                let sshd = match self.sshd.take() {
                    Some(sshd) => sshd,
                    None => self.lab.chamber.start_sshd(&["ann", "bob", "carl", "dora"])?,
                };
                let argv = self.sshd.insert(sshd).argv(user);
                self.lab.chamber.command(argv).input("").spawn()?
            }
            "login" => on_terminal(self.lab, user)?,
            other => anyhow::bail!("nobody knows how to log in by {other}"),
        };
        said(&mut process, "exec 2>&1").with_context(|| format!("{user} by {service}"))?;
        Ok(process)
    }

    fn log_out(&self, mut session: Session) -> Result<Answer> {
        session.process.send("exit\n");
        session.process.wait(PATIENCE)?;
        // The last processes of a session end a little later than what it was opened by.
        let until = Instant::now() + PATIENCE;
        while !self.namespaces()?.is_disjoint(&session.namespaces) {
            ensure!(Instant::now() < until, "a session does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Answer { printed: String::new(), end: "0".to_owned() })
    }

    /// The namespaces of all sessions.
    fn namespaces(&self) -> Result<BTreeSet<u64>> {
        let text = self.lab.chamber.run(["gobo-session", "list", "--json"])?.success()?.text();
        let list: Value = serde_json::from_str(&text)?;
        let sessions = list["sessions"].as_array().context("no list of sessions")?;
        Ok(sessions.iter().filter_map(|session| session["id"].as_u64()).collect())
    }
}

/// A login on a terminal, with a shell that does not write what is typed.
fn on_terminal(lab: &Lab, user: &str) -> Result<Process> {
    let mut process = lab.chamber.pty(["login"])?;
    process.expect("login: ", PATIENCE)?;
    process.send(format!("{user}\n"));
    process.expect("assword: ", PATIENCE)?;
    process.send("gobo\n");
    // login throws away what is typed before the shell is there.
    process.expect(["$ ", "> "], PATIENCE)?;
    process.send("PS1= PS2= exec bash --noediting --norc\n");
    said(&mut process, "stty -echo")?;
    Ok(process)
}

/// Types a line in a shell, and waits for its end.
fn said(process: &mut Process, command: &str) -> Result<Answer> {
    process.send(format!("{command}\n{END}"));
    let printed = process.expect(MARK, PATIENCE).with_context(|| command.to_owned())?;
    let end = process.expect(MARK, PATIENCE)?;
    let printed = printed.trim_end_matches(MARK).replace('\r', "");
    Ok(Answer { printed, end: end.trim_end_matches(MARK).to_owned() })
}
