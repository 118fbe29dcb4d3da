//! The nearest choice: breadth first, each requirement by the first version that would do.

use super::MAX_CHOSEN;
use super::catalogue::{Catalogue, VersionId};
use super::need::Need;
use crate::error::{Error, Result, Step};
use std::collections::VecDeque;
use std::rc::Rc;

/// What is asked for, in the order of its weight.
#[derive(Clone)]
pub(super) struct Wishes {
    /// What somebody asked for; a wish that asks for nothing is `None`, so that places stay those of the request.
    pub(super) first: Rc<[Need]>,
    /// What the session around asked for.
    pub(super) kept: Rc<[Need]>,
    /// For each of both, its place in the plan's wishes.
    pub(super) places: Vec<usize>,
}

/// A requirement and who has it.
#[derive(Clone)]
pub(super) struct Ask {
    /// The choice that needs it; `None` for a wish.
    pub(super) of: Option<usize>,
    list: Rc<[Need]>,
    place: usize,
    /// The wish, as a place in the plan's wishes.
    pub(super) wish: usize,
}

impl Ask {
    pub(super) fn need(&self) -> &Need {
        &self.list[self.place]
    }

    /// What a choice needs.
    pub(super) fn all_of(of: usize, list: &Rc<[Need]>) -> impl Iterator<Item = Self> {
        let list = Rc::clone(list);
        (0..list.len()).map(move |place| Self { of: Some(of), list: Rc::clone(&list), place, wish: 0 })
    }
}

impl Wishes {
    /// What was asked for, then what the session around asked for.
    pub(super) fn asks(&self) -> [Vec<Ask>; 2] {
        let asks = |list: &Rc<[Need]>, before: usize| {
            let ask = |place: usize| Ask {
                of: None,
                list: Rc::clone(list),
                place,
                wish: self.places.get(before + place).copied().unwrap_or_default(),
            };
            (0..list.len()).map(ask).collect()
        };
        [asks(&self.first, 0), asks(&self.kept, self.first.len())]
    }
}

/// What was chosen, and what gave way.
pub(super) struct Outcome {
    /// The versions and what brought them.
    pub(super) chosen: Vec<(VersionId, Ask)>,
    /// What gave way: the version that would have met it, and the place of the choice that stands instead.
    pub(super) conflicts: Vec<(Ask, VersionId, usize)>,
    /// What nothing installed meets.
    pub(super) missing: Vec<Ask>,
    /// What a choice met, by the place of that choice.
    pub(super) met: Vec<(Ask, usize)>,
}

/// Chooses; a pinned version goes before all others where it would do.
pub(super) fn choose(catalogue: &mut Catalogue<'_>, wishes: &Wishes, pins: &[VersionId]) -> Result<Outcome> {
    choose_while(catalogue, wishes, pins, |_| true)
}

/// Chooses; when something has given way or is missing, the outcome so far tells whether to go on.
pub(super) fn choose_while(
    catalogue: &mut Catalogue<'_>,
    wishes: &Wishes,
    pins: &[VersionId],
    goes_on: impl Fn(&Outcome) -> bool,
) -> Result<Outcome> {
    let mut outcome =
        Outcome { chosen: Vec::new(), conflicts: Vec::new(), missing: Vec::new(), met: Vec::new() };
    let mut taken = Taken::default();
    let mut is_pinned = vec![false; pins.iter().max().map_or(0, |last| last + 1)];
    pins.iter().for_each(|pin| is_pinned[*pin] = true);
    for asks in wishes.asks() {
        let mut queue = VecDeque::from(asks);
        while let Some(ask) = queue.pop_front() {
            let need = ask.need();
            if let Some(place) = taken.meeting(catalogue, need) {
                outcome.met.push((ask, place));
                continue;
            }
            let pinned = match pins {
                [] => None,
                _ => catalogue.find(need, |id| is_pinned.get(id) == Some(&true))?,
            };
            let Some(id) = pinned.or(need.first) else {
                outcome.missing.push(ask);
                if !goes_on(&outcome) {
                    return Ok(outcome);
                }
                continue;
            };
            let id = match taken.rival(catalogue, id) {
                None => id,
                Some(winner) => match next_alternative(catalogue, &taken, need, id)? {
                    Some(other) => other,
                    None => {
                        outcome.conflicts.push((ask, id, winner));
                        if !goes_on(&outcome) {
                            return Ok(outcome);
                        }
                        continue;
                    }
                },
            };
            let place = outcome.chosen.len();
            if place == MAX_CHOSEN {
                let what = format!("the view would hold more than {MAX_CHOSEN} programs");
                return Err(Error::new(Step::Resolve, what));
            }
            let needs = catalogue.needs(id)?;
            queue.extend(Ask::all_of(place, &needs));
            taken.push(catalogue, id, place);
            outcome.chosen.push((id, ask));
        }
    }
    Ok(outcome)
}

/// The first version of another program that would do and can stand beside what is chosen.
fn next_alternative(
    catalogue: &Catalogue<'_>,
    taken: &Taken,
    need: &Need,
    first: VersionId,
) -> Result<Option<VersionId>> {
    let mut passed = vec![catalogue.version(first).number];
    catalogue.find(need, |id| {
        let program = catalogue.version(id).number;
        let is_first_of_program = !passed.contains(&program);
        passed.push(program);
        is_first_of_program && taken.rival(catalogue, id).is_none()
    })
}

/// The chosen versions by program, and their places.
#[derive(Default)]
pub(super) struct Taken {
    places: Vec<Option<usize>>,
    by_program: Vec<Vec<VersionId>>,
}

impl Taken {
    /// The place of a version, where it is chosen.
    pub(super) fn place(&self, id: VersionId) -> Option<usize> {
        self.places.get(id).copied().flatten()
    }

    /// The place of the choice that meets a need.
    pub(super) fn meeting(&self, catalogue: &Catalogue<'_>, need: &Need) -> Option<usize> {
        self.place(catalogue.first_among(need, &self.by_program)?)
    }

    /// The place of the choice that a version cannot stand beside.
    pub(super) fn rival(&self, catalogue: &Catalogue<'_>, id: VersionId) -> Option<usize> {
        let version = catalogue.version(id);
        let chosen = self.by_program.get(version.number)?;
        chosen
            .iter()
            .find(|other| version.is_rival(catalogue.version(**other)))
            .and_then(|id| self.place(*id))
    }

    pub(super) fn push(&mut self, catalogue: &Catalogue<'_>, id: VersionId, place: usize) {
        let number = catalogue.version(id).number;
        if self.places.len() <= id {
            self.places.resize(id + 1, None);
        }
        if self.by_program.len() <= number {
            self.by_program.resize(catalogue.programs(), Vec::new());
        }
        self.places[id] = Some(place);
        self.by_program[number].push(id);
    }

    pub(super) fn remove(&mut self, catalogue: &Catalogue<'_>, id: VersionId) {
        self.places[id] = None;
        self.by_program[catalogue.version(id).number].retain(|other| *other != id);
    }
}
