//! One side of a comparison: the plan that a word of the command line means.

use crate::arch::Arch;
use crate::cli::input::{self, STDIN};
use crate::cli::person::Person;
use crate::cli::place::Place;
use crate::error::{Error, Result, Step};
use crate::login::request_of;
use crate::plan::Plan;
use crate::resolve::resolve;
use serde_json::Value;
use std::path::Path;
use std::str::FromStr;

/// The most bytes of a plan's file (R18).
const MAX_PLAN: usize = 16 * 1024 * 1024;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Word {
    /// `@here`: the view that this process is in, or the index alone.
    Here,
    /// `@login`: what a new login of this user would get.
    Login,
    /// `none`: the index alone.
    Nothing,
    /// A file that holds a plan.
    File(String),
    /// A profile.
    Profile(String),
}

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "@here" => Ok(Self::Here),
            "@login" => Ok(Self::Login),
            "none" => Ok(Self::Nothing),
            _ if text.starts_with('@') => Err("only @here and @login begin with @".into()),
            _ if text.contains('/') || text == STDIN => Ok(Self::File(text.to_owned())),
            _ => Ok(Self::Profile(text.to_owned())),
        }
    }
}

/// A plan, and what it is the plan of.
pub(super) struct Side {
    pub(super) name: String,
    pub(super) plan: Plan,
}

impl Side {
    pub(super) fn of(word: &Word, place: &Place) -> Result<Self> {
        let nothing = || Plan::empty(Arch::native());
        let of_profile = |name: &str| resolve(&place.tree, &request_of(place.config.profile(name)?));
        Ok(match word {
            Word::Nothing => Self { name: "the index as it is".into(), plan: nothing() },
            Word::Profile(name) => Self { name: format!("profile {name}"), plan: of_profile(name)? },
            Word::File(path) => Self { name: path.clone(), plan: read(path)? },
            Word::Here if !place.shown.is_view() => {
                Self { name: "no view here: the index as it is".into(), plan: nothing() }
            }
            Word::Here => {
                let silent = || {
                    let error = Error::new(Step::Read, "the view here does not say what it holds");
                    error.with_cure("views do where the administrator made the folder /run/gobo-session/view")
                };
                Self { name: "the view here".into(), plan: place.around().ok_or_else(silent)? }
            }
            Word::Login => {
                let login = Person::caller()?.at_login(place, "login")?;
                let name = format!("a new login: {} ({})", login.what(), login.why);
                let plan = login.profile.map(|profile| resolve(&place.tree, &request_of(profile)));
                Self { name, plan: plan.transpose()?.unwrap_or_else(nothing) }
            }
        })
    }
}

/// A plan as `plan --json` prints it, or as a view holds it.
fn read(path: &str) -> Result<Plan> {
    let failed = |why: String| Error::new(Step::Read, format!("{path}: {why}"));
    let bytes = input::read(Path::new(path), MAX_PLAN).map_err(|unread| failed(unread.to_string()))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    let plan = value.get("plan").unwrap_or(&value).to_string();
    let cure = "write one by: gobo-session plan --json";
    Plan::from_json(plan.as_bytes()).map_err(|why| failed(why).with_cure(cure))
}
