//! libpam's side of a client: a transaction, and a conversation that writes down what it is told.

#![allow(unsafe_code)]

use anyhow::{Result, ensure};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::null_mut;

#[repr(C)]
struct Handle {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse = extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    told: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        handle: *mut *mut Handle,
    ) -> c_int;
    fn pam_set_item(handle: *mut Handle, item: c_int, value: *const c_void) -> c_int;
    fn pam_setcred(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_end(handle: *mut Handle, status: c_int) -> c_int;
    fn pam_getenvlist(handle: *mut Handle) -> *mut *mut c_char;
}

const PAM_SUCCESS: c_int = 0;
const PAM_BUF_ERR: c_int = 5;
const PAM_ESTABLISH_CRED: c_int = 2;
/// Items that are strings.
pub(crate) const TTY: c_int = 3;
pub(crate) const HOST: c_int = 4;

const PAM_SILENT: c_int = 0x8000;

/// A PAM transaction.
pub(crate) struct Transaction {
    handle: *mut Handle,
    conversation: Box<Conversation>,
    flags: c_int,
}

impl Transaction {
    pub(crate) fn start(service: &str, user: &str, silent: bool) -> Result<Self> {
        let (service, user) = (CString::new(service)?, CString::new(user)?);
        let told = Box::into_raw(Box::<Vec<String>>::default()).cast();
        let conversation = Box::new(Conversation { converse: write_down, told });
        let mut handle = null_mut();
        // SAFETY: the strings outlive the call, and the conversation lives on the heap until the transaction ends.
        let code =
            unsafe { pam_start(service.as_ptr(), user.as_ptr(), &raw const *conversation, &raw mut handle) };
        ensure!(code == PAM_SUCCESS, "pam_start: {code}");
        // As services do; and libpam loads its modules at this, so that a trace of open_session is of nothing else.
        // SAFETY: the handle is that of the transaction which has just begun.
        unsafe { pam_setcred(handle, PAM_ESTABLISH_CRED) };
        Ok(Self { handle, conversation, flags: if silent { PAM_SILENT } else { 0 } })
    }

    /// Sets an item that is a string.
    pub(crate) fn set(&mut self, item: c_int, value: &str) -> Result<()> {
        let value = CString::new(value)?;
        // SAFETY: the handle is that of a transaction which has not ended, and libpam copies the string.
        let code = unsafe { pam_set_item(self.handle, item, value.as_ptr().cast()) };
        ensure!(code == PAM_SUCCESS, "pam_set_item: {code}");
        Ok(())
    }

    pub(crate) fn open(&mut self) -> i32 {
        // SAFETY: the handle is that of a transaction which has not ended.
        unsafe { pam_open_session(self.handle, self.flags) }
    }

    pub(crate) fn close(&mut self) -> i32 {
        // SAFETY: the handle is that of a transaction which has not ended.
        unsafe { pam_close_session(self.handle, self.flags) }
    }

    /// The session's variables, `NAME=VALUE` each.
    pub(crate) fn variables(&self) -> Vec<String> {
        let mut variables = Vec::new();
        // SAFETY: libpam gives a list of strings that ends with a null pointer, all of it ours to free.
        unsafe {
            let list = pam_getenvlist(self.handle);
            let mut at = list;
            while !at.is_null() && !(*at).is_null() {
                variables.push(CStr::from_ptr(*at).to_string_lossy().into_owned());
                libc::free((*at).cast());
                at = at.add(1);
            }
            libc::free(list.cast());
        }
        variables
    }

    /// Ends the transaction and gives what the user was told.
    pub(crate) fn end(self) -> Vec<String> {
        // SAFETY: the transaction has not ended; nobody uses its handle or its conversation after this, so that what
        // `start` leaked can be taken back.
        unsafe {
            pam_end(self.handle, PAM_SUCCESS);
            *Box::from_raw(self.conversation.told.cast::<Vec<String>>())
        }
    }
}

/// Connects to syslog, so that the connection which modules of libpam make is there before a session and after it.
pub(crate) fn connect_to_syslog() {
    // SAFETY: the name is a string that lives as long as the program.
    unsafe { libc::openlog(c"pam-client".as_ptr(), libc::LOG_NDELAY, libc::LOG_AUTHPRIV) };
}

/// Looks up a network service, whoever knows it.
pub(crate) fn look_up_service(name: &str) -> Result<()> {
    let name = CString::new(name)?;
    // SAFETY: the names are strings that outlive the call; nobody else looks up services meanwhile, and what the call
    // gives is not looked at.
    unsafe { libc::getservbyname(name.as_ptr(), c"tcp".as_ptr()) };
    Ok(())
}

/// What `work` gives in a child of this process.
pub(crate) fn in_child(work: impl FnOnce() -> i32) -> Result<i32> {
    let child = forked(work)?;
    let mut status = 0;
    // SAFETY: waits for the child that was just made, with a place for its status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    ensure!(waited == child && libc::WIFEXITED(status), "the child did not end by itself: {status:#x}");
    Ok(libc::WEXITSTATUS(status))
}

/// A child of this process that does `work` and ends with what it gives; its number.
pub(crate) fn forked(work: impl FnOnce() -> i32) -> Result<i32> {
    // SAFETY: fork of libc, which leaves the child's libc whole; the child calls libpam and ends without running
    // anything that belongs to its parent.
    let child = unsafe { libc::fork() };
    ensure!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        let code = work();
        // SAFETY: ends this process at once.
        unsafe { libc::_exit(code) }
    }
    Ok(child)
}

/// Answers nothing and writes down everything, as a program without a terminal would.
extern "C" fn write_down(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    told: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else { return PAM_BUF_ERR };
    // SAFETY: libpam gives `count` messages and a place for as many responses, which it frees; `told` is what `start`
    // put into the conversation, and libpam calls this in the one thread that uses the transaction.
    unsafe {
        for at in 0..count {
            let message = &**messages.add(at);
            let told = &mut *told.cast::<Vec<String>>();
            told.push(CStr::from_ptr(message.text).to_string_lossy().into_owned());
        }
        *responses = libc::calloc(count, size_of::<Response>()).cast();
        if (*responses).is_null() { PAM_BUF_ERR } else { PAM_SUCCESS }
    }
}
