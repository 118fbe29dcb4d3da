//! Faults of the original that came of its set-user-ID bit, and of trust in what it read.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn it_has_no_privilege_and_refuses_to_be_given_any() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let mode = machine.chamber().run(["stat", "-Lc", "%a %U", "/System/Index/bin/Runner"])?.success()?;
    assert_eq!(mode.text(), "755 root");
    let bytes = machine.chamber().read_bytes("/System/Index/bin/gobo-session")?;
    machine.chamber().write("/Data/Runner", bytes)?;
    machine.chamber().chown("/Data/Runner", 0, 0)?;
    machine.chamber().set_mode("/Data/Runner", 0o4755)?;
    for words in [&["/Data/Runner", "id", "-u"][..], &["/Data/Runner", "-c"], &["/Data/Runner", "-f", "true"]]
    {
        let output = machine.command(words).run()?;
        assert_eq!((output.status.code(), output.text()), (Some(3), String::new()), "{output}");
        assert!(output.errors().contains("refuses to run with more privilege"), "{output}");
    }
    Ok(())
}

#[test]
fn nothing_is_written_or_owned_anew_in_the_callers_home() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let home =
        || Ok::<_, anyhow::Error>(machine.chamber().sh("ls -lan --full-time /Users/ann /Users/root")?.text());
    let before = home()?;
    machine.runner(["-d", &file, "lua", "-v"])?.success()?;
    // As `sudo -E` has it: root with the home of somebody else.
    machine
        .chamber()
        .command(["Runner", "-d", &file, "lua", "-v"])
        .env("HOME", "/Users/ann")
        .run()?
        .success()?;
    assert_eq!(home()?, before);
    Ok(())
}

#[test]
fn set_user_id_programs_gain_nothing_from_what_the_caller_writes_into_the_view() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let id = machine.chamber().read_bytes("/System/Index/bin/id")?;
    machine.chamber().write("/Data/id", id)?;
    machine.chamber().set_mode("/Data/id", 0o4755)?;
    assert_eq!(machine.command(["/Data/id", "-u"]).run()?.text(), "0");
    let script = "rm -f /System/Index/lib/libc.so.6.x; echo evil > /System/Index/lib/libevil.so; /Data/id -u";
    assert_eq!(machine.shows(&[], script)?, "1000");
    let refused = machine.runner(["/Data/id", "-u"])?;
    assert_eq!(refused.status.code(), Some(255), "{refused}");
    // Without a view there is nothing that it could load.
    assert_eq!(machine.command(["/Data/id", "-u"]).run()?.text(), "0");
    assert!(!machine.chamber().exists("/System/Index/lib/libevil.so"));
    Ok(())
}

#[test]
fn names_are_never_paths() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.tool("Evil/1.0", "evil", "echo evil")?;
    machine.chamber().run(["mv", "/Programs/Evil", "/Data/Evil"])?.success()?;
    for name in ["../Data/Evil", "/Data/Evil", "Lua/../../Data/Evil", "..", ".", "Evil/1.0", "-Evil"] {
        let file = machine.file("Dependencies", &format!("{name}\nLua = 5.1.5\n"))?;
        let output = machine.runner(["-d", &file, "sh", "-c", "lua -v 2>&1; command -v evil"])?;
        assert!(output.text().starts_with("Lua 5.1.5") && !output.text().contains("evil"), "{output}");
        assert!(output.errors().contains("Dependencies:1:"), "{name}: {output}");
    }
    // A version's folder that is a link leads nowhere either.
    machine.chamber().link("/Data/Evil/1.0", "/Programs/Fair/1.0")?;
    let file = machine.file("Dependencies", "Fair\n")?;
    let output = machine.runner(["-d", &file, "sh", "-c", "command -v evil"])?;
    assert!(!output.status.success() && output.text().is_empty(), "{output}");
    Ok(())
}

#[test]
fn no_name_is_given_to_a_shell() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let odd = "$(touch /Data/x)`touch /Data/x`; touch x";
    machine.tool("Foo/1; touch x", "foo", "echo foo")?;
    machine.chamber().write("/Programs/Foo/1; touch x/Resources/Environment", "export A=`touch /tmp/x`\n")?;
    let file = machine.file(odd, &format!("Foo\n{odd}\n"))?;
    let output = machine.command(["Runner", "-d", &file, "foo"]).env("LC_ALL", odd).run()?.success()?;
    assert_eq!(output.text(), "foo");
    assert_eq!(machine.runner(["-q", odd])?.status.code(), Some(255));
    for trace in ["/Data/x", "/Users/ann/x", "/tmp/x", "/x"] {
        assert!(!machine.chamber().exists(trace), "{trace}");
    }
    Ok(())
}

#[test]
fn whatever_a_file_holds_it_is_read_within_bounds() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let long = "x".repeat(60_000);
    let texts: [Vec<u8>; 8] = [
        b"\n".to_vec(),
        vec![0; 4096],
        b"\xff\xfe\x00 >= \x80\n\xe4".to_vec(),
        format!("{long} >= {long}, < {long}\n").into_bytes(),
        format!("Lua {}\n", ">= 1.2.3.4.5.6.7.8.9, ".repeat(2000)).into_bytes(),
        "Lua >= 1.2.3\n".repeat(5000).into_bytes(),
        b">= 1\n".to_vec(),
        b"< <= >= > = !=\n".to_vec(),
    ];
    for (number, text) in texts.iter().enumerate() {
        machine.chamber().write("/Users/ann/Dependencies", text)?;
        let output = machine.runner(["-d", "Dependencies", "echo", "done"])?.success()?;
        assert_eq!(output.text(), "done", "{number}");
        assert!(!output.errors().contains("panicked"), "{number}");
    }
    Ok(())
}
