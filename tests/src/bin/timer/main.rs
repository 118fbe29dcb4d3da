//! A clock for what happens in a chamber: sessions opened through libpam, the bare system calls that a session takes at
//! least, and whole commands; of several kinds the samples are taken in turn. It prints JSON; times are nanoseconds.

mod floor;
mod inside;
mod kinds;
mod live;
#[path = "../pam-client/pam.rs"]
#[allow(dead_code, reason = "a clock closes no session")]
mod pam;

use anyhow::{Result, bail};
use kinds::Kind;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const USAGE: &str = "usage: timer COUNT KIND...                  samples of each kind, in turn
       timer once KIND                      one sample
       timer inside COUNT KIND...           what is done in sessions of each kind, in turn
       timer crowd SESSIONS KIND COUNT KIND...  samples while sessions of the first kind are open
       timer keep SESSIONS KIND             what sessions take of the kernel's memory
       timer renew SESSIONS KIND            the commands that renew them
       timer storm LOGINS WORKERS COMMAND...  logins at once";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["once", kind] => {
            println!("{}", Kind::parse(kind)?.sample()?);
            Ok(())
        }
        ["inside", count, kinds @ ..] => inside::inside(count.parse()?, kinds),
        ["crowd", sessions, kind, count, kinds @ ..] => {
            live::crowd(sessions.parse()?, &Kind::parse(kind)?, count.parse()?, kinds)
        }
        ["keep", sessions, kind] => live::keep(sessions.parse()?, &Kind::parse(kind)?),
        ["renew", sessions, kind] => live::renew(sessions.parse()?, &Kind::parse(kind)?),
        ["storm", logins, workers, command @ ..] => storm(logins.parse()?, workers.parse()?, command),
        [count, kinds @ ..] => kinds::clock(count.parse()?, kinds),
        [] => bail!(USAGE),
    }
}

/// Has logins come at once, as many workers each starting one after the other; prints the nanoseconds of each.
fn storm(logins: usize, workers: usize, command: &[&str]) -> Result<()> {
    let kind = Kind::Command(command.iter().map(|&word| word.to_owned()).collect());
    let (next, taken) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        while next.fetch_add(1, Ordering::Relaxed) < logins {
            let sample = kind.sample()?;
            taken.lock().expect("no worker panics").push(sample);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        all.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    println!("{}", json!(taken.into_inner()?));
    Ok(())
}
