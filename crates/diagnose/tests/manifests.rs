//! Checks the sets of manifests in `manifests/NAME/`. A comment `# <- KGL006 route-not-accepted` at the end of a line is a
//! finding that is expected there, and nothing else may be found. `# not checked: TEXT` expects a remark with this text.

use camino::Utf8PathBuf;
use diagnose::manifest::{Inputs, Report, check};
use std::collections::BTreeSet;

/// A file, a line and a code.
type Place = (String, usize, String);

fn folder() -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/manifests")
}

fn sets() -> Vec<Utf8PathBuf> {
    let entries = folder().read_dir_utf8().expect("the sets are a folder");
    let mut sets: Vec<_> = entries.map(|entry| entry.expect("an entry").into_path()).collect();
    sets.sort();
    sets
}

fn found(report: &Report) -> BTreeSet<Place> {
    let place = |finding: &diagnose::manifest::Finding| {
        let line = finding.problem.position().expect("a finding has a place").0;
        (finding.problem.file().to_owned(), line, finding.problem.code.to_string())
    };
    report.findings.iter().map(place).collect()
}

/// What the comments of the files of a set say.
fn expected(set: &Utf8PathBuf) -> (BTreeSet<Place>, Vec<String>) {
    let (mut places, mut remarks) = (BTreeSet::new(), Vec::new());
    for entry in set.read_dir_utf8().expect("a folder") {
        let path = entry.expect("an entry").into_path();
        let text = std::fs::read_to_string(&path).expect("readable");
        for (index, line) in text.lines().enumerate() {
            let codes = line.split_once("# <- ").into_iter().flat_map(|(_, codes)| codes.split(", "));
            places.extend(codes.map(|code| (path.to_string(), index + 1, code.to_owned())));
            remarks.extend(line.strip_prefix("# not checked: ").map(ToOwned::to_owned));
        }
    }
    (places, remarks)
}

#[test]
fn each_set_has_the_findings_that_its_comments_say() {
    let (mut wrong, mut faults) = (Vec::new(), 0);
    for set in sets() {
        let name = set.file_name().expect("a name");
        let report = check(Inputs::read(std::slice::from_ref(&set)), None, &[]);
        assert!(report.problems.is_empty(), "{}", report.text(100, false));
        let (places, remarks) = expected(&set);
        assert_eq!(places.is_empty() && remarks.is_empty(), name.starts_with("healthy-"), "the name of {name}");
        faults += places.len();
        if found(&report) != places {
            wrong.push(format!("{name}: expected {places:#?}\n{}", report.text(100, false)));
        }
        for remark in remarks {
            let said = report.not_checked.iter().any(|gap| gap.contains(&remark));
            assert!(said, "{name}: {remark}: {:?}", report.not_checked);
        }
    }
    assert!(faults >= 40, "only {faults} findings are expected in all sets");
    assert!(wrong.is_empty(), "{} sets are not as expected:\n{}", wrong.len(), wrong.join("\n"));
}

/// A message names the user's own objects, and the page that it refers to exists.
#[test]
fn each_finding_says_what_to_do() {
    for set in sets() {
        let report = check(Inputs::read(std::slice::from_ref(&set)), None, &[]);
        for finding in &report.findings {
            let message = finding.problem.message();
            assert!(message.contains("kafka/") || message.contains("apps/"), "{set}: {message}");
            assert!(!finding.repair.is_empty() && !message.contains('\n'), "{set}: {message}");
            let page = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(finding.cause.page());
            assert!(page.is_file(), "{page}");
        }
    }
}
