//! What keeps the evaluation of a text within bounds, and what ends it.

use super::{Complaint, MAX_DEPTH, MAX_VALUES};
use std::ops::Range;

/// How much text one file may bring forth before it is given up, in bytes.
const MAX_WORK: usize = 8 * MAX_VALUES;
/// What each word, piece of a word and turn of a loop counts for beside its text, in bytes.
const STEP: usize = 16;
/// How deep what is carried out may stand in one another: what the file shows, and the functions that it calls.
const MAX_LEVELS: usize = 2 * MAX_DEPTH;

/// Whether something was carried out.
pub(super) type Done<T = ()> = Result<T, Failure>;

/// Why a statement cannot be carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is left out, and the next one is carried out.
    Statement(Complaint),
    /// Nothing more of the file is carried out.
    File(Complaint),
}

impl Failure {
    pub(super) fn statement(span: Range<usize>, message: impl Into<String>) -> Self {
        Self::Statement(Complaint::unknown(span, message))
    }

    /// The variables that files set, or a word, would take too much.
    pub(super) fn too_large(span: &Range<usize>) -> Self {
        Self::statement(span.clone(), format!("more than {MAX_VALUES} bytes of values"))
    }

    /// The failure of what a function holds, seen from its call.
    pub(super) fn inside_function(mut self) -> Self {
        if let Self::Statement(complaint) = &mut self {
            complaint.help = "the statement that calls this function was left out";
        }
        self
    }

    pub(super) fn into_complaint(self) -> Complaint {
        match self {
            Self::Statement(complaint) | Self::File(complaint) => complaint,
        }
    }
}

/// How much was done for a file.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: usize,
    level: usize,
}

impl Budget {
    /// Counts one step, and so many bytes of text.
    pub(super) fn spend(&mut self, bytes: usize, span: &Range<usize>) -> Done {
        self.spent += STEP + bytes;
        if self.spent > MAX_WORK {
            let message = "there is too much to do in this file";
            let help = "the rest of the file was left out";
            return Err(Failure::File(Complaint { help, ..Complaint::unknown(span.clone(), message) }));
        }
        Ok(())
    }

    /// Goes one level down.
    pub(super) fn enter(&mut self, span: &Range<usize>) -> Done {
        if self.level == MAX_LEVELS {
            let message = format!("more than {MAX_LEVELS} levels in one another");
            return Err(Failure::statement(span.clone(), message));
        }
        self.level += 1;
        Ok(())
    }

    /// Comes back up.
    pub(super) fn leave(&mut self) {
        self.level -= 1;
    }
}
