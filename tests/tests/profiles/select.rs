//! `select` and `unselect`: what the next login has, and when they say no.

use super::{lab, lua_of, own_profile, refused, selection, told};
use anyhow::Result;
use gobo_tests::lab::selection_of;
use gobo_tests::requires_gobo_root;

#[test]
fn what_is_selected_the_next_login_has() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5");
    let said = told(&lab, "ann", &["select", "lua53"])?;
    assert_eq!(
        said,
        "the next login has profile lua53\nto have it now: exec gobo-session shell --profile lua53"
    );
    assert_eq!(lua_of(&lab, "ann")?, "5.3.6");
    told(&lab, "ann", &["select", "none"])?;
    assert_eq!(lua_of(&lab, "ann")?, "5.4.4");
    let said = told(&lab, "ann", &["unselect"])?;
    let after = "the next login has profile lua51 (the rule at /etc/gobo-session/session.toml:9)";
    assert_eq!(said, format!("`none` is no longer selected\n{after}"));
    assert_eq!((lua_of(&lab, "ann")?.as_str(), selection(&lab, "ann")?.as_deref()), ("5.1.5", Some("")));
    told(&lab, "ann", &["select", "none", "--service", "sshd"])?;
    told(&lab, "ann", &["select", "lua53", "--host", "lab-*"])?;
    let wanted = "[service.sshd]\nprofile = \"none\"\n\n[host.\"lab-*\"]\nprofile = \"lua53\"\n";
    assert_eq!(selection(&lab, "ann")?.as_deref(), Some(wanted));
    assert_eq!(lua_of(&lab, "ann")?, "5.1.5", "su is another service");
    let why = refused(&lab, "ann", &["unselect", "--service", "login"])?;
    assert!(why.contains("nothing is selected for logins by login"), "{why}");
    Ok(())
}

#[test]
fn r11_root_selects_as_the_user() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let why = refused(&lab, "root", &["select", "lua53"])?;
    assert!(why.contains("root never has a view at login; say for whom it is: --user USER"), "{why}");
    told(&lab, "root", &["select", "lua53", "--user", "ann"])?;
    let owner = lab.chamber.run(["stat", "-c", "%U %a", &selection_of("ann")])?.success()?.text();
    assert_eq!((owner.as_str(), lua_of(&lab, "ann")?.as_str()), ("ann 644", "5.3.6"));
    // A link that would lead root elsewhere leads the user nowhere.
    lab.chamber.write("/etc/of-root", "kept\n")?;
    lab.chamber.remove(selection_of("ann"))?;
    lab.chamber.link("/etc/of-root", selection_of("ann"))?;
    let why = refused(&lab, "root", &["select", "lua53", "--user", "ann"])?;
    assert!(why.contains("it is a link; put the file itself there"), "{why}");
    lab.chamber.remove("/Users/ann/.config")?;
    lab.chamber.mkdir("/Data/of-root")?;
    lab.chamber.link("/Data/of-root", "/Users/ann/.config")?;
    let why = refused(&lab, "root", &["select", "lua53", "--user", "ann"])?;
    assert!(why.contains("Permission denied"), "{why}");
    assert_eq!(lab.chamber.read("/etc/of-root")?, "kept\n");
    assert_eq!(lab.chamber.list("/Data/of-root")?, [""; 0]);
    Ok(())
}

#[test]
fn it_says_no_where_a_login_would_not_heed_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    own_profile(&lab, "broken", "programs = [\"Lua = 9\"]\n")?;
    let off = "logins take no profiles that users wrote (user-profiles = \"off\"); put this into your shell's start file: \
               exec gobo-session shell --profile mine";
    let none = "there is no profile `lua35` (did you mean `lua53`?)";
    let cases = [
        ("ann", "mine", off),
        ("ann", "lua35", none),
        (
            "ann",
            "wrong",
            "policy does not let ann select `wrong`; ann may select: lua51, lua53, old-libc, none",
        ),
        ("bob", "lua53", "policy gives `lua51` to every such login, whatever is selected (the rule at"),
        ("bob", "none", "policy gives `lua51` to every such login"),
        (
            "dora",
            "lua53",
            "dora has no view at login: policy exempts the user; to have it now: gobo-session shell --profile lua53",
        ),
        ("ann", "old-libc", "Glibc is installed as"),
    ];
    for (user, name, said) in cases {
        let why = refused(&lab, user, &["select", name])?;
        assert!(why.contains(said), "{user} {name}: {said:?} is not in {why}");
        assert_eq!(selection(&lab, user)?, None, "{user} {name}");
    }
    // With trust her own profile is one of them; one that cannot be resolved is not.
    lab.policy(&format!("user-profiles = \"trusted\"\n{}", super::POLICY))?;
    told(&lab, "ann", &["select", "mine"])?;
    assert!(lab.su("ann", "bash --version")?.success()?.text().contains("version 5.1.4"));
    let why = refused(&lab, "ann", &["select", "broken"])?;
    assert!(why.contains("nothing meets `Lua = 9`"), "{why}");
    Ok(())
}

#[test]
fn a_profile_in_which_the_shell_does_not_work_is_not_selected() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.profile("lua53", "programs = [\"Dud\"]\n")?;
    // A bash that starts, as far as that can be told on paper, and fails.
    lab.chamber.write("/Programs/Dud/1.0/bin/bash", "#!/bin/python3\nraise SystemExit('it is broken')\n")?;
    lab.chamber.set_mode("/Programs/Dud/1.0/bin/bash", 0o755)?;
    let why = refused(&lab, "ann", &["select", "lua53"])?;
    let said = "in the view of `lua53` the shell /bin/bash does not work: it is broken; \
                gobo-session plan --profile lua53 shows what is in it";
    assert!(why.contains(said), "{why}");
    assert_eq!(selection(&lab, "ann")?, None);
    Ok(())
}

#[test]
fn a_full_disk_loses_nothing() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let script = "mount -t tmpfs -o size=64k,mode=777 none /Users/ann/.config && \
                  mkdir -m 777 /Users/ann/.config/gobo-session && cd /Users/ann/.config/gobo-session && \
                  echo '# mine' > session.toml && chown ann session.toml && \
                  (cat /dev/zero > ../filler; true) 2>/dev/null && \
                  su ann -c 'gobo-session profile select lua53'; echo $?; ls -A; cat session.toml";
    let output = lab.chamber.command(["unshare", "--mount", "bash", "-c", script]).run()?;
    assert_eq!(output.text(), "1\nsession.toml\n# mine", "{output}");
    let said = "No space left on device (os error 28); nothing is changed; make room, and try again";
    assert!(output.errors().contains(said), "{output}");
    Ok(())
}
