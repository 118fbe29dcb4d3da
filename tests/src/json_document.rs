//! docs/json.md, and whether what a command prints is as it says.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The document: of each heading, the names and their types.
#[derive(Debug)]
pub struct Document {
    /// The tables, by heading.
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    /// An example of each command's answer.
    pub examples: BTreeMap<String, Value>,
    /// The names that were met in answers, below the headings of their tables.
    pub seen: BTreeSet<(String, String)>,
}

impl Document {
    /// Reads the document.
    ///
    /// # Errors
    /// Where it is not as readers of it expect.
    pub fn read() -> Result<Self> {
        let text = include_str!("../../docs/json.md");
        let mut document = Self { tables: BTreeMap::new(), examples: BTreeMap::new(), seen: BTreeSet::new() };
        for section in text.split("\n#").skip(1) {
            let (heading, body) = section.split_once('\n').context("a heading alone")?;
            let heading = heading.trim_start_matches('#').trim().trim_matches('`');
            let heading = heading.strip_prefix("gobo-session ").unwrap_or(heading);
            let heading = heading.strip_suffix(" --json").unwrap_or(heading).to_owned();
            let rows = body.lines().skip_while(|line| !line.starts_with("|--")).skip(1);
            let rows = rows.take_while(|line| line.starts_with("| ")).map(|line| {
                let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
                Ok((cells.next().context("no name")?.to_owned(), cells.next().context("no type")?.to_owned()))
            });
            let rows = rows.collect::<Result<BTreeMap<_, _>>>()?;
            if let Some((_, code)) = body.split_once("```json\n") {
                let code = code.split("```").next().unwrap_or_default();
                let example =
                    serde_json::from_str(code).with_context(|| format!("the example of {heading}"))?;
                document.examples.insert(heading.clone(), example);
            }
            if !rows.is_empty() {
                document.tables.insert(heading, rows);
            }
        }
        Ok(document)
    }

    /// Makes sure that an object has the names of its table and no others, and that each is what the table says.
    ///
    /// # Errors
    /// What is not so.
    pub fn object(&mut self, heading: &str, value: &Value) -> Result<()> {
        let table = self.tables.get(heading).with_context(|| format!("no table {heading}"))?.clone();
        let object = value.as_object().with_context(|| format!("{heading}: {value} is no object"))?;
        for name in object.keys() {
            ensure!(table.contains_key(name), "{heading}: {name} is not documented");
        }
        for (name, types) in &table {
            match object.get(name) {
                None => ensure!(types.ends_with(" or missing"), "{heading}: {name} is missing in {value}"),
                Some(value) => {
                    let kind = types.trim_end_matches(" or missing");
                    self.value(kind, value).with_context(|| format!("{heading}: {name}"))?;
                    self.seen.insert((heading.to_owned(), name.clone()));
                }
            }
        }
        Ok(())
    }

    /// Makes sure that a value is of a type.
    fn value(&mut self, types: &str, value: &Value) -> Result<()> {
        if let Some(types) = types.strip_suffix(" or null") {
            return if value.is_null() { Ok(()) } else { self.value(types, value) };
        }
        if let Some(inner) = types.strip_prefix("list of ") {
            let list = value.as_array().with_context(|| format!("{value} is no list"))?;
            return list.iter().try_for_each(|value| self.value(inner, value));
        }
        if let Some(inner) = types.strip_prefix("map of ") {
            let map = value.as_object().with_context(|| format!("{value} is no map"))?;
            return map.values().try_for_each(|value| self.value(inner, value));
        }
        let mut alternatives = types.split(" or ");
        if alternatives.any(|word| match word {
            "text" => value.is_string(),
            "number" => value.is_u64(),
            "true" | "false" => value.as_bool() == Some(word == "true"),
            _ => value.as_str().is_some_and(|text| word == format!("\"{text}\"")),
        }) {
            return Ok(());
        }
        let name = types.split(" or ").find(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        self.object(name.with_context(|| format!("{value} is not {types}"))?, value)
    }
}
