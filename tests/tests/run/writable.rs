//! `--writable`: what is written to the index nobody else sees, and nothing of it is left.

use super::{LUA, Machine, PATIENCE};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

/// Writes, removes and replaces names in every kind of folder, and shows what came of it.
const WRITE: &str = r#"set -e
cd /System/Index
ln -s /Data/nothing bin/new-link; readlink bin/new-link
echo text > share/new-file; cat share/new-file
mkdir -p lib/new/folder && rmdir lib/new/folder && rmdir lib/new
rm bin/lua; test ! -e bin/lua; ln -s ../../../Programs/Lua/5.3.6/bin/lua bin/lua; lua -v 2>&1
ln -sf /Data/nothing bin/python3; readlink bin/python3
inner=$(find share -mindepth 1 -type d | head -n 1); test -n "$inner"; echo x > "$inner/new"; cat "$inner/new"
"#;

const WRITTEN: [&str; 5] = ["/Data/nothing", "text", "Lua 5.3.6", "/Data/nothing", "x"];

fn assert_written(shown: &str) {
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), WRITTEN.len(), "{shown}");
    assert!(lines.iter().zip(WRITTEN).all(|(line, wanted)| line.starts_with(wanted)), "{shown}");
}

#[test]
fn everything_that_is_written_is_seen_and_then_gone() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    let index = || machine.chamber().sh("cd /System/Index && find . | sort | cksum");
    let (before, index_before) = (machine.chamber().host_state()?, index()?.text());
    for options in [&[][..], &LUA, &["--pure", "-w", "Bash", "-w", "Lua", "-w", "Python", "-w", "CoreUtils"]]
    {
        // A pure view has no folder in share, so that the last line is for the others.
        let script = if options.contains(&"--pure") {
            WRITE.rsplit_once("inner=").map_or("", |(s, _)| s)
        } else {
            WRITE
        };
        let words = [&["--writable"], options, &["sh", "-c", script]].concat();
        let shown = machine.run(words)?.success()?.text();
        if options.contains(&"--pure") {
            assert_eq!(shown.lines().count(), 4, "{shown}");
        } else {
            assert_written(&shown);
        }
        // What root keeps of views lies in the state folder.
        let words =
            ["gobo-session", "run", "--fresh", "--writable"].into_iter().chain(options.iter().copied());
        let as_root = machine.chamber().run(words.chain(["sh", "-c", script]))?.success()?.text();
        assert_eq!(as_root, shown);
    }
    assert_written(
        &machine.in_session(&format!("gobo-session run --writable sh -c '{WRITE}'"))?.success()?.text(),
    );
    machine.chamber().wait_for_state(&before, PATIENCE)?;
    assert_eq!(index()?.text(), index_before);
    Ok(())
}

#[test]
fn files_of_root_stay_as_they_are_and_room_is_bounded() -> Result<()> {
    let machine = Machine::with_state(&requires_gobo_root!())?;
    machine.chamber().write("/System/Index/share/of-root", "of root\n")?;
    let script = "echo mine >> /System/Index/share/of-root; echo $?; cat /System/Index/share/of-root";
    let output = machine.run(["--writable", "sh", "-c", script])?.success()?;
    assert!(output.text().ends_with("of root") && !output.text().starts_with('0'), "{output}");
    let fill = "import sys\nwith open('/System/Index/share/large', 'wb', 0) as file:\n  \
                for _ in range(600): file.write(bytes(1 << 20))\n";
    let output = machine.run(["--writable", "python3", "-c", fill])?;
    assert!(!output.status.success() && output.errors().contains("No space left on device"), "{output}");
    Ok(())
}

#[test]
fn without_it_the_index_cannot_be_written() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let output = machine.run([LUA[0], LUA[1], "sh", "-c", "echo x > /System/Index/bin/new"])?;
    assert!(!output.status.success() && output.errors().contains("Read-only file system"), "{output}");
    Ok(())
}
