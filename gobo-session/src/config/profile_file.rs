//! From the files of a profile and its includes to one [`Profile`].
//!
//! The includer's word comes first: its programs stand before those of what it includes, its variables are not
//! overwritten. Options (arch, pure, strict, solve, prefer, personality) are the outermost profile's alone; what an included
//! one says otherwise is left out with a note. Every error of every file is collected; one is enough to refuse it all.

use super::ConfigError;
use super::name::ProfileName;
use super::policy::Allow;
use super::profile::{Asked, Author, Found, Profile, Profiles};
use super::syntax::{error_at, parse, text_of};
use crate::arch::Arch;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::forbidden;
use crate::requirement::Requirement;
use crate::resolve::{Prefer, UseFlag};
use crate::text::shorten;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;

/// How deep profiles may include each other, and how much they may hold in all (R18).
pub(super) const MAX_DEPTH: usize = 8;
pub(super) const MAX_INCLUDES: usize = 64;
pub(super) const MAX_PROGRAMS: usize = 256;
pub(super) const MAX_VARIABLES: usize = 256;

/// The most characters of what others say about a file (R18).
const MAX_MESSAGE: usize = 200;

/// One file, as serde reads it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProfileFile {
    description: String,
    include: Vec<Spanned<ProfileName>>,
    programs: Vec<Spanned<String>>,
    prefer: Option<Spanned<Prefer>>,
    strict: Option<Spanned<bool>>,
    solve: Option<Spanned<bool>>,
    #[serde(rename = "use-flags")]
    use_flags: Option<Spanned<Vec<UseFlag>>>,
    pure: Option<Spanned<bool>>,
    arch: Option<Spanned<ArchWord>>,
    personality: Option<Spanned<bool>>,
    environment: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The architectures that a session can have.
#[derive(Clone, Copy, PartialEq, Deserialize)]
enum ArchWord {
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "i686")]
    I686,
}

impl From<ArchWord> for Arch {
    fn from(word: ArchWord) -> Self {
        match word {
            ArchWord::X86_64 => Self::X86_64,
            ArchWord::I686 => Self::I686,
        }
    }
}

/// Reads one profile after the other into one.
pub(super) struct Loader<'a> {
    profiles: &'a Profiles,
    allow: &'a Allow,
    /// Whether root reads what a user wrote.
    for_login: bool,
    /// The profiles that are being read, each included by the one before.
    chain: Vec<ProfileName>,
    /// Those that have been read: a second include of one adds nothing.
    seen: BTreeSet<ProfileName>,
    programs: Vec<Asked>,
    environment: BTreeMap<String, String>,
    files: Vec<String>,
    notes: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
    has_user_part: bool,
    /// How many of each have been met, good or bad.
    includes: usize,
    asked: usize,
    set: usize,
}

/// Why a profile cannot be included, and what to do instead.
type Refusal = (String, Option<String>);

/// A file's name and text, for messages.
#[derive(Clone, Copy)]
struct Text<'a> {
    file: &'a str,
    text: &'a str,
}

impl Text<'_> {
    fn error(self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        error_at(self.file, self.text, span, message.into())
    }
}

impl<'a> Loader<'a> {
    pub(super) fn new(profiles: &'a Profiles, allow: &'a Allow) -> Self {
        Self {
            profiles,
            allow,
            for_login: false,
            chain: Vec::new(),
            seen: BTreeSet::new(),
            programs: Vec::new(),
            environment: BTreeMap::new(),
            files: Vec::new(),
            notes: Vec::new(),
            errors: Vec::new(),
            has_user_part: false,
            includes: 0,
            asked: 0,
            set: 0,
        }
    }

    /// Reads for a login: what users wrote names things, and nothing else (R2).
    pub(super) fn for_login(self) -> Self {
        Self { for_login: true, ..self }
    }

    /// Reads the profile that was asked for.
    pub(super) fn load(mut self, name: &ProfileName, found: &Found) -> Result<Profile, ConfigError> {
        let top = self.add(Some(name), found, None)?.unwrap_or_default();
        if !self.errors.is_empty() {
            return Err(ConfigError::Invalid(self.errors));
        }
        let options = Options::of(&top);
        Ok(Profile {
            name: name.clone(),
            author: if self.has_user_part { Author::User } else { Author::Administrator },
            description: top.description,
            programs: self.programs,
            prefer: options.prefer,
            strict: options.strict,
            solve: options.solve,
            use_flags: options.use_flags,
            pure: options.pure,
            arch: options.arch.map(Arch::from),
            personality: options.personality,
            environment: self.environment,
            files: self.files,
            notes: self.notes,
        })
    }

    /// Everything that is wrong or odd in a profile and in what it includes.
    pub(super) fn check(
        mut self,
        name: Option<&ProfileName>,
        found: &Found,
    ) -> Result<Vec<Diagnostic>, ConfigError> {
        self.add(name, found, None)?;
        self.errors.append(&mut self.notes);
        Ok(self.errors)
    }

    /// Adds one profile and then what it includes; `options` are those of the outermost one, where this is another. Only
    /// a text that has no file yet has no name.
    fn add(
        &mut self,
        name: Option<&ProfileName>,
        found: &Found,
        options: Option<&Options>,
    ) -> Result<Option<ProfileFile>, ConfigError> {
        self.has_user_part |= found.author == Author::User;
        self.files.push(found.file.clone());
        self.seen.extend(name.cloned());
        let parsed = match parse::<ProfileFile>(&found.file, &found.bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.errors.push(error);
                return Ok(None);
            }
        };
        let text = Text { file: &found.file, text: text_of(&found.file, &found.bytes).unwrap_or_default() };
        self.add_programs(text, &parsed.programs);
        match parsed.environment.first_key_value() {
            Some((name, _)) if self.for_login && found.author == Author::User => {
                let error = text.error(name.span(), "a user's own profile sets no variables at login");
                self.errors.push(error.with_help("set them in the shell's start file"));
            }
            _ => self.add_environment(text, &parsed.environment),
        }
        if let Some(options) = options {
            self.notes.extend(options.ignored(text, &parsed));
        }
        let own_options = Options::of(&parsed);
        self.chain.extend(name.cloned());
        for include in &parsed.include {
            self.includes += 1;
            if self.includes > MAX_INCLUDES {
                let message = format!("there are more than {MAX_INCLUDES} includes in all");
                self.errors.push(text.error(include.span(), message));
                break;
            }
            let name = include.get_ref();
            if self.seen.contains(name) && !self.chain.contains(name) {
                continue;
            }
            match self.find(name, found.author)? {
                Ok(included) => {
                    self.add(Some(name), &included, Some(options.unwrap_or(&own_options)))?;
                }
                Err((message, help)) => {
                    self.errors.push(Diagnostic { help, ..text.error(include.span(), message) });
                }
            }
        }
        if name.is_some() {
            self.chain.pop();
        }
        Ok(Some(parsed))
    }

    /// The file of a profile that is included by one of this author; or why not, and what could be meant.
    fn find(&self, name: &ProfileName, author: Author) -> Result<Result<Found, Refusal>, ConfigError> {
        let chain = || {
            let names: Vec<&str> = self.chain.iter().chain([name]).map(ProfileName::as_str).collect();
            names.join(" -> ")
        };
        if self.chain.contains(name) {
            return Ok(Err((format!("profiles include each other: {}", chain()), None)));
        }
        if self.chain.len() > MAX_DEPTH {
            return Ok(Err((format!("includes are more than {MAX_DEPTH} deep: {}", chain()), None)));
        }
        // R3: what the administrator wrote stays his in all its parts.
        let writer = (author == Author::Administrator).then_some(author);
        Ok(match self.profiles.find(name, writer)? {
            Some(found) if found.author == author || self.allow.contains(name) => Ok(found),
            Some(_) => Err((format!("policy does not let this user select `{name}`, nor include it"), None)),
            None => {
                // Looking for it reads whole folders: once is enough (R18).
                let near = self.errors.is_empty().then(|| self.profiles.near(name)).flatten();
                let near = near.filter(|near| near != name);
                let help = near.map(|near| format!("did you mean `{near}`?"));
                Err((format!("there is no profile `{name}` to include"), help))
            }
        })
    }

    fn add_programs(&mut self, text: Text<'_>, programs: &[Spanned<String>]) {
        for program in programs {
            self.asked += 1;
            if self.asked > MAX_PROGRAMS {
                let message = format!("there are more than {MAX_PROGRAMS} programs in all");
                self.errors.push(text.error(program.span(), message));
                return;
            }
            match program.get_ref().parse::<Requirement>() {
                Ok(requirement) => {
                    let line = text.error(program.span(), "").line;
                    self.programs.push(Asked { requirement, file: text.file.to_owned(), line });
                }
                Err(error) => {
                    let span = within(text.text, program, error.span());
                    let complaint = text.error(span, shorten(error.message(), MAX_MESSAGE));
                    self.errors.push(Diagnostic {
                        help: error.help().map(|help| shorten(help, MAX_MESSAGE)),
                        ..complaint
                    });
                }
            }
        }
    }

    fn add_environment(&mut self, text: Text<'_>, variables: &BTreeMap<Spanned<String>, Spanned<String>>) {
        for (name, value) in variables {
            self.set += 1;
            if self.set > MAX_VARIABLES {
                let message = format!("there are more than {MAX_VARIABLES} variables in all");
                self.errors.push(text.error(name.span(), message));
                return;
            }
            if let Some(reason) = forbidden(name.get_ref(), value.get_ref()) {
                let message = format!("`{}` cannot be set: {reason}", name.get_ref());
                self.errors.push(text.error(name.span(), shorten(&message, MAX_MESSAGE)));
            } else {
                self.environment.entry(name.get_ref().clone()).or_insert_with(|| value.get_ref().clone());
            }
        }
    }
}

/// Where some bytes of a string's value are in the file; the whole string where escapes make that hard to tell.
fn within(text: &str, string: &Spanned<String>, span: Range<usize>) -> Range<usize> {
    let whole = string.span();
    let written = text.get(whole.clone()).unwrap_or_default();
    let value = string.get_ref();
    match written.get(1..1 + value.len()) {
        Some(inner) if inner == value => whole.start + 1 + span.start..whole.start + 1 + span.end,
        _ => whole,
    }
}

/// The options that hold for a profile with everything that it includes.
struct Options {
    prefer: Prefer,
    strict: bool,
    solve: bool,
    use_flags: Vec<UseFlag>,
    pure: bool,
    arch: Option<ArchWord>,
    personality: bool,
}

impl Options {
    fn of(file: &ProfileFile) -> Self {
        fn value<T: Copy>(option: &Option<Spanned<T>>) -> Option<T> {
            option.as_ref().map(|value| *value.get_ref())
        }
        Self {
            prefer: value(&file.prefer).unwrap_or_default(),
            strict: value(&file.strict).unwrap_or_default(),
            solve: value(&file.solve).unwrap_or_default(),
            use_flags: file.use_flags.as_ref().map(|flags| flags.get_ref().clone()).unwrap_or_default(),
            pure: value(&file.pure).unwrap_or_default(),
            arch: value(&file.arch),
            personality: value(&file.personality).unwrap_or_default(),
        }
    }

    /// Notes about what an included file says otherwise.
    fn ignored(&self, text: Text<'_>, file: &ProfileFile) -> Vec<Diagnostic> {
        fn odd<T: PartialEq>(said: &Option<Spanned<T>>, holds: &T) -> Option<Range<usize>> {
            said.as_ref().filter(|said| said.get_ref() != holds).map(Spanned::span)
        }
        let arch = file.arch.as_ref().filter(|said| self.arch != Some(*said.get_ref())).map(Spanned::span);
        let odd = [
            ("prefer", odd(&file.prefer, &self.prefer)),
            ("strict", odd(&file.strict, &self.strict)),
            ("solve", odd(&file.solve, &self.solve)),
            ("use-flags", odd(&file.use_flags, &self.use_flags)),
            ("pure", odd(&file.pure, &self.pure)),
            ("arch", arch),
            ("personality", odd(&file.personality, &self.personality)),
        ];
        odd.into_iter()
            .filter_map(|(key, span)| {
                let message = format!("`{key}` of an included profile is ignored");
                Some(Diagnostic::of_span(Severity::Warning, text.file, text.text, span?, message))
            })
            .collect()
    }
}
