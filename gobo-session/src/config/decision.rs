//! Policy applied to a login: a pure function, so that `gobo-session` can show beforehand what a login would get.
//!
//! Exemptions come first, then the first rule that holds, then `[default]`. The user's groups and what he selected are
//! asked for only where they can matter: looking up groups can take long, and reading a file in his home longer.

use super::name::{Choice, ProfileName, Word};
use super::policy::{Allow, Exempt, Policy, Rule, UserProfiles};
use super::syntax::OneOrMore;
use crate::text::Safe;
use std::cell::{Cell, OnceCell};
use std::fmt;

/// Who logs in, how and from where.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The user's name.
    pub user: &'a str,
    /// His user id.
    pub uid: u32,
    /// Looks up the names of his groups; `None` where they cannot be had (in time). Called at most once.
    pub groups: &'a dyn Fn() -> Option<Vec<String>>,
    /// The PAM service, such as `sshd`.
    pub service: &'a str,
    /// The terminal, with or without `/dev/`.
    pub tty: Option<&'a str>,
    /// The host that the login comes from (PAM_RHOST).
    pub host: Option<&'a str>,
}

/// What policy says about a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The profile; `None` is no view.
    pub profile: Option<ProfileName>,
    /// Who said so.
    pub source: Source,
    /// A selection that is not allowed; the profile is policy's own then. Where it is no profile name at all it is
    /// `?`, because what a user's file holds is never repeated (R9).
    pub refused: Option<String>,
    /// Whether the user has no say.
    pub forced: bool,
    /// What the user may select, and so what a profile of his own may include.
    pub allow: Allow,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is uid 0, which never gets a view (R22).
    Root,
    /// The user is exempt, himself or by a group.
    Exempt,
    /// The module's line in the stack.
    Fixed,
    /// His groups matter and are not known, so he gets the base view (R9).
    GroupsUnknown,
    /// A rule.
    Rule {
        /// Its number, from 0, in the order in which rules are tried.
        index: usize,
        /// Where it is written: `FILE:LINE`.
        place: String,
    },
    /// `[default]`.
    Default,
    /// The user.
    Selected,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("uid 0 never gets a view"),
            Self::Exempt => f.write_str("policy exempts the user"),
            Self::Fixed => f.write_str("the module's line in the PAM stack says so"),
            Self::GroupsUnknown => f.write_str("the user's groups could not be looked up"),
            Self::Rule { place, .. } => write!(f, "the rule at {}", Safe(place)),
            Self::Default => f.write_str("policy's default"),
            Self::Selected => f.write_str("the user selected it"),
        }
    }
}

impl Policy {
    /// Which profile a login gets. `selection` gives the name that the user picked; it is not called where nothing
    /// could come of it.
    ///
    /// With [`UserProfiles::Trusted`], a name in `refused` may be that of a profile which the user wrote.
    #[must_use]
    pub fn decide(&self, login: &Login<'_>, selection: impl FnOnce() -> Option<String>) -> Decision {
        match self.grant(&Person { login, groups: OnceCell::new() }) {
            Ok(grant) => grant.select(selection),
            Err(source) => {
                Decision { profile: None, source, refused: None, forced: true, allow: Allow::default() }
            }
        }
    }

    /// Which profile a login gets where the module's line names one: that, whatever rules say and the user selected; but
    /// who is exempt gets none.
    #[must_use]
    pub fn decide_fixed(&self, login: &Login<'_>, profile: &ProfileName) -> Decision {
        let exempt = match login.uid {
            0 => Err(Source::Root),
            _ => self.exempts(&Person { login, groups: OnceCell::new() }),
        };
        let (profile, source) = match exempt {
            Ok(false) => (Some(profile.clone()), Source::Fixed),
            Ok(true) => (None, Source::Exempt),
            Err(source) => (None, source),
        };
        Decision { profile, source, refused: None, forced: true, allow: Allow::default() }
    }

    /// Whether deciding about a login needs its groups; `login.groups` is not called.
    #[must_use]
    pub fn needs_groups(&self, login: &Login<'_>) -> bool {
        let asked = Cell::new(false);
        let groups = || {
            asked.set(true);
            None
        };
        // What would be granted does not matter here, only how far one can tell without groups.
        let login = Login { groups: &groups, ..*login };
        let _ = self.grant(&Person { login: &login, groups: OnceCell::new() });
        asked.get()
    }

    /// What a login gets before its user is asked; an error is why it gets no view whatever he says.
    fn grant(&self, person: &Person<'_>) -> Result<Grant<'_>, Source> {
        if person.login.uid == 0 {
            return Err(Source::Root);
        }
        if self.exempts(person)? {
            return Err(Source::Exempt);
        }
        let mut grant = Grant {
            source: Source::Default,
            choice: &self.profile,
            allow: &self.allow,
            forced: false,
            may_write: self.user_profiles == UserProfiles::Trusted,
        };
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.holds(person)? {
                grant.source = Source::Rule { index, place: rule.place.clone() };
                grant.choice = rule.profile.as_ref().unwrap_or(grant.choice);
                grant.allow = rule.allow.as_ref().unwrap_or(grant.allow);
                grant.forced = rule.force;
                break;
            }
        }
        Ok(grant)
    }

    /// Whether a user never gets a view; names are looked at before groups.
    fn exempts(&self, person: &Person<'_>) -> Result<bool, Source> {
        let mut groups = Vec::new();
        for exempt in &self.exempt {
            match exempt {
                Exempt::User(user) if user.0 == person.login.user => return Ok(true),
                Exempt::User(_) => {}
                Exempt::Group(group) => groups.push(group),
            }
        }
        person.is_in(groups)
    }
}

/// A login whose groups are looked up at most once.
struct Person<'a> {
    login: &'a Login<'a>,
    groups: OnceCell<Option<Vec<String>>>,
}

impl Person<'_> {
    /// Whether the user is in one of these groups; his own are not looked up for none.
    fn is_in<'w>(&self, groups: impl IntoIterator<Item = &'w Word>) -> Result<bool, Source> {
        let mut groups = groups.into_iter().peekable();
        if groups.peek().is_none() {
            return Ok(false);
        }
        let his = self.groups.get_or_init(self.login.groups).as_ref().ok_or(Source::GroupsUnknown)?;
        Ok(groups.any(|group| his.contains(&group.0)))
    }
}

impl Rule {
    /// Whether every condition holds; groups are looked at last.
    fn holds(&self, person: &Person<'_>) -> Result<bool, Source> {
        let login = person.login;
        let tty = login.tty.map(|tty| tty.strip_prefix("/dev/").unwrap_or(tty));
        let holds = fits(&self.user, |user| user.0 == login.user)
            && fits(&self.uid, |uids| uids.0.contains(&login.uid))
            && fits(&self.service, |service| service.0 == login.service)
            && fits(&self.tty, |glob| tty.is_some_and(|tty| glob.matches(tty)))
            && fits(&self.host, |glob| login.host.is_some_and(|host| glob.matches(host)));
        match &self.group {
            Some(groups) if holds => person.is_in(&groups.0),
            _ => Ok(holds),
        }
    }
}

/// Whether a condition is not written, or one of its values fits.
fn fits<T>(condition: &Option<OneOrMore<T>>, value_fits: impl Fn(&T) -> bool) -> bool {
    condition.as_ref().is_none_or(|values| values.0.iter().any(value_fits))
}

/// What policy gives to a login before its user is asked.
struct Grant<'a> {
    source: Source,
    choice: &'a Choice,
    allow: &'a Allow,
    forced: bool,
    may_write: bool,
}

impl Grant<'_> {
    fn select(self, selection: impl FnOnce() -> Option<String>) -> Decision {
        let mut decision = Decision {
            profile: self.choice.profile().cloned(),
            source: self.source,
            refused: None,
            forced: self.forced,
            allow: if self.forced { Allow::default() } else { self.allow.clone() },
        };
        // With no view and nothing to select there is no need to look into his home.
        let can_matter = *self.choice != Choice::None || *self.allow != Allow::default() || self.may_write;
        if self.forced || !can_matter {
            return decision;
        }
        match selection().map(|name| name.parse()) {
            None => {}
            Some(Ok(Choice::Profile(name)))
                if self.choice.profile() != Some(&name) && !self.allow.contains(&name) =>
            {
                decision.refused = Some(name.into());
            }
            Some(Ok(choice)) => {
                decision.profile = choice.profile().cloned();
                decision.source = Source::Selected;
            }
            Some(Err(_)) => decision.refused = Some("?".to_owned()),
        }
        decision
    }
}
