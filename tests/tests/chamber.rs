//! The chamber itself: real services run in it, and they are the root's own.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use gobo_tests::chamber::{Chamber, Process, Signal, State, Syslog, mounts};
use gobo_tests::requires_gobo_root;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn commands_run_in_namespaces_of_their_own() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let output = chamber.sh("echo out; echo err >&2; exit 3")?;
    assert_eq!((output.text(), output.errors(), output.status.code()), ("out".into(), "err".into(), Some(3)));
    assert!(output.clone().success().unwrap_err().to_string().contains("exit status: 3"));
    assert_eq!(chamber.run(["pwd"])?.text(), "/");
    assert_eq!(chamber.run(["cat", "/proc/1/comm"])?.text(), "chamber-init");
    let environment = chamber.run(["env"])?.text();
    let mut names = environment.lines().map(|line| line.split('=').next().unwrap()).collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TERM"]);
    // The fourth is the directory that is being read.
    assert_eq!(chamber.sh("cd /proc/self/fd && echo *")?.text(), "0 1 2 3");
    for kind in ["mnt", "pid", "net", "ipc", "uts"] {
        let inside = chamber.run(["readlink", &format!("/proc/self/ns/{kind}")])?.text();
        assert_ne!(Path::new(&inside), fs::read_link(format!("/proc/self/ns/{kind}"))?, "{kind}");
    }
    assert_eq!(chamber.command(["cat"]).input("x".repeat(1 << 20)).run()?.stdout.len(), 1 << 20);
    assert!(chamber.run(["no-such-program"]).unwrap_err().to_string().contains("no-such-program"));
    Ok(())
}

#[test]
fn the_mounts_are_those_of_a_system() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let table = chamber.mounts_of(1)?;
    assert!(table.iter().all(|mount| mount.is_shared() && !mount.is_slave()), "{table:#?}");
    let at = |point: &str| table.iter().find(|mount| mount.point == Path::new(point)).unwrap();
    assert!(at("/").options.starts_with("ro"));
    assert_eq!(at("/Users").fs_type, "tmpfs");
    let real = chamber.sh("cd -P /run && pwd; cd -P /proc && pwd; cd -P /dev/pts && pwd")?.text();
    let types = real.lines().map(|point| at(point).fs_type.as_str()).collect::<Vec<_>>();
    assert_eq!(types, ["tmpfs", "proc", "devpts"]);
    let seen = mounts::parse(&chamber.run(["cat", "/proc/self/mountinfo"])?.stdout)?;
    assert_eq!(seen.len(), table.len());
    assert!(chamber.sh("touch /Programs/x")?.errors().contains("Read-only"));
    let private = Chamber::builder(&root).private_root().build()?;
    assert!(private.mounts_of(1)?.iter().all(|mount| mount.propagation.is_empty()));
    Ok(())
}

#[test]
fn files_are_written_where_the_chamber_reads_them() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    chamber.write("/etc/pam.d/test", "auth required pam_deny.so\n")?;
    assert_eq!(chamber.run(["cat", "/System/Settings/pam.d/test"])?.text(), "auth required pam_deny.so");
    assert!(!root.join("System/Settings/pam.d/test").exists());
    let before = chamber.run(["stat", "-c", "%a %u %g", "/etc/shadow"])?.text();
    chamber.write("/etc/shadow", "root:*:1::::::\n")?;
    assert_eq!(chamber.run(["stat", "-c", "%a %u %g", "/etc/shadow"])?.text(), before);
    chamber.write("/Data/a/b/file", "text")?;
    chamber.set_mode("/Data/a/b/file", 0o4711)?;
    chamber.chown("/Data/a/b/file", 7, 8)?;
    chamber.set_mode("/Data/a/b/file", 0o4711)?;
    assert_eq!(chamber.run(["stat", "-c", "%a %u %g", "/Data/a/b/file"])?.text(), "4711 7 8");
    chamber.link("/Data/a/b/file", "/Data/link")?;
    assert_eq!(chamber.read("/Data/link")?, "text");
    assert_eq!(chamber.read_link("/Data/link")?, Path::new("/Data/a/b/file"));
    chamber.remove("/Data/a")?;
    assert!(!chamber.exists("/Data/link") && !chamber.exists("/Data/a"));
    chamber.remove("/Data/a")
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_its_children() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let before = chamber.host_state()?;
    let script = "echo begun; sleep 100 & setsid sleep 100 & wait";
    let started = Instant::now();
    let result = chamber.command(["bash", "-c", script]).timeout(Duration::from_millis(300)).run();
    let error = format!("{:#}", result.unwrap_err());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(error.contains("begun") && error.contains("still running"), "{error}");
    assert!(chamber.command(["yes"]).timeout(Duration::from_millis(50)).run().is_err());
    chamber.wait_for_state(&before, PATIENCE)
}

#[test]
fn processes_are_talked_to() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let mut cat = chamber.command(["cat"]).input("one\n").spawn()?;
    assert_eq!(cat.line(PATIENCE)?, "one");
    cat.send("two\n");
    assert_eq!(cat.line(PATIENCE)?, "two");
    assert!(cat.status()?.is_none());
    cat.close_input();
    assert!(cat.wait(PATIENCE)?.success());

    let sleep = chamber.spawn(["sleep", "100"])?;
    assert_eq!(chamber.read(format!("/proc/{}/comm", sleep.pid()))?, "sleep\n");
    sleep.signal(Signal::TERM)?;
    let mut sleep = sleep;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&sleep.wait(PATIENCE)?), Some(15));
    Ok(())
}

#[test]
fn su_and_setuid_make_a_user() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let script = "id -un; pwd; bash --version | head -1";
    let output = chamber.run(["su", "-", "ann", "-c", script])?.success()?.text();
    assert!(output.starts_with("ann\n/Users/ann\nGNU bash"), "{output}");
    let ids = chamber.as_user("ann", ["sh", "-c", "id -u; id -G; pwd; echo $HOME"])?.success()?.text();
    assert_eq!(ids, chamber.run(["su", "-", "ann", "-c", "id -u; id -G; pwd; echo $HOME"])?.text());
    Ok(())
}

#[test]
fn ssh_logs_in() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let before = chamber.host_state()?;
    let ssh = chamber.start_sshd(&["ann", "bob"])?;
    assert_eq!(ssh.command("ann", "id -un; pwd").run()?.success()?.text(), "ann\n/Users/ann");
    assert_eq!(ssh.command("bob", "cat").input([0, 255, 10]).run()?.success()?.stdout, [0, 255, 10]);
    let mut shell = ssh.argv("ann");
    shell.insert(1, "-tt".into());
    let mut shell = chamber.pty(shell)?;
    shell.send("tty; exit 5\n");
    shell.expect("/pts/", PATIENCE)?;
    assert_eq!(shell.wait(PATIENCE)?.code(), Some(5));
    let sftp = ["sftp", "-q", "-b", "-", "-F", &ssh.config(), &ssh.host("ann")];
    let output = chamber.command(sftp).input("put /etc/hostname copy\npwd\n").run()?.success()?;
    assert!(output.text().contains("/Users/ann"), "{output}");
    assert_eq!(chamber.read("/Users/ann/copy")?, chamber.read("/etc/hostname")?);
    assert!(!ssh.command("dora", "true").run()?.status.success());
    drop(ssh);
    chamber.wait_for_state(&before, PATIENCE)
}

#[test]
fn sudo_changes_the_user() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    chamber.write("/etc/sudoers", "root ALL=(ALL:ALL) ALL\nann ALL=(ALL:ALL) NOPASSWD: ALL\n")?;
    let output = chamber.as_user("ann", ["sudo", "-n", "-u", "bob", "id", "-un"])?.success()?;
    assert_eq!(output.text(), "bob");
    let mut on_terminal = chamber.command(["sudo", "id", "-u"]).user(&chamber.user("ann")?).pty()?;
    on_terminal.expect("0\r\n", PATIENCE)?;
    assert!(on_terminal.wait(PATIENCE)?.success());
    Ok(())
}

#[test]
fn cron_runs_jobs_at_its_start() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let table = "MAILTO=\"\"\n@reboot id -un > job.new; mv job.new job\n";
    chamber.command(["crontab", "-u", "ann", "-"]).input(table).run()?.success()?;
    let _cron = chamber.spawn(["cron", "-f"])?;
    let until = Instant::now() + PATIENCE;
    while !chamber.exists("/Users/ann/job") {
        assert!(Instant::now() < until, "the job did not run: {:?}", chamber.log()?);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(chamber.read("/Users/ann/job")?, "ann\n");
    Ok(())
}

fn log_in(chamber: &Chamber, user: &str, password: &str) -> Result<Process> {
    let mut login = chamber.pty(["login"])?;
    login.expect("login: ", PATIENCE)?;
    login.send(format!("{user}\n"));
    login.expect("assword: ", PATIENCE)?;
    login.send(format!("{password}\n"));
    Ok(login)
}

#[test]
fn login_asks_on_a_terminal() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    chamber.command(["chpasswd"]).input("ann:secret word\n").run()?.success()?;
    let mut login = log_in(&chamber, "ann", "secret word")?;
    // login throws away what is typed before the shell is there.
    login.expect(["$ ", "> "], PATIENCE)?;
    login.send("echo user=$(id -un) tty=$(tty) size=$(stty size); exit\n");
    login.expect("user=ann tty=", PATIENCE)?;
    let terminal = login.expect(" ", PATIENCE)?;
    assert!(terminal.contains("/pts/0"), "{terminal}");
    login.expect("size=24 80", PATIENCE)?;
    assert!(login.wait(PATIENCE)?.success());

    let mark = chamber.log_mark()?;
    let mut login = log_in(&chamber, "ann", "wrong")?;
    login.expect("incorrect", PATIENCE)?;
    chamber.wait_for_log(mark, "authentication failure", PATIENCE)?;
    Ok(())
}

#[test]
fn a_terminal_that_nobody_has_open_may_be_opened_again() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let script = "echo first; exec <&- >&- 2>&-; sleep 0.1; exec >/dev/pts/0; echo second";
    let mut process = chamber.pty(["bash", "-c", script])?;
    process.expect("first", PATIENCE)?;
    process.expect("second", PATIENCE)?;
    Ok(())
}

#[test]
fn the_log_is_exact() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let mark = chamber.log_mark()?;
    for number in 0..50 {
        chamber
            .as_user("bob", ["logger", "-p", "authpriv.notice", "-t", "probe", &format!("line {number}")])?;
    }
    let lines = chamber.log_since(mark)?;
    assert_eq!(lines.len(), 50);
    assert!(
        lines[49].starts_with("authpriv.notice ") && lines[49].ends_with("probe: line 49"),
        "{}",
        lines[49]
    );
    assert_eq!(chamber.read("/var/log/messages")?.lines().last(), Some(lines[49].as_str()));
    let silent = Chamber::builder(&root).syslog(Syslog::Absent).build()?;
    assert!(silent.log().is_err() && !silent.exists("/dev/log"));
    Ok(())
}

#[test]
fn the_syslog_daemon_of_the_root_logs() -> Result<()> {
    let root = requires_gobo_root!();
    if !root.join("System/Index/bin/syslogd").is_symlink() {
        let error = Chamber::builder(&root).syslog(Syslog::Daemon).build().unwrap_err();
        assert!(error.to_string().contains("no syslog daemon"));
        return Ok(());
    }
    let chamber = Chamber::builder(&root).syslog(Syslog::Daemon).build()?;
    let mark = chamber.log_mark()?;
    chamber.run(["logger", "-t", "probe", "for the daemon"])?.success()?;
    chamber.wait_for_log(mark, "probe: for the daemon", PATIENCE)?;
    Ok(())
}

#[test]
fn programs_are_added() -> Result<()> {
    let root = requires_gobo_root!();
    let tree = tempfile::tempdir()?;
    for (path, content) in [
        ("bin/hello", "#!/bin/sh\necho hello $0\n"),
        ("lib/security/pam_probe.so", ""),
        ("share/probe/x", ""),
    ] {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(&path, content)?;
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    let builder = Chamber::builder(&root).program(tree.path(), "Probe", "1.0");
    for builder in [builder.clone(), builder.overlay_root()] {
        let chamber = builder.build()?;
        assert_eq!(chamber.run(["hello"])?.success()?.text(), "hello /System/Index/bin/hello");
        let target = chamber.read_link("/System/Index/bin/hello")?;
        assert_eq!(target, Path::new("/Programs/Probe/1.0/bin/hello"));
        assert_eq!(chamber.read_link("/Programs/Probe/Current")?, Path::new("1.0"));
        assert_eq!(chamber.run(["su", "ann", "-c", "id -un"])?.success()?.text(), "ann");
        assert!(chamber.exists("/System/Index/lib/security/pam_probe.so"));
        chamber.sh("rm /System/Index/bin/ls && echo x > /Programs/x")?.success()?;
    }
    assert!(root.join("System/Index/bin/ls").is_symlink() && !root.join("Programs/Probe").exists());
    Ok(())
}

#[test]
fn two_chambers_know_nothing_of_each_other() -> Result<()> {
    let root = requires_gobo_root!();
    let (first, second) = (Chamber::builder(&root).build()?, Chamber::builder(&root).build()?);
    first.write("/run/first", "")?;
    assert!(!second.exists("/run/first"));
    let (one, two) = (first.start_sshd(&["ann"])?, second.start_sshd(&["ann"])?);
    std::thread::scope(|scope| {
        let threads = [(&one, "1"), (&two, "2")].map(|(ssh, word)| {
            scope.spawn(move || ssh.command("ann", &format!("echo {word}")).run().map(|output| output.text()))
        });
        let answers = threads.map(|thread| thread.join().unwrap().unwrap());
        assert_eq!(answers, ["1", "2"]);
    });
    drop(one);
    drop(first);
    assert_eq!(two.command("ann", "echo alive").run()?.success()?.text(), "alive");
    Ok(())
}

#[test]
fn one_chamber_serves_many_threads() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    std::thread::scope(|scope| {
        for number in 0..8 {
            let chamber = &chamber;
            scope.spawn(move || {
                for _ in 0..20 {
                    let word = number.to_string();
                    assert_eq!(chamber.run(["echo", &word]).unwrap().text(), word);
                }
            });
        }
    });
    Ok(())
}

#[test]
fn states_tell_what_came_and_went() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).build()?;
    let before = chamber.host_state()?;
    assert_eq!(before, chamber.host_state()?);
    chamber.write("/run/probe", "")?;
    // A mount namespace is made, and what is mounted in it leaks into the shared one of the chamber.
    chamber.run(["unshare", "-m", "--propagation", "unchanged", "mount", "-t", "tmpfs", "leak", "/Mount"])?;
    let sleep = chamber.spawn(["sleep", "100"])?;
    let differences = State::differences(&before, &chamber.host_state()?);
    let expected = [
        "+ file /run/probe".to_owned(),
        "+ mount /Mount tmpfs leak / rw,relatime shared".to_owned(),
        format!("+ process {} sleep", sleep.pid()),
    ];
    for line in &expected {
        assert!(differences.contains(line), "{line} in {differences:#?}");
    }
    drop(sleep);
    chamber.sh("umount /Mount; rm -r /run/probe /run/mount")?.success()?;
    chamber.wait_for_state(&before, PATIENCE)
}

#[test]
fn a_chamber_without_proc() -> Result<()> {
    let root = requires_gobo_root!();
    let chamber = Chamber::builder(&root).without_proc().build()?;
    assert_eq!(chamber.run(["ls", "/proc/"])?.success()?.text(), "");
    assert!(chamber.host_state().is_err());
    Ok(())
}

#[test]
fn what_cannot_be_made_says_why() {
    let root = requires_gobo_root!();
    assert!(Chamber::builder("/no/such/root").build().is_err());
    let error = Chamber::builder(root.join("Users")).build().unwrap_err();
    assert!(format!("{error:#}").contains("the root has no directory /proc"), "{error:#}");
    let error = Chamber::builder(&root).init("/no/such/program").build().unwrap_err();
    assert!(format!("{error:#}").contains("/no/such/program"), "{error:#}");
}
