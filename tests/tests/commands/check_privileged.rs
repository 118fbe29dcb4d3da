//! `gobo-session check --privileged`: which profiles replace what privileged programs load.

use super::check::{POLICY, lab};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::{Lab, selection_of};
use gobo_tests::requires_gobo_root;
use serde_json::Value;

/// The profiles that `check --privileged` complains of, each with what it replaces.
fn replacing(lab: &Lab, user: &str) -> Result<Vec<(String, Vec<Value>)>> {
    let words = ["gobo-session", "check", "--privileged", "--json"];
    let output = if user == "root" { lab.chamber.run(words)? } else { lab.chamber.as_user(user, words)? };
    let answer: Value = serde_json::from_slice(&output.success()?.stdout)?;
    let profiles = answer["privileged"]["profiles"].as_array().context("no profiles")?;
    let named = profiles.iter().map(|profile| {
        ensure!(profile["odd"].is_null(), "{profile}");
        let name = profile["profile"].as_str().context("no name")?.to_owned();
        Ok((name, profile["replaced"].as_array().context("no list")?.clone()))
    });
    named.collect()
}

#[test]
fn r3_profiles_that_replace_what_privileged_programs_load_are_named_with_versions() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lab.profile("glibc", "programs = [\"Glibc = 2.41\"]\n")?;
    lab.profile("bash", "programs = [\"Bash = 5.1.4\"]\n")?;
    let found = replacing(&lab, "root")?;
    let names: Vec<(&str, bool)> =
        found.iter().map(|(name, replaced)| (name.as_str(), replaced.is_empty())).collect();
    assert_eq!(names, [("bash", true), ("glibc", false), ("lua51", true)]);
    let libc = found[1].1.iter().find(|replaced| replaced["name"] == "libc.so.6").context("no libc")?;
    let version =
        |side: &str| format!("{} {}", libc[side]["program"], libc[side]["version"]).replace('"', "");
    assert_eq!([version("base"), version("view")], ["Glibc 2.36", "Glibc 2.41"]);
    let by: Vec<&str> = libc["by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for program in
        ["/System/Index/bin/su", "/System/Index/bin/sudo", "/System/Index/lib/security/pam_unix.so"]
    {
        assert!(by.contains(&program), "{by:#?}");
    }
    let text = lab.chamber.run(["gobo-session", "check", "--privileged"])?.success()?;
    assert!(text.text().contains("    libc.so.6: Glibc 2.41 instead of Glibc 2.36, loaded by"), "{text}");
    assert!(text.text().contains("profile lua51 replaces nothing that privileged programs load"), "{text}");
    Ok(())
}

#[test]
fn programs_with_file_capabilities_count() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let listed = || -> Result<bool> {
        let text = lab.chamber.run(["gobo-session", "check", "--privileged"])?.success()?.text();
        Ok(text.contains("/System/Index/bin/lua (file capabilities) loads"))
    };
    assert!(!listed()?);
    // CAP_NET_RAW, permitted and effective.
    let capability = "0x0100000200200000000000000000000000000000";
    let lua = lab.chamber.sh("readlink -f /System/Index/bin/lua")?.success()?.text();
    lab.chamber
        .sh(&format!(
            "python3 -c 'import os; os.setxattr(\"{lua}\", \"security.capability\", bytes.fromhex(\"{}\"))'",
            &capability[2..]
        ))?
        .success()?;
    assert!(listed()?);
    Ok(())
}

#[test]
fn r3_what_users_write_is_named_as_a_risk_where_policy_trusts_them() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let folder = selection_of("ann").replace("session.toml", "profiles.d");
    lab.chamber.write(format!("{folder}/mine.toml"), "programs = [\"Glibc = 2.41\"]\n")?;
    let said = |user: &str| -> Result<String> {
        let words = ["gobo-session", "check", "--privileged"];
        let output =
            if user == "root" { lab.chamber.run(words)? } else { lab.chamber.as_user(user, words)? };
        // As words, wherever lines were broken.
        Ok(output.success()?.text().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let own = "your own profile mine replaces what privileged programs load";
    let risk = "user-profiles = \"trusted\" lets its author become root by it";
    let (root, ann) = (said("root")?, said("ann")?);
    assert!(!root.contains("trusted") && !root.contains("mine"), "{root}");
    assert!(ann.contains(own) && !ann.contains(risk), "{ann}");
    lab.policy(&format!("user-profiles = \"trusted\"\n{POLICY}"))?;
    let (root, ann) = (said("root")?, said("ann")?);
    assert!(
        root.contains(
            "user-profiles = \"trusted\": whoever may write a profile of his own can replace any of these"
        ),
        "{root}"
    );
    assert!(ann.contains(own) && ann.contains(risk), "{ann}");
    Ok(())
}
