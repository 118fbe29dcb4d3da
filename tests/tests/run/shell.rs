//! `gobo-session shell`, and what a prompt can show.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;

#[test]
fn it_is_the_users_own_shell_in_the_view_and_says_which_that_is() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let script = "echo $0 $SHELL; echo \"$GOBO_SESSION_VIEW\"; lua -v 2>&1; exit 7\n";
    let words = ["gobo-session", "shell", "--profile", "lua51", "--with", "Bash = 5.1.4", "--writable"];
    let output = machine.command(words).env("SHELL", "/bin/dash").input(script).run()?;
    assert_eq!(output.status.code(), Some(7), "{output}");
    let text = output.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["/bin/bash /bin/bash", "lua51,Bash=5.1.4,writable"], "{output}");
    assert!(lines[2].starts_with("Lua 5.1.5"), "{output}");
    Ok(())
}

#[test]
fn a_user_without_a_shell_has_sh() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let passwd = machine.chamber().read("/etc/passwd")?;
    machine.chamber().write("/etc/passwd", passwd.replace("Ann:/Users/ann:/bin/bash", "Ann:/Users/ann:"))?;
    let output = machine.command(["gobo-session", "shell"]).input("echo $0\n").run()?.success()?;
    assert_eq!(output.text(), "/bin/sh");
    Ok(())
}

#[test]
fn a_shell_that_is_not_there_is_told() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let passwd = machine.chamber().read("/etc/passwd")?;
    machine.chamber().write("/etc/passwd", passwd.replace("ann:/bin/bash", "ann:/bin/no-shell"))?;
    let output = machine.command(["gobo-session", "shell"]).input("").run()?;
    assert_eq!(output.status.code(), Some(127), "{output}");
    assert!(output.errors().contains("/bin/no-shell: No such file or directory"), "{output}");
    let output = machine.command(["gobo-session", "shell", "--colour"]).input("").run()?;
    assert_eq!(output.status.code(), Some(125), "its own mistakes are not the shell's: {output}");
    Ok(())
}
