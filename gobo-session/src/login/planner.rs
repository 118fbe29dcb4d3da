//! Making a view of a tree that lies on a file server: a child makes all of it and hands over the mounts.
//!
//! Reading a tree that somebody else keeps may take for ever, and so may mounting it. What is left to the login itself
//! is to attach what it is given. A tree on this machine needs none of this.

use super::child::{Answer, Question, Silence, ask, say};
use super::make::Made;
use crate::error::{Error, Result, Step};
use crate::kernel::lock::{Kind, Stuck, lock};
use crate::kernel::{Outline, View};
use rustix::cmsg_space;
use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Instant;

/// The most bytes that go with a view: its variables, and what is to be logged.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The most descriptors: three for each part of the index.
const MAX_DESCRIPTORS: usize = 64;

/// Has a child do something with what may never answer, and nothing come of it but that it was done.
///
/// # Errors
/// That it was not done in time, with `what` as the subject.
pub(super) fn try_out(uid: u32, deadline: Instant, step: Step, what: &str, work: impl Fn()) -> Result<()> {
    let done: Result<Vec<u8>> = asked(uid, deadline, step, what, 1, |end| {
        work();
        say(end, b"+");
    });
    done.and_then(|done| if done == b"+" { Ok(()) } else { Err(died(step, what)) })
}

/// Has a child make a view.
///
/// # Errors
/// Why it could not, or that it did not in time.
pub(super) fn make(uid: u32, deadline: Instant, what: &str, work: impl Fn() -> Result<Made>) -> Result<Made> {
    let answer: Handed = asked(uid, deadline, Step::Read, what, MAX_ANSWER, |end| hand_over(end, work()))?;
    let reply = serde_json::from_slice(&answer.text).map_err(|_| died(Step::Read, what))?;
    match reply {
        Reply::Made { outline, environment, notes, summary } => {
            let view = View::of_outline(outline, answer.descriptors).ok_or_else(|| died(Step::Read, what))?;
            Ok(Made { view, offer: None, environment, notes, summary })
        }
        Reply::Failed { step, what, errno, cure } => {
            Err(Error { step, what, errno: errno.map(Errno::from_raw_os_error), cure })
        }
    }
}

fn asked<A: Answer>(
    uid: u32,
    deadline: Instant,
    step: Step,
    what: &str,
    limit: usize,
    work: impl Fn(&OwnedFd),
) -> Result<A> {
    let late = |why: &str| Error::new(step, format!("{what} {why}")).with_cure("is its file server up?");
    let lock = lock(Kind::Tree, uid, deadline)
        .map_err(|Stuck| late("is still being read for an earlier login of this user"))?;
    let question = Question { deadline, limit, lock: lock.as_ref().map(|lock| lock.as_fd()) };
    ask(&question, work).map_err(|silence| match silence {
        Silence::Late => late("does not answer in time"),
        Silence::Long => Error::new(step, format!("what {what} holds is more than {limit} bytes")),
        Silence::Failed(errno) => Error::call(step, "ask a child", errno),
    })
}

fn died(step: Step, what: &str) -> Error {
    Error::new(step, format!("the child that was to read {what} died"))
}

/// What the child says.
#[derive(Serialize, Deserialize)]
enum Reply {
    Made { outline: Outline, environment: Vec<(String, String)>, notes: Vec<String>, summary: String },
    Failed { step: Step, what: String, errno: Option<i32>, cure: Option<String> },
}

fn hand_over(to: &OwnedFd, made: Result<Made>) {
    let (reply, view) = match made {
        Ok(Made { view, environment, notes, summary, .. }) => {
            (Reply::Made { outline: view.outline().0, environment, notes, summary }, Some(view))
        }
        Err(Error { step, what, errno, cure }) => {
            (Reply::Failed { step, what, errno: errno.map(Errno::raw_os_error), cure }, None)
        }
    };
    let text = serde_json::to_vec(&reply).unwrap_or_default();
    let descriptors = view.as_ref().map(|view| view.outline().1).unwrap_or_default();
    let Some((first, rest)) = text.split_first() else { return };
    // The descriptors go with the first byte.
    if send(to, *first, &descriptors).is_ok() {
        say(to, rest);
    }
}

fn send(to: &OwnedFd, byte: u8, descriptors: &[BorrowedFd<'_>]) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut buffer = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !buffer.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::NOBUFS);
    }
    sendmsg(to, &[IoSlice::new(&[byte])], &mut buffer, SendFlags::empty()).map(drop)
}

/// A text with descriptors.
#[derive(Default)]
struct Handed {
    text: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Answer for Handed {
    fn channel() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
    }

    fn take(&mut self, from: &OwnedFd) -> rustix::io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut buffer = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0_u8; 4096];
        let got = recvmsg(from, &mut [IoSliceMut::new(&mut bytes)], &mut buffer, RecvFlags::CMSG_CLOEXEC)?;
        for message in buffer.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        self.text.extend_from_slice(&bytes[..got.bytes]);
        Ok(got.bytes)
    }
}
