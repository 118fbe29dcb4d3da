//! The program `gobo-session`.
//!
//! It starts without Rust's own `main`, which would ignore SIGPIPE and open closed descriptors: what the caller set
//! up for the command has to reach the command as it is.

#![no_main]
#![deny(unsafe_op_in_unsafe_fn)]

/// The C library's entry into the program.
// SAFETY: no other symbol of that name is linked; arguments are taken from the standard library, not from here.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> std::ffi::c_int {
    std::panic::catch_unwind(gobo_session::cli::main).unwrap_or(125)
}
