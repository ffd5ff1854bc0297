//! All rules, over the objects of all files together.

use super::documents::Documents;
use super::files::Inputs;
use super::findings::Report;
use super::gateways::Gateways;
use super::listeners::KafkaListener;
use super::{backends, certificates, kafka, paths, shared};
use model::Cause;
use std::collections::BTreeMap;

/// Checks the files. `namespace` is that of objects which name none, and `ignored` causes are left out.
pub fn check(inputs: Inputs, namespace: Option<&str>, ignored: &[Cause]) -> Report {
    let mut report = Report::default();
    report.files = inputs.files.len() + inputs.problems.len();
    let order: BTreeMap<String, usize> =
        inputs.files.iter().enumerate().map(|(index, file)| (file.source.name().to_owned(), index)).collect();
    let mut documents = Documents::read(inputs, namespace);
    report.problems = std::mem::take(&mut documents.problems);
    report.objects = documents.objects;
    report.not_checked = std::mem::take(&mut documents.gaps);
    if !documents.complete {
        report.gap("what is absent from the other files, because not every file could be read".to_owned());
    }
    let gateways = Gateways::of(&documents);
    let listeners = KafkaListener::all(&documents);
    let mut paths = paths::all(&documents, &listeners);
    paths::judge(&mut paths, &gateways, &mut report);
    backends::judge(&documents, &mut paths, &listeners, &mut report);
    kafka::judge(&documents, &paths, &listeners, &mut report);
    shared::hostnames(&paths, &mut report);
    shared::listeners(&gateways, &mut report);
    certificates::judge(&documents, &gateways, &paths, &mut report);
    report.findings.retain(|finding| !ignored.contains(&finding.cause));
    report.findings.sort_by_key(|finding| (order.get(finding.problem.file()).copied(), finding.problem.position()));
    report
}
