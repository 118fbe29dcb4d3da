//! What the module does with a session, against an interface that a test can stand in for.

use crate::log::Level;
use gobo_session::config::OnFailure;
use gobo_session::kernel::WayBack;
use gobo_session::login::{self, Arguments, Failure, Login, Options, Session};
use gobo_session::text::Safe;
use std::ffi::CString;

/// How the module ends (R7): never by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The session goes on, with or without a view.
    Success,
    /// Policy says that there is no session without its view.
    Denied,
}

/// What the module needs of libpam.
pub(crate) trait Caller {
    /// What turns the module off for everybody, as a sentence.
    fn turned_off(&mut self, options: &Options) -> Option<String>;
    /// Who comes in; the error is why that cannot be told.
    fn login(&mut self) -> Result<Login, String>;
    /// Whether it is root by name: what is asked where no more can be told.
    fn is_root(&mut self) -> bool;
    /// Sets a variable of the session.
    fn set_variable(&mut self, name_value: &CString) -> bool;
    /// Remembers the way back until close_session.
    fn keep(&mut self, back: WayBack) -> bool;
    /// Goes the way back that was kept, if there is one.
    fn go_back(&mut self) -> Option<Result<(), String>>;
    /// Tells the user.
    fn tell(&mut self, message: &str);
    /// Tells the administrator.
    fn log(&mut self, level: Level, message: &str);
}

/// What opens a session: [`login::open`], or a test's stand-in.
pub(crate) type Open = fn(&Login, &Options) -> Result<Session, Box<Failure>>;

/// What becomes of a login where this module has a fault of its own (R14): what its line says, since nobody else can be
/// asked any more. One that is in its session's namespace already comes back (R6).
pub(crate) fn fault(caller: &mut impl Caller, arguments: &Arguments) -> Outcome {
    let on_failure = unasked(caller, arguments);
    if let Some(Err(why)) = caller.go_back() {
        caller.log(Level::Warning, &format!("stays in the session's namespace: {}", Safe(&why)));
    }
    caller.log(Level::Error, &format!("{}: the module has a fault; please report it", verdict(on_failure)));
    tell(caller, arguments, on_failure, None);
    outcome(on_failure)
}

/// What happens on failure where policy was not asked: what the module's line says, but root is always let in, and everybody
/// where it is turned off.
fn unasked(caller: &mut impl Caller, arguments: &Arguments) -> OnFailure {
    let is_let_in = caller.is_root() || caller.turned_off(&arguments.options).is_some();
    if is_let_in { OnFailure::Base } else { arguments.options.on_failure.unwrap_or_default() }
}

/// Opens a session.
pub(crate) fn open(caller: &mut impl Caller, arguments: &Arguments, open: Open) -> Outcome {
    #[cfg(debug_assertions)]
    assert!(!arguments.panics, "the module's line asks for it");
    for word in &arguments.unknown {
        caller.log(Level::Warning, &format!("the argument `{}` means nothing here", Safe(word)));
    }
    if let Some(why) = caller.turned_off(&arguments.options) {
        if arguments.debug {
            caller.log(Level::Debug, &why);
        }
        return Outcome::Success;
    }
    let login = match caller.login() {
        Ok(login) => login,
        Err(why) => {
            let on_failure = unasked(caller, arguments);
            caller.log(Level::Error, &format!("{}: {}", verdict(on_failure), Safe(&why)));
            tell(caller, arguments, on_failure, None);
            return outcome(on_failure);
        }
    };
    match open(&login, &arguments.options) {
        Ok(mut session) => {
            keep_way_back(caller, &mut session);
            #[cfg(debug_assertions)]
            assert!(!arguments.panics_late, "the module's line asks for it");
            if arguments.debug {
                let what = format!("user {}: {}", Safe(&login.user), Safe(&session.summary));
                caller.log(Level::Debug, &what);
                if !session.times.is_empty() {
                    caller.log(Level::Debug, &format!("user {} took {}", Safe(&login.user), session.times));
                }
            }
            begin(caller, &login, &session);
            Outcome::Success
        }
        Err(failure) => fail(caller, &login, *failure, arguments),
    }
}

/// Closes a session: nothing has to be undone, so whatever happens is well (R10).
pub(crate) fn close(caller: &mut impl Caller, arguments: &Arguments) -> Outcome {
    match caller.go_back() {
        Some(Err(why)) if arguments.debug => {
            caller.log(Level::Debug, &format!("close: stays in the session's namespace: {}", Safe(&why)));
        }
        _ => {}
    }
    Outcome::Success
}

/// Keeps the way back, before anything else can go wrong.
fn keep_way_back(caller: &mut impl Caller, session: &mut Session) {
    if let Some(back) = session.back.take()
        && !caller.keep(back)
    {
        caller.log(
            Level::Warning,
            "the way back could not be kept: this process stays in the session's namespace",
        );
    }
}

/// Lets a session begin: what is to be said of it is logged, its variables are set.
fn begin(caller: &mut impl Caller, login: &Login, session: &Session) {
    let profile = session.profile.as_deref().map(|name| format!(", profile {name}")).unwrap_or_default();
    for note in &session.notes {
        caller.log(Level::Warning, &format!("user {}{}: {}", Safe(&login.user), Safe(&profile), Safe(note)));
    }
    for (name, value) in &session.environment {
        let set = CString::new(format!("{name}={value}")).is_ok_and(|text| caller.set_variable(&text));
        if !set {
            caller.log(Level::Warning, &format!("the variable {} could not be set", Safe(name)));
        }
    }
}

/// A login without its view is still a login, unless policy says otherwise.
fn fail(caller: &mut impl Caller, login: &Login, failure: Failure, arguments: &Arguments) -> Outcome {
    let Failure { profile, error, on_failure, mut session } = failure;
    keep_way_back(caller, &mut session);
    let name = profile.as_deref().unwrap_or("-");
    let verdict = verdict(on_failure);
    caller.log(
        Level::Error,
        &format!("{verdict}: user {}, profile {}, {}: {error}", Safe(&login.user), Safe(name), error.step),
    );
    tell(caller, arguments, on_failure, profile.as_deref());
    begin(caller, login, &session);
    outcome(on_failure)
}

/// How the log line begins.
fn verdict(on_failure: OnFailure) -> &'static str {
    match on_failure {
        OnFailure::Base => "no view",
        OnFailure::Deny => "login denied",
    }
}

/// Tells the user that he has not what he should have, unless the line says `quiet`.
fn tell(caller: &mut impl Caller, arguments: &Arguments, on_failure: OnFailure, profile: Option<&str>) {
    if arguments.quiet {
        return;
    }
    let what = match on_failure {
        OnFailure::Base => "You see the system's own programs",
        OnFailure::Deny => "This login is denied",
    };
    let whose = profile.map_or("your profile".to_owned(), |name| format!("profile {}", Safe(name)));
    caller.tell(&format!("{what}: {whose} could not be set up. The administrator's log has the reason."));
}

fn outcome(on_failure: OnFailure) -> Outcome {
    if on_failure == OnFailure::Deny { Outcome::Denied } else { Outcome::Success }
}

/// The engine's own way to open a session.
pub(crate) const ENGINE: Open = login::open;
