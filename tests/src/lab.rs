//! A lab machine: the GoboLinux root in a chamber, with the product installed as an administrator would install it.

pub mod changes;
pub mod client;
pub mod stacks;

use crate::chamber::{Builder, Chamber, LogMark, Mount, Output, Syslog, TIMEOUT, mounts};
use crate::gate;
use anyhow::{Context as _, Result, ensure};
use client::Client;
use stacks::Advice;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The service of the tests' own clients; its stack gets the lines that the one of `login` gets.
const CLIENTS: &str = "pamtester";

/// The program tree of the product, and that of the tests' own client.
const PRODUCT: [(&str, &str); 2] =
    [("gobo-session", "bin/gobo-session"), (MODULE, "lib/security/pam_gobo.so")];
const MODULE: &str = "libpam_gobo.so";
const CLIENT: [(&str, &str); 1] = [("pam-client", "bin/pam-client")];

/// A chamber with the product in it.
pub struct Lab {
    /// The chamber.
    pub chamber: Chamber,
    /// What was installed; the chamber has its own copy.
    _trees: [TempDir; 2],
}

impl Lab {
    /// Installs the product and turns it on for every service that `config/pam.d` knows, with a policy and profiles.
    ///
    /// # Errors
    /// Where the product is not built, or the chamber cannot be made.
    pub fn new(root: &Path, policy: &str, profiles: &[(&str, &str)]) -> Result<Self> {
        Self::with(root, policy, profiles, |builder| builder)
    }

    /// As [`Lab::new`], with a chamber built in a special way.
    ///
    /// # Errors
    /// As [`Lab::new`].
    pub fn with(
        root: &Path,
        policy: &str,
        profiles: &[(&str, &str)],
        special: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self> {
        let lab = Self::turned_off(root, policy, profiles, special)?;
        lab.turn_on()?;
        Ok(lab)
    }

    /// As [`Lab::with`], with the product's lines in no stack yet.
    ///
    /// # Errors
    /// As [`Lab::new`].
    pub fn turned_off(
        root: &Path,
        policy: &str,
        profiles: &[(&str, &str)],
        special: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self> {
        let trees = [tree_of(&PRODUCT)?, tree_of(&CLIENT)?];
        let builder = Chamber::builder(root)
            .program(trees[0].path(), "Gobo-Session", "0.1.0")
            .program(trees[1].path(), "PAM-Client", "1.0")
            .syslog(Syslog::Receiver);
        let lab = Self { chamber: special(builder).build()?, _trees: trees };
        lab.policy(policy)?;
        for (name, text) in profiles {
            lab.profile(name, text)?;
        }
        Ok(lab)
    }

    /// Writes the policy.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn policy(&self, text: &str) -> Result<()> {
        self.chamber.write("/etc/gobo-session/session.toml", text)
    }

    /// Writes a profile.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn profile(&self, name: &str, text: &str) -> Result<()> {
        self.chamber.write(format!("/etc/gobo-session/profiles.d/{name}.toml"), text)
    }

    /// What a user selects.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn select(&self, user: &str, profile: &str) -> Result<()> {
        let person = self.chamber.user(user)?;
        let file = selection_of(user);
        self.chamber.write(&file, format!("profile = \"{profile}\"\n"))?;
        for path in Path::new(&file).ancestors().take(3) {
            self.chamber.chown(path, person.uid, person.gid)?;
        }
        Ok(())
    }

    /// What `su - USER -c SCRIPT` prints and how it ends.
    ///
    /// # Errors
    /// Where it cannot be run.
    pub fn su(&self, user: &str, script: &str) -> Result<Output> {
        self.chamber.run(["su", "-", user, "-c", script])
    }

    /// A libpam client that opens and closes a session of a user.
    pub fn client(&self, user: &str) -> Client<'_> {
        Client::new(self, user)
    }

    /// Puts the lines of `config/pam.d` into the stacks that this root has (R23), with `debug`, so that what goes well is
    /// logged too.
    fn turn_on(&self) -> Result<()> {
        let mut advice = stacks::advice()?;
        let of_login = advice.iter().find(|advice| advice.service == "login").cloned();
        advice.extend(of_login.map(|advice| Advice { service: CLIENTS.to_owned(), ..advice }));
        for Advice { service, lines, .. } in advice {
            let path = stack_of(&service);
            if let Some([first, last]) = lines.filter(|_| self.chamber.exists(&path)) {
                let stack =
                    stacks::with_lines(&self.chamber.read(&path)?, &[first, format!("{last} debug")])?;
                self.chamber.write(&path, stack)?;
            }
        }
        Ok(())
    }

    /// Makes the stack of a service one of the module alone, which any user passes: what other modules do is not looked
    /// at then.
    ///
    /// # Errors
    /// Where the stack cannot be written.
    pub fn module_alone(&self, service: &str) -> Result<()> {
        let stack = "auth required pam_permit.so\nsession optional pam_gobo.so close\nsession required pam_gobo.so open\n";
        self.chamber.write(stack_of(service), stack)
    }

    /// Puts a module of a debug build in place of the one that is tested, where that is none: it can be told to have a
    /// fault. Whether there is one now; where these tests are a release build themselves there is not, and that is said.
    ///
    /// # Errors
    /// Where it is not built, or cannot be written.
    pub fn take_debug_module(&self) -> Result<bool> {
        const SAID: &[u8] = b"the module's line asks for it";
        let is_debug = |module: &[u8]| module.windows(SAID.len()).any(|part| part == SAID);
        if is_debug(&fs::read(built(MODULE)?)?) {
            return Ok(true);
        }
        let module = fs::read(beside(MODULE)?)?;
        if !is_debug(&module) {
            gate::skip("only the module of a debug build has a fault when it is told to");
            return Ok(false);
        }
        self.chamber.write("/Programs/Gobo-Session/0.1.0/lib/security/pam_gobo.so", module)?;
        Ok(true)
    }

    /// Makes `words` the line that opens; lines of more modules may follow it.
    ///
    /// # Errors
    /// Where the stack cannot be written.
    pub fn open_line(&self, service: &str, words: &str) -> Result<()> {
        let path = stack_of(service);
        let stack = self.chamber.read(&path)?;
        let old = stack.find("pam_gobo.so open").and_then(|at| stack[..at].rfind("session"));
        let end = old.unwrap_or(stack.len());
        self.chamber.write(&path, format!("{}session {words}\n", &stack[..end]))
    }
}

/// What is seen and said.
impl Lab {
    /// The lines of the module since a moment, as `LEVEL: TEXT`, but those that say how long it took.
    ///
    /// # Errors
    /// Where there is no log.
    pub fn said(&self, mark: LogMark) -> Result<Vec<String>> {
        Ok(self.lines(mark)?.into_iter().filter(|line| !is_of_times(line)).collect())
    }

    /// The lines of the module since a moment that say how long each step took.
    ///
    /// # Errors
    /// Where there is no log.
    pub fn times(&self, mark: LogMark) -> Result<Vec<String>> {
        Ok(self.lines(mark)?.into_iter().filter(|line| is_of_times(line)).collect())
    }

    /// Logs a user in until his view is kept for later logins: of what was changed just now, and may be changed once more,
    /// nothing is kept.
    ///
    /// # Errors
    /// Where he cannot log in, or it is never kept.
    pub fn log_in_until_kept(&self, user: &str) -> Result<()> {
        let until = Instant::now() + TIMEOUT;
        // Who finds nothing, or nothing that is true, writes a file anew, unless something has changed just now.
        std::thread::sleep(Duration::from_millis(100));
        let kept = || anyhow::Ok(self.chamber.sh("stat -c '%n %i %Z' /run/gobo-session/plans/*")?.text());
        loop {
            let before = kept()?;
            let report = self.client(user).run()?;
            ensure!(report.open == 0, "{report:#?}");
            if !before.is_empty() && before == kept()? {
                return Ok(());
            }
            ensure!(Instant::now() < until, "the view of {user} is never kept");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn lines(&self, mark: LogMark) -> Result<Vec<String>> {
        let lines = self.chamber.log_since(mark)?;
        let ours = lines.iter().filter_map(|line| {
            let (level, text) = line.strip_prefix("authpriv.")?.split_once(" pam_gobo(")?;
            Some(format!("{level}: {}", text.split_once("]: ")?.1))
        });
        Ok(ours.collect())
    }

    /// The mounts of the product in a mount table that a session printed, one line each: `POINT: TYPE SOURCE OPTIONS`.
    /// That it differs from the chamber's own table in nothing else is made sure.
    ///
    /// # Errors
    /// Where the table is not one, or holds anything else of its own.
    pub fn view_in(&self, table: &str) -> Result<Vec<String>> {
        view_beside(table, &self.chamber.mounts_of(1)?)
    }
}

/// As [`Lab::view_in`], compared with the table of another host than the chamber.
///
/// # Errors
/// As [`Lab::view_in`].
pub fn view_beside(table: &str, outside: &[Mount]) -> Result<Vec<String>> {
    let inside = mounts::parse(table.as_bytes())?;
    let same = |a: &Mount, b: &Mount| (&a.point, &a.root, &a.source) == (&b.point, &b.root, &b.source);
    let others = |a: &[Mount], b: &[Mount]| -> Vec<Mount> {
        a.iter().filter(|a| !is_of_product(a) && !b.iter().any(|b| same(a, b))).cloned().collect()
    };
    let (more, less) = (others(&inside, outside), others(outside, &inside));
    ensure!(more.is_empty() && less.is_empty(), "more mounts: {more:#?}\nfewer mounts: {less:#?}");
    Ok(product_mounts(&inside))
}

/// The file that holds what a user selects.
pub fn selection_of(user: &str) -> String {
    format!("/Users/{user}/.config/gobo-session/session.toml")
}

/// A view as [`Lab::view_in`] shows it: of a profile, over these parts of the index.
pub fn view_of(profile: &str, areas: &[&str]) -> Vec<String> {
    let source = format!("gobo-session:{profile}:ID");
    let overlays = areas
        .iter()
        .map(|area| format!("/System/Index/{area}: overlay {source} ro,nosuid,nodev,relatime ro"));
    let folders = [
        "/run/gobo-session/index: the index".to_owned(),
        format!("/run/gobo-session/view: tmpfs {source} rw,nosuid,nodev,relatime ro"),
    ];
    overlays.chain(folders).collect()
}

/// Whether a line says how long each step of a login took.
fn is_of_times(line: &str) -> bool {
    line.starts_with("debug: user ") && line.contains(" took ") && line.contains(" us: ")
}

fn stack_of(service: &str) -> String {
    format!("/etc/pam.d/{service}")
}

fn is_of_product(mount: &Mount) -> bool {
    mount.source.starts_with("gobo-session:") || mount.point.to_string_lossy().contains("/gobo-session/")
}

/// Lines for the mounts of the product, in order, without what differs from run to run.
fn product_mounts(table: &[Mount]) -> Vec<String> {
    let line = |mount: &Mount| {
        let point = mount.point.display().to_string();
        let point = point.replace("/Data/Variable/run/", "/run/");
        if mount.root == Path::new("/System/Index") {
            return format!("{point}: the index");
        }
        let id = mount.source.rsplit(':').next().unwrap_or_default();
        let source = mount.source.replace(id, "ID");
        let state = mount.super_options.split(',').next().unwrap_or_default();
        format!("{point}: {} {source} {} {state}", mount.fs_type, mount.options)
    };
    let mut lines: Vec<String> = table.iter().filter(|mount| is_of_product(mount)).map(line).collect();
    lines.sort();
    lines
}

/// A program tree of files that cargo built.
fn tree_of(files: &[(&str, &str)]) -> Result<TempDir> {
    let tree = tempfile::tempdir()?;
    for (file, place) in files {
        let (built, place) = (built(file)?, tree.path().join(place));
        fs::create_dir_all(place.parent().context("a place without folder")?)?;
        fs::copy(&built, place).with_context(|| format!("copy {}", built.display()))?;
    }
    Ok(tree)
}

/// Names the folder of the build that is tested; without it that is the one beside the running test or program.
/// `cargo xtask test` and `soak` name that of the release build.
pub const PRODUCT_FOLDER: &str = "GOBO_PRODUCT";

/// A file that cargo built: of the product the one that is tested, of the tests' own programs the one beside this.
///
/// # Errors
/// Where it is not there.
pub fn built(file: &str) -> Result<PathBuf> {
    let is_product = PRODUCT.iter().any(|(name, _)| *name == file);
    let Some(folder) = std::env::var_os(PRODUCT_FOLDER).filter(|_| is_product) else {
        return beside(file);
    };
    let path = Path::new(&folder).join(file);
    ensure!(path.is_file(), "{PRODUCT_FOLDER}: {} is no file", path.display());
    Ok(path)
}

/// A file that cargo built, beside the running test or program.
fn beside(file: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).map(|folder| folder.join(file)).find(|path| path.is_file());
    let found = found.or_else(|| {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        ["debug", "release"]
            .map(|profile| target.join(profile).join(file))
            .into_iter()
            .find(|path| path.is_file())
    });
    found.with_context(|| format!("{file} is not built: cargo build -p gobo-session -p pam_gobo"))
}
