//! What `docs/findings` says of implementations, compared with the deviations of their folders and with what runs show.

use camino::{Utf8Path, Utf8PathBuf};
use model::{FileError, paths};
use report_views::Grid;
use std::fs;

/// What introduces the scenarios that fail because of a finding.
const SHOWN_BY: [&str; 2] = ["Scenario: ", "Scenarios: "];
/// What introduces scenarios near a finding that pass nevertheless.
const PASS: [&str; 2] = ["Scenario that passes: ", "Scenarios that pass: "];

/// A page of `docs/findings`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Its path from the root of the repository.
    pub path: Utf8PathBuf,
    /// The implementation that its name begins with, a folder under `fixtures/gateways`. `None` if it is about several.
    pub gateway: Option<String>,
    /// The scenarios that fail because of it.
    pub shown_by: Vec<String>,
    /// Scenarios that it names as passing.
    pub pass: Vec<String>,
}

impl Finding {
    /// Every finding of the checkout, by name.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn all(gateways: &[String]) -> Result<Vec<Self>, FileError> {
        let folder = paths::repo().join("docs/findings");
        let entries = folder.read_dir_utf8().map_err(FileError::of("read", &folder))?;
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
        files.retain(|name| Utf8Path::new(name).extension() == Some("md"));
        files.sort();
        let read = |name: String| {
            let path = folder.join(&name);
            let text = fs::read_to_string(&path).map_err(FileError::of("read", path))?;
            Ok(Self::parse(&Utf8Path::new("docs/findings").join(name), &text, gateways))
        };
        files.into_iter().map(read).collect()
    }

    fn parse(path: &Utf8Path, text: &str, gateways: &[String]) -> Self {
        let name = path.file_stem().unwrap_or_default();
        let begins = |gateway: &&String| name.strip_prefix(gateway.as_str()).is_some_and(|rest| rest.starts_with('-'));
        let gateway = gateways.iter().filter(begins).max_by_key(|gateway| gateway.len()).cloned();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let after = |markers: [&str; 2]| markers.iter().flat_map(|marker| named_after(&line, marker)).collect();
        Self { path: path.to_owned(), gateway, shown_by: after(SHOWN_BY), pass: after(PASS) }
    }

    /// Whether it is about this implementation, also as another folder installs it, such as `envoy-gateway-separate`.
    pub fn is_about(&self, gateway: &str) -> bool {
        self.gateway.as_ref().is_none_or(|own| {
            gateway.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }
}

/// The scenarios in the list after each `marker`.
fn named_after(text: &str, marker: &str) -> Vec<String> {
    let mut names = Vec::new();
    for after in text.split(marker).skip(1) {
        let mut rest = after;
        while let Some((name, more)) = rest.strip_prefix("`scenarios/").and_then(|rest| rest.split_once('`')) {
            names.push(name.to_owned());
            rest = more.trim_start_matches([',', ' ']);
            rest = rest.strip_prefix("and ").unwrap_or(rest);
        }
    }
    names
}

/// A sentence for each deviation that is gone, with the findings that it contradicts.
pub fn contradictions(findings: &[Finding], grid: &Grid) -> Vec<String> {
    let sentence = |gone: report_views::Gone| {
        let contradicts =
            |finding: &&Finding| finding.shown_by.contains(&gone.scenario) && finding.is_about(&gone.gateway);
        let pages: Vec<_> = findings.iter().filter(contradicts).map(|finding| finding.path.as_str()).collect();
        let pages = if pages.is_empty() { String::new() } else { format!("correct {}, and ", pages.join(" and ")) };
        format!(
            "{} passed on {}, although it is listed as a deviation: {pages}remove or limit the deviation in fixtures/gateways/{}/gateway.yaml",
            gone.scenario, gone.column, gone.gateway
        )
    };
    grid.gone().into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab::gateway::{GatewayFixture, Topic, names};
    use model::Verdict;
    use model::sample::{report, result};

    fn finding(name: &str, text: &str) -> Finding {
        let gateways = ["envoy-gateway", "envoy-gateway-separate", "traefik"].map(ToOwned::to_owned);
        Finding::parse(&Utf8Path::new("docs/findings").join(name), text, &gateways)
    }

    #[test]
    fn the_scenarios_are_those_of_the_list_and_the_implementation_that_of_the_name() {
        let text = "# T\n\nSeen. Scenarios: `scenarios/a`,\n`scenarios/b` and `scenarios/c`. See `scenarios/d`.\n\n\
            Scenario that passes: `scenarios/e`, because.";
        let one = finding("envoy-gateway-same.md", text);
        assert_eq!((one.shown_by.join(" "), one.pass.join(" ")), ("a b c".to_owned(), "e".to_owned()));
        assert_eq!(one.gateway.as_deref(), Some("envoy-gateway"));
        assert!(one.is_about("envoy-gateway-separate") && !one.is_about("traefik"));
        let general = finding("labels.md", "Scenario: `scenarios/a`.");
        assert!(general.gateway.is_none() && general.is_about("traefik"));
    }

    #[test]
    fn a_deviation_that_is_gone_names_the_finding_that_it_contradicts() {
        let gone = Verdict::UnexpectedPass { link: "l".into(), expected: None };
        let grid = Grid::of(&[report(vec![result("a", gone), result("b", Verdict::Passed)])], &[]);
        let findings = [
            finding("traefik-x.md", "Scenarios: `scenarios/a`, `scenarios/b`."),
            finding("envoy-gateway-x.md", "Scenario: `scenarios/a`."),
        ];
        let said = contradictions(&findings, &grid);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("a passed on traefik 3.7.15, local, stand-in, although"), "{said:?}");
        assert!(said[0].contains("correct docs/findings/traefik-x.md, and remove"), "{said:?}");
        assert!(!said[0].contains("envoy"), "{said:?}");
    }

    /// The scenarios that some version of these implementations is known to fail.
    fn deviations(about: impl Fn(&str) -> bool) -> Vec<String> {
        let fixtures = names().into_iter().filter(|name| about(name));
        let deviations = fixtures.flat_map(|name| GatewayFixture::load(&name).expect("a sound fixture").deviations);
        let scenarios = deviations.filter_map(|deviation| match deviation.topic {
            Topic::Scenario(name) => Some(name),
            Topic::Topic(_) => None,
        });
        scenarios.collect()
    }

    #[test]
    fn every_finding_names_scenarios_that_its_implementation_is_known_to_fail_or_that_pass() {
        let findings = Finding::all(&names()).expect("readable");
        assert!(findings.len() >= 10, "{}", findings.len());
        let scenarios = scenario::names(&paths::scenarios());
        for finding in findings {
            let path = &finding.path;
            let named: Vec<_> = finding.shown_by.iter().chain(&finding.pass).collect();
            assert!(
                !named.is_empty(),
                "{path} names no scenario: `Scenarios: `scenarios/NAME`.` or `Scenario that passes: ...`"
            );
            for name in named {
                assert!(scenarios.contains(name), "{path}: there is no scenario {name}");
            }
            let deviations = deviations(|gateway| finding.is_about(gateway));
            for name in &finding.shown_by {
                assert!(deviations.contains(name), "{path}: {name} is no listed deviation, so it passes");
            }
            for name in finding.pass.iter().filter(|name| !finding.shown_by.contains(name)) {
                assert!(!deviations.contains(name), "{path}: {name} is a listed deviation, so it does not pass");
            }
        }
    }

    #[test]
    fn a_finding_that_a_deviation_refers_to_is_there() {
        for name in names() {
            for deviation in GatewayFixture::load(&name).expect("a sound fixture").deviations {
                let pages = deviation.what.split_whitespace().filter(|word| word.starts_with("docs/findings/"));
                for page in pages {
                    assert!(paths::repo().join(page).is_file(), "{name}: {page}");
                }
            }
        }
    }
}
