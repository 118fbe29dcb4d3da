//! `gobo-session shell`: the user's shell in a view of its own.

use super::arguments::{Manner, Wishes};
use super::enter::{Entry, Stopped};
use super::exit::Exit;
use super::person::{DEFAULT_SHELL, Person};
use crate::arch::Arch;
use crate::plan::{Plan, Source};
use clap::Args;

/// What `shell` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    manner: Manner,
}

/// Tells a prompt which view this is.
const VIEW: &str = "GOBO_SESSION_VIEW";

pub(super) fn shell(Arguments { wishes, manner }: &Arguments) -> Exit {
    let shell = Person::caller().map_or(DEFAULT_SHELL.into(), |person| person.shell.into_os_string());
    let mut prepared = match Entry::new(wishes, manner, std::slice::from_ref(&shell)).prepare() {
        Ok(prepared) => prepared,
        Err(stopped) => return stopped.tell(),
    };
    let label = match prepared.plan() {
        Ok(plan) => label(&plan, manner.writable),
        Err(error) => return Stopped::Before(error).tell(),
    };
    let environment = &mut prepared.environment;
    environment.retain(|(name, _)| name != VIEW && name != "SHELL");
    environment.push(("SHELL".into(), shell.clone()));
    environment.push((VIEW.into(), label.into()));
    prepared.become_command().tell()
}

/// A view in few words: its profile, and what was asked for besides.
fn label(plan: &Plan, writable: bool) -> String {
    let of_profile = plan.profile.clone().into_iter();
    let mut words: Vec<String> = of_profile.collect();
    for wish in plan.wishes.iter().filter(|wish| wish.source == Source::Asked) {
        words.push(wish.requirement.to_string().replace(' ', ""));
    }
    words.extend((plan.arch != Arch::native()).then(|| plan.arch.to_string()));
    words.extend(plan.pure.then(|| "pure".to_owned()));
    words.extend(writable.then(|| "writable".to_owned()));
    if words.is_empty() { "index".to_owned() } else { words.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Wish;

    #[test]
    fn a_label_says_what_is_special() {
        let wish = |text: &str, source| Wish { requirement: text.parse().unwrap(), source };
        let mut plan = Plan::empty(Arch::native());
        assert_eq!(label(&plan, false), "index");
        plan.wishes = vec![wish("Lua = 5.1.5", Source::Asked), wish("Bash", Source::Session)];
        assert_eq!(label(&plan, false), "Lua=5.1.5");
        plan.profile = Some("course".into());
        plan.pure = true;
        assert_eq!(label(&plan, true), "course,Lua=5.1.5,pure,writable");
    }
}
