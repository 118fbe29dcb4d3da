//! `session.toml` and its drop-ins, put together into one [`Policy`].
//!
//! The files are read in order: `session.toml`, then `session.d/*.toml` by name. A later file's word goes before an
//! earlier one's, key by key, in `[default]` and `[tree]` too. Lists that only ever add up are appended: `exempt`, and
//! the rules, so the rules of `session.toml` are tried first and then those of each drop-in.

use super::name::Choice;
use super::policy::{Allow, Deadline, Exempt, OnFailure, Policy, Rule, UserProfiles};
use super::syntax::{Table, error_at, parse, quoted, read_as_text, text_of};
use crate::diagnostic::Diagnostic;
use crate::tree::{Layout, RealFiles};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Component, PathBuf};
use std::str::FromStr;
use toml::Spanned;

/// The most rules in all, and the most parts of an index (R18).
pub(super) const MAX_RULES: usize = 1024;
pub(super) const MAX_AREAS: usize = 16;

/// The text of one file, as serde reads it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct PolicyFile {
    on_failure: Option<OnFailure>,
    exempt: Vec<Exempt>,
    user_profiles: Option<UserProfiles>,
    share_root: Option<bool>,
    deadline_ms: Option<Deadline>,
    default: Table<DefaultSection>,
    rule: Vec<Spanned<Table<Rule>>>,
    tree: Table<TreeSection>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DefaultSection {
    profile: Option<Choice>,
    allow: Option<Allow>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct TreeSection {
    programs: Option<TreePath>,
    index: Option<TreePath>,
    directories: Option<Directories>,
    real_files: Option<RealFilesWord>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RealFilesWord {
    Keep,
    Replace,
}

/// An absolute path without `..`, and not `/` itself.
struct TreePath(PathBuf);

impl FromStr for TreePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let mut parts = path.components();
        let is_good = text.len() <= 1024
            && !text.contains(char::is_control)
            && parts.next() == Some(Component::RootDir)
            && parts.clone().next().is_some()
            && parts.all(|part| matches!(part, Component::Normal(_)));
        if is_good {
            Ok(Self(path))
        } else {
            Err(format!("{} is not an absolute path of a folder", quoted(text)))
        }
    }
}

/// The name of a folder of the index or of a program version.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FolderName(String);

impl FromStr for FolderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_good = (1..=64).contains(&text.len())
            && !text.starts_with('.')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
        if is_good {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{} is not the name of a folder", quoted(text)))
        }
    }
}

read_as_text!(TreePath, FolderName);

/// The parts of the index, and the folders of a version whose entries go into each.
#[derive(Deserialize)]
#[serde(try_from = "BTreeMap<FolderName, Vec<FolderName>>")]
struct Directories(BTreeMap<String, Vec<String>>);

impl TryFrom<BTreeMap<FolderName, Vec<FolderName>>> for Directories {
    type Error = String;

    fn try_from(map: BTreeMap<FolderName, Vec<FolderName>>) -> Result<Self, String> {
        if !(1..=MAX_AREAS).contains(&map.len()) {
            return Err(format!("an index has 1 to {MAX_AREAS} directories"));
        }
        let folders = |folders: Vec<FolderName>| folders.into_iter().map(|folder| folder.0).collect();
        Ok(Self(map.into_iter().map(|(area, list)| (area.0, folders(list))).collect()))
    }
}

/// Reads the files of a policy, each with the name that messages call it by, in order.
pub(super) fn read(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Policy, Vec<Diagnostic>> {
    let mut policy = Policy::default();
    let mut tree = TreeSection::default();
    let mut errors = Vec::new();
    for (file, bytes) in files {
        match parse::<PolicyFile>(&file, &bytes) {
            Ok(parsed) => add(&mut policy, &mut tree, parsed, &file, &bytes, &mut errors),
            Err(error) => errors.push(error),
        }
    }
    policy.layout = layout_of(tree);
    if errors.is_empty() { Ok(policy) } else { Err(errors) }
}

/// Puts one more file over what there is.
fn add(
    policy: &mut Policy,
    tree: &mut TreeSection,
    file: PolicyFile,
    name: &str,
    bytes: &[u8],
    errors: &mut Vec<Diagnostic>,
) {
    policy.on_failure = file.on_failure.unwrap_or(policy.on_failure);
    policy.user_profiles = file.user_profiles.unwrap_or(policy.user_profiles);
    policy.share_root = file.share_root.unwrap_or(policy.share_root);
    policy.deadline = file.deadline_ms.map_or(policy.deadline, |deadline| deadline.0);
    policy.exempt.extend(file.exempt);
    if let Some(profile) = file.default.0.profile {
        policy.profile = profile;
    }
    if let Some(allow) = file.default.0.allow {
        policy.allow = allow;
    }
    tree.programs = file.tree.0.programs.or(tree.programs.take());
    tree.index = file.tree.0.index.or(tree.index.take());
    tree.directories = file.tree.0.directories.or(tree.directories.take());
    tree.real_files = file.tree.0.real_files.or(tree.real_files);
    let text = text_of(name, bytes).unwrap_or_default();
    for rule in file.rule {
        let span = rule.span();
        let mut rule = rule.into_inner().0;
        let here = |message: &str| error_at(name, text, span.clone(), message.to_owned());
        if policy.rules.len() == MAX_RULES {
            errors.push(here(&format!("there are more than {MAX_RULES} rules in all")));
            return;
        }
        if rule.force && rule.allow.is_some() {
            errors.push(here("a rule with force cannot have allow: its users are not asked"));
        }
        rule.place = format!("{name}:{}", here("").line);
        policy.rules.push(rule);
    }
}

fn layout_of(tree: TreeSection) -> Layout {
    let usual = Layout::default();
    let programs = tree.programs.map_or(usual.programs, |path| path.0);
    let index = tree.index.map_or(usual.index, |path| path.0);
    let real_files = match tree.real_files {
        Some(RealFilesWord::Replace) => RealFiles::Replace,
        Some(RealFilesWord::Keep) | None => RealFiles::Keep,
    };
    match tree.directories {
        None => Layout { programs, index, areas: usual.areas, real_files },
        Some(Directories(map)) => {
            let areas = map.iter().map(|(area, folders)| (area.as_str(), folders.as_slice()));
            Layout::new(programs, index, areas, real_files)
        }
    }
}
