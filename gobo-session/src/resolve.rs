//! From requirements to a plan: which version each gets, and why.
//!
//! Each requirement gets, among the installed versions that satisfy it and fit the architecture, the one that is
//! preferred already (a session's own choice, the very folder of a command), else the current one, else the highest.
//! Dependencies of what is chosen are followed to the end, breadth first, so that the requirement nearest to the
//! user is met first. A requirement that a chosen version meets, by whichever of its alternatives, needs nothing more:
//! that is what ends cycles. There is one version per program, major version and architecture; a requirement that would
//! need another one gives way and is recorded.
//!
//! Where something gave way, another choice is looked for in which nothing does, where [`Request::on_conflict`] says so:
//! the plan offers it, or takes it, or says why there is none. Both ways of choosing work on one `catalogue`:
//!
//! ```text
//! catalogue ─> nearest ─┬────────────────> report ─> plan
//!                       └─> offer (search) ──┘
//! ```

mod catalogue;
mod nearest;
mod need;
mod offer;
mod report;
mod request;
mod search;
mod substitutes;
#[cfg(test)]
mod tests;

pub use request::{OnConflict, Prefer, Request, UseFlag};
pub(crate) use substitutes::COMPATIBILITY_LIST;

use crate::error::Result;
use crate::plan::{Plan, Wish};
use crate::tree::Tree;
use catalogue::Catalogue;
use nearest::{Wishes, choose};
use need::Need;
use offer::Other;

/// The most versions that a plan may hold (R18).
pub const MAX_CHOSEN: usize = 4096;

/// Makes the plan.
///
/// # Errors
/// Where something asked for is not there, in strict mode where a dependency is not, and where the tree cannot be
/// read.
pub fn resolve(tree: &Tree, request: &Request) -> Result<Plan> {
    let mut catalogue = Catalogue::new(tree, request);
    let wishes = wishes(&mut catalogue)?;
    let nearest = choose(&mut catalogue, &wishes, &[])?;
    let plan = report::plan(&catalogue, &nearest)?;
    if nearest.conflicts.is_empty() || request.on_conflict == OnConflict::Record {
        return Ok(plan);
    }
    Ok(match offer::find(&mut catalogue, &wishes, &nearest)? {
        Other::Fits(outcome, offer) if request.on_conflict == OnConflict::Solve => {
            Plan { offer: Some(offer), ..report::plan(&catalogue, &outcome)? }
        }
        Other::Fits(_, offer) => Plan { offer: Some(offer), ..plan },
        Other::Impasse(impasse) => Plan { impasse, ..plan },
    })
}

/// What the request asks for, looked up.
fn wishes(catalogue: &mut Catalogue<'_>) -> Result<Wishes> {
    let request = catalogue.request;
    let mut places = Vec::new();
    let mut look_up = |wishes: &[Wish], before: usize| -> Result<Vec<Need>> {
        let mut needs = Vec::new();
        for (place, wish) in wishes.iter().enumerate() {
            if let Some(need) = catalogue.need(&wish.requirement, 0, None)? {
                needs.push(need);
                places.push(before + place);
            }
        }
        Ok(needs)
    };
    let first = look_up(&request.wishes, 0)?.into();
    let kept = look_up(&request.kept, request.wishes.len())?.into();
    Ok(Wishes { first, kept, places })
}
