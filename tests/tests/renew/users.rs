//! What one user does in his sessions makes no view of another user's untrue.

use super::{PATIENCE, Shell, lab, root, told};
use anyhow::{Result, ensure};
use gobo_tests::requires_gobo_root;
use serde_json::json;

/// The overlay that a session has, and its mount.
const OVERLAY: &str =
    "echo $(stat -c %d /System/Index/bin) $(grep ' /System/Index/bin ' /proc/self/mountinfo | cut -d' ' -f1)";

/// What each name leads to, and which of them are listed.
const NAMES: &str = "for n in new gone switched extra luac; do echo $n:$(readlink /bin/$n); done; \
                     ls /System/Index/bin | grep -xE 'new|gone|switched|extra|luac'";

#[test]
fn names_that_one_user_holds_are_made_true_for_the_others() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let index = "/System/Index/bin";
    lab.chamber.sh(&format!("ln -s one {index}/gone; ln -s one {index}/switched"))?.success()?;
    lab.log_in_until_kept("ann")?;
    let mut shells = [Shell::session(&lab, "ann")?, Shell::session(&lab, "bob")?];
    let overlay = shells[0].says(OVERLAY)?;
    let script = format!(
        "import os\nheld = [os.open('{index}/' + name, os.O_PATH | os.O_NOFOLLOW) for name in ('gone', 'switched', 'luac')]\n\
         stream = os.scandir('{index}')\nnext(stream)\nprint(os.stat('{index}').st_dev, flush=True)\ninput()"
    );
    let mut holder = lab
        .chamber
        .command(["su", "bob", "-c", &format!("exec python3 -c \"{script}\"")])
        .input("")
        .spawn()?;
    assert_eq!(holder.line(PATIENCE)?, overlay.split(' ').next().unwrap_or_default(), "they share it");
    let before = "new: gone:one switched:one extra: luac:/Programs/Lua/5.1.5/bin/luac gone luac switched";
    for shell in &mut shells {
        assert_eq!(shell.says(NAMES)?, before);
    }
    let change = format!(
        "set -e; ln -s one {index}/new; rm {index}/gone; ln -s two {index}/x; mv -T {index}/x {index}/switched; \
         cd /Programs/Lua/5.1.5/bin; touch extra; rm luac"
    );
    lab.chamber.sh(&change)?.success()?;
    let done = root(&lab, &["refresh", "--json"])?.success()?;
    let [ann, bob] = ["ann", "bob"].map(|user| json!([user, 2, null]));
    assert_eq!(told(&done)?, [ann, bob.clone(), bob]);
    for shell in &mut shells {
        let after = "new:one gone: switched:two extra:/Programs/Lua/5.1.5/bin/extra luac: extra new switched";
        assert_eq!(shell.says(NAMES)?, after, "{done}");
    }
    assert_ne!(shells[0].says(OVERLAY)?, overlay);
    let device = "stat -c %d /System/Index/bin";
    assert_ne!(shells[0].says(device)?, shells[1].says(device)?, "each has his own by now");
    let about = shells[0].says("cat /run/gobo-session/view/about.json; gobo-session status | head -1")?;
    ensure!(about.contains("\"user\":\"ann\"") && about.contains("in a view: profile lua51"), "{about}");
    Ok(())
}

/// Who is not logged in any more may still hold what he opened, where no session shows it.
#[test]
fn names_that_a_user_took_with_him_are_made_true_for_the_others() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let index = "/System/Index/bin";
    lab.chamber.sh(&format!("ln -s one {index}/switched"))?.success()?;
    lab.log_in_until_kept("ann")?;
    let mut ann = Shell::session(&lab, "ann")?;
    let device = "stat -c %d /System/Index/bin";
    let shared = ann.says(device)?;
    // His own user namespace is none that is looked into.
    let script = format!(
        "import os, time\nheld = os.open('{index}/switched', os.O_PATH | os.O_NOFOLLOW)\n\
         print(os.stat('{index}').st_dev, flush=True)\ntime.sleep(300)\n"
    );
    lab.chamber.write("/tmp/hold.py", script)?;
    let own = "setsid -f unshare --user --mount python3 /tmp/hold.py > /tmp/held; \
               until [ -s /tmp/held ]; do sleep 0.01; done; cat /tmp/held";
    let held = lab.chamber.run(["su", "bob", "-c", own])?.success()?.text();
    assert_eq!(held, shared, "they share it");
    assert_eq!(ann.says(&format!("readlink {index}/switched"))?, "one");
    lab.chamber.sh(&format!("ln -s two {index}/x; mv -T {index}/x {index}/switched"))?.success()?;
    let done = root(&lab, &["refresh", "--json"])?.success()?;
    assert_eq!(told(&done)?, [json!(["ann", 0, null])], "only ann is logged in");
    assert_eq!(ann.says(&format!("readlink {index}/switched"))?, "two");
    assert_ne!(ann.says(device)?, shared);
    Ok(())
}

#[test]
fn what_one_user_alone_has_is_flushed_and_new_logins_have_new_overlays() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.log_in_until_kept("ann")?;
    let mut shells = [Shell::session(&lab, "ann")?, Shell::session(&lab, "ann")?];
    let mut overlays = || anyhow::Ok([shells[0].says(OVERLAY)?, shells[1].says(OVERLAY)?]);
    let before = overlays()?;
    let device = |overlay: &str| overlay.split(' ').next().unwrap_or_default().to_owned();
    assert_eq!(device(&before[0]), device(&before[1]));
    for command in [&["refresh", "--user", "ann"][..], &["refresh"]] {
        root(&lab, command)?.success()?;
        assert_eq!(overlays()?, before);
    }
    assert!(lab.chamber.list("/run/gobo-session/shared")?.is_empty());
    let new = Shell::session(&lab, "bob")?.says(OVERLAY)?;
    assert_ne!(device(&new), device(&before[0]));
    Ok(())
}
