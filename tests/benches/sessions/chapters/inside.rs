//! What programs notice inside a view: names that are looked up, folders that are listed, programs that start.

use super::logins::{kind_of, warm_up};
use crate::sheet::{Samples, Sheet, median};
use crate::stage::{SIZES, Stage};
use anyhow::Result;

/// What is done in each session, in the order in which the clock does it.
const DONE: [&str; 6] =
    ["a name", "again", "a name that is not there", "again", "listing lib", "starting true"];

/// The same in sessions without a view, with overlays of their own, and with views.
pub(crate) fn inside(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table("Inside a session, in microseconds each", &[&["session"], DONE.as_slice()].concat());
    let mut kinds = vec![("no view".to_owned(), "bare".to_owned())];
    for profile in SIZES.map(|size| format!("bench-{size}")) {
        warm_up(stage, &profile)?;
        let [_, own] = stage.floors(&profile)?;
        if profile == "bench-50" {
            kinds.push(("overlays of its own, bench-50".to_owned(), own));
        }
        kinds.push((profile.clone(), kind_of(&profile)));
    }
    let words: Vec<&str> = kinds.iter().map(|(_, kind)| kind.as_str()).collect();
    let count = stage.count.to_string();
    let told = stage.timer(None, &[&["inside", &count], words.as_slice()].concat())?;
    let all: Vec<[Samples; 6]> = serde_json::from_value(told)?;
    for ((name, _), samples) in kinds.iter().zip(all) {
        let cells = samples.iter().map(|samples| format!("{:.2}", median(samples)));
        sheet.cells(name, &cells.collect::<Vec<_>>());
    }
    Ok(())
}
