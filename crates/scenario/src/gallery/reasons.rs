//! The causes that no case of the gallery shows, each with its reason: `not-shown.yaml`.

use super::check::named_by_diagnose;
use camino::Utf8Path;
use model::Cause;
use serde::Deserialize;

/// Why the gallery has no case of a cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reason {
    pub cause: Cause,
    pub reason: String,
}

/// Reads the reasons.
///
/// # Errors
/// If the file cannot be read, with its place.
pub fn reasons(root: &Utf8Path) -> Result<Vec<Reason>, String> {
    let path = root.join("not-shown.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

/// The causes that `diagnose` can name and that are neither shown nor explained.
pub fn missing(shown: &[Cause], reasons: &[Reason]) -> Vec<Cause> {
    let known = |cause: &Cause| shown.contains(cause) || reasons.iter().any(|reason| reason.cause == *cause);
    Cause::ALL.into_iter().filter(|cause| named_by_diagnose(*cause) && !known(cause)).collect()
}
