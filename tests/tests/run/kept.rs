//! What is kept of a command's view: it is had at once, it is the same, and whatever it was made from is looked at.

use super::{PATIENCE, POLICY, PROFILES};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::chamber::{Chamber, Command, Output, User};
use gobo_tests::lab::{Lab, changes};
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::time::{Duration, Instant};

/// Shows everything of a view that a command can see, and its variables; what differs from process to process is left out.
const SHOW: &str = r#"find /System/Index /System/Index/* -printf '%p %y %l\n' 2>&1 | sort -u
env | grep -v -E '^(XDG_RUNTIME_DIR|_)=' | sort
uname -m; pwd; grep -E 'NoNewPrivs|CapEff' /proc/self/status
gobo-session status --json | sed -E 's/"since":[0-9]+//'
echo x 2>&1 > /System/Index/bin/new; gobo-session list | grep -c -- -; lua -v 2>&1"#;

/// What a command's view came from.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It was kept, and found.
    Found,
    /// It was made.
    Whole,
}

/// A machine on which ann has a folder of her own, as a login manager gives it to her.
struct Machine {
    lab: Lab,
    ann: User,
    own: String,
}

impl Machine {
    fn new(root: &Path) -> Result<Self> {
        let lab = Lab::with(root, POLICY, &PROFILES, |builder| builder.writable_programs())?;
        let ann = lab.chamber.user("ann")?;
        let own = format!("/run/user/{}", ann.uid);
        let machine = Self { lab, ann, own };
        machine.chamber().mkdir(&machine.own)?;
        machine.chamber().chown(&machine.own, machine.ann.uid, machine.ann.gid)?;
        machine.chamber().set_mode(&machine.own, 0o700)?;
        Ok(machine)
    }

    fn chamber(&self) -> &Chamber {
        &self.lab.chamber
    }

    /// A command of ann's, with her folder.
    fn command(&self, words: &[&str]) -> Command<'_> {
        self.chamber().command(words).user(&self.ann).env("XDG_RUNTIME_DIR", &self.own)
    }

    /// What is kept: each file with its identity and when it changed.
    fn kept(&self) -> Result<String> {
        let folder = format!("{}/gobo-session/commands", self.own);
        let script = format!("cd {folder} 2>&- && stat -c '%n %i %z' [0-9a-f]*");
        Ok(self.chamber().sh(&script)?.text())
    }

    /// Runs a command that keeps one view, and tells where that came from.
    fn way(&self, words: &[&str]) -> Result<(Way, Output)> {
        let before = self.kept()?;
        let output = self.command(words).run()?;
        let is_found = !before.is_empty() && self.kept()? == before;
        Ok((if is_found { Way::Found } else { Way::Whole }, output))
    }

    /// Runs it until its view is kept: what was changed just now may be changed once more, and nothing is kept of it.
    fn until_found(&self, words: &[&str]) -> Result<Output> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (way, output) = self.way(words)?;
            if way == Way::Found {
                return Ok(output);
            }
            ensure!(Instant::now() < until, "it is never kept: {output}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// As root, a script in the folder in which ann's are kept.
    fn in_folder(&self, script: &str) -> Result<()> {
        let script = format!("set -e; cd {}/gobo-session/commands; f=$(ls); {script}", self.own);
        self.chamber().sh(&script)?.success().map(drop)
    }

    fn forget(&self) -> Result<()> {
        self.chamber().sh(&format!("rm -rf {}/gobo-session", self.own))?.success().map(drop)
    }
}

/// `gobo-session run --with 'Lua = 5.1.5' lua -v`.
const LUA: [&str; 6] = ["gobo-session", "run", "--with", "Lua = 5.1.5", "lua", "-v"];

/// The version that an old Lua tells, wherever it writes it.
fn version(output: &Output) -> String {
    format!("{}{}", output.text(), output.errors()).lines().last().unwrap_or_default()[..9].to_owned()
}

#[test]
fn a_view_that_is_kept_is_the_one_that_would_be_made() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.chamber().write("/Users/ann/needs", "Lua = 5.3.6\nNo-Such-Program >= 2\nBash >= = 2\n")?;
    let environment = "/Programs/Lua/5.1.5/Resources/Environment";
    machine.chamber().sh(&format!("echo 'export LUA_HOME=\"$HOME/$MORE\"' >> {environment}"))?.success()?;
    let wishes: [&[&str]; 11] = [
        &[],
        &["--with", "Lua = 5.1.5"],
        &["--with", "Python = 3.9.2", "--with", "Lua = 5.1.5"],
        &["--with", "Lua = 5.1.5", "--no-env"],
        &["--with", "Lua = 5.1.5", "--writable"],
        &["--arch", "i686"],
        &["--profile", "lua51"],
        &["--dependencies", "needs"],
        &["--with", "Lua = 5.3.6", "--with", "Lua = 5.1.5"],
        &["--with", "Bash = 5.2.37", "--writable"],
        &["--with", "Glibc = 2.41", "--profile", "lua51"],
    ];
    for wish in wishes {
        machine.forget()?;
        let words = [&["gobo-session", "run"], wish, &["sh", "-c", SHOW]].concat();
        let same = |a: &Output, b: &Output| {
            assert_eq!((a.text(), a.errors(), a.status), (b.text(), b.errors(), b.status), "{wish:?}");
        };
        let made = machine.command(&words).env("XDG_RUNTIME_DIR", "").run()?;
        assert!(made.text().lines().count() > 300, "{made}");
        let found = machine.until_found(&words).with_context(|| format!("{wish:?}"))?;
        same(&found, &made);
        // Variables of the caller that the view's depend on are those of now.
        let more = |command: Command<'_>| command.env("MORE", "more").env("HOME", "/Users/bob").run();
        same(&more(machine.command(&words))?, &more(machine.command(&words).env("XDG_RUNTIME_DIR", ""))?);
        // In a session, and in a view of her own.
        for around in ["su ann -c", "gobo-session run --fresh --with 'Bash = 5.1.4' sh -c"] {
            let quoted: Vec<String> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
            let inner = quoted.join(" ").replace('\'', r"'\''");
            let script = |own: &str| format!("{around} 'XDG_RUNTIME_DIR={own} {inner}'");
            let run = |own: &str| match around.starts_with("su ") {
                true => machine.chamber().sh(&script(own)),
                false => machine.command(&["sh", "-c", &script(own)]).run(),
            };
            let made = run("")?;
            run(&machine.own)?;
            same(&run(&machine.own)?, &made);
        }
    }
    Ok(())
}

#[test]
fn a_pure_view_that_is_kept_is_the_one_that_would_be_made() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let words = [
        "gobo-session",
        "run",
        "--pure",
        "--with",
        "Lua = 5.1.5",
        "sh",
        "-c",
        "echo /System/Index/*/*; lua -v 2>&1",
    ];
    let made = machine.command(&words).env("XDG_RUNTIME_DIR", "").run()?.success()?;
    let found = machine.until_found(&words)?.success()?;
    assert_eq!((found.text(), found.errors()), (made.text(), made.errors()));
    Ok(())
}

#[test]
fn whatever_a_view_was_made_from_the_next_command_sees_that_it_changed() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let needs = "/Users/ann/needs";
    machine.chamber().write(needs, "Lua = 5.1.5\n")?;
    machine.chamber().mkdir("/Users/ann/.config/gobo-session/profiles.d")?;
    let words = ["gobo-session", "run", "-p", "lua51", "-d", needs, "lua", "-v"];
    let version = "/Programs/Lua/5.1.5";
    let own = [
        "echo '# a word' >> /Users/ann/needs",
        &format!("chmod 777 {version} && chmod 755 {version}"),
        &format!("touch {version}/bin/more"),
        &format!("chmod 700 {version}/bin/lua && chmod 755 {version}/bin/lua"),
        // What is deeper in a version is looked at too, where a folder of the index has names of several programs.
        &format!("mkdir -p {version}/share/shared /System/Index/share/shared"),
        &format!("touch {version}/share/shared/more"),
        "touch /System/Index/share/shared/else",
        // Another profile of that name would be found, or include this one.
        "touch /Users/ann/.config/gobo-session/profiles.d/lua51.toml",
        "touch /etc/gobo-session/profiles.d/other.toml",
        "gobo-session refresh",
    ];
    let all = [changes::of_what_lua51_is_made_from(), changes::within_lua51()].concat();
    for change in all.iter().map(String::as_str).chain(own) {
        machine.until_found(&words)?;
        machine.chamber().sh(change)?.success()?;
        let (way, output) = machine.way(&words).context(change.to_owned())?;
        assert_eq!(way, Way::Whole, "{change}");
        assert!(self::version(&output) == "Lua 5.1.5", "{change}: {output}");
    }
    machine.until_found(&words)?;
    machine.chamber().write(needs, "Bash\n")?;
    machine.lab.profile("lua51", "programs = [\"Lua = 5.3.6\"]\n")?;
    assert_eq!(self::version(&machine.way(&words)?.1), "Lua 5.3.6");
    machine.until_found(&words)?;
    machine.chamber().sh("mv /Programs/Lua/5.3.6 /Programs/Lua/.5.3.6")?.success()?;
    let output = machine.way(&words)?.1;
    assert!(output.errors().contains("nothing meets `Lua = 5.3.6`"), "{output}");
    Ok(())
}

#[test]
fn what_is_asked_for_otherwise_is_kept_by_itself() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine
        .chamber()
        .sh("cd /Users/ann; mkdir a b; echo 'Lua = 5.1.5' > a/needs; echo 'Lua = 5.3.6' > b/needs")?;
    let script = machine.ann.home.clone() + "/lua";
    machine.chamber().write(&script, "#!/Programs/Lua/5.3.6/bin/lua\nprint(_VERSION .. '.own')\n")?;
    machine.chamber().set_mode(&script, 0o755)?;
    let cases: [(&str, &[&str], &str); 8] = [
        ("", &["lua", "-v"], "Lua 5.4.4"),
        ("", &["--with", "Lua = 5.1.5", "lua", "-v"], "Lua 5.1.5"),
        ("", &["--with", "Lua = 5.3.6", "lua", "-v"], "Lua 5.3.6"),
        ("/a", &["-d", "needs", "lua", "-v"], "Lua 5.1.5"),
        ("/b", &["-d", "needs", "lua", "-v"], "Lua 5.3.6"),
        ("", &["-p", "lua51", "lua", "-v"], "Lua 5.1.5"),
        ("", &["/Programs/Lua/5.3.6/bin/lua", "-v"], "Lua 5.3.6"),
        ("", &["--with", "Lua = 5.1.5", "./lua"], "Lua 5.3.o"),
    ];
    for _ in 0..3 {
        for (folder, wish, said) in cases {
            let words = [&["gobo-session", "run"], wish].concat();
            let output = machine.command(&words).cwd(format!("/Users/ann{folder}")).run()?.success()?;
            assert_eq!(version(&output), said, "{folder} {wish:?}");
        }
        // Another file is the command's where the PATH leads elsewhere first.
        let own = machine.command(&LUA[..5]).env("PATH", "/Users/ann:/bin").run()?.success()?;
        assert_eq!(own.text(), "Lua 5.3.own");
        std::thread::sleep(Duration::from_millis(100));
    }
    // What comes from standard input, and what forgets the session around, is nowhere kept.
    machine.forget()?;
    for wish in [&["-d", "-"][..], &["--fresh"], &["--root", "/"]] {
        let words = [&["gobo-session", "run", "--with", "Lua = 5.1.5"], wish, &["lua", "-v"]].concat();
        for _ in 0..2 {
            assert_eq!(version(&machine.command(&words).input("Bash\n").run()?.success()?), "Lua 5.1.5");
        }
        assert_eq!(machine.kept()?.is_empty(), wish != ["--root", "/"], "{wish:?}");
    }
    Ok(())
}

#[test]
fn a_command_that_gets_more_rights_is_refused_though_its_view_is_kept() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.until_found(&LUA)?.success()?;
    machine.chamber().sh("chmod u+s /Programs/Lua/5.1.5/bin/lua")?.success()?;
    let output = machine.command(&LUA).run()?;
    assert_eq!(output.status.code(), Some(126), "{output}");
    assert!(output.errors().contains("works with the rights of root (set-user-ID)"), "{output}");
    Ok(())
}

#[test]
fn what_is_damaged_is_made_anew() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for damage in [
        "rm $f",
        "truncate -s 100 $f",
        "truncate -s -1 $f",
        "truncate -s 0 $f",
        "echo nonsense > $f",
        "echo '{}' > $f",
        "echo more >> $f",
        "sed -i 's/, format /, form /' $f",
        "sed -i 's/\"lengths\":\\[[0-9]*/\"lengths\":[99999999/' $f",
        "sed -i 's/\"lengths\":\\[[0-9]*/\"lengths\":[7/' $f",
        "rm $f; mkdir $f",
        "rm $f; mkfifo $f; chown ann $f",
        "mv $f ../x; ln -s ../x $f; chown -h ann $f",
        "chown bob $f",
        "chmod g+w $f",
        "chmod 0 $f",
    ] {
        machine.forget()?;
        machine.until_found(&LUA)?;
        machine.in_folder(damage)?;
        let (_, output) = machine.way(&LUA).context(damage)?;
        assert_eq!((version(&output.success()?).as_str(), damage), ("Lua 5.1.5", damage));
    }
    Ok(())
}

#[test]
fn r15_where_nothing_of_ones_own_can_be_kept_it_works_without() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let own = &machine.own;
    machine.until_found(&LUA)?;
    for (tamper, cure) in [
        ("chown bob .", "chown ann ."),
        ("chmod 777 .", "chmod 700 ."),
        ("chown bob gobo-session", "chown ann gobo-session"),
        ("chmod g+w gobo-session", "chmod g-w gobo-session"),
        ("chown bob gobo-session/commands", "chown ann gobo-session/commands"),
        ("mv gobo-session real; ln -s real gobo-session", "rm gobo-session; mv real gobo-session"),
        ("mv gobo-session real; touch gobo-session", "rm gobo-session; mv real gobo-session"),
        ("chmod 500 gobo-session/commands", "chmod 700 gobo-session/commands"),
        (
            "mount -t tmpfs -o size=4k,uid=$(id -u ann),mode=700 none .; dd if=/dev/zero of=fill bs=4k count=1",
            "umount -l .",
        ),
        ("mount -t tmpfs -o ro none .", "umount -l ."),
    ] {
        machine.chamber().sh(&format!("set -e; cd {own}; {tamper}"))?.success().context(tamper)?;
        for _ in 0..2 {
            let output = machine.command(&LUA).run()?.success().context(tamper)?;
            assert_eq!(
                (version(&output).as_str(), output.errors().lines().count()),
                ("Lua 5.1.5", 1),
                "{tamper}"
            );
        }
        machine.chamber().sh(&format!("set -e; cd {own}; {cure}"))?.success().context(cure)?;
        machine.until_found(&LUA).context(cure)?;
    }
    for folder in ["", ".", "relative", "/no/such/folder", "/tmp", "/dev/null"] {
        let output = machine.command(&LUA).env("XDG_RUNTIME_DIR", folder).run()?.success()?;
        assert_eq!(version(&output), "Lua 5.1.5", "{folder}");
    }
    assert!(!machine.chamber().exists("/tmp/gobo-session"));
    Ok(())
}

#[test]
fn users_have_each_their_own_and_root_has_his_elsewhere() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.until_found(&LUA)?;
    let before = machine.kept()?;
    let bob = machine.chamber().user("bob")?;
    // With a view that says something else, which would be seen.
    machine.in_folder("sed -i 's/Lua.5[.]1[.]5/Lua\\/5.3.6/g' $f; chown ann $f")?;
    let before = (before.lines().count(), machine.kept()?);
    for user in [Some(&bob), None] {
        let command = || {
            let command = machine.chamber().command(LUA);
            let command = user.map_or(command.clone(), |user| command.user(user));
            command.env("XDG_RUNTIME_DIR", &machine.own)
        };
        for _ in 0..3 {
            assert_eq!(version(&command().run()?.success()?), "Lua 5.1.5", "{user:?}");
            std::thread::sleep(Duration::from_millis(60));
        }
    }
    assert_eq!((before.0, machine.kept()?), (1, before.1));
    let root = "stat -c '%U %a %F' /run/gobo-session/commands /run/gobo-session/commands/*";
    assert_eq!(machine.chamber().sh(root)?.text(), "root 700 directory\nroot 600 regular file");
    Ok(())
}

#[test]
fn commands_that_come_at_once_get_what_each_asked_for() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    // Somebody removes them meanwhile, and does not get done where others go on writing.
    let script = "for n in 1 2 3 4 5 6 7 8; do for v in 5.1.5 5.3.6 5.4.4; do
        ( for m in 1 2 3; do case $n$m in 41) rm -rf $XDG_RUNTIME_DIR/gobo-session 2> /dev/null;; 53) gobo-session refresh > /dev/null;; esac
          gobo-session run --with \"Lua = $v\" lua -v 2>&1 | grep -q \"Lua $v\" || echo wrong $v; done ) & done; done; wait";
    let output = machine.command(&["sh", "-c", script]).timeout(Duration::from_secs(120)).run()?.success()?;
    assert_eq!((output.text(), output.errors()), (String::new(), String::new()));
    machine.until_found(&LUA)?;
    Ok(())
}

#[test]
fn who_refreshes_his_views_forgets_what_he_keeps() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.until_found(&LUA)?;
    machine.command(&["gobo-session", "refresh"]).run()?.success()?;
    assert!(machine.kept()?.is_empty());
    assert_eq!(machine.way(&LUA)?.0, Way::Whole);
    Ok(())
}
