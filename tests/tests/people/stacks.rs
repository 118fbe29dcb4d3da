//! R23: in every stack that is shipped, what other modules start as root and what they load is the host's.

use super::lab;
use anyhow::{Context as _, Result};
use gobo_tests::lab::stacks::{Advice, advice, with_lines};
use gobo_tests::requires_gobo_root;

/// A Lua and a Glibc that the host's index does not show.
const PROFILE: &str = "programs = [\"Lua = 5.1.5\", \"Glibc = 2.41\"]\n";

/// What a module starts: it writes down when and where it was started, the Lua that it finds, and the Glibc that a
/// program loads there.
const PROBE: &str = "#!/bin/sh\n\
    glibc=$(sed -n 's|.*/Programs/\\(Glibc/[^/]*\\)/.*|\\1|p' /proc/self/maps | sort -u)\n\
    echo $PAM_TYPE $1 $(lua -v 2>&1 | cut -d' ' -f2) $glibc >> /run/probes\n";

/// A stack for services that the root has none for.
const OTHER: &str =
    "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_unix.so\n";

/// The line of a module that starts the probe.
fn probe(place: &str) -> String {
    format!("session required pam_exec.so quiet /run/probe {place}\n")
}

/// Puts one line behind that which closes and one before that which opens: where other modules stand.
fn probed(stack: &str) -> Result<String> {
    let close = stack.find("pam_gobo.so close").context("no line closes")?;
    let (above, rest) = stack.split_at(close + stack[close..].find('\n').context("no line")? + 1);
    let open = rest.find("pam_gobo.so open").context("no line opens")?;
    let (between, open) = rest.split_at(rest[..open].rfind('\n').map_or(0, |at| at + 1));
    Ok([above, &probe("first"), between, &probe("last"), open].concat())
}

#[test]
fn r23_in_every_shipped_stack_other_modules_are_on_the_host() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.profile("lua51", PROFILE)?;
    lab.policy("[default]\nprofile = \"lua51\"\n")?;
    lab.chamber.write("/run/probe", PROBE)?;
    lab.chamber.set_mode("/run/probe", 0o755)?;
    // A module that nobody needs before the session is open.
    let services = lab.chamber.read("/etc/nsswitch.conf")?.replace("services:", "#");
    lab.chamber.write("/etc/nsswitch.conf", services + "services: hesiod\n")?;
    let shipped = advice()?;
    for Advice { service, lines, .. } in &shipped {
        let Some(lines) = lines else { continue };
        let path = format!("/etc/pam.d/{service}");
        let stack = match lab.chamber.exists(&path) {
            true => lab.chamber.read(&path)?,
            false => with_lines(OTHER, lines)?,
        };
        lab.chamber.write(&path, probed(&stack)?)?;
        lab.chamber.write("/run/probes", "")?;
        let client = lab.client("ann").with(|wish| {
            wish.service.clone_from(service);
            wish.look_up = Some("nothing".to_owned());
        });
        let report = client.script("lua -v 2>&1 | cut -d' ' -f2").run()?;
        assert_eq!((report.open, report.stdout.as_str()), (0, "5.1.5\n"), "{service}: {report:#?}");
        assert_eq!(
            lab.chamber.read("/run/probes")?.lines().collect::<Vec<_>>(),
            [
                "open_session first 5.4.4 Glibc/2.36",
                "open_session last 5.4.4 Glibc/2.36",
                "close_session first 5.4.4 Glibc/2.36",
                "close_session last 5.4.4 Glibc/2.36"
            ],
            "{service}"
        );
        assert_eq!(report.name_services, ["/Programs/Glibc/2.36/lib/libnss_hesiod.so.2"], "{service}");
    }
    assert!(shipped.iter().filter(|advice| advice.lines.is_some()).count() >= 6);
    Ok(())
}
