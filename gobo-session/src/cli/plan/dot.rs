//! The plan as a graph, in the language of Graphviz.
//!
//! Nodes are versions, filled where the layer holds them; who asked is a node without a frame. Edges lead from who
//! requires something to what it got, and say what was required: solid where that was brought for it, dashed where it
//! gave way to something nearer, or where nothing was found.

use crate::plan::{Plan, Source};
use crate::text::Safe;
use std::fmt::Write as _;

/// The graph of a plan.
pub(super) fn graph(plan: &Plan) -> String {
    let mut graph = Graph { text: String::new(), askers: Vec::new() };
    let name = plan.profile.as_deref().map(|name| format!("profile {name}, ")).unwrap_or_default();
    graph.line("digraph plan {");
    graph.line(&format!("  label={};", quoted(&format!("{name}{}, plan {}", plan.arch, plan.id()))));
    graph.line("  rankdir=LR;");
    graph.line("  node [shape=box];");
    for (place, choice) in plan.chosen.iter().enumerate() {
        let label = quoted(&format!("{} {}", choice.program, choice.version));
        let is_layered = plan.pure || !choice.linked;
        let filled = if is_layered { ", style=filled, fillcolor=\"#ffe9a8\"" } else { "" };
        graph.line(&format!("  v{place} [label={label}{filled}];"));
        graph.edge(&choice.source, &format!("v{place}"), &choice.requirement.to_string(), "");
    }
    for conflict in &plan.conflicts {
        let winner = format!("v{}", conflict.winner);
        let looks = ", style=dashed, color=red, fontcolor=red";
        graph.edge(&conflict.source, &winner, &conflict.requirement.to_string(), looks);
    }
    for (place, missing) in plan.missing.iter().enumerate() {
        let node = format!("m{place}");
        let label = quoted(&missing.why);
        graph.line(&format!("  {node} [label={label}, style=dashed];"));
        graph.edge(&missing.source, &node, &missing.requirement.to_string(), ", style=dashed");
    }
    graph.line("}");
    graph.text
}

struct Graph {
    text: String,
    /// Who asked, but versions: each has a node.
    askers: Vec<String>,
}

impl Graph {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// An edge from who requires something; where that is no version, its node is made first.
    fn edge(&mut self, source: &Source, to: &str, requirement: &str, looks: &str) {
        let from = match source {
            Source::Dependency { of, .. } => format!("v{of}"),
            other => self.asker(other.to_string()),
        };
        self.line(&format!("  {from} -> {to} [label={}{looks}];", quoted(requirement)));
    }

    fn asker(&mut self, who: String) -> String {
        let known = self.askers.iter().position(|known| *known == who);
        let place = known.unwrap_or_else(|| {
            self.line(&format!("  a{} [label={}, shape=plaintext];", self.askers.len(), quoted(&who)));
            self.askers.push(who);
            self.askers.len() - 1
        });
        format!("a{place}")
    }
}

/// A text between quotes, as it is: a backslash would begin an escape of labels.
fn quoted(text: &str) -> String {
    format!("\"{}\"", Safe(text).to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn whatever_a_name_holds_stays_in_its_quotes() {
        assert_eq!(quoted("a \"b\" \\N\u{1b}"), r#""a \"b\" \\N\\u{1b}""#);
    }
}
