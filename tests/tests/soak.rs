//! Thousands of logins through four services, with random wishes, random failures and random deaths: nothing is left of
//! them, and none sees what it should not. `cargo xtask soak` runs twenty thousand.

use anyhow::{Context as _, Result, bail, ensure};
use fastrand::Rng;
use gobo_tests::chamber::{Output, Process, Signal, Ssh, machine_state};
use gobo_tests::lab::{Lab, selection_of};
use gobo_tests::requires_gobo_root;
use std::time::{Duration, Instant};

/// How many logins there are if `GOBO_SOAK` does not say.
const LOGINS: usize = 2000;

/// How many workers log in at the same time; each has two users of its own.
const USERS: [[&str; 2]; 2] = [["ann", "carl"], ["bob", "dora"]];

const POLICY: &str = "[default]\nprofile = \"lua51\"\nallow = [\"*\"]\n";
const PROFILES: [(&str, &str); 4] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\n"),
    ("lua53", "programs = [\"Lua = 5.3.6\"]\npersonality = true\n"),
    ("many", "programs = [\"Bash = 5.2.37\", \"Python = 3.9.2\", \"Lua = 5.1.5\"]\n"),
    ("broken", "programs = [\"No-Such-Program\"]\n"),
];

/// What each session prints: who it is, and which Lua it sees.
const LOOK: &str = "echo $(id -un) $(lua -v 2>&1 | cut -d' ' -f2)";

const PATIENCE: Duration = Duration::from_secs(60);

/// The versions of Lua that a user may see when he has selected this, and how the selection is written.
fn select(lab: &Lab, user: &str, rng: &mut Rng) -> Result<&'static str> {
    let file = selection_of(user);
    let (text, lua) = match rng.u8(..9) {
        0 => ("profile = \"lua51\"", "5.1.5"),
        1 | 2 => ("profile = \"lua53\"", "5.3.6"),
        3 => ("profile = \"many\"", "5.1.5"),
        4 => ("profile = \"broken\"", "5.4.4"),
        5 => ("profile = \"none\"", "5.4.4"),
        6 => ("profile = ", "5.1.5"),
        7 => ("profile = \"no-such-profile\"", "5.4.4"),
        _ => {
            lab.chamber.remove(&file)?;
            return Ok("5.1.5");
        }
    };
    lab.chamber.write(&file, text)?;
    let person = lab.chamber.user(user)?;
    lab.chamber.chown(&file, person.uid, person.gid)?;
    // A file that cannot be believed is as good as none.
    let is_spoiled = rng.u8(..8) == 0;
    lab.chamber.set_mode(&file, if is_spoiled { 0o666 } else { 0o644 })?;
    Ok(if is_spoiled { "5.1.5" } else { lua })
}

/// One service, as a user of this machine comes in by it.
fn start<'l>(lab: &'l Lab, ssh: &Ssh<'l>, user: &str, rng: &mut Rng) -> Result<(Process, bool)> {
    // A traced login has one of its system calls fail: then it may go without its view.
    let call = ["openat", "fsmount", "move_mount", "clone3", "mkdirat", "unshare"][rng.usize(..6)];
    let fault = format!("-einject={call}:error=ENOMEM:when={}", rng.u8(1..20));
    let (command, is_hurt) = match rng.u8(..100) {
        0..4 => (ssh.command(user, LOOK), false),
        4..20 => (lab.chamber.command(["sudo", "-n", "-u", user, "sh", "-c", LOOK]), false),
        20..24 => (lab.chamber.command(["strace", "-qqfo/dev/null", &fault, "su", user, "-c", LOOK]), true),
        24..28 => (lab.chamber.command(["su", "-", user, "-c", LOOK]), false),
        28..40 => (lab.chamber.command(["runuser", "-u", user, "--", "sh", "-c", LOOK]), false),
        _ => (lab.chamber.command(["su", user, "-c", LOOK]), false),
    };
    Ok((command.timeout(PATIENCE).spawn()?, is_hurt))
}

/// How many logins came to what end.
#[derive(Debug, Default)]
struct Ends {
    seen: usize,
    killed: usize,
    hurt: usize,
}

/// Logs in again and again.
fn work(lab: &Lab, ssh: &Ssh<'_>, users: [&str; 2], logins: usize, seed: u64) -> Result<Ends> {
    let mut rng = Rng::with_seed(seed);
    let mut ends = Ends::default();
    for number in 0..logins {
        let user = users[rng.usize(..2)];
        let lua = select(lab, user, &mut rng)?;
        let (mut login, is_hurt) = start(lab, ssh, user, &mut rng)?;
        // Not strace: what it was about to trace would stand still for ever.
        if !is_hurt && rng.u8(..10) == 0 {
            std::thread::sleep(Duration::from_micros(rng.u64(..30_000)));
            login.signal(Signal::KILL)?;
            ends.killed += 1;
            login.wait(PATIENCE)?;
            continue;
        }
        let status = login.wait(PATIENCE).with_context(|| format!("login {number} of {user}"))?;
        let (output, errors) = login.take_output();
        let text = String::from_utf8_lossy(&output);
        let line = text.lines().last().unwrap_or_default();
        if is_hurt {
            // What strace hurts may be libc, and the program may say so; but no other view than his own or none.
            let views = ["", &format!("{user} {lua}"), &format!("{user} 5.4.4"), &format!("{user} 5.1.5")];
            ensure!(views.contains(&line) || !status.success(), "login {number}, hurt: {text}");
            ends.hurt += 1;
        } else {
            let errors = String::from_utf8_lossy(&errors);
            if line != format!("{user} {lua}") {
                let log = lab.chamber.log()?;
                let log = log[log.len().saturating_sub(5)..].join("\n");
                bail!("login {number}, {}, expects {lua}: {text}\n{errors}\n{log}", login.name());
            }
            ends.seen += 1;
        }
    }
    Ok(ends)
}

#[test]
fn of_thousands_of_logins_nothing_is_left_and_none_sees_what_it_should_not() -> Result<()> {
    let root = requires_gobo_root!();
    let logins: usize =
        std::env::var("GOBO_SOAK").ok().and_then(|number| number.parse().ok()).unwrap_or(LOGINS);
    let seed = std::env::var("GOBO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let machine = machine_state()?;
    let lab = Lab::new(&root, POLICY, &PROFILES)?;
    for service in ["su", "sshd", "sudo", "runuser"] {
        lab.open_line(service, "optional pam_gobo.so open quiet")?;
    }
    let ssh = lab.chamber.start_sshd(&["ann", "bob", "carl", "dora"])?;
    // What the first login of a profile keeps for later ones stays.
    for (profile, _) in PROFILES {
        lab.select("ann", profile)?;
        lab.chamber.sh("sleep 0.1; su ann -c true; su ann -c true")?.success()?;
    }
    for user in USERS.as_flattened() {
        select(&lab, user, &mut Rng::with_seed(1))?;
        lab.su(user, "true")?.success()?;
        ssh.command(user, "true").run()?.success()?;
    }
    lab.chamber.sh("until [ $(pgrep -cx sshd) = 1 ]; do sleep 0.05; done")?.success()?;
    let before = lab.chamber.host_state()?;
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0_u64..)
            .zip(USERS)
            .map(|(n, users)| {
                let (lab, ssh) = (&lab, &ssh);
                scope.spawn(move || work(lab, ssh, users, logins / USERS.len(), seed * 2 + n))
            })
            .collect();
        for worker in workers {
            let ends = worker.join().expect("a worker that panics")?;
            println!("seed {seed}: {ends:?}");
        }
        Ok(())
    })?;
    println!("{logins} logins in {} s", begun.elapsed().as_secs());
    lab.chamber.wait_for_state(&before, PATIENCE)?;
    let namespaces: Output =
        lab.chamber.sh("for p in /proc/[0-9]*; do readlink $p/ns/mnt; done | sort -u | wc -l")?;
    assert_eq!(namespaces.text(), "1", "mount namespaces");
    drop(ssh);
    drop(lab);
    let until = Instant::now() + PATIENCE;
    loop {
        let left = gobo_tests::chamber::State::differences(&machine, &machine_state()?);
        if left.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < until, "left on the machine:\n{}", left.join("\n"));
        std::thread::sleep(Duration::from_millis(20));
    }
}
