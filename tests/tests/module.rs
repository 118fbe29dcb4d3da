//! The module as a file, and as a guest in somebody else's process.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::{Lab, built, view_of};
use gobo_tests::requires_gobo_root;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const POLICY: &str = "[default]\nprofile = \"lua51\"\n";
const PROFILES: [(&str, &str); 1] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n[environment]\nLUA_INIT = \"x = 1\"\n")];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn printed(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output()?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn it_exports_what_libpam_calls_and_nothing_else() -> Result<()> {
    let module = built("libpam_gobo.so")?;
    let symbols =
        printed("nm", &["-D", "--defined-only", "--format=just-symbols", &module.to_string_lossy()])?;
    let mut symbols: Vec<&str> = symbols.lines().collect();
    symbols.sort_unstable();
    let hooks = ["acct_mgmt", "authenticate", "chauthtok", "close_session", "open_session", "setcred"];
    assert_eq!(symbols, hooks.map(|hook| format!("pam_sm_{hook}")));
    Ok(())
}

#[test]
fn it_is_made_of_few_crates() -> Result<()> {
    const CRATES: &str = "bitflags block-buffer cfg-if cpufeatures crypto-common deranged digest gobo-session hostname \
        hybrid-array itoa libc linux-raw-sys log memchr nix num-conv num_threads object once_cell pam-bindings pam_gobo \
        powerfmt proc-macro2 quote rustix serde serde_core serde_derive serde_json serde_spanned sha2 strsim syn syslog \
        time time-core toml toml_datetime toml_parser typenum unicode-ident winnow zeroize zmij";
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let words =
        ["tree", "--offline", "-p", "pam_gobo", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = printed(&cargo, &words)?;
    let found: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let more: Vec<_> = found.difference(&CRATES.split_whitespace().collect()).copied().collect();
    assert_eq!(more, [""; 0], "is each of these wanted in every login daemon?");
    Ok(())
}

/// Where `unsafe` may stand, and nowhere else.
const UNSAFE: [&str; 3] =
    ["gobo-session/src/kernel/sys.rs", "gobo-session/src/main.rs", "pam_gobo/src/libpam.rs"];

#[test]
fn unsafe_stands_in_three_files_and_each_block_says_why() -> Result<()> {
    for folder in ["gobo-session/src", "pam_gobo/src"] {
        for file in sources(&workspace().join(folder))? {
            let text = std::fs::read_to_string(&file)?;
            let lines: Vec<&str> = text.lines().collect();
            let is_code = |line: &str| !line.trim_start().starts_with("//");
            let says = |line: &str| line.split("//").next().is_some_and(|code| code.contains("unsafe"));
            for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_code(line) && says(line)) {
                if line.trim_start().starts_with("#![") {
                    continue;
                }
                let place = format!("{}:{}", file.display(), at + 1);
                assert!(UNSAFE.iter().any(|allowed| file.ends_with(allowed)), "{place}: {line}");
                let reason = lines[..at].iter().rev().take(4).any(|line| line.contains("SAFETY:"));
                let is_declaration = line.trim_start().starts_with("unsafe extern");
                assert!(reason || is_declaration, "{place}: no SAFETY above it");
            }
        }
    }
    Ok(())
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[test]
fn it_works_beside_threads_and_leaves_them_where_they_are() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let threads = |wish: &mut gobo_tests::lab::client::Wish| (wish.threads, wish.times) = (3, 200);
    lab.open_line("pamtester", "required pam_gobo.so open")?;
    lab.chamber.write("/Users/ann/.config/gobo-session/session.toml", "profile = \"lua51\"\n")?;
    let mark = lab.chamber.log_mark()?;
    for user in ["ann", "root"] {
        let report = lab.client(user).with(threads).script("lua -v 2>&1 | cut -d' ' -f2; cd /; pwd").run()?;
        let (lua, view) =
            if user == "ann" { ("5.1.5", view_of("lua51", &["bin"])) } else { ("5.4.4", Vec::new()) };
        assert_eq!(report.stdout, format!("{lua}\n/\n"), "{report:#?}");
        assert_eq!(report.inside.view()?, view);
        assert_eq!(report.inside.threads, "4");
        assert_eq!(report.before, report.after);
    }
    assert_eq!(lab.said(mark)?, [""; 0], "no reader hangs on what another thread held");
    Ok(())
}

#[test]
fn r12_nothing_of_it_reaches_the_session() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let list = "cd /proc/self/fd && for fd in *; do readlink $fd; done";
    let many = |wish: &mut gobo_tests::lab::client::Wish| wish.descriptors = 200;
    let report = lab.client("ann").with(many).script(list).run()?;
    let odd = |line: &&str| !line.ends_with("/null") && !line.starts_with("pipe:") && !line.contains("/fd");
    let found: Vec<&str> = report.stdout.lines().filter(odd).collect();
    assert_eq!(found, [""; 0], "{}", report.stdout);
    assert!(report.stdout.lines().count() > 200);
    assert_eq!(report.before, report.after);
    let held = report.inside.descriptors.len() - report.before.descriptors.len();
    assert_eq!(held, 3, "the way back: namespace, root and folder");
    Ok(())
}

#[test]
fn r8_variables_come_from_the_profile_and_not_from_whoever_calls() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let hostile =
        ["env", "LD_BIND_NOW=1", "IFS=x", "BASH_ENV=/tmp/x", "GOBO_PROFILE=x", "XDG_SEAT=x", "HOME=/tmp"];
    let report = lab.client("ann").under(&hostile).script("lua -v 2>&1; echo $LUA_INIT").run()?;
    let of_lua = "LUA_PATH=/Programs/Lua/5.1.5/share/lua/5.1/?.lua;;";
    assert_eq!(report.variables, [of_lua, "LUA_INIT=x = 1"], "the program's own, and the profile's");
    assert!(
        report.stdout.starts_with("Lua 5.1.5") && report.stdout.ends_with("\nx = 1\n"),
        "{}",
        report.stdout
    );
    assert_eq!(report.before, report.after);
    for name in
        ["LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "XDG_SEAT", "XDG_SESSION_ID", "HOME", "GCONV_PATH"]
    {
        lab.profile("lua51", &format!("programs = [\"Lua = 5.1.5\"]\n[environment]\n{name} = \"/x\"\n"))?;
        let mark = lab.chamber.log_mark()?;
        let report = lab.client("ann").run()?;
        assert_eq!((report.open, report.variables.len(), report.inside.view()?.len()), (0, 0, 0), "{name}");
        let said = lab.said(mark)?;
        assert!(
            said.len() == 1 && said[0].contains("configure: /etc/gobo-session/profiles.d/lua51.toml:3:1: "),
            "{said:#?}"
        );
    }
    Ok(())
}

#[test]
fn whatever_the_umask_everybody_can_read_the_view() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let strict = |wish: &mut gobo_tests::lab::client::Wish| wish.umask = 0o077;
    let script = "lua -v 2>&1 | cut -d' ' -f2; cd /run/gobo-session && ls -R layers/*/layer/bin > /dev/null && \
                  cat view/about.json plans/* > /dev/null; head -c1 layers/*/plan.json";
    // Nothing is kept of what was written a moment ago.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let report = lab.client("ann").with(strict).script(script).run()?;
    assert_eq!(report.stdout, "5.1.5\n{", "{report:#?}");
    assert_eq!(report.before, report.after);
    let modes = lab.chamber.sh("cd /run/gobo-session && stat -c '%a %U %n' . *")?.text();
    assert_eq!(
        modes,
        "755 root .\n755 root index\n755 root layers\n600 root locks\n755 root plans\n755 root shared\n755 root view"
    );
    Ok(())
}
