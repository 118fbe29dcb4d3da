//! What a login refuses whatever the programs say: design.md, Try.

use super::cpu::Level;
use crate::arch::Arch;
use crate::error::{Error, Result, Step};
use crate::layer::Layer;
use crate::plan::{Choice, Plan};
use crate::tree::{Folder, LinkText, Owner, Tree, join, read_link};
use crate::version::Version;
use std::os::unix::ffi::OsStrExt as _;

/// The first Glibc that searches nothing but `glibc-hwcaps`.
const WITHOUT_LEGACY_FOLDERS: &str = "2.37";

/// Refuses what no login gets.
///
/// # Errors
/// The refusal, or where the base cannot be read.
pub(super) fn check(tree: &Tree, plan: &Plan, layer: &Layer, level: Level) -> Result<()> {
    if plan.pure {
        return Err(refusal(
            "a pure view is not for logins",
            "remove `pure` from the profile, or use it with `gobo-session shell`",
        ));
    }
    let base = base_glibc(tree)?;
    if let Some((owner, arch)) = &base {
        no_older_glibc(plan, owner, arch)?;
    }
    both_architectures(plan, layer, level, base.as_ref())
}

/// A Glibc older than the base's would take the ground from everything that the base starts.
fn no_older_glibc(plan: &Plan, base: &Owner, arch: &Arch) -> Result<()> {
    let ours = Version::new(&base.version);
    let is_older = |choice: &&Choice| {
        is_glibc(choice) && choice.arch.fits(arch) && Version::new(&choice.version).cmp_order(&ours).is_lt()
    };
    plan.chosen.iter().find(is_older).map_or(Ok(()), |choice| {
        let what = format!(
            "Glibc {} is older than {}, which the system's programs need",
            choice.version, base.version
        );
        let cure = format!("choose Glibc {} or a newer one; {}", base.version, because(plan, choice));
        Err(refusal(&what, &cure))
    })
}

/// 32-bit libraries take the names of 64-bit ones: the 64-bit loader must find those in the folders made for it.
fn both_architectures(plan: &Plan, layer: &Layer, level: Level, base: Option<&(Owner, Arch)>) -> Result<()> {
    let changes_libraries = layer.areas.get("lib").is_some_and(|nodes| !nodes.is_empty());
    let is_32_bit_system = base.is_some_and(|(_, arch)| *arch == Arch::I686);
    if !changes_libraries || is_32_bit_system || level >= Level(2) {
        return Ok(());
    }
    let Some((_, choice)) = plan.to_link().find(|(_, choice)| choice.arch == Arch::I686) else {
        return Ok(());
    };
    let chosen = plan.chosen.iter().find(|choice| is_glibc(choice) && choice.arch == Arch::X86_64);
    let glibc =
        chosen.map(|choice| choice.version.as_str()).or(base.map(|(owner, _)| owner.version.as_str()));
    let limit = Version::new(WITHOUT_LEGACY_FOLDERS);
    if glibc.is_some_and(|glibc| Version::new(glibc).cmp_order(&limit).is_lt()) {
        return Ok(());
    }
    let what = format!(
        "{} {} is for i686, and beside its libraries Glibc {} finds the 64-bit ones only on a processor with x86-64-v2",
        choice.program,
        choice.version,
        glibc.unwrap_or("of unknown version")
    );
    Err(refusal(&what, &format!("use it with `gobo-session run`; {}", because(plan, choice))))
}

/// The base's own Glibc and what it is for; `None` where `lib/libc.so.6` is no program's link.
fn base_glibc(tree: &Tree) -> Result<Option<(Owner, Arch)>> {
    let Some(lib) = Folder::open_if_there(tree.index().fd(), b"lib", tree.trust())? else { return Ok(None) };
    let LinkText::Link(text) = read_link(lib.fd(), b"libc.so.6")? else { return Ok(None) };
    let at = join(tree.index().path().as_os_str().as_bytes(), b"lib");
    let Some(owner) = tree.owner(&at, &text).filter(|owner| owner.program == "Glibc") else {
        return Ok(None);
    };
    let Some(program) = tree.installed(&owner) else { return Ok(None) };
    let arch = program.version(tree, &owner.version).map(|version| version.arch(tree)).transpose()?;
    let arch = arch.cloned().filter(|arch| *arch != Arch::Any).unwrap_or_else(Arch::native);
    Ok(Some((owner, arch)))
}

/// The Glibc that a file belongs to, by its path without links.
pub(super) fn glibc_at(tree: &Tree, path: &[u8]) -> Option<Owner> {
    tree.owner(b"/", path).filter(|owner| owner.program == "Glibc")
}

fn is_glibc(choice: &Choice) -> bool {
    choice.program.as_str() == "Glibc"
}

fn because(plan: &Plan, choice: &Choice) -> String {
    format!("{} {}: {}", choice.program, choice.version, plan.because(&choice.source).join(", "))
}

fn refusal(what: &str, cure: &str) -> Error {
    Error::new(Step::Try, what).with_cure(cure)
}
