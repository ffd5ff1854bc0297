//! Reads the gallery's folders.

use super::case::{Case, Setup, Shelf};
use super::{check, compose};
use crate::gallery::Group;
use crate::load;
use crate::problem::{Problem, Source};
use crate::tree::Node;
use camino::{Utf8Path, Utf8PathBuf};
use model::suggest;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A case and its folder.
#[derive(Clone, Debug)]
pub struct Entry {
    pub shelf: Shelf,
    /// The name of its folder, which no other case has.
    pub name: String,
    pub path: Utf8PathBuf,
    pub case: Case,
}

/// A file with its types, its text and its tree.
pub(super) struct File<T> {
    pub path: Utf8PathBuf,
    pub value: T,
    pub source: Source,
    pub tree: Node,
    /// The other YAML files of the folder.
    pub manifests: Vec<String>,
}

/// All cases.
pub struct Gallery {
    pub groups: Vec<Group>,
    /// What is wrong with its files. A broken case does not hide the others.
    pub problems: Vec<Problem>,
}

impl Gallery {
    /// All cases that can be read, by shelf and name.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut all: Vec<_> = self.groups.iter().flat_map(|group| &group.entries).collect();
        all.sort_by_key(|entry| (entry.shelf, entry.name.as_str()));
        all
    }
}

/// Reads every case below `root`.
pub fn read(root: &Utf8Path) -> Gallery {
    let mut problems = Vec::new();
    let mut setups = BTreeMap::new();
    for name in load::names(&root.join("setups")) {
        match file::<Setup>(root, &format!("setups/{name}"), "setup.yaml") {
            Ok(setup) => {
                check::setup(&setup, &mut problems);
                setups.insert(name, setup);
            }
            Err(found) => problems.extend(found),
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    for shelf in Shelf::ALL {
        for name in load::names(&root.join(shelf.folder())) {
            let case = match file::<Case>(root, &format!("{shelf}/{name}"), shelf.file()) {
                Ok(case) => case,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            let before = problems.len();
            check::case(shelf, &case, &mut problems);
            unknown_setup(&case, &setups, &mut problems);
            if let Some(other) = entries.iter().find(|other| other.name == name) {
                let message = format!("{} has a case `{name}` as well", other.shelf);
                let problem = Problem::error("gallery::name", &case.source, message);
                problems.push(problem.help("rename one of the two folders: a report shows the name alone"));
            }
            if problems.len() == before {
                entries.push(Entry { shelf, name, path: case.path, case: case.value });
            }
        }
    }
    Gallery { groups: compose::groups(entries, &setups), problems }
}

fn unknown_setup(case: &File<Case>, setups: &BTreeMap<String, File<Setup>>, problems: &mut Vec<Problem>) {
    let Some(setup) = case.value.setup.as_ref().filter(|setup| !setups.contains_key(&setup.value)) else { return };
    let message = format!("there is no set-up `{}` that can be read", setup.value);
    let problem =
        Problem::error("gallery::setup", &case.source, message).at(case.tree.place("/setup"), "no such set-up");
    problems.push(problem.help(suggest::advice(&setup.value, setups.keys().map(String::as_str))));
}

/// Reads one file with the reader of scenarios, so that its errors have places too.
fn file<T: DeserializeOwned + JsonSchema>(root: &Utf8Path, folder: &str, name: &str) -> Result<File<T>, Vec<Problem>> {
    let path = root.join(folder);
    let shown = format!("fixtures/gallery/{folder}/{name}");
    let text = load::text(&path.join(name), &shown).map_err(|problem| vec![*problem])?;
    let source = Source::new(&shown, &text);
    let (value, tree) = load::typed::<T>(&source)?;
    let manifests = load::yaml_names(&path).into_iter().filter(|file| file != name).collect();
    Ok(File { path, value, source, tree, manifests })
}
