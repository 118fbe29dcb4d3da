//! A graphical login: xdm on an X server without a screen, and keys that are pressed as a person would.

use crate::door::{Door, Killed};
use crate::site::PATIENCE;
use anyhow::{Result, ensure};
use gobo_tests::chamber::Process;
use gobo_tests::lab::Lab;
use std::time::{Duration, Instant};

/// Ann types her name and her password; her session is the script.
pub(crate) const XDM: Door = Door {
    is_daemon: true,
    ..Door::new("xdm, a graphical login", "xdm", "xdm", Killed::LiveOn, |site| {
        let mut xdm = site.lab.chamber.spawn(["xdm", "-nodaemon", "-config", "/Users/root/xdm/config"])?;
        type_when_asked(site.lab, &mut xdm)?;
        Ok(xdm)
    })
};

const CONFIG: &str = "DisplayManager.errorLogFile: /Users/root/xdm/log\n\
    DisplayManager.lockPidFile: false\n\
    DisplayManager.servers: /Users/root/xdm/servers\n\
    DisplayManager.requestPort: 0\n\
    DisplayManager.authDir: /Users/root/xdm\n\
    DisplayManager*authorize: false\n\
    DisplayManager*startAttempts: 1\n\
    DisplayManager*resources: /Users/root/xdm/resources\n\
    DisplayManager*session: /Users/root/xdm-session\n";

/// The server that xdm starts, which has no use for most of what a display has.
const SERVERS: &str =
    ":0 local /System/Index/bin/Xvfb :0 -screen 0 640x480x24 -nolisten tcp -extension GLX\n";

/// Writes down what xdm is to do.
pub(crate) fn configure(lab: &Lab) -> Result<()> {
    lab.chamber.write("/Users/root/xdm/config", CONFIG)?;
    lab.chamber.write("/Users/root/xdm/servers", SERVERS)?;
    lab.chamber.write("/Users/root/xdm/resources", "xlogin*greeting: chamber\n")?;
    lab.chamber.write("/Users/root/xdm-session", "#!/bin/sh\nexec /run/door/look\n")?;
    lab.chamber.set_mode("/Users/root/xdm-session", 0o755)?;
    // A session's script is run as its user.
    lab.chamber.set_mode("/Users/root", 0o755)
}

/// Types name and password where the window of xdm is there to take them.
fn type_when_asked(lab: &Lab, xdm: &mut Process) -> Result<()> {
    const KEYS: &str = "xdotool search --onlyvisible --class xlogin || exit 1\n\
        for word in ann gobo; do sleep 0.3; xdotool type $word; xdotool key Return; done\n";
    let until = Instant::now() + PATIENCE;
    loop {
        let output = lab.chamber.command(["bash", "-c", KEYS]).env("DISPLAY", ":0").run()?;
        if output.status.success() {
            return Ok(());
        }
        let log = lab.chamber.read("/Users/root/xdm/log").unwrap_or_default();
        ensure!(xdm.status()?.is_none() && Instant::now() < until, "xdm does not ask: {output}\n{log}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
