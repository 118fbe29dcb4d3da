//! `gobo-session env`: the variables of a view, as commands for a shell.

use super::arguments::{Form, Question};
use super::exit::Exit;
use super::request::Asked;
use super::talk;
use crate::compile::compile;
use crate::error::Result;
use crate::export::{self, Exports};
use clap::Args;
use serde_json::{Map, json};

/// What `env` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    form: Form,
    /// Print commands for fish, not for sh.
    #[arg(long, conflicts_with = "json")]
    fish: bool,
}

pub(super) fn env(arguments: &Arguments) -> Result<Exit> {
    let asked = Asked::new(&arguments.question.wishes, &arguments.question.command)?;
    let plan = asked.plan()?;
    let layer = compile(&asked.place.tree, &plan)?;
    let exports = export::of_plan(&asked.place.tree, &plan, &layer, std::env::vars_os())?;
    if arguments.form.json {
        let variables = exports.variables.into_iter().map(|(name, value)| (name, value.into()));
        return Ok(talk::json(&json!({
            "variables": variables.collect::<Map<_, _>>(), "removed": exports.removed,
            "notes": exports.notes, "plan": plan.id().to_string(),
        })));
    }
    talk::oddities(&plan);
    talk::diagnostics(&exports.notes);
    Ok(talk::data(&commands(&exports, if arguments.fish { &FISH } else { &SH })))
}

/// How a shell is told.
pub(super) struct Shell {
    pub(super) set: fn(&str, &str) -> String,
    unset: fn(&str) -> String,
}

/// Every shell that knows POSIX' own language. Between its quotes nothing has a meaning but the quote itself.
pub(super) const SH: Shell = Shell {
    set: |name, value| format!("export {name}='{}'", value.replace('\'', r"'\''")),
    unset: |name| format!("unset {name}"),
};

/// fish. Between its quotes a backslash has a meaning before a quote and before another one.
const FISH: Shell = Shell {
    set: |name, value| format!("set -gx {name} '{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
    unset: |name| format!("set -e {name}"),
};

/// The commands, one on each line: values hold no line ends (R8).
fn commands(exports: &Exports, shell: &Shell) -> String {
    let unset = exports.removed.iter().map(|name| (shell.unset)(name));
    let set = exports.variables.iter().map(|(name, value)| (shell.set)(name, value));
    unset.chain(set).map(|command| command + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word_of_its_shell() {
        let exports = Exports {
            variables: vec![("A".into(), r#"it's $HOME \' "x" `id` \"#.into()), ("B".into(), String::new())],
            removed: vec!["C".into()],
            ..Exports::default()
        };
        assert_eq!(
            commands(&exports, &SH),
            "unset C\nexport A='it'\\''s $HOME \\'\\'' \"x\" `id` \\'\nexport B=''\n"
        );
        assert_eq!(
            commands(&exports, &FISH),
            "set -e C\nset -gx A 'it\\'s $HOME \\\\\\' \"x\" `id` \\\\'\nset -gx B ''\n"
        );
    }
}
