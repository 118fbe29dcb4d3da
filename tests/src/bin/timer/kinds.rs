//! What is timed: sessions opened through libpam, the bare system calls of one, and whole commands.

use crate::floor::Floor;
use crate::pam::{self, Transaction};
use anyhow::{Context as _, Result, bail, ensure};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::io::{Read as _, Write as _, pipe};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What is timed.
pub(crate) enum Kind {
    /// `bare`: nothing happens.
    Bare,
    /// `pam:SERVICE:USER`: pam_open_session.
    Pam { service: String, user: String },
    /// `floor:LAYER:AREAS`, `own:LAYER:AREAS`: the system calls of a session and nothing else, over overlays that are there
    /// already or made for it.
    Floor(Floor),
    /// A command with blanks between its words: a whole process, from its start to its end. With `?` before it it may say no.
    Command(Vec<String>),
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        Ok(match parts.as_slice() {
            ["bare"] => Self::Bare,
            ["pam", service, user] => Self::Pam { service: (*service).to_owned(), user: (*user).to_owned() },
            ["floor", layer, areas] => Self::Floor(Floor::shared(layer, areas.split(','))?),
            ["own", layer, areas] => Self::Floor(Floor::own(layer, areas.split(','))),
            _ => Self::Command(text.split(' ').map(str::to_owned).collect()),
        })
    }

    /// One sample, in nanoseconds.
    pub(crate) fn sample(&self) -> Result<u64> {
        match self {
            Self::Command(words) => {
                let (first, rest) = words.split_first().context("no command")?;
                let mut command = Command::new(first.trim_start_matches('?'));
                command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                let begun = Instant::now();
                let status = command.status()?;
                let took = nanoseconds(begun);
                let is_no = first.starts_with('?') && status.code() == Some(1);
                if !status.success() && !is_no {
                    let said = command.stderr(Stdio::piped()).output()?.stderr;
                    bail!("{words:?}: {status}: {}", String::from_utf8_lossy(&said));
                }
                Ok(took)
            }
            _ => in_child(|| self.enter()),
        }
    }

    /// Has this process be in a session; gives how long that took.
    pub(crate) fn enter(&self) -> Result<u64> {
        match self {
            Self::Bare => Ok(0),
            Self::Pam { service, user } => {
                let mut transaction = Transaction::start(service, user, true)?;
                let begun = Instant::now();
                let code = transaction.open();
                let took = nanoseconds(begun);
                ensure!(code == 0, "{service}: {code}");
                Ok(took)
            }
            Self::Floor(floor) => {
                let begun = Instant::now();
                floor.enter()?;
                Ok(nanoseconds(begun))
            }
            Self::Command(_) => bail!("a command is no session"),
        }
    }
}

pub(crate) fn nanoseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// What a child of this process finds out; the child ends with it.
pub(crate) fn in_child<T: Serialize + DeserializeOwned>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (mut here, there) = pipe()?;
    pam::in_child(|| {
        let told = match work() {
            Ok(found) => format!("+{}", json!(found)),
            Err(error) => format!("{error:#}"),
        };
        i32::from((&there).write_all(told.as_bytes()).is_err())
    })?;
    drop(there);
    let mut told = String::new();
    here.read_to_string(&mut told)?;
    match told.strip_prefix('+') {
        Some(found) => Ok(serde_json::from_str(found)?),
        None => bail!("{told}"),
    }
}

/// How many samples are thrown away before the others.
const WARM_UP: usize = 20;

/// Takes the samples of all kinds in turn.
pub(crate) fn clock(count: usize, kinds: &[&str]) -> Result<()> {
    let kinds = kinds.iter().map(|kind| Kind::parse(kind)).collect::<Result<Vec<_>>>()?;
    let mut samples = vec![Vec::new(); kinds.len()];
    for turn in 0..WARM_UP + count {
        for (kind, samples) in kinds.iter().zip(&mut samples) {
            let sample = kind.sample()?;
            if turn >= WARM_UP {
                samples.push(sample);
            }
        }
    }
    println!("{}", json!(samples));
    Ok(())
}
