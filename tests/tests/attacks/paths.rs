//! Paths that somebody made before root came by, and places that change while it looks.

use super::lab;
use anyhow::{Result, ensure};
use gobo_tests::chamber::{TIMEOUT, mounts};
use gobo_tests::lab::{Lab, view_of};
use gobo_tests::requires_gobo_root;

/// Every place that root reads or writes for a login of this lab.
const PLACES: [&str; 15] = [
    "/run/gobo-session",
    "/run/gobo-session/index",
    "/run/gobo-session/view",
    "/etc/gobo-session",
    "/etc/gobo-session/session.toml",
    "/etc/gobo-session/session.d",
    "/etc/gobo-session/profiles.d",
    "/etc/gobo-session/profiles.d/lua51.toml",
    "/Programs",
    "/Programs/Lua",
    "/Programs/Lua/5.1.5",
    "/Programs/Lua/5.1.5/bin",
    "/Programs/Lua/5.1.5/Resources/Dependencies",
    "/System/Index",
    "/System/Index/bin",
];

/// A lab in which a login has come and gone: all places are there.
fn with_all_places() -> Result<Option<Lab>> {
    let Some(root) = gobo_tests::gate::gobo_root(gobo_tests::root::Variant::Small) else { return Ok(None) };
    let lab = lab(&root)?;
    lab.chamber.mkdir("/etc/gobo-session/session.d")?;
    ensure!(lab.client("ann").run()?.inside.view()? == view_of("lua51", &["bin"]), "a good login");
    Ok(Some(lab))
}

/// Makes sure that a login is one without view, and that the log has one line which names the place.
fn assert_refused(lab: &Lab, place: &str, how: &str) -> Result<()> {
    let mark = lab.chamber.log_mark()?;
    let report = lab.client("ann").run()?;
    assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "{place} {how}: {report:#?}");
    assert_eq!(report.before, report.after, "{place} {how}");
    let said = lab.said(mark)?;
    let name = place.rsplit('/').next().unwrap_or_default();
    ensure!(said.len() == 1 && said[0].starts_with("err: no view:"), "{place} {how}: {said:#?}");
    ensure!(said[0].contains(name), "{place} {how}: {said:#?}");
    Ok(())
}

#[test]
fn r4_r17_what_belongs_to_a_user_is_refused_and_logged() -> Result<()> {
    let Some(lab) = with_all_places()? else { return Ok(()) };
    for place in PLACES.into_iter().filter(|place| lab.chamber.exists(place)) {
        lab.chamber.chown(place, 1000, 1000)?;
        assert_refused(&lab, place, "belongs to ann")?;
        lab.chamber.chown(place, 0, 0)?;
        let mode = u32::from_str_radix(&lab.chamber.run(["stat", "-Lc", "%a", place])?.text(), 8)?;
        lab.chamber.set_mode(place, mode | 0o022)?;
        assert_refused(&lab, place, "can be written by others")?;
        lab.chamber.set_mode(place, mode)?;
    }
    assert_eq!(lab.client("ann").run()?.inside.view()?, view_of("lua51", &["bin"]), "all is well again");
    Ok(())
}

#[test]
fn r4_r17_a_link_to_what_belongs_to_a_user_is_refused_and_logged() -> Result<()> {
    let Some(lab) = with_all_places()? else { return Ok(()) };
    // Root's own links: what counts is what they lead to. (Files of a program that lead out of it are not there.)
    let is_tried = |place: &&str| {
        lab.chamber.exists(place) && !["/Resources/", "/bin"].iter().any(|part| place.contains(part))
    };
    for place in PLACES.into_iter().filter(is_tried) {
        if place == "/Programs" || place.starts_with("/System/Index") {
            // Nothing could be started; `Tree::open` walks these as it walks the others.
            continue;
        }
        // A copy that is hers; and one of root's, in a folder of hers, who could put another in its place.
        for (copy, hers) in [("/Users/ann/copy", "copy"), ("/Users/ann/folder/copy", "folder")] {
            let script = format!(
                "real=$(readlink -f {place}); cd /Users/ann; rm -rf copy folder; mkdir folder; cp -a $real {copy}; \
                 chown 1000:1000 {hers}; mv $real $real.kept; ln -s {copy} $real"
            );
            lab.chamber.sh(&script)?.success()?;
            assert_refused(&lab, place, &format!("is a link to {copy}"))?;
            let back =
                "kept=$(readlink -f $(dirname PLACE))/$(basename PLACE); rm $kept; mv $kept.kept $kept";
            lab.chamber.sh(&back.replace("PLACE", place))?.success()?;
        }
    }
    assert_eq!(lab.client("ann").run()?.inside.view()?, view_of("lua51", &["bin"]), "all is well again");
    Ok(())
}

#[test]
fn r4_a_folder_that_is_swapped_before_the_view_is_attached_is_not_mounted_on() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.client("ann").run()?;
    // All mounts are made when the login gets its own namespace, for which here it waits two seconds. There is no
    // bin for a while, so that programs are named by their own paths.
    let strace = ["strace", "-qqo/tmp/trace", "-einject=unshare:delay_enter=2000000"];
    let mark = lab.chamber.log_mark()?;
    let swap = "PATH=/Programs/CoreUtils/Current/bin:/Programs/Grep/Current/bin
        until [ $(grep -c fsmount /tmp/trace) -ge 2 ]; do sleep 0.05; done
        cd /System/Index && mv bin kept && ln -s /Users/ann bin && sleep 3 && rm bin && mv kept bin";
    lab.chamber.write("/tmp/trace", "")?;
    let mut swapper = lab.chamber.spawn(["bash", "-c", swap])?;
    let report = lab.client("ann").under(&strace).run()?;
    ensure!(swapper.wait(TIMEOUT)?.success(), "{:?}", swapper.take_output());
    let said = lab.said(mark)?;
    assert_eq!((report.open, report.inside.view()?), (0, Vec::new()), "{said:#?}");
    let what =
        "/System/Index/bin is not the folder that the view was made for; somebody has moved it: try again";
    assert_eq!(said, [format!("err: no view: user ann, profile lua51, attach: {what}")]);
    assert_eq!(report.before, report.after);
    Ok(())
}

#[test]
fn r1_r21_a_view_is_of_two_read_only_layers_with_every_door_closed() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let report = lab.client("ann").run()?;
    let mounts = mounts::parse(report.inside.mounts.as_bytes())?;
    let overlays: Vec<_> = mounts.iter().filter(|mount| mount.source.starts_with("gobo-session:")).collect();
    ensure!(overlays.iter().any(|mount| mount.fs_type == "overlay"), "{mounts:#?}");
    for mount in overlays {
        let has = |options: &str, option: &str| options.split(',').any(|o| o == option);
        ensure!(has(&mount.options, "nosuid") && has(&mount.options, "nodev"), "{mount:?}");
        ensure!(has(&mount.super_options, "ro"), "{mount:?}");
        if mount.fs_type == "overlay" {
            ensure!(has(&mount.options, "ro"), "{mount:?}");
            // What is the kernel's own default is not shown by it.
            let closed = ["redirect_dir=nofollow", "metacopy=off", "index=off", "xino=off"];
            for option in mount.super_options.split(',').filter(|option| option.contains('=')) {
                let is_lower = option.starts_with("lowerdir");
                ensure!(is_lower || closed.contains(&option), "{option} of {mount:?}");
            }
            let lower: Vec<&str> = mount.super_options.split("lowerdir").skip(1).collect();
            ensure!(!lower.is_empty() && !mount.super_options.contains("upperdir"), "{mount:?}");
        }
    }
    Ok(())
}
