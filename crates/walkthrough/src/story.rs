//! A walkthrough as its folder has it: `walkthrough.yaml` and the files beside it.

use super::{Adaptation, Change, Error, Place, Step};
use camino::{Utf8Path, Utf8PathBuf};
use model::vars::Variables;
use model::{FileError, paths, suggest};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const FILE: &str = "walkthrough.yaml";

/// `walkthrough.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    post: String,
    about: String,
    #[serde(default)]
    adapt: Vec<Adaptation>,
    #[serde(default)]
    clean: Vec<String>,
    steps: Vec<Step>,
}

/// A walkthrough.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its folder's name.
    pub name: String,
    pub title: String,
    /// The post's address.
    pub post: String,
    pub about: String,
    pub steps: Vec<Step>,
    /// Commands that remove what the steps made.
    pub clean: Vec<String>,
    adapt: Vec<Adaptation>,
    /// The files beside `walkthrough.yaml`, by name.
    files: BTreeMap<String, String>,
}

impl Story {
    /// Reads the walkthrough of this checkout.
    ///
    /// # Errors
    /// If its folder cannot be read or has a mistake.
    pub fn load(name: &str) -> Result<Self, Error> {
        Self::read(&paths::fixtures().join("walkthrough").join(name))
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// If it cannot be read or has a mistake.
    pub fn read(folder: &Utf8Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
        let wrong = |problem: String| Error::Story { path: path.clone(), problem };
        let Written { title, post, about, adapt, clean, steps } =
            serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let name = folder.file_name().unwrap_or_default().to_owned();
        let story = Self { name, title, post, about, steps, clean, adapt, files: files(folder)? };
        story.mistake().map_or(Ok(story), |problem| Err(wrong(problem)))
    }

    /// The files as the post has them.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The same walkthrough with a lab's values, without the steps that make no sense there, and what was changed in the files.
    ///
    /// # Errors
    /// If a replacement has a variable without a value.
    pub fn adapted(&self, places: &[Place], variables: &Variables) -> Result<(Self, Vec<Change>), Error> {
        let mut story = self.clone();
        story.steps.retain(|step| step.when.iter().all(|place| places.contains(place)));
        let mut changes = Vec::new();
        for adaptation in self.adapt.iter().filter(|adaptation| adaptation.fits(places)) {
            let to = adaptation.replacement(variables).map_err(|error| Error::Story {
                path: Utf8PathBuf::from(FILE),
                problem: format!("`replace: {}`: {error}", adaptation.replace),
            })?;
            if to == adaptation.find {
                continue;
            }
            for name in &adaptation.files {
                if let Some(text) = story.files.get_mut(name) {
                    *text = text.replace(&adaptation.find, &to);
                }
                let (file, from, to, why) = (name.clone(), adaptation.find.clone(), to.clone(), adaptation.why.clone());
                changes.push(Change { file, from, to, why });
            }
            if adaptation.commands {
                for command in story.steps.iter_mut().flat_map(|step| step.run.iter_mut().chain(&mut step.afterwards)) {
                    *command = command.replace(&adaptation.find, &to);
                }
                for text in story.steps.iter_mut().flat_map(|step| &mut step.expect) {
                    *text = text.replace(&adaptation.find, &to);
                }
            }
        }
        Ok((story, changes))
    }

    /// The position of a step.
    ///
    /// # Errors
    /// If there is no step of this name.
    pub fn position(&self, name: &str) -> Result<usize, Error> {
        self.steps.iter().position(|step| step.name == name).ok_or_else(|| Error::Step {
            name: name.to_owned(),
            advice: suggest::advice(name, self.steps.iter().map(|step| step.name.as_str())),
        })
    }

    /// What the types alone do not exclude.
    fn mistake(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        for step in &self.steps {
            let name = &step.name;
            if !names.insert(name) {
                return Some(format!("two steps have the name {name:?}; expected another name for each"));
            }
            if step.run.is_empty() {
                return Some(format!("step {name}: expected a command in `run`"));
            }
            if step.expect.is_empty() && !step.yours {
                return Some(format!("step {name}: expected a text in `expect`, so that the step can fail"));
            }
            if let Some(file) = step.shows.iter().find(|file| !self.files.contains_key(*file)) {
                return Some(format!("step {name} shows {file:?}, and there is no such file beside {FILE}"));
            }
        }
        self.adapt.iter().find_map(|adaptation| self.useless(adaptation))
    }

    /// A place in which an adaptation finds nothing.
    fn useless(&self, adaptation: &Adaptation) -> Option<String> {
        let find = adaptation.find.as_str();
        let lacking =
            adaptation.files.iter().find(|file| !self.files.get(*file).is_some_and(|text| text.contains(find)));
        let mut commands = self.steps.iter().flat_map(|step| step.run.iter().chain(&step.afterwards));
        if let Some(file) = lacking {
            Some(format!("`find: {find}`: expected this text in {file}"))
        } else if adaptation.commands && !commands.any(|command| command.contains(find)) {
            Some(format!("`find: {find}`: expected this text in a command"))
        } else if !adaptation.commands && adaptation.files.is_empty() {
            Some(format!("`find: {find}`: expected `files` or `commands: true`"))
        } else {
            None
        }
    }
}

fn files(folder: &Utf8Path) -> Result<BTreeMap<String, String>, Error> {
    let mut files = BTreeMap::new();
    for entry in folder.read_dir_utf8().map_err(FileError::of("list", folder))? {
        let entry = entry.map_err(FileError::of("list", folder))?;
        if entry.file_name() != FILE {
            let text = fs::read_to_string(entry.path()).map_err(FileError::of("read", entry.path()))?;
            files.insert(entry.file_name().to_owned(), text);
        }
    }
    Ok(files)
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
