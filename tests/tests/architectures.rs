//! A 32-bit userland on a 64-bit machine: programs of both kinds in one session, and in one `run`.

use anyhow::{Context as _, Result};
use gobo_tests::chamber::Output;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

const POLICY: &str = "[[rule]]\nuser = \"ann\"\nprofile = \"i686\"\n";

const PROFILES: [(&str, &str); 1] =
    [("i686", "programs = [\"Bash\", \"CoreUtils\", \"Hostname\"]\narch = \"i686\"\npersonality = true\n")];

/// What works wherever an i686 view is shown: a script, and what its answer begins with. `file` and the second iconv are
/// 64-bit programs; IBM1047 is a character set that each loads a converter for.
const BOTH: [(&str, &str); 12] = [
    ("uname -m", "i686"),
    ("bash -c 'echo $MACHTYPE'", "i686-pc-linux-gnu"),
    ("file -bL /bin/bash", "ELF 32-bit LSB"),
    ("file -bL /bin/python3", "ELF 64-bit LSB"),
    ("ldd /bin/bash | grep -c 'libc.so.6 => /lib/i386-linux-gnu/libc.so.6'", "1"),
    ("ldd /bin/python3 | grep -c 'libc.so.6 => /lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libc.so.6'", "1"),
    ("python3 -c 'import ssl, ctypes, sqlite3, sys; print(sys.maxsize)'", "9223372036854775807"),
    ("env -i /bin/python3 -c 'print(2)'", "2"),
    ("file -bL $(readlink -f /bin/iconv)", "ELF 32-bit LSB"),
    ("printf 'h\\303\\251' | iconv -f UTF-8 -t IBM1047 | od -An -tx1", "88 51"),
    ("printf 'h\\303\\251' | /Programs/Glibc/2.36/bin/iconv -f UTF-8 -t IBM1047 | od -An -tx1", "88 51"),
    ("python3 -c 'print(\"h\\u00e9\".encode(\"cp037\"))'; iconv -l | wc -l | grep -c ...", "b'\\x88Q'\n1"),
];

fn lab(root: &Path) -> Result<Lab> {
    Lab::new(root, POLICY, &PROFILES)
}

/// Asks in some way, and compares the beginnings of the answers.
fn ask(asked: &[(&str, &str)], mut way: impl FnMut(&str) -> Result<Output>) -> Result<()> {
    for (script, answer) in asked {
        let output = way(script).with_context(|| (*script).to_owned())?;
        let text = output.text();
        assert!(text.trim_start().starts_with(answer), "{script}: not {answer}: {output}");
        assert!(output.stderr.is_empty(), "{script}: {output}");
    }
    Ok(())
}

#[test]
fn in_a_session_programs_of_both_kinds_work() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    ask(&BOTH, |script| lab.su("ann", script))?;
    let privileged = [
        ("sudo -n id -u", "0"),
        ("sudo -n uname -m", "x86_64"),
        ("sudo -n printenv GCONV_PATH | wc -l", "0"),
        ("sudo -n -u bob uname -m", "x86_64"),
        ("sudo -n -u bob file -bL /bin/bash", "ELF 64-bit LSB"),
        ("sudo -n -u bob sudo -n -u ann uname -m", "i686"),
        ("file -bL /bin/su /bin/sudo /bin/passwd | grep -c 'setuid ELF 64-bit'", "3"),
    ];
    ask(&privileged, |script| lab.su("ann", script))?;
    assert_eq!(lab.su("bob", "uname -m")?.text(), "x86_64");
    Ok(())
}

#[test]
fn r22_the_personality_goes_with_the_view_and_comes_back() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // For its process the client looks at /proc, so this is what its children would inherit.
    let report = lab.client("ann").script("uname -m; bash -c 'uname -m'").run()?;
    assert_eq!(report.stdout, "i686\ni686\n");
    assert_eq!(
        (report.before.personality.as_str(), report.inside.personality.as_str()),
        ("00000000", "00000008")
    );
    assert_eq!(report.before, report.after);
    Ok(())
}

#[test]
fn in_a_session_a_password_is_really_changed_and_su_takes_it() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let hash = |lab: &Lab| -> Result<String> {
        let shadow = lab.chamber.read("/etc/shadow")?;
        shadow.lines().find(|line| line.starts_with("ann:")).map(str::to_owned).context("ann has a password")
    };
    let before = hash(&lab)?;
    let mut session = lab.chamber.pty(["su", "-", "ann"])?;
    session.expect(["$ ", "> "], PATIENCE)?;
    session.send("uname -m; passwd\n");
    session.expect("i686", PATIENCE)?;
    for (prompt, answer) in
        [("urrent password: ", "gobo"), ("ew password: ", "Ieth4uoZ"), ("ew password: ", "Ieth4uoZ")]
    {
        session.expect(prompt, PATIENCE)?;
        session.send(format!("{answer}\n"));
    }
    session.expect("updated successfully", PATIENCE)?;
    assert_ne!(hash(&lab)?, before);
    // su to herself, by the new password: a session inside the session, and i686 again.
    session.expect(["$ ", "> "], PATIENCE)?;
    session.send("su ann -c 'uname -m; file -bL /bin/sh; id -un'\n");
    session.expect("assword: ", PATIENCE)?;
    session.send("Ieth4uoZ\n");
    session.expect("i686", PATIENCE)?;
    session.expect("ELF 32-bit", PATIENCE)?;
    session.expect("ann", PATIENCE)?;
    session.send("exit\n");
    session.wait(PATIENCE)?;
    Ok(())
}

#[test]
fn an_ordinary_user_has_both_kinds_in_a_run() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // The first login makes the folders of the state; a run without them is another way to the same view.
    for round in ["before a login", "after a login", "in an i686 session"] {
        let user = if round == "in an i686 session" { "ann" } else { "carl" };
        let words =
            |script: &str| ["gobo-session", "run", "-p", "i686", "bash", "-c", script].map(str::to_owned);
        let in_run = |script: &str| match user {
            "ann" => {
                lab.chamber.write("/run/script", format!("{script}\n"))?;
                lab.su(user, "gobo-session run -p i686 bash /run/script")
            }
            _ => lab.chamber.as_user(user, words(script)),
        };
        ask(&BOTH, in_run).context(round)?;
        // Set-user-ID programs start, and have no privilege there.
        let inert = [
            ("su --version", "su from util-linux"),
            ("sudo -n true 2>&1 | cut -d: -f1", "sudo"),
            ("passwd -S 2>&1 | wc -l", "1"),
            ("grep NoNewPrivs /proc/self/status | cut -f2", "1"),
        ];
        ask(&inert, in_run).context(round)?;
        lab.su("ann", "true")?.success()?;
    }
    Ok(())
}

#[test]
fn modules_of_gtk_are_found_by_both_kinds() -> Result<()> {
    let profile = "programs = [\"GTK+ = 2.24.33\", \"GTK-Engines\", \"Bash\", \"Python\"]\narch = \"i686\"\n";
    let lab = Lab::new(&requires_gobo_root!(Full), POLICY, &[("i686", profile)])?;
    // What GTK+ does with a theme engine: it looks for the file by its path, then opens it.
    let script = "import ctypes, os, sys\n\
        path = os.environ['GTK_PATH'].split(':')[0] + '/2.10.0/engines/libclearlooks.so'\n\
        print(sys.maxsize == 2 ** 31 - 1, os.path.exists(path))\n\
        try: print(os.path.realpath(ctypes.CDLL(path)._name) != '')\n\
        except OSError as error: print(error)\n";
    lab.chamber.write("/run/engine.py", script)?;
    let as_32_bit = lab.su("ann", "python3 /run/engine.py")?.success()?;
    assert_eq!(as_32_bit.text(), "True True\nTrue", "{as_32_bit}");
    // No 64-bit GTK+ 2 is linked in this root. That this is what is missed says that the engine was the right one.
    let as_64_bit = lab.su("ann", "/Programs/Python/3.11.2/bin/python3.11 /run/engine.py")?.success()?;
    let said = as_64_bit.text();
    assert!(said.starts_with("False True\nlibgtk-x11-2.0.so.0: "), "{as_64_bit}");
    Ok(())
}
