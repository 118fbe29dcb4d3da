//! What the command sees: its environment, and everything that it gets from its caller.

use super::{Machine, PATIENCE};
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn the_mark_is_there_and_the_index_comes_first() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = "echo $GOBOLINUX_RUNNER; echo $PATH; echo $LD_LIBRARY_PATH";
    let shown = |path: &str, libraries: Option<&str>| -> Result<String> {
        let mut command = machine.command(["/System/Index/bin/Runner", "sh", "-c", script]).env("PATH", path);
        if let Some(libraries) = libraries {
            command = command.env("LD_LIBRARY_PATH", libraries);
        }
        Ok(command.run()?.success()?.text())
    };
    let libraries = "/System/Index/lib64:/System/Index/lib";
    assert_eq!(
        shown("/Users/ann/bin:/bin", Some("/Users/ann/lib"))?,
        format!("1\n/System/Index/bin:/Users/ann/bin:/bin\n{libraries}:/Users/ann/lib")
    );
    assert_eq!(shown("/System/Index/bin", None)?, format!("1\n/System/Index/bin\n{libraries}"));
    Ok(())
}

#[test]
fn environment_files_are_applied_in_the_order_of_precedence() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for name in ["Foo", "Bar"] {
        machine.install(&format!("{name}/1.0"), "")?;
        let text =
            format!("export FIRST={name}\nexport LIST=\"{name}:$LIST\"\nexport {name}=\"it's $HOME\"\n");
        machine.chamber().write(format!("/Programs/{name}/1.0/Resources/Environment"), text)?;
    }
    let file = machine.file("Dependencies", "Foo\nBar\n")?;
    let shown = machine.shows(&["-d", &file], "echo \"$FIRST $LIST $Foo $Bar\"")?;
    assert_eq!(shown, "Foo Foo:Bar: it's /Users/ann it's /Users/ann");
    Ok(())
}

#[test]
fn exported_variables_pass_through() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let words = ["Runner", "sh", "-c", "printf '%s|' \"$EMPTY\" \"$ODD\" \"$CFLAGS\" \"$IFS\""];
    let command =
        machine.command(words).env("EMPTY", "").env("ODD", "a 'b' \"c\" $d\n\\e").env("CFLAGS", "-O2 -g");
    assert_eq!(command.run()?.success()?.text(), "|a 'b' \"c\" $d\n\\e|-O2 -g| \t\n|");
    Ok(())
}

#[test]
fn input_folder_mask_nice_value_and_descriptors_are_the_callers() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let inner = "cat; pwd; umask; nice; cat <&7";
    let script = format!("cd /Data; umask 027; exec 7</etc/hostname; exec nice -n 7 Runner sh -c '{inner}'");
    let output = machine.command(["sh", "-c", &script]).input("of the caller\n").run()?.success()?;
    let name = machine.chamber().read("/etc/hostname")?;
    assert_eq!(output.text(), format!("of the caller\n/Data\n0027\n7\n{}", name.trim_end()));
    Ok(())
}

#[test]
fn the_terminal_is_the_callers() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = "tty; test -t 0 -a -t 1 -a -t 2 && echo all; stty size; exit 3";
    let mut process = machine.command(["Runner", "sh", "-c", script]).pty()?;
    assert_eq!(process.wait(PATIENCE)?.code(), Some(3));
    let shown = String::from_utf8(process.take_output().0)?;
    assert!(shown.contains("/pts/") && shown.contains("all\r\n24 80"), "{shown}");
    Ok(())
}

#[test]
fn the_index_can_be_written_to_and_forgets_it() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let script = "cd /System/Index && ln -s /bin/sh bin/new && mkdir share/folder && echo x > share/folder/file \
                  && rm bin/lua && ln -s /Programs/Lua/5.3.6/bin/lua bin/lua && lua -v 2>&1; new -c 'echo new'";
    let index =
        || Ok::<_, anyhow::Error>(machine.chamber().sh("cd /System/Index && find . | sort | cksum")?.text());
    let before = index()?;
    for output in [
        machine.runner(["-d", &file, "sh", "-c", script])?,
        machine.as_root(["-d", &file, "sh", "-c", script])?,
    ] {
        let text = output.success()?.text();
        assert!(text.starts_with("Lua 5.3.6") && text.ends_with("\nnew"), "{text}");
    }
    assert_eq!(index()?, before);
    Ok(())
}

#[test]
fn programs_and_home_are_as_writable_as_they_were() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.shows(&[], "echo mine > ~/written && mkdir ~/folder")?;
    assert_eq!(machine.chamber().read("/Users/ann/written")?, "mine\n");
    let owner = machine.chamber().run(["stat", "-c", "%U", "/Users/ann/written", "/Users/ann/folder"])?;
    assert_eq!(owner.text(), "ann\nann");
    machine
        .as_root(["sh", "-c", "mkdir -p /Programs/New/1.0/bin && echo x > /Programs/New/1.0/bin/new"])?
        .success()?;
    assert!(machine.chamber().exists("/Programs/New/1.0/bin/new"));
    assert!(!machine.runner(["sh", "-c", "echo x > /Programs/New/1.0/bin/new"])?.status.success());
    Ok(())
}
