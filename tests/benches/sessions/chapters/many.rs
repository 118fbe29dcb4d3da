//! Many sessions: what they take of the kernel's memory, how long it takes to renew them, and what happens when they come at
//! once.

use super::logins::{kind_of, warm_up};
use crate::sheet::{Samples, Sheet, median, quantile};
use crate::stage::Stage;
use anyhow::Result;

/// Kernel memory of sessions that have looked at 300 files, and what is left of it when they are gone.
pub(crate) fn memory(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "Kernel memory of a session that has looked at 300 files, in bytes of slab",
        &[
            "sessions",
            "a bare namespace",
            "with shared overlays",
            "a session, 50 programs",
            "of it left when all are gone",
        ],
    );
    warm_up(stage, "bench-50")?;
    let [shared, _] = stage.floors("bench-50")?;
    let bare = shared.rsplit_once(':').map_or_else(|| shared.clone(), |(layer, _)| format!("{layer}:"));
    for sessions in [100, 1000, 5000] {
        let mut each = Vec::new();
        let mut left = 0.0;
        for kind in [bare.as_str(), &shared, &kind_of("bench-50")] {
            let told = stage.timer(None, &["keep", &sessions.to_string(), kind])?;
            each.push(told["each"].as_f64().unwrap_or_default());
            left = told["left"].as_f64().unwrap_or_default() / f64::from(sessions);
        }
        let cells = each.iter().chain([&left]).map(|bytes| format!("{bytes:.0}"));
        sheet.cells(&sessions.to_string(), &cells.collect::<Vec<_>>());
        if sessions == 1000 {
            let beyond = (each[2] - each[0]) / 1000.0;
            sheet.limit(
                "kernel memory of each of 1,000 sessions beyond a bare namespace",
                " kB",
                beyond,
                20.0,
            );
        }
    }
    Ok(())
}

/// Whole commands that renew sessions, or list them.
pub(crate) fn renewal(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "refresh, reload and list of sessions of one profile, whole commands, in milliseconds",
        &["sessions", "refresh", "refresh, nothing changed", "reload", "list"],
    );
    warm_up(stage, "bench-50")?;
    let mut refreshed = Vec::new();
    for sessions in [100, 1000] {
        let told = stage.timer(None, &["renew", &sessions.to_string(), &kind_of("bench-50")])?;
        let samples = serde_json::from_value::<Samples>(told)?;
        let ms: Vec<f64> = samples.into_iter().map(|sample| median(&vec![sample]) / 1000.0).collect();
        sheet.cells(&sessions.to_string(), &ms.iter().map(|ms| format!("{ms:.1}")).collect::<Vec<_>>());
        refreshed.push(ms[1]);
    }
    sheet.limit("refresh of 1,000 sessions of one profile, whole", " ms", refreshed[1], 10.0);
    let each = (refreshed[1] - refreshed[0]) / 900.0 * 1000.0;
    sheet.limit("refresh of a session, its namespace found by walking", " us", each, 60.0);
    Ok(())
}

/// 200 logins that come at once.
pub(crate) fn storm(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table("200 logins by 8 workers at once, in milliseconds", &["", "p50", "p95", "p99"]);
    stage.everybody_has("bench-50")?;
    let mut samples = [Samples::new(), Samples::new()];
    for _ in 0..5 {
        for (is_on, samples) in [false, true].into_iter().zip(&mut samples) {
            stage.turn(is_on)?;
            let told = stage.timer(None, &["storm", "200", "8", "su", "-", "ann", "-c", "true"])?;
            samples.extend(serde_json::from_value::<Samples>(told)?);
        }
    }
    let quantiles = samples.map(|samples| [50, 95, 99].map(|percent| quantile(&samples, percent) / 1000.0));
    for (what, quantiles) in ["without the module", "with it"].iter().zip(quantiles) {
        sheet.cells(what, &quantiles.map(|ms| format!("{ms:.1}")));
    }
    for (at, name) in [(0, "p50"), (2, "p99")] {
        let ratio = quantiles[1][at] / quantiles[0][at];
        sheet.limit(&format!("{name} of a storm with the module over that without"), "", ratio, 1.2);
    }
    Ok(())
}
