//! Running processes of a chamber: wait for them, signal them, talk to them.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::control::{Control, wait_readable};
use super::wire::{self, Request, Spawn};

/// How often to see whether a terminal that was hung up is open again: nothing tells it.
const REOPENED: Duration = Duration::from_millis(5);

/// A process that was started in a chamber. When the value goes, the process is killed with its descendants.
pub struct Process {
    control: Arc<Control>,
    /// Where process 1 tells how the process ended.
    reply: OwnedFd,
    name: String,
    pid: u32,
    status: Option<ExitStatus>,
    streams: Streams,
}

/// The harness's ends of a process's standard input, output and error.
pub(super) struct Streams {
    input: Option<OwnedFd>,
    /// What is still to be written to the input.
    unsent: Vec<u8>,
    close_input: bool,
    is_terminal: bool,
    output: Stream,
    errors: Stream,
}

impl Streams {
    pub(super) fn pipes(input: Option<OwnedFd>, output: OwnedFd, errors: Option<OwnedFd>) -> Result<Streams> {
        let (output, errors) = (Stream::new(Some(output))?, Stream::new(errors)?);
        if let Some(input) = &input {
            rustix::io::ioctl_fionbio(input, true)?;
        }
        Ok(Streams { input, unsent: Vec::new(), close_input: false, is_terminal: false, output, errors })
    }

    pub(super) fn terminal(master: OwnedFd) -> Result<Streams> {
        let input = Some(master.try_clone()?);
        Ok(Streams { is_terminal: true, ..Streams::pipes(input, master, None)? })
    }

    /// Waits until something can be read or written, or `also` is readable, and reads and writes it.
    fn step(&mut self, also: &OwnedFd, until: Instant) -> Result<bool> {
        let mut waited = vec![PollFd::new(also, PollFlags::IN)];
        let open = [&self.output, &self.errors].into_iter().filter(|stream| !stream.hung_up);
        waited.extend(open.filter_map(|stream| stream.fd.as_ref()).map(|fd| PollFd::new(fd, PollFlags::IN)));
        let writing = self.input.as_ref().filter(|_| !self.unsent.is_empty());
        waited.extend(writing.map(|fd| PollFd::new(fd, PollFlags::OUT)));
        let mut left = until.saturating_duration_since(Instant::now());
        let again = self.output.hung_up && left > REOPENED;
        if again {
            left = REOPENED;
        }
        match poll(&mut waited, Some(&Timespec::try_from(left)?)) {
            Ok(0) if !again => return Ok(false),
            Err(error) if error != Errno::INTR => return Err(error.into()),
            _ => {}
        }
        self.output.fill()?;
        self.errors.fill()?;
        self.write();
        Ok(true)
    }

    /// Writes as much as is taken now. A reader that is gone is no error: its end tells more.
    fn write(&mut self) {
        if let Some(input) = &self.input {
            while !self.unsent.is_empty() {
                match rustix::io::write(input, &self.unsent) {
                    Ok(count) => drop(self.unsent.drain(..count)),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => return,
                    Err(_) => self.unsent.clear(),
                }
            }
        }
        if self.close_input {
            self.input = None;
        }
    }
}

/// Something that is read from.
struct Stream {
    /// `None` at the end.
    fd: Option<OwnedFd>,
    /// What was read and not yet taken.
    read: Vec<u8>,
    /// A terminal that nobody has open. Somebody may open it again: login does so after a hang-up.
    hung_up: bool,
}

impl Stream {
    fn new(fd: Option<OwnedFd>) -> Result<Stream> {
        if let Some(fd) = &fd {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        Ok(Stream { fd, read: Vec::new(), hung_up: false })
    }

    /// Reads all that is there: more than a pipe or a terminal holds, but not without end.
    fn fill(&mut self) -> Result<()> {
        const MOST_READS: usize = 64;
        let mut buffer = [0; 16 * 1024];
        self.hung_up = false;
        for _ in 0..MOST_READS {
            let Some(fd) = &self.fd else { break };
            match rustix::io::read(fd, &mut buffer) {
                Ok(0) => self.fd = None,
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(Errno::IO) => {
                    self.hung_up = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Process {
    pub(super) fn start(
        control: &Arc<Control>,
        spawn: Spawn,
        theirs: [BorrowedFd<'_>; 3],
        streams: Streams,
    ) -> Result<Process> {
        let words = spawn.argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>();
        let name = words.join(" ");
        let (reply, answer) = control.ask(&Request::Spawn(spawn), &theirs)?;
        let pid = answer.strip_prefix("pid ").and_then(|pid| pid.parse().ok());
        let pid = pid.with_context(|| format!("an answer that was not expected: {answer}"))?;
        Ok(Process { control: Arc::clone(control), reply, name, pid, status: None, streams })
    }

    /// The process id, as the chamber counts.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The command line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the process ended, if it has.
    pub fn status(&mut self) -> Result<Option<ExitStatus>> {
        self.step(Instant::now())?;
        Ok(self.status)
    }

    /// Waits until the process has ended. What it writes meanwhile is kept.
    pub fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + timeout;
        loop {
            if let Some(status) = self.status {
                return Ok(status);
            }
            let progress = self.step(until)?;
            ensure!(progress || self.status.is_some(), "{}: still running after {timeout:?}", self.name);
        }
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.send_signal(signal, false)
    }

    /// Kills the process and all its descendants, and waits for its end.
    pub fn stop(&mut self) {
        if self.status.is_none() && self.send_signal(Signal::KILL, true).is_ok() {
            let _ = self.wait(Duration::from_secs(5));
        }
    }

    fn send_signal(&self, signal: Signal, tree: bool) -> Result<()> {
        let request = Request::Signal { pid: self.pid, signal: signal.as_raw(), tree };
        self.control.ask(&request, &[]).map(drop)
    }

    /// Sends text to the process; on a terminal that is what is typed.
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        self.streams.unsent.extend_from_slice(text.as_ref());
        self.streams.write();
    }

    /// Ends standard input when all of it is written; on a terminal by typing Control-D.
    pub fn close_input(&mut self) {
        if self.streams.is_terminal {
            self.send([4]);
        } else {
            self.streams.close_input = true;
            self.streams.write();
        }
    }

    /// Waits until the process has written what `pattern` describes, and takes everything up to its end.
    ///
    /// Where the process ends or the time is over first, the error shows what was written instead.
    pub fn expect(&mut self, pattern: impl Pattern, timeout: Duration) -> Result<String> {
        let until = Instant::now() + timeout;
        loop {
            let ended = self.status.is_some() || self.streams.output.fd.is_none();
            if let Some(end) = pattern.end_of_match(&self.streams.output.read) {
                let taken = self.streams.output.read.drain(..end).collect::<Vec<_>>();
                return Ok(String::from_utf8_lossy(&taken).into_owned());
            }
            if ended || !self.step(until)? && Instant::now() >= until {
                let why = if ended { "ended" } else { "timed out" };
                let seen = self.streams.output.read.escape_ascii();
                bail!("{}: {why} without writing {pattern:?}, but \"{seen}\"", self.name);
            }
        }
    }

    /// The next line of standard output, without its end.
    pub fn line(&mut self, timeout: Duration) -> Result<String> {
        let line = self.expect("\n", timeout)?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Takes what was written to standard output and standard error until now.
    pub fn take_output(&mut self) -> (Vec<u8>, Vec<u8>) {
        let Streams { output, errors, .. } = &mut self.streams;
        // What cannot be read any more is missing from the output, and that is all there is to say.
        let _ = output.fill().and_then(|()| errors.fill());
        (std::mem::take(&mut output.read), std::mem::take(&mut errors.read))
    }

    /// Waits until something happens; `false` where nothing did. The end of the process comes last: what it
    /// wrote before is read by then.
    fn step(&mut self, until: Instant) -> Result<bool> {
        if self.status.is_some() {
            self.streams.output.fill()?;
            return Ok(false);
        }
        let progress = self.streams.step(&self.reply, until)?;
        if wait_readable(&self.reply, Duration::ZERO)? {
            let (packet, _) = wire::receive(&self.reply)?.context("the chamber is gone")?;
            let status = std::str::from_utf8(&packet)?.strip_prefix("exit ").and_then(|raw| raw.parse().ok());
            self.status = Some(ExitStatus::from_raw(status.context("no exit status")?));
            self.streams.output.fill()?;
            self.streams.errors.fill()?;
        }
        Ok(progress)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What can be expected of a process.
pub trait Pattern: std::fmt::Debug {
    /// Where the first match in `text` ends.
    fn end_of_match(&self, text: &[u8]) -> Option<usize>;
}

impl Pattern for &str {
    fn end_of_match(&self, text: &[u8]) -> Option<usize> {
        text.windows(self.len().max(1)).position(|part| part == self.as_bytes()).map(|at| at + self.len())
    }
}

/// Any of several texts, whichever ends first.
impl<const N: usize> Pattern for [&str; N] {
    fn end_of_match(&self, text: &[u8]) -> Option<usize> {
        self.iter().filter_map(|one| one.end_of_match(text)).min()
    }
}
