//! What reading these files promises.

use super::*;
use crate::version::corpus;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn canonical(parsed: &Parsed) -> Vec<String> {
    parsed.entries.iter().map(|entry| format!("{} {}", entry.line, entry.requirement)).collect()
}

fn complaints(parsed: &Parsed) -> Vec<String> {
    parsed.diagnostics.iter().map(Diagnostic::one_line).collect()
}

#[test]
fn a_file_is_read_line_by_line() {
    let parsed = parse(
        "Dependencies",
        b"# what it needs\n\nZLib 1.2.3\nLua >= 5.1 # Optional\nZLib\t\t#any\n[*ssl]\nGLib [cross]\nCairo 1.4 [!cross]\n\
          MySQL [mysql]\nCPAN:XML::Parser\n  Expat | LibXML2 ",
    );
    assert_eq!(
        canonical(&parsed),
        [
            "3 ZLib >= 1.2.3",
            "4 Lua >= 5.1",
            "5 ZLib",
            "8 Cairo >= 1.4 [!cross]",
            "9 MySQL [mysql]",
            "10 CPAN:XML::Parser",
            "11 Expat | LibXML2",
        ]
    );
    assert_eq!(
        parsed.flag_only.iter().map(|line| (line.line, line.flags.len())).collect::<Vec<_>>(),
        [(6, 1)]
    );
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.file, "Dependencies");
}

#[test]
fn slips_are_read_as_they_were_meant_with_a_warning() {
    let text = "Qt >= 3.3.2 < 4.0\nLua => 5.0\nGVFS > = 2.19.1\nSpeex <1.2\nMesa >= 6.4 Recommended (Unversioned)\n\
                Flex >= 2.5.33 (2.5.4 required, but no recipe available)\nLua\t>= 5\nA | \n";
    let parsed = parse("D", text.as_bytes());
    assert_eq!(
        canonical(&parsed),
        [
            "1 Qt >= 3.3.2, < 4.0",
            "2 Lua >= 5.0",
            "3 GVFS >= 2.19.1",
            "4 Speex < 1.2",
            "5 Mesa >= 6.4",
            "6 Flex >= 2.5.33",
            "7 Lua >= 5",
            "8 A",
        ]
    );
    assert_eq!(
        complaints(&parsed),
        [
            "D:1:13: a comma is missing here (read as `, < 4.0`)",
            "D:2:5: `=>` is not how the operator is written (read as `>=`)",
            "D:3:6: `> =` is not how the operator is written (read as `>=`)",
            "D:4:7: a blank is missing beside the operator (read as `< 1.2`)",
            "D:5:13: this is no part of a dependency (it was left out; a remark stands behind a `#`)",
            "D:6:16: this is no part of a dependency (it was left out; a remark stands behind a `#`)",
            "D:7:4: a tab in a dependency (read as a blank)",
            "D:8:3: an alternative is missing beside `|` (it was read without the `|`)",
        ]
    );
    assert!(parsed.diagnostics.iter().all(|d| !d.is_error()));
    assert_eq!(parsed.diagnostics[4].width, 25);
}

#[test]
fn an_impossible_line_is_left_out_and_nothing_else() {
    let text = b"../Lua 5\nLua\xff 5 # x\nLua 5 # \xff\n*Warning*: Unresolved library /usr/lib/libtinyxml.so\n-x\nA\x00B\n\
                 GCC < 4 | /usr | Z\nZLib\n";
    let parsed = parse("D", text);
    assert_eq!(canonical(&parsed), ["3 Lua >= 5", "8 ZLib"]);
    let places: Vec<_> =
        parsed.diagnostics.iter().map(|d| (d.line, d.column, d.width, d.is_error())).collect();
    assert_eq!(
        places,
        [
            (1, 1, 6, true),
            (2, 4, 1, true),
            (4, 1, 10, true),
            (5, 1, 2, true),
            (6, 2, 1, true),
            (7, 11, 4, true),
        ]
    );
}

#[test]
fn crlf_and_byte_order_marks_are_harmless() {
    let parsed = parse("D", b"\xef\xbb\xbfLua 5\r\nZLib\r\n\r\n");
    assert_eq!(canonical(&parsed), ["1 Lua >= 5", "2 ZLib"]);
    assert_eq!(
        complaints(&parsed),
        [
            "D: the file begins with a byte order mark (it was left out)",
            "D: the lines end in CR LF, as on Windows (they were read as if they ended in LF)",
        ]
    );
    for blank in [&b""[..], b"\n", b"\r\n", b"\xef\xbb\xbf", b"   "] {
        assert_eq!(canonical(&parse("D", blank)), [""; 0]);
    }
}

#[test]
fn a_bare_version_can_mean_exactly_that() {
    let parsed = parse_with("D", b"Lua 5.3\nQt > 4\n", &Options { bare_means_exact: true });
    assert_eq!(canonical(&parsed), ["1 Lua = 5.3", "2 Qt > 4"]);
}

#[test]
fn build_information_has_notes_on_libraries() {
    let text = b"Glibc 2.3.2\n*Warning*: Unresolved library libsip.so\n# *Warning*: Unresolved library libnss3.so\nZLib\n";
    let parsed = parse_build_information("B", text);
    assert_eq!(canonical(&parsed), ["1 Glibc >= 2.3.2", "4 ZLib"]);
    assert_eq!(parsed.diagnostics, []);
}

#[test]
fn r18_everything_is_bounded() {
    let parsed = parse("D", &vec![b'\n'; MAX_FILE + 1]);
    assert_eq!(complaints(&parsed), ["D: the file has 65537 bytes, more than 65536: it was not read"]);

    let long = format!("A {}\nB\n", "1".repeat(MAX_LINE));
    let parsed = parse("D", long.as_bytes());
    assert_eq!(canonical(&parsed), ["2 B"]);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert!(parsed.diagnostics[0].source.len() < 100);

    let parsed = parse("D", "A\n".repeat(MAX_ENTRIES + 5).as_bytes());
    assert_eq!(parsed.entries.len(), MAX_ENTRIES);
    assert_eq!((parsed.diagnostics.len(), parsed.diagnostics[0].line), (5, 1001));

    let parsed = parse("D", "@\n".repeat(MAX_FILE / 2).as_bytes());
    assert_eq!(parsed.diagnostics.len(), MAX_DIAGNOSTICS + 1);
    assert!(parsed.diagnostics[MAX_DIAGNOSTICS].message.contains("no more of them"));
}

/// The lines of the corpus that stand outside the grammar, by what is odd about them.
fn oddity(line: &str) -> Option<&'static str> {
    let text = line.split('#').next().unwrap_or("").trim();
    let glued = |op: char| {
        text.char_indices()
            .any(|(at, c)| c == op && text[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let lacks_comma = |alternative: &str| {
        let words: Vec<&str> = alternative.split_whitespace().collect();
        let is_bare = |pair: &[&str]| !pair[0].ends_with(',') && pair[1].starts_with(['<', '>']);
        words.get(2..).is_some_and(|words| words.windows(2).any(is_bare))
    };
    if text.starts_with('*') {
        Some("not a dependency")
    } else if text.contains("=>") || text.contains("> =") {
        Some("operator")
    } else if text.contains('(') {
        Some("words behind")
    } else if glued('=') || glued('<') || glued('>') {
        Some("glued operator")
    } else if text.split('|').any(lacks_comma) {
        Some("missing comma")
    } else {
        None
    }
}

/// Every complaint about the lines of the corpus, what it quotes left out, and how many distinct lines have it.
const COMPLAINTS: [(&str, u32); 5] = [
    (
        "error: `…` is not a package manager that is known here (known are Cabal, CPAN, CTAN, LuaRocks, PIP, PIP3, RubyGems)",
        1,
    ),
    ("warning: `…` is not how the operator is written (read as `…`)", 3),
    ("warning: a blank is missing beside the operator (read as `…`)", 18),
    ("warning: a comma is missing here (read as `…`)", 44),
    ("warning: this is no part of a dependency (it was left out; a remark stands behind a `…`)", 2),
];

/// A complaint without what it quotes of its line.
fn without_quotes(complaint: &Diagnostic) -> String {
    let severity = if complaint.is_error() { "error" } else { "warning" };
    let help = complaint.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let text = format!("{severity}: {}{help}", complaint.message);
    let pieces = text.split('`').enumerate();
    pieces.map(|(number, piece)| if number % 2 == 0 { piece } else { "`…`" }).collect()
}

#[test]
fn every_line_of_the_corpus_is_read_or_reported() {
    let Some(corpus) = corpus::read("dependency-lines.tsv") else { return };
    let corpus = String::from_utf8(corpus).unwrap();
    let (mut lines, mut entries, mut silent) = (0, 0, 0);
    let mut complaints_seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut reported: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for row in corpus.lines() {
        let (count, line) = row.split_once('\t').expect("COUNT TAB LINE");
        let count: u32 = count.parse().expect("a number");
        lines += 1;
        let parsed = parse("Dependencies", format!("{line}\n").as_bytes());
        let expected = oddity(line);
        for complaint in &parsed.diagnostics {
            *complaints_seen.entry(without_quotes(complaint)).or_default() += 1;
        }
        assert_eq!(!parsed.diagnostics.is_empty(), expected.is_some(), "{line:?}: {:?}", complaints(&parsed));
        if let Some(kind) = expected {
            let sum = reported.entry(kind).or_default();
            *sum = (sum.0 + 1, sum.1 + count);
        }
        let says_something = !line.split('#').next().unwrap_or("").trim().is_empty();
        match (parsed.entries.len(), parsed.flag_only.len()) {
            (1, 0) => entries += 1,
            (0, 1) => silent += 1,
            (0, 0) => {
                let left_out = parsed.diagnostics.iter().any(Diagnostic::is_error);
                assert!(!says_something || left_out || line.contains("[cross]"), "{line:?} vanished");
                silent += 1;
            }
            _ => panic!("{line:?} was read as several"),
        }
        for entry in &parsed.entries {
            let canonical = entry.requirement.to_string();
            assert_eq!(canonical.parse(), Ok(Requirement::clone(&entry.requirement)), "{canonical}");
        }
    }
    println!(
        "{lines} lines: {entries} ask for something, {silent} do not; odd (distinct, in all): {reported:?}"
    );
    assert!(lines >= 7347);
    let total = |kind| reported.get(kind).map_or(0, |(_, count)| *count);
    let found =
        ["missing comma", "operator", "glued operator", "words behind", "not a dependency"].map(total);
    assert_eq!(found, [76, 11, 101, 4, 1], "as many of each as are known");
    let seen: Vec<(&str, u32)> =
        complaints_seen.iter().map(|(text, count)| (text.as_str(), *count)).collect();
    assert_eq!(seen, COMPLAINTS);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse("D", &bytes);
        let _ = parse_build_information("B", &bytes);
    }

    #[test]
    fn bytes_near_the_grammar_are_read_without_panic(
        text in prop::collection::vec(proptest::sample::select(&b"ab1.<>=!,|#[]* \t\r\n:\xc3\xa9/"[..]), 0..200)
    ) {
        let parsed = parse("D", &text);
        for diagnostic in &parsed.diagnostics {
            let _ = diagnostic.to_string();
        }
    }

    #[test]
    fn canonical_lines_read_back(
        requirements in prop::collection::vec(crate::requirement::tests::any_requirement(), 0..20)
    ) {
        let text: String = requirements.iter().map(|requirement| format!("{requirement}\n")).collect();
        let parsed = parse("D", text.as_bytes());
        prop_assert_eq!(&parsed.diagnostics, &[]);
        let read: Vec<Requirement> =
            parsed.entries.iter().map(|entry| Requirement::clone(&entry.requirement)).collect();
        prop_assert_eq!(read, requirements);
    }
}
