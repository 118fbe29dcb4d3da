//! `gobo-session plan`: it shows what would be, to people and to programs, and changes nothing.

use anyhow::{Context as _, Result, ensure};
use gobo_tests::lab::{Lab, built};
use gobo_tests::requires_gobo_root;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Options of `plan`, of every kind.
const PLANS: [&[&str]; 7] = [
    &["--with", "Python = 3.9.2"],
    &["--with", "Bash = 5.2.37"],
    &["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"],
    &["--arch", "i686", "--with", "Bash"],
    &["--with", "Lua"],
    &["/Programs/Lua/5.3.6/bin/lua"],
    &[],
];

/// `gobo-session plan --root ROOT WORDS`.
fn plan(root: &Path, words: &[&str]) -> Result<Output> {
    let mut command = Command::new(built("gobo-session")?);
    Ok(command.arg("plan").arg("--root").arg(root).args(words).env_clear().output()?)
}

/// What a plan that can be made shows.
fn text(root: &Path, words: &[&str]) -> Result<String> {
    let output = plan(root, words)?;
    ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn json(root: &Path, words: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&text(root, &[&["--json"], words].concat())?)?)
}

/// Whether every part stands in a text, in this order.
fn has_in_order(text: &str, parts: &[&str]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| {
        let found = rest.split_once(part);
        found.inspect(|(_, after)| rest = after).is_some()
    })
}

/// A copy of a tree's programs and index, made in another order. Only what a plan is made from has content.
fn copy_in_another_order(root: &Path) -> Result<TempDir> {
    let copy = tempfile::tempdir_in("/dev/shm")?;
    let mut folders = vec![PathBuf::from("Programs"), PathBuf::from("System/Index")];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(copy.path().join(&folder))?;
        let mut names = fs::read_dir(root.join(&folder))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        fastrand::Rng::with_seed(7).shuffle(&mut names);
        for path in names.iter().map(|name| folder.join(name)) {
            let (from, to) = (root.join(&path), copy.path().join(&path));
            let kind = fs::symlink_metadata(&from)?.file_type();
            if kind.is_symlink() {
                symlink(fs::read_link(&from)?, &to)?;
            } else if kind.is_dir() {
                folders.push(path);
            } else if folder.ends_with("Resources") {
                fs::copy(&from, &to).map(drop)?;
            } else {
                fs::write(&to, "")?;
                fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
            }
        }
    }
    Ok(copy)
}

/// Every path below a folder, with the times at which it was changed.
fn times(folder: &Path) -> Result<BTreeMap<PathBuf, (i64, i64)>> {
    let mut times = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let meta = fs::symlink_metadata(&path)?;
            times.insert(path.clone(), (meta.ctime(), meta.ctime_nsec()));
            folders.extend(meta.is_dir().then_some(path));
        }
    }
    Ok(times)
}

#[test]
fn a_plan_is_a_tree_of_what_differs_and_why() -> Result<()> {
    let root = requires_gobo_root!();
    let python = text(&root, &["--with", "Python = 3.9.2"])?;
    let parts = [
        "x86_64, plan ",
        "\nPython 3.9.2",
        "layered  `Python = 3.9.2` asked for on the command line\n",
        "├── LibFFI 3.3",
        "layered  needed as `LibFFI = 3.3`, line 5\n",
        "├── OpenSSL 1.1.1w",
        "└── current: Bzip2, DB, ",
        "current already: 29 of 33 versions; the layer holds 13 links, 1 whiteout\n",
    ];
    assert!(has_in_order(&python, &parts), "{python}");
    let reasons = python.lines().filter_map(|line| Some(line[..line.find("layered  ")?].chars().count()));
    assert_eq!(reasons.collect::<std::collections::BTreeSet<_>>().len(), 1, "{python}");
    assert!(python.lines().all(|line| line.chars().count() <= 100 && line.trim_end() == line), "{python}");
    let bash = text(&root, &["--with", "Bash = 5.2.37"])?;
    assert!(
        has_in_order(
            &bash,
            &["Bash 5.2.37", "├── Glibc 2.41", "│   └── current: GCC", "└── current: Ncurses"]
        ),
        "{bash}"
    );
    let lua = text(&root, &["--with", "Lua"])?;
    assert!(lua.ends_with("current already: 5 of 5 versions; the index needs no layer\n"), "{lua}");
    let nothing = text(&root, &[])?;
    assert!(nothing.ends_with("nothing is asked for: the view is the index as it is\n"), "{nothing}");
    Ok(())
}

#[test]
fn a_plan_is_for_a_command_and_its_architecture() -> Result<()> {
    let root = requires_gobo_root!();
    let by_path = text(&root, &["/Programs/Lua/5.3.6/bin/lua", "-v"])?;
    let parts = ["Lua 5.3.6", "layered  the program of /Programs/Lua/5.3.6/bin/lua"];
    assert!(has_in_order(&by_path, &parts), "{by_path}");
    let i686 = text(&root, &["--arch", "i686", "--with", "Bash"])?;
    assert!(has_in_order(&i686, &["i686, plan ", "Bash 5.2.15-i686", "Glibc 2.36-i686"]), "{i686}");
    Ok(())
}

#[test]
fn a_conflict_names_both_sides_and_what_would_have_been() -> Result<()> {
    let root = requires_gobo_root!();
    let words = ["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"];
    let parts = [
        "\nconflict: `Glibc >= 2.38` gives way to Glibc 2.36\n",
        "    required  Bash 5.2.37 needs it (/Programs/Bash/5.2.37/Resources/Dependencies:1), asked for on the \
         command line; Glibc 2.41 would meet it\n",
        "    chosen    asked for on the command line\n",
    ];
    let shown = text(&root, &words)?;
    assert!(has_in_order(&shown, &parts), "{shown}");
    let conflict = &json(&root, &words)?["plan"]["conflicts"][0];
    assert_eq!((&conflict["requirement"], &conflict["version"]), (&"Glibc >= 2.38".into(), &"2.41".into()));
    Ok(())
}

#[test]
fn a_dependency_that_is_missing_is_shown_and_a_wish_that_is_missing_is_a_failure() -> Result<()> {
    let copy = copy_in_another_order(&requires_gobo_root!())?;
    let file = copy.path().join("Programs/Lua/5.1.5/Resources/Dependencies");
    fs::write(file, "Glibc >= 2.29\nReadlien >= 6.0\nNothingLikeIt\n")?;
    let words = ["--with", "Lua = 5.1.5"];
    let parts = [
        "missing: `Readlien >= 6.0`: Readlien is not installed; did you mean Readline?\n",
        "    required  Lua 5.1.5 needs it (/Programs/Lua/5.1.5/Resources/Dependencies:2), asked for on the command line\n",
        "missing: `NothingLikeIt`: NothingLikeIt is not installed\n",
    ];
    let shown = text(copy.path(), &words)?;
    assert!(has_in_order(&shown, &parts), "{shown}");
    assert_eq!(json(copy.path(), &words)?["plan"]["missing"].as_array().map(Vec::len), Some(2));
    let failed = plan(copy.path(), &["--with", "Luaa"])?;
    let errors = String::from_utf8(failed.stderr)?;
    assert!(failed.status.code() == Some(1) && failed.stdout.is_empty());
    assert!(errors.contains("Luaa is not installed; did you mean Lua?"), "{errors}");
    assert_eq!(plan(copy.path(), &["--no-such-option"])?.status.code(), Some(2));
    Ok(())
}

#[test]
fn the_json_has_these_fields_and_no_others() -> Result<()> {
    let root = requires_gobo_root!();
    let keys = |value: &Value| -> Result<String> {
        let keys = value.as_object().with_context(|| format!("{value} is no object"))?.keys();
        Ok(keys.cloned().collect::<Vec<_>>().join(" "))
    };
    let all = json(&root, &["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"])?;
    let (plan, layer) = (&all["plan"], &all["layer"]);
    assert_eq!(keys(&all)?, "id layer plan");
    assert_eq!(keys(layer)?, "folders links notes whiteouts");
    let fields =
        "arch chosen conflicts environment format impasse missing notes personality profile pure wishes";
    assert_eq!(keys(plan)?, fields);
    let offered = json(&root, &["--with", "Python = 3.9.2", "--with", "Bash = 5.2.37"])?;
    assert_eq!(keys(&offered["plan"])?, fields.replace("impasse missing notes", "missing notes offer"));
    let offer = &offered["plan"]["offer"];
    assert_eq!(keys(offer)?, "changes first sentence taken with");
    assert_eq!(keys(&offer["changes"][0])?, "from program to");
    assert_eq!(offer["with"][0], "Glibc = 2.41");
    assert_eq!(keys(&plan["wishes"][0])?, "requirement source");
    assert_eq!(keys(&plan["chosen"][0])?, "arch linked major program requirement source version");
    assert_eq!(keys(&plan["conflicts"][0])?, "requirement source version winner");
    assert_eq!(plan["chosen"][0]["source"], "asked");
    let dependency =
        plan["chosen"].as_array().into_iter().flatten().find_map(|choice| choice["source"].get("dependency"));
    assert_eq!(keys(dependency.context("no dependency")?)?, "file line of");
    assert_eq!((&plan["format"], &plan["arch"], &plan["pure"]), (&1.into(), &"x86_64".into(), &false.into()));
    let id = all["id"].as_str().context("no id")?;
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    Ok(())
}

#[test]
fn the_same_tree_gives_the_same_bytes_whatever_its_order_on_disk() -> Result<()> {
    let root = requires_gobo_root!();
    let copy = copy_in_another_order(&root)?;
    for words in PLANS {
        for words in [words.to_vec(), [&["--json"], words].concat()] {
            let first = text(&root, &words)?;
            assert_eq!(first, text(&root, &words)?);
            assert_eq!(first, text(copy.path(), &words)?);
        }
    }
    Ok(())
}

#[test]
fn a_plan_changes_nothing() -> Result<()> {
    let copy = copy_in_another_order(&requires_gobo_root!())?;
    let before = times(copy.path())?;
    for words in PLANS {
        text(copy.path(), words)?;
    }
    assert!(times(copy.path())? == before);
    Ok(())
}

#[test]
fn names_that_would_write_to_the_terminal_are_shown_escaped() -> Result<()> {
    let copy = copy_in_another_order(&requires_gobo_root!())?;
    let tool = copy.path().join("Programs/Tool/1.0\u{1b}[2J");
    fs::create_dir_all(tool.join("bin"))?;
    fs::write(tool.join("bin/tool\u{1b}[31m"), "")?;
    for words in [&["--with", "Tool"][..], &["--with", "Tool = 9"], &["--with", "Tool", "--json"]] {
        let output = plan(copy.path(), words)?;
        let all = [output.stdout, output.stderr].concat();
        assert!(!all.contains(&0x1b), "{}", String::from_utf8_lossy(&all));
    }
    Ok(())
}

#[test]
fn in_a_session_a_plan_builds_on_the_base_and_on_what_the_session_chose() -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"lua51\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("lua51", "programs = [\"Lua = 5.1.5\"]\n")])?;
    let shown = lab.su("ann", "gobo-session plan --with 'Bash = 5.1.4'")?.success()?.text();
    assert!(has_in_order(
        &shown,
        &["Bash 5.1.4", "asked for on the command line", "Lua 5.1.5", "chosen by the session"]
    ));
    let fresh = lab.su("ann", "gobo-session plan --fresh --with 'Bash = 5.1.4'")?.success()?.text();
    assert!(!fresh.contains("Lua"), "{fresh}");
    assert_eq!(lab.su("bob", "gobo-session plan --fresh --with 'Bash = 5.1.4'")?.success()?.text(), fresh);
    Ok(())
}
