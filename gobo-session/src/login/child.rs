//! Asking something that may never answer: a child does it, and is left behind when time is up.

use crate::kernel::sys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a killed child is waited for: longer only takes one that sleeps uninterruptibly in a file system.
const LAST_WAIT: Duration = Duration::from_millis(20);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// Time was up.
    Late,
    /// The answer is longer than allowed.
    Long,
    /// The child could not be made, or died.
    Failed(Errno),
}

/// Runs `work` in a child that has no descriptor but a pipe and `keep`, and gives what it returns (R9).
///
/// The child signals nobody when it ends, and is neither waited for nor needed once time is up.
pub(super) fn ask(
    deadline: Instant,
    limit: usize,
    keep: Option<BorrowedFd<'_>>,
    work: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, Silence> {
    let (answer, end) = pipe_with(PipeFlags::CLOEXEC).map_err(Silence::Failed)?;
    let kept: Vec<u32> =
        keep.iter().map(|fd| fd.as_raw_fd()).chain([end.as_raw_fd()]).map(i32::unsigned_abs).collect();
    let child = sys::spawn_quiet(|| {
        sys::close_all_but(0, &kept);
        let bytes = work();
        let mut rest = bytes.as_slice();
        while let Ok(written @ 1..) = rustix::io::write(&end, rest) {
            rest = &rest[written..];
        }
    })
    .map_err(Silence::Failed)?;
    drop(end);
    let bytes = read_until(&answer, deadline, limit);
    reap(&child, bytes.is_ok().then_some(deadline));
    bytes
}

fn read_until(pipe: &OwnedFd, deadline: Instant, limit: usize) -> Result<Vec<u8>, Silence> {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        if !is_ready(pipe.as_fd(), deadline)? {
            return Err(Silence::Late);
        }
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Silence::Failed(errno)),
        }
        if bytes.len() > limit {
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
fn reap(child: &OwnedFd, ends_by: Option<Instant>) {
    let ended = ends_by.is_some_and(|deadline| is_ready(child.as_fd(), deadline).unwrap_or(false));
    if !ended {
        let _ = pidfd_send_signal(child, Signal::KILL);
        if !is_ready(child.as_fd(), Instant::now() + LAST_WAIT).unwrap_or(false) {
            return;
        }
    }
    // The child sends no signal, so only a wait for such children finds it: __WALL.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::from_bits_retain(WALL);
    let _ = waitid(WaitId::PidFd(child.as_fd()), options);
}

/// See wait(2).
const WALL: u32 = 0x4000_0000;

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn a_child_answers() {
        assert_eq!(ask(soon(), 100, None, || b"hello".to_vec()), Ok(b"hello".to_vec()));
    }

    #[test]
    fn r9_a_child_that_never_answers_is_left_in_time() {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(50);
        let silence = ask(deadline, 100, None, || {
            loop {
                std::thread::park();
            }
        });
        assert_eq!(silence, Err(Silence::Late));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn r18_a_child_that_talks_too_much_is_cut_off() {
        assert_eq!(ask(soon(), 10, None, || vec![b'x'; 1 << 20]), Err(Silence::Long));
    }

    #[test]
    fn r12_a_child_has_its_pipe_and_nothing_else() {
        let count = ask(soon(), 100, None, || {
            let open =
                (0..256).filter(|fd| std::path::Path::new(&format!("/proc/self/fd/{fd}")).exists()).count();
            vec![u8::try_from(open).unwrap_or(255)]
        });
        assert_eq!(count, Ok(vec![1]));
    }
}
