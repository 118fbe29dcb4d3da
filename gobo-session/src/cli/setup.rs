//! `gobo-session setup`: what a machine takes for logins to have views, shown, done and undone: the files that lead to a tree
//! beside the system's own programs, and the module's lines in PAM stacks.

use super::arguments::{Form, Root};
use super::exit::Exit;
use super::place::trust;
use super::talk;
use crate::config::Config;
use crate::error::{Error, Result, Step};
use crate::setup::beside::Lies;
use crate::setup::{Setup, State};
use crate::text::{Safe, wrap};
use crate::tree::Layout;
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// What `setup` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The services, and `tree` for what a tree of programs takes [default: `tree`, and all services that have a stack and are known].
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Do what is missing.
    #[arg(long, conflicts_with_all = ["remove", "json"])]
    apply: bool,
    /// Undo it.
    #[arg(long, conflicts_with = "json")]
    remove: bool,
    #[command(flatten)]
    root: Root,
    #[command(flatten)]
    form: Form,
}

/// What stands for the tree among the services.
const TREE: &str = "tree";

pub(super) fn setup(arguments: &Arguments) -> Result<Exit> {
    let setup = Setup::open(&arguments.root.root, trust())?;
    let named = arguments.services.as_slice();
    if let Some(odd) = named.iter().find(|service| service.contains('/') || service.starts_with('.')) {
        let error = Error::new(Step::Configure, format!("`{odd}` is the name of no service"));
        return Err(error.with_cure("name it as its file in /etc/pam.d is named"));
    }
    let has_tree = named.is_empty() || named.iter().any(|name| name == TREE);
    let services = match named {
        [] => setup.services()?,
        named => named.iter().filter(|name| *name != TREE).cloned().collect(),
    };
    // What was done can be undone whatever the policy says.
    let layout = match Config::for_command(&arguments.root.root, trust()) {
        Err(_) if arguments.remove => Layout::default(),
        config => config?.layout(),
    };
    if arguments.form.json {
        return Ok(answer(&setup, &layout, has_tree, &services));
    }
    if arguments.apply && !services.is_empty() {
        setup.module(&layout)?;
    }
    let mut done = Done::default();
    if has_tree {
        tree(&setup, &layout, arguments, &mut done);
    }
    for service in &services {
        match stack(&setup, service, arguments, &mut done) {
            Ok(what) => done.told.push_str(&format!("{}: {}\n", Safe(service), Safe(&what))),
            Err(error) => done.failures.push(error),
        }
    }
    let mut exit = talk::data(&done.told);
    for failure in &done.failures {
        exit = talk::failed(failure);
    }
    if done.would_change {
        talk::remark("nothing was changed; --apply does it, and --remove undoes it");
    }
    if done.stacks > 0 {
        talk::remark(
            "sessions that begin from now on are as the stacks say; keep one of root's open until one has",
        );
    }
    Ok(exit)
}

/// What came of it.
#[derive(Default)]
struct Done {
    told: String,
    /// How many stacks were changed.
    stacks: usize,
    /// Whether something would be done that was not asked for.
    would_change: bool,
    /// What could not be done, or told.
    failures: Vec<Error>,
}

impl Done {
    fn tell(&mut self, about: &str, what: &str) {
        for line in wrap(&format!("{}: ", Safe(about)), "    ", &Safe(what).to_string()) {
            self.told.push_str(&line);
            self.told.push('\n');
        }
    }
}

/// What a tree takes.
fn tree(setup: &Setup, layout: &Layout, arguments: &Arguments, done: &mut Done) {
    let (lies, programs, index) = (setup.lies(layout), layout.programs.display(), layout.index.display());
    let files = setup.files(layout);
    if arguments.remove {
        for file in &files {
            match setup.take_away(file) {
                Ok(what) => what.into_iter().for_each(|what| done.tell(file.path, &what)),
                Err(error) => done.failures.push(error),
            }
        }
        return;
    }
    done.tell(
        TREE,
        &match lies {
            Lies::Rooted => {
                format!("rooted: the system's folders lead into {index}, and nothing else is needed")
            }
            Lies::Beside => format!("beside: {index} lies beside /usr, and these files lead to it"),
            Lies::Usr => "the index is /usr itself: views lie over the system's own programs".to_owned(),
            Lies::Nowhere => format!("there is none: {programs} or {index} is missing"),
        },
    );
    if lies != Lies::Beside {
        return;
    }
    for file in &files {
        let put = if arguments.apply { setup.put(file) } else { Ok(None) };
        let what = match put {
            Ok(what) => what,
            Err(error) => {
                done.failures.push(error);
                continue;
            }
        };
        done.would_change |= what.is_none() && file.needs_work();
        let what = what.unwrap_or_else(|| file.state.to_string());
        done.tell(file.path, &format!("{what}; it {}", file.does));
    }
    if let Some((loader, cure)) = setup.lacks_32_bit_loader() {
        done.tell(loader, &format!("is not there, so no 32-bit program starts; if you want them: `{cure}`"));
    }
    if !arguments.apply {
        done.tell("instead", OVER_USR);
    }
}

/// What else can be done with a tree beside, and what follows from it.
const OVER_USR: &str = "views can lie over /usr itself, by `index = \"/usr\"` and `real-files = \"replace\"` in [tree] of \
                        session.toml. Then whatever is started in a session finds its versions, by any path: scripts of the \
                        system too, whose interpreter a profile replaces, and set-user-ID programs (see `gobo-session check \
                        --privileged`). Of libraries that the system has in a folder for its architecture the system's stay; \
                        logins without a view, and root, see nothing of the programs";

/// What a service's stack takes; what came of it.
fn stack(setup: &Setup, service: &str, arguments: &Arguments, done: &mut Done) -> Result<String> {
    let lets_in = || arguments.root.root != Path::new("/") || lets_root_in(service);
    Ok(match setup.state(service)? {
        State::Without { text } if arguments.apply => {
            setup.change(service, &text, lets_in)?;
            done.stacks += 1;
            "has its lines now".to_owned()
        }
        state @ (State::Has | State::Wrong) if arguments.remove => {
            if setup.remove(service, lets_in)? {
                done.stacks += 1;
                "has no lines any more".to_owned()
            } else {
                state.to_string()
            }
        }
        State::Without { .. } | State::Shipped { .. } if arguments.remove => "has no lines".to_owned(),
        state => {
            done.would_change |= matches!(state, State::Without { .. });
            state.to_string()
        }
    })
}

/// How it stands, as JSON.
fn answer(setup: &Setup, layout: &Layout, has_tree: bool, services: &[String]) -> Exit {
    let mut answer = json!({});
    if has_tree {
        let lies = setup.lies(layout);
        let mut tree = json!({"lies": lies, "programs": layout.programs, "index": layout.index});
        if lies == Lies::Beside {
            let files = setup.files(layout);
            let file = |file: &crate::setup::beside::File| json!({"path": file.path, "state": file.state});
            tree["files"] = files.iter().map(file).collect();
            let missing = setup.lacks_32_bit_loader();
            tree["loader"] = missing.map_or(Value::Null, |(path, cure)| json!({"path": path, "cure": cure}));
        }
        answer["tree"] = tree;
    }
    let mut failures = Vec::new();
    let mut state = |service: &String| {
        let (word, what) = match setup.state(service) {
            Ok(state) => (state.word(), state.to_string()),
            Err(error) => {
                let what = error.to_string();
                failures.push(error);
                ("unknown", what)
            }
        };
        json!({"service": service, "state": word, "what": what})
    };
    answer["services"] = services.iter().map(&mut state).collect();
    let mut exit = talk::json(&answer);
    for failure in &failures {
        exit = talk::failed(failure);
    }
    exit
}

/// Whether root is let in by a service, as far as that can be tried without a password.
fn lets_root_in(service: &str) -> bool {
    let words: &[&str] = match service {
        "su" => &["su", "root", "-c", "true"],
        "su-l" => &["su", "-", "root", "-c", "true"],
        "runuser" => &["runuser", "-u", "root", "--", "true"],
        "runuser-l" => &["runuser", "-l", "root", "-c", "true"],
        _ => return true,
    };
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
