//! Log lines: to syslog's LOG_AUTHPRIV, never waiting for it.

use gobo_session::text::Safe;
use pam::module::PamHandle;
use std::fmt::Display;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use syslog::{Facility, LogFormat, Logger, LoggerBackend, Severity};

/// Where syslog listens.
const SOCKET: &str = "/dev/log";

/// The longest line that is sent: a datagram that every daemon takes.
const MAX_LINE: usize = 2000;

/// One line as daemons of every kind take it: priority, tag, text. They add the time themselves.
struct Line {
    tag: String,
}

impl<T: Display> LogFormat<T> for Line {
    fn format<W: Write>(&self, w: &mut W, severity: Severity, message: T) -> syslog::Result<()> {
        let priority = Facility::LOG_AUTHPRIV as u8 | severity as u8;
        let mut text = format!("<{priority}>{}: {message}", self.tag);
        let end = (0..=MAX_LINE.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        w.write_all(text.as_bytes()).map_err(syslog::Error::Write)
    }
}

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Debug,
}

/// Writes a line for a service; a log that cannot be reached at once gets nothing.
pub(crate) fn write(service: &str, level: Level, message: &str) {
    let Ok(socket) = UnixDatagram::unbound() else { return };
    if socket.set_nonblocking(true).is_err() || socket.connect(SOCKET).is_err() {
        return;
    }
    let tag = format!("pam_gobo({}:session)[{}]", Safe(service), std::process::id());
    let mut logger = Logger::new(LoggerBackend::Unix(socket), Line { tag });
    let _ = match level {
        Level::Error => logger.err(message),
        Level::Warning => logger.warning(message),
        Level::Debug => logger.debug(message),
    };
}

/// Tells the user something through the conversation, where there is one (never stdout or stderr).
pub(crate) fn tell_user(handle: &PamHandle, message: &str) {
    if let Ok(Some(conversation)) = handle.get_item::<pam::conv::Conv<'_>>() {
        let _ = conversation.send(pam::constants::PAM_TEXT_INFO, message);
    }
}
