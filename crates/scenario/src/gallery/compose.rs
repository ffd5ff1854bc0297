//! Turns cases into scenarios, so that the runner of scenarios sets them up, diagnoses and cleans up.

use super::case::{Case, Setup};
use super::read::{Entry, File};
use crate::{Apply, Client, ClusterUse, Diagnose, Needs, Scenario, Span, Step, StepItem};
use camino::Utf8PathBuf;
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;

/// Time for a set-up with a cluster of its own and all of its cases.
const WITHIN: Span = Span::seconds(300);

/// Cases that run as one scenario: a single one, or all that share a cluster of their own.
#[derive(Clone, Debug)]
pub struct Group {
    /// The folder that the manifests of the scenario are relative to.
    pub path: Utf8PathBuf,
    /// The file in it that the steps come from.
    pub file: &'static str,
    pub scenario: Scenario,
    /// The `diagnose` step of each has its name as `id`.
    pub entries: Vec<Entry>,
}

pub(super) fn groups(entries: Vec<Entry>, setups: &BTreeMap<String, File<Setup>>) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut sharing: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let name = entry.case.setup.as_ref().map(|setup| setup.value.clone());
        let setup = name.as_ref().and_then(|name| setups.get(name));
        match (name, setup) {
            (Some(name), Some(setup)) if setup.value.kafka.cluster == ClusterUse::Own => {
                sharing.entry(name).or_default().push(entry);
            }
            (_, setup) => groups.push(alone(entry, setup.map(|file| &file.value))),
        }
    }
    let shared = sharing.into_iter().filter_map(|(name, entries)| Some(together(&name, setups.get(&name)?, entries)));
    groups.extend(shared);
    groups
}

fn alone(entry: Entry, setup: Option<&Setup>) -> Group {
    let Entry { shelf, name, path, case } = &entry;
    let mut steps = Vec::new();
    if let (Some(setup), Some(called)) = (setup, &case.setup) {
        let above = format!("../../setups/{}", called.value);
        // A step of the set-up is shown at the line that names the set-up.
        steps.extend(setup.steps.iter().map(|step| moved(step, &above, Some(called.referenced))));
    }
    steps.extend(case.steps.iter().cloned());
    steps.push(diagnosis(name, None, case, case.title.referenced));
    let kafka = case.kafka.clone().or_else(|| setup.map(|setup| setup.kafka.clone()));
    let client = case.client.clone().or_else(|| setup?.client.clone());
    let needs = setup.map_or_else(|| case.needs.clone(), |setup| both(&setup.needs, &case.needs));
    let scenario = Scenario {
        name: name.clone(),
        title: case.title.value.clone(),
        why: "The gallery shows what `diagnose` names".to_owned(),
        links: case.links.clone(),
        tags: vec![shelf.to_string()],
        needs,
        // `check` has reported a case without a cluster, which is no part of the gallery.
        kafka: kafka.unwrap_or_else(crate::KafkaUse::external),
        clients: client.into_iter().map(|client| ("default".to_owned(), client)).collect(),
        within: WITHIN,
        steps,
        sabotage: Vec::new(),
    };
    Group { path: path.clone(), file: shelf.file(), scenario, entries: vec![entry] }
}

fn together(name: &str, file: &File<Setup>, entries: Vec<Entry>) -> Group {
    let setup = &file.value;
    let mut steps = setup.steps.clone();
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    let mut needs = setup.needs.clone();
    for Entry { shelf, name, case, .. } in &entries {
        let above = format!("../../{shelf}/{name}");
        steps.extend(case.steps.iter().map(|step| moved(step, &above, None)));
        steps.push(diagnosis(name, Some(name), case, setup.title.referenced));
        clients.insert(name.clone(), case.client.clone().or_else(|| setup.client.clone()).unwrap_or_default());
        needs = both(&needs, &case.needs);
    }
    let scenario = Scenario {
        name: name.to_owned(),
        title: setup.title.value.clone(),
        why: "The cases share one Kafka cluster, which takes longer to start than all of them".to_owned(),
        links: Vec::new(),
        tags: Vec::new(),
        needs,
        kafka: setup.kafka.clone(),
        clients,
        within: WITHIN,
        steps,
        sabotage: Vec::new(),
    };
    Group { path: file.path.clone(), file: "setup.yaml", scenario, entries }
}

/// The step that diagnoses, with the case's name. No file has it, so it is shown at the title.
fn diagnosis(name: &str, client: Option<&str>, case: &Case, place: Location) -> Spanned<StepItem> {
    let step = Diagnose {
        client: client.map(ToOwned::to_owned),
        first: case.cause,
        also: case.also.clone(),
        within: case.within,
    };
    let item = StepItem { id: Some(name.to_owned()), step: Step::Diagnose(step) };
    Spanned::new(item, place, place)
}

/// The step with the path of its manifest from another folder, and perhaps at another place.
fn moved(step: &Spanned<StepItem>, above: &str, place: Option<Location>) -> Spanned<StepItem> {
    let mut step = step.clone();
    if let Step::Apply(Apply(file)) = &mut step.value.step {
        *file = format!("{above}/{file}");
    }
    if let Some(place) = place {
        step.referenced = place;
    }
    step
}

fn both(one: &Needs, other: &Needs) -> Needs {
    let joined = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().chain(other.iter().filter(|name| !one.contains(name))).cloned().collect()
    };
    Needs {
        features: joined(&one.features, &other.features),
        labs: if other.labs.is_empty() { one.labs.clone() } else { other.labs.clone() },
        gateways: if other.gateways.is_empty() { one.gateways.clone() } else { other.gateways.clone() },
        kafka: other.kafka.or(one.kafka),
        kinds: joined(&one.kinds, &other.kinds),
        network_policies: one.network_policies || other.network_policies,
        node_network: one.node_network || other.node_network,
        versions: one.versions.clone().into_iter().chain(other.versions.clone()).collect(),
        skip: other.skip.clone().or_else(|| one.skip.clone()),
    }
}
