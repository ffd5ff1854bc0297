//! The matrix as an HTML page: one file, which needs no network.

use super::grid::Grid;
use super::links::Links;
use crate::page::environment;
use minijinja::context;
use minijinja::value::Serde;
use model::Cause;
use serde::Serialize;

/// A cell that needs more words than fit into it.
#[derive(Serialize)]
struct Note<'a> {
    /// Its place in the page.
    anchor: String,
    scenario: &'a str,
    column: String,
    cell: Shown<'a>,
}

/// A cell as the template prints it.
#[derive(Serialize)]
struct Shown<'a> {
    state: &'static str,
    word: &'a str,
    cause: Option<&'static str>,
    number: Option<String>,
    page: Option<String>,
    deviation: Option<&'static str>,
    link: Option<&'a str>,
    wanted: Option<&'a str>,
    seen: Option<&'a str>,
    anchor: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    scenario: &'a str,
    page: String,
    title: &'a str,
    differs: bool,
    cells: Vec<Shown<'a>>,
}

impl Grid {
    /// The page. `made` is the time at which it was made.
    ///
    /// # Errors
    /// If the template does not fit the data, which a test would have noticed.
    pub fn html(&self, links: &Links, made: &str) -> Result<String, minijinja::Error> {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let mut cells = Vec::new();
            for (index, cell) in row.cells.iter().enumerate() {
                let show = || Shown {
                    state: cell.state,
                    word: &cell.word,
                    cause: cell.cause.map(Cause::name),
                    number: cell.cause.map(Cause::number),
                    page: cell.cause.map(|cause| links.cause(cause)),
                    deviation: cell.deviation.map(super::cell::Deviation::word),
                    link: cell.link.as_deref(),
                    wanted: cell.wanted.as_deref(),
                    seen: cell.seen.as_deref(),
                    anchor: cell.has_note().then(|| format!("n{at}-{index}")),
                };
                if let Some(anchor) = show().anchor {
                    let column = self.columns[index].title();
                    notes.push(Note { anchor, scenario: &row.scenario, column, cell: show() });
                }
                cells.push(show());
            }
            let page = links.scenario(&row.scenario);
            rows.push(Line { scenario: &row.scenario, page, title: &row.title, differs: row.differs, cells });
        }
        environment()?.render_named_str(
            "matrix.html",
            include_str!("matrix.html"),
            context! {
                columns => Serde(&self.columns), rows => Serde(&rows), notes => Serde(&notes), made,
                reasons => Serde(self.reasons()),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::grid::tests::{on, skipped};
    use model::Verdict;
    use model::sample::{failure, result};

    fn links() -> Links {
        Links { docs: "../docs".into(), scenarios: "../scenarios".into() }
    }

    fn page() -> String {
        let mut odd = failure();
        odd.seen = "<script>alert(1)</script>".into();
        let known = Verdict::ExpectedFailure { link: "javascript:alert(2)".into(), failure: failure() };
        let gone = Verdict::UnexpectedPass { link: "https://example.test/2".into(), expected: None };
        let reports = [
            on("3.7.5", vec![result("a", Verdict::Passed), result("b", known), result("c", gone)]),
            on("3.7.15", vec![result("a", Verdict::Failed(odd)), result("b", Verdict::Passed)]),
        ];
        Grid::of(&reports, &[skipped()]).html(&links(), "2026-11-28T15:00:00Z").expect("a page")
    }

    #[test]
    fn each_cell_has_its_verdict_with_the_cause_s_page_and_its_note() {
        let html = page();
        let cause = failure().cause;
        // A slash is escaped like every other character that has a meaning in HTML.
        let link = format!("href=\"..&#x2f;docs&#x2f;causes&#x2f;{cause}.md\"");
        for part in
            [&link, "id=\"n0-2\"", "href=\"#n0-2\"", ">new<", ">known<", ">gone<", "no container engine answers"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(
            html.matches("<th scope=\"col\"><b>").count(),
            3,
            "a column for each combination, the skipped one too"
        );
        assert_eq!(html.matches("<tr data-differs=\"true\"").count(), 2, "c ran in one column only");
    }

    #[test]
    fn text_from_outside_stays_text_and_the_page_needs_no_other_file() {
        let html = page();
        for part in ["<script>alert", "href=\"javascript:", "src=", "<link", "@import", "url(", "fetch("] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">") && html.contains("<main"));
    }

    #[test]
    fn a_page_without_any_report_is_a_page() {
        let html = Grid::of(&[], &[skipped()]).html(&links(), "now").expect("a page");
        assert!(html.contains("No combination has a result"), "{html}");
    }
}
