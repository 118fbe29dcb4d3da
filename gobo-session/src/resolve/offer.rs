//! Another choice where the nearest one ends in a conflict, or why there is none.
//!
//! First the versions that conflicts are about are changed, one after the other, to ones that meet everything seen so
//! far; that stays near and mostly is enough. Where it is not, the search goes through all choices. Either gives pins:
//! versions that go before others. Pins that are not needed are dropped, and what is left is tried before it is offered.

use super::catalogue::{Catalogue, VersionId};
use super::nearest::{Ask, Outcome, Wishes, choose, choose_while};
use super::report;
use super::request::OnConflict;
use super::search::{Found, MAX_TRIED, search};
use crate::error::Result;
use crate::plan::{Change, Offer, Plan, Source};
use crate::requirement::{Alternative, Constraint, Op, Requirement, Wanted};
use crate::unordered::Set;
use std::rc::Rc;

/// How often the versions of conflicts are changed.
const MAX_ROUNDS: usize = 16;
/// How many conflicts are explained.
const MAX_EXPLAINED: usize = 8;

/// What came of looking for another choice.
pub(super) enum Other {
    /// It satisfies all: what it is, and what it would change.
    Fits(Outcome, Offer),
    /// There is none; the sentences say why.
    Impasse(Vec<String>),
}

/// Looks for a choice without conflicts.
pub(super) fn find(catalogue: &mut Catalogue<'_>, wishes: &Wishes, nearest: &Outcome) -> Result<Other> {
    let missing: Set<&Requirement> = nearest.missing.iter().map(|ask| &ask.need().requirement).collect();
    let tolerated = |ask: &Ask| missing.contains(&ask.need().requirement);
    let fits = |outcome: &Outcome| outcome.conflicts.is_empty() && outcome.missing.iter().all(tolerated);
    let mut pins = adjust(catalogue, wishes)?.unwrap_or_default();
    let mut outcome = choose(catalogue, wishes, &pins)?;
    if !fits(&outcome) {
        let why = match search(catalogue, wishes, tolerated)? {
            Found::Choice(versions) => {
                pins = versions;
                None
            }
            Found::Nothing => Some(None),
            Found::Unknown => {
                Some(Some(format!("no other choice was found among the first {MAX_TRIED} versions tried")))
            }
        };
        if let Some(given_up) = why {
            let mut sentences = explain(catalogue, wishes, nearest)?;
            sentences.extend(given_up);
            return Ok(Other::Impasse(sentences));
        }
        outcome = choose(catalogue, wishes, &pins)?;
    }
    let (pins, way) = fewest(catalogue, wishes, nearest, &outcome, pins, fits)?;
    let outcome = choose(catalogue, wishes, &pins)?;
    let offer = describe(catalogue, nearest, &outcome, &pins, way);
    Ok(Other::Fits(outcome, offer))
}

/// How a person can have a choice by asking for more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By wishes behind those of the command line.
    Behind,
    /// By wishes before all others.
    First,
    /// Not by wishes.
    None,
}

/// Leaves out the pins that are not needed; what is left gives a choice that fits, as pins and in the same way as wishes.
fn fewest(
    catalogue: &mut Catalogue<'_>,
    wishes: &Wishes,
    nearest: &Outcome,
    outcome: &Outcome,
    pins: Vec<VersionId>,
    fits: impl Fn(&Outcome) -> bool,
) -> Result<(Vec<VersionId>, Way)> {
    let is_enough = |catalogue: &mut Catalogue<'_>, pins: &[VersionId], way: Way| -> Result<bool> {
        if !fits(&choose_while(catalogue, wishes, pins, &fits)?) {
            return Ok(false);
        }
        let asked = asked_for(catalogue, wishes, pins, way)?;
        Ok(way == Way::None || fits(&choose_while(catalogue, &asked, &[], &fits)?))
    };
    let before: Set<VersionId> = nearest.chosen.iter().map(|(id, _)| *id).collect();
    let all: Vec<VersionId> = outcome.chosen.iter().map(|(id, _)| *id).collect();
    let changed: Vec<VersionId> = all.iter().copied().filter(|id| !before.contains(id)).collect();
    let mut found = (pins.clone(), Way::None);
    let mut sets = [pins, changed, all];
    sets.sort_by_key(Vec::len);
    'found: for enough in sets {
        for way in [Way::Behind, Way::First] {
            if is_enough(catalogue, &enough, way)? {
                found = (enough, way);
                break 'found;
            }
        }
    }
    let (mut pins, way) = found;
    // The unchanged ones go first, many at once: they were chosen without being asked for.
    pins.sort_by_key(|id| !before.contains(id));
    let mut size = pins.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < pins.len() {
            let mut fewer = pins.clone();
            fewer.drain(start..(start + size).min(pins.len()));
            if is_enough(catalogue, &fewer, way)? {
                pins = fewer;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    Ok((pins, way))
}

/// Pins, for each conflict, a version that meets all that the winner met and what gave way to it; `None` where there is
/// no such version, or where that does not come to an end.
fn adjust(catalogue: &mut Catalogue<'_>, wishes: &Wishes) -> Result<Option<Vec<VersionId>>> {
    let mut pins = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let outcome = choose(catalogue, wishes, &pins)?;
        let Some((lost, _, winner)) = outcome.conflicts.first() else { return Ok(Some(pins)) };
        let (chosen, brought) = &outcome.chosen[*winner];
        let met = outcome.met.iter().filter(|(_, place)| place == winner).map(|(ask, _)| ask);
        let gave_way = outcome.conflicts.iter().filter(|(.., place)| place == winner).map(|(ask, ..)| ask);
        let seen: Vec<&Ask> = met.chain(gave_way).collect();
        let both = both(catalogue, brought, lost)?;
        let meets_all = |id: &&VersionId| seen.iter().all(|ask| catalogue.meets(**id, ask.need()));
        let Some(&better) = both.iter().find(meets_all).or(both.first()) else { return Ok(None) };
        if pins.contains(&better) {
            return Ok(None);
        }
        pins.retain(|pin| pin != chosen);
        pins.push(better);
    }
    Ok(None)
}

/// The versions that can be taken and meet both of two requirements, the one to be taken first in front.
fn both(catalogue: &Catalogue<'_>, one: &Ask, other: &Ask) -> Result<Vec<VersionId>> {
    let mut both = catalogue.candidates(one.need())?;
    both.retain(|id| catalogue.meets(*id, other.need()));
    Ok(both)
}

/// The wishes with each pin asked for as a person would write it.
fn asked_for(catalogue: &mut Catalogue<'_>, wishes: &Wishes, pins: &[VersionId], way: Way) -> Result<Wishes> {
    let mut needs = Vec::new();
    for requirement in pins.iter().filter_map(|pin| exactly(catalogue, *pin)).collect::<Vec<_>>() {
        needs.extend(catalogue.need(&requirement, 0, None)?);
    }
    let is_asked = |place: &usize| {
        let wish = catalogue.request.wishes.get(*place);
        wish.is_some_and(|wish| wish.source == Source::Asked)
    };
    let asked = wishes.places.iter().take(wishes.first.len()).take_while(|place| is_asked(place)).count();
    let (before, behind) = wishes.first.split_at(if way == Way::First { 0 } else { asked });
    let first: Vec<_> = [before, &needs, behind].concat();
    Ok(Wishes { first: Rc::from(first), ..wishes.clone() })
}

/// That version and no other.
fn exactly(catalogue: &Catalogue<'_>, id: VersionId) -> Option<Requirement> {
    let version = catalogue.version(id);
    let wanted = Wanted::Program(version.program.name.clone());
    let constraint = Constraint { op: Op::Equal, version: version.folder().version.clone() };
    Requirement::new(vec![Alternative { wanted, constraints: vec![constraint], flags: Vec::new() }])
}

/// The offer in words and as data.
fn describe(
    catalogue: &Catalogue<'_>,
    nearest: &Outcome,
    outcome: &Outcome,
    pins: &[VersionId],
    way: Way,
) -> Offer {
    let after: Set<VersionId> = outcome.chosen.iter().map(|(id, _)| *id).collect();
    // What a version stands instead of: its rival, or another of its program that is not needed any more.
    let replaced = |id: VersionId| {
        let version = catalogue.version(id);
        let of_program = || {
            let chosen = nearest.chosen.iter().map(|(other, _)| *other);
            chosen.filter(|other| catalogue.version(*other).number == version.number)
        };
        let rival = of_program().find(|other| version.is_rival(catalogue.version(*other)));
        let gone = || of_program().find(|other| !after.contains(other));
        rival.or_else(gone).map(|other| catalogue.version(other).name().to_owned())
    };
    let change = |id: VersionId| {
        let version = catalogue.version(id);
        Change { program: version.program.name.clone(), from: replaced(id), to: version.name().to_owned() }
    };
    let before: Set<VersionId> = nearest.chosen.iter().map(|(id, _)| *id).collect();
    let new = outcome.chosen.iter().map(|(id, _)| *id).filter(|id| !before.contains(id));
    let changes = new.map(change).collect();
    let words: Vec<String> = pins.iter().map(|id| change(*id).to_string()).collect();
    let mut sentence = format!("with {} everything fits", words.join(" and "));
    let with: Vec<Requirement> = pins.iter().filter_map(|id| exactly(catalogue, *id)).collect();
    let can_be_written = with.iter().all(|with| with.to_string().parse().as_ref() == Ok(with));
    let way = if can_be_written { way } else { Way::None };
    let with = if way == Way::None { Vec::new() } else { with };
    let taken = catalogue.request.on_conflict == OnConflict::Solve;
    if !taken {
        let options: Vec<String> = with.iter().map(|with| format!("--with '{with}'")).collect();
        let options = options.join(" ");
        sentence += &match way {
            Way::Behind => format!(": {options}"),
            Way::First => format!(": {options}, before all others"),
            Way::None => ": `solve = true` in a profile takes them".to_owned(),
        };
    }
    Offer { changes, with, first: way == Way::First, sentence, taken }
}

/// Why no choice satisfies all: for each conflict, what its versions come to.
fn explain(catalogue: &mut Catalogue<'_>, wishes: &Wishes, nearest: &Outcome) -> Result<Vec<String>> {
    let plan = report::plan(catalogue, nearest)?;
    let mut sentences: Vec<String> = Vec::new();
    for (number, (lost, _, winner)) in nearest.conflicts.iter().take(MAX_EXPLAINED).enumerate() {
        let (chosen, brought) = &nearest.chosen[*winner];
        let conflict = &plan.conflicts[number];
        let name = &plan.chosen[*winner].program;
        let first = told(&plan, &plan.chosen[*winner].requirement, &plan.chosen[*winner].source);
        let second = told(&plan, &conflict.requirement, &conflict.source);
        let both = both(catalogue, brought, lost)?;
        let sentence = match both.iter().find(|id| *id != chosen) {
            None => format!("no installed version of {name} meets both {first} and {second}"),
            Some(&id) => {
                let trial = choose(catalogue, wishes, &[id])?;
                let version = catalogue.version(id).name().to_owned();
                let trial = report::plan(catalogue, &trial)?;
                let then = trial.conflicts.first().map(|conflict| {
                    let winner = &trial.chosen[conflict.winner];
                    let gives_way = told(&trial, &conflict.requirement, &conflict.source);
                    format!("{gives_way} cannot be met beside {} {}", winner.program, winner.version)
                });
                let then = then.unwrap_or_else(|| "something that it needs is not installed".into());
                format!("{name} {version} meets both {first} and {second}, but then {then}")
            }
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    Ok(sentences)
}

fn told(plan: &Plan, requirement: &Requirement, source: &Source) -> String {
    format!("`{requirement}` ({})", plan.because(source).join(", "))
}
