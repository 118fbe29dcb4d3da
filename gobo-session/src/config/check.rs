//! One file by itself, for whoever writes it.

use super::profile::{Author, Found, Profiles};
use super::profile_file::Loader;
use super::syntax::mistakes;
use super::{Allow, DIR, ProfileName, Selection, policy_file};
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, Result, Step};
use crate::trusted::{Root, Trust};
use std::collections::BTreeSet;
use std::path::Path;

/// What is wrong in `session.toml`, or in one of its drop-ins. Where there are `profiles`, a name that none of them has is
/// worth a warning.
///
/// # Errors
/// Where a folder of profiles cannot be read.
pub fn check_policy(file: &str, bytes: &[u8], profiles: &Profiles) -> Result<Vec<Diagnostic>> {
    if let Some(mistakes) = several_mistakes(file, bytes) {
        return Ok(mistakes);
    }
    let policy = match policy_file::read([(file.to_owned(), bytes.to_vec())]) {
        Ok(policy) => policy,
        Err(errors) => return Ok(errors),
    };
    let known = profiles.names()?;
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let named: BTreeSet<&ProfileName> = policy.names().into_iter().map(|(_, name)| name).collect();
    let text = String::from_utf8_lossy(bytes);
    let unknown = named.into_iter().filter(|name| !known.contains_key(name)).map(|name| {
        let quoted = ["\"", "'"].iter().find_map(|quote| text.find(&format!("{quote}{name}{quote}")));
        let at = quoted.map_or(0, |at| at + 1);
        let message = format!("there is no profile `{name}`");
        let help = match profiles.near(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it would be profiles.d/{name}.toml"),
        };
        Diagnostic::of_span(Severity::Warning, file, &text, at..at + name.as_str().len(), message)
            .with_help(help)
    });
    let mut unknown: Vec<Diagnostic> = unknown.collect();
    unknown.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    Ok(unknown)
}

/// What is wrong in a user's `session.toml`.
#[must_use]
pub fn check_selection(file: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    several_mistakes(file, bytes).unwrap_or_else(|| Selection::check(file, bytes).err().into_iter().collect())
}

/// What is wrong with the grammar of a file, where that is more than the one mistake that its reader tells of.
fn several_mistakes(file: &str, bytes: &[u8]) -> Option<Vec<Diagnostic>> {
    Some(mistakes(file, bytes)).filter(|mistakes| mistakes.len() > 1)
}

/// What is wrong in a profile and in what it includes, which is looked for in `profiles`.
///
/// # Errors
/// Where an included file cannot be read.
pub fn check_profile(file: &str, bytes: &[u8], profiles: &Profiles) -> Result<Vec<Diagnostic>> {
    if let Some(mistakes) = several_mistakes(file, bytes) {
        return Ok(mistakes);
    }
    let mut all = Vec::new();
    let stem = Path::new(file).file_name().and_then(|name| name.to_str()?.strip_suffix(".toml"));
    let name = stem.map(str::parse::<ProfileName>).transpose().unwrap_or_else(|error| {
        let help = "its file is named for it: NAME.toml";
        all.push(Diagnostic::of_file(Severity::Error, file, error.to_string()).with_help(help));
        None
    });
    let found = Found { file: file.to_owned(), bytes: bytes.to_vec(), author: Author::User };
    all.extend(Loader::new(profiles, &Allow::All).check(name.as_ref(), &found)?);
    all.sort_by_key(|diagnostic| (diagnostic.file != file, diagnostic.line, diagnostic.column));
    Ok(all)
}

impl Profiles {
    /// Where a file that is checked finds the profiles that it names: in the folder that goes with it, and in the
    /// administrator's below `root`.
    ///
    /// # Errors
    /// Where one of them cannot be opened.
    pub fn beside(own: Option<&Path>, root: &Path) -> Result<Self> {
        let open = |path: &Path| {
            Root::at(path, Trust::Anyone)
                .map_err(|errno| Error::call(Step::Configure, format!("open {}", path.display()), errno))
        };
        let mut profiles = Self::none();
        if let Some(own) = own {
            profiles = profiles.and_folder(&open(Path::new("/"))?, own, Author::User)?;
        }
        let folder = Path::new(DIR).join("profiles.d");
        Ok(profiles.and_folder(&open(root)?, &folder, Author::Administrator)?)
    }
}
