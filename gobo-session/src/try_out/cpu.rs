//! What this processor can do, as far as the 64-bit loader asks before it looks for libraries.

/// A level of x86-64: the loader searches `glibc-hwcaps/x86-64-vN` for each N from 2 up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level(pub(crate) u8);

impl Level {
    /// The level of this machine.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn here() -> Self {
        use std::arch::is_x86_feature_detected as has;
        // LAHF, which v2 asks for too, cannot be asked for here; no processor with SSE 4.2 is without it.
        let v2 = has!("cmpxchg16b")
            && has!("popcnt")
            && has!("sse3")
            && has!("ssse3")
            && has!("sse4.1")
            && has!("sse4.2");
        let v3 = v2
            && (has!("avx") && has!("avx2") && has!("bmi1") && has!("bmi2"))
            && (has!("f16c") && has!("fma") && has!("lzcnt") && has!("movbe"));
        let v4 = v3
            && (has!("avx512f")
                && has!("avx512bw")
                && has!("avx512cd")
                && has!("avx512dq")
                && has!("avx512vl"));
        Self(1 + u8::from(v2) + u8::from(v3) + u8::from(v4))
    }

    /// The level of this machine.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn here() -> Self {
        Self(1)
    }

    /// The folders that are searched for it, best first.
    pub(super) fn folders(self) -> impl Iterator<Item = &'static [u8]> {
        let all: [(u8, &'static [u8]); 3] =
            [(4, b"glibc-hwcaps/x86-64-v4"), (3, b"glibc-hwcaps/x86-64-v3"), (2, b"glibc-hwcaps/x86-64-v2")];
        all.into_iter().filter(move |(level, _)| *level <= self.0).map(|(_, folder)| folder)
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn a_processor_gets_the_folders_of_its_level_and_below() {
        assert_eq!(Level(1).folders().count(), 0);
        let of_v3: Vec<&[u8]> = Level(3).folders().collect();
        assert_eq!(of_v3, [b"glibc-hwcaps/x86-64-v3", b"glibc-hwcaps/x86-64-v2"]);
        assert!((1..=4).contains(&Level::here().0));
    }
}
