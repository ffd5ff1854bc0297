//! The table of one run of the gallery.

use camino::Utf8Path;
use model::{LabFacts, StepOutcome, StepResult};
use scenario::gallery::{Entry, Shelf};
use serde::Serialize;
use std::fmt::Write;

/// One case.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    #[serde(serialize_with = "shelf")]
    pub shelf: Shelf,
    pub name: String,
    pub title: String,
    pub links: Vec<String>,
    /// The causes that must be named, the first one first.
    pub wanted: Vec<String>,
    /// The causes that were named.
    pub found: Vec<String>,
    /// The time of the diagnosis alone. Absent if the case did not run.
    pub seconds: Option<f64>,
    /// How often it was repeated until the gateway had applied the change.
    pub walks: Option<u32>,
    pub passed: bool,
}

fn shelf<S: serde::Serializer>(shelf: &Shelf, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(shelf.folder())
}

impl Row {
    pub fn of(entry: &Entry, step: Option<&StepResult>) -> Self {
        let figures = step.and_then(|step| step.diagnosis.as_ref());
        let names = |causes: &[model::Cause]| causes.iter().map(ToString::to_string).collect();
        let case = &entry.case;
        let wanted: Vec<_> = case.cause.iter().chain(&case.also).copied().collect();
        Self {
            shelf: entry.shelf,
            name: entry.name.clone(),
            title: case.title.value.clone(),
            links: case.links.clone(),
            wanted: names(&wanted),
            found: figures.map(|figures| names(&figures.causes)).unwrap_or_default(),
            seconds: figures.map(|figures| figures.seconds),
            walks: figures.map(|figures| figures.walks),
            passed: step.is_some_and(|step| step.outcome == StepOutcome::Passed),
        }
    }
}

/// All cases of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Table {
    pub lab: String,
    pub gateway: String,
    pub kafka: String,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn new(facts: &LabFacts) -> Self {
        let version = |part: &str| facts.version(part).map(|version| format!(" {version}")).unwrap_or_default();
        Self {
            lab: facts.kind.word().to_owned(),
            gateway: format!("{}{}", facts.gateway, version(&facts.gateway)),
            kafka: format!("Kafka{} ({})", version("kafka"), facts.kafka),
            rows: Vec::new(),
        }
    }

    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
        self.rows.sort_by(|one, other| (one.shelf, &one.name).cmp(&(other.shelf, &other.name)));
    }

    /// The longest and the median time of the diagnoses of a shelf, in seconds.
    pub fn times(&self, shelf: Shelf) -> Option<(f64, f64)> {
        let of_shelf = self.rows.iter().filter(|row| row.shelf == shelf && row.passed);
        let mut times: Vec<f64> = of_shelf.filter_map(|row| row.seconds).collect();
        times.sort_by(f64::total_cmp);
        Some((*times.get(times.len() / 2)?, *times.last()?))
    }

    /// The rows of a shelf as Markdown.
    pub fn markdown(&self, shelf: Shelf) -> String {
        let mut text =
            "| case | what is there | named | seconds | lab | gateway | reports |\n|---|---|---|---|---|---|---|\n"
                .to_owned();
        for row in self.rows.iter().filter(|row| row.shelf == shelf) {
            let found: Vec<_> = row.found.iter().map(|cause| format!("`{cause}`")).collect();
            let named = match (row.seconds, found.as_slice()) {
                (None, _) => "not run here".to_owned(),
                (_, []) => "nothing".to_owned(),
                (_, all) => all.join(", "),
            };
            let named = if row.passed || row.seconds.is_none() { named } else { format!("**wrong:** {named}") };
            let seconds = row.seconds.map(|seconds| format!("{seconds:.1}")).unwrap_or_default();
            let links: Vec<_> = row.links.iter().map(|link| format!("[{}]({link})", short(link))).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {named} | {seconds} | {} | {} | {} |",
                row.name,
                row.title,
                self.lab,
                self.gateway,
                links.join(", ")
            );
        }
        text
    }

    /// Writes both files into the report's folder.
    pub fn write(&self, folder: &Utf8Path) {
        let mut text = String::new();
        for shelf in Shelf::ALL {
            let _ = writeln!(text, "## {shelf}\n\n{}", self.markdown(shelf));
        }
        let json = format!("{:#}\n", serde_json::json!(self));
        for (name, content) in [("gallery.md", text), ("gallery.json", json)] {
            let path = folder.join(name);
            match std::fs::write(&path, content) {
                Ok(()) => println!("{path}"),
                Err(error) => eprintln!("error: cannot write {path}: {error}"),
            }
        }
    }
}

/// `strimzi-kafka-operator#11123` for an issue, and the last part of the address for anything else.
fn short(link: &str) -> String {
    let parts: Vec<&str> = link.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        [.., repository, "issues" | "pull" | "discussions", number] => format!("{repository}#{number}"),
        [.., last] => (*last).to_owned(),
        [] => String::new(),
    }
}
