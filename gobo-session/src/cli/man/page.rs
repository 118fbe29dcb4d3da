//! The pages that are about no command: files, the module, and how it all works. They are written here as text with little
//! markup, so that they can be read here too.

use crate::config::keys::{self, Key};
use crate::environment::{FORBIDDEN, Forbidden};
use crate::login::WORDS;
use clap_mangen::roff::{Roff, bold, roman};

/// A page with a name and a section of its own.
pub(super) struct Page {
    pub(super) name: &'static str,
    pub(super) section: u8,
    /// What it is about, in half a sentence.
    pub(super) about: &'static str,
    body: fn(&mut Roff),
}

/// All of them.
pub(super) const PAGES: [Page; 4] = [
    Page {
        name: "gobo-session.toml",
        section: 5,
        about: "policy of gobo-session, and what a user selects",
        body: settings,
    },
    Page { name: "gobo-profile", section: 5, about: "profiles of gobo-session", body: profile },
    Page {
        name: "pam_gobo",
        section: 8,
        about: "give each login its own view of /System/Index",
        body: module,
    },
    Page {
        name: "gobo-session",
        section: 7,
        about: "views of /System/Index, and how they work",
        body: overview,
    },
];

impl Page {
    /// The name of its file.
    pub(super) fn file(&self) -> String {
        format!("{}.{}", self.name, self.section)
    }

    pub(super) fn write(&self) -> String {
        let mut roff = Roff::new();
        let section = self.section.to_string();
        let source = format!("gobo-session {}", env!("CARGO_PKG_VERSION"));
        roff.control("TH", [self.name, section.as_str(), "", source.as_str(), "gobo-session"]);
        heading(&mut roff, "NAME");
        roff.text([roman(format!("{} - {}", self.name, self.about))]);
        (self.body)(&mut roff);
        roff.to_roff()
    }
}

fn heading(roff: &mut Roff, name: &str) {
    roff.control("SH", [name]);
}

fn paragraphs(roff: &mut Roff, texts: &[&str]) {
    for (number, text) in texts.iter().enumerate() {
        if number > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
}

fn item(roff: &mut Roff, term: &str, texts: &[String]) {
    roff.control("TP", []).text([bold(term)]);
    for (number, text) in texts.iter().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([roman(text)]);
    }
}

fn see_also(roff: &mut Roff, names: &str) {
    heading(roff, "SEE ALSO");
    roff.text([roman(names)]);
}

/// The keys of a file, table by table.
fn keys(roff: &mut Roff, keys: &[Key]) {
    let mut table = "";
    for key in keys {
        if key.table != table {
            table = key.table;
            roff.control("SS", [table]);
        }
        let default =
            if key.default.is_empty() { String::new() } else { format!(" Default: {}.", key.default) };
        let texts = [
            format!("{}{}.{default}", key.kind[..1].to_uppercase(), &key.kind[1..]),
            key.meaning.to_owned(),
            format!("Example: {}", key.example),
        ];
        item(roff, key.name, &texts);
    }
}

fn settings(roff: &mut Roff) {
    heading(roff, "DESCRIPTION");
    paragraphs(
        roff,
        &[
            "/etc/gobo-session/session.toml is policy: who gets which profile at login, who may choose, and what becomes of a login \
         that cannot have its view. session.d/*.toml beside it are read after it, by name: a later word goes before an earlier \
         one, but exemptions add up, and earlier rules are tried first. Files are believed where they, and every folder above \
         them, are root's and writable by nobody else.",
            "~/.config/gobo-session/session.toml is what a user selects; gobo-session profile select writes it. Both are TOML. A key \
         that is not known is an error, and a file with an error is void; gobo-session lint shows what is wrong.",
        ],
    );
    heading(roff, "POLICY");
    paragraphs(
        roff,
        &["The first rule all of whose conditions hold decides; where none does, [default] does."],
    );
    keys(roff, keys::POLICY);
    heading(roff, "SELECTION");
    paragraphs(roff, &["Names alone, of profiles that policy lets the user have."]);
    keys(roff, keys::SELECTION);
    heading(roff, "LIMITS");
    paragraphs(roff, &[&keys::policy_limits()]);
    see_also(roff, "gobo-session(1), gobo-profile(5), pam_gobo(8), gobo-session(7)");
}

fn profile(roff: &mut Roff) {
    heading(roff, "DESCRIPTION");
    paragraphs(
        roff,
        &[
            "A profile is a named wish: which versions of programs a view holds. It is one TOML file, called by its name: NAME.toml in \
         /etc/gobo-session/profiles.d, or in ~/.config/gobo-session/profiles.d. Where both have one, the administrator's is \
         meant. A user's own are for gobo-session run and shell; logins take them only where policy trusts users.",
            "gobo-session profile edit writes one, and profile save one with the exact versions of a view.",
        ],
    );
    heading(roff, "KEYS");
    keys(roff, keys::PROFILE);
    refused(roff);
    heading(roff, "LIMITS");
    paragraphs(roff, &[&keys::profile_limits()]);
    see_also(roff, "gobo-session(1), gobo-session.toml(5), gobo-session(7)");
}

/// The variables that neither a profile nor a program may set.
fn refused(roff: &mut Roff) {
    heading(roff, "REFUSED VARIABLES");
    paragraphs(
        roff,
        &[
            "A profile that sets one of these is an error; where a program's Resources/Environment does, that is passed over with a \
           warning.",
        ],
    );
    for (why, names) in FORBIDDEN {
        item(roff, &names.join(", "), &[format!("Because {why}.")]);
    }
    let path = format!("Unless {}, and at a login one that nobody but root can fill.", Forbidden::Path);
    item(roff, "PATH", &[path]);
    item(
        roff,
        "NAME",
        &[format!("Otherwise {}, and {}.", Forbidden::Malformed, Forbidden::ControlCharacter)],
    );
}

fn module(roff: &mut Roff) {
    heading(roff, "SYNOPSIS");
    roff.control("nf", []);
    roff.text([roman("session optional pam_gobo.so close")]);
    roff.text([roman("...")]);
    roff.text([roman("session optional pam_gobo.so open")]);
    roff.control("fi", []);
    heading(roff, "DESCRIPTION");
    paragraphs(
        roff,
        &[
            "A PAM module of type session. It gives a login a mount namespace of its own, in which the parts of /System/Index are \
         overlaid with the programs of the profile that policy or the user chose. uid 0 never gets a view.",
            "A session stack has two lines of it: close before all others of type session, open behind them. Other modules run as \
         root, and what they load must not come out of a view. gobo-session check finds lines that stand wrongly.",
        ],
    );
    heading(roff, "OPTIONS");
    for (word, meaning) in WORDS {
        item(roff, word, &[meaning.to_owned()]);
    }
    heading(roff, "RETURN VALUES");
    let codes = [
        (
            "PAM_SUCCESS",
            "The session has its view, or needs none, or goes on without it: a line in the log says so.",
        ),
        ("PAM_SESSION_ERR", "There is no view, and policy or the line says deny."),
    ];
    for (code, meaning) in codes {
        item(roff, code, &[meaning.to_owned()]);
    }
    heading(roff, "FILES");
    let files = [
        ("/etc/gobo-session/session.toml, session.d, profiles.d", "Policy and profiles."),
        ("~/.config/gobo-session/session.toml", "What the user selected, read by a child with his rights."),
        (
            "/run/gobo-session/disabled, /etc/gobo-session/disabled",
            "Turn it off for everybody, as gobo_session=off on the kernel's command line does.",
        ),
    ];
    for (file, meaning) in files {
        item(roff, file, &[meaning.to_owned()]);
    }
    see_also(roff, "gobo-session(1), gobo-session.toml(5), gobo-profile(5), gobo-session(7), pam.d(5)");
}

fn overview(roff: &mut Roff) {
    heading(roff, "DESCRIPTION");
    paragraphs(
        roff,
        &[
            "On GoboLinux every version of a program lives in a folder of its own, /Programs/NAME/VERSION, and /System/Index has links \
         to one version of each. A view is that index as it would be if other versions were current: read-only overlays over its \
         parts, in a mount namespace of its own. Nothing is copied. No program, file or mount of the host is \
         changed, but that / is made shared once where share-root in session.toml says so; what is kept for the next time lies in \
         /run/gobo-session and in XDG_RUNTIME_DIR.",
            "A login gets a view by pam_gobo(8): the profile that policy gives, or that the user selected. A command gets one by \
         gobo-session run, a shell by gobo-session shell, without privilege.",
        ],
    );
    heading(roff, "WHAT A VIEW HOLDS");
    paragraphs(
        roff,
        &[
            "What is asked for, and what that depends on, to the end. Of several versions the pinned one is taken, else the current \
         one if it will do, else the highest. What the index shows already needs nothing. gobo-session plan shows all of it, with \
         reasons, before anything is done; gobo-session why tells where a name comes from.",
        ],
    );
    heading(roff, "WHAT TO KNOW");
    paragraphs(
        roff,
        &[
            "A view is not a sandbox: the same files can be reached by other paths.",
            "In a view of one's own, set-user-ID programs have no more rights than their caller; in that of a login they work as ever.",
            "A session keeps names that it looked up. After a program was installed, switched or removed, gobo-session refresh makes \
         sessions see it; gobo-session status tells what has changed, but not which names are gone.",
            "The shell remembers where commands are: hash -r after a view has changed. A terminal multiplexer keeps the view that it \
         was started in. User services of systemd see a new profile when they start again. File systems that a user mounts in a \
         session are seen there alone.",
        ],
    );
    heading(roff, "ENVIRONMENT");
    item(
        roff,
        "GOBO_SESSION_VIEW",
        &["Set by gobo-session shell: what is special about its view.".to_owned()],
    );
    item(
        roff,
        "XDG_RUNTIME_DIR",
        &["Where run, shell and runner keep views, in gobo-session/commands: a command that is wished for again has its own at \
          once while nothing has changed. Without it, or where others could write there, each is made anew."
            .to_owned()],
    );
    item(
        roff,
        "VISUAL, EDITOR",
        &["The editor of gobo-session profile edit; vi where neither is set.".to_owned()],
    );
    see_also(
        roff,
        "gobo-session(1), gobo-session.toml(5), gobo-profile(5), pam_gobo(8), mount_namespaces(7)",
    );
}
