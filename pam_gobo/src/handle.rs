//! libpam's side: hooks, items and return codes.

use crate::libpam::{self, Key};
use crate::log::{self, Level};
use crate::session::{self, Caller, ENGINE, Outcome};
use gobo_session::kernel::WayBack;
use gobo_session::login::{self, Arguments, Arrival, Login, Options, people};
use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::items::{RHost, Service, Tty};
use pam::module::{PamHandle, PamHooks};
use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::Instant;

/// The module as libpam calls it.
pub(crate) struct PamModule;

impl PamHooks for PamModule {
    fn sm_open_session(handle: &mut PamHandle, words: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        let open = |caller: &mut Libpam<'_>, arguments: &Arguments| match arguments.opens() {
            true => session::open(caller, arguments, ENGINE),
            false => Outcome::Success,
        };
        guarded(handle, &words, flags, open, |caller, arguments| session::fault(caller, arguments))
    }

    fn sm_close_session(handle: &mut PamHandle, words: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        let close = |caller: &mut Libpam<'_>, arguments: &Arguments| match arguments.closes() {
            true => session::close(caller, arguments),
            false => Outcome::Success,
        };
        guarded(handle, &words, flags, close, |_, _| Outcome::Success)
    }
}

/// Runs one half of a session. A panic of ours ends there (R14), prints nothing to the daemon's stderr, and leaves the
/// answer to `fault`.
fn guarded(
    handle: &mut PamHandle,
    words: &[&CStr],
    flags: PamFlag,
    work: impl FnOnce(&mut Libpam<'_>, &Arguments) -> Outcome,
    fault: impl FnOnce(&mut Libpam<'_>, &Arguments) -> Outcome,
) -> PamResultCode {
    static SILENCE: Once = Once::new();
    SILENCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let begun = Instant::now();
    let call = Call { words, flags, begun };
    let outcome = call.caught(handle, work).or_else(|()| call.caught(handle, fault));
    match outcome {
        Ok(Outcome::Success) | Err(()) => PamResultCode::PAM_SUCCESS,
        Ok(Outcome::Denied) => PamResultCode::PAM_SESSION_ERR,
    }
}

/// What libpam says when it calls.
struct Call<'c> {
    words: &'c [&'c CStr],
    flags: PamFlag,
    begun: Instant,
}

impl Call<'_> {
    fn caught(
        &self,
        handle: &mut PamHandle,
        work: impl FnOnce(&mut Libpam<'_>, &Arguments) -> Outcome,
    ) -> Result<Outcome, ()> {
        let work = AssertUnwindSafe(|| {
            let arguments = Arguments::parse(self.words.iter().filter_map(|word| word.to_str().ok()));
            let silent = self.flags & PAM_SILENT != 0;
            let service = text(handle.get_item::<Service<'_>>().ok().flatten().map(|item| item.0));
            let service = service.unwrap_or_else(|| "unknown".into());
            work(&mut Libpam { handle, service, silent, begun: self.begun, arrival: None }, &arguments)
        });
        catch_unwind(work).map_err(drop)
    }
}

/// A PAM transaction.
struct Libpam<'h> {
    handle: &'h mut PamHandle,
    service: String,
    silent: bool,
    begun: Instant,
    /// What was there when it was asked for first.
    arrival: Option<Arrival>,
}

impl Libpam<'_> {
    fn arrival(&mut self) -> Arrival {
        self.arrival.get_or_insert_with(|| Arrival::at(self.begun)).clone()
    }
}

/// Where the way back is kept between open_session and close_session.
const BACK: Key<WayBack> = Key::new("gobo_session_way_back");

impl Caller for Libpam<'_> {
    fn turned_off(&mut self, options: &Options) -> Option<String> {
        login::turned_off(&self.arrival(), options)
    }

    fn login(&mut self) -> Result<Login, String> {
        let name = self.handle.get_user(None).map_err(|code| format!("pam_get_user: {code:?}"))?;
        let arrival = self.arrival();
        let person = people::find(&name, &arrival)?;
        let tty = text(self.handle.get_item::<Tty<'_>>().ok().flatten().map(|item| item.0));
        let host = text(self.handle.get_item::<RHost<'_>>().ok().flatten().map(|item| item.0));
        Ok(Login {
            user: person.name,
            uid: person.uid,
            gid: person.gid,
            home: person.home,
            service: self.service.clone(),
            tty,
            host,
            arrival,
        })
    }

    fn is_root(&mut self) -> bool {
        self.handle.get_user(None).is_ok_and(|name| name == "root")
    }

    fn set_variable(&mut self, name_value: &CString) -> bool {
        libpam::set_variable(self.handle, name_value)
    }

    fn keep(&mut self, back: WayBack) -> bool {
        libpam::set_data(self.handle, &BACK, back).is_ok()
    }

    fn go_back(&mut self) -> Option<Result<(), String>> {
        let back = libpam::data(self.handle, &BACK).ok()?;
        Some(back.go().map_err(|error| error.to_string()))
    }

    fn tell(&mut self, message: &str) {
        if !self.silent {
            log::tell_user(self.handle, message);
        }
    }

    fn log(&mut self, level: Level, message: &str) {
        log::write(&self.service, level, message);
    }
}

fn text(item: Option<&CStr>) -> Option<String> {
    let text = item?.to_string_lossy().into_owned();
    (!text.is_empty()).then_some(text)
}
