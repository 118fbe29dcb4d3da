//! Completion in bash, zsh and fish themselves: on a terminal of tmux, keys are sent and the screen is read.
//!
//! The shells are this machine's. They see it with the programs and the index of the test root, in a mount namespace of
//! their own.

use anyhow::{Context as _, Result, bail, ensure};
use gobo_tests::lab::built;
use gobo_tests::{gate, requires_gobo_root, requires_root};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a shell may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a root of this machine's folders and those of the test root, and starts tmux in it.
const START: &str = r#"set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$1"
for name in usr bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$name" ]; then cp -P "/$name" "$1/$name"; elif [ -d "/$name" ]; then mkdir "$1/$name"; mount --bind "/$name" "$1/$name"; fi
done
for name in dev proc; do mkdir "$1/$name"; mount --rbind "/$name" "$1/$name"; done
mkdir -p "$1/Programs" "$1/System" "$1/etc" "$1/tmp" "$1/root" "$1/own"
for name in Programs System; do mount --bind "$2/$name" "$1/$name"; done
for name in passwd group terminfo; do if [ -e "/etc/$name" ]; then cp -r "/etc/$name" "$1/etc/"; fi; done
mkdir -p "$1/etc/gobo-session/profiles.d"
printf 'description = "a course"\nprograms = ["Lua = 5.1.5"]\n' > "$1/etc/gobo-session/profiles.d/course.toml"
cp "$3" "$1/own/gobo-session"
exec chroot "$1" env -i PATH=/own:/usr/bin:/bin HOME=/root TERM=screen LC_ALL=C.UTF-8 \
    tmux -S /tmp/terminal -f /dev/null new-session -x 120 -y 40 -d "$4" \; wait-for over
"#;

/// A shell on a terminal.
struct Terminal {
    folder: TempDir,
    tmux: std::process::Child,
}

impl Terminal {
    fn start(root: &Path, shell: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut start = Command::new("unshare");
        start.args(["--mount", "sh", "-c", START, "sh"]).arg(folder.path()).arg(root);
        let tmux = start.arg(built("gobo-session")?).arg(shell).spawn()?;
        Ok(Self { folder, tmux })
    }

    /// A command to the tmux of the terminal, in its namespace.
    fn tmux(&self, words: &[&str]) -> Result<Output> {
        let mut command = Command::new("nsenter");
        command.arg(format!("--mount=/proc/{}/ns/mnt", self.tmux.id()));
        command.args(["chroot".as_ref(), self.folder.path().as_os_str()]);
        Ok(command.args(["/usr/bin/tmux", "-S", "/tmp/terminal"]).args(words).output()?)
    }

    fn keys(&self, keys: &[&str]) -> Result<()> {
        let output = self.tmux(&[&["send-keys"], keys].concat())?;
        ensure!(output.status.success(), "{output:?}");
        Ok(())
    }

    /// Waits until a text is on the screen.
    fn expect(&self, text: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.tmux(&["capture-pane", "-p"])?;
            let screen = String::from_utf8_lossy(&screen.stdout).into_owned();
            if screen.contains(text) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{text:?} is not on the screen:\n{screen}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
        let _ = self.tmux.kill();
        let _ = self.tmux.wait();
    }
}

/// What is typed before the tabulator, and what stands there then.
const TYPED: [(&str, &str); 8] = [
    ("gobo-session vers", "gobo-session versions "),
    ("gobo-session versions Lu", "gobo-session versions Lua "),
    ("gobo-session plan --with 'Lua = 5.1", "gobo-session plan --with 'Lua = 5.1.5' "),
    ("gobo-session plan --with Lua=5.1", "gobo-session plan --with Lua=5.1.5 "),
    ("gobo-session who Lua/5.3", "gobo-session who Lua/5.3.6 "),
    ("gobo-session run --profile cou", "gobo-session run --profile course "),
    ("gobo-session profile select cou", "gobo-session profile select course "),
    ("gobo-session run --writ", "gobo-session run --writable "),
];

fn completes(root: &Path, shell: &str, load: &str) -> Result<()> {
    for tool in ["tmux", shell.split(' ').next().unwrap_or_default()] {
        if !["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(tool).exists()) {
            gate::skip(format_args!("{tool} is not installed"));
            return Ok(());
        }
    }
    let terminal = Terminal::start(root, shell)?;
    let until = Instant::now() + PATIENCE;
    while !terminal.tmux(&["has-session"]).is_ok_and(|output| output.status.success()) {
        ensure!(Instant::now() < until, "tmux does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    terminal.keys(&[load, "Enter", "echo loa''ded", "Enter"])?;
    terminal.expect("loaded")?;
    for (typed, then) in TYPED {
        terminal.keys(&["C-u", "C-l"])?;
        terminal.keys(&["-l", typed])?;
        terminal.keys(&["Tab"])?;
        terminal.expect(then.trim_end()).with_context(|| format!("{shell}: {typed}"))?;
        // What follows the word, such as the blank, is seen by what is typed next.
        terminal.keys(&["-l", "x"])?;
        terminal.expect(&format!("{then}x")).with_context(|| format!("{shell}: {typed}"))?;
    }
    Ok(())
}

#[test]
fn bash_completes_on_a_terminal() -> Result<()> {
    requires_root!();
    completes(&requires_gobo_root!(), "bash --norc --noprofile", "eval \"$(gobo-session completions bash)\"")
}

#[test]
fn zsh_completes_on_a_terminal() -> Result<()> {
    requires_root!();
    let load = "autoload -Uz compinit; compinit -D -u; eval \"$(gobo-session completions zsh)\"";
    completes(&requires_gobo_root!(), "zsh -f", load)
}

#[test]
fn fish_completes_on_a_terminal() -> Result<()> {
    requires_root!();
    completes(&requires_gobo_root!(), "fish --no-config", "gobo-session completions fish | source")
}
