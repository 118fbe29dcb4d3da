//! What differs from run to run in what the commands print, put into words, so that it can be compared.

use serde_json::Value;
use std::fmt::Write as _;

/// The version of the product, and what stands for it.
const VERSION: [&str; 2] = [concat!("gobo-session ", env!("CARGO_PKG_VERSION")), "gobo-session VERSION"];

/// The most columns that an object or a list takes on one line.
const WIDTH: usize = 110;

/// A text without how old something is, without the numbers of processes in the first column of a table, and without
/// blanks at the ends of lines.
pub fn text(printed: &str) -> String {
    let lines = printed.lines().map(|line| without_pid(&without_age(line.trim_end())) + "\n");
    lines.collect::<String>().replace(VERSION[0], VERSION[1])
}

/// `3 seconds old`, as everything is in a test.
fn without_age(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_age = |at: usize| {
        let unit = words.get(at + 1).map(|unit| unit.trim_end_matches('s'));
        words[at].parse::<u32>().is_ok() && matches!(unit, Some("second" | "minute"))
    };
    let told = (0..words.len()).map(|at| match at {
        _ if is_age(at) => "1",
        _ if at > 0 && is_age(at - 1) => "second",
        _ => words[at],
    });
    told.collect::<Vec<_>>().join(" ")
}

/// A row of a table whose first cell is the number of a process, or the head of such a table.
fn without_pid(line: &str) -> String {
    match line.split_once("  ") {
        Some((pid, rest)) if pid == "PID" || pid.parse::<u32>().is_ok() => {
            format!("PID  {}", rest.trim_start_matches(' '))
        }
        _ => line.to_owned(),
    }
}

/// A JSON value laid out for people, without the numbers of processes, namespaces and seconds.
pub fn json(value: &Value) -> String {
    let mut text = String::new();
    lay_out("", value, 0, &mut text);
    text.push('\n');
    text
}

/// Writes the value of a name behind `indent` columns and what stands there already.
fn lay_out(name: &str, value: &Value, indent: usize, text: &mut String) {
    let line = one_line(name, value);
    let begun = text.rsplit('\n').next().unwrap_or_default().chars().count();
    let inner = " ".repeat(indent + 1);
    match value {
        _ if begun + line.chars().count() <= WIDTH => text.push_str(&line),
        Value::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                let _ = write!(text, "{}\n{inner}", if place > 0 { "," } else { "" });
                lay_out(name, value, indent + 1, text);
            }
            text.push(']');
        }
        Value::Object(values) => {
            text.push('{');
            for (place, (name, value)) in values.iter().enumerate() {
                let _ = write!(text, "{}\n{inner}\"{name}\": ", if place > 0 { "," } else { "" });
                lay_out(name, value, indent + 1, text);
            }
            text.push('}');
        }
        _ => text.push_str(&line),
    }
}

fn one_line(name: &str, value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match (name, value) {
        ("pid" | "processes", Value::Number(_)) => "PID".to_owned(),
        ("since", Value::Number(_)) => "TIME".to_owned(),
        ("id", Value::Number(_)) => "NUMBER".to_owned(),
        (_, Value::Array(values)) => {
            format!("[{}]", list(values.iter().map(|value| one_line(name, value)).collect()))
        }
        (_, Value::Object(values)) => {
            let parts = values.iter().map(|(name, value)| format!("\"{name}\": {}", one_line(name, value)));
            format!("{{{}}}", list(parts.collect()))
        }
        (_, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_varies_is_put_into_words() {
        assert_eq!(text("in a view, 12 seconds old\n"), "in a view, 1 second old\n");
        let table = "PID   USER  AGE\n1204  ann   3 minutes\n99    bob   1 second\n";
        assert_eq!(text(table), "PID  USER  AGE\nPID  ann   1 second\nPID  bob   1 second\n");
        assert_eq!(text("2 versions\n"), "2 versions\n");
        let value = json!({ "id": 7, "plan": { "id": "7" }, "processes": [1, 2], "about": { "since": 9 } });
        let told = "{\"about\": {\"since\": TIME}, \"id\": NUMBER, \"plan\": {\"id\": \"7\"}, \"processes\": [PID, PID]}\n";
        assert_eq!(super::json(&value), told);
    }

    #[test]
    fn what_is_long_has_a_line_for_each_part() {
        let long = "x".repeat(60);
        let value = json!({ "a": [long, long], "b": 1 });
        let lines = format!("{{\n \"a\": [\n  \"{long}\",\n  \"{long}\"],\n \"b\": 1}}\n");
        assert_eq!(super::json(&value), lines);
    }
}
