//! Swaps files for others in a tight loop, or watches a folder for being opened, until its standard input ends.
//!
//! `swapper swap A B [A B]...`: what A names is what B named before, and the other way round; prints how often.
//! `swapper watch FOLDER...`: prints each opening of a folder or of what is in it.

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::io::Write as _;
use std::mem::MaybeUninit;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((word, pairs)) if word == "swap" => swap(pairs),
        Some((word, folders)) if word == "watch" => watch(folders),
        _ => bail!("swap A B... or watch FOLDER..."),
    }
}

/// Whether standard input has ended.
fn is_over() -> bool {
    let stdin = std::io::stdin();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}

fn swap(pairs: &[String]) -> Result<()> {
    let mut count = 0_u64;
    println!("begun");
    std::io::stdout().flush()?;
    while !is_over() {
        for pair in pairs.chunks_exact(2) {
            renameat_with(CWD, &pair[0], CWD, &pair[1], RenameFlags::EXCHANGE)
                .with_context(|| format!("swap {} and {}", pair[0], pair[1]))?;
            count += 1;
        }
    }
    println!("{count}");
    Ok(())
}

fn watch(folders: &[String]) -> Result<()> {
    let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    for folder in folders {
        add_watch(&inotify, folder, WatchFlags::OPEN).with_context(|| folder.clone())?;
    }
    println!("begun");
    std::io::stdout().flush()?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    loop {
        // What was opened before the end is told after it.
        let over = is_over();
        let mut events = Reader::new(&inotify, &mut buffer);
        loop {
            match events.next() {
                Ok(event) => println!("opened {}", event.file_name().unwrap_or_default().to_string_lossy()),
                Err(Errno::AGAIN) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        if over {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
