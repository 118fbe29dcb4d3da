//! A tree that lies beside the system's own programs: what leads logins to it, with and without a view.

use anyhow::{Result, ensure};
use gobo_tests::chamber::Output;
use gobo_tests::debian::Debian;
use gobo_tests::requires_debian_root;
use std::path::Path;

const PROFILE: &str = "/etc/profile.d/gobo-session.sh";
const LOADER: &str = "/etc/ld.so.conf.d/zz-gobo-session.conf";

/// Asks each part of Hello which version it is.
const ASK: &str =
    "hello; greet; pkg-config --modversion hello; man hello | grep -o 'version.*'; echo $XDG_DATA_DIRS";

/// A Debian with the product, and a policy by which the visitor gets Hello 1.0.
fn debian(root: &Path) -> Result<Debian> {
    let debian = Debian::new(root)?;
    debian.install()?;
    debian.chamber.write("/etc/gobo-session/profiles.d/course.toml", "programs = [\"Hello = 1.0\"]\n")?;
    debian.chamber.write("/etc/gobo-session/session.toml", "[default]\nprofile = \"course\"\n")?;
    Ok(debian)
}

fn setup(debian: &Debian, words: &[&str]) -> Result<Output> {
    debian.chamber.run([&["gobo-session", "setup"], words].concat())
}

/// What a login prints.
fn login(debian: &Debian, user: &str, script: &str) -> Result<String> {
    Ok(debian.chamber.run(["su", "-", user, "-c", script])?.text())
}

/// The files that setup may change, and what the loader finds.
fn state(debian: &Debian) -> Result<String> {
    let script = "ls -l --time-style=+ /etc/profile.d /etc/ld.so.conf.d; ldconfig -p";
    Ok(debian.chamber.sh(script)?.success()?.text())
}

/// Turns the module on for every service.
fn turn_on(debian: &Debian) -> Result<()> {
    let words = ["pam-auth-update", "--enable", "gobo-session"];
    let command = debian.chamber.command(words).env("DEBIAN_FRONTEND", "noninteractive");
    command.run()?.success().map(drop)
}

#[test]
fn logins_are_led_to_it_and_in_a_view_to_its_versions() -> Result<()> {
    let debian = debian(&requires_debian_root!())?;
    let before = state(&debian)?;
    let told = setup(&debian, &["tree"])?.success()?;
    for line in [
        "tree: beside: /System/Index lies beside /usr, and these files lead to it",
        "/etc/profile.d/gobo-session.sh: is not there; it sets PATH, MANPATH,",
        "instead: views can lie over /usr itself",
        "`index = \"/usr\"`",
        "`dpkg --add-architecture i386 && apt-get update && apt-get install libc6:i386`",
    ] {
        ensure!(told.text().contains(line), "{line}: {told}");
    }
    ensure!(told.errors().contains("nothing was changed"), "{told}");
    ensure!(told.text().lines().chain(told.errors().lines()).all(|line| line.len() <= 110), "{told}");
    assert_eq!(state(&debian)?, before);
    let check = |debian: &Debian| anyhow::Ok(debian.chamber.run(["gobo-session", "check"])?.text());
    ensure!(check(&debian)?.contains("gobo-session setup --apply tree"));
    ensure!(login(&debian, "visitor", "hello 2>&1")?.contains("not found"));

    setup(&debian, &["--apply", "tree"])?.success()?;
    let data = "/System/Index/share:/usr/local/share:/usr/share";
    let of = |version| format!("Hello {version}\nlibrary {version}\n{version}\nversion {version}\n{data}");
    assert_eq!(login(&debian, "visitor", ASK)?, of("2.0"));
    ensure!(!check(&debian)?.contains("--apply tree"));
    // Root's commands stay the system's.
    ensure!(login(&debian, "root", "echo $PATH")?.ends_with(":/System/Index/bin"));
    turn_on(&debian)?;
    assert_eq!(login(&debian, "visitor", ASK)?, of("1.0"));
    assert_eq!(login(&debian, "root", ASK)?, of("2.0"));
    let applied = state(&debian)?;
    let again = setup(&debian, &["--apply", "tree"])?.success()?;
    ensure!(again.text().contains("is as it should be") && !again.text().contains("written"), "{again}");
    assert_eq!(state(&debian)?, applied);

    setup(&debian, &["--remove", "tree"])?.success()?;
    assert_eq!(state(&debian)?, before);
    Ok(())
}

#[test]
fn a_library_that_the_system_has_too_stays_the_systems() -> Result<()> {
    let debian = debian(&requires_debian_root!())?;
    debian.chamber.sh("cp /usr/lib/x86_64-linux-gnu/libcrypt.so.1 /System/Index/lib/")?.success()?;
    let found = "ldconfig -p | grep libcrypt.so.1 | head -1; ldd /bin/su | grep -o 'libpam.so.0 => [^ ]*'";
    let before = debian.chamber.sh(found)?.text();
    setup(&debian, &["--apply", "tree"])?.success()?;
    assert_eq!(debian.chamber.sh(found)?.text(), before);
    Ok(())
}

#[test]
fn a_file_that_was_changed_stays_and_the_new_one_lies_beside_it() -> Result<()> {
    let debian = debian(&requires_debian_root!())?;
    setup(&debian, &["--apply", "tree"])?.success()?;
    let shipped = debian.chamber.read(PROFILE)?;
    let changed = format!("{shipped}alias ll='ls -l'\n");
    debian.chamber.write(PROFILE, &changed)?;
    let told = setup(&debian, &["--apply", "tree"])?.success()?;
    ensure!(told.text().contains("was changed and stays; what is new is"), "{told}");
    assert_eq!(debian.chamber.read(PROFILE)?, changed);
    assert_eq!(debian.chamber.read(format!("{PROFILE}.new"))?, shipped);
    let told = setup(&debian, &["--remove", "tree"])?.success()?;
    ensure!(told.text().contains("/etc/profile.d/gobo-session.sh: was changed and stays"), "{told}");
    assert_eq!(debian.chamber.read(PROFILE)?, changed);
    ensure!(!debian.chamber.exists(format!("{PROFILE}.new")) && !debian.chamber.exists(LOADER));
    Ok(())
}

#[test]
fn a_file_for_another_index_is_replaced_where_nobody_has_changed_it() -> Result<()> {
    let debian = debian(&requires_debian_root!())?;
    let other = "[tree]\nindex = \"/opt/Index\"\n";
    debian.chamber.run(["cp", "-a", "/System/Index", "/opt/Index"])?.success()?;
    debian.chamber.write("/etc/gobo-session/session.toml", other)?;
    setup(&debian, &["--apply", "tree"])?.success()?;
    ensure!(debian.chamber.read(LOADER)?.ends_with("\n/opt/Index/lib\n"));
    debian.chamber.write("/etc/gobo-session/session.toml", "")?;
    let told = setup(&debian, &["tree"])?.success()?;
    ensure!(told.text().contains("is of another version, and can be replaced"), "{told}");
    setup(&debian, &["--apply", "tree"])?.success()?;
    ensure!(debian.chamber.read(LOADER)?.ends_with("\n/System/Index/lib\n"));
    ensure!(!debian.chamber.exists(format!("{LOADER}.new")));
    Ok(())
}

#[test]
fn views_can_lie_over_usr_itself() -> Result<()> {
    let debian = debian(&requires_debian_root!())?;
    let policy = "[default]\nprofile = \"course\"\n[tree]\nindex = \"/usr\"\nreal-files = \"replace\"\n";
    debian.chamber.write("/etc/gobo-session/session.toml", policy)?;
    turn_on(&debian)?;
    let told = setup(&debian, &["tree"])?.success()?;
    ensure!(told.text().starts_with("tree: the index is /usr itself"), "{told}");
    debian.chamber.write("/Programs/Hello/1.0/bin/pkg-config", "#!/bin/sh\necho of the view\n")?;
    debian.chamber.set_mode("/Programs/Hello/1.0/bin/pkg-config", 0o755)?;
    assert_eq!(login(&debian, "visitor", "hello; /usr/bin/pkg-config")?, "Hello 1.0\nof the view");
    ensure!(login(&debian, "root", "hello 2>&1")?.contains("not found"));
    Ok(())
}

#[test]
fn a_package_that_goes_takes_what_was_set_up_with_it() -> Result<()> {
    let debian = Debian::new(&requires_debian_root!())?;
    let stacks = "cat /etc/pam.d/*";
    let before = (state(&debian)?, debian.chamber.sh(stacks)?.text());
    debian.install()?;
    setup(&debian, &["--apply"])?.success()?;
    ensure!(debian.chamber.sh(stacks)?.text().contains("pam_gobo.so"));
    debian.chamber.run(["dpkg", "--purge", "gobo-session"])?.success()?;
    assert_eq!((state(&debian)?, debian.chamber.sh(stacks)?.text()), before);
    Ok(())
}
