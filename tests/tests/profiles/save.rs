//! `save`: a lock.

use super::{lab, profile, refused, told};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;

const FILE: &str = "/Users/ann/.config/gobo-session/profiles.d/kept.toml";

#[test]
fn the_present_wishes_are_saved_with_their_versions() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let script =
        "gobo-session profile save kept && gobo-session run --fresh -p kept lua -v 2>&1 | cut -d' ' -f2";
    let output = lab.su("ann", script)?.success()?;
    assert!(
        output.text().starts_with("saved: profile kept, ") && output.text().ends_with("5.1.5"),
        "{output}"
    );
    let text = lab.chamber.read(FILE)?;
    let wanted = "description = \"kept: Lua 5.1.5, every version as it was\"\nprograms = [\n    \"Lua = 5.1.5\",\n    \
                  # What these need.\n    \"Glibc = 2.36\",\n";
    assert!(text.starts_with(wanted) && text.contains("\narch = \"x86_64\"\n"), "{text}");
    // What is current may change: the profile gets what it got.
    let plan = |lab: &Lab| -> Result<String> {
        let output = lab.su("ann", "gobo-session plan --fresh -p kept --json")?.success()?;
        let chosen = serde_json::from_str::<serde_json::Value>(&output.text())?["plan"]["chosen"].take();
        let chosen = chosen.as_array().cloned().unwrap_or_default();
        Ok(chosen.iter().map(|choice| format!("{} {}\n", choice["program"], choice["version"])).collect())
    };
    let before = plan(&lab)?;
    lab.chamber.link("5.2.37", "/Programs/Bash/Current")?;
    lab.chamber.link("2.41", "/Programs/Glibc/Current")?;
    assert_eq!(plan(&lab)?, before);
    let output = profile(&lab, "ann", &["check", "kept"])?;
    assert!(output.text().starts_with("ok       kept"), "{output}");
    Ok(())
}

#[test]
fn wishes_can_be_named_and_nothing_is_overwritten_unasked() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    let why = refused(&lab, "bob", &["save", "kept"])?;
    assert!(why.contains("there is nothing to save: nothing is wished for, and this is no view"), "{why}");
    told(&lab, "ann", &["save", "kept", "--with", "Lua = 5.3.6"])?;
    let why = refused(&lab, "ann", &["save", "kept", "--profile", "lua51"])?;
    assert!(why.contains("kept.toml is there already; take another name, or replace it: --force"), "{why}");
    told(&lab, "ann", &["save", "kept", "--profile", "lua51", "--force"])?;
    assert!(lab.chamber.read(FILE)?.contains("\"Lua = 5.1.5\""));
    let why = refused(&lab, "ann", &["save", "lua51", "--with", "Lua"])?;
    assert!(why.contains("the administrator has a profile of this name"), "{why}");
    // Root's own profiles are the administrator's.
    told(&lab, "root", &["save", "kept", "--with", "Lua = 5.3.6"])?;
    assert!(lab.chamber.read("/etc/gobo-session/profiles.d/kept.toml")?.contains("\"Lua = 5.3.6\""));
    Ok(())
}

/// A version whose only content is a command that says which it is.
fn lua(lab: &Lab, version: &str) -> Result<()> {
    let file = format!("/Programs/Lua/{version}/bin/lua");
    lab.chamber.write(&file, format!("#!/bin/sh\necho {version}\n"))?;
    lab.chamber.sh(&format!("chmod 755 {file}"))?.success().map(drop)
}

#[test]
fn what_is_saved_takes_no_revision_of_a_version() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lua(&lab, "5.9")?;
    lua(&lab, "5.9-r1")?;
    let out = told(&lab, "ann", &["save", "kept", "--with", "Lua = 5.9, <= 5.9", "--json"])?;
    let answer: serde_json::Value = serde_json::from_str(&out)?;
    assert_eq!(answer["differs"], serde_json::json!([]), "{answer}");
    assert_eq!(answer["programs"][0], "Lua = 5.9, <= 5.9", "{answer}");
    let run = ["gobo-session", "run", "-p", "kept", "lua"];
    assert_eq!(lab.chamber.as_user("ann", run)?.success()?.text(), "5.9");
    told(&lab, "ann", &["save", "other", "--with", "Lua = 5.9-r1"])?;
    let text = lab.chamber.read("/Users/ann/.config/gobo-session/profiles.d/other.toml")?;
    assert!(text.contains("\"Lua = 5.9-r1\","), "{text}");
    Ok(())
}

#[test]
fn use_flags_that_decided_are_saved() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    lua(&lab, "5.9")?;
    lab.chamber.write("/Programs/Lua/5.9/Resources/Dependencies", "Grep >= 1 [search]\nSed >= 1 [edit]\n")?;
    let words = ["save", "kept", "--with", "Lua = 5.9", "--use-flag=-search", "--use-flag", "edit", "--json"];
    let answer: serde_json::Value = serde_json::from_str(&told(&lab, "ann", &words)?)?;
    assert_eq!(answer["differs"], serde_json::json!([]), "{answer}");
    let text = lab.chamber.read(FILE)?;
    assert!(text.contains("\nuse-flags = [\"edit\", \"-search\"]\n") && !text.contains("Grep"), "{text}");
    Ok(())
}

#[test]
fn what_a_saved_profile_gets_otherwise_is_said() -> Result<()> {
    let lab = lab(&requires_gobo_root!())?;
    // A profile knows two architectures, and gets what it needs for this machine's.
    lab.chamber.write("/Programs/Script/1.0/bin/script", "")?;
    lab.chamber.write("/Programs/Script/1.0/Resources/Dependencies", "Lua\n")?;
    let words = ["save", "kept", "--with", "Script", "--arch", "aarch64"];
    let saved = profile(&lab, "ann", &words)?.success()?;
    assert!(saved.errors().contains("warning: kept is not the same: it gets Lua 5.4.4 besides; "), "{saved}");
    assert!(saved.errors().contains("; put that right: gobo-session profile edit kept"), "{saved}");
    let answer = profile(&lab, "ann", &[&words[..], &["--force", "--json"]].concat())?.success()?.text();
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let differs = answer["differs"].as_array().into_iter().flatten();
    assert!(differs.into_iter().any(|what| what == "Lua 5.4.4 besides"), "{answer}");
    Ok(())
}
