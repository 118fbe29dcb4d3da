//! New views for running sessions: made once for each user, since what somebody holds open in an overlay stays as it was for
//! everybody who has it.

use crate::error::Result;
use crate::kernel::{About, View};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Views that are attached nowhere: those sessions of one user that are to have the same get clones.
pub(super) struct Views<K>(BTreeMap<(K, Option<String>), View>);

impl<K: Ord> Views<K> {
    /// None yet.
    pub(super) fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The view `of` that for a session which says so of itself; `make` makes one.
    ///
    /// # Errors
    /// Why none can be made.
    pub(super) fn give(
        &mut self,
        of: K,
        about: &About,
        make: impl Fn(&About) -> Result<View>,
    ) -> Result<View> {
        let first = match self.0.entry((of, about.user.clone())) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(missing) => missing.insert(make(&About::default())?),
        };
        first.again(about).or_else(|_| make(about))
    }
}
