//! The results of one column in the form of the Gateway API's ConformanceReport (v1), with profiles of our own.

use super::column::Column;
use super::grid::Grid;
use model::{LabFacts, Report};
use serde::Serialize;

/// What a reader of the file must know before the first line of data.
const HEAD: &str = "\
# Made by `cargo xtask matrix`, in the form of the Gateway API's ConformanceReport. It is NOT a report of the Gateway API's
# conformance suite: the profiles and tests are those of the Kafka Gateway Lab, and each test is a folder under `scenarios/`.
# A known deviation counts as failed. The mode names the lab. What the lab does not know (organization, url, contact) is left out.
";

/// A profile of ours.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Profile {
    /// Passthrough by TLSRoute.
    TlsRoute,
    /// The gateway ends TLS.
    Terminate,
    TcpRoute,
}

impl Profile {
    const ALL: [Self; 3] = [Self::TlsRoute, Self::Terminate, Self::TcpRoute];

    /// The profile of a scenario that needs these features of the Gateway API. `None` if it is not about routes.
    pub fn of(features: &[String]) -> Option<Self> {
        let needs = |feature: &str| features.iter().any(|one| one == feature);
        if needs("TCPRoute") {
            Some(Self::TcpRoute)
        } else if needs("TLSRouteModeTerminate") || needs("TLSRouteModeMixed") {
            Some(Self::Terminate)
        } else if needs("TLSRoute") {
            Some(Self::TlsRoute)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::TlsRoute => "KAFKA-TLSROUTE",
            Self::Terminate => "KAFKA-TLSROUTE-TERMINATE",
            Self::TcpRoute => "KAFKA-TCPROUTE",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConformanceReport {
    api_version: &'static str,
    kind: &'static str,
    date: String,
    #[serde(rename = "gatewayAPIVersion", skip_serializing_if = "Option::is_none")]
    gateway_api_version: Option<String>,
    #[serde(rename = "gatewayAPIChannel", skip_serializing_if = "Option::is_none")]
    gateway_api_channel: Option<String>,
    implementation: Implementation,
    mode: String,
    profiles: Vec<ProfileReport>,
}

#[derive(Clone, Debug, Serialize)]
struct Implementation {
    project: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ProfileReport {
    name: &'static str,
    core: Status,
    summary: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    result: &'static str,
    statistics: Statistics,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_tests: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped_tests: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    failed: usize,
    passed: usize,
    skipped: usize,
}

impl ConformanceReport {
    /// A report for each column that ran, with the name of its file. `profile` says to which profile a scenario belongs.
    pub fn all(grid: &Grid, reports: &[Report], profile: impl Fn(&str) -> Option<Profile>) -> Vec<(String, Self)> {
        let columns = grid.columns.iter().enumerate().filter(|(_, column)| column.absent.is_none());
        let report = |(index, column): (usize, &Column)| {
            let newest = column.runs.iter().max_by_key(|run| run.started.clone())?;
            let lab = &reports.iter().find(|report| report.run == newest.run)?.lab;
            let profiles = Profile::ALL.into_iter().filter_map(|one| profile_report(grid, index, one, &profile));
            let report = Self {
                api_version: "gateway.networking.k8s.io/v1",
                kind: "ConformanceReport",
                date: newest.started.clone(),
                gateway_api_version: gateway_api(lab).map(|version| format!("v{version}")),
                gateway_api_channel: channel(lab),
                implementation: Implementation {
                    project: column.gateway.clone(),
                    version: Some(column.version.clone()).filter(|version| !version.is_empty()),
                },
                mode: format!("{}-{}", column.lab, column.kafka.replace(' ', "-")),
                profiles: profiles.collect(),
            };
            Some((column.slug(), report))
        };
        columns.filter_map(report).collect()
    }

    /// The file, with a comment that says what it is not.
    ///
    /// # Errors
    /// If a value cannot be written as YAML.
    pub fn yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        Ok(format!("{HEAD}{}", serde_saphyr::to_string(self)?))
    }
}

/// `None` if the column has no scenario of the profile, or the gateway claims none of what they need.
fn profile_report(
    grid: &Grid,
    index: usize,
    wanted: Profile,
    profile: impl Fn(&str) -> Option<Profile>,
) -> Option<ProfileReport> {
    let rows = grid.rows.iter().filter(|row| profile(&row.scenario) == Some(wanted));
    let named = |states: &[&str]| -> Vec<String> {
        let fits = rows.clone().filter(|row| states.contains(&row.cells[index].state));
        fits.map(|row| row.scenario.clone()).collect()
    };
    let failed_tests = named(&["failed", "flaky", "expected"]);
    let skipped_tests = named(&["skipped"]);
    let passed = named(&["passed", "unexpected"]).len();
    if passed + failed_tests.len() == 0 {
        return None;
    }
    let (failed, skipped) = (failed_tests.len(), skipped_tests.len());
    let (result, summary) = match (failed, skipped) {
        (0, 0) => ("success", "All scenarios passed.".to_owned()),
        (0, _) => ("partial", format!("{passed} scenarios passed, {skipped} did not run.")),
        _ => ("failure", format!("{failed} of {} scenarios failed, {skipped} did not run.", passed + failed)),
    };
    let core = Status { result, statistics: Statistics { failed, passed, skipped }, failed_tests, skipped_tests };
    Some(ProfileReport { name: wanted.name(), core, summary })
}

fn gateway_api(lab: &LabFacts) -> Option<&str> {
    let installed = lab.versions.get("gateway-api").and_then(|text| text.split(' ').next());
    installed.map(|version| version.trim_start_matches('v')).or_else(|| lab.version("gateway-api-crds"))
}

/// What the cluster says, or that of the lab's own bundle.
fn channel(lab: &LabFacts) -> Option<String> {
    match lab.versions.get("gateway-api") {
        Some(installed) => installed.split(' ').nth(1).map(ToOwned::to_owned),
        None => lab.version("gateway-api-crds").map(|_| "experimental".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::grid::tests::{on, skipped};
    use model::Verdict;
    use model::sample::{failure, result};

    #[test]
    fn a_known_deviation_counts_as_failed_and_a_skipped_combination_has_no_report() {
        let known = Verdict::ExpectedFailure { link: "l".into(), failure: failure() };
        let mut run = on(
            "3.7.15",
            vec![
                result("exact", known),
                result("plain", Verdict::Passed),
                result("tcp", Verdict::Passed),
                result("later", Verdict::Skipped { reason: "r".into() }),
                result("ended", Verdict::Unsupported { feature: "TLSRouteModeTerminate".into() }),
                result("other", Verdict::Passed),
            ],
        );
        run.lab.versions.insert("gateway-api-crds".into(), "1.7.0, cache".into());
        let profile = |scenario: &str| match scenario {
            "exact" | "plain" | "later" => Some(Profile::TlsRoute),
            "tcp" => Some(Profile::TcpRoute),
            "ended" => Some(Profile::Terminate),
            _ => None,
        };
        let reports = [run];
        let grid = Grid::of(&reports, &[skipped()]);
        let written = ConformanceReport::all(&grid, &reports, profile);
        let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["traefik-3.7.15-local-stand-in"]);
        let yaml = written[0].1.yaml().expect("it serializes");
        let data: serde_json::Value = serde_saphyr::from_str(&yaml).expect("it reads back");
        assert_eq!(data["apiVersion"], "gateway.networking.k8s.io/v1");
        assert_eq!(data["kind"], "ConformanceReport");
        assert_eq!(data["date"], "2026-11-23T02:45:00Z", "a text, as upstream's");
        assert_eq!(
            (&data["gatewayAPIVersion"], &data["gatewayAPIChannel"]),
            (&"v1.7.0".into(), &"experimental".into())
        );
        assert_eq!(data["implementation"], serde_json::json!({"project": "traefik", "version": "3.7.15"}));
        let profiles = serde_json::json!([
            {"name": "KAFKA-TLSROUTE", "core": {
                "result": "failure", "statistics": {"Failed": 1, "Passed": 1, "Skipped": 1},
                "failedTests": ["exact"], "skippedTests": ["later"]},
             "summary": "1 of 2 scenarios failed, 1 did not run."},
            {"name": "KAFKA-TCPROUTE", "core": {
                "result": "success", "statistics": {"Failed": 0, "Passed": 1, "Skipped": 0}},
             "summary": "All scenarios passed."}]);
        assert_eq!(data["profiles"], profiles);
        assert!(yaml.starts_with("# Made by") && yaml.contains("NOT a report"), "{yaml}");
    }

    #[test]
    fn a_profile_follows_from_the_features() {
        let of = |features: &[&str]| Profile::of(&features.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["TLSRoute", "ReferenceGrant"]), Some(Profile::TlsRoute));
        assert_eq!(of(&["TLSRoute", "TLSRouteModeTerminate"]), Some(Profile::Terminate));
        assert_eq!(of(&["TLSRoute", "TCPRoute"]), Some(Profile::TcpRoute));
        assert_eq!(of(&["ReferenceGrant"]), None);
    }
}
