//! Commands that answer at once: how long from the start of the process to its end.

use crate::sheet::{Samples, Sheet, median};
use crate::stage::Stage;
use anyhow::Result;
use std::time::Duration;

/// What is started; the first does nothing. `status`, `list` and `why` say no where there is no view.
const COMMANDS: [&str; 9] = [
    "/bin/true",
    "gobo-session --version",
    "?gobo-session status",
    "?gobo-session status --json",
    "?gobo-session list",
    "?gobo-session why bash",
    "gobo-session plan lxappearance",
    "gobo-session plan --with GTK+=2.24.33",
    "gobo-session run --with GTK+=2.24.33 /bin/true",
];

/// After what time `status` takes the changes of a tree for older than a view.
const SETTLED: Duration = Duration::from_secs(12);

/// The same without a view and in the one of a session.
pub(crate) fn commands(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "Whole commands of a user, in microseconds",
        &["command", "no view", "in a view of 50 programs"],
    );
    let mut both = Vec::new();
    for profile in ["none", "bench-50"] {
        stage.everybody_has(profile)?;
        stage.samples(1, &["su - ann -c true"])?;
        std::thread::sleep(SETTLED);
        let words: Vec<String> = COMMANDS.iter().map(|command| format!("'{command}'")).collect();
        let script = format!("exec timer {} {}", stage.count, words.join(" "));
        let told = stage.sh(&format!("su - ann -c \"{script}\""))?;
        both.push(serde_json::from_str::<Vec<Samples>>(&told)?);
    }
    let at = |place: usize, of: usize| median(&both[of][place]);
    for (place, command) in COMMANDS.iter().enumerate() {
        let cells = [0, 1].map(|of| format!("{:.0} (+{:.0})", at(place, of), at(place, of) - at(0, of)));
        sheet.cells(&format!("`{}`", command.trim_start_matches('?')), &cells);
    }
    for (place, limit) in [(2, 3.0), (6, 15.0)] {
        let beyond = (at(place, 1) - at(0, 1)) / 1000.0;
        sheet.limit(
            &format!("{} in a view, beyond true", COMMANDS[place].trim_start_matches('?')),
            " ms",
            beyond,
            limit,
        );
    }
    Ok(())
}
