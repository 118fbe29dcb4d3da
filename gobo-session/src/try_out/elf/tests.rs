use super::*;
use crate::try_out::forge::{Forge, I686};
use proptest::prelude::*;

fn forged(target: Target) -> Vec<u8> {
    Forge::program(target)
        .needs("libz.so.1", &[])
        .needs("libc.so.6", &["GLIBC_2.34", "?GLIBC_2.38"])
        .needs("libm.so.6", &["GLIBC_2.29"])
        .defines(&["V_2", "V_1"])
        .runpath("$ORIGIN/../lib:/opt/lib")
        .rpath("/never")
        .bytes()
}

fn host_files() -> Vec<Vec<u8>> {
    ["/bin/ls", "/bin/sh"].iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

#[test]
fn all_that_a_loader_asks_is_read_in_both_classes() {
    for target in [Target::X86_64, I686] {
        let image = Image::read(&forged(target)).unwrap();
        assert_eq!(image.target, target);
        let interpreter = image.interpreter.as_deref();
        assert_eq!(
            interpreter,
            Some(if target.is_64 {
                b"/lib64/ld-linux-x86-64.so.2"
            } else {
                b"/lib/ld-linux.so.2".as_slice()
            })
        );
        assert_eq!(image.needed, [b"libz.so.1", b"libc.so.6", b"libm.so.6"].map(|n| n.to_vec()));
        assert_eq!(
            image.search,
            Search::Runpath(b"$ORIGIN/../lib:/opt/lib".to_vec()),
            "DT_RPATH does not count beside it"
        );
        let need = |library: &[u8], version: &[u8], is_weak| VersionNeed {
            library: library.to_vec(),
            version: version.to_vec(),
            is_weak,
        };
        let needs = [
            need(b"libc.so.6", b"GLIBC_2.34", false),
            need(b"libc.so.6", b"GLIBC_2.38", true),
            need(b"libm.so.6", b"GLIBC_2.29", false),
        ];
        assert_eq!(image.version_needs, needs);
        assert_eq!(image.versions, Some(vec![b"V_1".to_vec(), b"V_2".to_vec()]));
        assert_eq!(image.soname, None);
    }
    let library = Image::read(&Forge::library(I686, "liba.so.1").rpath("/opt").bytes()).unwrap();
    assert_eq!(library.soname.as_deref(), Some(b"liba.so.1".as_slice()));
    assert_eq!((library.interpreter, library.versions), (None, None));
    assert_eq!(library.search, Search::Rpath(b"/opt".to_vec()));
}

#[test]
fn programs_of_this_machine_are_understood() {
    for bytes in host_files() {
        let image = Image::read(&bytes).unwrap();
        assert!(image.interpreter.is_some() && !image.needed.is_empty(), "{image:?}");
        assert!(image.version_needs.iter().all(|need| image.needed.contains(&need.library)), "{image:?}");
    }
}

#[test]
fn what_is_no_elf_file_is_told_from_what_is_a_bad_one() {
    assert_eq!(Image::read(&b"".to_vec()), Err(Odd::NotElf));
    assert_eq!(Image::read(&b"#!/bin/sh\n".to_vec()), Err(Odd::NotElf));
    assert!(matches!(Image::read(&b"\x7fELF\x02\x01aaaaaaaaaaaaaaaaaaaaa".to_vec()), Err(Odd::Malformed(_))));
    let mut big_endian = forged(Target::X86_64);
    big_endian[5] = 2;
    assert_eq!(Image::read(&big_endian), Err(Odd::Malformed("not little-endian")));
}

#[test]
fn r18_versions_that_lead_in_a_circle_end() {
    struct Loop;
    impl Source for Loop {
        fn read_at(&self, buffer: &mut [u8], _: u64) -> Result<usize, Errno> {
            // Every record says: one name, at its start; the next record is here too, 2^32 - 1 bytes on.
            buffer.fill(0xff);
            Ok(buffer.len())
        }
    }
    let mut reader = Reader::new(&Loop);
    assert!(versions::needs(&mut reader, 0, b"\0").is_err());
    assert!(versions::definitions(&mut reader, 0, b"\0").is_err());
}

#[test]
fn r18_a_table_that_claims_to_be_huge_is_not_read() {
    let reader_of = |bytes: &Vec<u8>| Reader::new(bytes).table(0, MAX_STRINGS + 1);
    assert_eq!(reader_of(&forged(I686)), Err(Odd::Malformed("string table")));
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_or_as_the_whole() {
    for whole in host_files().into_iter().chain([forged(I686), forged(Target::X86_64)]) {
        let image = Image::read(&whole).unwrap();
        for length in (0..whole.len()).step_by(1 + whole.len() / 1000) {
            if let Ok(cut) = Image::read(&whole[..length].to_vec()) {
                assert_eq!(cut, image);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_never_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..2048), is_64: bool) {
        let _ = Image::read(&bytes);
        if bytes.len() > 20 {
            bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1 + u8::from(is_64), 1]);
            bytes[16..18].copy_from_slice(&[3, 0]);
            let _ = Image::read(&bytes);
        }
    }

    #[test]
    fn damaged_files_are_never_a_panic(damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8), is_64: bool) {
        let mut bytes = forged(if is_64 { Target::X86_64 } else { I686 });
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let _ = Image::read(&bytes);
    }
}
