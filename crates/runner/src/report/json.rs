//! Reads and writes `report.json`.

use super::Error;
use camino::Utf8Path;
use model::{Report, SCHEMA, regular_file};
use serde::Deserialize;
use std::io;

/// A report of every scenario and every sabotage has a few hundred kilobytes.
const LARGEST: u64 = 64 << 20;

/// The text of `report.json`.
///
/// # Errors
/// If a value cannot be serialized as JSON.
pub fn text(report: &Report) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}

/// Reads a `report.json`.
///
/// # Errors
/// If the file is missing, is not a report, or has another schema.
pub fn read(path: &Utf8Path) -> Result<Report, Error> {
    // The schema is read first, because a report of another version may lack other fields.
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    let text = regular_file::read(path, LARGEST)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)))
        .map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let parse = |source| Error::Parse { path: path.to_owned(), source };
    let Head { schema } = serde_json::from_str(&text).map_err(parse)?;
    if schema != SCHEMA {
        return Err(Error::Schema { path: path.to_owned(), found: schema, expected: SCHEMA });
    }
    serde_json::from_str(&text).map_err(parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{failure, report, result};

    #[test]
    fn failed_and_unclean_scenarios_are_rerun() {
        let mut unclean = result("unclean", Verdict::Passed);
        unclean.cleanup_failed = Some("x".into());
        let mut flaky = result("flaky", Verdict::Failed(failure()));
        flaky.flaky = true;
        let report = report(vec![
            result("fine", Verdict::Passed),
            unclean,
            flaky,
            result("red", Verdict::Failed(failure())),
            result("skipped", Verdict::Skipped { reason: "r".into() }),
        ]);
        assert_eq!(report.to_rerun(), ["flaky", "red", "unclean"]);
    }

    #[test]
    fn a_failed_scenario_in_json() {
        let text = text(&report(vec![result("red", Verdict::Failed(failure()))])).expect("it serializes");
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["schema"], 1);
        assert_eq!(value["lab"]["kafka"], "standin");
        let verdict = &value["scenarios"][0]["verdict"];
        assert_eq!(verdict["state"], "failed");
        assert_eq!(verdict["cause"], "route-missing");
        assert_eq!(verdict["step"]["line"], 17);
        assert_eq!(value["scenarios"][0]["attempts"][0]["timeline"]["waited"], 3.9);
    }

    #[test]
    fn another_schema_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = camino::Utf8PathBuf::try_from(dir.path().join("report.json")).expect("UTF-8");
        std::fs::write(&path, "{\"schema\": 99}").expect("written");
        assert!(matches!(read(&path), Err(Error::Schema { found: 99, .. })));
        std::fs::write(&path, "{\"schema\": 1}").expect("written");
        assert!(matches!(read(&path), Err(Error::Parse { .. })));
        assert!(matches!(read(&path.with_extension("gone")), Err(Error::Read { .. })));
    }
}
