//! The matrix as data: columns, rows and cells.

use super::cell::{Cell, Deviation};
use super::column::{Absent, Column, columns};
use crate::view::STATES;
use model::{Report, ScenarioResult};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Every scenario on every combination.
#[derive(Clone, Debug, Serialize)]
pub struct Grid {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// One scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub scenario: String,
    pub title: String,
    /// One for each column.
    pub cells: Vec<Cell>,
    /// Whether it did not end alike wherever it ran.
    pub differs: bool,
}

/// A deviation of the list that a run did not show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gone {
    pub scenario: String,
    pub gateway: String,
    /// The column in words.
    pub column: String,
}

impl Grid {
    /// The reports as columns, and a column for each combination without one.
    pub fn of(reports: &[Report], absent: &[Absent]) -> Self {
        let mut groups = columns(reports);
        groups.extend(absent.iter().map(|absent| (Column::from(absent), Vec::new())));
        groups.sort_by_key(|(column, _)| column.order());
        let mut rows: BTreeMap<&str, (&str, Vec<Vec<&ScenarioResult>>)> = BTreeMap::new();
        for (index, (_, reports)) in groups.iter().enumerate() {
            let results = reports.iter().flat_map(|report| &report.scenarios);
            for result in results.filter(|result| result.sabotage.is_none()) {
                let (title, cells) =
                    rows.entry(&result.name).or_insert_with(|| (&result.title, vec![Vec::new(); groups.len()]));
                *title = &result.title;
                cells[index].push(result);
            }
        }
        let row = |(name, (title, cells)): (&str, (&str, Vec<Vec<&ScenarioResult>>))| {
            let cells: Vec<Cell> = cells.iter().map(|results| Cell::of(results)).collect();
            let ends = cells.iter().filter(|cell| !matches!(cell.state, "nothing" | "skipped"));
            let differs = ends.map(|cell| (cell.state, cell.cause)).collect::<Vec<_>>();
            let differs = differs.windows(2).any(|pair| pair[0] != pair[1]);
            Row { scenario: name.to_owned(), title: title.to_owned(), cells, differs }
        };
        let rows: Vec<Row> = rows.into_iter().map(row).collect();
        let counted = |(index, (column, _)): (usize, (Column, _))| {
            let count = |state: &str| rows.iter().filter(|row| row.cells[index].state == state).count();
            let counts = STATES.into_iter().map(|state| (state, count(state))).filter(|(_, count)| *count > 0);
            Column { counts: counts.collect(), ..column }
        };
        let columns = groups.into_iter().enumerate().map(counted).collect();
        Self { columns, rows }
    }

    /// The listed deviations that did not show, each of which makes a finding or the list wrong.
    pub fn gone(&self) -> Vec<Gone> {
        let mut gone = Vec::new();
        for row in &self.rows {
            for (cell, column) in row.cells.iter().zip(&self.columns) {
                if cell.deviation == Some(Deviation::Gone) {
                    gone.push(Gone {
                        scenario: row.scenario.clone(),
                        gateway: column.gateway.clone(),
                        column: column.title(),
                    });
                }
            }
        }
        gone
    }

    /// Scenarios that did not run somewhere, with the reasons.
    pub(super) fn reasons(&self) -> BTreeSet<(&str, &str)> {
        let cells = self.rows.iter().flat_map(|row| row.cells.iter().map(|cell| (row.scenario.as_str(), cell)));
        let skipped = cells.filter(|(_, cell)| cell.state == "skipped");
        skipped.filter_map(|(scenario, cell)| Some((scenario, cell.seen.as_deref()?))).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use model::sample::{failure, report, result};
    use model::{KafkaProvider, LabKind, Verdict};

    pub fn on(version: &str, scenarios: Vec<ScenarioResult>) -> Report {
        let mut report = report(scenarios);
        report.run = format!("run-{version}");
        report.lab.versions.insert("traefik".into(), format!("{version}, cache"));
        report
    }

    pub fn skipped() -> Absent {
        Absent {
            gateway: "contour".into(),
            version: None,
            lab: LabKind::Kind,
            kafka: KafkaProvider::Strimzi,
            parts: BTreeMap::new(),
            word: "skipped",
            reason: "no container engine answers".into(),
        }
    }

    #[test]
    fn versions_are_in_their_order_and_a_skipped_combination_is_a_column_too() {
        let gone = Verdict::UnexpectedPass { link: "l".into(), expected: None };
        let known = Verdict::ExpectedFailure { link: "l".into(), failure: failure() };
        let grid = Grid::of(
            &[
                on("3.7.15", vec![result("a", Verdict::Passed), result("b", gone)]),
                on("3.7.5", vec![result("a", Verdict::Passed), result("b", known)]),
            ],
            &[skipped()],
        );
        let titles: Vec<_> = grid.columns.iter().map(Column::title).collect();
        let expected = ["contour, kind, strimzi", "traefik 3.7.5, local, stand-in", "traefik 3.7.15, local, stand-in"];
        assert_eq!(titles, expected);
        let states: Vec<Vec<_>> =
            grid.rows.iter().map(|row| row.cells.iter().map(|cell| cell.state).collect()).collect();
        assert_eq!(states, [["nothing", "passed", "passed"], ["nothing", "expected", "unexpected"]]);
        assert_eq!(grid.rows.iter().map(|row| row.differs).collect::<Vec<_>>(), [false, true]);
        assert_eq!(grid.columns[1].counts, [("expected", 1), ("passed", 1)]);
        let gone = Gone { scenario: "b".into(), gateway: "traefik".into(), column: expected[2].into() };
        assert_eq!(grid.gone(), [gone]);
    }
}
