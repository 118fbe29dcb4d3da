//! Attacks that were made on others, tried on this: each row of docs/security/prior-cves.md has a test here or names one
//! elsewhere. docs/security/tests.md says which defence each test guards, and how the test was seen to fail without it.

mod caller;
mod leftovers;
mod paths;
mod privileged;
mod races;

use anyhow::Result;
use gobo_tests::lab::Lab;
use std::path::Path;

/// Ann and everybody has Lua 5.1.5, and may select 5.3.6.
const POLICY: &str = "[default]\nprofile = \"lua51\"\nallow = [\"lua53\"]\n";
const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];

fn lab(root: &Path) -> Result<Lab> {
    let lab = Lab::new(root, POLICY, &PROFILES)?;
    lab.module_alone("pamtester")?;
    Ok(lab)
}
