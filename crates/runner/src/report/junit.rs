//! Writes `junit.xml` for CI systems.

use super::Error;
use model::{Cause, Report, ScenarioResult, Verdict};
use quick_junit::{NonSuccessKind, Property, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The text of `junit.xml`. A failed cleanup is a separate test case with an error, so that nobody overlooks it.
///
/// # Errors
/// If quick-junit cannot serialize it.
pub fn text(report: &Report) -> Result<String, Error> {
    let mut junit = Junit::new("kafka-gateway-lab");
    junit.set_time(seconds(report.seconds));
    let (sabotage, plain): (Vec<_>, Vec<_>) = report.scenarios.iter().partition(|result| result.sabotage.is_some());
    let mut suites = vec![suite(report, "scenarios", &plain)];
    if !sabotage.is_empty() {
        suites.push(suite(report, "sabotage", &sabotage));
    }
    junit.add_test_suites(suites);
    Ok(junit.to_string()?)
}

fn suite(report: &Report, name: &str, results: &[&ScenarioResult]) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(seconds(report.seconds));
    suite.add_property(Property::new("run", &report.run));
    suite.add_property(Property::new("started", &report.started));
    suite.add_property(Property::new("lab", report.lab.kind.word()));
    suite.add_property(Property::new("gateway", &report.lab.gateway));
    suite.add_property(Property::new("kafka", report.lab.kafka.to_string()));
    for (part, version) in &report.lab.versions {
        suite.add_property(Property::new(format!("version.{part}"), version));
    }
    if let Some(seed) = report.seed {
        suite.add_property(Property::new("seed", seed.to_string()));
    }
    for result in results {
        suite.add_test_case(case(result));
        if let Some(problem) = &result.cleanup_failed {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(problem.as_str()).set_type("cleanup-failed");
            let mut cleanup = TestCase::new(format!("{}: cleanup", result.id()), status);
            cleanup.set_classname(&result.name);
            suite.add_test_case(cleanup);
        }
    }
    if let Some(why) = &report.interrupted {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(why.as_str()).set_type("interrupted");
        suite.add_test_case(TestCase::new("the run", status));
    }
    suite
}

fn case(result: &ScenarioResult) -> TestCase {
    let mut case = TestCase::new(result.id(), status(result));
    case.set_classname(&result.name).set_time(seconds(result.seconds));
    case.add_property(Property::new("verdict", result.word()));
    if result.flaky {
        case.add_property(Property::new("flaky", "true"));
    }
    if result.attempts.len() > 1 {
        case.add_property(Property::new("attempts", result.attempts.len().to_string()));
    }
    if let Some(folder) = result.diagnostics() {
        case.add_property(Property::new("diagnostics", folder.as_str()));
    }
    if let Verdict::ExpectedFailure { link, failure } = &result.verdict {
        case.add_property(Property::new("expected-failure", format!("{}: {link}", failure.cause)));
    }
    for link in &result.links {
        case.add_property(Property::new("link", link));
    }
    case
}

fn status(result: &ScenarioResult) -> TestCaseStatus {
    let mut status = match &result.verdict {
        Verdict::Skipped { .. } | Verdict::Unsupported { .. } => TestCaseStatus::skipped(),
        verdict if verdict.is_bad() || result.flaky => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::success(),
    };
    let flaky = if result.flaky { "flaky: " } else { "" };
    match &result.verdict {
        Verdict::Passed => {}
        Verdict::Skipped { reason } => {
            status.set_message(reason.as_str());
        }
        Verdict::Unsupported { feature } => {
            status.set_message(format!("unsupported: the gateway does not claim {feature}"));
        }
        Verdict::Failed(failure) => {
            status
                .set_message(format!("{flaky}{}: {}", failure.cause, failure.seen))
                .set_type(failure.cause.to_string());
        }
        // Shown as passed. The properties of the case contain the rest.
        Verdict::ExpectedFailure { .. } => {}
        Verdict::UnexpectedPass { link, expected, .. } => {
            status
                .set_message(format!(
                    "expected a failure{} ({link}), but the scenario passed; remove the deviation from the gateway's fixture",
                    cause(*expected)
                ))
                .set_type("unexpected-pass");
        }
    }
    if let Some(failure) = result.verdict.failure().filter(|_| result.is_bad()) {
        let step = failure.step.as_ref().map(|step| format!("step: {} at {}:{}", step.label, step.file, step.line));
        let seen = [format!("wanted: {}", failure.wanted), format!("seen: {}", failure.seen)];
        let evidence = failure.evidence.iter().map(|evidence| format!("evidence: {evidence}"));
        let page = format!("page: {} {}", failure.cause.number(), failure.cause.page());
        let text = step.into_iter().chain(seen).chain(evidence).chain([page]).collect::<Vec<_>>().join("\n");
        status.set_description(text);
    }
    status
}

fn cause(expected: Option<Cause>) -> String {
    expected.map_or_else(String::new, |cause| format!(" for {cause}"))
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cause;
    use model::sample::{failure, report, result};

    fn xml(results: Vec<ScenarioResult>) -> String {
        text(&report(results)).expect("it serializes")
    }

    #[test]
    fn a_failure_has_its_message_place_and_cause() {
        let xml = xml(vec![result("red", Verdict::Failed(failure()))]);
        assert!(xml.contains(r#"tests="1" skipped="0" failures="1" errors="0""#), "{xml}");
        assert!(xml.contains(r#"type="route-missing""#), "{xml}");
        assert!(xml.contains("page: KGL005 docs/causes/route-missing.md"), "{xml}");
        assert!(xml.contains("produce-and-consume at scenarios/native-tlsroute/scenario.yaml:17"), "{xml}");
        assert!(xml.contains(r#"<property name="diagnostics" value="/reports/run/red"/>"#), "{xml}");
        assert!(xml.contains(r#"<property name="gateway" value="traefik"/>"#), "{xml}");
    }

    #[test]
    fn a_skipped_scenario_has_a_reason() {
        let unsupported = result("u", Verdict::Unsupported { feature: "TCPRoute".into() });
        let xml = xml(vec![result("s", Verdict::Skipped { reason: "needs kind".into() }), unsupported]);
        assert!(xml.contains(r#"<skipped message="needs kind"/>"#), "{xml}");
        assert!(xml.contains("the gateway does not claim TCPRoute"), "{xml}");
    }

    #[test]
    fn a_failed_cleanup_is_a_separate_error() {
        let mut unclean = result("unclean", Verdict::Passed);
        unclean.cleanup_failed = Some("TLSRoute x/y is still there".into());
        let xml = xml(vec![unclean]);
        assert!(xml.contains(r#"tests="2" skipped="0" failures="0" errors="1""#), "{xml}");
        assert!(xml.contains(r#"name="unclean: cleanup""#), "{xml}");
        assert!(xml.contains("TLSRoute x/y is still there"), "{xml}");
    }

    #[test]
    fn deviations_pass_with_their_link_and_fail_when_gone() {
        let known =
            result("known", Verdict::ExpectedFailure { link: "https://example.test/1".into(), failure: failure() });
        let gone = Verdict::UnexpectedPass { link: "https://example.test/2".into(), expected: Some(Cause::NoSni) };
        let xml = xml(vec![known, result("gone", gone)]);
        assert!(xml.contains(r#"tests="2" skipped="0" failures="1""#), "{xml}");
        assert!(xml.contains("https://example.test/1") && xml.contains("https://example.test/2"), "{xml}");
    }

    #[test]
    fn flaky_is_a_failure() {
        let mut flaky = result("flaky", Verdict::Failed(failure()));
        flaky.flaky = true;
        let xml = xml(vec![flaky]);
        assert!(xml.contains(r#"message="flaky: route-missing"#), "{xml}");
    }
}
