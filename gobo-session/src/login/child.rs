//! Asking something that may never answer: a child does it, and is left behind when time is up (R9). It runs our own code
//! and starts no program (R13).
//!
//! A login daemon may have other threads, and a child that is a copy of one of them finds whatever the others held just
//! then locked for ever: libc's allocator, its name services. `fork` would take the locks before, but a child of `fork`
//! signals its parent when it ends. So where there are other threads, a child that is silent is soon replaced by another,
//! a few times: that all of them meet a lock is as good as impossible.

use crate::kernel::sys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a killed child is waited for: longer only takes one that sleeps uninterruptibly in a file system.
const LAST_WAIT: Duration = Duration::from_millis(20);

/// Where other threads run: when which child has had its time, in parts of the time that is left.
const PATIENCE: [u32; 7] = [64, 32, 16, 8, 4, 2, 1];

/// Where none does one child has it all.
const ALL: [u32; 1] = [1];

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Time was up.
    Late,
    /// The answer is longer than allowed.
    Long,
    /// The child could not be made, or died.
    Failed(Errno),
}

/// What a child is asked for.
pub(crate) struct Question<'a> {
    /// When time is up.
    pub(crate) deadline: Instant,
    /// The most bytes that an answer may have.
    pub(crate) limit: usize,
    /// A lock that the child holds as long as it lives.
    pub(crate) lock: Option<BorrowedFd<'a>>,
}

/// What comes out of a child.
pub(crate) trait Answer: Default {
    /// A channel: its end here, and the child's.
    fn channel() -> rustix::io::Result<(OwnedFd, OwnedFd)>;

    /// Takes what has come; the number of bytes, 0 at the end.
    fn take(&mut self, from: &OwnedFd) -> rustix::io::Result<usize>;
}

impl Answer for Vec<u8> {
    fn channel() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        pipe_with(PipeFlags::CLOEXEC)
    }

    fn take(&mut self, from: &OwnedFd) -> rustix::io::Result<usize> {
        let mut buffer = [0_u8; 4096];
        let read = rustix::io::read(from, &mut buffer)?;
        self.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

/// Runs `work` in a child that has no descriptor but its end of a channel and the lock, and gives what it says there.
///
/// The child signals nobody when it ends, and is neither waited for nor needed once time is up.
pub(crate) fn ask<A: Answer>(question: &Question<'_>, work: impl Fn(&OwnedFd)) -> Result<A, Silence> {
    let begun = Instant::now();
    let left = question.deadline.saturating_duration_since(begun);
    if left.is_zero() {
        return Err(Silence::Late);
    }
    let parts = if has_threads() { &PATIENCE[..] } else { &ALL[..] };
    for part in parts {
        match ask_one(question, begun + left / *part, &work) {
            (Err(Silence::Late), Child::Ended) if *part > 1 => {}
            (answer, _) => return answer,
        }
    }
    Err(Silence::Late)
}

/// Writes an answer, or a piece of it; allocates nothing.
pub(crate) fn say(to: &OwnedFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(written @ 1..) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Whether this process has more threads than this one, as far as can be told.
fn has_threads() -> bool {
    rustix::fs::stat("/proc/self/task").map_or(true, |stat| stat.st_nlink > 3)
}

/// What became of a child.
enum Child {
    Ended,
    LeftBehind,
}

fn ask_one<A: Answer>(
    question: &Question<'_>,
    deadline: Instant,
    work: impl Fn(&OwnedFd),
) -> (Result<A, Silence>, Child) {
    let asked = A::channel().and_then(|(here, there)| {
        let mut kept = [there.as_raw_fd(), question.lock.map_or(there.as_raw_fd(), |lock| lock.as_raw_fd())];
        kept.sort_unstable();
        let kept = kept.map(i32::unsigned_abs);
        let child = sys::spawn_quiet(|| {
            sys::close_all_but(&kept);
            work(&there);
        })?;
        Ok((here, child))
    });
    match asked {
        Ok((here, child)) => {
            let answer = take_all(&here, deadline, question.limit);
            let ends_by = answer.is_ok().then_some(deadline);
            (answer, reap(&child, ends_by))
        }
        Err(errno) => (Err(Silence::Failed(errno)), Child::Ended),
    }
}

fn take_all<A: Answer>(from: &OwnedFd, deadline: Instant, limit: usize) -> Result<A, Silence> {
    let (mut answer, mut length) = (A::default(), 0);
    loop {
        if !is_ready(from.as_fd(), deadline)? {
            return Err(Silence::Late);
        }
        match answer.take(from) {
            Ok(0) => return Ok(answer),
            Ok(taken) => length += taken,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Silence::Failed(errno)),
        }
        if length > limit {
            return Err(Silence::Long);
        }
    }
}

/// Waits until a descriptor can be read; false where time is up.
fn is_ready(fd: BorrowedFd<'_>, deadline: Instant) -> Result<bool, Silence> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| Silence::Late)?;
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Silence::Failed(errno)),
        }
    }
}

/// Takes the child's end from the kernel; one that has not ended by then is killed, and left to itself if it does not
/// die of it at once.
fn reap(child: &OwnedFd, ends_by: Option<Instant>) -> Child {
    let ended = ends_by.is_some_and(|deadline| is_ready(child.as_fd(), deadline).unwrap_or(false));
    if !ended {
        let _ = pidfd_send_signal(child, Signal::KILL);
        if !is_ready(child.as_fd(), Instant::now() + LAST_WAIT).unwrap_or(false) {
            return Child::LeftBehind;
        }
    }
    // The child sends no signal, so only a wait for such children finds it: __WALL.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::from_bits_retain(WALL);
    let _ = waitid(WaitId::PidFd(child.as_fd()), options);
    Child::Ended
}

/// See wait(2).
const WALL: u32 = 0x4000_0000;

#[cfg(test)]
mod tests {
    use super::*;

    fn question(within: Duration, limit: usize) -> Question<'static> {
        Question { deadline: Instant::now() + within, limit, lock: None }
    }

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn a_child_answers() {
        assert_eq!(ask(&question(SOON, 100), |end| say(end, b"hello")), Ok(b"hello".to_vec()));
    }

    #[test]
    fn r9_a_child_that_never_answers_is_left_in_time() {
        let start = Instant::now();
        let silence = ask::<Vec<u8>>(&question(Duration::from_millis(50), 100), |_| {
            loop {
                std::thread::park();
            }
        });
        assert_eq!(silence, Err(Silence::Late));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn r18_a_child_that_talks_too_much_is_cut_off() {
        assert_eq!(ask::<Vec<u8>>(&question(SOON, 10), |end| say(end, &[b'x'; 1 << 16])), Err(Silence::Long));
    }

    #[test]
    fn r12_a_child_has_its_pipe_and_nothing_else() {
        let count = ask::<Vec<u8>>(&question(SOON, 100), |end| {
            let is_open = |fd: &i32| std::path::Path::new(&format!("/proc/self/fd/{fd}")).exists();
            say(end, &[u8::try_from((0..256).filter(is_open).count()).unwrap_or(255)]);
        });
        assert_eq!(count, Ok(vec![1]));
    }

    #[test]
    fn a_child_that_hangs_beside_threads_is_replaced_in_time() {
        std::thread::scope(|scope| {
            let (done, wait) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || wait.recv());
            assert!(has_threads());
            let begun = Instant::now();
            // As one does that was copied while a lock was held: the first hangs, the next does not.
            let answer = ask::<Vec<u8>>(&question(SOON, 100), |end| {
                let late = begun.elapsed() > Duration::from_millis(200);
                if !late {
                    loop {
                        std::thread::park();
                    }
                }
                say(end, b"here");
            });
            assert_eq!(answer, Ok(b"here".to_vec()));
            assert!(begun.elapsed() < SOON / 2, "{:?}", begun.elapsed());
            drop(done);
        });
    }
}
