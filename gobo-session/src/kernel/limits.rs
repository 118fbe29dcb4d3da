//! Resource limits that somebody set for a command or a session, out of the way while its view is made.

use crate::error::{Error, Result, Step};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};

/// What making a view takes: descriptors, and files on a tmpfs.
const NEEDED: [Resource; 2] = [Resource::RLIMIT_NOFILE, Resource::RLIMIT_FSIZE];

/// The limits as high as this process may set them; when the value goes they are as they were.
pub(crate) struct Raised(Vec<(Resource, rlim_t, rlim_t)>);

impl Raised {
    pub(crate) fn new() -> Self {
        let limits = NEEDED.into_iter().filter_map(|resource| {
            let (soft, hard) = getrlimit(resource).ok()?;
            let highest = setrlimit(resource, RLIM_INFINITY, RLIM_INFINITY);
            highest.or_else(|_| setrlimit(resource, hard, hard)).ok()?;
            Some((resource, soft, hard))
        });
        Self(limits.collect())
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        for (resource, soft, hard) in &self.0 {
            let _ = setrlimit(*resource, *soft, *hard);
        }
    }
}

/// The longest file that a view may need: its description, as long as it is read.
const LONGEST_FILE: rlim_t = 16 * 1024 * 1024;

/// Makes sure that the files of a view can be written: the kernel would end this process with SIGXFSZ.
pub(super) fn room_for_files() -> Result<()> {
    match getrlimit(Resource::RLIMIT_FSIZE) {
        Ok((soft, _)) if soft < LONGEST_FILE => {
            let what = "the limit on the size of files is too low to make a view";
            Err(Error::new(Step::Mount, what).with_cure("raise it (ulimit -H -f) to 16384 or more"))
        }
        _ => Ok(()),
    }
}
