//! The tables that are printed, what they are made of, and the limits that the project sets itself.

use serde_json::{Value, json};
use std::fmt::Write as _;

/// Samples of one thing, in nanoseconds.
pub(crate) type Samples = Vec<u64>;

/// The middle of some samples, in microseconds.
pub(crate) fn median(samples: &Samples) -> f64 {
    quantile(samples, 50)
}

/// Of a hundred samples in order the one at this place, in microseconds.
#[allow(clippy::cast_precision_loss, reason = "no sample takes days")]
pub(crate) fn quantile(samples: &Samples, percent: usize) -> f64 {
    let mut sorted = samples.clone();
    sorted.sort_unstable();
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0) as f64 / 1000.0
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    text: String,
    title: String,
    head: Vec<String>,
    figures: Vec<Value>,
    limits: Vec<(String, String, String, bool)>,
}

impl Sheet {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn figures(&self) -> &[Value] {
        &self.figures
    }

    fn say(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }

    /// Begins a table; the first cell of its head names the lines.
    pub(crate) fn table(&mut self, title: &str, head: &[&str]) {
        self.table_with(title, "", head);
    }

    /// As [`Sheet::table`], with what is to be said before it.
    fn table_with(&mut self, title: &str, said: &str, head: &[&str]) {
        self.title = title.to_owned();
        self.head = head.iter().map(|&cell| cell.to_owned()).collect();
        self.say(&format!("\n### {title}\n\n{said}| {} |", head.join(" | ")));
        self.say(&format!("|{}", "---|".repeat(head.len())));
    }

    /// A line of cells that are ready.
    pub(crate) fn cells(&mut self, what: &str, cells: &[String]) {
        self.say(&format!("| {what} | {} |", cells.join(" | ")));
        let named: serde_json::Map<_, _> =
            self.head.iter().skip(1).cloned().zip(cells.iter().map(|cell| json!(cell))).collect();
        self.figures.push(json!({ "table": self.title, "what": what, "cells": named }));
    }

    /// A line of medians in microseconds, and how many times the first each of the others is; what was not there has no
    /// samples. Gives the medians.
    pub(crate) fn medians(&mut self, what: &str, samples: &[Samples]) -> Vec<f64> {
        let medians: Vec<f64> = samples.iter().map(median).collect();
        let cell = |(place, median): (usize, &f64)| match place {
            _ if samples[place].is_empty() => "not there".to_owned(),
            0 => number(*median),
            _ => format!("{} ({:.2})", number(*median), median / medians[0]),
        };
        let cells: Vec<String> = medians.iter().enumerate().map(cell).collect();
        self.say(&format!("| {what} | {} |", cells.join(" | ")));
        let named: serde_json::Map<_, _> =
            self.head.iter().skip(1).cloned().zip(medians.iter().map(|median| json!(median))).collect();
        let count = samples.iter().map(Vec::len).max();
        self.figures
            .push(json!({ "table": self.title, "what": what, "medians_us": named, "samples": count }));
        medians
    }

    /// Notes whether a limit holds.
    pub(crate) fn limit(&mut self, what: &str, unit: &str, measured: f64, limit: f64) {
        let cell = |value: f64| format!("{}{unit}", number(value));
        self.limits.push((what.to_owned(), cell(limit), cell(measured), measured <= limit));
    }

    /// The table of limits.
    pub(crate) fn limits(&mut self) {
        let limits = std::mem::take(&mut self.limits);
        if limits.is_empty() {
            return;
        }
        let head = ["limit", "at most", "measured", "holds"];
        self.table_with(
            "Limits that the project sets itself",
            "Those that do not hold are open work.\n\n",
            &head,
        );
        for (what, limit, measured, holds) in limits {
            self.cells(&what, &[limit, measured, if holds { "yes" } else { "**no**" }.to_owned()]);
        }
    }
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
