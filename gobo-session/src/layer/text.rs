//! A layer as one text, to be kept: each node a letter and its texts, each of which ends with a NUL.
//!
//! `A area`, `L name target`, `W name` for a whiteout, `F name` for a folder; what follows a folder lies in it, up to `.`.

use super::{Layer, Node, Nodes};
use std::collections::BTreeMap;

/// How deep folders may be nested (R18).
const MAX_DEPTH: usize = 128;

impl Layer {
    /// The layer as text; its notes are no part of that.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (area, nodes) in &self.areas {
            put(&mut text, b'A', &[area.as_bytes()]);
            add(&mut text, nodes);
        }
        text
    }

    /// Reads the text back; `None` where it is none.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let mut areas = BTreeMap::new();
        while let Some(letter) = reader.letter() {
            let area = std::str::from_utf8(reader.name().filter(|_| letter == b'A')?).ok()?.to_owned();
            if areas.insert(area, reader.nodes(0)?).is_some() {
                return None;
            }
        }
        Some(Self { areas, notes: Vec::new() })
    }
}

fn put(text: &mut Vec<u8>, letter: u8, words: &[&[u8]]) {
    text.push(letter);
    for word in words {
        text.extend_from_slice(word);
        text.push(0);
    }
}

fn add(text: &mut Vec<u8>, nodes: &Nodes) {
    for (name, node) in nodes {
        match node {
            Node::Link(target) => put(text, b'L', &[name, target]),
            Node::Whiteout => put(text, b'W', &[name]),
            Node::Folder(inner) => {
                put(text, b'F', &[name]);
                add(text, inner);
            }
        }
    }
    text.push(b'.');
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl<'t> Reader<'t> {
    fn letter(&mut self) -> Option<u8> {
        let (letter, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*letter)
    }

    fn word(&mut self) -> Option<&'t [u8]> {
        let end = self.rest.iter().position(|b| *b == 0)?;
        let word = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(word)
    }

    /// A name of one folder.
    fn name(&mut self) -> Option<&'t [u8]> {
        self.word().filter(|name| !matches!(*name, b"" | b"." | b"..") && !name.contains(&b'/'))
    }

    /// The names of one folder, up to its end.
    fn nodes(&mut self, depth: usize) -> Option<Nodes> {
        let mut nodes = Vec::new();
        loop {
            let letter = self.letter().filter(|_| depth < MAX_DEPTH)?;
            if letter == b'.' {
                let count = nodes.len();
                return Some(nodes.into_iter().collect()).filter(|nodes: &Nodes| nodes.len() == count);
            }
            let name = self.name()?.to_vec();
            let node = match letter {
                b'L' => Node::Link(self.word()?.to_vec()),
                b'W' => Node::Whiteout,
                b'F' => Node::Folder(self.nodes(depth + 1)?),
                _ => return None,
            };
            nodes.push((name, node));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_nodes() -> impl Strategy<Value = Nodes> {
        let name = proptest::collection::vec(1_u8.., 1..8)
            .prop_filter("a name", |name| !name.contains(&b'/') && !matches!(name.as_slice(), b"." | b".."));
        let leaf =
            prop_oneof![proptest::collection::vec(1_u8.., 0..12).prop_map(Node::Link), Just(Node::Whiteout)];
        let node = leaf.prop_recursive(3, 24, 4, {
            let name = name.clone();
            move |inner| proptest::collection::btree_map(name.clone(), inner, 0..4).prop_map(Node::Folder)
        });
        proptest::collection::btree_map(name, node, 0..6)
    }

    proptest! {
        #[test]
        fn a_layer_is_read_back_as_it_was_written(bin in any_nodes(), lib in any_nodes()) {
            let areas = BTreeMap::from([("bin".to_owned(), bin), ("lib".to_owned(), lib)]);
            let layer = Layer { areas, notes: Vec::new() };
            let text = layer.to_text();
            prop_assert_eq!(Layer::from_text(&text), Some(layer));
            for end in 1..text.len() {
                // What is cut short is a whole layer only where it ends behind an area.
                let cut = Layer::from_text(&text[..end]);
                prop_assert!(cut.is_none_or(|cut| cut.areas.len() == 1));
            }
        }

        #[test]
        fn nonsense_is_none(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(layer) = Layer::from_text(&text) {
                prop_assert_eq!(layer.to_text().len(), text.len());
            }
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for text in [
            b"Abin\0Wx\0Wx\0.",
            b"Abin\0L..\0x\0.".as_slice(),
            b"A..\0.",
            b"Abin\0La/b\0x\0.",
            b"Abin\0L\0x\0.",
        ] {
            assert_eq!(Layer::from_text(text), None, "{}", String::from_utf8_lossy(text));
        }
        let deep = [b"Abin\0".to_vec(), b"Fx\0".repeat(500), b".".repeat(501)].concat();
        assert_eq!(Layer::from_text(&deep), None);
    }
}
