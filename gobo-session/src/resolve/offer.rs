//! Another choice where the nearest one ends in a conflict, or why there is none.
//!
//! First the versions that conflicts are about are changed, one after the other, to ones that meet everything seen so
//! far; that stays near and mostly is enough. Where it is not, the search goes through all choices. Either gives pins:
//! versions that go before others. Pins that are not needed are dropped, and what is left is tried before it is offered.

use super::catalogue::{Catalogue, VersionId};
use super::nearest::{Ask, Outcome, Wishes, choose};
use super::report;
use super::search::{Found, MAX_TRIED, search};
use crate::error::Result;
use crate::plan::{Change, Offer, Plan};
use crate::requirement::Requirement;
use std::collections::HashSet;
use std::rc::Rc;

/// How often the versions of conflicts are changed.
const MAX_ROUNDS: usize = 16;
/// How many pins are tried without, one by one.
const MAX_DROPPED: usize = 64;
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
    let missing: HashSet<&Requirement> = nearest.missing.iter().map(|ask| &ask.need().requirement).collect();
    let tolerated = |ask: &Ask| missing.contains(&ask.need().requirement);
    let fits = |outcome: &Outcome| outcome.conflicts.is_empty() && outcome.missing.iter().all(tolerated);
    let mut pins = Vec::new();
    let mut outcome = adjust(catalogue, wishes, &mut pins)?;
    if !outcome.as_ref().is_some_and(fits) {
        pins = match search(catalogue, wishes, tolerated)? {
            Found::Choice(versions) => versions,
            Found::Nothing => return Ok(Other::Impasse(explain(catalogue, wishes, nearest)?)),
            Found::Unknown => {
                let mut why = explain(catalogue, wishes, nearest)?;
                why.push(format!("no other choice was found among the first {MAX_TRIED} versions tried"));
                return Ok(Other::Impasse(why));
            }
        };
        let chosen: HashSet<VersionId> = nearest.chosen.iter().map(|(id, _)| *id).collect();
        let changed: Vec<VersionId> = pins.iter().copied().filter(|id| !chosen.contains(id)).collect();
        let less = choose(catalogue, wishes, &changed)?;
        if fits(&less) {
            pins = changed;
        }
        outcome = Some(choose(catalogue, wishes, &pins)?);
    }
    let Some(mut outcome) = outcome else { return Ok(Other::Impasse(Vec::new())) };
    for pin in pins.clone().into_iter().rev().take(MAX_DROPPED) {
        let fewer: Vec<VersionId> = pins.iter().copied().filter(|other| *other != pin).collect();
        let without = choose(catalogue, wishes, &fewer)?;
        if fits(&without) {
            (pins, outcome) = (fewer, without);
        }
    }
    let asked = asked_for(catalogue, wishes, &pins)?;
    let with = match choose(catalogue, &asked.0, &[])? {
        same if fits(&same) => asked.1,
        _ => Vec::new(),
    };
    let offer = describe(catalogue, nearest, &outcome, &pins, with);
    Ok(Other::Fits(outcome, offer))
}

/// Pins, for each conflict, a version that meets all that the winner met and what gave way to it; `None` where there is
/// no such version, or where that does not come to an end.
fn adjust(
    catalogue: &mut Catalogue<'_>,
    wishes: &Wishes,
    pins: &mut Vec<VersionId>,
) -> Result<Option<Outcome>> {
    for _ in 0..MAX_ROUNDS {
        let outcome = choose(catalogue, wishes, pins)?;
        let Some((lost, _, winner)) = outcome.conflicts.first() else { return Ok(Some(outcome)) };
        let (chosen, brought) = &outcome.chosen[*winner];
        let met = outcome.met.iter().filter(|(_, place)| place == winner).map(|(ask, _)| ask);
        let gave_way = outcome.conflicts.iter().filter(|(.., place)| place == winner).map(|(ask, ..)| ask);
        let mut seen = met.chain(gave_way);
        let all: Vec<&Ask> = seen.by_ref().collect();
        let would_do = |id: &&VersionId| all.iter().all(|ask| ask.need().candidates.contains(id));
        let also = brought.need().candidates.iter().filter(|id| lost.need().candidates.contains(id));
        let Some(&better) = also.clone().find(would_do).or(also.clone().next()) else { return Ok(None) };
        if pins.contains(&better) {
            return Ok(None);
        }
        pins.retain(|pin| pin != chosen);
        pins.push(better);
    }
    Ok(None)
}

/// The wishes with each pin asked for as a person would write it: behind what was asked for so far on the command line.
fn asked_for(
    catalogue: &mut Catalogue<'_>,
    wishes: &Wishes,
    pins: &[VersionId],
) -> Result<(Wishes, Vec<Requirement>)> {
    let mut with = Vec::new();
    let mut needs = Vec::new();
    for pin in pins {
        let version = catalogue.version(*pin);
        let Ok(requirement) = format!("{} = {}", version.program.name, version.name()).parse::<Requirement>()
        else {
            continue;
        };
        needs.extend(catalogue.need(&requirement, 0, None)?);
        with.push(requirement);
    }
    let is_asked = |place: &usize| {
        let wish = catalogue.request.wishes.get(*place);
        wish.is_some_and(|wish| wish.source == crate::plan::Source::Asked)
    };
    let before = wishes.places.iter().take(wishes.first.len()).take_while(|place| is_asked(place)).count();
    let first: Vec<_> =
        [&wishes.first[..before], &needs, &wishes.first[before..]].into_iter().flatten().cloned().collect();
    Ok((Wishes { first: Rc::from(first), ..wishes.clone() }, with))
}

/// The offer in words and as data.
fn describe(
    catalogue: &Catalogue<'_>,
    nearest: &Outcome,
    outcome: &Outcome,
    pins: &[VersionId],
    with: Vec<Requirement>,
) -> Offer {
    let rival = |id: VersionId| {
        let version = catalogue.version(id);
        let mut chosen = nearest.chosen.iter().map(|(other, _)| catalogue.version(*other));
        chosen.find(|other| version.is_rival(other)).map(|other| other.name().to_owned())
    };
    let change = |id: VersionId| {
        let version = catalogue.version(id);
        Change { program: version.program.name.clone(), from: rival(id), to: version.name().to_owned() }
    };
    let before: HashSet<VersionId> = nearest.chosen.iter().map(|(id, _)| *id).collect();
    let new = outcome.chosen.iter().map(|(id, _)| *id).filter(|id| !before.contains(id));
    let changes = new.map(change).collect();
    let words: Vec<String> = pins.iter().map(|id| change(*id).to_string()).collect();
    let mut sentence = format!("with {} everything fits", words.join(" and "));
    if !with.is_empty() && !catalogue.request.solve {
        let options: Vec<String> = with.iter().map(|with| format!("--with '{with}'")).collect();
        sentence = format!("{sentence}: {}", options.join(" "));
    }
    Offer { changes, with, sentence, taken: catalogue.request.solve }
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
        let both = brought.need().candidates.iter().copied();
        let both: Vec<VersionId> =
            both.filter(|id| id != chosen && lost.need().candidates.contains(id)).collect();
        let sentence = match both.first() {
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

fn told(plan: &Plan, requirement: &Requirement, source: &crate::plan::Source) -> String {
    format!("`{requirement}` ({})", plan.because(source).join(", "))
}
