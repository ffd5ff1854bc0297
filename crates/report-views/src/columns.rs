//! Many runs side by side: their columns, and their results by row.

use model::{KafkaProvider, LabFacts, LabKind, Report, ScenarioResult, version_numbers};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The cell of a scenario without a result.
pub(super) const NOTHING: &str = "-";

/// A column: runs with the same lab, gateway and Kafka.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Column {
    /// The labs of this repository come before those of users.
    place: usize,
    lab: &'static str,
    /// Strimzi comes last, because it is rarer.
    strimzi: bool,
    kafka: String,
    gateway: String,
    /// Its version as numbers, so that 3.7.5 comes before 3.7.15.
    release: Vec<u64>,
    version: String,
}

impl Column {
    pub(super) fn of(lab: &LabFacts) -> Self {
        let strimzi = lab.kafka == KafkaProvider::Strimzi;
        let named = |part: &str| match lab.version(part) {
            Some(version) => format!("{part} {version}"),
            None => part.to_owned(),
        };
        let kafka = if strimzi { named("strimzi") } else { "stand-in".to_owned() };
        let place = [LabKind::Local, LabKind::Kind, LabKind::Existing].iter().position(|kind| *kind == lab.kind);
        let place = place.unwrap_or_default();
        let version = lab.version(&lab.gateway).unwrap_or_default().to_owned();
        let (gateway, release) = (lab.gateway.clone(), version_numbers(&version));
        Self { place, lab: lab.kind.word(), strimzi, kafka, gateway, release, version }
    }

    fn title(&self) -> String {
        let gateway = format!("{} {}", self.gateway, self.version);
        format!("{}, {}, {}", self.lab, gateway.trim_end(), self.kafka)
    }
}

pub(super) struct Matrix<'a> {
    pub(super) reports: Vec<&'a Report>,
    columns: Vec<Column>,
}

impl<'a> Matrix<'a> {
    pub(super) fn of(reports: &'a [Report]) -> Self {
        let columns: BTreeSet<Column> = reports.iter().map(|report| Column::of(&report.lab)).collect();
        Self { reports: distinct(reports), columns: columns.into_iter().collect() }
    }

    /// Groups results by a key. Each row has the results of every column.
    pub(super) fn rows<K: Ord>(
        &self,
        key: impl Fn(&'a ScenarioResult) -> Option<K>,
    ) -> BTreeMap<K, Vec<Vec<&'a ScenarioResult>>> {
        let mut rows: BTreeMap<K, Vec<Vec<_>>> = BTreeMap::new();
        for report in &self.reports {
            let column = Column::of(&report.lab);
            let index = self.columns.iter().position(|one| *one == column).unwrap_or_default();
            for result in &report.scenarios {
                if let Some(key) = key(result) {
                    rows.entry(key).or_insert_with(|| vec![Vec::new(); self.columns.len()])[index].push(result);
                }
            }
        }
        rows
    }

    /// A table of the columns that have results. Each row starts with its own cells.
    pub(super) fn grid(&self, first: &[&str], rows: &[(String, Vec<String>)]) -> String {
        let known: Vec<bool> =
            (0..self.columns.len()).map(|index| rows.iter().any(|(_, cells)| cells[index] != NOTHING)).collect();
        let titles =
            self.columns.iter().map(Column::title).zip(&known).filter(|(_, known)| **known).map(|(title, _)| title);
        let titles: Vec<_> = first.iter().map(|title| (*title).to_owned()).chain(titles).collect();
        let mut text = format!("| {} |\n|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
        for (start, cells) in rows {
            let cells: Vec<_> =
                cells.iter().zip(&known).filter(|(_, known)| **known).map(|(cell, _)| cell.as_str()).collect();
            let _ = writeln!(text, "| {start} | {} |", cells.join(" | "));
        }
        text
    }

    pub(super) fn runs(&self) -> String {
        let mut text = "\n## The runs\n\n| run | lab | rows | seconds |\n|---|---|---|---|\n".to_owned();
        for report in &self.reports {
            let lab = Column::of(&report.lab).title();
            let _ = writeln!(text, "| {} | {lab} | {} | {:.0} |", report.run, report.scenarios.len(), report.seconds);
        }
        text
    }
}

/// The reports, each run once: a folder of runs has a link to the last one, which a pattern of the shell meets too.
pub(super) fn distinct(reports: &[Report]) -> Vec<&Report> {
    let mut seen = BTreeSet::new();
    reports.iter().filter(|report| seen.insert(report.run.as_str())).collect()
}
