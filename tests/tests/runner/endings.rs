//! How it ends: every exit code.

use super::Machine;
use anyhow::Result;
use gobo_tests::requires_gobo_root;

/// Whether a command line ends with a code, and says these texts on standard error alone.
fn assert_ends(machine: &Machine, words: &[&str], code: i32, texts: &[&str]) -> Result<()> {
    let output = machine.runner(words)?;
    assert_eq!((output.status.code(), output.text()), (Some(code), String::new()), "{output}");
    let errors = output.errors();
    assert!(texts.iter().all(|text| errors.contains(text)), "{texts:?} are not in {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    Ok(())
}

#[test]
fn every_code_of_the_command_comes_back() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let file = machine.file("Dependencies", "Lua = 5.1.5\n")?;
    let script = format!("for code in {{0..255}}; do Runner -d {file} sh -c \"exit $code\"; echo $?; done");
    let output = machine.command(["bash", "-c", &script]).run()?.success()?;
    let codes: Vec<String> = (0..=255).map(|code| code.to_string()).collect();
    assert_eq!(
        (output.text().lines().map(str::to_owned).collect::<Vec<_>>(), output.errors()),
        (codes, String::new())
    );
    Ok(())
}

#[test]
fn code_1_where_the_check_is_negative() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert_eq!(machine.forbidden("Runner --check")?.status.code(), Some(1));
    Ok(())
}

#[test]
fn code_2_without_a_command_or_with_words_that_mean_nothing() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert_ends(&machine, &[], 2, &["no command is named"])?;
    assert_ends(&machine, &["-v", "--pure"], 2, &["no command is named"])?;
    assert_ends(&machine, &["--no-such-option", "true"], 2, &["--no-such-option"])?;
    assert_ends(&machine, &["-a", "so so", "true"], 2, &["is no architecture"])?;
    assert_ends(&machine, &["-d"], 2, &["--dependencies"])
}

#[test]
fn code_3_where_no_view_can_be_made() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    // Without the folders of the state the index below a view cannot be reached.
    assert_ends(&machine, &["Runner", "true"], 3, &["this is a view already", "/run/gobo-session/index"])
}

#[test]
fn code_4_where_namespaces_cannot_be_made() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let output = machine.forbidden("Runner true")?;
    assert_eq!(output.status.code(), Some(4), "{output}");
    assert!(output.errors().contains("user.max_user_namespaces"), "{output}");
    Ok(())
}

#[test]
fn code_5_where_a_file_is_not_there_or_nothing_can_be_mounted() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    assert_ends(&machine, &["-d", "nowhere", "true"], 5, &["nowhere: it cannot be read: No such file"])?;
    assert_ends(&machine, &["-d", "/Data", "true"], 5, &["/Data: this is a folder"])?;
    let limited = machine.command(["bash", "-c", "ulimit -f 0; exec Runner true"]).run()?;
    assert_eq!(limited.status.code(), Some(5), "{limited}");
    assert!(limited.errors().contains("ulimit -H -f"), "{limited}");
    Ok(())
}

#[test]
fn code_7_where_it_should_be_quiet_and_tell_more() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    for words in [&["-q", "-v", "true"][..], &["-vq"], &["--quiet", "--verbose", "-c"]] {
        assert_ends(&machine, words, 7, &["contradict"])?;
    }
    Ok(())
}

#[test]
fn code_255_where_the_command_cannot_be_executed() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    machine.file("plain", "text\n")?;
    machine.executable("/Users/ann/orphan", "#!/no/such/interpreter\n")?;
    for (command, text) in [
        ("no-such-command", "No such file"),
        ("/no/such/command", "No such file"),
        ("./plain", "Permission denied"),
        ("./orphan", "interpreter"),
        ("/Users", "Permission denied"),
        ("", "No such file"),
    ] {
        assert_ends(&machine, &["-q", command], 255, &[text])?;
    }
    // In a view of her own it would have no rights but hers, and not work.
    assert_ends(&machine, &["su", "-c", "id"], 255, &["set-user-ID"])
}

#[test]
fn the_codes_are_on_its_page() -> Result<()> {
    let machine = Machine::new(&requires_gobo_root!())?;
    let page = machine.command(["gobo-session", "man", "runner"]).run()?.success()?.text();
    for code in ["0", "1", "2", "3", "4", "5", "7", "255"] {
        assert!(page.contains(&format!("\n\\fB{code}\\fR\n")), "{code}: {page}");
        let row = format!("| {code} | ");
        assert!(code == "0" || include_str!("../../../docs/runner.md").contains(&row), "{code}");
    }
    Ok(())
}
