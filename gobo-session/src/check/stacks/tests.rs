//! Stacks, right and wrong ones.

use super::super::Level;
use super::*;
use rustix::fs::{Mode, OFlags, open};
use std::os::unix::fs::PermissionsExt as _;

/// What is said about the stacks in these files; `None` where root's files cannot be made.
fn said(files: &[(&str, &str)], policy: &Policy) -> Option<Vec<String>> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let pam = folder.path().join("etc/pam.d");
    std::fs::create_dir_all(&pam).unwrap();
    for path in [folder.path(), &folder.path().join("etc"), &pam] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (name, text) in files {
        std::fs::write(pam.join(name), text).unwrap();
        std::fs::set_permissions(pam.join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let root = open(folder.path(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let mut findings = Vec::new();
    check(&root, Some(policy), &Layout::default(), &mut findings);
    let stacks = findings.into_iter().filter(|finding| finding.about == "stack");
    Some(stacks.map(|f| format!("{}{}", if f.level == Level::Ok { "" } else { "! " }, f.what)).collect())
}

fn of(stack: &str) -> Option<Vec<String>> {
    said(&[("x", stack)], &Policy::default())
}

const CLOSE: &str = "session optional pam_gobo.so close\n";
const OPEN: &str = "session optional pam_gobo.so open\n";

#[test]
fn close_first_and_open_last_is_right() {
    let others = "auth required pam_unix.so\nsession required pam_unix.so # open\n-session optional \\\n pam_systemd.so\n";
    for stack in [
        format!("{CLOSE}{others}{OPEN}"),
        format!(
            "auth required pam_gobo.so\n{CLOSE}{others}session [success=ok default=ignore] /lib/security/pam_gobo.so open leave\n"
        ),
    ] {
        assert_eq!(
            of(&stack).unwrap_or_else(|| vec!["x: close first, open last".into()]),
            ["x: close first, open last"]
        );
    }
}

#[test]
fn r23_wrongly_placed_lines_are_found_through_includes_too() {
    let common = "session required pam_unix.so\n";
    let files = |x: &str| said(&[("common", common), ("x", x)], &Policy::default());
    let cases = [
        (
            format!("{CLOSE}session include common\n{OPEN}session required pam_exec.so x\n"),
            "! x: /etc/pam.d/x:4 (pam_exec.so) stands behind the line that opens: it runs as root in the view of a user",
        ),
        (
            format!("{CLOSE}{OPEN}@include common\n"),
            "! x: /etc/pam.d/common:1 (pam_unix.so) stands behind the line that opens: it runs as root in the view of a user",
        ),
        (
            format!("session substack common\n{CLOSE}{OPEN}"),
            "! x: /etc/pam.d/common:1 (pam_unix.so) stands before the line that closes: it runs as root in the view of a \
          user when the session closes",
        ),
        (
            format!("session include common\n{OPEN}"),
            "! x: no line closes: every module runs in the view when a session closes",
        ),
        (format!("{CLOSE}session include common\n"), "! x: no line opens: nobody gets a view by it"),
        (format!("{CLOSE}{OPEN}session include common\n{OPEN}"), "! x: 2 lines open"),
        (
            "session include common\nsession optional pam_gobo.so\n".into(),
            "! x: /etc/pam.d/x:2 (pam_gobo.so) opens and closes: every other module runs in the view when a session closes",
        ),
        ("session include gone\n".into(), "! x: gone is included and not there"),
        ("session include x\n".into(), "! x: files include each other more than 16 deep"),
    ];
    for (stack, expected) in cases {
        if let Some(said) = files(&stack) {
            assert_eq!(
                said.iter().filter(|line| line.starts_with('!')).collect::<Vec<_>>(),
                [expected],
                "{stack}"
            );
        }
    }
}

#[test]
fn words_and_controls_are_looked_at() {
    let mut deny = Policy::default();
    deny.on_failure = OnFailure::Deny;
    let of = |stack: String| said(&[("x", &stack)], &deny);
    let optional = format!("{CLOSE}session optional pam_gobo.so open colour\n");
    if let Some(said) = of(optional) {
        assert_eq!(
            said,
            [
                "! x: /etc/pam.d/x:2 (pam_gobo.so) has the word `colour`, which means nothing",
                "! x: /etc/pam.d/x:2 (pam_gobo.so) is `optional`, so that on-failure = \"deny\" refuses nobody"
            ]
        );
    }
    for control in ["required", "[success=ok default=die]"] {
        if let Some(said) = of(format!("{CLOSE}session {control} pam_gobo.so open\n")) {
            assert_eq!(said, ["x: close first, open last"]);
        }
    }
}
