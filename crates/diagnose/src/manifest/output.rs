//! The result for a terminal, for programs and for the annotations of a GitHub workflow.

use super::findings::{Report, Shown};
use model::{Severity, visible};
use serde_json::{Value, json};
use std::fmt::Write;
use yaml::Problem;

/// The version of the JSON format. It changes when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

impl Report {
    /// For a terminal of this width: what could not be read, the findings, what was not checked, and a summary.
    pub fn text(&self, width: usize, colours: bool) -> String {
        let problems = self.problems.iter().chain(self.findings.iter().map(|finding| &finding.problem));
        let mut text: String = problems.map(|problem| problem.render(width, colours) + "\n").collect();
        for gap in &self.not_checked {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "not checked: {}", visible(gap));
        }
        text.push_str(&self.summary());
        text.push('\n');
        text
    }

    fn summary(&self) -> String {
        let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
        let checked = format!("{} in {}", count(self.objects, "object"), count(self.files, "file"));
        let of = |severity| self.findings.iter().filter(|finding| finding.cause.severity() == severity).count();
        let mut parts = Vec::new();
        for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
            if of(severity) > 0 {
                parts.push(count(of(severity), word));
            }
        }
        if !self.problems.is_empty() {
            parts.push(format!("{} that cannot be read", count(self.problems.len(), "place")));
        }
        let found = if parts.is_empty() { "no fault found".to_owned() } else { parts.join(", ") };
        format!("{checked}: {found}")
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let unreadable = |problem: &Problem| {
            let (line, column) = problem.position().unzip();
            json!({"file": problem.file(), "line": line, "column": column, "message": problem.message()})
        };
        json!({
            "schema": SCHEMA,
            "healthy": self.findings.is_empty() && self.problems.is_empty(),
            "files": self.files,
            "objects": self.objects,
            "findings": self.findings.iter().map(Shown::of).collect::<Vec<_>>(),
            "unreadable": self.problems.iter().map(unreadable).collect::<Vec<_>>(),
            "not-checked": self.not_checked,
        })
    }
}

/// Workflow commands, which GitHub shows as annotations at the lines of the files.
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        let _ = writeln!(text, "{}", annotation("error", &problem.code, problem, problem.message()));
    }
    for finding in &report.findings {
        let (problem, severity) = (&finding.problem, finding.cause.severity().word());
        let message = format!("{}. Repair: {} ({})", problem.message(), finding.repair, finding.cause.page());
        let _ = writeln!(text, "{}", annotation(severity, &problem.code, problem, &message));
    }
    for gap in &report.not_checked {
        let _ = writeln!(text, "::notice title=not checked::{}", data(gap));
    }
    text
}

fn annotation(level: &str, title: &str, problem: &Problem, message: &str) -> String {
    let place = problem.position().map_or_else(String::new, |(line, column)| format!(",line={line},col={column}"));
    format!("::{level} file={}{place},title={}::{}", property(problem.file()), property(title), data(message))
}

/// A text after the second `::`. The workflow would read a line end as the end of the command.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value between the commas.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
