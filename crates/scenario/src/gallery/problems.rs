//! The problems that people report, with the cases and scenarios that show each: `problems.yaml`, and `docs/problems.md`.

use super::read::Entry;
use camino::Utf8Path;
use model::Cause;
use serde::Deserialize;
use std::fmt::Write;

/// A problem, and what shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reported {
    /// What is wrong, in one sentence.
    pub problem: String,
    /// What a client, a log or a status says, as people paste it.
    pub says: String,
    /// What `diagnose` names. Without it, the set-up works.
    pub cause: Option<Cause>,
    /// Cases of the gallery, such as `faults/http-port`.
    #[serde(default)]
    pub cases: Vec<String>,
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// Why nothing shows it, or not all of it.
    pub reason: Option<String>,
    /// Public reports.
    pub reports: Vec<String>,
}

/// Reads the problems.
///
/// # Errors
/// If the file cannot be read, with its place.
pub fn reported(root: &Utf8Path) -> Result<Vec<Reported>, String> {
    let path = root.join("problems.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

/// What is wrong with a problem: a case or a scenario that does not exist, a case of another cause, or nothing that shows it.
pub fn wrong(one: &Reported, entries: &[&Entry], scenarios: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for case in &one.cases {
        match entries.iter().find(|entry| format!("{}/{}", entry.shelf, entry.name) == *case) {
            None => found.push(format!("there is no case {case}")),
            Some(entry) if entry.case.cause.is_some() && entry.case.cause != one.cause => {
                found.push(format!("{case} has another cause"));
            }
            Some(_) => {}
        }
    }
    let unknown = one.scenarios.iter().filter(|name| !scenarios.contains(name));
    found.extend(unknown.map(|name| format!("there is no scenario {name}")));
    if one.cases.is_empty() && one.scenarios.is_empty() && one.reason.is_none() {
        found.push("nothing shows it, and there is no reason".to_owned());
    }
    if one.reports.is_empty() {
        found.push("it has no report".to_owned());
    }
    found
}

const HEAD: &str = "\
<!-- Generated from fixtures/gallery/problems.yaml: `UPDATE_DOCS=1 cargo test -p scenario --lib` writes it anew. -->
# What people report, and what `diagnose` says about it

Each row is a problem from public reports. Its cases are folders of [the gallery](gallery.md), which makes the problem on a lab and
checks that the cause is named first. Its scenarios are folders of [the catalogue](catalogue.md).

";

/// The text of `docs/problems.md`.
pub fn page(problems: &[Reported]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| | what is wrong | what it says | cause | shown by | reports |\n|---|---|---|---|---|---|\n");
    for (index, one) in problems.iter().enumerate() {
        let cause = one.cause.map_or_else(
            || "none: it works".to_owned(),
            |cause| format!("[{} {cause}](causes/{cause}.md)", cause.number()),
        );
        let cases = one.cases.iter().map(|case| format!("`{case}`"));
        let scenarios = one.scenarios.iter().map(|name| format!("scenario `{name}`"));
        let shown: Vec<_> = cases.chain(scenarios).chain(one.reason.clone()).collect();
        let reports: Vec<_> =
            one.reports.iter().enumerate().map(|(index, link)| format!("[{}]({link})", index + 1)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | `{}` | {cause} | {} | {} |",
            index + 1,
            one.problem,
            one.says,
            shown.join(", "),
            reports.join(" ")
        );
    }
    text
}
