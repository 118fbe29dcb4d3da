//! Profiles that users wrote themselves: used where policy trusts them, never read where it does not (R3).

use super::{lua_of, opened};
use anyhow::Result;
use gobo_tests::lab::{Lab, selection_of, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;

const TRUSTED: &str = "user-profiles = \"trusted\"\n[default]\nprofile = \"lua51\"\nallow = [\"bash\"]\n";
const OFF: &str = "[default]\nprofile = \"lua51\"\nallow = [\"bash\"]\n";

const PROFILES: [(&str, &str); 3] = [
    ("lua51", "programs = [\"Lua = 5.1.5\"]\n"),
    ("bash", "programs = [\"Bash = 5.1.4\"]\n[environment]\nFROM = \"the administrator\"\n"),
    ("staff", "programs = [\"Lua = 5.3.6\"]\n"),
];

fn lab(root: &Path, policy: &str) -> Result<Lab> {
    let lab = Lab::new(root, policy, &PROFILES)?;
    lab.module_alone("pamtester")?;
    lab.select("ann", "mine")?;
    Ok(lab)
}

/// The folder of ann's own profiles.
fn folder() -> String {
    selection_of("ann").replace("session.toml", "profiles.d")
}

/// Lets ann write a profile.
fn write(lab: &Lab, name: &str, text: &str) -> Result<()> {
    let file = format!("{}/{name}.toml", folder());
    lab.chamber.write(&file, text)?;
    lab.chamber.chown(&file, 1000, 1000)?;
    lab.chamber.chown(folder(), 1000, 1000)
}

const MINE: &str = "programs = [\"Lua = 5.3.6\"]\n";

#[test]
fn without_trust_they_are_not_even_looked_at() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), OFF)?;
    write(&lab, "mine", MINE)?;
    let mark = lab.chamber.log_mark()?;
    let trace = ["strace", "-fqqo/tmp/trace", "-etrace=%file"];
    assert_eq!(opened(lab.client("ann").under(&trace))?.stdout, "5.1.5\n", "policy's own");
    assert_eq!(
        lab.said(mark)?,
        ["warning: user ann, profile lua51: the selection `mine` is not allowed; see allow in session.toml"]
    );
    let trace = lab.chamber.read("/tmp/trace")?;
    assert!(trace.contains(&selection_of("ann")) && !trace.contains(&folder()), "{trace}");
    Ok(())
}

#[test]
fn with_trust_they_are_as_good_as_the_administrators() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), TRUSTED)?;
    let mark = lab.chamber.log_mark()?;
    write(&lab, "mine", "include = [\"bash\", \"more\"]\nprograms = [\"Lua = 5.3.6\"]\n")?;
    write(&lab, "more", "programs = [\"Python = 3.9.2\"]\n")?;
    write(&lab, "unused-and-wrong", "colour = 1\n")?;
    let look = "lua -v 2>&1 | cut -d' ' -f2; bash --version | sed -n '1s/.*version \\([0-9.]*\\).*/\\1/p'; python3 -V; \
                echo $FROM";
    let report = lab.client("ann").script(look).run()?;
    assert_eq!(report.stdout, "5.3.6\n5.1.4\nPython 3.9.2\nthe administrator\n", "{report:#?}");
    assert_eq!(report.before, report.after);
    assert_eq!(report.inside.view()?, view_of("mine", &["bin", "lib", "share"]));
    assert_eq!(lab.said(mark)?, [""; 0]);
    assert_eq!(lua_of(&lab, "bob")?, "5.1.5", "bob has none and selects nothing");
    lab.select("bob", "mine")?;
    assert_eq!(lua_of(&lab, "bob")?, "5.1.5", "what ann wrote is hers alone");
    Ok(())
}

#[test]
fn a_name_means_the_administrators_profile_first() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), TRUSTED)?;
    lab.select("ann", "staff")?;
    write(&lab, "staff", MINE)?;
    write(&lab, "lua51", MINE)?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(
        lua_of(&lab, "ann")?,
        "5.1.5",
        "neither does hers take the place of one that she may not have"
    );
    assert_eq!(
        lab.said(mark)?,
        ["warning: user ann, profile lua51: the selection `staff` is not allowed; see allow in session.toml"]
    );
    lab.select("ann", "lua51")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5");
    lab.policy(
        &TRUSTED.replace("[default]", "[default]\n").replace("allow = [\"bash\"]", "allow = [\"*\"]"),
    )?;
    lab.select("ann", "mine")?;
    write(&lab, "mine", MINE)?;
    assert_eq!(
        lab.client("ann").script("lua -v 2>&1 | cut -d' ' -f2").run()?.stdout,
        "5.3.6\n",
        "`*` hides none"
    );
    Ok(())
}

#[test]
fn who_is_forced_or_exempt_or_root_has_no_say() -> Result<()> {
    let lab = lab(
        &requires_gobo_root!(),
        "user-profiles = \"trusted\"\n[[rule]]\nprofile = \"lua51\"\nforce = true\n",
    )?;
    write(&lab, "mine", MINE)?;
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5");
    lab.policy("user-profiles = \"trusted\"\nexempt = [\"ann\"]\n")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4");
    Ok(())
}

/// One that cannot be used is passed over, whatever is wrong with it: policy's own choice stands, with `deny` too.
#[test]
fn r2_r9_one_that_is_wrong_is_passed_over_in_one_line() -> Result<()> {
    let lab = lab(&requires_gobo_root!(), &format!("on-failure = \"deny\"\n{TRUSTED}"))?;
    let file = format!("{}/mine.toml", folder());
    let instead = |script: &str| -> Result<()> {
        lab.chamber.sh(&format!("rm -rf {file}; {}", script.replace("FILE", &file)))?.success().map(drop)
    };
    let said_of = |why: &str| -> Result<()> {
        let mark = lab.chamber.log_mark()?;
        assert_eq!(lua_of(&lab, "ann")?, "5.1.5", "{why}");
        let line =
            format!("warning: user ann, profile lua51: the user's own profile `mine` is ignored: {why}");
        assert_eq!(lab.said(mark)?, [line]);
        Ok(())
    };
    let line = |number: u32| {
        format!("{file}: line {number} is not understood (its owner sees why by gobo-session check)")
    };
    for (text, number) in [
        ("programs = [\"/Users/ann/evil\"]\n", 1),
        ("programs = [\"Lua = 5.3.6\"]\n[environment]\nXDG_SEAT = \"seat0\"\n", 3),
        ("programs = []\n[environment]\nGTK2_RC_FILES = \"/tmp/secret\"\n", 3),
        ("\ninclude = [\"staff\"]\n", 2),
        ("include = [\"mine\"]\n", 1),
        ("lowerdir = \"/Users/ann\"\n", 1),
        ("[tree]\nprograms = \"/Users/ann\"\n", 1),
    ] {
        write(&lab, "mine", text)?;
        said_of(&line(number))?;
    }
    for (script, why) in [
        ("mkfifo FILE && chown ann FILE", "it is not a regular file"),
        ("mkdir FILE && chown ann FILE", "it is not a regular file"),
        ("ln -s /etc/shadow FILE", "it is a link; put the file itself there"),
        ("touch FILE && chown bob FILE", "it belongs to somebody else"),
        ("touch FILE && chown ann FILE && chmod 622 FILE", "others can write it; chmod go-w it"),
        ("touch FILE && chown root FILE && chmod 600 FILE", "it cannot be read"),
        ("truncate -s 4G FILE && chown ann FILE", "it is larger than 65536 bytes"),
    ] {
        instead(script)?;
        said_of(&format!("{file}: {why}"))?;
    }
    write(&lab, "mine", MINE)?;
    lab.chamber.set_mode(folder(), 0o777)?;
    said_of(&format!("{}: others can write it; chmod go-w it", folder()))?;
    lab.chamber.set_mode(folder(), 0o755)?;
    lab.chamber.sh(&format!("cd {} && touch $(seq -f %g.txt 300) && chown -R ann .", folder()))?.success()?;
    said_of(&format!("{}: it has more than 256 entries", folder()))?;
    Ok(())
}
