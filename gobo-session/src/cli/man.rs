//! `gobo-session man`: pages made from the definition of the command line, as its help is.

use super::arguments::{Arguments, Man};
use super::exit::Exit;
use super::talk;
use crate::text::nearest;
use clap::{Command, CommandFactory as _};
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

pub(super) fn man(Man { command }: &Man) -> Exit {
    let mut all = Arguments::command();
    all.build();
    let page = match command {
        None => Some(all.clone()),
        Some(name) => all.find_subcommand(name).cloned(),
    };
    let Some(page) = page else {
        let name = command.as_deref().unwrap_or_default();
        let near = nearest(name, all.get_subcommands().map(Command::get_name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        talk::error(&format!("there is no command {name}{near}"));
        return Exit::Failed;
    };
    let mut text = Vec::new();
    match write(page, &mut text) {
        Ok(()) => talk::data(&String::from_utf8_lossy(&text)),
        Err(error) => {
            talk::error(&error.to_string());
            Exit::Failed
        }
    }
}

/// The page of a command.
fn write(command: Command, text: &mut Vec<u8>) -> io::Result<()> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let runs_a_command = command.get_name() == "run";
    let source = format!("gobo-session {}", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command).manual("gobo-session").source(source);
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if has_commands {
        man.render_subcommands_section(text)?;
    }
    let mut roff = Roff::new();
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in examples.lines().skip(1) {
            roff.text([bold(line.trim())]);
        }
        roff.control("fi", []);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL.into_iter().filter(|exit| has_commands || !exit.is_of_run() || runs_a_command) {
        roff.control("TP", []).text([bold(exit.code().to_string())]).text([roman(exit.meaning())]);
    }
    if has_commands || runs_a_command {
        roff.control("PP", []).text([roman("Every other code of run is that of the command.")]);
    }
    roff.to_writer(text)
}
