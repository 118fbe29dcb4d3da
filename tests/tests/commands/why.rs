//! `gobo-session why`: which version gives a name, what it hides, what brought it.

use super::{Answer, ask, json_of, told};
use anyhow::Result;
use gobo_tests::lab::Lab;
use gobo_tests::requires_gobo_root;
use gobo_tests::world::World;
use serde_json::json;

#[test]
fn a_name_of_the_index_is_found_wherever_it_could_be_meant() -> Result<()> {
    let world = World::new()?;
    world.program("Tool", "1.0").file("bin/tool").file("include/tool/tool.h").current().linked();
    world.index_file("share/icons.cache").index_link("bin/gone", "/Programs/Old/1.0/bin/gone");
    world.index_link("lib/x86_64-linux-gnu", ".").index_link("lib/libtool.so", "/Programs/Tool/1.0/bin/tool");
    let tool = "\
/System/Index/bin/tool
    leads to  /Programs/Tool/1.0/bin/tool
    because   the index has it
/System/Index/include/tool
    leads to  /Programs/Tool/1.0/include/tool
    because   the index has it
";
    assert_eq!(told(world.root(), "why", &["tool"])?, tool);
    let one = |name: &str, index: &str, target: &str| -> Result<()> {
        let shown = told(world.root(), "why", &[name])?;
        let expected =
            format!("/System/Index/{index}\n    leads to  {target}\n    because   the index has it\n");
        assert_eq!(shown, expected, "{name}");
        Ok(())
    };
    let (header, library) = ("/Programs/Tool/1.0/include/tool/tool.h", "/Programs/Tool/1.0/bin/tool");
    one("tool/tool.h", "include/tool/tool.h", header)?;
    one("include/tool/tool.h", "include/tool/tool.h", header)?;
    one("/System/Index/include/tool/tool.h", "include/tool/tool.h", header)?;
    one("x86_64-linux-gnu/libtool.so", "lib/x86_64-linux-gnu/libtool.so", library)?;
    one("gone", "bin/gone", "/Programs/Old/1.0/bin/gone, which is not there")?;
    assert_eq!(
        told(world.root(), "why", &["icons.cache"])?,
        "/System/Index/share/icons.cache\n    is        something of the index's own\n    because   the index has it\n"
    );
    let all = json_of(world.root(), "why", &["tool/tool.h"])?;
    assert_eq!(
        all,
        json!({ "answers": [{
            "name": "/System/Index/include/tool/tool.h", "target": header, "here": true,
            "program": "Tool", "version": "1.0", "because": ["the index has it"], "hides": null,
        }] })
    );
    for (name, said) in [
        ("tol", "read: nothing is called tol; did you mean tool?"),
        ("xyzzy", "read: nothing is called xyzzy; /System/Index holds all names"),
        (
            "/Programs/Tool/1.0/bin/tool",
            "read: /Programs/Tool/1.0/bin/tool does not lead through /System/Index; it is in the folder of Tool 1.0",
        ),
    ] {
        let err = format!("gobo-session: {said}\n");
        assert_eq!(ask(world.root(), "why", &[name])?, Answer { code: Some(1), out: String::new(), err });
    }
    Ok(())
}

#[test]
fn in_a_view_it_is_told_what_brought_a_name_and_what_it_hides() -> Result<()> {
    let policy = "[[rule]]\nuser = [\"ann\"]\nprofile = \"py39\"\n";
    let lab = Lab::new(&requires_gobo_root!(), policy, &[("py39", "programs = [\"Python = 3.9.2\"]\n")])?;
    let ann = |name: &str| -> Result<String> {
        Ok(lab.su("ann", &format!("gobo-session why {name}"))?.success()?.text())
    };
    assert_eq!(
        ann("/bin/python3")?,
        "\
/System/Index/bin/python3
    leads to  /Programs/Python/3.9.2/bin/python3
    because   `Python = 3.9.2`: asked for by profile py39
    hides     /Programs/Python/3.11.2/bin/python3.11"
    );
    assert_eq!(
        ann("libffi.so.7")?,
        "\
/System/Index/lib/libffi.so.7
    leads to  /Programs/LibFFI/3.3/lib/libffi.so.7
    because   `LibFFI = 3.3`: Python 3.9.2 needs it (Dependencies:5)
              asked for by profile py39"
    );
    assert_eq!(
        ann("python3.11")?,
        "\
/System/Index/bin/python3.11
    is        not in this view
    because   Python 3.9.2 is here instead of 3.11.2
              `Python = 3.9.2`: asked for by profile py39
    hides     /Programs/Python/3.11.2/bin/python3.11
/System/Index/lib/python3.11
    leads to  /Programs/Python/3.11.2/lib/python3.11
    because   the index has it"
    );
    let lua = "\
/System/Index/bin/lua
    leads to  /Programs/Lua/5.4.4/bin/lua5.4
    because   the index has it";
    assert_eq!(ann("lua")?, lua);
    assert_eq!(lab.su("bob", "gobo-session why lua")?.success()?.text(), lua);
    let run = lab.su("bob", "gobo-session run --with 'Lua = 5.1.5' gobo-session why lua")?.success()?.text();
    assert!(run.contains("because   `Lua = 5.1.5`: asked for on the command line\n    hides"), "{run}");
    Ok(())
}
