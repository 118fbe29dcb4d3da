//! Views of the GoboLinux roots of real programs: what they hold, and whether the base's programs still work in them.

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{differences, in_view, own_namespace};
use gobo_session::arch::Arch;
use gobo_session::plan::{Plan, Source};
use gobo_session::resolve::{Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_tests::oracle::Chosen;
use gobo_tests::{elf_walk, requires_gobo_root};
use std::path::{Path, PathBuf};

/// What is asked for, and for which architecture.
type Selection = (&'static [&'static str], Arch);

/// Of the small root.
const SMALL: [Selection; 12] = [
    (&["Lua = 5.1.5"], Arch::X86_64),
    (&["Lua = 5.3.6"], Arch::X86_64),
    (&["Bash = 5.1.4"], Arch::X86_64),
    (&["Bash = 5.2.37"], Arch::X86_64),
    (&["Python = 3.9.2"], Arch::X86_64),
    (&["OpenSSL = 1.1.1w"], Arch::X86_64),
    (&["LibFFI = 3.3"], Arch::X86_64),
    (&["Glibc = 2.41"], Arch::X86_64),
    (&["Bash = 5.2.37", "Python = 3.9.2", "Lua = 5.1.5"], Arch::X86_64),
    (&["Bash"], Arch::I686),
    (&["Bash", "CoreUtils", "Hostname"], Arch::I686),
    (&["Bash = 5.1.4", "Lua = 5.3.6"], Arch::X86_64),
];

/// Of the full root, whose index shows GTK+ 3.24.38 and Python 3.11.2. A version that a suite of Debian may still move
/// is asked for by a bound.
const FULL: [Selection; 12] = [
    // GTK+ 2 over 3, in each of its three builds. The newest brings a newer GLib, and that a Util-Linux with a Systemd of
    // another major version: named here, so that it comes before the Systemd that nearer requirements are content with.
    (&["GTK+ = 2.24.33-r0"], Arch::X86_64),
    (&["GTK+ = 2.24.33-r2", "Bash = 5.1.4"], Arch::X86_64),
    (&["GTK+ = 2.24.33", "Util-Linux >= 2.40"], Arch::X86_64),
    // GTK+ 3, older and newer.
    (&["GTK+ = 3.24.24"], Arch::X86_64),
    (&["GTK+ >= 3.24.49", "Util-Linux >= 2.40"], Arch::X86_64),
    // The other two Pythons.
    (&["Python = 3.9.2"], Arch::X86_64),
    (&["Python >= 3.13"], Arch::X86_64),
    // A newer Glibc, with programs that need it.
    (
        &["Glibc >= 2.41", "Bash = 5.2.37", "Util-Linux >= 2.40", "Python >= 3.13", "GTK+ = 2.24.33"],
        Arch::X86_64,
    ),
    // The i686 closure of GTK+ 2, and a desktop of both architectures.
    (&["GTK+ = 2.24.33"], Arch::I686),
    (&["GTK+ = 2.24.33", "GTK-Engines", "Bash", "CoreUtils", "Python"], Arch::I686),
    // What two profiles ask for: both major versions of GTK+, none of them the current one.
    (&["Python >= 3.13", "GTK+ = 3.24.24", "GTK+ = 2.24.33-r0", "LXAppearance"], Arch::X86_64),
    // A version with fewer files: libraries alone, where the current one has programs too.
    (&["GLib >= 2.80"], Arch::X86_64),
];

/// A plan in which nothing had to give way: what gave way may lack what it asked for.
fn plan(tree: &Tree, wishes: &[&str], arch: &Arch) -> Result<Plan> {
    let mut request = Request::new(arch.clone());
    for wish in wishes {
        request = request.with(wish.parse()?, Source::Asked);
    }
    let plan = resolve(tree, &request)?;
    let gave_way: Vec<_> =
        plan.conflicts.iter().map(|lost| format!("{} to {}", lost.requirement, lost.version)).collect();
    ensure!(gave_way.is_empty(), "gave way: {}", gave_way.join(", "));
    Ok(plan)
}

/// Does something for every selection, in a thread with a namespace of its own.
fn for_each(
    selections: [Selection; 12],
    root: PathBuf,
    work: impl Fn(&Path, &[&str], &Arch) -> Result<Vec<String>> + Send + 'static,
) {
    let wrong = std::thread::spawn(move || -> Result<Vec<String>> {
        own_namespace()?;
        let mut wrong = Vec::new();
        for (wishes, arch) in selections {
            let lines = work(&root, wishes, &arch).with_context(|| format!("{wishes:?} for {arch}"))?;
            wrong.extend(lines.into_iter().map(|line| format!("{wishes:?} for {arch}: {line}")));
        }
        Ok(wrong)
    });
    let wrong = wrong.join().expect("the thread panicked").expect("every selection can be tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every name of every view leads where the oracle says.
fn views_hold_what_the_rules_say(selections: [Selection; 12], root: PathBuf) {
    for_each(selections, root, |root, wishes, arch| {
        let tree = Tree::open(root, None, Layout::default(), Trust::Anyone)?;
        let chosen: Vec<Chosen> = plan(&tree, wishes, arch)?
            .chosen
            .iter()
            .map(|choice| Chosen::new(choice.program.as_str(), &choice.version))
            .collect();
        differences(root, &chosen, false)
    });
}

/// No program of the base lacks more in a view than it does without one.
fn programs_of_the_base_find_their_libraries(selections: [Selection; 12], root: PathBuf) {
    let before = elf_walk::missing_libraries(&root).expect("the base can be walked");
    for_each(selections, root, move |root, wishes, arch| {
        let after =
            in_view(root, |tree| plan(tree, wishes, arch), |_| elf_walk::missing_libraries(Path::new("/")))?;
        let new = after.into_iter().filter(|(program, missing)| before.get(program) != Some(missing));
        Ok(new.map(|(program, missing)| format!("{program} lacks {}", missing.join(", "))).collect())
    });
}

#[test]
fn views_of_the_small_root() {
    views_hold_what_the_rules_say(SMALL, requires_gobo_root!());
}

#[test]
fn views_of_the_full_root() {
    views_hold_what_the_rules_say(FULL, requires_gobo_root!(Full));
}

#[test]
fn programs_in_views_of_the_small_root() {
    programs_of_the_base_find_their_libraries(SMALL, requires_gobo_root!());
}

#[test]
fn programs_in_views_of_the_full_root() {
    programs_of_the_base_find_their_libraries(FULL, requires_gobo_root!(Full));
}
