//! From a command line to a request: what is asked for, in the order of its weight.

use super::arguments::Wishes;
use super::input;
use super::place::Place;
use super::talk;
use crate::arch::Arch;
use crate::command::{Belongs, CommandFiles};
use crate::config::Profile;
use crate::dependencies::{self, Entry, Parsed};
use crate::error::{Error, Result, Step};
use crate::plan::{Choice, Plan, Source, Wish};
use crate::requirement::{ProgramName, Requirement};
use crate::resolve::{OnConflict, Request, UseFlag, resolve};
use crate::tree::Tree;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The program that scripts are run by.
const BASH: &str = "Bash";

/// What was asked for, and the tree it is asked of.
pub(super) struct Asked {
    pub(super) place: Place,
    /// The files and folders that say it.
    pub(super) files: Vec<PathBuf>,
    request: Request,
}

impl Asked {
    /// Reads profiles, the session around and the command's program.
    pub(super) fn new(wishes: &Wishes, command: &[OsString]) -> Result<Self> {
        let place = Place::open(&wishes.root)?;
        let files = place.files_of(command, std::env::var_os("PATH").as_deref());
        Self::at(place, wishes, &files)
    }

    /// As [`Self::new`], with a tree that is open and a command that was looked for already.
    pub(super) fn at(place: Place, wishes: &Wishes, command: &CommandFiles) -> Result<Self> {
        let mut belongs = command.belong_to(&place.tree)?;
        let header = command.built_for().filter(|_| wishes.customs.arch_of_file);
        let mut session = place.around();
        if wishes.fresh {
            let forgotten = session.take();
            belongs = belongs.filter(|belongs| !is_forgotten(forgotten, belongs));
        }
        let profile = wishes.profile.as_deref().map(|name| place.config.profile(name)).transpose()?;
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let mut files: Vec<PathBuf> = wishes.dependencies.iter().map(absolute).collect();
        if let Some(profile) = &profile {
            files.extend(profile.files.iter().map(PathBuf::from));
            files.extend(place.config.profiles.folders().map(Path::to_owned));
        }
        let request = request(&place.tree, wishes, header, profile, session, belongs)?;
        Ok(Self { place, files, request })
    }

    /// The use flags that were named, on the command line or by the profile.
    pub(super) fn use_flags(&self) -> impl Iterator<Item = UseFlag> {
        let flags = self.request.use_flags.iter();
        flags.map(|(name, is_on)| UseFlag { name: name.clone(), is_on: *is_on })
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

/// Weighs: the command line first, its words before its files, then the profile, then the very version that the command is of, then the session
/// around. A command that is found through the index comes last: whichever version the others need, it is that one's.
fn request(
    tree: &Tree,
    wishes: &Wishes,
    header: Option<Arch>,
    profile: Option<Profile>,
    session: Option<Plan>,
    belongs: Option<Belongs>,
) -> Result<Request> {
    let says_arch = |belongs: &&Belongs| belongs.is_fixed || wishes.customs.arch_of_file;
    let of_version = belongs.as_ref().filter(says_arch).map(|b| b.arch.clone()).filter(|a| *a != Arch::Any);
    let of_profile = profile.as_ref().and_then(|p| p.arch.clone());
    let of_session = session.as_ref().map(|plan| plan.arch.clone());
    let of_command = header.or(of_version);
    let arch = wishes.arch.clone().or(of_profile).or(of_command).or(of_session).unwrap_or_else(Arch::native);
    let mut request = Request { on_conflict: OnConflict::Offer, ..Request::new(arch.clone()) };
    for requirement in &wishes.with {
        request = request.with(requirement.clone(), Source::Asked);
    }
    let reading = dependencies::Options { bare_means_exact: wishes.customs.exact };
    for file in &wishes.dependencies {
        request.wishes.extend(listed(file, &reading)?);
    }
    request.pure = wishes.pure;
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
    if let Some(belongs) = belongs.as_ref().filter(|b| wishes.customs.exact && b.arch.fits(&arch)) {
        // Its own names go before those of what it needs.
        request.wishes.push(Wish { requirement: belongs.program.clone().into(), source: source(belongs) });
        request.preferred.insert((belongs.program.clone(), belongs.version.clone()));
        let program = tree.program(&belongs.program)?;
        if let Some(version) = program.as_ref().and_then(|program| program.version(tree, &belongs.version)) {
            request.wishes.extend(wishes_of(&version.read_dependencies(tree, &reading)?));
        }
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
    let bash: Option<ProgramName> = BASH.parse().ok().filter(|_| wishes.customs.bash);
    if let Some(bash) = bash.filter(|bash| !asks_for(&request, bash))
        && has_version_for(tree, &bash, &arch)?
    {
        request.kept.push(Wish { requirement: bash.into(), source: Source::Command(BASH.to_owned()) });
    }
    Ok(request)
}

/// What a file of requirements asks for.
fn listed(path: &Path, reading: &dependencies::Options) -> Result<Vec<Wish>> {
    let file = path.display().to_string();
    let bytes = input::read(path, dependencies::MAX_FILE + 1).map_err(|unread| {
        let error = Error::new(Step::Configure, format!("{file}: {unread}"));
        error.with_cure("--dependencies names a file such as /Programs/NAME/VERSION/Resources/Dependencies")
    })?;
    let is_information = path.file_name().is_some_and(|name| name == "BuildInformation");
    let parsed = if is_information {
        dependencies::parse_build_information(&file, &bytes)
    } else {
        dependencies::parse_with(&file, &bytes, reading)
    };
    talk::diagnostics(&parsed.diagnostics);
    Ok(wishes_of(&parsed))
}

/// What a file that was read asks for.
fn wishes_of(parsed: &Parsed) -> Vec<Wish> {
    let wish = |entry: &Entry| Wish {
        requirement: Requirement::clone(&entry.requirement),
        source: Source::Listed { file: parsed.file.clone(), line: entry.line },
    };
    parsed.entries.iter().map(wish).collect()
}

/// Whether a version of a program would run on an architecture. A program that has none, such as a 64-bit tool beside
/// 32-bit libraries, is run as the index has it.
fn has_version_for(tree: &Tree, program: &ProgramName, arch: &Arch) -> Result<bool> {
    let Some(program) = tree.program(program)? else { return Ok(false) };
    for version in program.versions(tree) {
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
