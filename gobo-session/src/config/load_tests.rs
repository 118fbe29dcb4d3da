//! Configuration as it lies on disk: what is missing, what is not root's, and what turns it all off.

use super::*;
use crate::trusted::Trust;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use tempfile::TempDir;

/// The administrator's folder below a test's root.
const ETC: &str = "etc/gobo-session";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        for folder in path.parent().unwrap().ancestors().take_while(|f| *f != self.folder.path()) {
            std::fs::create_dir_all(folder).unwrap();
            set_mode(folder, 0o755);
        }
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o644);
    }

    fn load(&self, trust: Trust) -> Result<Config, ConfigError> {
        Config::read(&root_at(self.folder.path(), trust), DIR.as_ref())
    }

    fn switch(&self) -> Option<String> {
        kill_switch(&root_at(self.folder.path(), Trust::Anyone), DIR.as_ref())
    }
}

fn root_at(path: &Path, trust: Trust) -> Root {
    Root::at(path, trust).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn nothing_at_all_is_the_default() {
    let config = Place::new().load(Trust::Anyone).unwrap();
    assert_eq!(config.policy, Policy::default());
    assert!(config.profiles.names().unwrap().is_empty());
}

#[test]
fn drop_ins_are_read_by_name_after_session_toml() {
    let place = Place::new();
    let file = |name: &str, text| place.write(&format!("{ETC}/{name}"), text);
    file(
        "session.toml",
        "on-failure = \"deny\"\ndeadline-ms = 100\nexempt = [\"a\"]\n[[rule]]\nuser = \"x\"",
    );
    file("session.d/20-b.toml", "deadline-ms = 300\nexempt = [\"b\"]\n[[rule]]\nuser = \"z\"");
    file("session.d/10-a.toml", "deadline-ms = 200\n[default]\nprofile = \"gtk2\"\n[[rule]]\nuser = \"y\"");
    for ignored in ["session.d/30.toml~", "session.d/.40.toml", "session.d/README"] {
        file(ignored, "nonsense");
    }
    let policy = place.load(Trust::Anyone).unwrap().policy;
    assert_eq!(policy.on_failure, OnFailure::Deny);
    assert_eq!(policy.deadline.as_millis(), 300);
    assert_eq!((policy.profile.to_string().as_str(), policy.exempt.len()), ("gtk2", 2));
    let places: Vec<&str> = policy.rules.iter().map(|rule| rule.place.as_str()).collect();
    assert_eq!(
        places,
        [
            format!("{DIR}/session.toml:4"),
            format!("{DIR}/session.d/10-a.toml:4"),
            format!("{DIR}/session.d/20-b.toml:3")
        ]
    );
}

#[test]
fn another_tree_is_described_key_by_key() {
    let place = Place::new();
    let text =
        "[tree]\nindex = \"/usr\"\nreal-files = \"replace\"\ndirectories = { bin = [\"bin\", \"games\"] }";
    place.write(&format!("{ETC}/session.toml"), text);
    place.write(&format!("{ETC}/session.d/a.toml"), "[tree]\nprograms = \"/opt/programs\"");
    let layout = place.load(Trust::Anyone).unwrap().policy.layout;
    assert_eq!((layout.programs, layout.index), ("/opt/programs".into(), "/usr".into()));
    assert_eq!(layout.real_files, crate::tree::RealFiles::Replace);
    assert_eq!((layout.areas.len(), layout.areas[0].name.as_str()), (1, "bin"));
}

#[test]
fn profiles_are_the_files_that_are_named_for_one() {
    let place = Place::new();
    for file in ["gtk2.toml", "i686.toml", "none.toml", "a b.toml", ".x.toml", "gtk2.toml~", "README"] {
        place.write(&format!("{ETC}/profiles.d/{file}"), "");
    }
    let profiles = place.load(Trust::Anyone).unwrap().profiles;
    let names: Vec<String> = profiles.names().unwrap().into_keys().map(String::from).collect();
    assert_eq!(names, ["gtk2", "i686"]);
    assert_eq!(profiles.load(&"gtk2".parse().unwrap()).unwrap().author, Author::Administrator);
}

#[test]
fn r4_what_others_can_write_layers_nobody() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.write(&format!("{ETC}/session.toml"), "");
    assert!(place.load(Trust::RootOnly).is_ok());
    set_mode(&place.at(&format!("{ETC}/session.toml")), 0o664);
    let error = place.load(Trust::RootOnly).unwrap_err();
    assert!(matches!(error, ConfigError::Untrusted(_)));
    assert_eq!(
        error.one_line(),
        "not trusted: /etc/gobo-session/session.toml is writable by others than root (mode 0664); chmod go-w it"
    );
    set_mode(&place.at(ETC), 0o777);
    assert_eq!(
        place.load(Trust::RootOnly).unwrap_err().one_line(),
        "not trusted: /etc/gobo-session/session.d: /etc/gobo-session is writable by others than root (mode 0777); \
         chmod go-w it"
    );
}

#[test]
fn r4_a_profile_that_others_can_write_is_refused_alone() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.write(&format!("{ETC}/profiles.d/a.toml"), "");
    place.write(&format!("{ETC}/profiles.d/b.toml"), "");
    set_mode(&place.at(&format!("{ETC}/profiles.d/b.toml")), 0o666);
    let profiles = place.load(Trust::RootOnly).unwrap().profiles;
    assert!(profiles.load(&"a".parse().unwrap()).is_ok());
    assert!(matches!(profiles.load(&"b".parse().unwrap()), Err(ConfigError::Untrusted(_))));
}

#[test]
fn r9_a_fifo_is_an_error_and_not_a_wait() {
    let place = Place::new();
    place.write(&format!("{ETC}/x"), "");
    let fifo = place.at(&format!("{ETC}/session.toml"));
    rustix::fs::mknodat(rustix::fs::CWD, fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::from(0o644), 0)
        .unwrap();
    let error = place.load(Trust::Anyone).unwrap_err();
    assert_eq!(
        error.one_line(),
        "/etc/gobo-session/session.toml is a FIFO, not a regular file; put a regular file there"
    );
}

#[test]
fn r18_a_sparse_file_is_not_read() {
    let place = Place::new();
    place.write(&format!("{ETC}/session.toml"), "");
    std::fs::File::create(place.at(&format!("{ETC}/session.toml"))).unwrap().set_len(4 << 30).unwrap();
    assert_eq!(
        place.load(Trust::Anyone).unwrap_err().one_line(),
        "/etc/gobo-session/session.toml is larger than 65536 bytes; make it smaller"
    );
}

#[test]
fn r18_drop_ins_are_counted() {
    let place = Place::new();
    for i in 0..=MAX_DROP_INS {
        place.write(&format!("{ETC}/session.d/{i}.toml"), "");
    }
    assert_eq!(
        place.load(Trust::Anyone).unwrap_err().one_line(),
        "/etc/gobo-session/session.d has more than 64 entries; remove some"
    );
}

#[test]
fn each_switch_turns_everything_off() {
    let place = Place::new();
    place.write("proc/cmdline", "quiet xgobo_session=off gobo_session=offx root=/dev/sda1\n");
    assert_eq!(place.switch(), None);
    place.write(&format!("{ETC}/disabled"), "");
    assert_eq!(place.switch().as_deref(), Some("/etc/gobo-session/disabled"));
    place.write("proc/cmdline", "quiet gobo_session=off\n");
    assert_eq!(place.switch().as_deref(), Some("gobo_session=off on the kernel's command line"));
    place.write("run/gobo-session/x", "");
    symlink("nowhere", place.at("run/gobo-session/disabled")).unwrap();
    assert_eq!(place.switch().as_deref(), Some("/run/gobo-session/disabled"));
}

#[test]
fn a_switch_works_where_the_rest_is_broken() {
    let place = Place::new();
    place.write(&format!("{ETC}/session.toml"), "nonsense");
    assert!(place.load(Trust::Anyone).is_err());
    place.write(&format!("{ETC}/disabled"), "");
    assert_eq!(place.switch().as_deref(), Some("/etc/gobo-session/disabled"));
}

#[test]
fn r17_a_switch_in_a_folder_that_is_not_roots_is_none() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.write("run/gobo-session/disabled", "");
    let switch = || kill_switch(&root_at(place.folder.path(), Trust::RootOnly), DIR.as_ref());
    set_mode(&place.at("run/gobo-session/disabled"), 0o666);
    assert!(switch().is_some(), "made in a hurry");
    set_mode(&place.at("run/gobo-session"), 0o777);
    assert_eq!(switch(), None);
}

#[test]
fn a_command_reads_what_a_login_would_and_minds_no_switch() {
    let place = Place::new();
    place.write(&format!("{ETC}/disabled"), "");
    place.write(&format!("{ETC}/session.toml"), "[tree]\nindex = \"/usr\"");
    place.write(&format!("{ETC}/profiles.d/gtk2.toml"), "programs = [\"GTK+\"]");
    let config = Config::for_command(place.folder.path(), Trust::Anyone).unwrap();
    assert_eq!(config.layout().index, Path::new("/usr"));
    assert_eq!(config.profile("gtk2").unwrap().programs.len(), 1);
    let errors = ["gtk3", "../gtk2"].map(|name| config.profile(name).unwrap_err().to_string());
    assert_eq!(
        errors,
        ["there is no profile `gtk3` (did you mean `gtk2`?)", "`../gtk2` is not a profile name"]
    );
}

fn examples() -> (Root, PathBuf) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    (root_at(&path, Trust::Anyone), path)
}

#[test]
fn the_examples_layer_nobody() {
    let (root, _) = examples();
    let config = Config::read(&root, "".as_ref()).unwrap();
    assert_eq!(config.policy, Policy::default());
    for name in config.profiles.names().unwrap().keys() {
        assert_eq!(config.profiles.load(name).unwrap().notes, [], "{name}");
    }
    assert_eq!(config.profiles.names().unwrap().len(), 3);
}

#[test]
fn the_settings_in_the_comments_of_the_examples_are_right() {
    let (_, path) = examples();
    let uncommented = |file: &str| -> String {
        let text = std::fs::read_to_string(path.join(file)).unwrap();
        let bare = |line: &str| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned()
        };
        text.lines().map(|line| bare(line) + "\n").collect()
    };
    let place = Place::new();
    place.write(&format!("{ETC}/session.toml"), &uncommented("session.toml"));
    for file in ["gtk2", "i686", "base-desktop"] {
        let file = format!("profiles.d/{file}.toml");
        place.write(&format!("{ETC}/{file}"), &uncommented(&file));
    }
    let config = place.load(Trust::Anyone).unwrap();
    let defaults = Policy::default();
    assert_eq!((config.policy.rules.len(), config.policy.exempt.len()), (2, 2));
    assert_eq!(
        config.policy,
        Policy { rules: config.policy.rules.clone(), exempt: config.policy.exempt.clone(), ..defaults }
    );
    assert!(config.profiles.load(&"gtk2".parse().unwrap()).is_ok());
}
