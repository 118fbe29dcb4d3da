//! Environment files of programs: evaluated one after another within bounds, whatever they hold, and none of them sets
//! what no program may set.
#![no_main]

use gobo_session::environment::{MAX_DIAGNOSTICS, MAX_FILE, MAX_VALUES, Scope, evaluate, forbidden};
use gobo_session_fuzz::{check_diagnostic, parts};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|data: &[u8]| {
    let mut scope = Scope::gobolinux();
    for (name, value) in [("HOME", "/Users/ann"), ("PATH", "/System/Index/bin"), ("XDG_DATA_DIRS", "/share")]
    {
        scope.import(name, value);
    }
    for (program, version) in [("Qt", "4.8.7"), ("KDE", "3.5"), ("Qt", "3.3.8")] {
        scope.set_current(program, version);
    }
    for text in parts(data, 3) {
        let diagnostics = evaluate("Environment", text, &mut scope);
        assert!(diagnostics.len() <= MAX_DIAGNOSTICS + 2, "{} diagnostics", diagnostics.len());
        for diagnostic in &diagnostics {
            check_diagnostic(diagnostic);
            assert!(diagnostic.message.len() <= MAX_FILE + 256);
        }
        check(&scope);
    }
});

fn check(scope: &Scope) {
    let mut names = BTreeSet::new();
    let mut size = 0;
    for (name, value) in scope.exported() {
        assert_eq!(forbidden(name, value), None, "{name}={value}");
        assert!(names.insert(name), "{name} is exported twice");
        assert_eq!(scope.get(name), Some(value));
        size += name.len() + value.len();
    }
    assert!(size <= MAX_VALUES, "{size} bytes of variables");
    for name in scope.removed() {
        assert_eq!(forbidden(name, "/"), None, "{name} was removed");
        assert!(!names.contains(name), "{name} is exported and removed");
    }
}
