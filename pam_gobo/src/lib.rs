//! `pam_gobo.so`: gives each login session its own view of /System/Index.
//!
//! This crate is the thin side towards libpam: it reads the module's arguments and items, asks
//! [`gobo_session::login`] for a session, sets variables, writes the log line and chooses the return code (R7). The
//! module stands twice in a session stack, `close` first and `open` last, so that other modules never load what a
//! view shows (R23).

#![deny(unsafe_code)]

mod handle;
mod libpam;
mod log;
mod session;

/// The functions that libpam calls. The macro documents none of them; pam(3) does.
#[allow(missing_docs, unreachable_pub)]
mod hooks {
    use crate::handle::PamModule;

    pam::pam_hooks!(PamModule);
}
