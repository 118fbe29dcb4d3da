//! The machine on which everything is measured: programs in two versions, profiles, services of one module each, and tools
//! that do what ours do.

use crate::sheet::Samples;
use anyhow::{Context as _, Result, ensure};
use gobo_tests::corpus;
use gobo_tests::lab::{Lab, built};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How many programs of a profile differ from the host's.
pub(crate) const SIZES: [usize; 6] = [0, 1, 5, 20, 50, 300];

/// How many of them a profile names.
const MOST: usize = 200;

/// How long the longest of all measurements may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Programs with files in each part of the index, each in two versions, of which the first is current and linked.
const PROGRAMS: &str = r#"
set -e
for n in $(seq 1 300); do
    for version in 1.0 2.0; do
        at=/Programs/Bench-$n/$version
        mkdir -p $at/bin $at/lib $at/libexec $at/include $at/share/bench-$n $at/Resources
        touch $at/bin/bench-$n $at/lib/libbench-$n.so.1 $at/libexec/bench-$n $at/include/bench-$n.h $at/share/bench-$n/file
        chmod 755 $at/bin/bench-$n
        ln -s libbench-$n.so.1 $at/lib/libbench-$n.so
        echo "Glibc" > $at/Resources/Dependencies
    done
    at=/Programs/Bench-$n/1.0
    ln -s 1.0 /Programs/Bench-$n/Current
    for area in bin lib libexec include share; do
        for name in $at/$area/*; do ln -s $name /System/Index/$area/; done
    done
done
mkdir -p /Programs/Bench-Rest/1.0/Resources
ln -s 1.0 /Programs/Bench-Rest/Current
for n in $(seq 201 300); do echo "Bench-$n = 2.0"; done > /Programs/Bench-Rest/1.0/Resources/Dependencies
"#;

/// As many folders of a user's own as a view has parts.
const NAMESPACE: &str = "for n in 1 2 3 4 5; do mkdir -p /own/$n /own-$n; chmod 0 /own-$n; \
    echo \"/own/$n /own-$n/ user root\"; done > /etc/security/namespace.conf";

/// Services with a stack of one session module.
const STACKS: [(&str, &str); 3] = [
    ("nothing", "session required pam_permit.so"),
    ("gobo-user", OURS),
    ("namespace", "session required pam_namespace.so"),
];
const OURS: &str = "session required pam_gobo.so open";

/// The profile of the largest closure that there are recipes for.
pub(crate) const CORPUS: &str = "corpus";

/// A profile of 32-bit programs.
const I686: &str = "i686";
const I686_TEXT: &str = "arch = \"i686\"\nprograms = [\"Bash\", \"CoreUtils\"]\n";

/// The machine.
pub(crate) struct Stage {
    pub(crate) lab: Lab,
    /// How many samples each figure has.
    pub(crate) count: usize,
    /// The tree of the recipes is there to be unpacked.
    pub(crate) has_corpus: bool,
    /// What `su -` runs through, with our lines.
    su: String,
}

impl Stage {
    pub(crate) fn new(root: &Path, count: usize) -> Result<Self> {
        let tools = tempfile::tempdir()?;
        let (bin, share) = (tools.path().join("bin"), tools.path().join("share"));
        fs::create_dir(&bin)?;
        fs::create_dir(&share)?;
        fs::copy(built("timer")?, bin.join("timer"))?;
        compile_floor(&bin.join("run-floor"))?;
        if Path::new("/usr/bin/bwrap").exists() {
            fs::copy("/usr/bin/bwrap", bin.join("bwrap"))?;
        }
        let has_corpus = pack_corpus(&share.join("corpus.tar"))?;
        let lab = Lab::with(root, &policy("[default]\nallow = [\"*\"]\n"), &[], |builder| {
            builder.writable_programs().program(tools.path(), "Tools", "1.0")
        })?;
        let su = lab.chamber.read("/etc/pam.d/su-l")?;
        let stage = Self { lab, count, has_corpus, su };
        stage.sh(PROGRAMS)?;
        for size in SIZES {
            let mut programs: Vec<String> =
                (1..=size.min(MOST)).map(|n| format!("\"Bench-{n} = 2.0\"")).collect();
            // No profile names as many; another program needs the rest.
            programs.extend((size > MOST).then(|| "\"Bench-Rest\"".to_owned()));
            stage
                .lab
                .profile(&format!("bench-{size}"), &format!("programs = [{}]\n", programs.join(", ")))?;
        }
        for profile in services() {
            stage.lab.chamber.write(format!("/etc/pam.d/gobo-{profile}"), OURS)?;
        }
        stage.lab.profile(I686, I686_TEXT)?;
        for (service, stack) in STACKS {
            stage.lab.chamber.write(format!("/etc/pam.d/{service}"), stack)?;
        }
        stage.lab.select("ann", "bench-50")?;
        stage.sh(NAMESPACE)?;
        stage.settle();
        Ok(stage)
    }

    /// Waits until what was changed last is no longer taken for what is being changed.
    pub(crate) fn settle(&self) {
        std::thread::sleep(Duration::from_secs(3));
    }

    /// Runs a script on the machine; gives what it prints.
    pub(crate) fn sh(&self, script: &str) -> Result<String> {
        let output = self.lab.chamber.command(["bash", "-c", script]).timeout(PATIENCE).run()?;
        Ok(output.success()?.text())
    }

    /// Runs the clock, as a user or as root; gives what it prints.
    pub(crate) fn timer(&self, user: Option<&str>, words: &[&str]) -> Result<Value> {
        let command = self.lab.chamber.command([&["timer"], words].concat()).timeout(PATIENCE);
        let command = match user {
            Some(user) => {
                let folder = format!("/run/user-{user}");
                self.sh(&format!("install -d -o {user} -m 700 {folder}"))?;
                command.user(&self.lab.chamber.user(user)?).env("XDG_RUNTIME_DIR", folder)
            }
            None => command,
        };
        let output = command.run()?.success()?;
        serde_json::from_slice(&output.stdout).with_context(|| output.to_string())
    }

    /// That many samples of each kind, in turn.
    pub(crate) fn samples(&self, count: usize, kinds: &[&str]) -> Result<Vec<Samples>> {
        let count = count.to_string();
        let words = [&[count.as_str()], kinds].concat();
        Ok(serde_json::from_value(self.timer(None, &words)?)?)
    }

    /// As [`Stage::samples`], while one session of a kind is open, and that many more.
    pub(crate) fn samples_in_crowd(&self, sessions: usize, of: &str, kinds: &[&str]) -> Result<Vec<Samples>> {
        let (sessions, count) = (sessions.to_string(), self.count.to_string());
        let words = [&["crowd", &sessions, of, &count], kinds].concat();
        Ok(serde_json::from_value(self.timer(None, &words)?)?)
    }

    /// As [`Stage::samples`], of commands of a user.
    pub(crate) fn samples_as(&self, user: &str, count: usize, kinds: &[&str]) -> Result<Vec<Samples>> {
        let count = count.to_string();
        let words = [&[count.as_str()], kinds].concat();
        Ok(serde_json::from_value(self.timer(Some(user), &words)?)?)
    }

    /// What the system calls alone take for a session of a profile whose view is kept: the kinds with overlays that are there
    /// already, and with such that are made for it.
    pub(crate) fn floors(&self, profile: &str) -> Result<[String; 2]> {
        let (layer, areas) = self.layer(profile)?;
        Ok(["floor", "own"].map(|kind| format!("{kind}:{layer}:{areas}")))
    }

    /// Whether the next login of a profile finds its view.
    pub(crate) fn is_kept(&self, profile: &str) -> Result<bool> {
        Ok(self.sh(&format!("ls /run/gobo-session/plans | grep -c '^{profile}-' || true"))?.trim() != "0")
    }

    /// The layer of a profile where logins keep it, and the parts of the index that it has, with commas between.
    pub(crate) fn layer(&self, profile: &str) -> Result<(String, String)> {
        let text = self.sh(&format!(
            "cd /run/gobo-session; id=$(sed -n 's/.*\"plan\":\"\\([0-9a-f]*\\)\".*/\\1/p;q' plans/{profile}-*); \
             echo /run/gobo-session/layers/$id/layer; ls layers/$id/layer | paste -sd,"
        ))?;
        let (layer, areas) = text.split_once('\n').unwrap_or((&text, ""));
        Ok((layer.to_owned(), areas.trim().to_owned()))
    }

    /// Lets `su -` go through the module, or past it.
    pub(crate) fn turn(&self, on: bool) -> Result<()> {
        let lines = self.su.lines().filter(|line| on || !line.contains("pam_gobo"));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        self.lab.chamber.write("/etc/pam.d/su-l", text)
    }

    /// Has every user of any other service get a profile.
    pub(crate) fn everybody_has(&self, profile: &str) -> Result<()> {
        self.lab.policy(&policy(&format!("[default]\nprofile = \"{profile}\"\n")))
    }
}

/// The profiles that are measured: of all sizes, and of 32-bit programs.
pub(crate) fn profiles() -> impl Iterator<Item = String> {
    SIZES.into_iter().map(|size| format!("bench-{size}")).chain([I686.to_owned()])
}

/// The profiles that have a service each: the same, and the one of the largest closure.
fn services() -> impl Iterator<Item = String> {
    profiles().chain([CORPUS.to_owned()])
}

/// The policy: a service for each profile, one in which a user may select, and the end.
fn policy(end: &str) -> String {
    let rule = |profile: String| {
        format!("[[rule]]\nservice = \"gobo-{profile}\"\nprofile = \"{profile}\"\nforce = true\n")
    };
    let user = "[[rule]]\nservice = \"gobo-user\"\nprofile = \"none\"\nallow = [\"bench-50\"]\n";
    services().map(rule).chain([user.to_owned(), end.to_owned()]).collect()
}

/// Makes the program that does what `run` does at least.
fn compile_floor(to: &Path) -> Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sessions/run-floor.c");
    let status =
        Command::new("cc").args(["-O2", "-o"]).arg(to).arg(source).status().context("cc does not start")?;
    ensure!(status.success(), "cc failed");
    Ok(())
}

/// Writes the tree of all recipes into an archive: each version with one file in each of three parts; the lowest is current.
fn pack_corpus(to: &Path) -> Result<bool> {
    let Some(file) = corpus::recipes() else { return Ok(false) };
    let mut archive = tar::Builder::new(fs::File::create(to)?);
    let entry = |kind: tar::EntryType, size: usize| -> Result<tar::Header> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_size(u64::try_from(size)?);
        Ok(header)
    };
    let mut file_of = |path: String, text: &str| -> Result<()> {
        let mut header = entry(tar::EntryType::Regular, text.len())?;
        Ok(archive.append_data(&mut header, path, text.as_bytes())?)
    };
    let recipes = corpus::read(&file)?;
    let mut links = Vec::new();
    for (program, versions) in &recipes {
        let lowest = versions.keys().min_by_key(|version| gobo_session::version::Version::new(version));
        for (version, lines) in versions {
            let at = format!("Programs/{program}/{version}");
            for name in
                [format!("bin/{program}"), format!("lib/lib{program}.so"), format!("share/{program}/file")]
            {
                file_of(format!("{at}/{name}"), "")?;
            }
            file_of(format!("{at}/Resources/Dependencies"), &(lines.join("\n") + "\n"))?;
        }
        let lowest = lowest.context("a program without versions")?;
        links.push((format!("Programs/{program}/Current"), lowest.clone()));
        for (area, name) in
            [("bin", program.clone()), ("lib", format!("lib{program}.so")), ("share", program.clone())]
        {
            links.push((
                format!("System/Index/{area}/{name}"),
                format!("/Programs/{program}/{lowest}/{area}/{name}"),
            ));
        }
    }
    for (path, target) in links {
        archive.append_link(&mut entry(tar::EntryType::Symlink, 0)?, path, target)?;
    }
    archive.finish()?;
    Ok(true)
}
