//! Reads a scenario's folder: `scenario.yaml` and its manifests.

use super::problem::{Problem, Source};
use super::tree::{self, Content, Node};
use super::{Scenario, schema, shape};
use camino::{Utf8Path, Utf8PathBuf};
use model::{regular_file, suggest, visible};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::{fmt, fs};
use yaml::decode;

const FILE: &str = "scenario.yaml";

/// A larger file is refused.
const LARGEST_FILE: u64 = 1 << 20;

/// A scenario and the manifests of its folder.
#[derive(Clone, Debug)]
pub struct Folder {
    pub path: Utf8PathBuf,
    pub scenario: Scenario,
    /// The text of every other `.yaml` file of the folder, by file name. Variables are not replaced.
    pub manifests: BTreeMap<String, String>,
    pub(crate) source: Source,
    pub(crate) tree: Node,
}

impl Folder {
    /// The folder's name, which is the scenario's.
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

/// A folder whose scenario cannot be read, with every problem.
#[derive(Debug)]
pub struct Broken {
    /// The folder's name.
    pub name: String,
    pub problems: Vec<Problem>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario {} cannot be read", visible(&self.name))?;
        for problem in &self.problems {
            write!(f, "; {}", problem.file())?;
            if let Some((line, column)) = problem.position() {
                write!(f, ":{line}:{column}")?;
            }
            write!(f, ": {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Broken {}

impl miette::Diagnostic for Broken {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn miette::Diagnostic)))
    }
}

/// The sorted names of all scenario folders below `root`. A folder without YAML files is not a scenario.
pub fn names(root: &Utf8Path) -> Vec<String> {
    let Ok(entries) = root.read_dir_utf8() else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir() && !entry.file_name().starts_with('.'))
        .filter(|entry| yaml_files(entry.path()).is_some_and(|files| !files.is_empty()))
        .map(|entry| entry.file_name().to_owned())
        .collect();
    names.sort();
    names
}

/// Reads every scenario below `root`. A broken scenario does not hide the others.
pub fn load_all(root: &Utf8Path) -> Vec<Result<Folder, Broken>> {
    names(root).into_iter().map(|name| load(&root.join(name))).collect()
}

/// Reads one folder.
///
/// # Errors
/// [`Broken`], with every problem of `scenario.yaml`.
pub fn load(path: &Utf8Path) -> Result<Folder, Broken> {
    let name = path.file_name().unwrap_or_default().to_owned();
    let broken = |problems| Broken { name: name.clone(), problems };
    let shown = |file: &str| format!("scenarios/{name}/{file}");
    let file = path.join(FILE);
    let text = match regular_file::read(&file, LARGEST_FILE) {
        Ok(bytes) => decode(&shown(FILE), "scenario", bytes).map_err(|problem| broken(vec![*problem]))?,
        Err(error) => return Err(broken(vec![no_file(path, &shown(FILE), &error)])),
    };
    let mut manifests = BTreeMap::new();
    let files = yaml_files(path).unwrap_or_default();
    if !files.unreadable.is_empty() {
        return Err(broken(files.unreadable.iter().map(|file| name_not_utf8(&shown(file))).collect()));
    }
    for file in files.names {
        if file == FILE {
            continue;
        }
        let read = regular_file::read(&path.join(&file), LARGEST_FILE).map_err(|error| {
            let source = Source::new(&shown(&file), "");
            broken(vec![Problem::error("scenario::no-file", &source, format!("{file} cannot be read: {error}"))])
        })?;
        let text = decode(&shown(&file), "scenario", read).map_err(|problem| broken(vec![*problem]))?;
        manifests.insert(file, text);
    }
    parse(path, &text, manifests)
}

/// As [`load`], for texts in memory.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Utf8Path, text: &str, manifests: BTreeMap<String, String>) -> Result<Folder, Broken> {
    let name = path.file_name().unwrap_or_default().to_owned();
    let source = Source::new(&format!("scenarios/{name}/{FILE}"), text);
    match typed(&source) {
        Ok((scenario, tree)) => Ok(Folder { path: path.to_owned(), scenario, manifests, source, tree }),
        Err(problems) => Err(Broken { name, problems }),
    }
}

/// The value and the tree of a file, or everything that is wrong with it.
pub(crate) fn typed<T: DeserializeOwned + JsonSchema>(source: &Source) -> Result<(T, Node), Vec<Problem>> {
    let tree = root(source).map_err(|problem| vec![*problem])?;
    let problems = shape::check(source, &tree, &schema::of::<T>());
    if !problems.is_empty() {
        return Err(problems);
    }
    match serde_saphyr::from_str_with_options(source.text(), tree::options(source.text())) {
        Ok(value) => Ok((value, tree)),
        // The shape matches the types, so this only fails for rules that a schema cannot express.
        Err(error) => Err(vec![unreadable(source, &error)]),
    }
}

/// The text of a file. `shown` is the name of the file in messages.
pub(crate) fn text(path: &Utf8Path, shown: &str) -> Result<String, Box<Problem>> {
    let read = regular_file::read(path, LARGEST_FILE).map_err(|error| {
        let problem =
            Problem::error("scenario::no-file", &Source::new(shown, ""), format!("it cannot be read: {error}"));
        Box::new(problem)
    })?;
    decode(shown, "scenario", read)
}

/// The sorted names of the YAML files of a folder.
pub(crate) fn yaml_names(path: &Utf8Path) -> Vec<String> {
    yaml_files(path).unwrap_or_default().names
}

fn root(source: &Source) -> Result<Node, Box<Problem>> {
    let mut documents = tree::documents(source, "scenario")?.into_iter();
    let first = documents.next();
    let problem = match (first, documents.next()) {
        (Some(only), None) if matches!(only.content, Content::Map(_)) => return Ok(only),
        (_, Some(second)) => {
            Problem::error("scenario::syntax", source, "found two YAML documents, expected one scenario")
                .at(second.head(), "the second document")
                .help("write one scenario per folder: move the second to a folder of its own")
        }
        (Some(Node { content: Content::Null, .. }) | None, None) => {
            Problem::error("scenario::syntax", source, "the file is empty")
                .help("`cargo xtask scenario new NAME` writes a scenario to begin with")
        }
        (Some(other), None) => {
            let message = format!("found {}, expected a mapping with `name`, `title` and so on", other.describe());
            Problem::error("scenario::wrong-type", source, message).at(other.span, "wrong type")
        }
    };
    Err(Box::new(problem))
}

fn unreadable(source: &Source, error: &serde_saphyr::Error) -> Problem {
    let syntax = tree::syntax(source, "scenario", error);
    let text = error.without_snippet().to_string();
    Problem::error("scenario::unreadable", source, text.split(" at line ").next().unwrap_or(&text))
        .at(syntax.span().unwrap_or(0..0), "the parser stopped here")
}

fn no_file(path: &Utf8Path, shown: &str, error: &std::io::Error) -> Problem {
    let source = Source::new(shown, "");
    if error.kind() != std::io::ErrorKind::NotFound {
        return Problem::error("scenario::no-file", &source, format!("{shown} cannot be read: {error}"));
    }
    if !path.is_dir() {
        let root = path.parent().map(names).unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        let problem = Problem::error("scenario::no-file", &source, format!("there is no scenario `{name}`"));
        return match suggest::nearest(name, root.iter().map(String::as_str)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("run `cargo xtask scenario new {name}` to create it")),
        };
    }
    let files = yaml_files(path).unwrap_or_default().names;
    let problem = Problem::error("scenario::no-file", &source, format!("the folder has no {FILE}"));
    match suggest::nearest(FILE, files.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("found `{near}`: rename it to `{FILE}`")),
        None => problem.help(format!("add a {FILE}: every scenario folder has one")),
    }
}

fn name_not_utf8(shown: &str) -> Problem {
    let message = format!("the name of {shown} is not UTF-8, so no step can name the file");
    Problem::error("scenario::file-name", &Source::new(shown, ""), message).help("rename it")
}

/// The YAML files of a folder, without subfolders.
#[derive(Default)]
struct YamlFiles {
    /// Sorted.
    names: Vec<String>,
    /// The names that are not UTF-8, in a form that can be shown.
    unreadable: Vec<String>,
}

impl YamlFiles {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.unreadable.is_empty()
    }
}

fn yaml_files(path: &Utf8Path) -> Option<YamlFiles> {
    let mut files = YamlFiles::default();
    for entry in fs::read_dir(path).ok()?.filter_map(Result::ok) {
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        if !shown.ends_with(".yaml") && !shown.ends_with(".yml") {
            continue;
        }
        match name.to_str() {
            Some(name) => files.names.push(name.to_owned()),
            None => files.unreadable.push(shown.into_owned()),
        }
    }
    files.names.sort();
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Each test has a folder of its own.
    static NEXT: AtomicU32 = AtomicU32::new(0);

    const GOOD: &str = "name: x\ntitle: t\nwhy: w\nkafka: {cluster: shared}\nsteps: []\nsabotage: []\n";

    /// The error of reading a folder `x` that `prepare` filled. Reading it must not hang.
    fn message(prepare: impl FnOnce(&Utf8Path)) -> String {
        let dir =
            std::env::temp_dir().join(format!("load-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let dir = Utf8PathBuf::try_from(dir).expect("UTF-8").join("x");
        fs::create_dir_all(&dir).expect("a folder");
        prepare(&dir);
        let (sender, receiver) = std::sync::mpsc::channel();
        let folder = dir.clone();
        std::thread::spawn(move || sender.send(load(&folder).map(|_| ()).map_err(|broken| broken.to_string())));
        let loaded = receiver.recv_timeout(std::time::Duration::from_secs(60)).expect("reading comes to an end");
        fs::remove_dir_all(dir.parent().expect("a parent")).expect("removed");
        loaded.expect_err("something is wrong with it")
    }

    fn pipe(path: &Utf8Path) {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    }

    #[test]
    fn a_pipe_or_a_device_is_an_error_and_does_not_hang() {
        let scenario = message(|dir| pipe(&dir.join(FILE)));
        assert!(scenario.contains("scenario.yaml cannot be read: it is not a regular file"), "{scenario}");
        let manifest = message(|dir| {
            fs::write(dir.join(FILE), GOOD).expect("written");
            pipe(&dir.join("route.yaml"));
        });
        assert!(manifest.contains("route.yaml cannot be read: it is not a regular file"), "{manifest}");
        let device = message(|dir| std::os::unix::fs::symlink("/dev/zero", dir.join(FILE)).expect("a link"));
        assert!(device.contains("not a regular file"), "{device}");
    }

    #[test]
    fn a_huge_file_is_an_error() {
        let huge = message(|dir| fs::write(dir.join(FILE), vec![b'#'; (1 << 20) + 1]).expect("written"));
        assert!(huge.contains("it has more than 1048576 bytes"), "{huge}");
    }

    #[test]
    fn a_manifest_whose_name_is_not_utf8_is_an_error() {
        let message = message(|dir| {
            fs::write(dir.join(FILE), GOOD).expect("written");
            let name = std::ffi::OsStr::from_bytes(b"caf\xe9.yaml");
            fs::write(dir.as_std_path().join(name), "a: b\n").expect("written");
        });
        assert!(message.contains("is not UTF-8"), "{message}");
    }
}
