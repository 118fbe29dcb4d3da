//! From a command line to a request: what is asked for, in the order of its weight.

use super::arguments::Wishes;
use super::talk;
use crate::arch::Arch;
use crate::command::{self, Belongs};
use crate::config::{Config, Profile};
use crate::error::Result;
use crate::kernel::{self, PLAN_FILE, Shown};
use crate::plan::{Plan, Source, Wish};
use crate::requirement::{ProgramName, Requirement, Wanted};
use crate::resolve::{Request, resolve};
use crate::tree::{Layout, Tree};
use crate::trusted::Trust;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Whom a command believes: root only what is root's, anybody else what he likes, since he can harm himself only.
pub(super) fn trust() -> Trust {
    if nix::unistd::geteuid().is_root() { Trust::RootOnly } else { Trust::Anyone }
}

/// What was asked for, and the tree it is asked of.
pub(super) struct Asked {
    pub(super) tree: Tree,
    pub(super) layout: Layout,
    pub(super) shown: Shown,
    request: Request,
}

impl Asked {
    /// Reads profiles, the session around and the command's program.
    pub(super) fn new(wishes: &Wishes, command: &[OsString]) -> Result<Self> {
        let config = Config::for_command(&wishes.root, trust())?;
        let layout = config.layout();
        let is_here = wishes.root == Path::new("/");
        let shown = if is_here { kernel::shown(&layout)? } else { Shown::default() };
        let tree = Tree::open(&wishes.root, shown.base(), layout.clone(), trust())?;
        let session = if wishes.fresh { None } else { session(&shown) };
        let profile = wishes.profile.as_deref().map(|name| config.profile(name)).transpose()?;
        let command = match command.first() {
            Some(name) => Named::find(&tree, name, is_here, &shown, wishes.fresh)?,
            None => None,
        };
        let request = request(&tree, wishes, profile, session, command)?;
        Ok(Self { tree, layout, shown, request })
    }

    /// The plan for it.
    pub(super) fn plan(&self) -> Result<Plan> {
        resolve(&self.tree, &self.request)
    }
}

/// The plan of the view around, where there is one that can be read.
fn session(shown: &Shown) -> Option<Plan> {
    let text = shown.has_description.then(|| kernel::read_description(PLAN_FILE).ok()).flatten()?;
    Plan::from_json(&text).ok()
}

/// The command that is to be run, where a program of the tree brings it.
struct Named {
    belongs: Belongs,
    /// Whether it was named by its path: then no other version of its program will do.
    by_path: bool,
}

impl Named {
    fn find(tree: &Tree, name: &OsStr, is_here: bool, shown: &Shown, fresh: bool) -> Result<Option<Self>> {
        let path = std::env::var_os("PATH").filter(|_| is_here);
        let by_path = name.as_encoded_bytes().contains(&b'/');
        let Some(belongs) = command::belongs_to(tree, name, path.as_deref())? else { return Ok(None) };
        // Its name may lead to it only because the view around says so, and that is to be forgotten.
        let around = if fresh && !by_path { session(shown) } else { None };
        let is_forgotten = around.is_some_and(|plan| {
            plan.to_link()
                .any(|(_, choice)| (&choice.program, &choice.version) == (&belongs.program, &belongs.version))
        });
        Ok((!is_forgotten).then_some(Self { belongs, by_path }))
    }
}

/// Weighs: the command line first, then the profile, then the path of the command, then the session around. The
/// program of a command that has only a name comes last: whichever version the others need, the name leads there.
fn request(
    tree: &Tree,
    wishes: &Wishes,
    profile: Option<Profile>,
    session: Option<Plan>,
    command: Option<Named>,
) -> Result<Request> {
    let of_command =
        command.as_ref().filter(|c| c.by_path).map(|c| c.belongs.arch.clone()).filter(|a| *a != Arch::Any);
    let of_profile = profile.as_ref().and_then(|p| p.arch.clone());
    let of_session = session.as_ref().map(|plan| plan.arch.clone());
    let arch = wishes.arch.clone().or(of_profile).or(of_command).or(of_session).unwrap_or_else(Arch::native);
    let mut request = Request::new(arch.clone());
    for requirement in &wishes.with {
        request = request.with(requirement.clone(), Source::Asked);
    }
    if let Some(profile) = profile {
        talk::diagnostics(&profile.notes);
        profile.add_to(&mut request);
    }
    let command = command.filter(|command| !asks_for(&request, &command.belongs.program));
    let source = |belongs: &Belongs| Source::Command(belongs.path.display().to_string());
    if let Some(Named { belongs, by_path: true }) = &command
        && belongs.arch.fits(&arch)
        && let Ok(requirement) = format!("{} = {}", belongs.program, belongs.version).parse()
    {
        request.preferred.insert((belongs.program.clone(), belongs.version.clone()));
        request = request.with(requirement, source(belongs));
    }
    if let Some(session) = session.filter(|session| session.arch == arch) {
        request.pure |= session.pure;
        for mut wish in session.wishes {
            let is_overridden = programs_of(&wish.requirement).any(|program| asks_for(&request, program));
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
    if let Some(Named { belongs, by_path: false }) = command
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
    request.wishes.iter().any(|wish| programs_of(&wish.requirement).any(|asked| asked == program))
}

fn programs_of(requirement: &Requirement) -> impl Iterator<Item = &ProgramName> {
    requirement.alternatives().iter().filter_map(|alternative| match &alternative.wanted {
        Wanted::Program(name) => Some(name),
        Wanted::Alien { .. } => None,
    })
}
