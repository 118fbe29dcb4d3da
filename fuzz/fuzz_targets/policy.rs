//! The administrator's policy with a drop-in, what it decides about logins, and what a user selects.
#![no_main]

use gobo_session::config::{Allow, Config, Decision, Login, Policy, Selection, Source};
use gobo_session::trusted::{Root, Trust};
use gobo_session_fuzz::{check_error, is_silent, parts};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::{Component, Path};
use tempfile::TempDir;

const DIR: &str = "etc";

fuzz_target!(|data: &[u8]| {
    let mut texts = parts(data, 3);
    let (policy, drop_in) = (texts.next(), texts.next());
    let selection = texts.next().unwrap_or_default();
    let selected = match Selection::parse("session.toml", selection) {
        Ok(selection) => selection.for_login("sshd", Some("lab-1")),
        Err(error) => {
            assert!(is_silent(&error), "root tells what a user's file holds: {error:?}");
            None
        }
    };
    match load(policy.unwrap_or_default(), drop_in) {
        Ok(config) => check(&config.policy, selected.as_deref()),
        Err(error) => check_error(error),
    }
});

/// Policy is read from a folder and from nowhere else.
fn load(policy: &[u8], drop_in: Option<&[u8]>) -> Result<Config, gobo_session::config::ConfigError> {
    let folder = folder();
    let dir = folder.path().join(DIR);
    fs::create_dir(&dir).expect("a folder");
    fs::write(dir.join("session.toml"), policy).expect("a file");
    if let Some(text) = drop_in {
        fs::create_dir(dir.join("session.d")).expect("a folder");
        fs::write(dir.join("session.d/10-lab.toml"), text).expect("a file");
    }
    let root = Root::at(folder.path(), Trust::Anyone).expect("the folder");
    Config::read(&root, Path::new(DIR))
}

/// A new folder, in memory where that is possible.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder")
}

fn check(policy: &Policy, selected: Option<&str>) {
    assert!((100..=60_000).contains(&policy.deadline.as_millis()));
    for path in [&policy.layout.programs, &policy.layout.index] {
        assert!(
            path.is_absolute() && !path.components().any(|part| part == Component::ParentDir),
            "{path:?}"
        );
    }
    let staff = || Some(vec!["staff".to_owned(), "cs101".to_owned()]);
    let nobody_knows = || None;
    let groups: [&dyn Fn() -> Option<Vec<String>>; 2] = [&staff, &nobody_knows];
    for (uid, user) in [(0, "root"), (0, "ann"), (1000, "ann"), (5000, "bob")] {
        for groups in groups {
            for (service, tty, host) in
                [("sshd", None, Some("lab-7.example.org")), ("login", Some("/dev/tty1"), None)]
            {
                let login = Login { user, uid, groups, service, tty, host };
                let decision = policy.decide(&login, || selected.map(str::to_owned));
                check_decision(&login, &decision, selected);
                let alone = policy.decide(&login, || None);
                assert_eq!((alone.forced, &alone.allow), (decision.forced, &decision.allow));
                if decision.source != Source::Selected {
                    assert_eq!((&alone.profile, &alone.source), (&decision.profile, &decision.source));
                }
                // Groups that are not needed change nothing.
                if !policy.needs_groups(&login) {
                    let unasked = Login { groups: &|| panic!("groups were not needed"), ..login };
                    assert_eq!(policy.decide(&unasked, || selected.map(str::to_owned)), decision);
                }
            }
        }
    }
}

fn check_decision(login: &Login<'_>, decision: &Decision, selected: Option<&str>) {
    if login.uid == 0 {
        assert!(decision.profile.is_none() && decision.source == Source::Root);
    }
    if decision.forced {
        assert!(decision.source != Source::Selected && decision.refused.is_none());
        assert_eq!(decision.allow, Allow::default());
    }
    if decision.source == Source::Selected {
        assert_eq!(selected, Some(decision.profile.as_ref().map_or("none", |name| name.as_str())));
    }
    if decision.refused.is_some() {
        assert!(selected.is_some() && decision.source != Source::Selected);
    }
    let _ = decision.source.to_string();
}
