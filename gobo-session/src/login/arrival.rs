//! What a login comes to: when it came, and what was mounted then.

use crate::config::Policy;
use crate::error::Result;
use crate::kernel::Far;
use crate::kernel::mountinfo::{self, Mount};
use std::rc::Rc;
use std::time::Instant;

/// When a login came, and the mounts that it found, which are read and judged once.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When it came to us: its deadline counts from here.
    pub begun: Instant,
    mounts: Rc<Result<Vec<Mount>>>,
    far: Far,
}

impl Arrival {
    /// Looks around for a login that came to us then.
    #[must_use]
    pub fn at(begun: Instant) -> Self {
        let mounts = mountinfo::read();
        let far = mounts.as_deref().map(Far::among).unwrap_or_default();
        Self { begun, mounts: Rc::new(mounts), far }
    }

    /// When time is up for a login whose policy is not known yet.
    pub(super) fn first_deadline(&self) -> Instant {
        self.begun + Policy::default().deadline
    }

    /// The mounts.
    ///
    /// # Errors
    /// Where they could not be read.
    pub(super) fn mounts(&self) -> Result<&[Mount]> {
        self.mounts.as_deref().map_err(Clone::clone)
    }

    /// Those for which somebody else answers; none where /proc does not tell.
    pub(super) fn far(&self) -> &Far {
        &self.far
    }
}
