//! `gobo-session plan --dot`: a graph that Graphviz itself reads.

use super::{ask, json_of, told};
use anyhow::{Context as _, Result, ensure};
use gobo_tests::world::World;
use gobo_tests::{gate, requires_gobo_root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What Graphviz makes of a graph; `None`, and why is said, where it is not installed.
fn drawn(graph: &str, form: &str) -> Result<Option<String>> {
    let command = Command::new("dot").arg(form).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut dot) = command else {
        gate::skip("dot is not installed: it is in the Debian package graphviz");
        return Ok(None);
    };
    dot.stdin.take().context("no input")?.write_all(graph.as_bytes())?;
    let output = dot.wait_with_output()?;
    ensure!(output.status.success(), "dot {form}: {}\n{graph}", output.status);
    Ok(Some(String::from_utf8(output.stdout)?))
}

/// What is in a graph as Graphviz reads it: nodes with whether they are filled, edges with their ends and whether they
/// are dashed.
#[derive(Debug, PartialEq, Eq)]
struct Graph {
    nodes: BTreeSet<(String, bool)>,
    edges: BTreeSet<(String, String, String, bool)>,
}

impl Graph {
    fn read(graph: &str) -> Result<Option<Self>> {
        let Some(text) = drawn(graph, "-Tjson0")? else { return Ok(None) };
        let all: Value = serde_json::from_str(&text)?;
        let is = |of: &Value, style: &str| of["style"] == style;
        // In this form labels are told with their escapes.
        let label = |of: &Value| of["label"].as_str().map(|l| l.replace("\\\\", "\\")).context("no label");
        let nodes = all["objects"].as_array().context("no nodes")?;
        let names = nodes.iter().map(label).collect::<Result<Vec<_>>>()?;
        let end = |of: &Value| of.as_u64().map(|n| names[n as usize].clone()).context("no end");
        let edges = all["edges"].as_array().into_iter().flatten();
        let edges = edges
            .map(|edge| Ok((end(&edge["tail"])?, label(edge)?, end(&edge["head"])?, is(edge, "dashed"))));
        let filled = nodes.iter().map(|node| is(node, "filled"));
        Ok(Some(Self {
            nodes: names.iter().cloned().zip(filled).collect(),
            edges: edges.collect::<Result<_>>()?,
        }))
    }

    /// The graph that a plan should be.
    fn of(plan: &Value) -> Result<Self> {
        let list = |name: &str| plan[name].as_array().cloned().unwrap_or_default();
        let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
        let chosen = list("chosen");
        let name = |choice: &Value| format!("{} {}", text(&choice["program"]), text(&choice["version"]));
        let place = |of: &Value| of.as_u64().map(|n| name(&chosen[n as usize])).context("no place");
        let mut nodes: BTreeSet<_> = chosen.iter().map(|c| (name(c), c["linked"] == false)).collect();
        let mut edges = BTreeSet::new();
        let mut edge = |of: &Value, to: String, is_dashed: bool| -> Result<()> {
            let from = match &of["source"]["dependency"] {
                Value::Null => {
                    ensure!(of["source"] == "asked", "{of}");
                    let asker = "asked for on the command line".to_owned();
                    nodes.insert((asker.clone(), false));
                    asker
                }
                dependency => place(&dependency["of"])?,
            };
            edges.insert((from, text(&of["requirement"]), to, is_dashed));
            Ok(())
        };
        for choice in &chosen {
            edge(choice, name(choice), false)?;
        }
        for conflict in list("conflicts") {
            edge(&conflict, place(&conflict["winner"])?, true)?;
        }
        for missing in list("missing") {
            edge(&missing, text(&missing["why"]), true)?;
        }
        nodes.extend(list("missing").iter().map(|missing| (text(&missing["why"]), false)));
        Ok(Self { nodes, edges })
    }
}

fn assert_graph(root: &Path, words: &[&str]) -> Result<()> {
    let graph = ask(root, "plan", &[&["--dot"], words].concat())?;
    if let Some(read) = Graph::read(&graph.out)? {
        assert_eq!(read, Graph::of(&json_of(root, "plan", words)?["plan"])?, "{words:?}");
    }
    Ok(())
}

#[test]
fn a_graph_holds_what_the_plan_holds() -> Result<()> {
    let root = requires_gobo_root!();
    assert_graph(&root, &["--with", "Python = 3.9.2"])?;
    assert_graph(&root, &["--with", "Bash = 5.2.37", "--with", "Glibc = 2.36"])?;
    assert_graph(&root, &["--arch", "i686", "--with", "Bash"])?;
    let svg = drawn(&told(&root, "plan", &["--dot", "--with", "Python = 3.9.2"])?, "-Tsvg")?;
    assert!(svg.is_none_or(|svg| svg.contains("Python 3.9.2") && svg.contains("<svg")));
    Ok(())
}

#[test]
fn missing_programs_and_odd_names_stay_in_their_quotes() -> Result<()> {
    let world = World::new()?;
    world.program("Tool", "1 \"2\" \\N <b>").dependencies("Nothing\n").file("bin/tool");
    world.program("Other", "1.0").dependencies("Tool\n");
    assert_graph(world.root(), &["--with", "Other"])
}

#[test]
fn a_graph_reads_like_its_plan() -> Result<()> {
    let world = World::new()?;
    world.program("Cairo", "1.18").current().linked();
    world.program("Painter", "1.0").dependencies("Cairo >= 1.10\nOld\n");
    world.program("Old", "2.0").dependencies("Cairo < 1.17\n");
    world.program("Cairo", "1.16");
    let graph = told(world.root(), "plan", &["--dot", "--with", "Painter"])?;
    let lines: Vec<&str> = graph.lines().filter(|line| !line.contains("label=\"x86_64, plan ")).collect();
    let expected = r##"digraph plan {
  rankdir=LR;
  node [shape=box];
  v0 [label="Painter 1.0", style=filled, fillcolor="#ffe9a8"];
  a0 [label="asked for on the command line", shape=plaintext];
  a0 -> v0 [label="Painter"];
  v1 [label="Cairo 1.18"];
  v0 -> v1 [label="Cairo >= 1.10"];
  v2 [label="Old 2.0", style=filled, fillcolor="#ffe9a8"];
  v0 -> v2 [label="Old"];
  v2 -> v1 [label="Cairo < 1.17", style=dashed, color=red, fontcolor=red];
}"##;
    assert_eq!(lines.join("\n"), expected);
    Ok(())
}
