//! The kernel's list of mounts: every field is read as it was written, and lines that are none are passed over.
#![no_main]

use gobo_session::kernel::SOURCE_PREFIX;
use gobo_session::kernel::mountinfo::{Mount, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mounts = parse(data);
    assert!(mounts.len() <= data.split(|byte| *byte == b'\n').count());
    let mut written = Vec::new();
    for mount in &mounts {
        assert!(!mount.is_ours() || mount.source.starts_with(SOURCE_PREFIX.as_bytes()));
        write(mount, &mut written);
    }
    assert_eq!(parse(&written), mounts);
});

/// Writes a line as the kernel does.
fn write(mount: &Mount, out: &mut Vec<u8>) {
    let (major, minor) = (rustix::fs::major(mount.device), rustix::fs::minor(mount.device));
    out.extend(format!("{} 1 {major}:{minor} / ", mount.id).bytes());
    escape(&mount.point, out);
    out.extend(b" rw");
    for tag in &mount.propagation {
        out.push(b' ');
        out.extend(tag.bytes());
    }
    out.extend(format!(" - {} ", mount.kind).bytes());
    escape(&mount.source, out);
    out.extend(b" rw\n");
}

fn escape(field: &[u8], out: &mut Vec<u8>) {
    for byte in field {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => out.extend(format!("\\{byte:03o}").bytes()),
            _ => out.push(*byte),
        }
    }
}
