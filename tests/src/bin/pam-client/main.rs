//! A libpam client that opens a session, closes it, and tells in JSON what that did to it; see `lab::client`.

mod pam;

use anyhow::{Context as _, Result};
use gobo_tests::lab::client::{Closing, Place, Report, Wish};
use pam::Transaction;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let wish: Wish = serde_json::from_str(&std::env::args().nth(1).context("no wish given")?)?;
    rustix::process::umask(rustix::fs::Mode::from(wish.umask));
    std::env::set_current_dir(&wish.cwd).with_context(|| format!("go to {}", wish.cwd))?;
    pam::connect_to_syslog();
    let _kept = open_descriptors(wish.descriptors)?;
    let report = beside_threads(&wish, || session(&wish))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn session(wish: &Wish) -> Result<Report> {
    let before = place()?;
    let mut seen = BTreeMap::new();
    for _ in 1..wish.times {
        let mut transaction = start(wish)?;
        let open = transaction.open();
        if wish.each {
            *seen.entry(place()?.view()?.join("\n")).or_default() += 1;
        }
        let codes = (open, transaction.close());
        transaction.end();
        anyhow::ensure!(codes == (0, 0), "open and close of one session of many: {codes:?}");
    }
    let mut transaction = start(wish)?;
    // What a trace needs to find where the module's work begins and ends.
    mark("open");
    let begun = Instant::now();
    let open = transaction.open();
    let took = u64::try_from(begun.elapsed().as_millis())?;
    mark("opened");
    let inside = place()?;
    *seen.entry(inside.view()?.join("\n")).or_default() += 1;
    let variables = transaction.variables();
    wish.look_up.as_deref().map(pam::look_up_service).transpose()?;
    let output = wish.script.as_ref().map(|script| run(script, &wish.user, &variables)).transpose()?;
    let close = close(wish, &mut transaction)?;
    let told = transaction.end();
    let after = place()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (code, stdout, stderr) =
        output.map(|o| (o.status.code(), text(o.stdout), text(o.stderr))).unwrap_or_default();
    let name_services = name_services()?;
    Ok(Report {
        before,
        inside,
        after,
        open,
        close,
        took,
        told,
        variables,
        seen,
        name_services,
        code,
        stdout,
        stderr,
    })
}

/// A transaction as a service would start it.
fn start(wish: &Wish) -> Result<Transaction> {
    let mut transaction = Transaction::start(&wish.service, &wish.user, wish.silent)?;
    for (item, value) in [(pam::TTY, &wish.tty), (pam::HOST, &wish.host)] {
        if let Some(value) = value {
            transaction.set(item, value)?;
        }
    }
    Ok(transaction)
}

/// The modules of the name service that this process has loaded.
fn name_services() -> Result<Vec<String>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| line[at..].to_owned()));
    let mut modules: Vec<String> = files.filter(|file| file.contains("/libnss_")).collect();
    modules.dedup();
    Ok(modules)
}

/// Closes a session in the way that is wished.
fn close(wish: &Wish, transaction: &mut Transaction) -> Result<i32> {
    Ok(match wish.closing {
        Closing::Same => transaction.close(),
        Closing::Child => pam::in_child(|| transaction.close())?,
        Closing::Stranger => {
            let mut stranger = Transaction::start(&wish.service, &wish.user, wish.silent)?;
            let code = stranger.close();
            stranger.end();
            code
        }
        Closing::Powerless => {
            let none = CapabilitySet::empty();
            let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
            set_capabilities(None, sets)?;
            transaction.close()
        }
        Closing::Never => 0,
    })
}

/// A system call that does nothing and that a trace shows.
fn mark(name: &str) {
    let _ = fs::metadata(format!("/pam-client/{name}"));
}

/// Runs a script in the session as its user, or as root where there is no such user.
fn run(script: &str, user: &str, variables: &[String]) -> Result<Output> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).env_clear().env("PATH", "/System/Index/bin");
    command.envs(variables.iter().filter_map(|variable| variable.split_once('=')));
    let passwd = fs::read_to_string("/etc/passwd")?;
    let entry = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|entry| entry[0] == user);
    if let Some(entry) = entry {
        command.uid(entry[2].parse()?).gid(entry[3].parse()?).env("HOME", entry[5]);
    }
    command.output().context("cannot start the script")
}

fn place() -> Result<Place> {
    let link = |path: &str| fs::read_link(path).map(|target| target.display().to_string());
    let id = |path: &str| fs::metadata(path).map(|m| format!("{}:{}", m.dev(), m.ino()));
    let own = Path::new("/proc/thread-self");
    let status = fs::read_to_string(own.join("status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
    };
    let mut descriptors: Vec<String> = fs::read_dir(own.join("fd"))?
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.display().to_string())
        .filter(|target| !target.ends_with("/fd"))
        .collect();
    descriptors.sort();
    Ok(Place {
        namespace: link("/proc/thread-self/ns/mnt")?,
        root: id("/")?,
        cwd: std::env::current_dir().map_or_else(|error| error.to_string(), |cwd| cwd.display().to_string()),
        cwd_id: id(".")?,
        mounts: fs::read_to_string(own.join("mountinfo"))?,
        descriptors,
        umask: field("Umask"),
        ids: format!("{} {} {}", field("Uid"), field("Gid"), field("Groups")),
        signals: ["SigBlk", "SigIgn", "SigCgt"].map(field).join(" "),
        personality: fs::read_to_string(own.join("personality"))?.trim().to_owned(),
        environment: std::env::vars().map(|(name, value)| format!("{name}={value}")).collect(),
        threads: field("Threads"),
        children: fs::read_to_string(own.join("children"))?,
    })
}

/// Runs `work` while other threads use the allocator, which a careless copy of the process would find locked.
fn beside_threads<T>(wish: &Wish, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..wish.threads {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    drop(std::hint::black_box(vec![0_u8; 4096]));
                    if !wish.busy {
                        std::thread::sleep(Duration::from_micros(50));
                    }
                }
            });
        }
        let result = work();
        over.store(true, Ordering::Relaxed);
        result
    })
}

/// Descriptors that a careless daemon would leave to its children.
fn open_descriptors(count: usize) -> Result<Vec<OwnedFd>> {
    let file = File::open("/dev/null")?;
    Ok((0..count).map(|_| rustix::io::dup(&file)).collect::<Result<_, _>>()?)
}
