//! The input of the rules, and the list of problems that they add to.

use super::manifest::{self, Object};
use crate::problem::{Problem, Source};
use crate::{ClusterUse, Folder, Scenario, Severity, Step};
use model::vars::{Filled, Variables};

/// The manifest that `lab up` applies for all scenarios.
const SHARED: &str = include_str!("../../../../fixtures/kafka/shared.yaml");

pub(crate) struct Context<'a> {
    pub folder: &'a Folder,
    pub scenario: &'a Scenario,
    /// Every object of every manifest, with sample values in place of variables.
    pub objects: Vec<Object>,
    /// The objects of the lab's shared cluster.
    pub shared: Vec<Object>,
    samples: Variables,
    problems: Vec<Problem>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(folder: &'a Folder) -> Self {
        let scenario = &folder.scenario;
        let samples = samples(folder);
        let (mut objects, mut problems) = (Vec::new(), Vec::new());
        for (file, text) in &folder.manifests {
            let source = Source::new(&format!("scenarios/{}/{file}", folder.name()), text);
            manifest::read(file, &source, &samples, &mut objects, &mut problems);
        }
        let (mut shared, mut unread) = (Vec::new(), Vec::new());
        if scenario.kafka.cluster == ClusterUse::Shared {
            // Other tests check the lab's own file.
            manifest::read("shared.yaml", &Source::new("shared.yaml", SHARED), &samples, &mut shared, &mut unread);
        }
        Self { folder, scenario, objects, shared, samples, problems }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, &'a Step)> + use<'a> {
        self.scenario.steps.iter().map(|step| &step.value.step).enumerate()
    }

    /// A text of `scenario.yaml` with sample values in place of variables.
    pub(crate) fn fill(&self, text: &str) -> String {
        Filled::new(text, &self.samples).text
    }

    pub(crate) fn error(&mut self, code: &'static str, pointer: &str, message: String, label: &str, help: &str) {
        self.put(Severity::Error, code, pointer, message, label, help);
    }

    pub(crate) fn warning(&mut self, code: &'static str, pointer: &str, message: String, label: &str, help: &str) {
        self.put(Severity::Warning, code, pointer, message, label, help);
    }

    fn put(&mut self, severity: Severity, code: &'static str, pointer: &str, message: String, label: &str, help: &str) {
        let problem = Problem::new(severity, code, &self.folder.source, message)
            .at(self.folder.tree.place(pointer), label)
            .help(help);
        self.problems.push(problem);
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Sorts by file, `scenario.yaml` first, and then by place.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_cached_key(|problem| {
            let manifest = !problem.file().ends_with("/scenario.yaml");
            (manifest, problem.file().to_owned(), problem.position().unwrap_or_default())
        });
        self.problems
    }
}

fn samples(folder: &Folder) -> Variables {
    let mut samples = Variables::samples();
    let namespace = format!("{}-0a1b2c", folder.name());
    let mut set = |name, value: &str| debug_assert!(samples.set(name, value), "{name} is in the table");
    set("scenario", folder.name());
    set("namespace", &namespace);
    let kafka = &folder.scenario.kafka;
    match (kafka.cluster, &kafka.namespace) {
        (ClusterUse::Own, _) => set("kafka.namespace", &namespace),
        (ClusterUse::Existing, Some(theirs)) => set("kafka.namespace", theirs),
        _ => {}
    }
    if let (ClusterUse::Own | ClusterUse::Existing, Some(name)) = (kafka.cluster, &kafka.name) {
        set("cluster", name);
    }
    samples
}
