//! The harness's end of the socket to process 1.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::wire::{self, Request};

/// How long process 1 may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The way to process 1 of a chamber; any thread may use it.
pub(super) struct Control(OwnedFd);

impl Control {
    pub(super) fn new(socket: OwnedFd) -> Control {
        Control(socket)
    }

    /// Waits until the chamber is ready, and returns its `/`.
    pub(super) fn ready(&self) -> Result<OwnedFd> {
        ensure!(wait_readable(&self.0, PATIENCE)?, "the chamber is not ready after {PATIENCE:?}");
        match wire::receive(&self.0)? {
            Some((packet, mut fds)) if packet == super::init::READY => fds.pop().context("no root was sent"),
            Some((packet, _)) => bail!("{}", String::from_utf8_lossy(&packet)),
            None => bail!("the program that makes it ended without a word"),
        }
    }

    /// Sends a request; returns the socket for further replies and the first one.
    pub(super) fn ask(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<(OwnedFd, String)> {
        let (ours, theirs) = wire::pair()?;
        let fds = [fds, &[theirs.as_fd()]].concat();
        wire::send(&self.0, &request.encode()?, &fds).context("cannot reach the chamber")?;
        drop(theirs);
        ensure!(wait_readable(&ours, PATIENCE)?, "no answer from the chamber after {PATIENCE:?}");
        let (packet, _) = wire::receive(&ours)?.context("the chamber is gone")?;
        let text = String::from_utf8(packet)?;
        match text.strip_prefix("error ") {
            Some(error) => bail!("{error}"),
            None => Ok((ours, text)),
        }
    }

    /// Lets go of the chamber, which ends with that.
    pub(super) fn release(&self) {
        let _ = rustix::net::shutdown(&self.0, rustix::net::Shutdown::Both);
    }
}

/// Whether a descriptor is readable within some time.
pub(super) fn wait_readable(fd: impl AsFd, timeout: Duration) -> Result<bool> {
    let until = Instant::now() + timeout;
    loop {
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now()))?;
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&left)) {
            Err(Errno::INTR) => {}
            other => return Ok(other? > 0),
        }
    }
}
