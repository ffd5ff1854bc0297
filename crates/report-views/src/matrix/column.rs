//! The columns of the matrix: what was run, or should have been.

use crate::columns::distinct;
use model::{KafkaProvider, LabFacts, LabKind, Report, version_numbers};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A combination that has no report, and why.
#[derive(Clone, Debug)]
pub struct Absent {
    pub gateway: String,
    /// The chosen version of the gateway. `None` is the pinned one.
    pub version: Option<String>,
    pub lab: LabKind,
    pub kafka: KafkaProvider,
    /// The chosen versions of other parts.
    pub parts: BTreeMap<String, String>,
    /// What became of it in a word, such as `skipped`.
    pub word: &'static str,
    pub reason: String,
}

/// One column of the matrix.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    pub gateway: String,
    pub version: String,
    pub lab: &'static str,
    pub kafka: String,
    /// Versions of other parts, where columns differ only in these.
    pub parts: BTreeMap<String, String>,
    pub absent: Option<Absence>,
    pub runs: Vec<Run>,
    /// Results by state, the worst first.
    pub counts: Vec<(&'static str, usize)>,
}

/// Why a column is empty.
#[derive(Clone, Debug, Serialize)]
pub struct Absence {
    pub word: &'static str,
    pub reason: String,
}

/// A run behind a column.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub run: String,
    pub started: String,
    pub seconds: f64,
    pub interrupted: Option<String>,
}

impl Column {
    /// The column in a line of text.
    pub fn title(&self) -> String {
        let gateway = format!("{} {}", self.gateway, self.version);
        let parts = self.parts.iter().map(|(part, version)| format!(", {part} {version}"));
        format!("{}, {}, {}{}", gateway.trim_end(), self.lab, self.kafka, parts.collect::<String>())
    }

    /// The column as the name of a file.
    pub fn slug(&self) -> String {
        let parts = self.parts.iter().map(|(part, version)| format!("-{part}-{version}"));
        let text =
            format!("{}-{}-{}-{}{}", self.gateway, self.version, self.lab, self.kafka, parts.collect::<String>());
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        text.chars().map(plain).collect::<String>().replace("--", "-").trim_matches('-').to_owned()
    }

    /// By implementation, then by version, then by lab, because a reader compares these in this order.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let parts: Vec<_> = self.parts.values().map(|version| version_numbers(version)).collect();
        (self.gateway.clone(), version_numbers(&self.version), self.lab, self.kafka.clone(), parts)
    }
}

impl From<&Absent> for Column {
    fn from(absent: &Absent) -> Self {
        Self {
            gateway: absent.gateway.clone(),
            version: absent.version.clone().unwrap_or_default(),
            lab: absent.lab.word(),
            kafka: operator(absent.kafka, None),
            parts: absent.parts.clone(),
            absent: Some(Absence { word: absent.word, reason: absent.reason.clone() }),
            runs: Vec::new(),
            counts: Vec::new(),
        }
    }
}

/// The reports by column: those of the same gateway, lab, operator and versions. Each run counts once.
pub(super) fn columns(reports: &[Report]) -> Vec<(Column, Vec<&Report>)> {
    let mut groups: BTreeMap<_, Vec<&Report>> = BTreeMap::new();
    for report in distinct(reports) {
        groups.entry(key(&report.lab)).or_default().push(report);
    }
    let mut columns = Vec::new();
    for reports in groups.into_values() {
        let differing = differing(&reports);
        let mut parts: BTreeMap<BTreeMap<String, String>, Vec<&Report>> = BTreeMap::new();
        for report in reports {
            let chosen = differing.iter().filter_map(|part| Some((part.clone(), report.lab.version(part)?.to_owned())));
            parts.entry(chosen.collect()).or_default().push(report);
        }
        columns.extend(parts.into_iter().map(|(parts, reports)| (column(&reports[0].lab, parts, &reports), reports)));
    }
    columns
}

fn key(lab: &LabFacts) -> (String, String, &'static str, String) {
    let version = lab.version(&lab.gateway).unwrap_or_default().to_owned();
    (lab.gateway.clone(), version, lab.kind.word(), operator(lab.kafka, lab.version("strimzi")))
}

fn column(lab: &LabFacts, parts: BTreeMap<String, String>, reports: &[&Report]) -> Column {
    let (gateway, version, word, kafka) = key(lab);
    let runs = reports.iter().map(|report| Run {
        run: report.run.clone(),
        started: report.started.clone(),
        seconds: report.seconds,
        interrupted: report.interrupted.clone(),
    });
    let runs = runs.collect();
    Column { gateway, version, lab: word, kafka, parts, absent: None, runs, counts: Vec::new() }
}

fn operator(kafka: KafkaProvider, version: Option<&str>) -> String {
    match kafka {
        KafkaProvider::Standin => "stand-in".to_owned(),
        KafkaProvider::Strimzi => format!("strimzi {}", version.unwrap_or_default()).trim_end().to_owned(),
    }
}

/// The parts in which the runs of one gateway differ. What has no version by number is not compared, nor are tools and images,
/// whose versions follow from the parts.
fn differing(reports: &[&Report]) -> BTreeSet<String> {
    const COMPARED: [&str; 6] = ["etcd", "gateway-api-crds", "java", "kafka", "kube-apiserver", "kubernetes"];
    let versions = |part: &str| -> BTreeSet<_> { reports.iter().map(|report| report.lab.version(part)).collect() };
    COMPARED.into_iter().filter(|part| versions(part).len() > 1).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::report;

    fn run(id: &str, kafka: &str) -> Report {
        let mut report = report(Vec::new());
        report.run = id.into();
        report.lab.versions.insert("kafka".into(), format!("{kafka}, cache"));
        report
    }

    #[test]
    fn a_run_counts_once_and_another_version_of_a_part_is_another_column() {
        let reports = [run("a", "4.3.0"), run("b", "4.3.1"), run("a", "4.3.0"), run("c", "4.3.1")];
        let columns = columns(&reports);
        let seen: Vec<_> = columns.iter().map(|(column, runs)| (column.title(), runs.len())).collect();
        let title = |kafka: &str| format!("traefik 3.7.15, local, stand-in, kafka {kafka}");
        assert_eq!(seen, [(title("4.3.0"), 1), (title("4.3.1"), 2)]);
        assert_eq!(columns[0].0.slug(), "traefik-3.7.15-local-stand-in-kafka-4.3.0");
    }

    #[test]
    fn a_part_in_which_no_runs_differ_is_not_named() {
        assert_eq!(columns(&[run("a", "4.3.0")])[0].0.title(), "traefik 3.7.15, local, stand-in");
    }
}
