//! The rules of `docs/views.md` that go by names alone.

/// Whether the base alone counts at a name directly in an area: it is opened by path, by privileged programs or by
/// programs of another class.
pub(super) fn is_kept(area: &str, name: &[u8]) -> bool {
    match area {
        "lib" => matches!(name, b"security" | b"gconv" | b"sudo") || name.starts_with(b"libnss_"),
        "libexec" => name == b"sudo",
        _ => false,
    }
}

/// Whether an old link is removed there although its successor has nothing of that name.
pub(super) fn loses_old_links(area: &str, path: &[u8]) -> bool {
    match area {
        "bin" | "include" => true,
        "lib" => match path.iter().position(|b| *b == b'/') {
            None => is_development_name(path) || is_development_folder(path),
            Some(slash) => is_development_folder(&path[..slash]),
        },
        _ => false,
    }
}

/// Whether a folder directly in `lib` holds nothing but what compiling needs.
fn is_development_folder(name: &[u8]) -> bool {
    matches!(name, b"pkgconfig" | b"cmake")
}

/// Whether a name directly in `lib` is there for compiling only.
fn is_development_name(name: &[u8]) -> bool {
    name.ends_with(b".a") || name.ends_with(b".la") || (name.starts_with(b"lib") && name.ends_with(b".so"))
}

/// Whether a name directly in `lib` is one that a loader looks for.
pub(super) fn is_library_name(name: &[u8]) -> bool {
    name.windows(3).any(|w| w == b".so")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versioned_libraries_and_plugins_stay_for_programs_of_the_base() {
        assert!(!loses_old_links("lib", b"libffi.so.8"));
        assert!(!loses_old_links("lib", b"gtk-3.0"));
        assert!(!loses_old_links("lib", b"gtk-3.0/libpixmap.so"));
        assert!(!loses_old_links("share", b"foo") && !loses_old_links("libexec", b"foo"));
    }

    #[test]
    fn what_only_compiling_needs_goes() {
        for path in ["libffi.so", "libffi.a", "foo.la", "pkgconfig", "pkgconfig/x.pc", "cmake/X/y.cmake"] {
            assert!(loses_old_links("lib", path.as_bytes()), "{path}");
        }
        assert!(loses_old_links("bin", b"tool") && loses_old_links("include", b"x/y.h"));
    }

    #[test]
    fn plugins_that_privileged_programs_open_by_path_are_the_bases() {
        assert!(
            is_kept("lib", b"security")
                && is_kept("lib", b"libnss_files.so.2")
                && is_kept("libexec", b"sudo")
        );
        assert!(!is_kept("lib", b"libnss3.so") && !is_kept("bin", b"sudo") && !is_kept("share", b"security"));
    }
}
