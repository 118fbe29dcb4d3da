//! What the harness and process 1 of a chamber say to each other.
//!
//! One sequenced-packet socket leads to process 1. A request is one packet, made of fields that each end in a
//! NUL, with descriptors beside it; the last of them is a socket of its own for the replies. So requests of
//! several threads never get into each other's way.

use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use anyhow::{Context, Result, bail, ensure};
use rustix::cmsg_space;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};

/// The longest packet; the kernel's usual socket buffer holds it.
const LONGEST: usize = 192 * 1024;
/// The most descriptors in a packet.
const MOST_FDS: usize = 4;

/// What process 1 is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Start a program on the three descriptors given. Replies: `pid N`, later `exit WAIT-STATUS`.
    Spawn(Spawn),
    /// Send a signal to a process, with `tree` to all its descendants too. Reply: `done`.
    Signal { pid: u32, signal: i32, tree: bool },
    /// Finish what is under way, and write down every log message that was sent before. Reply: `done`.
    Drain,
}

/// A program to start, in its own session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Spawn {
    pub(super) argv: Vec<OsString>,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) cwd: OsString,
    /// Standard input is to become the controlling terminal.
    pub(super) terminal: bool,
    pub(super) user: Option<Ids>,
}

/// The ids a program runs with.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
}

impl Request {
    /// The request as a packet.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut fields = Fields(Vec::new());
        match self {
            Request::Spawn(spawn) => {
                fields.push("spawn")?;
                fields.push(&spawn.cwd)?;
                fields.push(if spawn.terminal { "terminal" } else { "" })?;
                fields.push(spawn.user.as_ref().map(Ids::encode).unwrap_or_default())?;
                fields.push(spawn.argv.len().to_string())?;
                for argument in &spawn.argv {
                    fields.push(argument)?;
                }
                for (name, value) in &spawn.env {
                    fields.push(name)?;
                    fields.push(value)?;
                }
            }
            Request::Signal { pid, signal, tree } => {
                fields.push("signal")?;
                fields.push(pid.to_string())?;
                fields.push(signal.to_string())?;
                fields.push(if *tree { "tree" } else { "" })?;
            }
            Request::Drain => fields.push("drain")?,
        }
        ensure!(fields.0.len() <= LONGEST, "the command is longer than {LONGEST} bytes");
        Ok(fields.0)
    }

    /// The request that a packet holds.
    pub(super) fn decode(packet: &[u8]) -> Result<Request> {
        let body = packet.strip_suffix(b"\0").context("an unfinished request")?;
        let mut fields = body.split(|byte| *byte == 0).map(|field| OsString::from_vec(field.to_vec()));
        let mut next = || fields.next().context("a request that is too short");
        match next()?.as_bytes() {
            b"spawn" => {
                let (cwd, terminal, ids) = (next()?, next()?, next()?);
                let count = number::<usize>(&next()?)?;
                let argv = (0..count).map(|_| next()).collect::<Result<Vec<_>>>()?;
                let mut env = Vec::new();
                while let Some(name) = fields.next() {
                    env.push((name, fields.next().context("a variable without a value")?));
                }
                let user = if ids.is_empty() { None } else { Some(Ids::decode(&ids)?) };
                Ok(Request::Spawn(Spawn { argv, env, cwd, terminal: !terminal.is_empty(), user }))
            }
            b"signal" => {
                let (pid, signal, tree) = (number(&next()?)?, number(&next()?)?, next()?);
                Ok(Request::Signal { pid, signal, tree: !tree.is_empty() })
            }
            b"drain" => Ok(Request::Drain),
            other => bail!("an unknown request: {}", other.escape_ascii()),
        }
    }
}

impl Ids {
    fn encode(&self) -> String {
        let groups = self.groups.iter().map(|group| format!(",{group}")).collect::<String>();
        format!("{},{}{groups}", self.uid, self.gid)
    }

    fn decode(text: &OsStr) -> Result<Ids> {
        let text = text.to_str().context("ids that are no text")?;
        let ids = text.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        match ids[..] {
            [uid, gid, ref groups @ ..] => Ok(Ids { uid, gid, groups: groups.to_vec() }),
            _ => bail!("no uid and gid in {text:?}"),
        }
    }
}

/// Fields that each end in a NUL.
struct Fields(Vec<u8>);

impl Fields {
    fn push(&mut self, field: impl AsRef<OsStr>) -> Result<()> {
        let bytes = field.as_ref().as_bytes();
        ensure!(!bytes.contains(&0), "a NUL in {:?}", field.as_ref());
        self.0.extend_from_slice(bytes);
        self.0.push(0);
        Ok(())
    }
}

fn number<T: std::str::FromStr>(field: &OsStr) -> Result<T> {
    field.to_str().and_then(|text| text.parse().ok()).with_context(|| format!("no number: {field:?}"))
}

/// Two connected sockets that keep the bounds of packets.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends one packet with descriptors.
pub(super) fn send(socket: impl AsFd, packet: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors for one packet"));
    }
    rustix::net::sendmsg(socket, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives one packet with its descriptors; `None` when the other side is gone.
pub(super) fn receive(socket: impl AsFd) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut packet = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut packet)];
    let length = loop {
        match rustix::net::recvmsg(&socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            other => break other?.bytes,
        }
    };
    let fds = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => fds.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let fds = fds.collect();
    packet.truncate(length);
    Ok((length > 0).then_some((packet, fds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_survive_the_way() {
        let spawn = Spawn {
            argv: vec!["bash".into(), "-c".into(), "".into(), "echo \u{e9}\n".into()],
            env: vec![("A".into(), "".into()), ("B".into(), "x=y".into())],
            cwd: "/".into(),
            terminal: true,
            user: Some(Ids { uid: 1000, gid: 1000, groups: vec![10, 100] }),
        };
        for request in [
            Request::Spawn(spawn),
            Request::Spawn(Spawn { argv: vec!["true".into()], cwd: "/".into(), ..Spawn::default() }),
            Request::Signal { pid: 7, signal: 9, tree: true },
            Request::Drain,
        ] {
            assert_eq!(Request::decode(&request.encode().unwrap()).unwrap(), request);
        }
    }

    #[test]
    fn a_nul_in_an_argument_is_refused() {
        let spawn = Spawn { argv: vec!["a\0b".into()], ..Spawn::default() };
        assert!(Request::Spawn(spawn).encode().is_err());
    }

    #[test]
    fn packets_carry_descriptors() {
        let (here, there) = pair().unwrap();
        send(&here, b"packet", &[here.as_fd(), here.as_fd()]).unwrap();
        let (packet, fds) = receive(&there).unwrap().unwrap();
        assert_eq!((packet.as_slice(), fds.len()), (b"packet".as_slice(), 2));
        drop((here, fds));
        assert!(receive(&there).unwrap().is_none());
    }
}
