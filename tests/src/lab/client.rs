//! What the program `pam-client` is asked, and what it answers: a libpam client that tells what a session did to it.

use super::Lab;
use crate::chamber::mounts;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the client is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wish {
    /// The PAM service.
    pub service: String,
    /// The user.
    pub user: String,
    /// The terminal (PAM_TTY), where there is one.
    pub tty: Option<String>,
    /// The host that the login comes from (PAM_RHOST), where there is one.
    pub host: Option<String>,
    /// Whether it opens with PAM_SILENT.
    pub silent: bool,
    /// How many other threads it has.
    pub threads: usize,
    /// Whether these threads keep the allocator busy all the time.
    pub busy: bool,
    /// How many descriptors it holds that its children inherit.
    pub descriptors: usize,
    /// Its umask.
    pub umask: u32,
    /// Where it stands.
    pub cwd: String,
    /// How many sessions it opens and closes; it tells about the last.
    pub times: usize,
    /// Whether it tells what it saw in each of them.
    pub each: bool,
    /// A network service that it looks up in the session, by libc and so by the modules of the name service.
    pub look_up: Option<String>,
    /// How it closes the last one.
    pub closing: Closing,
    /// What is run in the session, as its user.
    pub script: Option<String>,
}

/// How daemons close sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Closing {
    /// In the process and the transaction that opened it.
    #[default]
    Same,
    /// In a child of that process.
    Child,
    /// In another transaction, which knows nothing of the first.
    Stranger,
    /// When the process has no capability any more.
    Powerless,
    /// Not at all.
    Never,
}

/// What the client answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The client before the session.
    pub before: Place,
    /// The client in the session.
    pub inside: Place,
    /// The client when the session is closed and the transaction over.
    pub after: Place,
    /// What pam_open_session returned.
    pub open: i32,
    /// What pam_close_session returned.
    pub close: i32,
    /// How many milliseconds pam_open_session took.
    pub took: u64,
    /// What the user was told.
    pub told: Vec<String>,
    /// The session's variables, `NAME=VALUE`.
    pub variables: Vec<String>,
    /// The views of all sessions, as [`Place::view`] shows them, and how many had each.
    pub seen: BTreeMap<String, usize>,
    /// The modules of the name service that the client has loaded when it is done.
    pub name_services: Vec<String>,
    /// How the script ended.
    pub code: Option<i32>,
    /// What the script printed.
    pub stdout: String,
    /// What the script complained of.
    pub stderr: String,
}

/// What a process is, as far as a session could change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Place {
    pub namespace: String,
    pub root: String,
    pub cwd: String,
    pub cwd_id: String,
    pub mounts: String,
    pub descriptors: Vec<String>,
    pub umask: String,
    pub ids: String,
    pub signals: String,
    pub personality: String,
    pub environment: Vec<String>,
    pub threads: String,
    pub children: String,
}

impl Place {
    /// The mounts of the product, one line each; see [`Lab::view_in`].
    ///
    /// # Errors
    /// Where the table is not one.
    pub fn view(&self) -> Result<Vec<String>> {
        Ok(super::product_mounts(&mounts::parse(self.mounts.as_bytes())?))
    }
}

/// A client that is about to start.
#[must_use]
pub struct Client<'l> {
    lab: &'l Lab,
    prefix: Vec<String>,
    timeout: Duration,
    wish: Wish,
}

impl<'l> Client<'l> {
    pub(super) fn new(lab: &'l Lab, user: &str) -> Self {
        let wish = Wish {
            service: "pamtester".to_owned(),
            user: user.to_owned(),
            tty: None,
            host: None,
            silent: false,
            threads: 0,
            busy: false,
            descriptors: 0,
            umask: 0o022,
            cwd: "/".to_owned(),
            times: 1,
            each: false,
            look_up: None,
            closing: Closing::default(),
            script: None,
        };
        Self { lab, prefix: Vec::new(), timeout: crate::chamber::TIMEOUT, wish }
    }

    /// Changes what it is to do.
    pub fn with(mut self, change: impl FnOnce(&mut Wish)) -> Self {
        change(&mut self.wish);
        self
    }

    /// Runs a script in the session.
    pub fn script(self, script: &str) -> Self {
        self.with(|wish| wish.script = Some(script.to_owned()))
    }

    /// Starts it by another program, such as strace or setpriv.
    pub fn under(mut self, prefix: &[&str]) -> Self {
        self.prefix = prefix.iter().map(ToString::to_string).collect();
        self
    }

    /// Sets how long it may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens and closes.
    ///
    /// # Errors
    /// Where the client could not do that at all, or wrote anything of its own accord: modules write nothing.
    pub fn run(self) -> Result<Report> {
        let wish = serde_json::to_string(&self.wish)?;
        let argv = self.prefix.into_iter().chain(["pam-client".to_owned(), wish]);
        let output = self.lab.chamber.command(argv).timeout(self.timeout).run()?.success()?;
        anyhow::ensure!(output.stderr.is_empty(), "{output}");
        serde_json::from_slice(&output.stdout).with_context(|| format!("{output}"))
    }
}
