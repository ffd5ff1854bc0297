//! The files that are checked: named ones, those of folders, and standard input. Each is read within limits, and one that
//! cannot be read does not hide the others.

use camino::{Utf8Path, Utf8PathBuf};
use model::regular_file;
use std::io::Read;
use yaml::{Problem, Source};

/// A larger file is refused.
const LARGEST_FILE: u64 = 16 << 20;

/// More files than this are refused.
const MOST_FILES: usize = 10_000;

/// All files together.
const LARGEST_SUM: usize = 64 << 20;

/// Deeper folders are refused.
const DEEPEST: usize = 32;

/// A file with its text.
#[derive(Debug)]
pub struct Input {
    pub source: Source,
    /// Whether the user named the file itself. Otherwise it was found in a folder, where other files may lie too.
    pub named: bool,
}

/// What was read, and what could not be read.
#[derive(Debug, Default)]
pub struct Inputs {
    pub files: Vec<Input>,
    pub problems: Vec<Problem>,
    bytes: usize,
}

impl Inputs {
    /// Reads files and folders in their order. `-` is standard input.
    pub fn read(paths: &[Utf8PathBuf]) -> Self {
        let mut inputs = Self::default();
        for path in paths {
            if path == "-" {
                inputs.stream("standard input", std::io::stdin().lock());
            } else if path.is_dir() {
                inputs.folder(path);
            } else {
                inputs.file(path, true);
            }
        }
        inputs
    }

    /// Adds a text that is already in memory.
    pub fn add(&mut self, name: &str, text: &str) {
        self.files.push(Input { source: source(name, text), named: true });
    }

    fn stream(&mut self, name: &str, stream: impl Read) {
        let mut bytes = Vec::new();
        let read = stream.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
        match read {
            Ok(size) if size as u64 > LARGEST_FILE => {
                self.refuse(name, &format!("it has more than {LARGEST_FILE} bytes"));
            }
            Ok(_) => self.decode(name, bytes, true),
            Err(error) => self.refuse(name, &error.to_string()),
        }
    }

    fn file(&mut self, path: &Utf8Path, named: bool) {
        match regular_file::read(path, LARGEST_FILE) {
            Ok(bytes) => self.decode(path.as_str(), bytes, named),
            Err(error) => self.refuse(path.as_str(), &error.to_string()),
        }
    }

    fn decode(&mut self, name: &str, bytes: Vec<u8>, named: bool) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > LARGEST_SUM {
            return self.refuse(name, &format!("all files together have more than {LARGEST_SUM} bytes"));
        }
        match yaml::decode(name, "manifest", bytes) {
            Ok(text) => self.files.push(Input { source: source(name, &text), named }),
            Err(problem) => self.problems.push(*problem),
        }
    }

    fn folder(&mut self, path: &Utf8Path) {
        let mut found = Vec::new();
        if let Err(why) = collect(path, 0, &mut found) {
            return self.refuse(path.as_str(), &why);
        }
        if found.is_empty() {
            return self.refuse(path.as_str(), "the folder has no .yaml or .yml file");
        }
        for file in found {
            self.file(&file, false);
        }
    }

    fn refuse(&mut self, name: &str, why: &str) {
        let problem =
            Problem::error("manifest::unreadable", &Source::new(name, ""), format!("cannot read {name}: {why}"));
        self.problems.push(problem.help("name a file, a folder with .yaml files, or - for standard input"));
    }
}

/// A file with a Secret is not quoted, wherever the fault is: the lines beside the marked one may be the secret, and a file in
/// JSON may have one line only.
fn source(name: &str, text: &str) -> Source {
    let source = Source::new(name, text);
    if holds_secrets(text) { source.private() } else { source }
}

/// Whether the text seems to have an object of the kind Secret with data. It need not be valid YAML.
fn holds_secrets(text: &str) -> bool {
    let plain = |letter: char| !matches!(letter, '"' | '\'' | ' ' | '\t');
    let of_kind = |line: &str| {
        let letters: String = line.chars().filter(|letter| plain(*letter)).collect();
        letters.contains("kind:Secret")
    };
    let is_key = |(at, _): (usize, &str)| !text[..at].ends_with(|letter: char| letter.is_alphanumeric());
    let has_data = text.contains("stringData") || text.match_indices("data").any(is_key);
    has_data && text.lines().any(of_kind)
}

/// The YAML files below a folder, sorted. Links to folders are not followed, so that a circle comes to an end.
fn collect(folder: &Utf8Path, depth: usize, found: &mut Vec<Utf8PathBuf>) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("{folder} lies deeper than {DEEPEST} folders"));
    }
    let entries = folder.read_dir_utf8().map_err(|error| format!("{folder}: {error}"))?;
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|error| format!("{folder}: {error}"))?;
    entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    for entry in entries {
        let kind = entry.file_type().map_err(|error| format!("{}: {error}", entry.path()))?;
        if kind.is_dir() {
            if !entry.file_name().starts_with('.') {
                collect(entry.path(), depth + 1, found)?;
            }
        } else if matches!(entry.path().extension(), Some("yaml" | "yml")) {
            if found.len() == MOST_FILES {
                return Err(format!("it has more than {MOST_FILES} files"));
            }
            found.push(entry.into_path());
        }
    }
    Ok(())
}
