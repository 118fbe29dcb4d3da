//! What must hold in every random world.

use std::time::{Duration, Instant};

use crate::oracle::{differences, expected, observed};
use crate::world::RandomWorld;

#[test]
fn with_nothing_chosen_the_view_is_the_base() {
    for seed in 0..300 {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let (world, _) = RandomWorld::generate(seed, &folder.path().join("root")).unwrap();
        let wanted = expected(world.root(), &[], false).unwrap();
        let base = observed(world.root(), &world.root().join("System/Index")).unwrap();
        assert_eq!(wanted, base, "seed {seed}");
        assert_eq!(differences(&wanted, &base), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn stats() {
    let (mut gen_time, mut exp) = (Duration::ZERO, Duration::ZERO);
    let mut worst = Duration::ZERO;
    for seed in 0..2000 {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let t = Instant::now();
        let (world, s) = RandomWorld::generate(seed, &folder.path().join("root")).unwrap();
        gen_time += t.elapsed();
        let t = Instant::now();
        let wanted = expected(world.root(), &s.chosen, s.pure).unwrap();
        exp += t.elapsed();
        if t.elapsed() > worst {
            worst = t.elapsed();
            eprintln!("{seed}: {:?} {} names", t.elapsed(), wanted.len());
        }
    }
    eprintln!("{:?} {:?} each", gen_time / 2000, exp / 2000);
}
