//! Callers and files that mean to steer the module: environments, profiles that set what they must not, odd files.

use super::{PROFILES, lab};
use anyhow::{Result, ensure};
use gobo_tests::lab::{selection_of, view_of};
use gobo_tests::requires_gobo_root;

/// What has steered privileged programs elsewhere.
const STEERING: [&str; 12] = [
    "LD_PRELOAD=/tmp/evil.so",
    "LD_LIBRARY_PATH=/Users/bob",
    "IFS=/",
    "BASH_ENV=/Users/bob/evil",
    "ENV=/Users/bob/evil",
    "GCONV_PATH=/Users/bob",
    "GOBO_PROFILE=lua53",
    "GOBO_SESSION_CONFIG=/Users/bob",
    "XDG_CONFIG_HOME=/Users/bob",
    "XDG_SEAT=seat0",
    "XDG_RUNTIME_DIR=/Users/bob",
    "HOME=/Users/bob",
];

#[test]
fn r8_the_environment_of_the_caller_changes_nothing() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("bob", "lua53")?;
    let plain = lab.client("ann").run()?;
    // The loader complains of what it is to preload before the client begins, so that is left to `sh` to set.
    let steering: Vec<&str> = STEERING.into_iter().filter(|v| !v.starts_with("LD_PRELOAD")).collect();
    let prefix = [&["env", "PATH=/Users/bob:/System/Index/bin"], steering.as_slice()].concat();
    let mark = lab.chamber.log_mark()?;
    let steered = lab.client("ann").under(&prefix).run()?;
    assert_eq!(lab.said(mark)?, [""; 0], "nor does it look elsewhere for what it then passes over");
    assert_eq!(steered.inside.view()?, view_of("lua51", &["bin"]));
    assert_eq!((steered.open, &steered.variables), (0, &plain.variables), "pam_getenvlist");
    assert_eq!(steered.before, steered.after);
    assert_eq!(steered.before.environment, steered.inside.environment, "of the process itself");
    Ok(())
}

#[test]
fn r13_no_program_is_started() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let strace =
        ["strace", "-f", "-qq", "-o", "/tmp/trace", "-etrace=execve,execveat,clone,clone3,fork,vfork"];
    let report = lab.client("ann").under(&strace).run()?;
    ensure!(report.inside.view()? == view_of("lua51", &["bin"]), "{report:#?}");
    let trace = lab.chamber.read("/tmp/trace")?;
    let count = |call: &str| trace.lines().filter(|line| line.contains(call)).count();
    assert_eq!(count("exec"), 1, "the client itself: {trace}");
    assert_eq!(count("clone") + count("fork"), 1, "the reader of the home: {trace}");
    Ok(())
}

#[test]
fn r8_a_profile_that_sets_a_seat_is_refused() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for line in [
        "XDG_SEAT = \"seat0\"",
        "XDG_VTNR = \"1\"",
        "XDG_SESSION_TYPE = \"x11\"",
        "LD_PRELOAD = \"/tmp/x.so\"",
        "GCONV_PATH = \"/tmp\"",
        "BASH_ENV = \"/tmp/x\"",
        "PATH = \"/System/Index/bin::\"",
        "\"A B\" = \"x\"",
        "A = \"x\\ny\"",
    ] {
        lab.profile(
            "lua51",
            &format!("programs = [\"Lua = 5.1.5\"]\n[environment]\nGOOD = \"1\"\n{line}\n"),
        )?;
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").run()?;
        assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "{line}");
        assert_eq!(report.variables, [""; 0], "{line}: not the good one either");
        let said = lab.said(mark)?;
        assert!(said.len() == 1 && said[0].contains("profiles.d/lua51.toml:4:"), "{line}: {said:#?}");
    }
    Ok(())
}

#[test]
fn r8_a_profile_whose_path_leads_through_what_a_user_can_write_is_refused() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let profile = "programs = [\"Lua = 5.1.5\"]\n[environment]\nPATH = \"/Users/ann:/System/Index/bin\"\n";
    lab.profile("lua51", profile)?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").run()?;
    assert_eq!((report.open, report.inside.view()?, report.variables), (0, Vec::new(), Vec::new()));
    let why = "the profile sets PATH, and /Users/ann in it could be filled by others than root; leave it out of PATH";
    assert_eq!(lab.said(mark)?, [format!("err: no view: user ann, profile lua51, configure: {why}")]);
    Ok(())
}

#[test]
fn r9_a_file_that_only_roots_group_can_read_is_like_any_that_cannot_be_read() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let file = selection_of("ann");
    lab.select("ann", "lua53")?;
    let mut lines = Vec::new();
    for (owner, group, mode) in [(0, 0, 0o640), (0, 0, 0o600), (1001, 1001, 0o600)] {
        lab.chamber.chown(&file, owner, group)?;
        lab.chamber.set_mode(&file, mode)?;
        let mark = lab.chamber.log_mark()?;
        // A caller in root's group, and in every group that login services are in.
        let caller = ["setpriv", "--groups", "0,4,42"];
        assert_eq!(lab.client("ann").under(&caller).run()?.inside.view()?, view_of("lua51", &["bin"]));
        lines.extend(lab.said(mark)?);
    }
    let line = format!("warning: user ann, profile lua51: {file} is ignored: it cannot be read");
    assert_eq!(lines, vec![line; 3]);
    Ok(())
}

#[test]
fn r9_a_daemon_that_keeps_its_capabilities_gives_none_to_the_reader_of_a_home() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let file = selection_of("ann");
    lab.select("ann", "lua53")?;
    lab.chamber.chown(&file, 0, 0)?;
    lab.chamber.set_mode(&file, 0o600)?;
    let mark = lab.chamber.log_mark()?;
    // Whoever changes his user in it stays as mighty as he was.
    let daemon = ["setpriv", "--securebits", "+no_setuid_fixup"];
    assert_eq!(lab.client("ann").under(&daemon).run()?.inside.view()?, view_of("lua51", &["bin"]));
    let line = format!("warning: user ann, profile lua51: {file} is ignored: it cannot be read");
    assert_eq!(lab.said(mark)?, [line]);
    Ok(())
}

#[test]
fn r9_a_folder_that_is_a_link_to_roots_own_shows_nothing_of_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.chamber.write("/Users/root/.config/gobo-session/session.toml", "profile = \"lua53\"\n")?;
    lab.chamber.set_mode("/Users/root", 0o700)?;
    lab.chamber.link("/Users/root/.config", "/Users/ann/.config")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lab.client("ann").run()?.inside.view()?, view_of("lua51", &["bin"]));
    let said = lab.said(mark)?;
    assert!(said.len() == 1 && said[0].ends_with("is ignored: it cannot be read"), "{said:#?}");
    Ok(())
}

#[test]
fn r18_a_file_of_four_gigabytes_is_read_no_further_than_it_may_be() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.select("ann", "lua53")?;
    lab.chamber.sh(&format!("truncate -s 4G {}", selection_of("ann")))?.success()?;
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").run()?;
    assert_eq!(report.inside.view()?, view_of("lua51", &["bin"]));
    assert!(report.took < 1500, "{} ms", report.took);
    let said = lab.said(mark)?;
    assert!(said.len() == 1 && said[0].contains("larger than"), "{said:#?}");
    let huge = lab.chamber.sh("truncate -s 4G /etc/gobo-session/profiles.d/lua51.toml")?;
    huge.success()?;
    assert_eq!(lab.client("bob").run()?.open, 0, "{PROFILES:?}");
    Ok(())
}
