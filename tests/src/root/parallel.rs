//! Work for several threads.

use anyhow::{Context, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls a function for each item, by as many threads as there are processors; the results keep the items' order. The
/// first error (in that order) is returned.
pub fn map<T: Sync, R: Send>(items: &[T], function: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    map_with(workers, items, function)
}

/// The same with a number of threads.
pub fn map_with<T: Sync, R: Send>(
    workers: usize,
    items: &[T],
    function: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
        {
            done.push((at, function(item)));
        }
        done
    };
    let mut results: Vec<(usize, Result<R>)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers.clamp(1, items.len().max(1))).map(|_| scope.spawn(work)).collect();
        let results =
            threads.into_iter().map(|thread| thread.join().ok().context("a worker thread panicked"));
        results.collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_errors() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(map(&items, |i| Ok(i * 2)).unwrap(), items.iter().map(|i| i * 2).collect::<Vec<_>>());
        let failed = map(&items, |i| if *i > 50 { anyhow::bail!("{i}") } else { Ok(()) });
        assert_eq!(failed.unwrap_err().to_string(), "51");
        assert!(map(&[] as &[u8], |_| Ok(())).unwrap().is_empty());
    }
}
