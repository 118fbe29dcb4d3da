//! R4: what is in a view is what root wrote. Folders and files of others are refused (docs/failure.md has the lines); links
//! that lead to them lead nobody there who makes a view.

use super::{OPEN, lab};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn r4_links_of_a_program_that_lead_to_a_user_bring_nothing_of_him() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OPEN)?;
    let evil = "mkdir -p /Users/bob/9.9/bin && cp /System/Index/bin/true /Users/bob/9.9/bin/lua && chown -R bob /Users/bob";
    lab.chamber.sh(evil)?.success()?;
    let trace = ["strace", "-fqqo/tmp/trace", "-etrace=%file"];
    let opened = |script: &str| -> Result<String> {
        lab.chamber.sh(script)?.success()?;
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").under(&trace).script("lua -v 2>&1 | cut -d' ' -f2").run()?;
        assert_eq!(lab.said(mark)?, [""; 0], "{script}");
        let looked_at = lab.chamber.read("/tmp/trace")?;
        let (_, opening) = looked_at.split_once("/pam-client/open\"").unwrap_or_default();
        let (opening, _) = opening.split_once("/pam-client/opened\"").unwrap_or_default();
        assert!(!opening.contains("9.9/bin"), "{script}: {opening}");
        Ok(report.stdout)
    };
    lab.profile("lua51", "programs = [\"Lua\"]\n")?;
    let version = opened("ln -sfn /Users/bob/9.9 /Programs/Lua/Current")?;
    assert_eq!(version, "5.4.4\n", "`Current` names a version, and there is none of that name");
    let version = opened("ln -s /Users/bob/9.9 /Programs/Lua/9.9")?;
    assert_eq!(version, "5.4.4\n", "a version is a folder, not a link");
    lab.profile("lua51", "programs = [\"Lua = 5.1.5\"]\n")?;
    let moved = "mv /Programs/Lua/5.1.5/bin /Programs/Lua/5.1.5/old && ln -s /Users/bob/9.9/bin /Programs/Lua/5.1.5/bin";
    assert_ne!(opened(moved)?, "\n", "what stands for a folder of a version is a folder");
    Ok(())
}
