//! What is wrong with a line, before it is known which file the line stands in.

use crate::diagnostic::Severity;
use std::ops::Range;

/// What is wrong with a line, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) severity: Severity,
    /// The bytes of the line that it is about.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Part of the text was left out, not only read otherwise than it is written.
    pub(crate) loses_text: bool,
}

impl Complaint {
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span, message: message.into(), help: None, loses_text: true }
    }

    pub(super) fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, loses_text: false, ..Self::error(span, message) }
    }

    /// A warning about words that were left out.
    pub(super) fn left_out(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
