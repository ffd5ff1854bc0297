//! What the tests printed. Go's test runner ends each test with a line such as
//! `    --- PASS: TestConformance/TLSRouteSimpleSameNamespace (3.27s)`.

use serde::Serialize;
use std::fmt;

/// One test of the suite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The test's short name.
    pub name: String,
    pub verdict: TestVerdict,
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestVerdict {
    Passed,
    Failed,
    /// The implementation does not claim a feature that the test needs.
    Skipped,
}

impl fmt::Display for TestVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// The tests in the order in which they ended. Their own subtests are left out: a test fails with the first of them.
pub fn read(printed: &str) -> Vec<Outcome> {
    printed.lines().filter_map(outcome).collect()
}

fn outcome(line: &str) -> Option<Outcome> {
    let (verdict, rest) = line.trim_start().strip_prefix("--- ")?.split_once(": ")?;
    let verdict = match verdict {
        "PASS" => TestVerdict::Passed,
        "FAIL" => TestVerdict::Failed,
        "SKIP" => TestVerdict::Skipped,
        _ => return None,
    };
    let (path, took) = rest.split_once(" (")?;
    let (_, name) = path.split_once('/')?;
    let seconds = took.strip_suffix("s)")?.parse().ok()?;
    (!name.contains('/')).then(|| Outcome { name: name.to_owned(), verdict, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
=== RUN   TestConformance
    conformance.go:110: Running conformance tests with:
=== RUN   TestConformance/TLSRouteSimpleSameNamespace
=== RUN   TestConformance/TLSRouteSimpleSameNamespace/Simple_request
--- FAIL: TestConformance (120.50s)
    --- PASS: TestConformance/TLSRouteSimpleSameNamespace (3.27s)
        --- PASS: TestConformance/TLSRouteSimpleSameNamespace/Simple_request (1.00s)
    --- SKIP: TestConformance/HTTPRouteWeight (0.00s)
    --- FAIL: TestConformance/TCPRouteReferenceGrant (60.01s)
FAIL
";

    #[test]
    fn each_test_counts_once_and_its_parts_do_not() {
        let outcome = |name: &str, verdict, seconds| Outcome { name: name.to_owned(), verdict, seconds };
        assert_eq!(
            read(PRINTED),
            [
                outcome("TLSRouteSimpleSameNamespace", TestVerdict::Passed, 3.27),
                outcome("HTTPRouteWeight", TestVerdict::Skipped, 0.0),
                outcome("TCPRouteReferenceGrant", TestVerdict::Failed, 60.01),
            ]
        );
    }

    #[test]
    fn other_text_is_no_verdict() {
        for line in ["", "--- ", "--- PASS: TestConformance (1.0s)", "--- PASS: T/x (soon)", "--- MAYBE: T/x (1.0s)"] {
            assert_eq!(outcome(line), None, "{line}");
        }
    }
}
