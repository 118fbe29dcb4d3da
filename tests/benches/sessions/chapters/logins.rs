//! Sessions that are opened, against the system calls that one takes at least and against other modules.

use crate::sheet::{Samples, Sheet, median};
use crate::stage::{Stage, profiles};
use anyhow::{Result, bail};

/// How many microseconds a warm open_session may take beyond the system calls alone: up to 50 programs, and of 300.
const BEYOND: [f64; 2] = [150.0, 2500.0];

/// How many milliseconds the first login of a profile of 50 programs may take.
const FIRST: f64 = 8.0;

/// How often a view that is to be kept is made.
const TRIES: usize = 100;

/// The service that gives a profile, and the kind of its sessions.
pub(crate) fn kind_of(profile: &str) -> String {
    format!("pam:gobo-{profile}:ann")
}

/// Logs in until the view of a profile is kept: what has only just been changed is not relied on.
pub(crate) fn warm_up(stage: &Stage, profile: &str) -> Result<()> {
    for _ in 0..TRIES {
        stage.samples(1, &[&kind_of(profile)])?;
        if stage.is_kept(profile)? {
            return Ok(());
        }
    }
    bail!("no login keeps the view of {profile}")
}

/// Profiles of all sizes, views kept.
pub(crate) fn warm(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "open_session, view kept, in microseconds (times the bare system calls)",
        &[
            "programs that differ",
            "bare system calls, overlays shared",
            "bare, overlays made",
            "open_session, another is open",
            "the only one",
        ],
    );
    for profile in profiles() {
        warm_up(stage, &profile)?;
        let ([floor, own], ours) = (stage.floors(&profile)?, kind_of(&profile));
        let mut samples = stage.samples_in_crowd(0, &ours, &[&floor, &own, &ours])?;
        samples.extend(stage.samples(stage.count, &[&ours])?);
        let medians = sheet.medians(&profile, &samples);
        let beyond = match profile.as_str() {
            "bench-50" => BEYOND[0],
            "bench-300" => BEYOND[1],
            _ => continue,
        };
        let what = format!("open_session of {profile}, view kept, beyond the system calls alone");
        sheet.limit(&what, " us", medians[2] - medians[0], beyond);
    }
    Ok(())
}

/// One module each, among them one with as many folders.
pub(crate) fn modules(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "open_session of one module, in microseconds (times that of a module that does nothing)",
        &[
            "",
            "pam_permit",
            "pam_gobo, 50 programs",
            "the same, a user's file is read",
            "pam_namespace, 5 folders, as it is shipped",
            "the same without the script that it runs for each",
        ],
    );
    warm_up(stage, "bench-50")?;
    let ours = kind_of("bench-50");
    let kinds = ["pam:nothing:ann", &ours, "pam:gobo-user:ann", "pam:namespace:ann"];
    let mut samples = stage.samples(stage.count, &kinds)?;
    stage.sh("rm /etc/security/namespace.init")?;
    samples.extend(stage.samples(stage.count, &["pam:namespace:ann"])?);
    let medians = sheet.medians("open_session", &samples);
    sheet.limit("a user's file that is read", " us", medians[2] - medians[1], 1000.0);
    let ours = (medians[1] - medians[0]) / (medians[3] - medians[0]);
    sheet.limit("open_session of bench-50 over that of pam_namespace as it is shipped", "", ours, 0.05);
    Ok(())
}

/// Logins that find nothing kept.
pub(crate) fn first(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table("The first login of a profile, in microseconds", &["programs that differ", "nothing kept"]);
    for profile in profiles() {
        let medians = sheet.medians(&profile, &[first_of(stage, &profile)?]);
        if profile == "bench-50" {
            sheet.limit("the first login of bench-50", " ms", medians[0] / 1000.0, FIRST);
        }
    }
    Ok(())
}

/// Samples of logins that find nothing kept.
pub(crate) fn first_of(stage: &Stage, profile: &str) -> Result<Samples> {
    let sample = |_| {
        stage.sh("rm -rf /run/gobo-session/plans/* /run/gobo-session/layers/*")?;
        Ok(serde_json::from_value(stage.timer(None, &["once", &kind_of(profile)])?)?)
    };
    (0..stage.count.min(40)).map(sample).collect()
}

/// Growth with what is mounted on the host.
pub(crate) fn mounts(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "open_session with more mounts on the host, in microseconds (times the bare system calls)",
        &["mounts", "bare system calls, overlays shared", "open_session, 50 programs"],
    );
    warm_up(stage, "bench-50")?;
    let [floor, _] = stage.floors("bench-50")?;
    for wanted in [20, 200, 1000] {
        let mounts = stage.sh(&format!(
            "n=0; while [ $(wc -l < /proc/self/mountinfo) -lt {wanted} ]; do n=$((n + 1)); mkdir -p /many/$n; \
             mountpoint -q /many/$n || mount --bind /many/$n /many/$n; done; wc -l < /proc/self/mountinfo"
        ))?;
        sheet.medians(mounts.trim(), &stage.samples(stage.count, &[&floor, &kind_of("bench-50")])?);
    }
    stage.sh("for n in /many/*; do umount $n; done").map(drop)
}

/// Growth with the sessions that are open.
pub(crate) fn crowd(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "open_session while one of its profile is open and many others are, in microseconds (times the bare system calls)",
        &["sessions", "bare system calls, overlays shared", "open_session, 50 programs"],
    );
    let kind = kind_of("bench-50");
    warm_up(stage, "bench-50")?;
    let [floor, _] = stage.floors("bench-50")?;
    let mut alone = None;
    for sessions in [0, 100, 1000, 5000] {
        let samples = stage.samples_in_crowd(sessions, &kind, &[&floor, &kind])?;
        sheet.medians(&sessions.to_string(), &samples);
        let now = median(&samples[1]);
        let first = *alone.get_or_insert(now);
        if sessions == 5000 {
            sheet.limit("open_session while 5,001 are open over that while one is", "", now / first, 1.1);
        }
    }
    Ok(())
}
