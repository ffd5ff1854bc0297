//! A diagnosis as JUnit: a test case for each path, and one for each cause.

use super::diagnosis::{Diagnosis, Finding};
use model::Severity;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The report. A finding below `fails` is a skipped case, so that CI shows it without failing.
///
/// # Errors
/// If the report cannot be serialized.
pub fn junit(diagnosis: &Diagnosis, fails: Severity) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new(format!("diagnose {}", diagnosis.bootstrap));
    suite.set_time(Duration::try_from_secs_f64(diagnosis.seconds).unwrap_or_default());
    for finding in &diagnosis.findings {
        suite.add_test_case(case(finding, fails));
    }
    for path in &diagnosis.paths {
        let who = path.broker.map_or_else(|| "bootstrap".to_owned(), |id| format!("broker {id}"));
        let title = format!("{who} ({}:", path.address);
        let title = title.trim_end_matches(':');
        let concerned = |finding: &Finding| finding.addresses.iter().any(|address| address.starts_with(title));
        if !diagnosis.findings.iter().any(concerned) {
            let mut case = TestCase::new(format!("{title})"), TestCaseStatus::success());
            case.set_classname("path");
            suite.add_test_case(case);
        }
    }
    let mut report = Report::new("diagnose");
    report.add_test_suite(suite);
    report.to_string()
}

fn case(finding: &Finding, fails: Severity) -> TestCase {
    let mut status = if finding.severity >= fails {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    status.set_message(format!("{}: {}", finding.number, finding.evidence.seen)).set_type(finding.cause.to_string());
    let repair = finding.repair.command.iter().fold(finding.repair.text.clone(), |text, one| format!("{text}\n{one}"));
    let facts = finding.evidence.facts.iter().map(|fact| format!("evidence: {fact}"));
    let lines = [format!("wanted: {}", finding.evidence.wanted), format!("seen: {}", finding.evidence.seen)];
    let rest = [format!("repair: {repair}"), format!("page: {}", finding.page)];
    let text = lines.into_iter().chain(facts).chain(rest).collect::<Vec<_>>().join("\n");
    status.set_description(text);
    let mut case = TestCase::new(format!("{} {}", finding.cause, finding.addresses.join(", ")), status);
    case.set_classname(finding.number.as_str());
    case
}
