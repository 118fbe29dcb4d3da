//! Finds the end of a statement that is not understood, so that no part of it is taken for a statement of its own.

/// Where a statement ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    /// The byte behind it.
    pub(super) end: usize,
    /// It could not be told where it ends; `end` is that of the text.
    pub(super) lost: bool,
}

/// Something that is open, and must be closed before the statement can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A compound command that ends in this word.
    Until(&'static str),
    Parenthesis,
    Brace,
    DoubleQuotes,
    Backquotes,
}

/// How many things may be open in one another.
const MAX_OPEN: usize = 256;

/// Passes over the statement that begins at `start`.
pub(super) fn skip(text: &str, start: usize) -> Skipped {
    let mut skipper = Skipper {
        bytes: text.as_bytes(),
        at: start,
        open: Vec::new(),
        expects_command: true,
        goes_on: false,
    };
    while let Some(&byte) = skipper.bytes.get(skipper.at) {
        let ended = match skipper.open.last() {
            Some(Open::DoubleQuotes | Open::Brace | Open::Backquotes) => {
                skipper.quoted(byte);
                false
            }
            _ => skipper.plain(byte),
        };
        if ended {
            return Skipped { end: skipper.at, lost: false };
        }
        if skipper.open.len() > MAX_OPEN {
            break;
        }
    }
    Skipped { end: text.len(), lost: !skipper.open.is_empty() || skipper.at > text.len() }
}

struct Skipper<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    /// The next word is that of a command, so that it may open or close a compound one.
    expects_command: bool,
    /// The statement goes on behind the end of the line.
    goes_on: bool,
}

impl Skipper<'_> {
    fn follows(&self, text: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(text)
    }

    /// Steps over something inside quotes or braces.
    fn quoted(&mut self, byte: u8) {
        let open = self.open.last().copied();
        match (byte, open) {
            (b'\\', _) => return self.at += 2,
            (b'"', Some(Open::DoubleQuotes)) | (b'}', Some(Open::Brace)) | (b'`', Some(Open::Backquotes)) => {
                self.open.pop();
            }
            (_, Some(Open::Backquotes)) => {}
            (b'\'', Some(Open::Brace)) if !self.open.contains(&Open::DoubleQuotes) => {
                return self.single_quotes();
            }
            _ => return self.expansion(byte),
        }
        self.at += 1;
    }

    /// Steps over something that may open an expansion or quotes.
    fn expansion(&mut self, byte: u8) {
        let (open, length) = match byte {
            b'"' => (Some(Open::DoubleQuotes), 1),
            b'`' => (Some(Open::Backquotes), 1),
            b'$' if self.follows(b"${") => (Some(Open::Brace), 2),
            b'$' if self.follows(b"$(") => (Some(Open::Parenthesis), 2),
            _ => (None, 1),
        };
        self.open.extend(open);
        self.at += length;
        self.expects_command = open == Some(Open::Parenthesis);
    }

    fn single_quotes(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        self.at += rest.iter().position(|&byte| byte == b'\'').map_or(rest.len() + 2, |length| length + 2);
    }

    /// Steps over something that is not quoted; whether the statement ends behind it.
    fn plain(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' | b';' => {
                self.at += 1;
                self.expects_command = true;
                let goes_on = std::mem::take(&mut self.goes_on) && byte == b'\n';
                self.goes_on = goes_on;
                return self.open.is_empty() && !goes_on;
            }
            b' ' | b'\t' => self.at += 1,
            b'\\' if self.follows(b"\\\n") => self.at += 2,
            b'#' if !self.is_inside_word() => {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            }
            b'&' | b'|' => {
                self.goes_on = byte == b'|' || self.follows(b"&&");
                self.at += if self.follows(b"&&") || self.follows(b"||") { 2 } else { 1 };
                self.expects_command = true;
            }
            // A here-document may hold anything.
            b'<' if self.follows(b"<<") && !self.follows(b"<<<") => self.at = self.bytes.len() + 1,
            b'<' | b'>' => {
                let run =
                    self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b'<' | b'>' | b'&' | b'|'));
                self.at += run.count();
            }
            b'(' => {
                self.open.push(Open::Parenthesis);
                self.at += 1;
                self.expects_command = true;
                self.goes_on = false;
            }
            b')' => {
                let before = self.bytes[..self.at].trim_ascii_end();
                let empty = before.ends_with(b"(") && !before.ends_with(b"$(");
                if self.open.last() == Some(&Open::Parenthesis) {
                    self.open.pop();
                }
                self.at += 1;
                // Behind `name ()` stands the body of a function; behind `pattern)` a command.
                self.expects_command = empty || matches!(self.open.last(), Some(Open::Until("esac")));
                self.goes_on = empty;
            }
            _ => self.word(),
        }
        false
    }

    fn is_inside_word(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        before.is_some_and(|byte| !b" \t\n;&|()<>".contains(byte))
    }

    fn word(&mut self) {
        let start = self.at;
        let depth = self.open.len();
        let expects_command = self.expects_command;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\\' => self.at += 2,
                b'\'' => self.single_quotes(),
                _ => self.expansion(byte),
            }
            if self.open.len() > depth {
                break;
            }
        }
        self.goes_on = false;
        if self.open.len() > depth {
            return;
        }
        self.expects_command = false;
        if expects_command {
            self.keyword(start);
        }
    }

    /// What the word that ends here and stands where a command is expected opens or closes.
    fn keyword(&mut self, start: usize) {
        let word = &self.bytes[start..self.at.min(self.bytes.len())];
        match word {
            b"if" => self.open.push(Open::Until("fi")),
            b"for" | b"while" | b"until" | b"select" => self.open.push(Open::Until("done")),
            b"case" => self.open.push(Open::Until("esac")),
            b"{" => self.open.push(Open::Until("}")),
            b"function" => {
                // Its name, and then its body, which may stand on the next line.
                let rest = &self.bytes[self.at..];
                let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let name = rest[blanks..].iter().take_while(|byte| !b" \t\n;&|()<>".contains(byte)).count();
                self.at += blanks + name;
                self.expects_command = true;
                self.goes_on = true;
                return;
            }
            _ => {
                if matches!(self.open.last(), Some(Open::Until(end)) if end.as_bytes() == word) {
                    self.open.pop();
                }
            }
        }
        let before_command: [&[u8]; 10] =
            [b"if", b"then", b"elif", b"else", b"while", b"until", b"do", b"{", b"!", b"time"];
        self.expects_command = before_command.contains(&word);
    }
}

#[cfg(test)]
mod tests {
    use super::skip;

    #[test]
    fn statements_end_where_the_shell_ends_them() {
        for statement in [
            "mkdir -p x\n",
            "cmd 'a\n;b' \"c\n;d\" e\\\nf;",
            "for a in 1 2; do\n if x; then y; fi\ndone\n",
            "f ()\n{\n  local x=\"$(echo ')')\"\n}\n",
            "function f {\n a\n}\n",
            "case $x in a) c;; b) d;; esac\n",
            "[ -d x ] &&\n  export A=1 ||\n\n b\n",
            "while [ -z \"`a;b`\" ]; do { a; }; done > x\n",
            "X=$(a; b\nc) d\n",
            "X=${a:-\"}\"\n} d\n",
            "a # ' it's\n",
            "if a; then (b; c); fi\n",
            "if [ x ]\nthen\n  case a in b) c;; esac\nfi\n",
            "a <<< b\n",
        ] {
            let text = format!("{statement}export B=1\n");
            let skipped = skip(&text, 0);
            assert_eq!((skipped.end, skipped.lost), (statement.len(), false), "{statement:?}");
        }
    }

    #[test]
    fn what_has_no_end_takes_the_rest() {
        for text in ["cat <<E\nexport A=1\nE\n", "a 'b\nc\n", "if a\nb\n", "a \"b\n", "a $(b\nc\n", "a \\"] {
            let skipped = skip(text, 0);
            assert_eq!((skipped.end, skipped.lost), (text.len(), true), "{text:?}");
        }
        assert!(!skip("a b", 0).lost);
    }
}
