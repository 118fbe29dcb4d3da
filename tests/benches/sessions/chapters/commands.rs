//! Whole commands, from the start of a process to its end.

use super::logins::warm_up;
use crate::sheet::{Samples, Sheet};
use crate::stage::{Stage, profiles};
use anyhow::Result;

/// How many samples are taken before the stack is changed again.
const AT_ONCE: usize = 20;

/// `su`, with the module and without it.
pub(crate) fn su(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "su, in microseconds (times that without the module)",
        &["", "without", "with the module, 50 programs"],
    );
    stage.everybody_has("bench-50")?;
    let command = "su - ann -c true";
    stage.samples(1, &[command])?;
    let mut samples = [Samples::new(), Samples::new()];
    for _ in 0..stage.count.div_ceil(AT_ONCE) {
        for (is_on, samples) in [false, true].into_iter().zip(&mut samples) {
            stage.turn(is_on)?;
            samples.extend(stage.samples(AT_ONCE, &[command])?.remove(0));
        }
    }
    let medians = sheet.medians(command, &samples);
    sheet.limit("su with the module over su without", "", medians[1] / medians[0], 1.1);
    Ok(())
}

/// `run`, and what others do with namespaces.
pub(crate) fn run(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    let names = ["true", "run-floor", "unshare -Urm", "bwrap", "run", "run, nothing kept"];
    sheet.table(
        "run and its like, whole processes of a user, in microseconds (times true)",
        &[&["programs that differ"], names.as_slice()].concat(),
    );
    stage.everybody_has("none")?;
    let has_bwrap = stage.lab.chamber.exists("/System/Index/bin/bwrap");
    for profile in profiles() {
        warm_up(stage, &profile)?;
        let (layer, areas) = stage.layer(&profile)?;
        let kinds = [
            "/bin/true".to_owned(),
            format!("run-floor {layer} {areas} /bin/true"),
            "unshare -Urm /bin/true".to_owned(),
            "bwrap --ro-bind / / /bin/true".to_owned(),
            format!("gobo-session run -p {profile} /bin/true"),
            format!("gobo-session run --fresh -p {profile} /bin/true"),
        ];
        let is_there = |kind: &&String| has_bwrap || !kind.starts_with("bwrap");
        let present: Vec<&str> = kinds.iter().filter(is_there).map(String::as_str).collect();
        let mut samples = stage.samples_as("ann", stage.count, &present)?.into_iter();
        let all = kinds
            .iter()
            .map(|kind| if is_there(&kind) { samples.next().unwrap_or_default() } else { Samples::new() });
        let medians = sheet.medians(&profile, &all.collect::<Vec<_>>());
        if profile == "bench-50" && has_bwrap {
            sheet.limit("run of bench-50 over bwrap", "", medians[4] / medians[3], 1.0);
            sheet.limit("run of bench-50 over the bare system calls", "", medians[4] / medians[1], 1.5);
            sheet.limit("run of bench-50, nothing kept, over bwrap", "", medians[5] / medians[3], 3.0);
        }
    }
    Ok(())
}
