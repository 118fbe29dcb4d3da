//! Log messages of a chamber.
//!
//! What receives them is chosen by [`Syslog`]: a receiver that stands in for a syslog daemon, or the daemon that
//! the root brings. Both write to /var/log/messages of the chamber.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::{Chamber, Process};

/// Where programs send their messages.
pub(super) const SOCKET: &str = "/dev/log";
/// Where the messages are written to.
pub(super) const FILE: &str = "/var/log/messages";

/// What receives the log messages of a chamber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Syslog {
    /// Process 1 of the chamber. It is no syslog daemon but stands in for one, and is exact: a message that
    /// was sent is in the log, word for word, with the names of its facility and severity before it.
    /// Control characters are written as `#` and three octal digits, so that a message is always one line.
    #[default]
    Receiver,
    /// The syslog daemon of the root: formats lines as a real system does, and is as late as a real one.
    Daemon,
    /// Nothing: /dev/log does not exist.
    Absent,
}

/// A place in the log of a chamber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogMark(pub(super) usize);

/// Process 1's end of /dev/log.
pub(super) struct Receiver(UnixDatagram);

impl Receiver {
    pub(super) fn new(socket: UnixDatagram) -> io::Result<Receiver> {
        socket.set_nonblocking(true)?;
        Ok(Receiver(socket))
    }

    /// Writes down every message that was sent so far.
    pub(super) fn drain(&self) -> io::Result<()> {
        let (mut packet, mut lines) = (vec![0; 64 * 1024], Vec::new());
        loop {
            match self.0.recv(&mut packet) {
                Ok(length) => lines.extend_from_slice(line(&packet[..length]).as_bytes()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        OpenOptions::new().append(true).create(true).open(FILE)?.write_all(&lines)
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Starts the syslog daemon of the root; those of inetutils, sysklogd and busybox understand these options.
pub(super) fn start_daemon(chamber: &Chamber) -> Result<Process> {
    const CONFIGURATION: &str = "/etc/syslog.conf";
    ensure!(chamber.exists("/System/Index/bin/syslogd"), "the root has no syslog daemon");
    chamber.write(CONFIGURATION, format!("*.*\t{FILE}\n"))?;
    let mut daemon = chamber.command(["syslogd", "-n", "-f", CONFIGURATION]).spawn()?;
    let until = Instant::now() + Duration::from_secs(10);
    while !chamber.exists(SOCKET) {
        if daemon.status()?.is_some() || Instant::now() > until {
            bail!("syslogd does not listen: {}", String::from_utf8_lossy(&daemon.take_output().1));
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    Ok(daemon)
}

/// A message as a line: `authpriv.info Nov 24 03:44:00 su[12]: ...`.
fn line(packet: &[u8]) -> String {
    const FACILITIES: [&str; 12] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    ];
    const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
    let text = String::from_utf8_lossy(packet);
    let (priority, message) = text
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .and_then(|(number, message)| Some((number.parse::<usize>().ok()?, message)))
        .unwrap_or((13, &text));
    let facility = match priority / 8 {
        local @ 16..24 => format!("local{}", local - 16),
        number => FACILITIES.get(number).map_or_else(|| number.to_string(), ToString::to_string),
    };
    let mut line = format!("{facility}.{} ", SEVERITIES[priority % 8]);
    for character in message.trim_end_matches(['\n', '\0']).chars() {
        if character.is_ascii_control() {
            line.push_str(&format!("#{:03o}", u32::from(character)));
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_message_is_one_line_with_its_priority() {
        assert_eq!(
            line(b"<86>Nov 24 03:44:00 su[12]: a\nb\x1b"),
            "authpriv.info Nov 24 03:44:00 su[12]: a#012b#033\n"
        );
        assert_eq!(line(b"<135>x\n"), "local0.debug x\n");
        assert_eq!(line(b"no priority"), "user.notice no priority\n");
    }
}
