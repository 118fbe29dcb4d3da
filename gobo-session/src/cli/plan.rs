//! `gobo-session plan`: what a view would hold, and why.

mod dot;
mod text;

use super::arguments::{Form, Question};
use super::exit::Exit;
use super::person::{AtLogin, Person};
use super::place::Place;
use super::request::Asked;
use super::talk;
use crate::arch::Arch;
use crate::compile::compile;
use crate::error::{Error, Result};
use crate::layer::{Layer, Size};
use crate::login::request_of;
use crate::plan::Plan;
use crate::resolve::resolve;
use crate::tree::Tree;
use crate::try_out::{Scope, try_out};
use clap::Args;
use serde_json::{Value, json};

/// What `plan` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    login: Login,
    #[command(flatten)]
    form: Form,
    /// Print a graph in the language of Graphviz: versions that are layered are filled, conflicts dashed.
    #[arg(long, conflicts_with = "json")]
    dot: bool,
}

/// What the view of a login would be, instead of one that is wished for.
#[derive(Debug, Args)]
struct Login {
    /// Plan what a login of this user gets; of another than yourself for root.
    #[arg(long, value_name = "USER", conflicts_with_all = WISHES)]
    user: Option<String>,
    /// Plan what a login by this service gets, such as sshd [default: login].
    #[arg(long, value_name = "SERVICE", conflicts_with_all = WISHES)]
    service: Option<String>,
}

/// What is not asked where a login is meant: policy and selections say it.
const WISHES: [&str; 9] =
    ["profile", "with", "dependencies", "use_flag", "arch", "pure", "fresh", "root", "command"];

pub(super) fn plan(Arguments { question, login, form, dot }: &Arguments) -> Result<Exit> {
    if login.user.is_some() || login.service.is_some() {
        return at_login(login, form, *dot);
    }
    let asked = Asked::new(&question.wishes, &question.command)?;
    let plan = asked.plan()?;
    let layer = if *dot { Layer::default() } else { compile(&asked.place.tree, &plan)? };
    Ok(answer(&plan, &layer, None, form, *dot))
}

/// The view of a login, and whether it would get it.
fn at_login(Login { user, service }: &Login, form: &Form, dot: bool) -> Result<Exit> {
    let service = service.as_deref().unwrap_or("login");
    let person = Person::acting_for(user.as_deref())?;
    let place = Place::here()?;
    let AtLogin { profile, why, refused } = person.at_login(&place, service)?;
    if let Some(refused) = &refused {
        talk::warn(&format!("`{refused}` is selected, which policy does not allow"));
    }
    let name = profile.as_ref().map(|profile| profile.name.clone());
    let plan = profile.map(|profile| resolve(&place.tree, &request_of(profile))).transpose()?;
    let plan = plan.unwrap_or_else(|| Plan::empty(Arch::native()));
    let layer = compile(&place.tree, &plan)?;
    let failure = tried(&place.tree, &plan, &layer);
    let what = name.as_ref().map_or("no view".to_owned(), |name| format!("profile {name}"));
    let login = About {
        line: format!("a login of {} by {service} has {what} ({why})", person.name),
        data: json!({
            "user": person.name, "service": service, "profile": name, "why": why, "refused": refused,
            "failure": failure.as_ref().map(ToString::to_string),
        }),
    };
    let shown = answer(&plan, &layer, Some(login), form, dot);
    Ok(failure.map_or(shown, |error| talk::failed(&error)))
}

/// Why a login would not get the view.
fn tried(tree: &Tree, plan: &Plan, layer: &Layer) -> Option<Error> {
    plan.profile.as_ref().and_then(|_| try_out(tree, plan, layer, Scope::Login).err())
}

/// Whose login a plan is for.
struct About {
    line: String,
    data: Value,
}

fn answer(plan: &Plan, layer: &Layer, login: Option<About>, form: &Form, dot: bool) -> Exit {
    if dot {
        return talk::data(&dot::graph(plan));
    }
    if form.json {
        let Size { links, folders, whiteouts } = layer.size();
        let layer =
            json!({ "links": links, "folders": folders, "whiteouts": whiteouts, "notes": layer.notes });
        let mut all = json!({ "id": plan.id().to_string(), "plan": plan, "layer": layer });
        if let Some(login) = login {
            all["login"] = login.data;
        }
        return talk::json(&all);
    }
    let line = login.map(|login| login.line);
    let shown = talk::data(&text::describe(plan, layer.size(), line.as_deref()));
    talk::diagnostics(&plan.notes);
    layer.notes.iter().for_each(|note| talk::warn(note));
    shown
}
