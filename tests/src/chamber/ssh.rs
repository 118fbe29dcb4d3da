//! A real sshd in a chamber, and clients that may log in to it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Chamber, Command, Process, User};

/// The chamber has a network of its own, so any port is free.
const PORT: u16 = 2222;
/// Where keys and configurations lie, in root's home.
const PLACE: &str = ".chamber-ssh";
const LOG: &str = "/var/log/sshd.log";

/// A running sshd. It is stopped with all its sessions when the value goes.
pub struct Ssh<'c> {
    chamber: &'c Chamber,
    daemon: Process,
    /// Where keys and configurations lie.
    place: String,
}

impl<'c> Ssh<'c> {
    /// Starts sshd with the root's own configuration but for port and host key; a new key is authorised for
    /// the users. Further options are passed on: `["-o", "UsePAM=no"]`.
    pub(super) fn start(chamber: &'c Chamber, users: &[&str], options: &[&str]) -> Result<Ssh<'c>> {
        let place = format!("{}/{PLACE}", chamber.places.home);
        chamber.mkdir(&place)?;
        chamber.set_mode(&place, 0o700)?;
        for key in ["id", "host"] {
            let file = format!("{place}/{key}");
            chamber.remove(&file)?;
            chamber.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &file])?.success()?;
        }
        chamber.write(format!("{place}/config"), client_configuration(&place))?;
        let key = chamber.read(format!("{place}/id.pub"))?;
        for user in users {
            authorise(chamber, &chamber.user(user)?, &key)?;
        }
        // sshd starts itself again for each connection, and so must be called by its full path.
        let port = PORT.to_string();
        let host_key = format!("HostKey={place}/host");
        let own = [chamber.places.sshd, "-D", "-E", LOG, "-p", &port, "-o", &host_key];
        let fixed = ["-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"];
        let daemon =
            chamber.command(own.iter().chain(&fixed).chain(options)).spawn().context("cannot start sshd")?;
        let mut ssh = Ssh { chamber, daemon, place };
        ssh.wait_until_it_listens()?;
        Ok(ssh)
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let listening = format!(":{PORT:04X} 00000000:0000 0A");
        let until = Instant::now() + Duration::from_secs(10);
        while !self.chamber.read("/proc/1/net/tcp")?.contains(&listening) {
            let status = self.daemon.status()?;
            if status.is_some() || Instant::now() > until {
                let (_, errors) = self.daemon.take_output();
                let log = self.chamber.read(LOG).unwrap_or_default();
                bail!("sshd does not listen ({status:?}): {}{log}", String::from_utf8_lossy(&errors));
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        Ok(())
    }

    /// A command over ssh as a user; an empty one would be an interactive shell.
    pub fn command(&self, user: &str, command: &str) -> Command<'c> {
        let mut argv = self.argv(user);
        argv.push(command.to_owned());
        self.chamber.command(argv)
    }

    /// `ssh` with everything needed to log in as a user, for a command or for options to follow.
    pub fn argv(&self, user: &str) -> Vec<String> {
        ["ssh", "-F", &self.config(), &self.host(user)].map(String::from).to_vec()
    }

    /// The client's configuration: `scp -F` and `sftp -F` take it, as does `rsync -e "ssh -F ..."`.
    pub fn config(&self) -> String {
        format!("{}/config", self.place)
    }

    /// The name to connect to as a user: `ann@chamber`.
    pub fn host(&self, user: &str) -> String {
        format!("{user}@chamber")
    }

    /// The daemon that listens.
    pub fn daemon(&self) -> &Process {
        &self.daemon
    }

    /// What sshd itself has logged so far; its PAM modules log to syslog.
    pub fn log(&self) -> Result<String> {
        self.chamber.read(LOG)
    }
}

/// The key exchange is the quickest one: it saves a quarter of a login's time.
fn client_configuration(place: &str) -> String {
    format!(
        "Host chamber\n    HostName 127.0.0.1\n    Port {PORT}\n    IdentityFile {place}/id\n    IdentitiesOnly yes\n    \
         BatchMode yes\n    StrictHostKeyChecking no\n    UserKnownHostsFile /dev/null\n    LogLevel ERROR\n    \
         KexAlgorithms curve25519-sha256\n"
    )
}

fn authorise(chamber: &Chamber, user: &User, key: &str) -> Result<()> {
    let directory = format!("{}/.ssh", user.home);
    let file = format!("{directory}/authorized_keys");
    let known = if chamber.exists(&file) { chamber.read(&file)? } else { String::new() };
    chamber.write(&file, known + key)?;
    for (path, mode) in [(&directory, 0o700), (&file, 0o600)] {
        chamber.set_mode(path, mode)?;
        chamber.chown(path, user.uid, user.gid)?;
    }
    Ok(())
}
