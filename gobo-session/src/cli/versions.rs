//! `gobo-session versions`: what is installed of a program, and which of it programs see.

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::Place;
use super::table::Table;
use super::talk;
use crate::arch::Arch;
use crate::error::Result;
use crate::plan::{Choice, Plan};
use crate::requirement::ProgramName;
use crate::tree::{Program, Tree, VersionFolder};
use clap::Args;
use serde::Serialize;
use serde_json::json;

/// What `versions` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The program; its capital letters matter only where two programs differ in nothing else.
    #[arg(value_name = "PROGRAM")]
    program: ProgramName,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
}

/// One installed version.
#[derive(Debug, Serialize)]
struct Installed {
    version: String,
    arch: Arch,
    current: bool,
    /// Whether the base index has links into it.
    linked: bool,
    /// Whether the view of this process shows it; `None` where there is no view, or none that says what it holds.
    in_view: Option<bool>,
}

pub(super) fn versions(arguments: &Arguments) -> Result<Exit> {
    let place = Place::open(&arguments.root)?;
    let name = &arguments.program;
    let Some(program) = place.tree.find(name)? else {
        return Err(place.not_installed(name));
    };
    let around = place.around();
    let versions =
        program.versions(&place.tree).map(|folder| look(&place, &program, folder, around.as_ref()));
    let versions = versions.collect::<Result<Vec<_>>>()?;
    if arguments.form.json {
        return Ok(talk::json(&json!({
            "program": program.name, "current": program.current, "versions": versions,
            "refused": program.refused(&place.tree).collect::<Vec<_>>(),
        })));
    }
    Ok(talk::data(&describe(&place.tree, &program, &versions)))
}

/// Finds out what one version is.
fn look(
    place: &Place,
    program: &Program,
    folder: &VersionFolder,
    around: Option<&Plan>,
) -> Result<Installed> {
    let arch = folder.arch(&place.tree)?.clone();
    let current = program.current.as_deref() == Some(folder.version.as_str());
    // A version without names is linked where it is meant to be.
    let linked = place.tree.has_link(folder)?.unwrap_or(current);
    let in_view = around.map(|plan| {
        let of_program = || plan.chosen.iter().filter(|choice| choice.program == program.name);
        let is_it = |version: &str| version == folder.version.as_str();
        let is_chosen = of_program().any(|choice| is_it(&choice.version));
        let is_rival = |choice: &Choice| choice.major == folder.version.major() && choice.arch.fits(&arch);
        let is_replaced = of_program().any(|choice| !choice.linked && is_rival(choice));
        is_chosen || linked && !plan.pure && !is_replaced
    });
    Ok(Installed { version: folder.version.to_string(), arch, current, linked, in_view })
}

/// The versions as a person reads them.
fn describe(tree: &Tree, program: &Program, versions: &[Installed]) -> String {
    let mut table = Table::default();
    if versions.is_empty() {
        table.text(&format!("{} has no version installed", program.name));
    }
    for installed in versions {
        let states = [
            (installed.current, "current"),
            (installed.linked, "linked"),
            (installed.in_view == Some(true), "in this view"),
        ];
        let states: Vec<&str> = states.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
        table.row([
            format!("{} {}", program.name, installed.version),
            installed.arch.to_string(),
            states.join(", "),
        ]);
    }
    if let Some(current) = &program.current
        && program.version(tree, current).is_none()
    {
        table.text(&format!("Current leads to {current}, which is not installed"));
    }
    program.refused(tree).for_each(|refused| table.text(&format!("no version: {refused}")));
    table.to_string()
}
