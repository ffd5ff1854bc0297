//! The matrix as a Markdown table, for a README.

use super::cell::{Cell, Deviation};
use super::grid::Grid;
use super::links::Links;
use crate::summary::cell as escaped;
use std::fmt::Write as _;

impl Grid {
    /// The table, what it leaves out and why, and the runs.
    pub fn markdown(&self, links: &Links) -> String {
        let columns: Vec<usize> = (0..self.columns.len()).filter(|at| self.columns[*at].absent.is_none()).collect();
        let mut text = String::new();
        if !columns.is_empty() {
            let titles: Vec<_> = columns.iter().map(|at| escaped(&self.columns[*at].title())).collect();
            let _ = writeln!(text, "| scenario | {} |\n|---|{}", titles.join(" | "), "---|".repeat(titles.len()));
        }
        for row in &self.rows {
            let name = &row.scenario;
            let cells: Vec<_> = columns.iter().map(|at| shown(&row.cells[*at], links)).collect();
            let _ = writeln!(text, "| [{name}]({}) | {} |", links.scenario(name), cells.join(" | "));
        }
        let absent = self.columns.iter().filter_map(|column| Some((column.title(), column.absent.as_ref()?)));
        let absent: Vec<_> = absent.collect();
        if !absent.is_empty() {
            text += "\nWithout a result:\n\n";
            for (title, why) in absent {
                let _ = writeln!(text, "- {}: {}, because {}", escaped(&title), why.word, escaped(&why.reason));
            }
        }
        let reasons = self.reasons();
        if !reasons.is_empty() {
            text += "\nScenarios that did not run:\n\n";
            for (scenario, reason) in reasons {
                let _ = writeln!(text, "- `{scenario}`: {}", escaped(reason));
            }
        }
        if !columns.is_empty() {
            text += "\n| run | combination | began | seconds |\n|---|---|---|---|\n";
        }
        for column in &self.columns {
            for run in &column.runs {
                let title = escaped(&column.title());
                let _ = writeln!(text, "| {} | {title} | {} | {:.0} |", run.run, run.started, run.seconds);
            }
        }
        text
    }
}

fn shown(cell: &Cell, links: &Links) -> String {
    let mut text = cell.word.clone();
    if let Some(cause) = cell.cause {
        let _ = write!(text, ": [{cause}]({})", links.cause(cause));
    }
    // Text from a report must not end the link or the cell.
    let plain = |link: &&String| link.starts_with("https://") && !link.contains(['(', ')', '|', '<', '>', ' ', '\n']);
    match (cell.deviation, cell.link.as_ref().filter(plain)) {
        (Some(deviation), Some(link)) => {
            let _ = write!(text, ", [{}]({link})", deviation.word());
        }
        (Some(deviation), None) => {
            let _ = write!(text, ", {}", deviation.word());
        }
        (None, _) => {}
    }
    let is_news = matches!(cell.deviation, Some(Deviation::New | Deviation::Gone)) || cell.state == "failed";
    if is_news { format!("**{text}**") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::grid::tests::{on, skipped};
    use model::Verdict;
    use model::sample::{failure, result};

    fn links() -> Links {
        Links { docs: String::new(), scenarios: "../scenarios".into() }
    }

    #[test]
    fn a_cell_has_its_cause_and_what_is_missing_has_its_reason() {
        let known = Verdict::ExpectedFailure { link: "https://example.test/1".into(), failure: failure() };
        let reports = [on(
            "3.7.15",
            vec![
                result("red", Verdict::Failed(failure())),
                result("known", known),
                result("no", Verdict::Skipped { reason: "a | b".into() }),
            ],
        )];
        let text = Grid::of(&reports, &[skipped()]).markdown(&links());
        let cause = failure().cause;
        for line in [
            "| scenario | traefik 3.7.15, local, stand-in |\n",
            &format!(
                "| [known](../scenarios/known/scenario.yaml) | failed: [{cause}](causes/{cause}.md), [known](https://example.test/1) |\n"
            ),
            &format!("scenario.yaml) | **failed: [{cause}](causes/{cause}.md), new** |\n"),
            "- contour, kind, strimzi: skipped, because no container engine answers\n",
            "- `no`: a \\| b\n",
            "| run-3.7.15 | traefik 3.7.15, local, stand-in | 2026-11-23T02:45:00Z | 12 |\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn a_link_that_is_none_is_left_out() {
        for link in ["javascript:alert(1)", "https://a.test/) | x | [y](z"] {
            let known = Verdict::ExpectedFailure { link: link.into(), failure: failure() };
            let text = Grid::of(&[on("3.7.15", vec![result("a", known)])], &[]).markdown(&links());
            assert!(text.contains(".md), known |") && !text.contains("alert") && !text.contains("[y]"), "{text}");
        }
    }

    #[test]
    fn a_matrix_of_skipped_combinations_has_no_empty_table() {
        assert!(Grid::of(&[], &[skipped()]).markdown(&links()).starts_with("\nWithout a result:"));
    }
}
