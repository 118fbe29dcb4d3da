//! Trying a view before there is one: could a user work in it?
//!
//! A login's view gives its libraries to every program, also to those that nobody chose: the shell that the login is
//! about to start, su and sudo, sftp-server. A view in which one of them would not start locks its user
//! out. So each of them is started on paper, in the names that the view will have (`lookup`), with what the kernel and
//! ld.so would look for (`loader`, `search`), and where one fails that did not fail in the base, the view is refused (R24).
//! Nothing is mounted, nothing is run, and what was broken before is nobody's fault.
//!
//! This is no promise that a program works: libraries that it opens while it runs (PAM, NSS) keep the base's version by
//! the rules of `docs/views.md`, and are not tried here. Nor is it asked whether a program that replaces a set-user-ID one
//! has that bit too.

mod broken;
#[cfg(feature = "cli")]
pub mod command;
pub(crate) mod cpu;
pub mod elf;
#[cfg(test)]
mod forge;
mod images;
mod loader;
pub mod lookup;
#[cfg(feature = "cli")]
pub mod privileged;
mod programs;
mod rules;
mod search;

pub(crate) use programs::SHELLS;

use crate::error::{Error, Result};
use crate::layer::{Layer, Nodes};
use crate::plan::Plan;
use crate::tree::Tree;
use cpu::Level;
use images::Images;
use loader::Loader;
use lookup::ViewNames;

/// What a view is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A login: everything that the user starts from now on sees it.
    Login,
    /// One command, in a view that ends with it.
    Command,
}

/// Decides, without any mount, whether a user could work in the view that a layer gives.
///
/// For [`Scope::Login`] these are refused: a pure view; a chosen Glibc older than the base's; i686 versions where the
/// 64-bit loader would not find its libraries beside theirs; and a view in which a shell of /etc/shells, a set-user-ID or
/// set-group-ID program of the base, or sftp-server would not start, although it does in the base.
///
/// For [`Scope::Command`] nothing is refused and nothing is read: only the command matters there, its view may well lack
/// a shell, and starting it tells more than trying would.
///
/// # Errors
/// The refusal, with program, library and version, and what to choose instead; or where the base cannot be read.
pub fn try_out(tree: &Tree, plan: &Plan, layer: &Layer, scope: Scope) -> Result<(), Error> {
    match scope {
        Scope::Login => try_login(tree, plan, layer, Level::here()),
        Scope::Command => Ok(()),
    }
}

fn try_login(tree: &Tree, plan: &Plan, layer: &Layer, level: Level) -> Result<()> {
    rules::check(tree, plan, layer, level)?;
    if layer.areas.values().all(Nodes::is_empty) {
        return Ok(());
    }
    let images = Images::default();
    let names = ViewNames::base(tree);
    let programs = programs_to_try(tree, &names, layer)?;
    let view = Loader::new(tree, ViewNames::view(tree, layer, plan.pure), &images, level);
    let base = Loader::new(tree, names, &images, level);
    for program in programs {
        // The base is asked only about what fails, so a good view is walked once.
        if let Err(broken) = view.start(&program)
            && base.start(&program).is_ok()
        {
            return Err(broken.refusal(tree, &program));
        }
    }
    Ok(())
}

/// The programs that could start in the base and not in the view.
///
/// Shells and sftp-server are always among them: they are few. Of the set-user-ID programs it is all of them where the
/// layer has anything in `lib` or `libexec`, else those at names that the layer changes in `bin`. The others cannot be
/// newly broken then. Such a program is an ELF file, since the kernel ignores the bit on scripts; its name leads where it
/// leads in the base, so it is the same file, with the same interpreter, needs and RPATH. These are looked up in `lib`,
/// `libexec` and outside the index, where the view shows what the base shows, and so on for each library that is found.
/// (An RPATH into `bin`, `include` or `share` would be the exception: an index has no libraries there.)
fn programs_to_try(tree: &Tree, base: &ViewNames<'_>, layer: &Layer) -> Result<Vec<Vec<u8>>> {
    let touches = |area| layer.areas.get(area).is_some_and(|nodes| !nodes.is_empty());
    let mut all = programs::shells(tree)?;
    all.extend(programs::sftp_servers(tree, base));
    if touches("lib") || touches("libexec") {
        all.extend(programs::set_id(tree, base)?);
    } else {
        all.extend(programs::set_id_changed(tree, base, layer));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
