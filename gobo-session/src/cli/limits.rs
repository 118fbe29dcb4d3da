//! Resource limits that a caller set for a command, out of the way while its view is made.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

/// What making a view takes: descriptors, and files on a tmpfs.
const NEEDED: [Resource; 2] = [Resource::RLIMIT_NOFILE, Resource::RLIMIT_FSIZE];

/// The limits as high as the caller may set them; when the value goes they are as he set them.
pub(super) struct Raised(Vec<(Resource, rlim_t, rlim_t)>);

impl Raised {
    pub(super) fn new() -> Self {
        let limits = NEEDED.into_iter().filter_map(|resource| {
            let (soft, hard) = getrlimit(resource).ok()?;
            setrlimit(resource, hard, hard).ok()?;
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
