//! What the processor can do, and whether programs for i686 run at all.

use super::Finding;
use crate::try_out::cpu::Level;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{Errno, write};
use std::os::fd::AsRawFd as _;
use std::process::Command;

/// What the first level means (docs/views.md, both architectures).
const LEVEL_1: &str = "it is of the first level of x86-64: 64-bit programs beside i686 libraries find theirs only with \
                       Glibc before 2.37";

pub(super) fn check(findings: &mut Vec<Finding>) {
    let Level(level) = Level::here();
    findings.push(match level {
        1 => Finding::warning("processor", LEVEL_1)
            .cured_by("an i686 profile for logins takes such a Glibc here"),
        level => Finding::ok("processor", format!("x86-64-v{level}")),
    });
    findings.push(match run_32_bit() {
        Ok(()) => Finding::ok("i686", "32-bit programs run"),
        Err(errno @ (Errno::NOEXEC | Errno::NOENT)) => Finding::warning(
            "i686",
            format!("32-bit programs do not run here: {errno}"),
        )
        .cured_by(
            "i686 views take a kernel with CONFIG_IA32_EMULATION, and ia32_emulation=on on its command line",
        ),
        Err(errno) => {
            Finding::warning("i686", format!("whether 32-bit programs run could not be tried: {errno}"))
        }
    });
}

/// Runs a program for i386, which the kernel is given in memory.
fn run_32_bit() -> Result<(), Errno> {
    let file = memfd_create(c"i386", MemfdFlags::CLOEXEC)?;
    write(&file, &program())?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let ran = Command::new(path).status();
    let status = ran.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    // Where the kernel runs the file, but not its system calls, a signal ends it.
    if status.success() { Ok(()) } else { Err(Errno::NOEXEC) }
}

/// Where the program is loaded.
const AT: u32 = 0x0804_8000;

/// `mov eax, 1; xor ebx, ebx; int 0x80`: exit(0).
const CODE: [u8; 9] = [0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80];

/// An ELF file for i386 of one segment.
fn program() -> Vec<u8> {
    const HEADER: u32 = 52;
    const SEGMENT: u32 = 32;
    let size = HEADER + SEGMENT + CODE.len() as u32;
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let mut half = |value: u16| file.extend(value.to_le_bytes());
    // An executable, for the 80386.
    half(2);
    half(3);
    let words =
        |file: &mut Vec<u8>, words: &[u32]| words.iter().for_each(|word| file.extend(word.to_le_bytes()));
    words(&mut file, &[1, AT + HEADER + SEGMENT, HEADER, 0, 0]);
    for value in [HEADER, SEGMENT, 1, 0, 0, 0] {
        file.extend((value as u16).to_le_bytes());
    }
    // Loaded whole, to be read and executed.
    words(&mut file, &[1, 0, AT, AT, size, size, 5, 0x1000]);
    file.extend(CODE);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_that_readers_of_elf_accept() {
        use object::elf::{FileHeader32, PT_LOAD};
        use object::read::elf::{FileHeader as _, ProgramHeader as _};
        let bytes = program();
        let header = FileHeader32::<object::LittleEndian>::parse(&*bytes).unwrap();
        let segments = header.program_headers(object::LittleEndian, &*bytes).unwrap();
        assert_eq!((segments.len(), segments[0].p_type(object::LittleEndian)), (1, PT_LOAD));
        assert_eq!(segments[0].p_filesz(object::LittleEndian), bytes.len() as u32);
    }
}
