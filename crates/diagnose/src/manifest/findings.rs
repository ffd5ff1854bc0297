//! What is wrong, each with the place in the file.

use super::documents::Document;
use model::{Cause, Severity};
use serde::Serialize;
use std::collections::BTreeSet;
use yaml::Problem;

/// A cause, with the place of the field that must change.
#[derive(Clone, Debug)]
pub struct Finding {
    pub cause: Cause,
    /// For a terminal: the message with its place, an excerpt and the repair.
    pub problem: Problem,
    pub repair: String,
}

impl Finding {
    /// `label` stands below the marked field. `repair` says what to do, with the user's own names.
    pub(super) fn new(
        cause: Cause,
        document: &Document,
        pointer: &str,
        message: impl Into<String>,
        label: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        let severity = match cause.severity() {
            Severity::Error => yaml::Severity::Error,
            Severity::Warning => yaml::Severity::Warning,
        };
        let repair = repair.into();
        let code = format!("{} {cause}", cause.number());
        let problem = Problem::new(severity, code, &document.source, message)
            .at(document.place(pointer), label)
            .help(format!("{repair}\nsee {}", cause.page()));
        Self { cause, problem, repair }
    }

    /// What is said at most once of a place, as for each broker of one template.
    fn key(&self) -> Key {
        (self.cause.name(), self.problem.file().to_owned(), self.problem.position())
    }
}

type Key = (&'static str, String, Option<(usize, usize)>);

/// The result for all files together.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of the files and lines.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What the files do not suffice to judge.
    pub not_checked: Vec<String>,
    pub files: usize,
    pub objects: usize,
    said: BTreeSet<Key>,
}

impl Report {
    /// Adds what a rule found.
    pub(super) fn add(&mut self, finding: Finding) {
        if self.said.insert(finding.key()) {
            self.findings.push(finding);
        }
    }

    pub(super) fn gap(&mut self, gap: String) {
        if !self.not_checked.contains(&gap) {
            self.not_checked.push(gap);
        }
    }

    /// Whether a finding is at least this severe.
    pub fn fails_on(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.cause.severity() >= severity)
    }
}

/// As `-o json` shows a finding.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Shown<'a> {
    cause: Cause,
    number: String,
    severity: Severity,
    summary: &'static str,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    repair: &'a str,
    page: String,
}

impl<'a> Shown<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        let (line, column) = finding.problem.position().unzip();
        Self {
            cause: finding.cause,
            number: finding.cause.number(),
            severity: finding.cause.severity(),
            summary: finding.cause.summary(),
            file: finding.problem.file(),
            line,
            column,
            message: finding.problem.message(),
            repair: &finding.repair,
            page: finding.cause.page(),
        }
    }
}
