//! From what was chosen to the plan that says so.

use super::catalogue::Catalogue;
use super::nearest::{Ask, Outcome};
use super::need::Need;
use crate::error::{Error, Result, Step};
use crate::plan::{Choice, Conflict, Missing, Plan, Source, Wish};
use crate::tree::Program;

/// How many versions a sentence names.
const MAX_NAMED: usize = 8;

/// The plan of an outcome.
///
/// # Errors
/// Where something asked for is missing; in strict mode where anything is.
pub(super) fn plan(catalogue: &Catalogue<'_>, outcome: &Outcome) -> Result<Plan> {
    let request = catalogue.request;
    let mut plan = Plan {
        profile: request.profile.clone(),
        pure: request.pure,
        personality: request.personality,
        wishes: request.wishes.iter().chain(&request.kept).cloned().collect(),
        environment: request.environment.clone(),
        tree: catalogue.tree.layout().told(),
        ..Plan::empty(request.arch.clone())
    };
    for (id, ask) in &outcome.chosen {
        let version = catalogue.version(*id);
        let program = &version.program;
        let is_current = program.current.as_deref() == Some(version.name());
        plan.chosen.push(Choice {
            program: program.name.clone(),
            version: version.name().to_owned(),
            major: version.folder().major.clone(),
            arch: version.folder().arch(catalogue.tree)?.clone(),
            linked: is_current && catalogue.tree.is_linked(version.folder())?,
            requirement: ask.need().requirement.clone(),
            stands_for: ask.need().stands_for.clone(),
            source: source(catalogue, outcome, ask)?,
        });
        plan.notes.extend(catalogue.parsed(*id)?.diagnostics.iter().cloned());
    }
    for (ask, id, winner) in &outcome.conflicts {
        plan.conflicts.push(Conflict {
            requirement: ask.need().requirement.clone(),
            source: source(catalogue, outcome, ask)?,
            version: catalogue.version(*id).name().to_owned(),
            winner: *winner,
        });
    }
    for ask in &outcome.missing {
        let source = source(catalogue, outcome, ask)?;
        let missing = missing(catalogue, ask.need(), source)?;
        let is_dependency = matches!(missing.source, Source::Dependency { .. } | Source::Listed { .. });
        if !(is_dependency && !request.strict || missing.source == Source::Session) {
            let chain = plan.because(&missing.source).join(", ");
            let what = format!("nothing meets `{}` ({chain}): {}", missing.requirement, missing.why);
            return Err(Error::new(Step::Resolve, what).with_cure("install it, or ask for another version"));
        }
        plan.missing.push(missing);
    }
    Ok(plan)
}

/// Where a requirement comes from.
fn source(catalogue: &Catalogue<'_>, outcome: &Outcome, ask: &Ask) -> Result<Source> {
    let request = catalogue.request;
    let Some(of) = ask.of else {
        let wishes: Vec<&Wish> = request.wishes.iter().chain(&request.kept).collect();
        return Ok(wishes[ask.wish].source.clone());
    };
    let file = catalogue.parsed(outcome.chosen[of].0)?.file.clone();
    Ok(Source::Dependency { of, file, line: ask.need().line })
}

fn missing(catalogue: &Catalogue<'_>, need: &Need, source: Source) -> Result<Missing> {
    let mut why = Vec::new();
    for name in need.requirement.programs() {
        why.push(match catalogue.tree.find(name) {
            Ok(Some(program)) => nothing_fits(catalogue, &program)?,
            Ok(None) => catalogue.tree.not_installed(name),
            Err(error) => error.to_string(),
        });
    }
    Ok(Missing { requirement: need.requirement.clone(), source, why: why.join("; ") })
}

/// What is installed of a program of which nothing fits; architectures are told where they are why.
fn nothing_fits(catalogue: &Catalogue<'_>, program: &Program) -> Result<String> {
    let (name, wanted) = (&program.name, &catalogue.request.arch);
    let (mut there, mut is_other) = (Vec::new(), false);
    for version in program.versions(catalogue.tree) {
        let arch = version.arch(catalogue.tree)?;
        is_other |= !arch.fits(wanted);
        let of_arch = if arch.fits(wanted) { String::new() } else { format!(" ({arch})") };
        there.push(format!("{}{of_arch}", version.version));
    }
    there.extend(program.refused(catalogue.tree).map(ToString::to_string));
    if there.is_empty() {
        return Ok(format!("{name} has no version installed"));
    }
    let more = there.len().saturating_sub(MAX_NAMED);
    there.truncate(MAX_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let wanted = if is_other { format!("; {wanted} is wanted") } else { String::new() };
    Ok(format!("{name} is installed as {}{more}{wanted}", there.join(", ")))
}
