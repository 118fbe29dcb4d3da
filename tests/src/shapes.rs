//! Words that something on the way to a command could change: quoting, splitting, expansion, options, bytes that are no text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// As a shell, an option parser or printf could take them. One that a shell ran would make a file [`MADE_BY_A_SHELL`].
const TEXTS: [&str; 42] = [
    "",
    " ",
    "  two  words ",
    "\n",
    "line\nline\n",
    "\t",
    "\r",
    "'",
    "\"",
    "'\"'\"'",
    "$(touch /Data/x)",
    "`touch /Data/x`",
    "$HOME",
    "${PATH}",
    "\\",
    "\\n\\0",
    "--",
    "-",
    "-d",
    "-x",
    "-h",
    "--pure",
    "--version",
    "--with",
    "--with=Lua",
    "--dependencies=nowhere",
    "*",
    "[a-z]?",
    "~",
    "a=b",
    "{1..3}",
    "!!",
    "#",
    "; touch /Data/x",
    "| cat",
    "& touch /Data/x &",
    "größe ☃",
    "\u{202e}",
    "\x1b[2J",
    "%s%n",
    "@file",
    "\x01\x7f",
];

/// Bytes that are no UTF-8.
const BYTES: [&[u8]; 2] = [b"\xff\xfe", b"\x80 \xc3"];

/// What is there where a shell has run one of the words.
pub const MADE_BY_A_SHELL: &str = "/Data/x";

/// All shapes, and a word of 100,000 bytes.
pub fn shapes() -> Vec<OsString> {
    let texts = TEXTS.into_iter().map(OsString::from);
    let bytes = BYTES.map(|bytes| OsStr::from_bytes(bytes).to_owned());
    texts.chain(bytes).chain(["x".repeat(100_000).into()]).collect()
}

/// What `printf '%s\\0'` prints for words.
pub fn printed(words: &[OsString]) -> Vec<u8> {
    words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect()
}
