//! `gobo-session runner`, also by the name `Runner`: the interface of GoboLinux's older tool of that name, which Compile
//! starts itself under. Everything behind the interface is `run`'s.

mod ending;

pub(super) use ending::Ending;

use super::arguments::{Customs, Manner, Root, Wishes};
use super::enter::{Entry, Environment, Stopped, find_base};
use super::exit::Exit;
use super::place::Place;
use super::talk;
use crate::arch::Arch;
use crate::check::try_command_view;
use crate::command::{DEFAULT_PATH, become_command};
use crate::error::{Error, Result};
use crate::plan::Plan;
use clap::{ArgAction, Args, ValueHint};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The name that the command may be called by.
const NAME: &str = "Runner";

/// What `runner` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The architecture of the dependencies [default: the command's file's, its program's, the machine's].
    #[arg(short, long)]
    arch: Option<Arch>,
    /// A file of dependencies to use too; the first file weighs most.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    dependencies: Vec<PathBuf>,
    /// Say nothing but why it failed.
    #[arg(short, long)]
    quiet: bool,
    /// Say what is layered; twice: why, too.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Tell by the exit code whether it can work here, and do nothing.
    #[arg(short, long)]
    check: bool,
    /// Take a version without operator for that version, not for a lower bound.
    #[arg(short = 'S', long)]
    strict: bool,
    /// Show the dependencies alone, and Bash, without the index.
    #[arg(short, long)]
    pure: bool,
    /// Run the command without a view where none can be made.
    #[arg(short, long)]
    fallback: bool,
    /// Leave the programs' Resources/Environment alone.
    #[arg(short = 'E', long)]
    no_source_env: bool,
    /// Accepted for Runner's sake: nothing is left that could be cleaned up.
    #[arg(short = 'C', long)]
    no_cleanup: bool,
    /// Do not hide what other versions of a dependency have.
    #[arg(short = 'R', long)]
    no_removedeps: bool,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

/// The words of a command line that may begin with the name `Runner`, as if they began with `gobo-session runner`.
pub(super) fn by_name(words: Vec<OsString>) -> Vec<OsString> {
    let is_runner =
        words.first().is_some_and(|name| Path::new(name).file_name().is_some_and(|file| file == NAME));
    if !is_runner {
        return words;
    }
    ["gobo-session".into(), "runner".into()].into_iter().chain(words.into_iter().skip(1)).collect()
}

pub(super) fn runner(arguments: &Arguments) -> Exit {
    if arguments.quiet && arguments.verbose > 0 {
        talk::error("--quiet and --verbose contradict each other: leave one of them out");
        return Exit::Runner(Ending::Contradiction);
    }
    if arguments.quiet {
        talk::hush();
    }
    if arguments.check {
        return Exit::Runner(arguments.can_work_here());
    }
    if arguments.command.is_empty() {
        talk::error("no command is named; gobo-session runner --help tells how to name one");
        return Exit::Runner(Ending::NoCommand);
    }
    Exit::Runner(arguments.run())
}

impl Arguments {
    /// Becomes the command; comes back where that was not possible.
    fn run(&self) -> Ending {
        let (wishes, manner) = (self.wishes(), self.manner());
        let start = environment(std::env::vars_os().collect());
        let entry = Entry { wishes: &wishes, manner: &manner, command: &self.command, start };
        let prepared = entry.prepare().and_then(|prepared| {
            if self.fallback {
                can_enter(&prepared.place).map_err(Stopped::Entering)?;
            }
            Ok(prepared)
        });
        match prepared {
            Ok(prepared) => {
                if self.verbose > 0
                    && let Ok(plan) = prepared.plan()
                {
                    self.tell(&plan);
                }
                Ending::told(&prepared.become_command())
            }
            Err(stopped) if self.fallback && !Ending::is_of_caller(&stopped) => {
                talk::warn(&format!("{stopped}; the command is run without a view"));
                let environment: Environment = std::env::vars_os().collect();
                Ending::told(&Stopped::Starting(become_command(&self.command, &environment)))
            }
            Err(stopped) => Ending::told(&stopped),
        }
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            profile: None,
            with: Vec::new(),
            use_flag: Vec::new(),
            arch: self.arch.clone(),
            dependencies: self.dependencies.clone(),
            pure: self.pure,
            fresh: false,
            root: Root::default(),
            customs: Customs { arch_of_file: true, bash: self.pure, exact: self.strict },
        }
    }

    fn manner(&self) -> Manner {
        Manner { writable: true, no_env: self.no_source_env, keep_old: self.no_removedeps }
    }

    /// Says what is layered.
    fn tell(&self, plan: &Plan) {
        for (_, choice) in plan.to_link() {
            let because = match self.verbose {
                1 => String::new(),
                _ => format!(" ({})", plan.because(&choice.source).join(", ")),
            };
            talk::remark(&format!(
                "adding dependency /Programs/{}/{}{because}",
                choice.program, choice.version
            ));
        }
    }

    fn can_work_here(&self) -> Ending {
        let tried = Place::open(&self.wishes().root).and_then(|place| can_enter(&place));
        let said = match &tried {
            Ok(()) => "views can be made here".to_owned(),
            Err(error) => format!("no view can be made here: {error}"),
        };
        if self.verbose > 0 {
            talk::remark(&said);
        }
        if tried.is_ok() { Ending::Done } else { Ending::CannotWork }
    }
}

/// Makes sure that this process could enter a view.
fn can_enter(place: &Place) -> Result<(), Error> {
    find_base(&place.shown)?;
    try_command_view(&place.layout)
}

/// What a command sees of its environment: the index comes first, and Runner's mark is there.
fn environment(mut environment: Environment) -> Environment {
    put_in_front(&mut environment, "LD_LIBRARY_PATH", "/System/Index/lib64:/System/Index/lib", "");
    put_in_front(&mut environment, "PATH", "/System/Index/bin", DEFAULT_PATH);
    environment.retain(|(name, _)| name != "GOBOLINUX_RUNNER");
    environment.push(("GOBOLINUX_RUNNER".into(), "1".into()));
    environment
}

/// Puts folders in front of a list, where they are not there already; `unset` is what the list is otherwise.
fn put_in_front(environment: &mut Environment, name: &str, folders: &str, unset: &str) {
    let known = environment.iter().position(|(known, _)| known == name);
    let list = known.map_or_else(|| unset.into(), |place| environment.swap_remove(place).1);
    let is_in_front = list
        .as_encoded_bytes()
        .strip_prefix(folders.as_bytes())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b":"));
    let value = if is_in_front {
        list
    } else if list.is_empty() {
        folders.into()
    } else {
        [OsStr::new(folders), &list].join(OsStr::new(":"))
    };
    environment.push((name.into(), value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_name_is_the_last_part_of_the_first_word() {
        let as_runner = words(&["gobo-session", "runner", "-q", "runner"]);
        for name in ["Runner", "/bin/Runner", "./Runner"] {
            assert_eq!(by_name(words(&[name, "-q", "runner"])), as_runner);
        }
        for other in [&["gobo-session", "Runner"][..], &["runner"], &["Runner/gobo-session"], &[]] {
            assert_eq!(by_name(words(other)), words(other));
        }
    }

    #[test]
    fn the_index_comes_first_and_once() {
        let of = |list: Option<&str>| {
            let start = list.map(|list| ("PATH".into(), list.into()));
            let once = environment(start.into_iter().collect());
            let twice = environment(once.clone());
            let value = |environment: &Environment| {
                environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone())
            };
            assert_eq!(value(&once), value(&twice));
            value(&once).and_then(|value| value.into_string().ok()).unwrap_or_default()
        };
        assert_eq!(of(Some("/x:/y")), "/System/Index/bin:/x:/y");
        assert_eq!(of(Some("")), "/System/Index/bin");
        assert_eq!(of(None), "/System/Index/bin:/bin:/usr/bin");
        assert_eq!(of(Some("/System/Index/bin:/x")), "/System/Index/bin:/x");
        assert_eq!(of(Some("/System/Index/bin2")), "/System/Index/bin:/System/Index/bin2");
    }
}
