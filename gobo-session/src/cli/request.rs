//! From a command line to a request: what is asked for, in the order of its weight.

use super::arguments::Wishes;
use super::place::Place;
use super::talk;
use crate::arch::Arch;
use crate::command::{self, Belongs};
use crate::config::Profile;
use crate::error::Result;
use crate::plan::{Choice, Plan, Source, Wish};
use crate::requirement::ProgramName;
use crate::resolve::{OnConflict, Request, resolve};
use crate::tree::Tree;
use std::ffi::OsString;

/// What was asked for, and the tree it is asked of.
pub(super) struct Asked {
    pub(super) place: Place,
    request: Request,
}

impl Asked {
    /// Reads profiles, the session around and the command's program.
    pub(super) fn new(wishes: &Wishes, command: &[OsString]) -> Result<Self> {
        let place = Place::open(&wishes.root)?;
        let path = std::env::var_os("PATH").filter(|_| place.is_here);
        let mut belongs = match command.first() {
            Some(name) => command::belongs_to(&place.tree, name, path.as_deref())?,
            None => None,
        };
        let mut session = place.around();
        if wishes.fresh {
            let forgotten = session.take();
            belongs = belongs.filter(|belongs| !is_forgotten(forgotten, belongs));
        }
        let profile = wishes.profile.as_deref().map(|name| place.config.profile(name)).transpose()?;
        let request = request(&place.tree, wishes, profile, session, belongs)?;
        Ok(Self { place, request })
    }

    /// The plan for it.
    pub(super) fn plan(&self) -> Result<Plan> {
        resolve(&self.place.tree, &self.request)
    }
}

/// Whether a command's name leads to its version only because of a view around, which is to be forgotten.
fn is_forgotten(around: Option<Plan>, belongs: &Belongs) -> bool {
    let is_it = |choice: &Choice| (&choice.program, &choice.version) == (&belongs.program, &belongs.version);
    !belongs.is_fixed && around.is_some_and(|plan| plan.to_link().any(|(_, choice)| is_it(choice)))
}

/// Weighs: the command line first, then the profile, then the very version that the command is of, then the session
/// around. A command that is found through the index comes last: whichever version the others need, it is that one's.
fn request(
    tree: &Tree,
    wishes: &Wishes,
    profile: Option<Profile>,
    session: Option<Plan>,
    belongs: Option<Belongs>,
) -> Result<Request> {
    let of_command =
        belongs.as_ref().filter(|b| b.is_fixed).map(|b| b.arch.clone()).filter(|a| *a != Arch::Any);
    let of_profile = profile.as_ref().and_then(|p| p.arch.clone());
    let of_session = session.as_ref().map(|plan| plan.arch.clone());
    let arch = wishes.arch.clone().or(of_profile).or(of_command).or(of_session).unwrap_or_else(Arch::native);
    let mut request = Request { on_conflict: OnConflict::Offer, ..Request::new(arch.clone()) };
    for requirement in &wishes.with {
        request = request.with(requirement.clone(), Source::Asked);
    }
    // The last word on a flag is what counts, as on other command lines.
    request.add_use_flags(wishes.use_flag.iter().rev().cloned());
    if let Some(profile) = profile {
        talk::diagnostics(&profile.notes);
        profile.add_to(&mut request);
    }
    let belongs = belongs.filter(|belongs| !asks_for(&request, &belongs.program));
    let source = |belongs: &Belongs| Source::Command(belongs.path.display().to_string());
    if let Some(belongs) = belongs.as_ref().filter(|b| b.is_fixed && b.arch.fits(&arch))
        && let Ok(requirement) = format!("{} = {}", belongs.program, belongs.version).parse()
    {
        request.preferred.insert((belongs.program.clone(), belongs.version.clone()));
        request = request.with(requirement, source(belongs));
    }
    if let Some(session) = session.filter(|session| session.arch == arch) {
        request.pure |= session.pure;
        for mut wish in session.wishes {
            let is_overridden = wish.requirement.programs().any(|program| asks_for(&request, program));
            if !is_overridden && !matches!(wish.source, Source::Command(_)) {
                wish.source = Source::Session;
                request.kept.push(wish);
            }
        }
        request.preferred.extend(session.chosen.into_iter().map(|choice| (choice.program, choice.version)));
        for (name, value) in session.environment {
            request.environment.entry(name).or_insert(value);
        }
    }
    if let Some(belongs) = belongs.filter(|b| !b.is_fixed)
        && let Ok(requirement) = belongs.program.as_str().parse()
        && has_version_for(tree, &belongs.program, &arch)?
    {
        request.kept.push(Wish { requirement, source: source(&belongs) });
        request.preferred.insert((belongs.program, belongs.version));
    }
    Ok(request)
}

/// Whether a version of a program would run on an architecture. A program that has none, such as a 64-bit tool beside
/// 32-bit libraries, is run as the index has it.
fn has_version_for(tree: &Tree, program: &ProgramName, arch: &Arch) -> Result<bool> {
    let Some(program) = tree.program(program)? else { return Ok(false) };
    for version in &program.versions {
        if version.arch(tree)?.fits(arch) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a request asks for a program by name.
fn asks_for(request: &Request, program: &ProgramName) -> bool {
    request.wishes.iter().any(|wish| wish.requirement.programs().any(|asked| asked == program))
}
