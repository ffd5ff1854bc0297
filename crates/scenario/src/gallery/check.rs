//! The rules on single files of the gallery.

use super::case::{Case, Setup, Shelf};
use super::read::File;
use crate::Step;
use crate::problem::Problem;
use model::Cause;

pub(super) fn case(shelf: Shelf, file: &File<Case>, problems: &mut Vec<Problem>) {
    let case = &file.value;
    let mut error = |pointer: &str, message: String, label: &str, help: &str| {
        let problem = Problem::error("gallery::case", &file.source, message);
        problems.push(problem.at(file.tree.place(pointer), label).help(help));
    };
    match (shelf, case.cause) {
        (Shelf::Healthy, Some(_)) => {
            error(
                "/cause",
                "a healthy set-up has a cause".into(),
                "not here",
                "remove it, or move the folder to `faults`",
            );
        }
        (Shelf::Faults | Shelf::Pairs, None) => {
            let help = "write `cause:` with the cause that must be named first";
            error("/title", "the case has no cause".into(), "needs `cause`", help);
        }
        _ => {}
    }
    match (shelf, case.also.as_slice()) {
        (Shelf::Pairs, []) => {
            let help = "write `also:` with the second cause";
            error("/cause", "a pair has one cause only".into(), "needs a second one", help);
        }
        (Shelf::Healthy, [_, ..]) => {
            error("/also", "a healthy set-up has a cause".into(), "not here", "remove it");
        }
        _ => {}
    }
    for (index, cause) in case.also.iter().enumerate() {
        if Some(*cause) == case.cause || case.also[..index].contains(cause) {
            let message = format!("`{cause}` is named twice");
            error(&format!("/also/{index}"), message, "twice", "one finding has all the addresses of its cause");
        }
    }
    for cause in case.cause.iter().chain(&case.also).filter(|cause| !named_by_diagnose(**cause)) {
        let message = format!("`diagnose` never names `{cause}`");
        error("/cause", message, "a cause of scenarios alone", "write what the diagnosis must say");
    }
    for (index, link) in case.links.iter().enumerate().filter(|(_, link)| !link.starts_with("https://")) {
        let message = format!("`{link}` is not a link");
        error(&format!("/links/{index}"), message, "not a link", "write the public address, with https://");
    }
    match (&case.setup, &case.kafka) {
        (Some(_), Some(_)) => {
            error("/kafka", "the set-up names the cluster already".into(), "one too many", "remove `kafka` or `setup`");
        }
        (None, None) => {
            let help = "write `setup:` with a folder below `setups`, or `kafka:` as in a scenario";
            error("/title", "the case has no cluster".into(), "needs `setup` or `kafka`", help);
        }
        _ => {}
    }
    manifests(file, case.steps.iter().map(|step| &step.value.step), problems);
}

pub(super) fn setup(file: &File<Setup>, problems: &mut Vec<Problem>) {
    manifests(file, file.value.steps.iter().map(|step| &step.value.step), problems);
}

/// Every manifest that a step names exists, and a step names every manifest.
fn manifests<'a, T>(file: &File<T>, steps: impl Iterator<Item = &'a Step>, problems: &mut Vec<Problem>) {
    let mut used = Vec::new();
    for (index, step) in steps.enumerate() {
        let Some((key, manifest)) = step.definition().file() else { continue };
        used.push(manifest.to_owned());
        if !file.manifests.iter().any(|one| one == manifest) {
            let key = if key.is_empty() { String::new() } else { format!("/{key}") };
            let place = file.tree.place(&format!("/steps/{index}/{}{key}", step.keyword()));
            let problem = Problem::error("gallery::no-file", &file.source, format!("the folder has no {manifest}"));
            problems.push(problem.at(place, "no such file").help("add the file, or correct its name"));
        }
    }
    for manifest in file.manifests.iter().filter(|manifest| !used.contains(manifest)) {
        let problem = Problem::error("gallery::unused", &file.source, format!("no step applies {manifest}"));
        problems.push(problem.help("remove the file, or apply it"));
    }
}

/// Whether a walk can end with the cause. The others are those of a scenario's steps and of clients' requests.
pub(super) fn named_by_diagnose(cause: Cause) -> bool {
    use Cause::{
        Authorization, ConditionUnmet, Content, LabComponentDead, ManifestRefused, NotRefused, Unknown, UnknownTopic,
    };
    let of_steps = [NotRefused, Content, ManifestRefused, ConditionUnmet, LabComponentDead];
    // A walk asks for the metadata of all topics, which needs no right on any of them.
    !of_steps.contains(&cause) && ![Authorization, UnknownTopic, Unknown].contains(&cause)
}
