//! What the module's line in a stack can say; docs/pam.md has the table.

use super::{lab, lua, lua_of, opened};
use anyhow::Result;
use gobo_tests::lab::view_of;
use gobo_tests::requires_gobo_root;

#[test]
fn words_that_mean_nothing_are_named_and_passed_over() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.open_line("pamtester", "required pam_gobo.so open colour profile=lua53 quiet")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6", "the profile of the line");
    assert_eq!(lab.said(mark)?, ["warning: the argument `colour` means nothing here"]);
    lab.profile("lua53", "colour = 1\n")?;
    assert_eq!(opened(lab.client("ann"))?.told, [""; 0], "quiet");
    Ok(())
}

#[test]
fn a_profile_of_the_line_is_everybodys_but_of_those_who_are_exempt() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.open_line("pamtester", "required pam_gobo.so open profile=lua53")?;
    let mark = lab.chamber.log_mark()?;
    lab.select("ann", "none")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6", "he is not asked");
    assert_eq!(lua_of(&lab, "carl")?, "5.3.6", "whom no rule names");
    assert_eq!([lua_of(&lab, "dora")?, lua_of(&lab, "root")?], ["5.4.4", "5.4.4"]);
    assert_eq!(lab.said(mark)?, [""; 0]);
    Ok(())
}

#[test]
fn another_folder_has_its_own_policy_profiles_and_switch() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.open_line("pamtester", "required pam_gobo.so open debug config=/etc/other")?;
    lab.chamber.write("/etc/other/session.toml", "[default]\nprofile = \"lua53\"\n")?;
    lab.chamber.write("/etc/other/profiles.d/lua53.toml", "programs = [\"Lua = 5.3.6\"]\n")?;
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6");
    lab.chamber.write("/etc/other/disabled", "")?;
    let mark = lab.chamber.log_mark()?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4");
    assert_eq!(lab.said(mark)?, ["debug: turned off by /etc/other/disabled"]);
    Ok(())
}

#[test]
fn a_service_that_leaves_makes_no_view_for_anybody() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.open_line("pamtester", "required pam_gobo.so open leave debug on-failure=deny")?;
    let mark = lab.chamber.log_mark()?;
    for user in ["ann", "bob", "dora", "root"] {
        let report = opened(lab.client(user))?;
        assert_eq!((report.stdout.as_str(), report.told.len()), ("5.4.4\n", 0), "{user}");
        assert_eq!(report.before.namespace, report.inside.namespace, "{user}: there is nothing to leave");
    }
    let said = lab.said(mark)?;
    assert_eq!(said[0], "debug: user ann: this service makes no view");
    lab.policy("[default\n")?;
    assert_eq!(opened(lab.client("ann"))?.open, 0, "it reads no policy, so that a wrong one denies nothing");
    Ok(())
}

#[test]
fn a_service_that_leaves_takes_everybody_out_of_the_view_that_he_comes_from() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let look = "lua -v 2>&1 | cut -d' ' -f2; cat /proc/self/mountinfo";
    lab.chamber.write("/run/look", look)?;
    let by_sudo = || -> Result<(String, Vec<String>)> {
        let output = lab.su("ann", "lua -v 2>&1 | cut -d' ' -f2; sudo -n -u bob sh /run/look")?.success()?;
        let text = output.text();
        let (own, rest) = text.split_once('\n').unwrap_or_default();
        assert_eq!(own, "5.1.5", "{output}");
        let (lua, table) = rest.split_once('\n').unwrap_or_default();
        Ok((lua.to_owned(), lab.view_in(table)?))
    };
    assert_eq!(by_sudo()?, ("5.1.5".to_owned(), view_of("lua51", &["bin"])), "bob's own");
    lab.open_line("sudo", "required pam_gobo.so open leave")?;
    assert_eq!(by_sudo()?, ("5.4.4".to_owned(), Vec::new()));
    let host = lua(lab.client("ann"))?;
    assert_eq!(host, "5.1.5", "other services make views");
    Ok(())
}
