//! `gobo-session man`: pages made from the definition of the command line, as its help is, and a few others.

mod page;

use super::arguments::CommandLine;
use super::completions::{Candidate, first_line};
use super::exit::{BECOMING, Exit};
use super::talk;
use crate::text::nearest;
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::roff::{Roff, bold, roman};
use page::{PAGES, Page};
use std::io;

/// What `man` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The command, or another page; without one it is about gobo-session.
    #[arg(value_name = "PAGE")]
    page: Option<String>,
    /// List the pages instead, by the names of their files.
    #[arg(long, conflicts_with = "page")]
    list: bool,
}

pub(super) fn man(Arguments { page, list }: &Arguments) -> Exit {
    // There are no pages about `help`, neither here nor in `profile`.
    let mut all = CommandLine::command().disable_help_subcommand(true);
    all.build();
    if *list {
        return talk::data(&files(&all).iter().map(|name| format!("{name}\n")).collect::<String>());
    }
    let asked = page.as_deref().unwrap_or("gobo-session.1");
    if let Some(page) = PAGES.iter().find(|page| is_called(page, asked)) {
        return talk::data(&page.write());
    }
    let Some((_, command)) = commands(&all).into_iter().find(|(name, _)| is_of(name, asked)) else {
        let pages = pages();
        let near = nearest(asked, pages.iter().map(|page| page.value.as_str()));
        let near = near.map(|near| format!("did you mean {near}?"));
        let cure = near.unwrap_or_else(|| "gobo-session man --list shows them".to_owned());
        talk::error(&format!("there is no command or page {asked}; {cure}"));
        return Exit::Failed;
    };
    let mut text = Vec::new();
    match write(command.clone(), &mut text) {
        Ok(()) => talk::data(&String::from_utf8_lossy(&text)),
        Err(error) => {
            talk::error(&error.to_string());
            Exit::Failed
        }
    }
}

/// Whether a page is asked for: by its name, or by its name and section.
fn is_called(page: &Page, asked: &str) -> bool {
    asked == page.file() || asked == page.name && page.section != 7
}

/// Whether the page of a command is asked for: as `profile-save`, or by the page's whole name, `gobo-session-profile-save.1`.
fn is_of(name: &str, asked: &str) -> bool {
    asked == name || asked.strip_suffix(".1").unwrap_or(asked) == page_of(name)
}

/// The commands that have a page, by what it is asked for with: the program itself, which needs no word, then each command,
/// with those inside it behind it.
fn commands(all: &Command) -> Vec<(String, &Command)> {
    let mut found = vec![(String::new(), all)];
    add_inner(all, "", &mut found);
    found
}

fn add_inner<'a>(command: &'a Command, before: &str, found: &mut Vec<(String, &'a Command)>) {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        let name = format!("{before}{}", inner.get_name());
        found.push((name.clone(), inner));
        add_inner(inner, &format!("{name}-"), found);
    }
}

/// The name of a command's page, without its section.
fn page_of(name: &str) -> String {
    if name.is_empty() { "gobo-session".to_owned() } else { format!("gobo-session-{name}") }
}

/// The names of the files that man(1) would find the pages in.
fn files(all: &Command) -> Vec<String> {
    let of_commands = commands(all).into_iter().map(|(name, _)| format!("{}.1", page_of(&name)));
    of_commands.chain(PAGES.iter().map(Page::file)).collect()
}

/// The pages that there are, as they are asked for.
pub(super) fn pages() -> Vec<Candidate> {
    let all = CommandLine::command();
    let of_command =
        |(name, command): (String, &Command)| Candidate::new(name, first_line(command.get_about()));
    let of_commands = commands(&all).into_iter().skip(1).map(of_command);
    let named = PAGES.iter().map(|page| {
        let section = if page.section == 7 { ".7" } else { "" };
        Candidate::new(format!("{}{section}", page.name), page.about)
    });
    of_commands.chain(named).collect()
}

/// The page of a command.
fn write(command: Command, text: &mut Vec<u8>) -> io::Result<()> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let name = command.get_name().to_owned();
    let is_first = name == "gobo-session";
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
    for exit in Exit::table(Some(name.as_str()).filter(|_| !is_first)) {
        roff.control("TP", []).text([bold(exit.code().to_string())]).text([roman(exit.meaning())]);
    }
    if is_first || BECOMING.contains(&name.as_str()) {
        roff.control("PP", []).text([roman("Every other code of a command that is run is its own.")]);
    }
    roff.to_writer(text)
}
