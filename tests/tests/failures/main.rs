//! Whatever is wrong, a login is a login: every row of docs/failure.md is brought about, and its line compared.

mod hostile;
mod shown;
mod trust;

use anyhow::{Context as _, Result, bail};
use gobo_tests::lab::{Lab, selection_of, view_of};
use gobo_tests::requires_gobo_root;
use shown::{Ending, Row, endings, rows};
use std::path::Path;
use std::time::{Duration, Instant};

const PAM_SUCCESS: i32 = 0;
const PAM_SESSION_ERR: i32 = 14;

const POLICY: &str = "[[rule]]\nuser = \"ann\"\nprofile = \"lua51\"\nallow = [\"lua53\"]\n";

const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];

/// A lab in which the lines that open say what a test wants, and nothing of what went well.
fn lab(root: &Path, open: &str) -> Result<Lab> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    for service in ["pamtester", "sshd"] {
        lab.open_line(service, open)?;
    }
    Ok(lab)
}

const OPEN: &str = "required pam_gobo.so open";

/// How a client has to be started that meets what a row of the first table names.
#[derive(Clone, Copy)]
struct Start {
    user: &'static str,
    /// The programs that it is started by.
    prefix: &'static [&'static str],
    /// What the module's line says besides.
    word: &'static str,
}

/// Brings about what a row of the first table names.
fn break_it(lab: &Lab, what: &str) -> Result<Start> {
    let start = Start { user: "ann", prefix: &[], word: "" };
    let under = |prefix| Ok(Start { prefix, ..start });
    let lua51 = |text: &str| lab.profile("lua51", text);
    match what {
        "there is no profile of that name" => lab.policy("[default]\nprofile = \"lua52\"\n")?,
        "the profile is not understood" => lua51("programs = [\"Lua = 5.1.5\"]\ncolour = 1\n")?,
        "the profile is a link to a file of somebody else" => {
            lab.chamber.write("/Users/bob/lua51.toml", "")?;
            lab.chamber.chown("/Users/bob/lua51.toml", 1001, 1001)?;
            lab.chamber.link("/Users/bob/lua51.toml", "/etc/gobo-session/profiles.d/lua51.toml")?;
        }
        "the policy is not understood" => lab.policy("[default\n")?,
        "the policy can be written by others" => {
            lab.chamber.set_mode("/etc/gobo-session/session.toml", 0o666)?
        }
        "a program is not installed" => lua51("programs = [\"Luas\"]\n")?,
        "no version fits" => lua51("programs = [\"Lua = 9\"]\n")?,
        "/Programs belongs to somebody else" => lab.chamber.chown("/Programs", 1001, 0)?,
        "/run/gobo-session belongs to somebody else" => {
            lab.chamber.mkdir("/run/gobo-session")?;
            lab.chamber.chown("/run/gobo-session", 1001, 0)?;
        }
        "the shell would not start in the view" => {
            lua51("programs = [\"Bash = 5.2.37\", \"Glibc = 2.36\"]\n")?
        }
        "the profile is a pure one" => lua51("programs = [\"Lua = 5.1.5\"]\npure = true\n")?,
        "nobody knows the user" => {
            // Other modules refuse him.
            lab.chamber.write("/etc/pam.d/pamtester", "auth required pam_permit.so\n")?;
            return Ok(Start { user: "zoe", ..start });
        }
        "the module has a fault of its own" => return Ok(Start { word: "panic", ..start }),
        "a dependency is not installed and the profile is strict" => {
            lab.chamber.write("/Programs/Lua/5.1.5/Resources/Dependencies", "Luarocks >= 3\n")?;
            lua51("programs = [\"Lua = 5.1.5\"]\nstrict = true\n")?;
        }
        "the program's folder belongs to somebody else" => lab.chamber.chown("/Programs/Lua", 1001, 0)?,
        "the version's folder belongs to somebody else" => {
            lab.chamber.chown("/Programs/Lua/5.1.5", 1001, 0)?
        }
        "a folder of the version can be written by others" => {
            lab.chamber.set_mode("/Programs/Lua/5.1.5/bin", 0o775)?
        }
        "a file of the version belongs to somebody else" => {
            lab.chamber.chown("/Programs/Lua/5.1.5/bin/lua", 1001, 0)?
        }
        "the version's Resources can be written by others" => {
            lab.chamber.set_mode("/Programs/Lua/5.1.5/Resources", 0o777)?
        }
        "the list of shells can be written by others" => lab.chamber.set_mode("/etc/shells", 0o666)?,
        "the index can be written by others" => lab.chamber.set_mode("/System/Index/bin", 0o777)?,
        "the kernel has no overlay" => {
            return under(&["strace", "-qqo/dev/null", "-efault=fsopen:error=ENODEV:when=2+"]);
        }
        "the service has no CAP_SYS_ADMIN" => return under(&["setpriv", "--bounding-set", "-sys_admin"]),
        "there are too many mount namespaces" => {
            return under(&["strace", "-qqo/dev/null", "-efault=unshare:error=ENOSPC"]);
        }
        "a mount is refused when the session has its namespace" => {
            return under(&["strace", "-qqo/dev/null", "-efault=move_mount:error=ENOMEM:when=3"]);
        }
        _ => bail!("nobody knows how to bring about: {what}"),
    }
    Ok(start)
}

/// What the user is told where a line of the log says why.
fn told(ending: &Ending, line: &str) -> String {
    let profile = line.split("profile ").nth(1).and_then(|rest| rest.split(',').next());
    match profile.filter(|name| *name != "-") {
        Some(name) => ending.told.replace("NAME", name),
        None => ending.told.replace("profile NAME", "your profile"),
    }
}

/// Every error, for both kinds of policy, with and without somebody to tell.
#[test]
fn r7_a_login_without_its_view_ends_as_policy_says() -> Result<()> {
    let root = requires_gobo_root!();
    let mut wrong = Vec::new();
    for row in rows("What takes the view away")? {
        let lab = lab(&root, OPEN)?;
        if row.what == "the module has a fault of its own" && !lab.take_debug_module()? {
            continue;
        }
        let start = break_it(&lab, &row.what)?;
        for ending in endings()? {
            let on_failure = format!("on-failure={} {}", ending.on_failure, start.word);
            let line = row.line.replacen("no view", &ending.verdict, 1);
            for (silent, quiet) in [(false, ""), (true, ""), (false, "quiet")] {
                let what = format!("{}, {on_failure} {quiet}, silent: {silent}", row.what);
                lab.open_line("pamtester", &format!("required pam_gobo.so open {on_failure} {quiet}"))?;
                let mark = lab.chamber.log_mark()?;
                let client = lab.client(start.user).under(start.prefix).with(|wish| wish.silent = silent);
                let report = client.script("id -un; lua -v 2>&1 | cut -d' ' -f2").run()?;
                let said = lab.said(mark)?;
                if said != [format!("err: {line}")] {
                    wrong.push(format!("{what}: {said:?}"));
                }
                assert_eq!(report.open, ending.code, "{what}");
                let is_told = !silent && quiet.is_empty();
                let about = said.first().map_or("", String::as_str);
                assert_eq!(report.told, Vec::from_iter(is_told.then(|| told(&ending, about))), "{what}");
                let name = if start.user == "ann" { "ann" } else { "root" };
                assert_eq!(report.stdout, format!("{name}\n5.4.4\n"), "{what}: {report:#?}");
                assert_eq!(report.inside.view()?, [""; 0], "{what}");
                assert_eq!(report.before.namespace, report.inside.namespace, "{what}");
                assert_eq!(report.before, report.after, "{what}");
            }
        }
        // The line in the stack is one that denies.
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("root").run()?;
        assert_eq!(report.open, PAM_SUCCESS, "uid 0, {}", row.what);
        assert_eq!(report.before, report.inside, "untouched");
        if start.word.is_empty() {
            assert_eq!((report.told.len(), lab.said(mark)?.len()), (0, 0), "uid 0, {}", row.what);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn policy_can_deny_too() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OPEN)?;
    lab.policy("on-failure = \"deny\"\n[default]\nprofile = \"lua52\"\n")?;
    assert_eq!(lab.client("ann").run()?.open, PAM_SESSION_ERR);
    let refused = lab.chamber.start_sshd(&["ann"])?.command("ann", "echo in").run()?;
    assert!(!refused.status.success() && !refused.text().ends_with("\nin"), "{refused}");
    let deny = endings()?.into_iter().find(|ending| ending.on_failure == "deny").context("no such ending")?;
    assert_eq!(refused.text(), told(&deny, "profile lua52,"));
    lab.open_line("pamtester", "required pam_gobo.so open on-failure=base")?;
    assert_eq!(lab.client("ann").run()?.open, PAM_SUCCESS, "the module's line counts for more than policy");
    Ok(())
}

/// Makes the user's file what a row of the second table names.
fn spoil_file(lab: &Lab, what: &str) -> Result<()> {
    let file = &selection_of("ann");
    lab.select("ann", "lua53")?;
    let instead = |script: &str| -> Result<()> {
        lab.chamber.sh(&format!("rm {file} && {}", script.replace("FILE", file)))?.success().map(drop)
    };
    match what {
        "a selection that policy does not allow" => lab.select("ann", "gtk2"),
        "a name that no profile can have" => lab.select("ann", "../lua53"),
        "not understood" => lab.select("ann", "\"\n$6$secret"),
        "a FIFO" => instead("mkfifo FILE && chown ann FILE"),
        "a socket" => instead(
            "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"FILE\")' && chown ann FILE",
        ),
        "a directory" => instead("mkdir FILE && chown ann FILE"),
        "a device" => instead("mknod -m 666 FILE c 1 5"),
        "a link to a file of root" => instead("ln -s /etc/shadow FILE"),
        "a file of somebody else" => lab.chamber.chown(file, 1001, 1001),
        "a file of somebody else that only he can read" => {
            lab.chamber.chown(file, 1001, 1001)?;
            lab.chamber.set_mode(file, 0o600)
        }
        "a file that others can write" => lab.chamber.set_mode(file, 0o666),
        "larger than a selection can be" => instead("truncate -s 1M FILE && chown ann FILE"),
        _ => bail!("nobody knows how to bring about: {what}"),
    }
}

#[test]
fn a_users_file_is_passed_over_in_time_and_never_quoted() -> Result<()> {
    let root = requires_gobo_root!();
    for row in rows("What is passed over")? {
        let lab = lab(&root, OPEN)?;
        spoil_file(&lab, &row.what)?;
        let mark = lab.chamber.log_mark()?;
        let begun = Instant::now();
        let report = lab.client("ann").script("id -un; lua -v 2>&1 | cut -d' ' -f2").run()?;
        assert!(begun.elapsed() < Duration::from_secs(2), "{}: {:?}", row.what, begun.elapsed());
        assert_eq!(lab.said(mark)?, [format!("warning: {}", row.line)], "{}", row.what);
        assert_eq!(
            (report.open, report.stdout.as_str()),
            (PAM_SUCCESS, "ann\n5.1.5\n"),
            "{}: {report:#?}",
            row.what
        );
        assert_eq!(report.inside.view()?, view_of("lua51", &["bin"]), "{}", row.what);
        assert_eq!(report.before, report.after, "{}", row.what);
    }
    Ok(())
}

#[test]
fn switches_turn_it_off_for_everybody() -> Result<()> {
    let root = requires_gobo_root!();
    let lab = lab(&root, "required pam_gobo.so open debug on-failure=deny")?;
    lab.chamber.write("/run/cmdline", "quiet gobo_session=off\n")?;
    for row in rows("What turns it off")? {
        let is_file = row.what.starts_with('/');
        match is_file {
            true => lab.chamber.write(&row.what, "")?,
            false => lab.chamber.sh("mount --bind /run/cmdline /proc/cmdline")?.success().map(drop)?,
        }
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").script("lua -v 2>&1 | cut -d' ' -f2").run()?;
        assert_eq!(lab.said(mark)?, [format!("debug: {}", row.line)]);
        assert_eq!((report.open, report.stdout.as_str(), report.told.len()), (PAM_SUCCESS, "5.4.4\n", 0));
        match is_file {
            true => lab.chamber.remove(&row.what)?,
            false => lab.chamber.sh("umount /proc/cmdline")?.success().map(drop)?,
        }
        assert_eq!(lab.client("ann").script("lua -v 2>&1 | cut -d' ' -f2").run()?.stdout, "5.1.5\n");
    }
    Ok(())
}

#[test]
fn scp_and_sftp_bring_every_byte_without_the_view() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OPEN)?;
    lab.profile("lua51", "colour = 1\n")?;
    let ssh = lab.chamber.start_sshd(&["ann"])?;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    lab.chamber.write("/run/original", &bytes)?;
    let (config, host) = (ssh.config(), ssh.host("ann"));
    for mode in ["-O", "-s"] {
        let there = format!("{host}:there{mode}");
        for (from, to) in [("/run/original", there.as_str()), (&there, "/run/back")] {
            let copy = lab.chamber.run(["scp", mode, "-F", &config, from, to])?.success()?;
            assert!(copy.stdout.is_empty() && copy.stderr.is_empty(), "{copy}");
        }
        assert!(lab.chamber.read_bytes("/run/back")? == bytes);
    }
    let raw = ssh.command("ann", "cat").input(bytes.clone()).run()?.success()?;
    assert!(raw.stdout == bytes && raw.stderr.is_empty(), "{raw}");
    Ok(())
}

#[test]
fn a_log_that_is_not_there_or_full_holds_nobody_up() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OPEN)?;
    lab.profile("lua51", "colour = 1\n")?;
    let silent = "import socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('/dev/log')\n\
                  c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); c.setblocking(False); c.connect('/dev/log')\n\
                  try:\n    while True: c.send(b'x')\nexcept BlockingIOError: print('full', flush=True)\ntime.sleep(60)\n";
    lab.chamber.remove("/dev/log")?;
    let module_only = format!("session {OPEN}\n");
    lab.chamber.write("/etc/pam.d/pamtester", &module_only)?;
    assert_eq!(lab.client("ann").run()?.open, PAM_SUCCESS);
    let mut daemon = lab.chamber.spawn(["python3", "-c", silent])?;
    daemon.expect("full", Duration::from_secs(10))?;
    let output =
        lab.chamber.command(["timeout", "5", "pamtester", "pamtester", "ann", "open_session"]).run()?;
    output.success().context("a log that nobody reads")?;
    Ok(())
}

/// A fault when the view is attached already: the process comes back to where it was (R6, R14).
#[test]
fn r6_r14_a_fault_in_the_sessions_own_namespace_leads_back() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), "required pam_gobo.so open panic=late")?;
    if !lab.take_debug_module()? {
        return Ok(());
    }
    for (words, verdict, code) in
        [("", "no view", PAM_SUCCESS), ("on-failure=deny", "login denied", PAM_SESSION_ERR)]
    {
        lab.open_line("pamtester", &format!("{OPEN} panic=late {words}"))?;
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").run()?;
        assert_eq!(
            lab.said(mark)?,
            [format!("err: {verdict}: the module has a fault; please report it")],
            "{words}"
        );
        assert_eq!((report.open, report.inside.view()?), (code, Vec::new()), "{words}");
        assert_eq!(report.before.namespace, report.inside.namespace, "{words}");
        assert_eq!(report.before, report.after, "{words}");
    }
    Ok(())
}

/// So that a row which nobody fills in is seen.
#[test]
fn every_row_has_a_line() -> Result<()> {
    for table in ["What takes the view away", "What is passed over", "What turns it off"] {
        let empty: Vec<Row> = rows(table)?.into_iter().filter(|row| row.line.is_empty()).collect();
        assert!(empty.is_empty(), "{table}: {empty:#?}");
    }
    Ok(())
}
