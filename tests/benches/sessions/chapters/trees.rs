//! The same over larger trees, up to one of every program and version that GoboLinux has a recipe for.

use super::logins::{first_of, kind_of, warm_up};
use crate::sheet::{Sheet, median};
use crate::stage::{CORPUS, Stage};
use anyhow::Result;

/// The program whose closure is the largest.
const LARGEST: &str = "GST-Plugins";

/// How many milliseconds the first login of the largest closure may take.
const FIRST: f64 = 120.0;

/// Programs that nobody asks for, until there are so many in all.
const FILL: &str = r#"
set -e
cd /Programs
have=$(ls | wc -l)
for n in $(seq $have $(($1 - 1))); do echo Filler-$n/1.0/bin Filler-$n/1.0/Resources; done | xargs -r mkdir -p
for n in $(seq $have $(($1 - 1))); do
    touch Filler-$n/1.0/bin/filler-$n
    ln -s 1.0 Filler-$n/Current
    ln -s /Programs/Filler-$n/1.0/bin/filler-$n /System/Index/bin/
done
ls | wc -l
"#;

pub(crate) fn trees(stage: &Stage, sheet: &mut Sheet) -> Result<()> {
    sheet.table(
        "Over larger trees, in microseconds",
        &[
            "programs installed, profile",
            "first login",
            "open_session, view kept",
            "run -p as a user",
            "its first time",
        ],
    );
    for wanted in [0, 1000, 3000] {
        let script = FILL.replace("$1", &wanted.to_string());
        let installed = stage.sh(&script)?;
        line(stage, sheet, &format!("{}, bench-50", installed.trim()), "bench-50")?;
    }
    if !stage.has_corpus {
        return Ok(());
    }
    // Empty folders and files in place of everything else that there is a recipe for.
    stage.sh("cd / && tar --skip-old-files -xf /Programs/Tools/1.0/share/corpus.tar")?;
    stage.lab.profile(CORPUS, &format!("programs = [\"{LARGEST}\"]\nprefer = \"newest\"\n"))?;
    let installed = stage.sh("ls /Programs | wc -l")?;
    let first = line(stage, sheet, &format!("{}, {LARGEST}", installed.trim()), CORPUS)?;
    sheet.limit(
        &format!("the first login of {LARGEST}, every recipe installed"),
        " ms",
        first / 1000.0,
        FIRST,
    );
    Ok(())
}

/// A line of the table; gives how many microseconds a first login takes.
fn line(stage: &Stage, sheet: &mut Sheet, what: &str, profile: &str) -> Result<f64> {
    stage.settle();
    let first = first_of(stage, profile)?;
    warm_up(stage, profile)?;
    let kept = stage.samples(stage.count, &[&kind_of(profile)])?.remove(0);
    let commands = ["", "--fresh "].map(|option| format!("gobo-session run {option}-p {profile} /bin/true"));
    let [run, anew] =
        <[_; 2]>::try_from(stage.samples_as("ann", stage.count.min(20), &[&commands[0], &commands[1]])?)
            .map_err(|_| anyhow::anyhow!("two kinds have two answers"))?;
    let medians = [first, kept, run, anew].map(|samples| median(&samples));
    sheet.cells(what, &medians.map(|median| format!("{median:.0}")));
    Ok(medians[0])
}
