//! Small worlds by hand, one for each sentence of `docs/views.md`, and many random ones.

mod architectures;
mod directories;
mod linked;
mod old;
mod order;
mod random;
mod words;

use std::collections::BTreeMap;

use super::index::{Entry, Index};
use super::{Chosen, Outcome, expected, expected_index};
use crate::world::World;

/// A view that a test asks about.
struct View {
    index: Index,
    names: BTreeMap<String, Outcome>,
}

/// The view of a world with these versions chosen.
fn view(world: &World, chosen: &[(&str, &str)]) -> View {
    make(world, chosen, false)
}

/// The same, pure.
fn pure_view(world: &World, chosen: &[(&str, &str)]) -> View {
    make(world, chosen, true)
}

fn make(world: &World, chosen: &[(&str, &str)], pure: bool) -> View {
    let chosen: Vec<Chosen> = chosen.iter().map(|(program, version)| Chosen::new(program, version)).collect();
    View {
        index: expected_index(world.root(), &chosen, pure).unwrap(),
        names: expected(world.root(), &chosen, pure).unwrap(),
    }
}

fn world() -> World {
    World::new().unwrap()
}

#[track_caller]
fn same(found: Option<&Outcome>, wanted: Option<&Outcome>, name: &str) {
    assert_eq!(found, wanted, "{name}");
}

impl View {
    /// The name leads to this file.
    #[track_caller]
    fn has(&self, name: &str, file: &str) -> &Self {
        same(self.names.get(name), Some(&Outcome::File(file.to_owned())), name);
        self
    }

    /// There is no such name.
    #[track_caller]
    fn lacks(&self, name: &str) -> &Self {
        same(self.names.get(name), None, name);
        self
    }

    /// The name is a link with this text.
    #[track_caller]
    fn links(&self, name: &str, text: &str) -> &Self {
        assert_eq!(self.index.get(name), Some(&Entry::Link(text.to_owned())), "{name}");
        self
    }

    /// The name is a real directory.
    #[track_caller]
    fn is_real_directory(&self, name: &str) -> &Self {
        assert_eq!(self.index.get(name), Some(&Entry::Directory), "{name}");
        self
    }

    /// The name is a link that leads nowhere.
    #[track_caller]
    fn dangles(&self, name: &str) -> &Self {
        assert!(
            matches!(self.names.get(name), Some(Outcome::Nowhere(_))),
            "{name}: {:?}",
            self.names.get(name)
        );
        self
    }
}
