//! The module's lines in the text of a stack: put in around the session lines, and taken out again.

use crate::check::stacks::{MODULE, logical_lines, words};
use std::path::Path;

/// A stack with the lines in it: one before all its session lines, one behind them. `leads` tells whether a file that is
/// included has any. `None` where the stack has no session lines.
pub(super) fn put_in(text: &str, [first, last]: [&str; 2], leads: impl Fn(&str) -> bool) -> Option<String> {
    let entries = logical_lines(text);
    let is_of_session = |line: &str| match words(line).as_slice() {
        [include, file] if include == "@include" => leads(file),
        [kind, ..] => kind.trim_start_matches('-') == "session",
        [] => false,
    };
    let start = entries.iter().position(|(_, line)| is_of_session(line))?;
    let end = entries.iter().rposition(|(_, line)| is_of_session(line))?;
    let lines: Vec<&str> = text.lines().collect();
    let start = entries[start].0 - 1;
    let end = entries.get(end + 1).map_or(lines.len(), |(next, _)| next - 1);
    let parts = [&lines[..start], &[first], &lines[start..end], &[last], &lines[end..]];
    Some(parts.concat().iter().map(|line| format!("{line}\n")).collect())
}

/// A stack without the lines of the module.
pub(super) fn take_out(text: &str) -> String {
    let entries = logical_lines(text);
    let is_ours =
        |line: &str| words(line).iter().any(|word| Path::new(word).file_name() == Some(MODULE.as_ref()));
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = String::new();
    for (place, (number, line)) in entries.iter().enumerate() {
        let end = entries.get(place + 1).map_or(lines.len(), |(next, _)| next - 1);
        if !is_ours(line) {
            kept.extend(lines[number - 1..end].iter().map(|line| format!("{line}\n")));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 2] = ["session optional pam_gobo.so close", "session optional pam_gobo.so open"];

    /// A stack as it is and as it becomes; without the lines it is as it was.
    fn assert_becomes(stack: &str, with_lines: &str) {
        let put = put_in(stack, LINES, |file| file == "common-session").unwrap();
        assert_eq!(put, with_lines);
        assert_eq!(take_out(&put), stack);
    }

    #[test]
    fn lines_stand_around_all_of_type_session() {
        let [close, open] = LINES;
        assert_becomes(
            "#%PAM-1.0\nauth a\n-session b\nsession c\npassword d\n",
            &format!("#%PAM-1.0\nauth a\n{close}\n-session b\nsession c\n{open}\npassword d\n"),
        );
    }

    #[test]
    fn files_that_are_included_and_lines_that_go_on_count() {
        let [close, open] = LINES;
        assert_becomes(
            "@include common-auth\n# session x\nsession required \\\n  pam_env.so\n@include common-session\n\n# end\n",
            &format!(
                "@include common-auth\n# session x\n{close}\nsession required \\\n  pam_env.so\n@include common-session\n{open}\n\n# end\n"
            ),
        );
        assert_becomes(
            "session required a.so\nsession optional b.so \\\n  x\n",
            &format!("{close}\nsession required a.so\nsession optional b.so \\\n  x\n{open}\n"),
        );
    }

    #[test]
    fn a_stack_without_session_lines_is_none_of_ours() {
        assert_eq!(put_in("auth a\n@include common-auth\n", LINES, |_| false), None);
    }

    #[test]
    fn lines_of_every_form_are_taken_out() {
        let stack = "session required /lib/security/pam_gobo.so open \\\n debug\n-session [default=ignore] pam_gobo.so close\nauth x\n";
        assert_eq!(take_out(stack), "auth x\n");
        assert_eq!(take_out("# pam_gobo.so\nauth x\n"), "# pam_gobo.so\nauth x\n");
    }
}
