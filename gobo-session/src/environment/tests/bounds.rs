//! Evaluation ends, soon and with little memory, whatever a text asks for.

use super::*;
use std::thread;

#[test]
fn r18_everything_is_bounded() {
    let errors = |text: &str| {
        let mut scope = scope();
        let diagnostics = evaluate("E", text.as_bytes(), &mut scope);
        let size: usize = scope.exported().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size <= MAX_VALUES);
        diagnostics.len()
    };
    assert_eq!(errors(&"#".repeat(MAX_FILE + 1)), 1);
    assert!(errors(&format!("export A=xxxxxxxxxx\n{}", "A=$A$A\n".repeat(100))) > 0);
    assert!(errors(&format!("export A=xxxxxxxxxx\n{}", "A+=$A\n".repeat(9000))) > 0);
    assert!(errors(&format!("export A={}\n{}", "x".repeat(9999), "export B=$A\n".repeat(4000))) > 0);
    assert_eq!(errors(&format!("export A={}x{}", "${A:-".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH))), 0);
    assert!(errors(&format!("export A={}x{}", "${A:-".repeat(9999), "}".repeat(9999))) > 0);
    assert!(errors(&format!("export A={}", "\"${A:-".repeat(9999))) > 0);
    assert!(errors(&"if [ -z a ]; then\n".repeat(3000)) > 0);
    assert_eq!(errors(&"id\n".repeat(9999)), MAX_DIAGNOSTICS + 1);
    assert!(errors(&"$(".repeat(30000)) > 0);
}

#[test]
fn r18_large_values_are_not_worked_on_forever() {
    let value = format!("A={}\nA=$A$A$A$A\n", "x".repeat(30_000));
    for again in ["export A\n".repeat(200), format!("export {}", "A ".repeat(200)), "A+= ".repeat(200)] {
        let (_, complaints) = run(&format!("{value}{again}"));
        let last = complaints.last().map(String::as_str).unwrap_or_default();
        assert!(last.ends_with("(the rest of the file was left out)"), "{last:?}");
        assert_eq!(complaints.len(), 1, "it is said once");
    }
}

/// The last complaint about a text.
fn last_of(text: &str) -> String {
    run(text).1.pop().unwrap_or_default()
}

#[test]
fn r18_loops_in_loops_end() {
    let words = "a ".repeat(200);
    let mut text = "export A=$A$a".to_owned();
    for _ in 0..20 {
        text = format!("for a in {words}; do {text}; done");
    }
    let last = last_of(&text);
    assert!(last.contains("too much to do in this file (the rest of the file was left out)"), "{last}");
    // Turns that bring forth nothing are counted too, and words that come to nothing.
    for idle in ["A=", "A=${A%x}", "A=${A:+x}", "if [ -z a ]; then A=; fi", "unset A", "export A"] {
        let mut text = idle.to_owned();
        for _ in 0..20 {
            text = format!("for a in {}; do {text}; done", "'' ".repeat(200));
        }
        let last = last_of(&text);
        assert!(last.contains("too much to do"), "{idle}: {last}");
    }
}

#[test]
fn r18_functions_that_call_themselves_end() {
    let last = last_of("f () { echo $(f); }\nexport A=$(f)");
    assert!(
        last.starts_with("E:1:15: more than 64 levels in one another (the statement that calls"),
        "{last}"
    );
    // Twice as many calls with each level.
    let last = last_of("f () { echo $(f \"${1%a}\")$(f \"${1%a}\"); }\nexport A=$(f aaaaaaaaaaaa)");
    assert!(last.contains("more than 64 levels"), "{last}");
    let mut text = "f0 () { echo a; }\n".to_owned();
    for level in 1..60 {
        text.push_str(&format!("f{level} () {{ echo $(f{0})$(f{0}); }}\n", level - 1));
    }
    let last = last_of(&format!("{text}export A=$(f59); export B=1"));
    assert!(last.contains("too much to do in this file"), "{last}");
}

#[test]
fn r18_output_is_bounded() {
    let value = "x".repeat(10_000);
    let last = last_of(&format!(
        "v={value}\nf () {{ for a in {}; do echo $v; done; }}\nexport A=$(f)",
        "a ".repeat(20)
    ));
    assert!(last.contains("bytes of values (the statement that calls"), "{last}");
    let last = last_of(&format!(
        "f () {{ echo {}; }}\nA={}\n{}",
        "$1".repeat(1000),
        value,
        "B=$(f $A)\n".repeat(500)
    ));
    assert!(last.contains("too much to do"), "{last}");
    // Nothing of what a function sets is left, be it too much or not.
    let (exported, _) =
        run(&format!("f () {{ export B={value}; export A={value}$A$A; echo; }}\n{}", "C=$(f)\n".repeat(20)));
    assert_eq!(exported, [""; 0]);
}

#[test]
fn r18_what_stands_deep_in_one_another_needs_little_stack() {
    let deep = MAX_DEPTH - 2;
    let many_ifs = format!("{}echo $(f){}", "if [ -z '' ]; then ".repeat(deep), "; fi".repeat(deep));
    let texts = [
        format!("f () {{ {many_ifs}; }}\nexport A=$(f)"),
        format!("f () {{ echo {}$(f){}; }}\nexport A=$(f)", "${B:-".repeat(deep - 1), "}".repeat(deep - 1)),
        format!("f () {{ echo a; }}\nexport A={}$(f){}", "$(f ".repeat(deep), ")".repeat(deep)),
        format!("export A={}x{}", "${A%".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH)),
        format!("export A={}", "${A#\"$(f `".repeat(5000)),
        format!("{}export A=1", "for a in b; do ".repeat(4000)),
        "f () {\n".repeat(4000),
    ];
    let evaluate_all = move || texts.iter().map(|text| run(text).1.len()).collect::<Vec<_>>();
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(evaluate_all).unwrap();
    assert_eq!(thread.join().unwrap().len(), 7);
}
