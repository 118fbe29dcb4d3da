//! The one call of libpam that pam-bindings has no wrapper for. The only `unsafe` of this crate.

#![allow(unsafe_code)]

use pam::module::{PamHandle, PamResult};
use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    /// See pam_putenv(3); the string is copied.
    fn pam_putenv(handle: *mut PamHandle, name_value: *const c_char) -> c_int;
}

/// Sets a variable of the session: `NAME=VALUE`. Whether that worked.
pub(crate) fn set_variable(handle: &mut PamHandle, name_value: &CStr) -> bool {
    // SAFETY: the handle is the one that libpam called us with, and the string ends with NUL and outlives the call.
    unsafe { pam_putenv(handle, name_value.as_ptr()) == 0 }
}

/// What was stored under a key in this PAM transaction by [`PamHandle::set_data`].
///
/// # Safety contract kept here
/// Every key of this module is used with one type only, which is the type parameter's only instance.
pub(crate) fn data<'h, T: 'static>(handle: &'h PamHandle, key: &Key<T>) -> PamResult<&'h T> {
    // SAFETY: a `Key<T>` is the only way to store under its name, and it stores a `Box<T>`.
    unsafe { handle.get_data(key.name) }
}

/// Stores a value under a key, until the transaction ends.
pub(crate) fn set_data<T: 'static>(handle: &mut PamHandle, key: &Key<T>, value: T) -> PamResult<()> {
    handle.set_data(key.name, Box::new(value))
}

/// A name under which values of one type are stored.
pub(crate) struct Key<T> {
    name: &'static str,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key of that name, which no other key of another type may have.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, kind: std::marker::PhantomData }
    }
}
