//! Every door of a system, through its own program and real libpam: the session has its view, and nothing else has.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::Output;
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

const POLICY: &str =
    "[[rule]]\nuser = \"ann\"\nprofile = \"old\"\n[[rule]]\nuser = \"bob\"\nprofile = \"new\"\n";

const PROFILES: [(&str, &str); 2] = [
    ("old", "programs = [\"Lua = 5.1.5\", \"Bash = 5.1.4\"]\n"),
    ("new", "programs = [\"Lua = 5.3.6\", \"Bash = 5.2.37\", \"Python = 3.9.2\", \"Glibc = 2.41\"]\n"),
];

/// What is run behind every door: three real programs, and the mount table.
const LOOK: &str = "lua -v 2>&1 | cut -d' ' -f2; bash --version | sed -n '1s/.*version \\([0-9.]*\\).*/\\1/p'; \
                    python3 -V | cut -d' ' -f2; cat /proc/self/mountinfo";

fn lab(root: &Path) -> Result<Lab> {
    Lab::new(root, POLICY, &PROFILES)
}

/// Makes sure that what [`LOOK`] printed is what a user's profile gives, or the host's own where he has none, and that
/// the chamber itself shows nothing of it.
fn assert_sees(lab: &Lab, user: &str, printed: &str) -> Result<()> {
    let (versions, view) = match user {
        "ann" => ("5.1.5 5.1.4 3.11.2", view_of("old", &["bin"])),
        "bob" => ("5.3.6 5.2.37 3.9.2", view_of("new", &["bin", "lib", "share"])),
        _ => ("5.4.4 5.2.15 3.11.2", Vec::new()),
    };
    let lines: Vec<&str> = printed.lines().collect();
    ensure!(lines.len() > 3, "{printed}");
    assert_eq!(lines[..3].join(" "), versions, "{printed}{:#?}", lab.chamber.log()?);
    assert_eq!(lab.view_in(&lines[3..].join("\n"))?, view, "{printed}");
    let host = lab.chamber.mounts_of(1)?;
    ensure!(!host.iter().any(|mount| mount.source.starts_with("gobo-session:")), "{host:#?}");
    Ok(())
}

fn text(output: Output) -> Result<String> {
    Ok(output.success()?.text())
}

#[test]
fn pamtester_opens_and_closes() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let before = lab.chamber.host_state()?;
    let mark = lab.chamber.log_mark()?;
    let output =
        lab.chamber.run(["pamtester", "pamtester", "ann", "open_session", "close_session"])?.success()?;
    assert!(
        output.text().contains("successfully opened")
            && output.text().contains("has successfully been closed")
    );
    let said = lab.said(mark)?;
    assert!(said.len() == 1 && said[0].ends_with(": Lua 5.1.5, Bash 5.1.4"), "{said:#?}");
    lab.chamber.remove("/run/gobo-session")?;
    lab.chamber.wait_for_state(&before, PATIENCE)?;
    let client = lab.client("ann").script(LOOK).run()?;
    assert_sees(&lab, "ann", &client.stdout)
}

#[test]
fn su_with_and_without_a_login_shell() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    for user in ["ann", "bob", "carl", "root"] {
        assert_sees(&lab, user, &text(lab.su(user, LOOK)?)?)?;
        assert_sees(&lab, user, &text(lab.chamber.run(["su", user, "-c", LOOK])?)?)?;
    }
    Ok(())
}

#[test]
fn two_users_at_once_see_different_systems() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let wait = format!("{LOOK}; echo; echo seen; read answer; {LOOK}");
    let session = |user: &str| lab.chamber.command(["su", "-", user, "-c", &wait]).input("").spawn();
    let mut sessions = [("ann", session("ann")?), ("bob", session("bob")?)];
    for (user, session) in &mut sessions {
        let seen = session.expect("\nseen\n", PATIENCE)?;
        assert_sees(&lab, user, seen.trim_end_matches("\n\nseen\n"))?;
    }
    for (user, session) in &mut sessions {
        session.send("go on\n");
        assert!(session.wait(PATIENCE)?.success());
        let (seen, _) = session.take_output();
        assert_sees(&lab, user, String::from_utf8_lossy(&seen).trim_end())?;
    }
    Ok(())
}

#[test]
fn sshd_runs_commands_and_an_interactive_shell() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd(&["ann", "bob", "root"])?;
    for user in ["ann", "bob", "root"] {
        assert_sees(&lab, user, &text(ssh.command(user, LOOK).run()?)?)?;
    }
    let mut argv = ssh.argv("ann");
    argv.insert(1, "-tt".to_owned());
    let mut shell = lab.chamber.pty(argv)?;
    shell.expect(["$ ", "> "], PATIENCE)?;
    shell.send("lua -v; tty; exit 7\n");
    shell.expect("Lua 5.1.5", PATIENCE)?;
    shell.expect("/pts/", PATIENCE)?;
    assert_eq!(shell.wait(PATIENCE)?.code(), Some(7));
    Ok(())
}

#[test]
fn one_ssh_connection_serves_several_shells() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd(&["bob"])?;
    let mark = lab.chamber.log_mark()?;
    let shared = |command: &str| {
        let options =
            ["-o", "ControlMaster=auto", "-o", "ControlPath=/run/control", "-o", "ControlPersist=30"];
        let words = ssh.argv("bob").into_iter().chain(options.map(str::to_owned)).chain([command.to_owned()]);
        lab.chamber.command(words).run()
    };
    let looks = (0..3).map(|_| text(shared(LOOK)?)).collect::<Result<Vec<_>>>()?;
    for look in &looks {
        assert_sees(&lab, "bob", look)?;
    }
    let namespaces =
        (0..2).map(|_| text(shared("readlink /proc/self/ns/mnt")?)).collect::<Result<Vec<_>>>()?;
    assert_eq!(namespaces[0], namespaces[1]);
    assert_eq!(lab.said(mark)?.len(), 1, "one connection is one session");
    Ok(())
}

#[test]
fn scp_and_sftp_bring_every_byte() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let ssh = lab.chamber.start_sshd(&["ann"])?;
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    lab.chamber.write("/run/original", &bytes)?;
    let (config, host) = (ssh.config(), ssh.host("ann"));
    for mode in [&["-O"][..], &[]] {
        let scp = |from: &str, to: &str| {
            let words =
                ["scp", "-q", "-F", &config].into_iter().chain(mode.iter().copied()).chain([from, to]);
            lab.chamber.run(words)?.success()
        };
        scp("/run/original", &format!("{host}:there"))?;
        let back = scp(&format!("{host}:there"), "/run/back")?;
        assert!(back.stdout.is_empty() && back.stderr.is_empty(), "{back}");
        assert!(lab.chamber.read_bytes("/run/back")? == bytes, "scp {mode:?}");
    }
    let batch = "put /run/original by-sftp\nget by-sftp /run/back\n";
    lab.chamber.command(["sftp", "-q", "-b", "-", "-F", &config, &host]).input(batch).run()?.success()?;
    assert!(lab.chamber.read_bytes("/run/back")? == bytes);
    let raw = ssh.command("ann", "cat").input(bytes.clone()).run()?.success()?;
    assert!(raw.stdout == bytes && raw.stderr.is_empty());
    Ok(())
}

#[test]
fn sudo_to_another_user_and_to_root() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let sudo = |words: &[&str]| {
        let words = ["sudo", "-n"].iter().chain(words).copied().chain(["bash", "-c", LOOK]);
        text(lab.chamber.as_user("ann", words)?)
    };
    assert_sees(&lab, "bob", &sudo(&["-u", "bob"])?)?;
    assert_sees(&lab, "root", &sudo(&[])?)?;
    assert_sees(&lab, "root", &sudo(&["-i"])?)?;
    lab.chamber.write("/etc/sudoers", "Defaults use_pty\nann ALL=(ALL) NOPASSWD: ALL\n")?;
    assert_sees(&lab, "bob", &sudo(&["-u", "bob"])?)
}

#[test]
fn login_on_a_terminal() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mut login = lab.chamber.pty(["login"])?;
    login.expect("login: ", PATIENCE)?;
    login.send("ann\n");
    login.expect("assword: ", PATIENCE)?;
    login.send("gobo\n");
    // login throws away what is typed before the shell is there.
    login.expect(["$ ", "> "], PATIENCE)?;
    login.send(format!("({LOOK}) > look; echo do''ne; exit\n"));
    login.expect("done", PATIENCE)?;
    assert!(login.wait(PATIENCE)?.success());
    assert_sees(&lab, "ann", &lab.chamber.read("/Users/ann/look")?)
}

#[test]
fn cron_runs_jobs_in_the_view() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.chamber.write("/Users/bob/look.sh", LOOK)?;
    let table = "MAILTO=\"\"\nPATH=/System/Index/bin\n@reboot sh look.sh > look.new 2>&1; mv look.new look\n";
    lab.chamber.command(["crontab", "-u", "bob", "-"]).input(table).run()?.success()?;
    let _cron = lab.chamber.spawn(["cron", "-f"])?;
    let until = Instant::now() + PATIENCE;
    while !lab.chamber.exists("/Users/bob/look") {
        ensure!(Instant::now() < until, "the job did not run: {:#?}", lab.chamber.log()?);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_sees(&lab, "bob", &lab.chamber.read("/Users/bob/look")?)
}

#[test]
fn r23_other_modules_run_on_the_host_before_and_in_the_view_behind() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let probe = "session optional pam_exec.so quiet /Users/root/probe.sh";
    let script = "#!/bin/sh\necho $PAM_TYPE $1 $(lua -v 2>&1 | cut -d' ' -f2) >> /run/probes\n";
    lab.chamber.write("/Users/root/probe.sh", script)?;
    lab.chamber.set_mode("/Users/root/probe.sh", 0o755)?;
    let stack = lab.chamber.read("/etc/pam.d/pamtester")?;
    let open = stack.find("session optional pam_gobo.so open").context("no line that opens")?;
    let (above, last) = stack.split_at(open);
    lab.chamber.write("/etc/pam.d/pamtester", format!("{above}{probe} before\n{last}{probe} behind\n"))?;
    lab.client("ann").run()?;
    let seen = lab.chamber.read("/run/probes")?;
    assert_eq!(
        seen.lines().collect::<Vec<_>>(),
        [
            "open_session before 5.4.4",
            "open_session behind 5.1.5",
            "close_session before 5.4.4",
            "close_session behind 5.4.4"
        ]
    );
    Ok(())
}
