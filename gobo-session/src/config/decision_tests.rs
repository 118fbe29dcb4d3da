//! Who gets which profile.

use super::*;
use std::cell::Cell;

const LAB: &str = r#"
    exempt = ["backup", "@staff"]
    [default]
    profile = "none"
    allow = ["i686", "gtk2"]
    [[rule]]
    user = ["ann", "bob"]
    group = "cs101"
    profile = "cs101"
    allow = ["cs101", "gtk2"]
    [[rule]]
    uid = ["1000-1999", 5000]
    service = "sshd"
    tty = "pts/*"
    host = "lab-*"
    profile = "lab"
    force = true
    [[rule]]
    service = "kiosk"
    profile = "kiosk"
"#;

const ANN: Login<'static> = Login {
    user: "ann",
    uid: 1000,
    groups: &|| Some(vec!["users".to_owned(), "cs101".to_owned()]),
    service: "login",
    tty: Some("/dev/tty1"),
    host: None,
};

const DAN: Login<'static> = Login { user: "dan", groups: &|| Some(Vec::new()), ..ANN };

fn policy(text: &str) -> Policy {
    policy_file::read([("session.toml".to_owned(), text.as_bytes().to_vec())]).unwrap()
}

/// The profile, who said so, and what was refused.
fn decide(text: &str, login: &Login<'_>, selection: &str) -> (String, String, Option<String>) {
    let selection = (!selection.is_empty()).then(|| selection.to_owned());
    let decision = policy(text).decide(login, || selection);
    let profile = decision.profile.map_or("none".to_owned(), String::from);
    (profile, decision.source.to_string(), decision.refused)
}

fn decided(profile: &str, source: &str, refused: Option<&str>) -> (String, String, Option<String>) {
    (profile.to_owned(), source.to_owned(), refused.map(str::to_owned))
}

#[test]
fn nobody_gets_a_view_by_default_and_no_home_is_read() {
    let decision = policy("").decide(&ANN, || panic!("the user was asked"));
    assert_eq!((decision.profile, decision.source), (None, Source::Default));
}

#[test]
fn r22_root_never_gets_a_view() {
    let root = Login { user: "root", uid: 0, groups: &|| panic!("asked"), ..ANN };
    let decision = policy("[[rule]]\nprofile = \"x\"\nforce = true").decide(&root, || panic!("asked"));
    assert_eq!((decision.profile, decision.source, decision.forced), (None, Source::Root, true));
}

#[test]
fn the_first_rule_that_holds_decides() {
    assert_eq!(decide(LAB, &ANN, ""), decided("cs101", "the rule at session.toml:6", None));
    let bob = Login { user: "bob", ..DAN };
    assert_eq!(decide(LAB, &bob, ""), decided("none", "policy's default", None), "not in the group");
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let dan = Login { service: "sshd", tty: Some("pts/3"), host: Some("LAB-7"), ..DAN };
    let lab = decided("lab", "the rule at session.toml:11", None);
    assert_eq!(decide(LAB, &dan, "gtk2"), lab, "forced");
    assert_eq!(decide(LAB, &Login { uid: 5000, ..dan }, ""), lab);
    for other in [
        Login { uid: 2000, ..dan },
        Login { service: "login", ..dan },
        Login { tty: Some("tty1"), ..dan },
        Login { tty: None, ..dan },
        Login { host: Some("home-1"), ..dan },
        Login { host: None, ..dan },
    ] {
        assert_eq!(decide(LAB, &other, ""), decided("none", "policy's default", None));
    }
}

#[test]
fn users_select_what_policy_allows() {
    assert_eq!(decide(LAB, &ANN, "gtk2"), decided("gtk2", "the user selected it", None));
    assert_eq!(decide(LAB, &ANN, "none"), decided("none", "the user selected it", None));
    let own = decided("cs101", "the rule at session.toml:6", Some("i686"));
    assert_eq!(decide(LAB, &ANN, "i686"), own);
    let odd = decided("cs101", "the rule at session.toml:6", Some("?"));
    assert_eq!(decide(LAB, &ANN, "../../etc\u{1b}[2J"), odd, "R9: it is not repeated");
    let kiosk = Login { service: "kiosk", ..DAN };
    assert_eq!(decide(LAB, &kiosk, "i686"), decided("i686", "the user selected it", None));
    assert_eq!(decide(LAB, &kiosk, "kiosk"), decided("kiosk", "the user selected it", None));
    let all = "[default]\nallow = [\"*\"]";
    assert_eq!(decide(all, &DAN, "anything"), decided("anything", "the user selected it", None));
}

#[test]
fn exempt_users_and_groups_are_left_alone() {
    let backup = Login { user: "backup", groups: &|| panic!("asked"), ..ANN };
    assert_eq!(decide(LAB, &backup, "gtk2"), decided("none", "policy exempts the user", None));
    let staff = Login { groups: &|| Some(vec!["cs101".to_owned(), "staff".to_owned()]), ..ANN };
    assert_eq!(decide(LAB, &staff, "gtk2"), decided("none", "policy exempts the user", None));
}

#[test]
fn a_line_that_names_a_profile_asks_nobody_but_heeds_exemptions() {
    let fixed = |login: &Login<'_>| {
        let decision = policy(LAB).decide_fixed(login, &"kiosk".parse().unwrap());
        (decision.profile.map(String::from), decision.source)
    };
    assert_eq!(fixed(&ANN), (Some("kiosk".to_owned()), Source::Fixed));
    assert_eq!(fixed(&Login { user: "backup", ..ANN }), (None, Source::Exempt));
    assert_eq!(fixed(&Login { groups: &|| None, ..ANN }), (None, Source::GroupsUnknown));
    assert_eq!(fixed(&Login { uid: 0, ..ANN }), (None, Source::Root));
}

#[test]
fn r9_unknown_groups_mean_the_base_view() {
    let ann = Login { groups: &|| None, ..ANN };
    assert_eq!(decide(LAB, &ann, "gtk2"), decided("none", "the user's groups could not be looked up", None));
}

#[test]
fn groups_are_looked_up_once_and_only_where_a_rule_needs_them() {
    let text = "[[rule]]\nservice = \"sshd\"\ngroup = \"a\"\n[[rule]]\ngroup = [\"b\"]\nuser = \"eve\"";
    let policy = policy(text);
    let asked = Cell::new(0);
    let groups = || {
        asked.set(asked.get() + 1);
        Some(Vec::new())
    };
    let eve = Login { user: "eve", service: "sshd", groups: &groups, ..ANN };
    assert!(policy.needs_groups(&eve) && policy.needs_groups(&Login { user: "dan", ..eve }));
    assert!(!policy.needs_groups(&ANN));
    assert_eq!(asked.get(), 0);
    let _ = policy.decide(&eve, || None);
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_user_who_may_write_profiles_is_asked_for_one() {
    let text = "user-profiles = \"trusted\"";
    assert_eq!(decide(text, &DAN, "mine"), decided("none", "policy's default", Some("mine")));
}
