//! Why a client did not get through: the closed list that scenarios expect and diagnoses name.
//!
//! The list itself is `causes.yaml`. `cause_list.rs` and the pages below `docs/causes` are generated from it.

use serde::{Deserialize, Serialize};
use std::fmt;

pub use super::cause_list::Cause;

/// How bad a cause is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Clients still work.
    Warning,
    /// A client fails.
    Error,
}

impl Severity {
    /// As reports and the command line spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What `causes.yaml` says about a cause, as far as programs show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CauseEntry {
    pub name: &'static str,
    pub number: u16,
    pub severity: Severity,
    pub summary: &'static str,
    pub example: &'static str,
    pub repair: &'static str,
}

impl Cause {
    /// The stable number, such as `KGL005`.
    pub fn number(self) -> String {
        format!("KGL{:03}", self.entry().number)
    }

    /// The name in kebab case, as scenarios and reports spell it.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    pub fn severity(self) -> Severity {
        self.entry().severity
    }

    /// The cause in one sentence.
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// What a scenario does to meet the cause, as Markdown.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// What to do about it, as Markdown.
    pub fn repair(self) -> &'static str {
        self.entry().repair
    }

    /// The path of its page, from the root of the repository.
    pub fn page(self) -> String {
        format!("docs/causes/{}.md", self.name())
    }

    /// The cause with this name, or with this number in any case.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == word || cause.number().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_written_as_it_is_read() {
        assert_eq!(Cause::RouteMissing.to_string(), "route-missing");
        assert_eq!(serde_json::from_str::<Cause>("\"unknown-sni\"").expect("a known cause"), Cause::UnknownSni);
        for cause in Cause::ALL {
            assert_eq!(serde_json::json!(cause), cause.name());
        }
    }

    #[test]
    fn a_cause_is_found_by_name_and_by_number() {
        assert_eq!(Cause::find("kgl009"), Some(Cause::WrongBroker));
        assert_eq!(Cause::find("wrong-broker"), Some(Cause::WrongBroker));
        assert_eq!(Cause::find("KGL000"), None);
    }
}
