//! Process 1 of a chamber: starts what the harness asks for, tells how it ended, reaps everything, and receives
//! log messages.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Gid, Mode, Uid};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::plan::Plan;
use super::syslog::{self, Receiver};
use super::wire::{self, Ids, Request, Spawn};
use super::{setup, sys};

/// What the harness is told when the chamber can be used.
pub(super) const READY: &[u8] = b"ready";

/// Makes the chamber and serves it until the harness is gone.
pub(super) fn run(socket: &OwnedFd, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::setsid().context("cannot make a session")?;
    rustix::process::umask(Mode::from(0o022));
    let plan = Plan::from_arguments(arguments)?;
    let root = setup::enter(&plan)?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let mut init = Init {
        children: sys::child_events().context("cannot wait for children")?,
        log: if plan.receive_log { Some(listen()?) } else { None },
        started: HashMap::new(),
    };
    wire::send(socket, READY, &[root.as_fd()])?;
    drop(root);
    init.serve(socket)
}

fn listen() -> Result<Receiver> {
    let socket = UnixDatagram::bind(syslog::SOCKET).context("cannot bind /dev/log")?;
    fs::set_permissions(syslog::SOCKET, Permissions::from_mode(0o666))?;
    Ok(Receiver::new(socket)?)
}

struct Init {
    /// Readable when a child has ended.
    children: OwnedFd,
    log: Option<Receiver>,
    /// The processes that the harness asked for, and where to tell their end.
    started: HashMap<u32, OwnedFd>,
}

impl Init {
    fn serve(&mut self, socket: &OwnedFd) -> Result<()> {
        loop {
            let mut waited =
                vec![PollFd::new(socket, PollFlags::IN), PollFd::new(&self.children, PollFlags::IN)];
            waited.extend(self.log.as_ref().map(|log| PollFd::new(log, PollFlags::IN)));
            match poll(&mut waited, None) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            let asked = !waited[0].revents().is_empty();
            if let Some(log) = &self.log {
                // A log that cannot be written, by a test's own doing, is no reason to end the chamber.
                let _ = log.drain();
            }
            self.reap()?;
            if asked {
                let Some((packet, mut fds)) = wire::receive(socket)? else { return Ok(()) };
                let reply = fds.pop().context("a request without a way to reply")?;
                let answer = Request::decode(&packet).and_then(|request| self.serve_one(request, fds));
                let text = match &answer {
                    Ok(Answer::Done) => "done".to_owned(),
                    Ok(Answer::Started(pid)) => format!("pid {pid}"),
                    Err(error) => format!("error {error:#}"),
                };
                let _ = wire::send(&reply, text.as_bytes(), &[]);
                if let Ok(Answer::Started(pid)) = answer {
                    self.started.insert(pid, reply);
                }
            }
        }
    }

    fn serve_one(&self, request: Request, fds: Vec<OwnedFd>) -> Result<Answer> {
        match request {
            Request::Spawn(spawn) => return Ok(Answer::Started(start(spawn, fds)?)),
            Request::Signal { pid, signal, tree } => self.signal(pid, signal, tree)?,
            Request::Drain => self.log.as_ref().map_or(Ok(()), Receiver::drain)?,
        }
        Ok(Answer::Done)
    }

    /// Collects every child that has ended, the orphans too.
    fn reap(&mut self) -> Result<()> {
        while rustix::io::read(&self.children, &mut [0; 128]).is_ok() {}
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    if let Some(reply) = self.started.remove(&pid.as_raw_nonzero().get().cast_unsigned()) {
                        let _ = wire::send(&reply, format!("exit {}", status.as_raw()).as_bytes(), &[]);
                    }
                }
                Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn signal(&self, pid: u32, signal: i32, tree: bool) -> Result<()> {
        let signal = Signal::from_named_raw(signal).context("no such signal")?;
        if !self.started.contains_key(&pid) {
            return Ok(());
        }
        let mut pids = vec![pid];
        if tree {
            let parents = parents();
            let mut next = 0;
            while let Some(&parent) = pids.get(next) {
                pids.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| child));
                next += 1;
            }
        }
        for pid in pids.into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
            match kill_process(pid, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

enum Answer {
    Done,
    Started(u32),
}

fn start(spawn: Spawn, fds: Vec<OwnedFd>) -> Result<u32> {
    let Ok([input, output, errors]) = <[OwnedFd; 3]>::try_from(fds) else {
        bail!("a program needs three descriptors");
    };
    let Some((program, arguments)) = spawn.argv.split_first() else { bail!("no program named") };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(spawn.env).current_dir(&spawn.cwd);
    command.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::from(errors));
    sys::before_exec(&mut command, move || {
        rustix::process::setsid()?;
        if spawn.terminal {
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        spawn.user.as_ref().map_or(Ok(()), become_user)
    });
    let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    Ok(child.id())
}

fn become_user(ids: &Ids) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(ids.uid), Gid::from_raw(ids.gid));
    set_thread_groups(&ids.groups.iter().map(|group| Gid::from_raw(*group)).collect::<Vec<_>>())?;
    set_thread_res_gid(gid, gid, gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let after_name = stat.iter().rposition(|byte| *byte == b')')? + 2;
        let parent = std::str::from_utf8(&stat[after_name..]).ok()?.split(' ').nth(1)?.parse().ok()?;
        Some((pid, parent))
    })
    .collect()
}
