//! Which lines a service's stack gets, and why: the files of `config/pam.d`, which are part of the program.

/// What is known about the stack of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The line before all others of type session and the one behind them; `None` for a stack that must not get any.
    pub lines: Option<[&'static str; 2]>,
    /// Why, in sentences.
    pub reason: String,
}

/// The files, by service.
const FILES: [(&str, &str); 12] = [
    ("cron", include_str!("../../../config/pam.d/cron")),
    ("login", include_str!("../../../config/pam.d/login")),
    ("runuser", include_str!("../../../config/pam.d/runuser")),
    ("runuser-l", include_str!("../../../config/pam.d/runuser-l")),
    ("slurm", include_str!("../../../config/pam.d/slurm")),
    ("sshd", include_str!("../../../config/pam.d/sshd")),
    ("su", include_str!("../../../config/pam.d/su")),
    ("su-l", include_str!("../../../config/pam.d/su-l")),
    ("sudo", include_str!("../../../config/pam.d/sudo")),
    ("sudo-i", include_str!("../../../config/pam.d/sudo-i")),
    ("systemd-user", include_str!("../../../config/pam.d/systemd-user")),
    ("xdm", include_str!("../../../config/pam.d/xdm")),
];

/// Services that open sessions as another one does.
const ALIKE: [(&str, &str); 9] = [
    ("crond", "cron"),
    ("atd", "cron"),
    ("gdm-password", "xdm"),
    ("gdm-autologin", "xdm"),
    ("lightdm", "xdm"),
    ("lightdm-autologin", "xdm"),
    ("sddm", "xdm"),
    ("lxdm", "xdm"),
    ("slim", "xdm"),
];

/// What is known about a service's stack; `None` where nothing is.
#[must_use]
pub fn advice(service: &str) -> Option<Advice> {
    let like = ALIKE.iter().find(|(name, _)| *name == service).map_or(service, |(_, like)| like);
    let (_, text) = FILES.iter().find(|(name, _)| *name == like)?;
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sentences = text.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ..."));
    let sentences: Vec<&str> = sentences.map(|line| line.trim_start_matches(['#', ' '])).collect();
    Some(Advice { lines: lines.next().zip(lines.next()).map(Into::into), reason: sentences.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/pam.d");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name != "README");
        names.sort();
        assert_eq!(FILES.map(|(name, _)| name).to_vec(), names);
        assert!(ALIKE.iter().all(|(_, like)| names.iter().any(|name| name == like)));
    }

    #[test]
    fn a_stack_gets_two_lines_or_none() {
        let lines = ["session  optional  pam_gobo.so close", "session  optional  pam_gobo.so open"];
        assert_eq!(advice("sshd").unwrap().lines, Some(lines));
        assert_eq!(advice("lightdm"), advice("xdm"));
        assert_eq!(advice("su-l").unwrap().lines, None);
        assert_eq!(advice("passwd"), None);
    }
}
