//! Who gets what: rules, selections, exemptions, profiles of one's own, and users whose entries are odd.

mod arguments;
mod own_profiles;
mod rules;
mod stacks;

use anyhow::Result;
use gobo_tests::lab::client::{Client, Report};
use gobo_tests::lab::{Lab, selection_of, view_of};
use gobo_tests::requires_gobo_root;
use std::path::Path;

const POLICY: &str = "exempt = [\"@staff\"]\n\
                      [default]\nprofile = \"lua51\"\nallow = [\"lua53\"]\n\
                      [[rule]]\nuser = \"bob\"\nprofile = \"lua51\"\nforce = true\n\
                      [[rule]]\ngroup = \"cs101\"\nprofile = \"lua51\"\nallow = [\"lua53\", \"gone\"]\n";

const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];

fn lab(root: &Path) -> Result<Lab> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    lab.module_alone("pamtester")?;
    Ok(lab)
}

/// The version of Lua that a user gets; every session is opened and closed, and leaves its process as it was.
fn lua_of(lab: &Lab, user: &str) -> Result<String> {
    lua(lab.client(user))
}

/// As [`lua_of`], by a client of some kind.
fn lua(client: Client<'_>) -> Result<String> {
    let report = opened(client)?;
    let lua = report.stdout.trim_end().to_owned();
    let view = match lua.as_str() {
        "5.1.5" => view_of("lua51", &["bin"]),
        "5.3.6" => view_of("lua53", &["bin"]),
        _ => Vec::new(),
    };
    assert_eq!(report.inside.view()?, view, "{report:#?}");
    Ok(lua)
}

fn opened(client: Client<'_>) -> Result<Report> {
    let report = client.script("lua -v 2>&1 | cut -d' ' -f2").run()?;
    assert_eq!((report.open, report.close), (0, 0), "{report:#?}");
    assert_eq!(report.before, report.after);
    Ok(report)
}

#[test]
fn a_user_selects_among_what_policy_lets_him_have() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5");
    lab.select("ann", "lua53")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6");
    lab.select("ann", "none")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4");
    let by_door = "profile = \"none\"\n[host.\"lab-*\"]\nprofile = \"lua51\"\n[service.pamtester]\nprofile = \"lua53\"\n";
    lab.chamber.write(selection_of("ann"), by_door)?;
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6", "by this service");
    lab.chamber.write(selection_of("ann"), by_door.replace("pamtester", "sshd"))?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4", "by any other");
    let from = |host: &str| lua(lab.client("ann").with(|wish| wish.host = Some(host.to_owned())));
    assert_eq!([from("lab-7")?, from("home")?], ["5.1.5", "5.4.4"]);
    lab.select("bob", "lua53")?;
    assert_eq!(lua_of(&lab, "bob")?, "5.1.5", "bob has no say");
    lab.select("dora", "lua53")?;
    assert_eq!(lua_of(&lab, "dora")?, "5.4.4", "staff is exempt");
    assert_eq!(lua_of(&lab, "root")?, "5.4.4");
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}

#[test]
fn a_selection_that_is_refused_or_fails_says_so_in_one_line() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mark = lab.chamber.log_mark()?;
    lab.select("ann", "gtk2")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5", "policy's own");
    lab.select("ann", "gone")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4", "allowed, and not there");
    assert_eq!(
        lab.said(mark)?,
        [
            "warning: user ann, profile lua51: the selection `gtk2` is not allowed; see allow in session.toml",
            "err: no view: user ann, profile gone, configure: there is no profile `gone`"
        ]
    );
    Ok(())
}

#[test]
fn users_with_odd_entries_log_in() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let passwd = lab.chamber.read("/etc/passwd")?;
    let entries = "homeless:x:2000:2000::/no/such/home:/bin/sh\nnohome:x:2001:2001:::/bin/sh\n\
                   relative:x:2002:2002::Users/ann:/bin/sh\ntoor:x:0:0::/Users/root:/bin/sh\n";
    lab.chamber.write("/etc/passwd", passwd + entries)?;
    lab.select("ann", "lua53")?;
    let mark = lab.chamber.log_mark()?;
    for user in ["homeless", "nohome", "relative"] {
        assert_eq!(lua_of(&lab, user)?, "5.1.5", "{user}, whose group has no name");
    }
    assert_eq!(lua_of(&lab, "toor")?, "5.4.4", "uid 0 by any name");
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}

#[test]
fn r20_a_user_that_is_none_is_a_login_and_one_line() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let mark = lab.chamber.log_mark()?;
    for user in ["zoe", "z\no\u{1b}e", "\u{202e}ann", &"z".repeat(5000)] {
        assert_eq!(opened(lab.client(user))?.inside.view()?, [""; 0]);
    }
    let said = lab.said(mark)?;
    assert_eq!(
        said[..3],
        [
            "err: no view: there is no user zoe",
            "err: no view: there is no user z\\u{a}o\\u{1b}e",
            "err: no view: there is no user \\u{202e}ann"
        ]
    );
    assert!(said.len() == 4 && said[3].len() < 2100, "{said:#?}");
    Ok(())
}

#[test]
fn a_limit_on_the_size_of_files_costs_nobody_his_login() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let soft = lab.chamber.sh("ulimit -S -f 0; su - ann -c 'lua -v' 2>&1")?.success()?;
    assert!(soft.text().starts_with("Lua 5.1.5"), "{soft}");
    let mark = lab.chamber.log_mark()?;
    let hard = lab.chamber.sh("ulimit -f 0; su - ann -c 'lua -v' 2>&1")?.success()?;
    // Raising a hard limit takes CAP_SYS_RESOURCE, which root has not got everywhere: then there is no view.
    let log = lab.chamber.log_since(mark)?;
    let says_why = log.iter().any(|line| line.contains("the limit on the size of files is too low"));
    assert!(hard.text().starts_with(if says_why { "Lua 5.4.4" } else { "Lua 5.1.5" }), "{hard}\n{log:#?}");
    Ok(())
}
