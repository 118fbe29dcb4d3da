//! How long each part of the road from a wish to a layer takes, over the GoboLinux root of real programs.
//!
//! `cargo xtask root && cargo bench -p gobo-session`; docs/performance.md has the numbers.

use criterion::{Criterion, criterion_group, criterion_main};
use gobo_session::arch::Arch;
use gobo_session::compile::compile;
use gobo_session::plan::Source;
use gobo_session::resolve::{Request, resolve};
use gobo_session::tree::{Layout, Tree};
use gobo_session::trusted::Trust;
use gobo_session::try_out::{Scope, try_out};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// What is asked for, by the name of the benchmark.
const WISHES: [(&str, &[&str], Arch); 4] = [
    ("lua", &["Lua = 5.1.5"], Arch::X86_64),
    ("python", &["Python = 3.9.2"], Arch::X86_64),
    ("newer-glibc", &["Bash = 5.2.37"], Arch::X86_64),
    ("i686", &["Bash", "CoreUtils"], Arch::I686),
];

fn root() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/goboroot/root-small");
    let root = std::env::var_os("GOBO_ROOT").map_or(built, PathBuf::from);
    let is_there = root.join("System/Index/bin").is_dir();
    if !is_there {
        eprintln!("no GoboLinux root at {}: run cargo xtask root", root.display());
    }
    is_there.then_some(root)
}

fn road(criterion: &mut Criterion) {
    let Some(root) = root() else { return };
    let open = || Tree::open(&root, None, Layout::default(), Trust::RootOnly).expect("the root is a tree");
    for (name, wishes, arch) in WISHES {
        let mut request = Request::new(arch);
        for wish in wishes {
            request = request.with(wish.parse().expect("a requirement"), Source::Asked);
        }
        let tree = open();
        let plan = resolve(&tree, &request).expect("a plan");
        let layer = compile(&tree, &plan).expect("a layer");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(50);
        group.bench_function("resolve, tree not read yet", |b| {
            b.iter(|| resolve(&open(), black_box(&request)))
        });
        group.bench_function("resolve", |b| b.iter(|| resolve(&tree, black_box(&request))));
        group.bench_function("compile", |b| b.iter(|| compile(&tree, black_box(&plan))));
        group
            .bench_function("try out", |b| b.iter(|| try_out(&tree, &plan, black_box(&layer), Scope::Login)));
        group.finish();
    }
}

criterion_group!(benches, road);
criterion_main!(benches);
