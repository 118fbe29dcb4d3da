//! Forged ELF files for tests: all that a loader looks at, and no code.

use super::elf::Target;

/// 32-bit x86.
pub(super) const I686: Target = Target { is_64: false, machine: object::elf::EM_386 };

/// A file to be forged.
#[derive(Default)]
pub(super) struct Forge {
    is_32: bool,
    interpreter: Option<String>,
    names: Vec<(u64, String)>,
    needs: Vec<(String, Vec<(String, u16)>)>,
    defines: Vec<String>,
}

impl Forge {
    /// A program for a target, started by its usual loader.
    pub(super) fn program(target: Target) -> Self {
        let interpreter = if target.is_64 { "/lib64/ld-linux-x86-64.so.2" } else { "/lib/ld-linux.so.2" };
        Self { is_32: !target.is_64, interpreter: Some(interpreter.into()), ..Self::default() }
    }

    /// A library for a target.
    pub(super) fn library(target: Target, soname: &str) -> Self {
        Self { is_32: !target.is_64, names: vec![(14, soname.into())], ..Self::default() }
    }

    /// Needs a library, and these versions of it; one that begins with `?` is weak.
    pub(super) fn needs(mut self, library: &str, versions: &[&str]) -> Self {
        self.names.push((1, library.into()));
        if !versions.is_empty() {
            let flag =
                |v: &&str| (v.trim_start_matches('?').to_owned(), if v.starts_with('?') { 2 } else { 0 });
            self.needs.push((library.into(), versions.iter().map(flag).collect()));
        }
        self
    }

    pub(super) fn defines(mut self, versions: &[&str]) -> Self {
        self.defines.extend(versions.iter().map(|v| (*v).to_owned()));
        self
    }

    pub(super) fn rpath(mut self, list: &str) -> Self {
        self.names.push((15, list.into()));
        self
    }

    pub(super) fn runpath(mut self, list: &str) -> Self {
        self.names.push((29, list.into()));
        self
    }

    /// The bytes: headers, interpreter, strings, versions, dynamic section, all in one segment at address 0.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (header_size, part_size) = if self.is_32 { (52, 32) } else { (64, 56) };
        let start = header_size + 3 * part_size;
        let mut body = Body { start, bytes: Vec::new(), is_32: self.is_32 };
        let interpreter_at = body.here();
        let interpreter = self.interpreter.clone().unwrap_or_else(|| "-".into());
        body.bytes.extend([interpreter.as_bytes(), b"\0"].concat());

        let mut strings = vec![0];
        let mut string = |text: &str| {
            let at = strings.len() as u32;
            strings.extend([text.as_bytes(), b"\0"].concat());
            at
        };
        let names: Vec<(u64, u64)> =
            self.names.iter().map(|(tag, text)| (*tag, u64::from(string(text)))).collect();
        let needs_at = body.here();
        for (number, (library, versions)) in self.needs.iter().enumerate() {
            let next = if number + 1 == self.needs.len() { 0 } else { 16 + 16 * versions.len() as u32 };
            body.halves(&[1, versions.len() as u16]);
            body.words(&[string(library), 16, next]);
            for (number, (version, flags)) in versions.iter().enumerate() {
                let next = if number + 1 == versions.len() { 0 } else { 16 };
                body.words(&[0]);
                body.halves(&[*flags, 2]);
                body.words(&[string(version), next]);
            }
        }
        let defines_at = body.here();
        for (number, version) in self.defines.iter().enumerate() {
            let next = if number + 1 == self.defines.len() { 0 } else { 28 };
            body.halves(&[1, 0, 1 + number as u16, 1]);
            body.words(&[0, 20, next, string(version), 0]);
        }
        let strings_at = body.here();
        body.bytes.extend(&strings);
        let dynamic_at = body.here();
        for (tag, value) in names {
            body.longs(&[tag, value]);
        }
        body.longs(&[5, strings_at, 10, strings.len() as u64]);
        if !self.needs.is_empty() {
            body.longs(&[0x6fff_fffe, needs_at, 0x6fff_ffff, self.needs.len() as u64]);
        }
        if !self.defines.is_empty() {
            body.longs(&[0x6fff_fffc, defines_at, 0x6fff_fffd, self.defines.len() as u64]);
        }
        body.longs(&[0, 0]);
        let end = body.here();

        let mut head = Body { start: 0, bytes: Vec::new(), is_32: self.is_32 };
        head.bytes.extend([
            0x7f,
            b'E',
            b'L',
            b'F',
            if self.is_32 { 1 } else { 2 },
            1,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        head.halves(&[3, if self.is_32 { 3 } else { 62 }]);
        head.words(&[1]);
        head.longs(&[0, header_size, 0]);
        head.words(&[0]);
        head.halves(&[header_size as u16, part_size as u16, 3, 0, 0, 0]);
        head.part(1, 0, end);
        head.part(2, dynamic_at, end - dynamic_at);
        // PT_INTERP, or PT_NULL.
        let kind = if self.interpreter.is_some() { 3 } else { 0 };
        head.part(kind, interpreter_at, interpreter.len() as u64 + 1);
        [head.bytes, body.bytes].concat()
    }
}

/// Bytes that are written one after another.
struct Body {
    start: u64,
    bytes: Vec<u8>,
    is_32: bool,
}

impl Body {
    fn here(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn halves(&mut self, values: &[u16]) {
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }

    fn words(&mut self, values: &[u32]) {
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Values as wide as the class.
    fn longs(&mut self, values: &[u64]) {
        let width = if self.is_32 { 4 } else { 8 };
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes().into_iter().take(width)));
    }

    fn part(&mut self, kind: u32, offset: u64, size: u64) {
        self.words(&[kind]);
        if !self.is_32 {
            self.words(&[4]);
        }
        self.longs(&[offset, offset, offset, size, size]);
        if self.is_32 {
            self.words(&[4]);
        }
        self.longs(&[1]);
    }
}
