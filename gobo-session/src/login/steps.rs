//! How long each step of a login took, for the debug log.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::{Duration, Instant};

/// The steps so far.
#[derive(Debug)]
pub(super) struct Steps {
    begun: Instant,
    last: Cell<Instant>,
    taken: RefCell<Vec<(&'static str, Duration)>>,
}

impl Steps {
    /// None yet, for a login that came to us then.
    pub(super) fn since(begun: Instant) -> Self {
        Self { begun, last: Cell::new(begun), taken: RefCell::default() }
    }

    /// The step that has been done since the one before.
    pub(super) fn done(&self, step: &'static str) {
        let now = Instant::now();
        self.taken.borrow_mut().push((step, now - self.last.replace(now)));
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us", (self.last.get() - self.begun).as_micros())?;
        for (place, (step, took)) in self.taken.borrow().iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            write!(f, "{before}{step} {}", took.as_micros())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_in_their_order_and_add_up() {
        let begun = Instant::now();
        let steps = Steps::since(begun);
        steps.done("look up");
        steps.done("configure");
        let text = steps.to_string();
        let numbers: Vec<u64> = text.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
        assert!(text.contains(" us: look up ") && text.contains(", configure "), "{text}");
        assert!(numbers[0] >= numbers[1] + numbers[2], "{text}");
    }
}
