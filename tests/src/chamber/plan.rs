//! What a chamber is to be like: written by the builder, read by the programs that make it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Where the root of a chamber comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Base {
    /// The root directory itself, read-only, with copies of the directories that a system writes to.
    #[default]
    Shared,
    /// A copy of all of it on a tmpfs, writable.
    Copied,
    /// An overlay with the root directory below and a tmpfs above, writable.
    Overlaid,
}

/// A program that is added to the root of a chamber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) tree: PathBuf,
    pub(super) name: String,
    pub(super) version: String,
}

/// The chamber to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) root: PathBuf,
    pub(super) base: Base,
    pub(super) programs: Vec<Program>,
    /// Mounts are not shared: what is mounted in one namespace is not seen in others.
    pub(super) private: bool,
    pub(super) without_proc: bool,
    /// /run, /proc, /sys and /dev are folders, and GoboLinux' own names links to them.
    pub(super) real_folders: bool,
    /// Process 1 receives what is sent to /dev/log.
    pub(super) receive_log: bool,
}

impl Plan {
    /// The plan as arguments of a program.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![self.root.clone().into_os_string()];
        let mut switch = |on: bool, name: &str| arguments.extend(on.then(|| name.into()));
        switch(self.base == Base::Copied, "copied");
        switch(self.base == Base::Overlaid, "overlaid");
        switch(self.private, "private");
        switch(self.without_proc, "without-proc");
        switch(self.real_folders, "real-folders");
        switch(self.receive_log, "receive-log");
        for Program { tree, name, version } in &self.programs {
            arguments.extend(["program".into(), tree.into(), name.into(), version.into()]);
        }
        arguments
    }

    /// The plan that was written as arguments.
    pub(super) fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Plan> {
        let mut arguments = arguments.into_iter();
        let root = arguments.next().context("no root directory given")?.into();
        let mut plan = Plan { root, ..Plan::default() };
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("copied") => plan.base = Base::Copied,
                Some("overlaid") => plan.base = Base::Overlaid,
                Some("private") => plan.private = true,
                Some("without-proc") => plan.without_proc = true,
                Some("real-folders") => plan.real_folders = true,
                Some("receive-log") => plan.receive_log = true,
                Some("program") => {
                    let mut next = || arguments.next().context("a program needs a tree, a name, a version");
                    let (tree, name, version) = (next()?.into(), next()?, next()?);
                    let text = |value: OsString| value.into_string().ok().context("a name that is no text");
                    plan.programs.push(Program { tree, name: text(name)?, version: text(version)? });
                }
                _ => bail!("an unknown argument: {argument:?}"),
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_survive_the_way() {
        let program = Program { tree: "/a b".into(), name: "Lua".into(), version: "5.4".into() };
        let rich = Plan {
            root: "/root dir".into(),
            base: Base::Overlaid,
            programs: vec![program.clone(), program],
            private: true,
            without_proc: true,
            real_folders: true,
            receive_log: true,
        };
        for plan in [Plan { root: "/r".into(), ..Plan::default() }, rich] {
            assert_eq!(Plan::from_arguments(plan.to_arguments()).unwrap(), plan);
        }
    }
}
