//! Which profiles replace what privileged programs load (R3).
//!
//! A set-user-ID program loads the version of a library that the view shows, with the rights that it has. The
//! administrator's profiles may do that; here he sees which do, so that no old version with a known hole comes back by a
//! profile that was written for something else.

use super::Finding;
use crate::compile::compile;
use crate::config::{Author, Config, ProfileName, UserProfiles};
use crate::error::Result;
use crate::login::request_of;
use crate::resolve::resolve;
use crate::text::few;
use crate::tree::Tree;
use crate::try_out::privileged::{Loaded, Loading, loadings};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that privileged programs load, and what profiles change about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The programs and plug-ins, with what is loaded with each.
    pub loadings: Vec<Loading>,
    /// The profiles, in order.
    pub profiles: Vec<Replacing>,
    /// Whether logins use profiles that users wrote.
    pub trusts_users: bool,
}

/// What one profile replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replacing {
    /// The profile.
    pub profile: String,
    /// Whether the caller wrote it himself.
    pub is_own: bool,
    /// What it replaces.
    pub replaced: Vec<Replaced>,
    /// Why that could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odd: Option<String>,
}

/// One file for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The name that is asked for, or the path of a plug-in.
    pub name: String,
    /// What the base has; none where it is new.
    pub base: Option<Loaded>,
    /// What the view has; none where it is gone.
    pub view: Option<Loaded>,
    /// The programs and plug-ins that load it.
    pub by: BTreeSet<String>,
}

fn replaced_by(tree: &Tree, config: &Config, name: &ProfileName, base: &[Loading]) -> Result<Vec<Replaced>> {
    let profile = config.profiles.load(name)?;
    let plan = resolve(tree, &request_of(profile))?;
    let layer = compile(tree, &plan)?;
    Ok(differences(base, &loadings(tree, Some(&layer))?))
}

/// What is loaded in the view and not in the base, or the other way round.
fn differences(base: &[Loading], view: &[Loading]) -> Vec<Replaced> {
    let by_path = |loadings: &'_ [Loading]| -> BTreeMap<String, BTreeMap<String, Loaded>> {
        loadings.iter().map(|loading| (loading.path.clone(), loading.loads.clone())).collect()
    };
    let (base, view) = (by_path(base), by_path(view));
    let nothing = BTreeMap::new();
    let mut replaced: BTreeMap<(String, Option<Loaded>, Option<Loaded>), BTreeSet<String>> = BTreeMap::new();
    for path in base.keys().chain(view.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (base.get(path).unwrap_or(&nothing), view.get(path).unwrap_or(&nothing));
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (before.get(name), after.get(name));
            if before != after {
                let what = (name.clone(), before.cloned(), after.cloned());
                replaced.entry(what).or_default().insert(path.clone());
            }
        }
    }
    let all = replaced.into_iter();
    all.map(|((name, base, view), by)| Replaced { name, base, view, by }).collect()
}

impl Report {
    /// Looks at a tree and the profiles for it.
    ///
    /// # Errors
    /// Where the index or a folder of profiles cannot be read.
    pub fn new(config: &Config, tree: &Tree) -> Result<Self> {
        let loadings = loadings(tree, None)?;
        let mut profiles = Vec::new();
        for (name, author) in config.profiles.names()? {
            let (replaced, odd) = match replaced_by(tree, config, &name, &loadings) {
                Ok(replaced) => (replaced, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            let is_own = author == Author::User;
            profiles.push(Replacing { profile: name.to_string(), is_own, replaced, odd });
        }
        Ok(Self { loadings, profiles, trusts_users: config.policy.user_profiles == UserProfiles::Trusted })
    }

    /// The report as findings: none of it fails, since the administrator may do all this.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        const ABOUT: &str = "privileged";
        let mut findings = Vec::new();
        for loading in &self.loadings {
            let names = loading.by_version();
            findings.push(match &loading.odd {
                Some(odd) => Finding::warning(ABOUT, format!("{} ({}): {odd}", loading.path, loading.why)),
                None if names.is_empty() => {
                    Finding::ok(ABOUT, format!("{} ({}) loads nothing", loading.path, loading.why))
                }
                None => Finding::ok(
                    ABOUT,
                    format!("{} ({}) loads {}", loading.path, loading.why, names.join(", ")),
                ),
            });
        }
        for profile in &self.profiles {
            let whose = if profile.is_own { "your own profile" } else { "profile" };
            let name = format!("{whose} {}", profile.profile);
            if let Some(odd) = &profile.odd {
                findings.push(Finding::warning(ABOUT, format!("{name}: {odd}")));
            } else if profile.replaced.is_empty() {
                findings.push(Finding::ok(
                    ABOUT,
                    format!("{name} replaces nothing that privileged programs load"),
                ));
            } else {
                let mut finding =
                    Finding::warning(ABOUT, format!("{name} replaces what privileged programs load"));
                finding.places = profile.replaced.iter().map(ToString::to_string).collect();
                findings.push(match profile.is_own && self.trusts_users {
                    true => finding.cured_by("user-profiles = \"trusted\" lets its author become root by it"),
                    false => finding,
                });
            }
        }
        if self.trusts_users {
            let count = self
                .loadings
                .iter()
                .flat_map(|loading| loading.loads.values())
                .collect::<BTreeSet<_>>()
                .len();
            let what = format!(
                "user-profiles = \"trusted\": whoever may write a profile of his own can replace any of these {count} files, \
                 and become root by that"
            );
            findings.push(Finding::warning(ABOUT, what).cured_by("\"off\" is the default"));
        }
        findings
    }
}

impl std::fmt::Display for Replaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |loaded: &Option<Loaded>| loaded.as_ref().map_or("nothing".to_owned(), Loaded::to_string);
        let by: Vec<&str> = self.by.iter().map(String::as_str).collect();
        write!(
            f,
            "{}: {} instead of {}, loaded by {}",
            self.name,
            side(&self.view),
            side(&self.base),
            few(&by)
        )
    }
}
