//! The tests that have something to do with Kafka, and their scenarios: `fixtures/conformance/tests.yaml`.

use super::Error;
use camino::Utf8Path;
use model::{FileError, paths};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Known {
    /// The conformance profiles to run.
    pub profiles: Vec<String>,
    /// Names of the image that contains the echo server.
    pub echo_images: Vec<String>,
    /// The name by which a Pod of the tests asks for CoreDNS.
    pub core_dns_image: String,
    /// By the test's short name.
    pub tests: BTreeMap<String, KnownTest>,
}

/// What a test corresponds to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum KnownTest {
    /// The scenarios that ask the same with Kafka behind the route.
    Scenarios(Vec<String>),
    /// Why there is none.
    None(String),
}

impl Known {
    /// Reads the file of this checkout.
    ///
    /// # Errors
    /// If it cannot be read, or is not such a list.
    pub fn load() -> Result<Self, Error> {
        Self::read(&paths::fixtures().join("conformance/tests.yaml"))
    }

    fn read(path: &Utf8Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(FileError::of("read", path))?;
        serde_saphyr::from_str(&text)
            .map_err(|error| Error::Known { path: path.to_owned(), problem: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_list_exists() {
        let known = Known::load().expect("the checkout's list");
        assert_eq!(known.profiles, ["GATEWAY-TLS", "GATEWAY-TCP"]);
        let mut compared = 0;
        for (test, what) in &known.tests {
            let KnownTest::Scenarios(names) = what else { continue };
            assert!(!names.is_empty(), "{test} has neither a scenario nor a reason");
            for name in names {
                let file = paths::scenarios().join(name).join("scenario.yaml");
                assert!(file.exists(), "{test} names the scenario {name}, and there is no {file}");
                compared += 1;
            }
        }
        assert!(compared > 5, "{compared}");
    }

    #[test]
    fn a_broken_list_is_named_with_its_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("tests.yaml");
        fs::write(&path, "profiles: [GATEWAY-TLS]\nnonsense: 1\n").expect("written");
        let error = Known::read(&path).expect_err("a field is unknown").to_string();
        assert!(error.contains("tests.yaml") && error.contains("nonsense"), "{error}");
    }
}
