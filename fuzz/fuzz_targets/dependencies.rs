//! Files that say what a program needs: read to the end whatever they hold, within bounds, into entries that print in a
//! form that reads back as the same.
#![no_main]

use gobo_session::dependencies::{
    MAX_DIAGNOSTICS, MAX_ENTRIES, MAX_FILE, MAX_LINE, Options, Parsed, parse, parse_build_information,
    parse_with,
};
use gobo_session::requirement::Requirement;
use gobo_session_fuzz::check_diagnostic;
use libfuzzer_sys::fuzz_target;

/// What a complaint may say beside what it quotes of a line.
const WORDS: usize = 256;

fuzz_target!(|data: &[u8]| {
    let least = parse("Dependencies", data);
    check(&least, data);
    let exact = parse_with("Dependencies", data, &Options { bare_means_exact: true });
    check(&exact, data);
    // The option changes what an operator is, never what is understood.
    assert_eq!(least.entries.len(), exact.entries.len());
    assert_eq!(least.flag_only, exact.flag_only);
    check(&parse_build_information("BuildInformation", data), data);
    // What a person types is read alike, but all of it or nothing.
    if let Ok(text) = str::from_utf8(data) {
        match text.parse::<Requirement>() {
            Ok(requirement) => check_canonical(&requirement),
            Err(error) => assert!(!error.message().is_empty() && error.span().start <= error.span().end),
        }
    }
});

fn check(parsed: &Parsed, data: &[u8]) {
    assert!(parsed.entries.len() <= MAX_ENTRIES);
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS + 1);
    if data.len() > MAX_FILE {
        assert!(parsed.entries.is_empty() && parsed.flag_only.is_empty() && parsed.diagnostics.len() == 1);
    }
    let lines = data.split(|byte| *byte == b'\n').count();
    let is_place = |line: u32| (1..=lines).contains(&(line as usize));
    let places: Vec<u32> = parsed.entries.iter().map(|entry| entry.line).collect();
    assert!(places.is_sorted_by(|a, b| a < b) && places.iter().all(|line| is_place(*line)), "{places:?}");
    assert!(parsed.flag_only.iter().all(|flags| is_place(flags.line) && !flags.flags.is_empty()));
    for entry in &parsed.entries {
        check_canonical(&entry.requirement);
    }
    for diagnostic in &parsed.diagnostics {
        check_diagnostic(diagnostic);
        assert!(diagnostic.line == 0 || is_place(diagnostic.line));
        assert!(diagnostic.message.len() <= MAX_LINE + WORDS, "{diagnostic:?}");
    }
}

fn check_canonical(requirement: &Requirement) {
    assert!(!requirement.alternatives().is_empty());
    let text = requirement.to_string();
    match text.parse::<Requirement>() {
        Ok(again) => assert_eq!(again, *requirement, "{text}"),
        Err(error) => panic!("{text}: {error}"),
    }
}
