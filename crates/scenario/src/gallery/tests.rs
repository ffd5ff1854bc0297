use super::*;
use camino::{Utf8Path, Utf8PathBuf};
use model::{Cause, paths};
use std::fs;

fn root() -> Utf8PathBuf {
    paths::fixtures().join("gallery")
}

fn problems(gallery: &Gallery) -> Vec<String> {
    let line = |problem: &crate::Problem| {
        let place = problem.position().map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        format!("{}{place}: {problem}", problem.file())
    };
    gallery.problems.iter().map(line).collect()
}

/// Reads a gallery of one fault and the set-up `open`, without links to other files.
fn with_fault(fault: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for (path, text) in [
        ("setups/open/setup.yaml", "title: t\nkafka: {cluster: shared, listener: external}\nsteps: []\n"),
        ("faults/f/fault.yaml", fault),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, text).expect("written");
    }
    problems(&read(root))
}

#[test]
fn every_case_of_the_repository_can_be_read() {
    let gallery = read(&root());
    assert_eq!(problems(&gallery), [""; 0]);
    let count = |shelf| gallery.entries().iter().filter(|entry| entry.shelf == shelf).count();
    let counts = Shelf::ALL.map(count);
    assert!(counts[0] >= 45 && counts[1] >= 30 && counts[2] >= 20, "{counts:?}");
}

#[test]
fn each_cause_that_a_diagnosis_can_name_is_shown_or_has_a_reason() {
    let gallery = read(&root());
    let faults = gallery.entries().into_iter().filter(|entry| entry.shelf == Shelf::Faults);
    let shown: Vec<Cause> = faults.filter_map(|entry| entry.case.cause).collect();
    let reasons = reasons(&root()).expect("the reasons can be read");
    assert_eq!(missing(&shown, &reasons), []);
    let needless: Vec<_> = reasons.iter().map(|one| one.cause).filter(|cause| shown.contains(cause)).collect();
    assert_eq!(needless, [], "a cause that is shown needs no reason");
    assert!(missing(&shown[..0], &[]).contains(&Cause::RouteMissing), "the test can fail");
}

#[test]
fn what_shows_a_reported_problem_exists_and_has_its_cause() {
    let gallery = read(&root());
    let problems = reported(&root()).expect("the problems can be read");
    let scenarios = crate::load::names(&paths::scenarios());
    let found: Vec<_> = problems
        .iter()
        .flat_map(|one| {
            wrong(one, &gallery.entries(), &scenarios).into_iter().map(|text| format!("{}: {text}", one.problem))
        })
        .collect();
    assert_eq!(found, [""; 0]);
    let mut other = problems[0].clone();
    other.cause = Some(Cause::RouteMissing);
    other.scenarios = vec!["nowhere".to_owned()];
    assert_eq!(wrong(&other, &gallery.entries(), &scenarios).len(), other.cases.len() + 1, "the test can fail");
}

#[test]
fn the_page_of_the_problems_is_that_of_the_data() {
    let path = paths::repo().join("docs/problems.md");
    let text = page(&reported(&root()).expect("the problems can be read"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).expect("docs/problems.md can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/problems.md has drifted: run UPDATE_DOCS=1 cargo test -p scenario --lib");
}

#[test]
fn the_page_has_each_case_and_no_other() {
    let page = fs::read_to_string(paths::repo().join("docs/gallery.md")).expect("docs/gallery.md is readable");
    let gallery = read(&root());
    let entries = gallery.entries();
    let names: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    for entry in &entries {
        assert!(names.contains(&entry.name.as_str()), "{} is missing: {AGAIN}", entry.name);
    }
    let known = |name: &&str| entries.iter().any(|entry| entry.name == **name);
    let heads = ["case", "cause"];
    let rest = names.iter().filter(|name| !known(name) && !heads.contains(name) && !name.starts_with("[`"));
    assert_eq!(rest.count(), 0, "the page has cases that are gone: {AGAIN}");
}

const AGAIN: &str = "write docs/gallery.md again with a run of UPDATE_DOCS=1 cargo test --test gallery";

#[test]
fn a_wrong_file_is_an_error_with_its_place() {
    let good = "title: t\nsetup: open\ncause: unreachable\n";
    assert_eq!(with_fault(good), [""; 0]);
    for (text, place, words) in [
        ("title: t\nsetup: opem\ncause: unreachable\n", ":2:8", "there is no set-up `opem`"),
        ("title: t\nsetup: open\ncause: unreachabel\n", ":3:8", "unreachabel"),
        ("title: t\nsetup: open\n", ":1:8", "the case has no cause"),
        ("title: t\nsetup: open\ncause: content\n", ":3:8", "`diagnose` never names `content`"),
        ("title: t\ncause: unreachable\n", ":1:8", "the case has no cluster"),
        ("title: t\nsetup: open\ncause: unreachable\nalso: [unreachable]\n", ":4:8", "`unreachable` is named twice"),
        ("title: t\nsetup: open\ncause: unreachable\nlinks: [strimzi#1]\n", ":4:9", "`strimzi#1` is not a link"),
        ("title: t\nsetup: open\ncause: unreachable\nsteps: [{apply: a.yaml}]\n", ":4:17", "the folder has no a.yaml"),
        ("title: t\nsetup: open\ncause: unreachable\nstep: []\n", ":4:1", "step"),
    ] {
        let found = with_fault(text);
        let expected = format!("fixtures/gallery/faults/f/fault.yaml{place}: ");
        let fits = |line: &String| line.starts_with(&expected) && line.contains(words);
        assert!(found.iter().any(fits), "{expected}{words}: {found:#?}");
    }
}

#[test]
fn cases_with_a_cluster_of_their_own_share_one_scenario() {
    let gallery = read(&root());
    let shared = gallery.groups.iter().find(|group| group.scenario.name == "listeners").expect("the set-up is used");
    assert!(shared.entries.len() > 5);
    let steps: Vec<_> = (0..shared.scenario.steps.len()).map(|index| shared.scenario.step_name(index)).collect();
    for entry in &shared.entries {
        assert!(steps.contains(&entry.name), "{} has a step of its name: {steps:?}", entry.name);
    }
    let alone = gallery.groups.iter().find(|group| group.scenario.name == "broker-route-deleted").expect("a case");
    assert_eq!(alone.entries.len(), 1);
    let files: Vec<_> = alone.scenario.steps.iter().filter_map(|step| step.value.definition().file()).collect();
    assert!(files.contains(&("", "../../setups/passthrough/routes.yaml")), "{files:?}");
}
