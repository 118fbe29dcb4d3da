//! The whole way from what is asked for to what a view is made of: everything that reads the tree.

use crate::compile::compile;
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::export::{self, Exports};
use crate::layer::Layer;
use crate::plan::Plan;
use crate::resolve::{Request, resolve};
use crate::tree::Tree;
use crate::try_out::{Scope, try_out};
use std::ffi::OsString;

/// Where the way led.
pub(crate) struct Road {
    pub(crate) plan: Plan,
    pub(crate) layer: Layer,
    pub(crate) exports: Exports,
}

impl Road {
    /// Goes the way for a login; `start` are the variables that programs may add to, and `done` is told each step.
    ///
    /// # Errors
    /// Where there is no such view, or a user could not work in it.
    pub(crate) fn go(
        tree: &Tree,
        request: &Request,
        start: [(OsString, OsString); 2],
        done: impl Fn(&'static str),
    ) -> Result<Self> {
        let plan = resolve(tree, request)?;
        done("resolve");
        let layer = compile(tree, &plan)?;
        done("compile");
        try_out(tree, &plan, &layer, Scope::Login)?;
        done("try");
        let exports = export::of_plan(tree, &plan, &layer, start)?;
        done("export");
        Ok(Self { plan, layer, exports })
    }

    /// What was odd about variables, as sentences.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.exports.notes.iter().map(Diagnostic::one_line).collect()
    }
}
