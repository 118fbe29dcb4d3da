//! Refreshing views: what one session needs many may need, and has been done then.

use super::views::Views;
use crate::cli::place::Place;
use crate::compile::compile;
use crate::error::{Error, Result, Step};
use crate::kept::{self, Amended};
use crate::kernel::About;
use crate::kernel::sessions::Session;
use crate::layer::Layer;
use crate::plan::Plan;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// Makes views true again, each with the plan that it has.
pub(super) struct Fresh<'a> {
    place: &'a Place,
    /// The layer of each plan as it should be, for sessions that have their own.
    own: BTreeMap<String, Result<Layer>>,
    /// The kept layer of each plan.
    kept: BTreeMap<String, Result<Amended>>,
    /// New views of a plan over parts of the index.
    views: Views<(String, Vec<String>)>,
    /// The file systems of which the kernel has forgotten what was looked up.
    flushed: BTreeSet<u64>,
}

impl<'a> Fresh<'a> {
    /// Nothing is known yet.
    pub(super) fn new(place: &'a Place) -> Self {
        let (own, kept) = (BTreeMap::new(), BTreeMap::new());
        Self { place, own, kept, views: Views::none(), flushed: BTreeSet::new() }
    }

    /// Makes the view of a session true; how many names of its layer were changed.
    pub(super) fn refresh(&mut self, session: &Session) -> Result<usize> {
        if !session.shown().has_description {
            // What it holds is not known: it stays, and what is below it is seen again.
            return session.flush(&mut self.flushed).map(|()| 0);
        }
        if session.has_own_layer()? { self.refresh_own(session) } else { self.refresh_kept(session) }
    }

    /// One with a layer of its own.
    fn refresh_own(&mut self, session: &Session) -> Result<usize> {
        let tree = &self.place.tree;
        let layer = self
            .own
            .entry(session.plan_id().to_owned())
            .or_insert_with(|| compiled(tree, &session.plan()?))
            .as_ref()
            .map_err(Error::clone)?;
        let changed = session.amend(layer)?;
        session.flush(&mut self.flushed)?;
        covered(session, layer).map(|()| changed)
    }

    /// One whose layer others may have too.
    ///
    /// What somebody holds open in an overlay stays as it was, for everybody who has that overlay, also where the rest is
    /// forgotten: one user could keep others from what is new. So where it was not one user's alone, each session gets
    /// another one, which only sessions of the same user have.
    fn refresh_kept(&mut self, session: &Session) -> Result<usize> {
        let place = self.place;
        let amended = self
            .kept
            .entry(session.plan_id().to_owned())
            .or_insert_with(|| amend(place, session))
            .as_ref()
            .map_err(Error::clone)?;
        // A user's own namespace may have copies of its mounts, and keeps them.
        session.flush(&mut self.flushed)?;
        if amended.was_several {
            let (plan, areas) = (session.plan_id().to_owned(), session.areas());
            let make = |about: &About| amended.view(&place.tree, &session.source, &areas, about);
            let about = session.about.clone().unwrap_or_default();
            session.swap(&self.views.give((plan, areas.clone()), &about, make)?, &place.layout)?;
        }
        covered(session, &amended.layer).map(|()| amended.changed)
    }
}

/// Makes the kept layer of a session's plan true, by a tree of which nothing was read before.
fn amend(place: &Place, session: &Session) -> Result<Amended> {
    let plan = session.plan()?;
    let tree = || Tree::below(place.tree.root(), place.shown.base(), place.layout.clone());
    kept::amend(&plan, || compiled(&tree()?, &plan))
}

/// The layer that a plan has now, over the tree that it was made for.
fn compiled(tree: &Tree, plan: &Plan) -> Result<Layer> {
    if plan.tree != tree.layout().told() {
        let what = "its view is over another [tree] than session.toml says by now";
        return Err(Error::new(Step::Compile, what).with_cure("gobo-session reload makes it anew"));
    }
    compile(tree, plan)
}

/// Makes sure that a view lies over all parts of the index that its layer changes.
fn covered(session: &Session, layer: &Layer) -> Result<()> {
    match session.uncovered(layer).as_slice() {
        [] => Ok(()),
        areas => {
            let what =
                format!("its programs have names in {} by now, which it does not show", areas.join(", "));
            Err(Error::new(Step::Mount, what).with_cure("gobo-session reload makes it anew"))
        }
    }
}
