//! The users that a chamber knows, read from its passwd and group files.

use anyhow::{Context, Result};

use super::wire::Ids;

/// A user of a chamber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// Ids of the other groups the user is in.
    pub groups: Vec<u32>,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

impl User {
    /// The user with a name, from the texts of the two files.
    pub(super) fn find(name: &str, passwd: &str, group: &str) -> Result<User> {
        let user = passwd.lines().find_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
            [of, _, uid, gid, _, home, shell] if of == name => {
                Some((uid.parse().ok()?, gid.parse().ok()?, home, shell))
            }
            _ => None,
        });
        let (uid, gid, home, shell) = user.with_context(|| format!("the chamber has no user {name}"))?;
        let groups = group.lines().filter_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
            [_, _, id, members] if members.split(',').any(|member| member == name) => id.parse().ok(),
            _ => None,
        });
        let groups = groups.collect();
        Ok(User { name: name.to_owned(), uid, gid, groups, home: home.to_owned(), shell: shell.to_owned() })
    }

    pub(super) fn ids(&self) -> Ids {
        Ids { uid: self.uid, gid: self.gid, groups: self.groups.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::User;

    #[test]
    fn a_user_has_all_groups() {
        let passwd = "root:x:0:0::/Users/root:/bin/bash\nann:x:1000:1000::/Users/ann:/bin/sh\n";
        let group = "wheel:x:10:bob,ann\nann:x:1000:\nusers:x:100:anna\n";
        let ann = User::find("ann", passwd, group).unwrap();
        assert_eq!((ann.uid, ann.gid, ann.groups, ann.shell.as_str()), (1000, 1000, vec![10], "/bin/sh"));
        assert!(User::find("an", passwd, group).is_err());
    }
}
