//! What a caller set up for a command reaches the command: everything but the index is as it was.

use super::{LUA, Machine, gobo_session_run};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

/// Does what its first argument says, in Python, and becomes the rest of them.
pub(super) const LAUNCH: &str = "
import os, resource, signal, sys
from ctypes import CDLL
for number in signal.SIGPIPE, signal.SIGXFSZ:
    signal.signal(number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [])
exec(sys.argv[1])
os.execvp(sys.argv[2], sys.argv[2:])
";

/// What the kernel says about signals, ids and rights of a process.
const STATUS: [&str; 4] = [
    "grep",
    "-E",
    "^(Umask|Uid|Gid|Sig(Blk|Ign|Cgt)|ShdPnd|Cap(Inh|Prm|Eff|Amb)|Cpus_allowed):",
    "/proc/self/status",
];

/// What a command tells after `setup`, directly; it must tell the same through `run`, and end the same.
fn same(machine: &Machine, setup: &str, command: &[&str]) -> Result<String> {
    let told =
        |run: &[&str]| machine.command([&["python3", "-c", LAUNCH, setup], run, command].concat()).run();
    let direct = told(&[])?;
    let through = told(&["gobo-session", "run", LUA[0], LUA[1]])?;
    assert_eq!(
        (direct.text(), direct.errors(), direct.status),
        (through.text(), through.errors(), through.status),
        "{setup}"
    );
    Ok(direct.text())
}

/// The number after `name:` in what [`STATUS`] tells, without the signals of the C library itself.
fn field(told: &str, name: &str) -> u64 {
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    line.and_then(|digits| u64::from_str_radix(digits, 16).ok()).map_or(u64::MAX, |bits| bits & 0x7fff_ffff)
}

#[test]
fn signals_umask_ids_and_processors_are_as_the_caller_left_them() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert_eq!(field(&same(&machine, "", &STATUS)?, "CapEff"), 0);
    for (setup, name, value) in [
        ("signal.signal(signal.SIGPIPE, signal.SIG_DFL)", "SigIgn", 0),
        ("signal.signal(signal.SIGPIPE, signal.SIG_IGN)", "SigIgn", 1 << 12),
        ("signal.signal(signal.SIGHUP, signal.SIG_IGN)", "SigIgn", 1),
        ("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])", "SigBlk", 1 << 9),
        ("os.umask(0o077)", "Umask", 0x77),
        ("os.umask(0o777)", "Umask", 0x777),
        ("os.sched_setaffinity(0, [0])", "Cpus_allowed", 1),
    ] {
        let told = same(&machine, setup, &STATUS)?;
        assert_eq!(field(&told, name), value, "{setup}: {told}");
    }
    assert_eq!(same(&machine, "os.nice(7)", &["nice"])?, "7");
    let pending =
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); os.kill(os.getpid(), signal.SIGUSR1)";
    assert_eq!(field(&same(&machine, pending, &STATUS)?, "ShdPnd"), 1 << 9);
    Ok(())
}

#[test]
fn a_command_dies_with_its_parent_where_the_caller_wants_that() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let tell = "from ctypes import *; n = c_int(); CDLL(None).prctl(2, byref(n)); print(n.value)";
    assert_eq!(same(&machine, "CDLL(None).prctl(1, 15)", &["python3", "-c", tell])?, "15");
    Ok(())
}

#[test]
fn resource_limits_stay_and_do_not_get_into_the_way() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for (limit, values) in [
        ("CORE", "(0, 0)"),
        ("NOFILE", "(7, 4096)"),
        ("NOFILE", "(64, 64)"),
        ("STACK", "(1 << 20, 1 << 22)"),
        ("FSIZE", "(0, -1)"),
        ("CPU", "(20, 30)"),
        ("NPROC", "(40, 50)"),
        ("MEMLOCK", "(0, 0)"),
    ] {
        let setup = format!("resource.setrlimit(resource.RLIMIT_{limit}, {values})");
        same(&machine, &setup, &["cat", "/proc/self/limits"])?;
    }
    let hard =
        ["python3", "-c", LAUNCH, "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", "gobo-session", "run"];
    assert!(machine.command([&hard[..], &["true"]].concat()).run()?.status.success());
    let output = machine.command([&hard[..], &LUA, &["true"]].concat()).run()?;
    assert!(output.status.code() == Some(125) && output.errors().contains("ulimit -H -f"), "{output}");
    Ok(())
}

#[test]
fn open_descriptors_are_passed_on_and_none_is_added() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let list = [
        "python3",
        "-c",
        "import os; print([(fd, os.path.exists(f'/proc/self/fd/{fd}')) for fd in range(64)])",
    ];
    assert_eq!(same(&machine, "", &list)?.matches("True").count(), 3);
    let some = "null = os.open('/dev/null', os.O_RDONLY); os.set_inheritable(null, True); \
                [os.dup2(null, fd, True) for fd in range(null + 1, 10)]";
    assert_eq!(same(&machine, some, &list)?.matches("True").count(), 10);
    let read = "fd = os.open('/etc/passwd', os.O_RDONLY); os.read(fd, 5); os.dup2(fd, 9, True)";
    assert!(same(&machine, read, &["sh", "-c", "head -n 1 <&9"])?.starts_with("x:0:0"));
    Ok(())
}

#[test]
fn closed_streams_stay_closed() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = "exec 9>/Users/ann/told; for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ]; echo $? >&9; done";
    for (closed, told) in
        [("0", "1 0 0"), ("1", "0 1 0"), ("2", "0 0 1"), ("0, 1", "1 1 0"), ("0, 1, 2", "1 1 1")]
    {
        same(&machine, &format!("for fd in [{closed}]: os.close(fd)"), &["bash", "-c", script])?;
        assert_eq!(
            machine.chamber().read("/Users/ann/told")?.split_whitespace().collect::<Vec<_>>().join(" "),
            told
        );
    }
    Ok(())
}

#[test]
fn the_folder_stays_the_same() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for folder in ["/Users/ann", "/System/Index", "/System/Index/bin", "/bin", "/System/Index/lib"] {
        let setup = format!("os.chdir('{folder}')");
        assert!(!same(&machine, &setup, &["readlink", "/proc/self/cwd"])?.is_empty());
    }
    let gone = "os.mkdir('/tmp/gone'); os.chdir('/tmp/gone'); os.rmdir('/tmp/gone')";
    assert!(same(&machine, gone, &["readlink", "/proc/self/cwd"])?.contains("gone (deleted)"));
    // In a folder of the index it is the view's folder, not the one below it.
    let words = gobo_session_run([LUA[0], LUA[1], "readlink", "lua"]);
    let link = machine.command(words).cwd("/System/Index/bin").run()?.success()?;
    assert_eq!(link.text(), "/Programs/Lua/5.1.5/bin/lua");
    Ok(())
}

#[test]
fn it_is_the_same_process_with_the_same_input() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let words = gobo_session_run([LUA[0], LUA[1], "sh", "-c", "echo $$ $PPID; cat"]);
    let mut run = machine.command(words).input("one\ntwo").spawn()?;
    assert_eq!(run.line(super::PATIENCE)?, format!("{} 1", run.pid()));
    run.close_input();
    assert!(run.wait(super::PATIENCE)?.success());
    assert_eq!(run.take_output().0, b"one\ntwo");
    let words =
        [vec!["setarch".into(), "i686".into()], gobo_session_run([LUA[0], LUA[1], "uname", "-m"])].concat();
    assert_eq!(machine.command(words).run()?.success()?.text(), "i686");
    Ok(())
}

#[test]
fn the_environment_changes_by_what_programs_export_and_by_nothing_else() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let odd = "os.environb.update({b'BYTES': b'\\xff\\xfe', b'EMPTY': b'', b'a b': b'c=d\\n', b'1': b'$HOME', \
               b'LD_PRELOAD': b'libm.so.6', b'BASH_FUNC_f%%': b'() { echo hi; }'})";
    let environment = |run: &[&str]| -> Result<Vec<String>> {
        let words = [&["python3", "-c", LAUNCH, odd], run, &["env", "-0"]].concat();
        let output = machine.command(words).run()?.success()?;
        Ok(output.stdout.split(|byte| *byte == 0).map(|entry| entry.escape_ascii().to_string()).collect())
    };
    let run = ["gobo-session", "run", LUA[0], LUA[1]];
    let plain = environment(&[])?;
    assert!(
        plain.iter().any(|entry| entry == "LD_PRELOAD=libm.so.6")
            && plain.iter().any(|entry| entry == "EMPTY=")
    );
    assert_eq!(environment(&[&run[..], &["--no-env"]].concat())?, plain);
    assert_eq!(environment(&run[..2])?, plain);
    let (added, kept): (Vec<_>, Vec<_>) =
        environment(&run)?.into_iter().partition(|entry| !plain.contains(entry));
    assert_eq!(added, ["LUA_PATH=/Programs/Lua/5.1.5/share/lua/5.1/\\?.lua;;".replace("\\?", "?")]);
    assert_eq!(kept, plain);
    Ok(())
}
