//! The program inside a test chamber: first the keeper outside it, then process 1 in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gobo_tests::chamber::init_main()
}
