//! Where a view's links lead.

use model::Cause;

/// The paths from the view's folder.
#[derive(Clone, Debug)]
pub struct Links {
    /// To the folder of the docs. Empty if the view is in it.
    pub docs: String,
    /// To the folder of the scenarios.
    pub scenarios: String,
}

impl Links {
    pub(super) fn cause(&self, cause: Cause) -> String {
        below(&self.docs, &format!("causes/{cause}.md"))
    }

    pub(super) fn scenario(&self, name: &str) -> String {
        below(&self.scenarios, &format!("{name}/scenario.yaml"))
    }
}

fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}
