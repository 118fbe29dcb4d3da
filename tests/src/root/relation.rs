//! Relations between packages: the values of Depends and Provides.

use super::version;
use std::cmp::Ordering;

/// How a version is compared with the one that a relation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<<" => Self::Earlier,
            "<=" | "<" => Self::EarlierOrEqual,
            "=" => Self::Equal,
            ">=" | ">" => Self::LaterOrEqual,
            ">>" => Self::Later,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }
}

/// One package name with what is asked of its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The package's name, without its architecture qualifier.
    pub name: String,
    /// What is asked of its version.
    pub constraint: Option<(Operator, String)>,
}

impl Relation {
    /// Reads `NAME[:ARCH] [(OP VERSION)] [[ARCHES]]`; nothing if there is no name.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| c.is_whitespace() || c == '(' || c == '[').unwrap_or(text.len());
        let name = text[..end].split(':').next().filter(|name| !name.is_empty())?;
        let constraint =
            text[end..].split_once('(').and_then(|(_, rest)| rest.split_once(')')).and_then(|(inner, _)| {
                let inner = inner.trim();
                let split = inner.find(|c| !matches!(c, '<' | '>' | '='))?;
                Some((Operator::parse(&inner[..split])?, inner[split..].trim().to_owned()))
            });
        Some(Self { name: name.to_owned(), constraint })
    }

    /// Whether an offer of this name with this version (a pure virtual package has none) will do.
    pub fn accepts(&self, version: Option<&str>) -> bool {
        match (&self.constraint, version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((operator, wanted)), Some(version)) => operator.holds(version::compare(version, wanted)),
        }
    }
}

/// Reads a comma-separated list (Provides).
pub fn parse_list(text: &str) -> impl Iterator<Item = Relation> {
    text.split(',').filter_map(Relation::parse)
}

/// Reads a comma-separated list of alternatives (Depends).
pub fn parse_alternatives(text: &str) -> impl Iterator<Item = Vec<Relation>> {
    text.split(',')
        .map(|group| group.split('|').filter_map(Relation::parse).collect())
        .filter(|group: &Vec<_>| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends() {
        let groups: Vec<_> =
            parse_alternatives("libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0, perl:any, x(<<2)").collect();
        assert_eq!(groups.len(), 4);
        assert!(groups[0][0].accepts(Some("2.36-9")) && !groups[0][0].accepts(Some("2.31-13")));
        assert!(!groups[0][0].accepts(None), "a virtual package without version");
        assert_eq!(groups[1][1], Relation { name: "debconf-2.0".into(), constraint: None });
        assert_eq!(groups[2][0].name, "perl");
        assert!(groups[3][0].accepts(Some("1.9")) && !groups[3][0].accepts(Some("2")));
    }

    #[test]
    fn provides() {
        let list: Vec<_> = parse_list("libreadline8 (= 8.2-6), editor").collect();
        assert_eq!(list[0].constraint, Some((Operator::Equal, "8.2-6".into())));
        assert_eq!(list[1].constraint, None);
        assert_eq!(parse_list("").count(), 0);
    }
}
