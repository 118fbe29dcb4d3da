//! Numbers as versions hold them: of any length.

use std::fmt;

/// A natural number, read from digits.
///
/// Nearly all fit into a machine word; a longer one is kept as its digits. The derived order is that of the numbers,
/// because a `Long` one is always greater than any `Word`, and of two longer ones the one with more digits is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Number {
    Word(u64),
    Long { length: usize, digits: Box<str> },
}

impl Number {
    /// The number that a run of ASCII digits means; no digits mean 0.
    pub(super) fn new(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        match digits.parse() {
            Ok(word) => Self::Word(word),
            Err(_) if digits.is_empty() => Self::Word(0),
            Err(_) => Self::Long { length: digits.len(), digits: digits.into() },
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        *self == Self::Word(0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => word.fmt(f),
            Self::Long { digits, .. } => f.write_str(digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_of_any_length_are_in_order() {
        let ascending =
            ["", "1", "09", "10", "18446744073709551615", "18446744073709551616", "99999999999999999999"];
        let numbers: Vec<Number> = ascending.map(Number::new).to_vec();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert_eq!(Number::new("000"), Number::new("0"));
        assert_eq!(Number::new("00018446744073709551616").to_string(), "18446744073709551616");
    }
}
