//! A file server as bad as those of real networks: it shows a folder by the FUSE protocol, read-only, and falls silent
//! when a file says so. What it was asked then is never answered, so that whoever asked sleeps uninterruptibly.
//!
//! `fuse-server FOLDER MOUNT-POINT SWITCH`: prints `mounted`, and answers as long as there is no file SWITCH.

mod protocol;

use anyhow::{Context as _, Result};
use protocol::{Answer, Request, error};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};
use std::ffi::CString;
use std::fs::{self, File, Metadata};
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// The largest request that the kernel sends, with room to spare.
const LONGEST: usize = 256 * 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, point, switch] = arguments.as_slice() else { anyhow::bail!("FOLDER MOUNT-POINT SWITCH") };
    let device = open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).context("/dev/fuse")?;
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd());
    mount("test-server", point, "fuse", MountFlags::NOSUID, CString::new(options)?.as_c_str())
        .context("mount")?;
    println!("mounted");
    std::io::stdout().flush()?;
    let mut device = File::from(device);
    let mut paths = vec![PathBuf::from(folder)];
    let mut buffer = vec![0; LONGEST];
    loop {
        let length = device.read(&mut buffer).context("the mount is gone")?;
        let request = Request::parse(&buffer[..length]).context("no request")?;
        let is_silent = !request.is_init() && Path::new(switch).exists();
        if let Some(answer) = (!is_silent).then(|| answer(&request, &mut paths)).flatten() {
            // What was interrupted meanwhile is not waited for any more.
            let _ = device.write(&answer.of(&request));
        }
    }
}

/// The answer to a request; `None` where none is expected.
fn answer(request: &Request<'_>, paths: &mut Vec<PathBuf>) -> Option<Answer> {
    let path = paths.get(request.node()).cloned().unwrap_or_default();
    let answer = match request {
        Request { operation: protocol::FORGET | protocol::BATCH_FORGET, .. } => return None,
        Request { operation: protocol::INIT, .. } => Ok(Answer::init()),
        Request { operation: protocol::LOOKUP, .. } => {
            let child = path.join(std::ffi::OsStr::from_bytes(request.name()));
            fs::symlink_metadata(&child).map(|metadata| Answer::entry(node_of(paths, child), &metadata))
        }
        Request { operation: protocol::GETATTR, .. } => {
            fs::symlink_metadata(&path).map(|metadata: Metadata| Answer::attributes(&metadata))
        }
        Request { operation: protocol::READLINK, .. } => {
            fs::read_link(&path).map(|target| Answer::bytes(target.as_os_str().as_bytes()))
        }
        Request { operation: protocol::OPEN | protocol::OPENDIR, .. } => Ok(Answer::opened()),
        Request { operation: protocol::READDIR, .. } => {
            list(&path).map(|names| Answer::list(&names, request))
        }
        Request { operation: protocol::READ, .. } => File::open(&path).and_then(|file| {
            let (offset, size) = request.range();
            let mut bytes = vec![0; size];
            let read = file.read_at(&mut bytes, offset)?;
            Ok(Answer::bytes(&bytes[..read]))
        }),
        Request { operation: protocol::STATFS, .. } => Ok(Answer::bytes(&[0; 80])),
        Request { operation: protocol::RELEASE | protocol::RELEASEDIR | protocol::FLUSH, .. } => {
            Ok(Answer::bytes(&[]))
        }
        _ => Err(Errno::NOSYS.into()),
    };
    Some(answer.unwrap_or_else(|failure| error(failure.raw_os_error().unwrap_or(5))))
}

/// The number of a path; the same path has the same number as long as the server lives.
fn node_of(paths: &mut Vec<PathBuf>, path: PathBuf) -> u64 {
    let place = paths.iter().position(|known| *known == path).unwrap_or_else(|| {
        paths.push(path);
        paths.len() - 1
    });
    place as u64 + 1
}

fn list(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut names = vec![b".".to_vec(), b"..".to_vec()];
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().as_bytes().to_vec());
    }
    names.sort();
    Ok(names)
}
