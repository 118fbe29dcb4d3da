//! Views of the GoboLinux root of real programs: what they hold, and whether the base's programs still work in them.

mod common;

use anyhow::{Context as _, Result};
use common::{differences, in_view, own_namespace};
use gobo_session::arch::Arch;
use gobo_session::plan::{Plan, Source};
use gobo_session::resolve::{Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_tests::oracle::Chosen;
use gobo_tests::{elf_walk, requires_gobo_root};
use std::path::Path;

/// What is asked for, and for which architecture.
const SELECTIONS: [(&[&str], Arch); 12] = [
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

fn plan(tree: &Tree, wishes: &[&str], arch: &Arch) -> Result<Plan> {
    let mut request = Request::new(arch.clone());
    for wish in wishes {
        request = request.with(wish.parse()?, Source::Asked);
    }
    Ok(resolve(tree, &request)?)
}

/// Does something for every selection, in a thread with a namespace of its own.
fn for_each_selection(
    root: &Path,
    work: impl Fn(&Path, &[&str], &Arch) -> Result<Vec<String>> + Send + 'static,
) {
    let root = root.to_owned();
    let wrong = std::thread::spawn(move || -> Result<Vec<String>> {
        own_namespace()?;
        let mut wrong = Vec::new();
        for (wishes, arch) in SELECTIONS {
            let lines = work(&root, wishes, &arch).with_context(|| format!("{wishes:?} for {arch}"))?;
            wrong.extend(lines.into_iter().map(|line| format!("{wishes:?} for {arch}: {line}")));
        }
        Ok(wrong)
    });
    let wrong = wrong.join().expect("the thread panicked").expect("every selection can be tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn views_of_real_programs_hold_what_the_rules_say() {
    let root = requires_gobo_root!();
    for_each_selection(&root, |root, wishes, arch| {
        let tree = Tree::open(root, None, Layout::default(), Trust::Anyone)?;
        let chosen: Vec<Chosen> = plan(&tree, wishes, arch)?
            .chosen
            .iter()
            .map(|choice| Chosen::new(choice.program.as_str(), &choice.version))
            .collect();
        differences(root, &chosen, false)
    });
}

#[test]
fn programs_of_the_base_find_their_libraries_in_every_view() {
    let root = requires_gobo_root!();
    for_each_selection(&root, |root, wishes, arch| {
        let before = elf_walk::missing_libraries(root)?;
        let after =
            in_view(root, |tree| plan(tree, wishes, arch), |_| elf_walk::missing_libraries(Path::new("/")))?;
        let new = after.into_iter().filter(|(program, missing)| before.get(program) != Some(missing));
        Ok(new.map(|(program, missing)| format!("{program} lacks {}", missing.join(", "))).collect())
    });
}
