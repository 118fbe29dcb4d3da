//! Random worlds: small, nasty, and the same for the same seed.
//!
//! Names come from a few short lists, so that programs and versions clash all the time. What a program holds is made in
//! [`programs`], what the base index holds besides in [`base`].

use std::path::Path;

use anyhow::Result;
use fastrand::Rng;

use super::World;
use crate::oracle::words::{Architecture, architecture, major};
use crate::oracle::{Chosen, tree::Tree};

mod base;
mod programs;

/// What is chosen in a random world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// At most one version for a program, major and architecture, in order of precedence.
    pub chosen: Vec<Chosen>,
    /// Whether the view is a pure one.
    pub pure: bool,
}

/// The maker of random worlds.
#[derive(Debug)]
pub struct RandomWorld;

/// A version that a random world has.
struct Made {
    program: &'static str,
    version: &'static str,
}

impl RandomWorld {
    /// The world of this number, in this folder, and what to choose in it.
    pub fn generate(seed: u64, folder: &Path) -> Result<(World, Selection)> {
        let mut rng = Rng::with_seed(seed);
        let world = World::in_folder(folder)?;
        let made = programs::make(&mut rng, &world);
        base::make(&mut rng, &world, &made);
        let selection = select(&mut rng, &world, &made)?;
        Ok((world, selection))
    }
}

fn select(rng: &mut Rng, world: &World, made: &[Made]) -> Result<Selection> {
    let tree = Tree::on_disk(world.root());
    let mut order: Vec<&Made> = made.iter().collect();
    rng.shuffle(&mut order);
    let most = rng.usize(1..=6);
    let mut chosen: Vec<(&Made, Architecture)> = Vec::new();
    for version in order {
        let own = architecture(tree, version.program, version.version)?;
        let clashes = chosen.iter().any(|(other, architecture)| {
            other.program == version.program
                && major(other.version) == major(version.version)
                && architecture.same(&own)
        });
        if !clashes && chosen.len() < most {
            chosen.push((version, own));
        }
    }
    let chosen = chosen.into_iter().map(|(made, _)| Chosen::new(made.program, made.version)).collect();
    Ok(Selection { chosen, pure: rng.u8(..) < 25 })
}

/// One of a list.
fn one<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.usize(..list.len())]
}

/// Whether something of this many per cent happens.
fn happens(rng: &mut Rng, per_cent: u8) -> bool {
    rng.u8(..100) < per_cent
}
