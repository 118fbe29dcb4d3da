//! A choice without conflicts, where there is one.
//!
//! The requirement that the fewest versions are left for is met first, by the first of them; among equals the nearest.
//! Where none is left, the choices that are to blame are known: the one that the requirement comes from, the rivals of
//! its versions, and whatever was to blame for what was tried before. The latest of them is changed, and everything
//! after it forgotten (conflict-directed backjumping). Nothing that could satisfy all is passed over; the number of steps
//! is bounded.

use super::catalogue::{Catalogue, VersionId};
use super::nearest::{Ask, Taken, Wishes};
use crate::error::Result;
use std::collections::BTreeSet;

/// How many versions are tried at most (R18).
pub(super) const MAX_TRIED: usize = 2048;

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// These versions satisfy all.
    Choice(Vec<VersionId>),
    /// No versions do.
    Nothing,
    /// It was given up.
    Unknown,
}

/// A requirement that a choice is made for.
struct Frame {
    /// The versions that would meet it.
    candidates: Vec<VersionId>,
    /// How many requirements there were before the choice's own needs.
    length: usize,
    /// The next of them.
    next: usize,
    /// The places of the choices that are to blame for those passed over.
    blame: BTreeSet<usize>,
}

/// Looks for a choice; what nothing installed meets is let be where `tolerated` says so.
pub(super) fn search(
    catalogue: &mut Catalogue<'_>,
    wishes: &Wishes,
    tolerated: impl Fn(&Ask) -> bool,
) -> Result<Found> {
    let mut asks = wishes.asks().concat();
    let mut frames: Vec<Frame> = Vec::new();
    let mut chosen: Vec<VersionId> = Vec::new();
    let mut taken = Taken::default();
    let mut tried = 0;
    'next: loop {
        let Some(place) = most_urgent(catalogue, &taken, &asks, &tolerated) else {
            return Ok(Found::Choice(chosen));
        };
        let candidates = catalogue.candidates(asks[place].need())?;
        let blame = asks[place].of.into_iter().collect();
        frames.push(Frame { candidates, length: asks.len(), next: 0, blame });
        while let Some(frame) = frames.last_mut() {
            while let Some(&id) = frame.candidates.get(frame.next) {
                frame.next += 1;
                if let Some(rival) = taken.rival(catalogue, id) {
                    frame.blame.insert(rival);
                    continue;
                }
                if tried == MAX_TRIED {
                    return Ok(Found::Unknown);
                }
                tried += 1;
                let needs = catalogue.needs(id)?;
                asks.extend(Ask::all_of(chosen.len(), &needs));
                taken.push(catalogue, id, chosen.len());
                chosen.push(id);
                continue 'next;
            }
            let blame = frames.pop().map(|frame| frame.blame).unwrap_or_default();
            let Some(&latest) = blame.last() else { return Ok(Found::Nothing) };
            frames.truncate(latest + 1);
            for id in chosen.drain(latest..) {
                taken.remove(catalogue, id);
            }
            asks.truncate(frames[latest].length);
            frames[latest].blame.extend(blame.into_iter().filter(|place| *place != latest));
        }
        return Ok(Found::Nothing);
    }
}

/// The place of the unmet requirement that the fewest versions are left for; `None` where all are met.
fn most_urgent(
    catalogue: &Catalogue<'_>,
    taken: &Taken,
    asks: &[Ask],
    tolerated: impl Fn(&Ask) -> bool,
) -> Option<usize> {
    let mut best = None;
    let mut fewest = usize::MAX;
    for (place, ask) in asks.iter().enumerate() {
        let need = ask.need();
        let named = catalogue.named(need);
        if named.iter().any(|id| taken.place(*id).is_some()) || need.first.is_none() && tolerated(ask) {
            continue;
        }
        let left = named.iter().filter(|id| taken.rival(catalogue, **id).is_none());
        let left = left.take(fewest).count();
        if left < fewest {
            (best, fewest) = (Some(place), left);
        }
        if fewest == 0 {
            break;
        }
    }
    best
}
