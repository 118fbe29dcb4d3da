//! Tests that cannot run everywhere: they say why, and return.
//!
//! With `GOBO_TESTS_MUST_RUN=1` in the environment, as on a machine that is meant to run everything, such a
//! test fails instead, so that nothing is skipped unnoticed.

use crate::root::{Options, Variant, debian};
use std::fmt::Display;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

/// Whether a test that cannot run is a failure.
pub fn must_run() -> bool {
    std::env::var_os("GOBO_TESTS_MUST_RUN").is_some_and(|value| value == "1")
}

/// Prints `skipped: WHY`.
///
/// # Panics
///
/// Where every test must run.
pub fn skip(why: impl Display) {
    assert!(!must_run(), "this test must run, but: {why}");
    println!("skipped: {why}");
}

/// Whether this process may make namespaces and mounts.
pub fn is_root() -> bool {
    const CAP_SYS_ADMIN: u64 = 1 << 21;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    rustix::process::geteuid().is_root() && capabilities & CAP_SYS_ADMIN != 0
}

/// As [`is_root`]; says so where it may not.
pub fn root() -> bool {
    let may = is_root();
    if !may {
        skip("needs root with CAP_SYS_ADMIN");
    }
    may
}

/// A GoboLinux root for end-to-end tests: `target/goboroot/root-VARIANT` of the workspace, or for the small one
/// `$GOBO_ROOT`. `None`, and why is said, where there is none or where it could not be used.
pub fn gobo_root(variant: Variant) -> Option<PathBuf> {
    if !root() {
        return None;
    }
    let other = std::env::var_os("GOBO_ROOT").filter(|_| variant == Variant::Small);
    let built = || Options::new(variant).work.join(format!("root-{variant}"));
    let path = other.map_or_else(built, PathBuf::from);
    if path.join("System/Index/bin").is_dir() {
        return path.canonicalize().ok();
    }
    skip(format_args!("no GoboLinux root at {}: cargo xtask root --variant {variant}", path.display()));
    None
}

/// A minimal Debian root: `target/goboroot/root-debian` of the workspace. `None`, and why is said, where there is none or where it
/// could not be used.
pub fn debian_root() -> Option<PathBuf> {
    if !root() {
        return None;
    }
    let path = debian::path(&Options::new(Variant::Small).work);
    if path.is_dir() {
        return path.canonicalize().ok();
    }
    skip(format_args!("no Debian root at {}: cargo xtask root --variant debian", path.display()));
    None
}

/// Whether a host answers on a TCP port; says so where it does not.
pub fn network(host: &str, port: u16) -> bool {
    let mut addresses = (host, port).to_socket_addrs().into_iter().flatten();
    let answers = addresses.any(|at| TcpStream::connect_timeout(&at, Duration::from_secs(5)).is_ok());
    if !answers {
        skip(format_args!("{host} does not answer on port {port}"));
    }
    answers
}

/// What a test that cannot run returns.
pub trait Skipped {
    /// The value of a test that is over.
    fn skipped() -> Self;
}

impl Skipped for () {
    fn skipped() {}
}

impl<E> Skipped for Result<(), E> {
    fn skipped() -> Self {
        Ok(())
    }
}

/// Returns from a test that is not run by root.
#[macro_export]
macro_rules! requires_root {
    () => {
        if !$crate::gate::root() {
            return $crate::gate::Skipped::skipped();
        }
    };
}

/// The path of a GoboLinux root, the small one where no variant is named; returns from the test where there is none.
#[macro_export]
macro_rules! requires_gobo_root {
    () => {
        $crate::requires_gobo_root!(Small)
    };
    ($variant:ident) => {
        match $crate::gate::gobo_root($crate::root::Variant::$variant) {
            Some(path) => path,
            None => return $crate::gate::Skipped::skipped(),
        }
    };
}

/// The path of the Debian root; returns from the test where there is none.
#[macro_export]
macro_rules! requires_debian_root {
    () => {
        match $crate::gate::debian_root() {
            Some(path) => path,
            None => return $crate::gate::Skipped::skipped(),
        }
    };
}

/// Returns from a test where a host does not answer on a TCP port.
#[macro_export]
macro_rules! requires_network {
    ($host:expr, $port:expr) => {
        if !$crate::gate::network($host, $port) {
            return $crate::gate::Skipped::skipped();
        }
    };
}
