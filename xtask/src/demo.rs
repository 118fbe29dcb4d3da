//! `cargo xtask demo`: users log in through real PAM and see their own versions of real programs.

use crate::{build_product_and_lab, packages, test};
use anyhow::{Result, bail};
use gobo_tests::chamber::{self, State};
use gobo_tests::lab::Lab;
use gobo_tests::root::{self, Options, Root, Variant};

/// Who gets what on the demo's lab machine.
const POLICY: &str = r#"[default]
allow = ["next-bash"]          # what users may select themselves

[[rule]]
group = ["cs101"]              # ann and bob
profile = "cs101"
allow = ["cs101", "next-bash"]
"#;

/// The demo's profiles.
const PROFILES: [(&str, &str); 2] = [
    (
        "cs101",
        "description = \"The course works with these\"\nprograms = [\"Python = 3.9.2\", \"Lua = 5.1.5\"]\n",
    ),
    ("next-bash", "description = \"Bash to come\"\nprograms = [\"Bash = 5.2.37\"]\n"),
];

/// What every scene asks real programs.
const VERSIONS: &str = "python3 -V; lua -v 2>&1 | cut -d' ' -f1,2; bash -c 'echo Bash $BASH_VERSION'";

/// Shows the product at work.
pub(crate) fn demo() -> Result<()> {
    let root = prepare(Variant::Small)?;
    let machine = chamber::machine_state()?;
    let lab = Lab::new(&root.path, POLICY, &PROFILES)?;
    lab.select("bob", "next-bash")?;
    let ssh = lab.chamber.start_sshd(&["ann", "bob", "carl"])?;
    // The first logins make what is kept in /run/gobo-session, which stays.
    for user in ["ann", "bob"] {
        lab.log_in_until_kept(user)?;
    }
    let before = lab.chamber.host_state()?;
    println!("A GoboLinux of real programs, with several versions of some:");
    show("root", "echo /Programs/{Python,Lua,Bash,Glibc}/[0-9]* | fmt -w 90", |script| {
        lab.chamber.sh(script)
    })?;
    println!("\nThe policy in /etc/gobo-session/session.toml, and a profile:");
    show("root", "cat /etc/gobo-session/session.toml /etc/gobo-session/profiles.d/cs101.toml", |script| {
        lab.chamber.sh(script)
    })?;
    println!("\nCarl is nobody's student. He sees the index as it is:");
    show("carl (su -)", VERSIONS, |script| lab.su("carl", script))?;
    println!("\nAnn is in the group cs101. She logs in by ssh and sees the course's versions:");
    show("ann (ssh)", VERSIONS, |script| ssh.command("ann", script).run())?;
    println!("\nThe same at every other door:");
    show("ann (su -)", VERSIONS, |script| lab.su("ann", script))?;
    println!("\nBob is in cs101 too, but has selected another profile that policy lets him have:");
    show("bob (ssh)", &format!("cat ~/.config/gobo-session/session.toml; {VERSIONS}"), |script| {
        ssh.command("bob", script).run()
    })?;
    both_at_once(&ssh)?;
    println!("\nA program that needs libraries which the index does not show fails in the default view ...");
    let program = "/Programs/Python/3.9.2/bin/python3.9 -c 'import ssl, ctypes; print(ssl.OPENSSL_VERSION)'";
    show("carl (su -)", &format!("{program} 2>&1 | tail -1"), |script| lab.su("carl", script))?;
    println!("... and works in a profile that has them:");
    show("ann (ssh)", program, |script| ssh.command("ann", script).run())?;
    println!("\nOne command gets another Python, without privilege; Carl's shell keeps its own:");
    let run = "gobo-session run --with 'Python = 3.9.2' python3 -V; python3 -V";
    show("carl (su -)", run, |script| lab.su("carl", script))?;
    println!("\nOr a 32-bit shell, beside 64-bit programs:");
    let run = "gobo-session run --arch i686 bash -c 'echo bash is for $MACHTYPE; python3 -V'";
    show("carl (su -)", run, |script| lab.su("carl", script))?;
    println!("\nWhy? Ann asks:");
    show("ann (ssh)", "gobo-session status; gobo-session plan --with 'Bash = 5.2.37'", |script| {
        ssh.command("ann", script).run()
    })?;
    println!("\nroot, also when Ann becomes root by sudo, sees the host:");
    show(
        "ann (ssh)",
        "sudo sh -c 'id -un; python3 -V; grep -c gobo-session: /proc/self/mountinfo'",
        |script| ssh.command("ann", script).run(),
    )?;
    // Sessions end a moment after their client does.
    let _ = lab.chamber.wait_for_state(&before, std::time::Duration::from_secs(5));
    let after = lab.chamber.host_state()?;
    report("the lab machine", &State::differences(&before, &after))?;
    drop(ssh);
    drop(lab);
    report("this machine", &State::differences(&machine, &chamber::machine_state()?))
}

/// Builds the product, and a root to show it in.
pub(crate) fn prepare(variant: Variant) -> Result<Root> {
    if !test::is_root() {
        bail!(
            "the demo makes mount namespaces and logs users in: run it as root (it changes nothing outside target/)"
        );
    }
    packages::for_building()?;
    packages::for_root()?;
    let root = root::build(&Options::new(variant))?;
    build_product_and_lab()?;
    Ok(root)
}

/// Two sessions of different views at the same time.
fn both_at_once(ssh: &chamber::Ssh) -> Result<()> {
    println!("\nBoth at once, each in a view of their own:");
    let script = "sleep 0.3; python3 -V; bash -c 'echo Bash $BASH_VERSION'";
    let ann = ssh.command("ann", script).spawn()?;
    let bob = ssh.command("bob", script).spawn()?;
    for (name, mut session) in [("ann", ann), ("bob", bob)] {
        session.wait(std::time::Duration::from_secs(20))?;
        let (output, _) = session.take_output();
        println!("  {name}: {}", String::from_utf8_lossy(&output).trim().replace('\n', ", "));
    }
    Ok(())
}

/// Runs a script as somebody, and shows both.
fn show(who: &str, script: &str, run: impl FnOnce(&str) -> Result<chamber::Output>) -> Result<()> {
    println!("  {who}$ {script}");
    let output = run(script)?;
    for line in output.text().lines().chain(output.errors().lines()) {
        println!("    {line}");
    }
    Ok(())
}

pub(crate) fn report(what: &str, differences: &[String]) -> Result<()> {
    if differences.is_empty() {
        println!("\nMounts, processes and files of {what}: the same as before.");
        return Ok(());
    }
    bail!("{what} is not as it was:\n{}", differences.join("\n"))
}
