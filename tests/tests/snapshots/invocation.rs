//! Which command of the program a typed line calls, with which options.

use gobo_tests::definition::{Command, Flag};

/// One call of the program on a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// The command, `profile select`.
    pub(crate) command: String,
    /// The options that it is given, by their long names.
    pub(crate) options: Vec<String>,
}

impl Invocation {
    /// The calls on a line; `Runner` is the command of that name.
    pub(crate) fn all(line: &str, commands: &[Command]) -> Vec<Self> {
        let words = words(line);
        let mut all = Vec::new();
        for (place, word) in words.iter().enumerate() {
            let rest = &words[place + 1..];
            let named = match word.trim_start_matches("$(").rsplit('/').next() {
                Some("gobo-session") => find(rest, commands),
                Some("Runner") => commands.iter().find(|command| command.words == ["runner"]),
                _ => None,
            };
            let Some(command) = named else { continue };
            let end = rest.iter().position(|word| is_end(word)).unwrap_or(rest.len());
            let given = command.options.iter().filter(|flag| rest[..end].iter().any(|word| is(word, flag)));
            let options = given.map(|flag| flag.long.clone()).collect();
            all.push(Self { command: command.words.join(" "), options });
        }
        all
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|given| given == option)
    }
}

/// The command that words begin with: the longest, `profile select` rather than `profile`.
fn find<'a>(words: &[String], commands: &'a [Command]) -> Option<&'a Command> {
    let fitting = commands.iter().filter(|command| words.starts_with(&command.words));
    fitting.max_by_key(|command| command.words.len())
}

/// Whether the words of a call end before this one.
fn is_end(word: &str) -> bool {
    matches!(word, "|" | "||" | "&&" | ";" | "--") || word.starts_with(['>', '<']) || word.starts_with("2>")
}

/// Whether a word is an option: `--with`, `--with=Lua`, `-w`, `-wLua`.
fn is(word: &str, flag: &Flag) -> bool {
    let is_long = word.strip_prefix(&flag.long).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    is_long || flag.short.as_ref().is_some_and(|short| word.starts_with(short) && !word.starts_with("--"))
}

/// The words of a line as a shell takes them apart; a `;` or `)` at the end of one is a word of its own.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == ' ' => words.push(std::mem::take(&mut word)),
            None if c == ';' || c == ')' => words.extend([std::mem::take(&mut word), ";".to_owned()]),
            _ => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_with_their_options() {
        let flag =
            |long: &str, short: Option<&str>| Flag { long: long.into(), short: short.map(str::to_owned) };
        let command = |words: &[&str], options| Command {
            words: words.iter().map(ToString::to_string).collect(),
            options,
        };
        let commands = [
            command(&["plan"], vec![flag("--with", Some("-w")), flag("--json", None)]),
            command(&["profile"], vec![]),
            command(&["profile", "save"], vec![flag("--force", None)]),
        ];
        let called = |line| {
            let all = Invocation::all(line, &commands).into_iter();
            all.map(|call| (call.command, call.options)).collect::<Vec<_>>()
        };
        let call = |command: &str, options: &[&str]| {
            (command.to_owned(), options.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(called("ann$ gobo-session plan -w'Lua = 5' | grep --json"), [call("plan", &["--with"])]);
        assert_eq!(
            called("ann$ echo '--with'; gobo-session profile save x --force; gobo-session plan --json > x"),
            [call("profile save", &["--force"]), call("plan", &["--json"])]
        );
    }
}
