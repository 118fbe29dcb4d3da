//! `gobo-session why`: which version gives a name of the index, what it hides, and what brought it.

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::Place;
use super::reasons;
use super::table::Table;
use super::talk;
use crate::error::{Error, Result, Step};
use crate::plan::{Choice, Plan};
use crate::text::nearest;
use crate::tree::{Folder, Leads, Owner};
use clap::Args;
use rustix::fs::{self, Mode, OFlags};
use serde::Serialize;
use serde_json::json;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What `why` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name, or a path.
    #[arg(value_name = "NAME")]
    name: PathBuf,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
}

/// The parts of the index in the order in which a bare name is most likely meant.
const LIKELY: [&str; 5] = ["bin", "lib", "include", "libexec", "share"];

/// What is known of one name.
#[derive(Debug, Serialize)]
struct Answer {
    name: String,
    /// Where it leads; `None` where it is not here, or something of the index's own.
    target: Option<String>,
    /// Whether there is such a name here.
    here: bool,
    program: Option<String>,
    version: Option<String>,
    because: Vec<String>,
    /// What the base has at the name, where that is something else.
    hides: Option<String>,
}

pub(super) fn why(arguments: &Arguments) -> Result<Exit> {
    let place = Place::open(&arguments.root)?;
    let around = place.around();
    let here = Here::open(&place)?;
    let mut answers = Vec::new();
    for name in names(&place, &arguments.name) {
        answers.extend(here.answer(&name, around.as_ref())?);
    }
    if answers.is_empty() {
        return Err(here.nothing(&arguments.name));
    }
    if arguments.form.json {
        return Ok(talk::json(&json!({ "answers": answers })));
    }
    let mut table: Table<0> = Table::default();
    answers.iter().for_each(|answer| describe(answer, &mut table));
    Ok(talk::data(&table.to_string()))
}

/// The names of the index that could be meant.
fn names(place: &Place, name: &Path) -> Vec<PathBuf> {
    if name.is_absolute() || name.starts_with(".") || name.starts_with("..") {
        let path = std::path::absolute(name).unwrap_or_else(|_| name.to_owned());
        return place.tree.name_in_index(&path).into_iter().collect();
    }
    let areas = &place.layout.areas;
    let weight = |area: &str| LIKELY.iter().position(|known| *known == area).unwrap_or(LIKELY.len());
    let mut names: Vec<&str> = areas.iter().map(|area| area.name.as_str()).collect();
    names.sort_by_key(|area| weight(area));
    let is_whole = names.iter().any(|area| name.starts_with(area) && name != Path::new(area));
    let below = names.iter().map(|area| Path::new(area).join(name));
    is_whole.then(|| name.to_owned()).into_iter().chain(below).collect()
}

/// The index as this process sees it, beside the base.
struct Here<'a> {
    place: &'a Place,
    /// `None` where no view lies over the base.
    index: Option<OwnedFd>,
}

impl<'a> Here<'a> {
    fn open(place: &'a Place) -> Result<Self> {
        let index = place.shown.is_view().then(|| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let path = &place.layout.index;
            fs::open(path, flags, Mode::empty())
                .map_err(|errno| Error::call(Step::Read, format!("open {}", path.display()), errno))
        });
        Ok(Self { place, index: index.transpose()? })
    }

    fn index(&self) -> BorrowedFd<'_> {
        self.index.as_ref().map_or_else(|| self.place.tree.index().fd(), |index| index.as_fd())
    }

    fn answer(&self, name: &Path, around: Option<&Plan>) -> Result<Option<Answer>> {
        let tree = &self.place.tree;
        let here = tree.look_up(self.index(), name)?;
        let base = if self.index.is_some() { tree.look_up(tree.index().fd(), name)? } else { here.clone() };
        let Some(shown) = here.as_ref().or(base.as_ref()) else { return Ok(None) };
        let owner = shown.owner.as_ref();
        let because = match (&here, around, owner) {
            (Some(_), Some(plan), Some(owner)) if here != base => {
                plan.chosen.iter().find(|choice| is_of(choice, owner)).map(|choice| chain(plan, choice))
            }
            (None, Some(plan), Some(owner)) => plan
                .to_link()
                .find(|(_, choice)| choice.program.as_str() == owner.program)
                .map(|(_, choice)| absence(plan, choice, owner)),
            _ => None,
        };
        let in_index = || if here.is_some() { "the index has it" } else { "the view leaves it out" };
        Ok(Some(Answer {
            name: self.place.layout.index.join(name).to_string_lossy().into_owned(),
            target: here.as_ref().and_then(target),
            here: here.is_some(),
            program: owner.map(|owner| owner.program.clone()),
            version: owner.map(|owner| owner.version.clone()),
            because: because.unwrap_or_else(|| vec![in_index().to_owned()]),
            hides: base
                .as_ref()
                .filter(|_| here != base)
                .map(|base| target(base).unwrap_or_else(|| "something of the index's own".to_owned())),
        }))
    }

    /// That there is no such name, and what could be meant.
    fn nothing(&self, name: &Path) -> Error {
        let Place { tree, layout, .. } = self.place;
        let index = layout.index.display();
        if let Some(owner) = tree.owner(b"/", name.as_os_str().as_bytes()).filter(|_| name.is_absolute()) {
            let Owner { program, version } = owner;
            let what = format!("{} does not lead through {index}", name.display());
            return Error::new(Step::Read, what)
                .with_cure(format!("it is in the folder of {program} {version}"));
        }
        let error = Error::new(Step::Read, format!("nothing is called {}", name.display()));
        error.with_cure(match self.near(name) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("{index} holds all names"),
        })
    }

    /// The command that a mistyped name was most likely meant to be.
    fn near(&self, name: &Path) -> Option<String> {
        let trust = self.place.tree.trust();
        let name = name.file_name()?.to_str()?;
        let all = ["bin", "lib"].into_iter().filter_map(|area| {
            Folder::open_if_there(self.index(), area.as_bytes(), trust).ok()??.entries().ok()
        });
        let all: Vec<_> = all.flatten().collect();
        let texts = all.iter().filter_map(|entry| std::str::from_utf8(&entry.name).ok());
        nearest(name, texts).map(str::to_owned)
    }
}

fn is_of(choice: &Choice, owner: &Owner) -> bool {
    choice.program.as_str() == owner.program && choice.version == owner.version
}

fn target(leads: &Leads) -> Option<String> {
    let missing = if leads.is_there { "" } else { ", which is not there" };
    leads
        .target
        .as_ref()
        .map(|path| format!("{}{missing}", String::from_utf8_lossy(path.as_os_str().as_bytes())))
}

/// What brought a choice.
fn chain(plan: &Plan, choice: &Choice) -> Vec<String> {
    let mut chain = reasons::chain(plan, &choice.source);
    if let Some(nearest) = chain.first_mut() {
        *nearest = format!("`{}`: {nearest}", choice.requirement);
    }
    chain
}

/// Why a name is not here: another version stands in the place of the one that has it.
fn absence(plan: &Plan, choice: &Choice, owner: &Owner) -> Vec<String> {
    let instead = format!("{} {} is here instead of {}", choice.program, choice.version, owner.version);
    std::iter::once(instead).chain(chain(plan, choice)).collect()
}

/// One answer as a person reads it.
fn describe(answer: &Answer, table: &mut Table<0>) {
    table.text(&answer.name);
    match (&answer.target, answer.here) {
        (Some(target), _) => reasons::add("leads to", std::slice::from_ref(target), table),
        (None, true) => reasons::add("is", &["something of the index's own".to_owned()], table),
        (None, false) => reasons::add("is", &["not in this view".to_owned()], table),
    }
    reasons::add("because", &answer.because, table);
    if let Some(hides) = &answer.hides {
        reasons::add("hides", std::slice::from_ref(hides), table);
    }
}
