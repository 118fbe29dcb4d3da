//! How many folders a folder holds, without a look at its names.

use rustix::fs::{self, AtFlags, Statx, StatxFlags};
use std::os::fd::BorrowedFd;

/// The file systems on which a folder has two links, and one more for each folder in it: ext2 to 4, tmpfs and XFS. Others do
/// not count, or call two what they do not know.
const COUNTING: [u32; 3] = [0xEF53, 0x0102_1994, 0x5846_5342];

/// The file system on which a folder tells by its links whether it holds others, if it is one.
#[derive(Debug)]
pub(crate) struct Leaves(Option<[u32; 2]>);

impl Leaves {
    /// The file system that a folder lies on.
    pub(crate) fn on(folder: BorrowedFd<'_>) -> Self {
        let counts = fs::fstatfs(folder).is_ok_and(|system| {
            COUNTING.into_iter().any(|kind| i128::from(system.f_type) == i128::from(kind))
        });
        let stat =
            counts.then(|| fs::statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::TYPE).ok()).flatten();
        Self(stat.map(|stat| device_of(&stat)))
    }

    /// How many folders a folder holds, of which the links were asked; `None` where it does not tell. Links to folders do not
    /// count.
    pub(crate) fn folders_in(&self, stat: &Statx) -> Option<u32> {
        // Where there are too many to be counted it has one link.
        (self.0 == Some(device_of(stat))).then_some(stat.stx_nlink).and_then(|links| links.checked_sub(2))
    }

    /// Whether a folder, of which the links were asked, surely holds no folder.
    pub(crate) fn is_leaf(&self, stat: &Statx) -> bool {
        self.folders_in(stat) == Some(0)
    }
}

fn device_of(stat: &Statx) -> [u32; 2] {
    [stat.stx_dev_major, stat.stx_dev_minor]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn a_folder_that_holds_one_is_no_leaf_and_that_of_another_file_system_never_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("branch/leaf")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("branch/leaf/link")).unwrap();
        let fd = std::fs::File::open(folder.path()).unwrap();
        let look = |name: &str| fs::statx(&fd, name, AtFlags::empty(), StatxFlags::NLINK).unwrap();
        let leaves = Leaves::on(fd.as_fd());
        assert!(!leaves.is_leaf(&look(".")) && !leaves.is_leaf(&look("branch")));
        assert!(leaves.folders_in(&look("branch")).is_none_or(|count| count == 1));
        assert_eq!(leaves.is_leaf(&look("branch/leaf")), leaves.0.is_some());
        let proc = std::fs::File::open("/proc").unwrap();
        assert!(!Leaves::on(proc.as_fd()).is_leaf(&look("branch/leaf")));
        let elsewhere = Leaves(leaves.0.map(|[major, minor]| [major, minor + 1]));
        assert!(!elsewhere.is_leaf(&look("branch/leaf")));
    }
}
