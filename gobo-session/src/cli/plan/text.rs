//! The plan as a person reads it: a tree of what the layer holds, with reasons; conflicts and gaps at the end.

use crate::cli::reasons;
use crate::cli::table::Table;
use crate::cli::talk::count;
use crate::layer::Size;
use crate::plan::{Missing, Plan, Source};

/// The plan, in lines that mostly fit on a terminal, below a sentence that says whose it is.
pub(super) fn describe(plan: &Plan, size: Size, whose: Option<&str>) -> String {
    let profile = plan.profile.as_deref().map(|name| format!("profile {name}, ")).unwrap_or_default();
    let pure = if plan.pure { ", pure" } else { "" };
    let mut table = Table::default();
    whose.into_iter().for_each(|whose| table.sentence("", "    ", whose));
    table.text(&format!("{profile}{}{pure}, plan {}", plan.arch, plan.id()));
    if plan.chosen.is_empty() {
        table.text("nothing is asked for: the view is the index as it is");
        return table.to_string();
    }
    let tree = Tree::of(plan);
    for place in tree.top() {
        tree.add(place, "", "", &mut table);
    }
    let current = plan.chosen.len() - plan.to_link().count();
    let versions = count(plan.chosen.len(), "version");
    table.text(&format!("current already: {current} of {versions}; {}", layer(size)));
    for conflict in &plan.conflicts {
        let winner = &plan.chosen[conflict.winner];
        let (program, version) = (&winner.program, &winner.version);
        table.text(&format!("conflict: `{}` gives way to {program} {version}", conflict.requirement));
        let mut required = reasons::chain(plan, &conflict.source);
        required.push(format!("{program} {} would meet it", conflict.version));
        reasons::add("required", &required, &mut table);
        reasons::add("chosen", &reasons::chain(plan, &winner.source), &mut table);
    }
    for (number, missing) in plan.missing.iter().enumerate() {
        let is_same =
            |other: &&Missing| (&other.requirement, &other.why) == (&missing.requirement, &missing.why);
        if plan.missing[..number].iter().any(|other| is_same(&other)) {
            continue;
        }
        table.sentence("", "    ", &format!("missing: `{}`: {}", missing.requirement, missing.why));
        for missing in plan.missing[number..].iter().filter(is_same) {
            reasons::add("required", &reasons::chain(plan, &missing.source), &mut table);
        }
    }
    for why in &plan.impasse {
        table.sentence("", "    ", &format!("no choice satisfies all: {why}"));
    }
    if let Some(offer) = &plan.offer {
        table.sentence("", "    ", &format!("offer: {}", offer.sentence));
    }
    table.to_string()
}

/// The layer in words.
fn layer(size: Size) -> String {
    if (size.links, size.folders, size.whiteouts) == (0, 0, 0) {
        return "the index needs no layer".into();
    }
    let parts = [(size.links, "link"), (size.folders, "folder"), (size.whiteouts, "whiteout")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun));
    format!("the layer holds {}", parts.collect::<Vec<_>>().join(", "))
}

/// The choices of a plan below those that brought them.
struct Tree<'a> {
    plan: &'a Plan,
    children: Vec<Vec<usize>>,
    /// Whether the layer holds something of a choice, or of one that it brought.
    differs: Vec<bool>,
}

impl<'a> Tree<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut tree = Self {
            plan,
            children: vec![Vec::new(); plan.chosen.len()],
            differs: vec![false; plan.chosen.len()],
        };
        plan.to_link().for_each(|(place, _)| tree.differs[place] = true);
        for (place, choice) in plan.chosen.iter().enumerate() {
            if let Source::Dependency { of, .. } = choice.source {
                tree.children[of].push(place);
            }
        }
        // A reason stands before what it brought.
        for place in (0..plan.chosen.len()).rev() {
            tree.differs[place] |= tree.children[place].iter().any(|child| tree.differs[*child]);
        }
        tree
    }

    /// What nothing else brought.
    fn top(&self) -> impl Iterator<Item = usize> {
        let is_brought = |place: &usize| matches!(self.plan.chosen[*place].source, Source::Dependency { .. });
        (0..self.plan.chosen.len()).filter(move |place| !is_brought(place))
    }

    /// One version and below it those that it brought; what is current is folded unless something below is not.
    fn add(&self, place: usize, first: &str, rest: &str, table: &mut Table<2>) {
        let choice = &self.plan.chosen[place];
        let requirement = &choice.requirement;
        let reason = match &choice.source {
            Source::Dependency { file, line, .. } => {
                format!("`{requirement}` ({})", reasons::place(file, *line))
            }
            Source::Command(path) => format!("the program of {path}"),
            source => format!("`{requirement}` {source}"),
        };
        let instead = choice.stands_for.as_ref().map(|name| format!(", in place of {name}"));
        let is_current = choice.linked && !self.plan.pure;
        let state = if is_current { " (current)" } else { "" };
        table.row([
            format!("{first}{} {}{state}", choice.program, choice.version),
            reason + &instead.unwrap_or_default(),
        ]);
        let (shown, folded): (Vec<usize>, Vec<usize>) =
            self.children[place].iter().partition(|child| self.differs[**child]);
        let lines = shown.len() + usize::from(!folded.is_empty());
        for (number, child) in shown.into_iter().enumerate() {
            let is_last = number + 1 == lines;
            let (branch, trunk) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
            self.add(child, &format!("{rest}{branch}"), &format!("{rest}{trunk}"), table);
        }
        self.add_folded(&folded, rest, table);
    }

    /// What is current already, by name.
    fn add_folded(&self, folded: &[usize], rest: &str, table: &mut Table<2>) {
        let names: Vec<&str> = folded.iter().map(|child| self.plan.chosen[*child].program.as_str()).collect();
        if names.is_empty() {
            return;
        }
        let (first, rest) = (format!("{rest}└── current: "), format!("{rest}             "));
        table.sentence(&first, &rest, &names.join(", "));
    }
}
