//! What is kept of the views of commands, so that a command that is wished for again has its view at once.
//!
//! Unlike those of logins they are their user's alone, in a record that says all that the way from the wish led to: the plan as
//! text, the layer, the variables, and what there was to say. A view still gets a layer of its own, so that no running one
//! depends on what is kept. Whether a record is true is seen as for logins, by how everything was that was read; and here each
//! folder that was listed is looked at again, because people run commands in what they are just building.

use super::seen::{self, Look, Place, Places, Seen, Things};
use super::{RESOURCES, WRITER};
use crate::error::{Error, Result, Step};
use crate::export::{self, Exports};
use crate::kernel::records::{self, REFRESHED, Records};
use crate::kernel::{Far, State};
use crate::layer::Layer;
use crate::plan::{Plan, PlanText};
use crate::resolve::COMPATIBILITY_LIST;
use crate::tree::Tree;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files outside programs and index that are read on the way of each command, or say that all has to be gone anew.
const FILES: [&str; 2] = [COMPATIBILITY_LIST, REFRESHED];

/// Where the way from a wish led.
pub(crate) struct Worked {
    pub(crate) plan: PlanText,
    pub(crate) layer: Layer,
    pub(crate) exports: Exports,
    /// What there was to say about the wish and its plan, a text for each.
    pub(crate) said: Vec<String>,
}

/// All that a command's view depends on but what is read on the way to it, as words: two wishes with the same words have the
/// same view.
#[derive(Default)]
pub(crate) struct Wish(Vec<u8>);

impl Wish {
    /// Adds a word.
    pub(crate) fn add(&mut self, word: impl AsRef<OsStr>) -> &mut Self {
        let word = word.as_ref();
        self.0.extend(word.len().to_le_bytes());
        self.0.extend(word.as_bytes());
        self
    }
}

/// How a record begins; the plan's text, the layer's, and how everything was follow it.
#[derive(Serialize, Deserialize)]
struct Head {
    writer: String,
    source: String,
    pure: bool,
    personality: bool,
    exports: Exports,
    said: Vec<String>,
    /// How many bytes the plan's text has, and the layer's.
    lengths: [usize; 2],
}

/// Keeps the view of one wish.
pub(crate) struct Keeper {
    /// The name of its record.
    name: String,
}

impl Keeper {
    /// For a wish.
    pub(crate) fn new(wish: &Wish) -> Self {
        let digest = Sha256::new().chain_update(WRITER).chain_update(&wish.0).finalize();
        Self { name: digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect() }
    }

    /// What is kept, where everything that it was made from is as it was; else it is forgotten. `start` is the environment to
    /// which the variables are added.
    pub(crate) fn find(&self, tree: &Tree, start: &[(OsString, OsString)]) -> Option<Worked> {
        let records = Records::open()?;
        let found = read(&records.read(&self.name)?, tree, start);
        if found.is_none() {
            let _ = records.remove(self.name.as_bytes());
        }
        found
    }

    /// Keeps where a way led, unless something that it was made from is being changed or lies on a file server. `files` were
    /// read on it, or would have been.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn keep(
        &self,
        tree: &Tree,
        files: &[PathBuf],
        begun: SystemTime,
        worked: &Worked,
    ) -> Result<()> {
        let Some(records) = Records::make() else { return Ok(()) };
        let far = Far::now();
        let folders = [&tree.layout().programs, &tree.layout().index];
        if folders.into_iter().chain(files).any(|path| far.touches(path)) {
            return Ok(());
        }
        let seen = Seen::now(places(tree), &things(tree, files), begun);
        let Some(seen) = seen.and_then(|seen| seen.to_bytes()) else { return Ok(()) };
        let Worked { plan, layer, exports, said } = worked;
        let layer = layer.to_text();
        let head = Head {
            writer: WRITER.to_owned(),
            source: plan.source.clone(),
            pure: plan.pure,
            personality: plan.personality,
            exports: exports.clone(),
            said: said.clone(),
            lengths: [plan.json.len(), layer.len()],
        };
        let head = serde_json::to_vec(&head).map_err(|error| Error::new(Step::Mount, error.to_string()))?;
        records.write(&self.name, &[&head, b"\n", plan.json.as_bytes(), &layer, &seen])
    }
}

/// Reads a record; `None` where it is damaged, of another version, or no longer true.
fn read(text: &[u8], tree: &Tree, start: &[(OsString, OsString)]) -> Option<Worked> {
    let end = text.iter().position(|b| *b == b'\n')?;
    let head: Head = serde_json::from_slice(&text[..end]).ok()?;
    let (plan, rest) = text[end + 1..].split_at_checked(head.lengths[0])?;
    let (layer, seen) = rest.split_at_checked(head.lengths[1])?;
    if head.writer != WRITER || !seen::is_as_it_was(places(tree), seen, Look::Thorough) {
        return None;
    }
    let Head { source, pure, personality, mut exports, said, .. } = head;
    let plan = PlanText { source, json: String::from_utf8(plan.to_vec()).ok()?, pure, personality };
    let layer = Layer::from_text(layer)?;
    if !exports.hold_over(tree, start) {
        let plan = Plan::from_json(plan.json.as_bytes()).ok()?;
        exports = export::of_plan(tree, &plan, &layer, start.iter().cloned()).ok()?;
    }
    Some(Worked { plan, layer, exports, said })
}

/// Forgets all that the caller keeps; root has all others make theirs anew.
///
/// # Errors
/// Where it cannot be removed, or written down.
pub(crate) fn forget() -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        let _turn = super::turn_to_write()?;
        records::outdate(&State::make()?)?;
    }
    Records::open().map_or(Ok(()), |records| records.forget())
}

/// The folders that things are looked for in. No layer is kept as a folder.
fn places(tree: &Tree) -> Places<'_> {
    let root = tree.root().fd();
    Places { root, programs: tree.programs(), index: tree.index().fd(), kept: root }
}

/// Everything that plan, layer and variables come from.
///
/// Of programs that were asked for: the folder, and those of the versions that were looked at, with what these say of
/// themselves; of versions that were looked at only for what they were built for, that alone. Of versions and index: every
/// folder that was asked for its names.
fn things(tree: &Tree, files: &[PathBuf]) -> Things {
    let of_file = |path: &Path| (Place::Root, path.as_os_str().as_bytes().to_vec());
    let of_program = |path: String| (Place::Programs, path.into_bytes());
    let files = FILES.into_iter().map(Path::new).chain(files.iter().map(PathBuf::as_path));
    let mut things: BTreeSet<_> = files.map(of_file).collect();
    things.extend(tree.index().asked().into_iter().map(|path| (Place::Index, path)));
    things.extend(tree.listed().into_iter().map(|path| (Place::Programs, path)));
    things.extend(tree.has_listed_programs().then(|| of_program(".".to_owned())));
    let mut within = BTreeSet::new();
    for (name, program) in tree.asked() {
        let asked = program.iter().flat_map(|program| program.named()).filter(|version| version.was_asked());
        for version in asked {
            let folder = format!("{name}/{}", version.version.as_str());
            let resources = format!("{folder}/Resources");
            if version.was_read() {
                let files = RESOURCES.map(|file| format!("{resources}/{file}"));
                within.extend(files.into_iter().chain([resources]).map(of_program));
            } else {
                things.insert(of_program(format!("{resources}/Architecture")));
            }
            things.insert(of_program(folder));
        }
        things.insert(of_program(name.to_string()));
    }
    Things { always: things, seldom: within }
}
