//! Logins through real libpam and real services, in the GoboLinux root.

use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

const POLICY: &str = r#"
[default]
allow = ["lua53"]

[[rule]]
user = ["ann"]
profile = "lua51"
"#;

const PROFILES: [(&str, &str); 2] =
    [("lua51", "programs = [\"Lua = 5.1.5\"]\n"), ("lua53", "programs = [\"Lua = 5.3.6\"]\n")];

#[test]
fn su_gives_each_user_the_view_of_policy() -> Result<()> {
    let lab = Lab::new(&requires_gobo_root!(), POLICY, &PROFILES)?;
    let out = lab.su("ann", "lua -v; grep gobo /proc/self/mountinfo")?;
    println!("{out}");
    println!("{}", lab.chamber.log()?.join("\n"));
    assert!(out.errors().contains("Lua 5.1.5"));
    Ok(())
}
