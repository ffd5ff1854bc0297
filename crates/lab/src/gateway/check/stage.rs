//! The stages of a check, and what each of them found.

use model::Exit;
use std::fmt;

/// The stages, in the order in which a fixture goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    Fixture,
    Parts,
    Images,
    Manifests,
    Lab,
    Deployments,
    GatewayClass,
    Gateway,
    Features,
    Messages,
    DataPlane,
}

impl Stage {
    pub const ALL: [Self; 11] = [
        Self::Fixture,
        Self::Parts,
        Self::Images,
        Self::Manifests,
        Self::Lab,
        Self::Deployments,
        Self::GatewayClass,
        Self::Gateway,
        Self::Features,
        Self::Messages,
        Self::DataPlane,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Fixture => "fixture",
            Self::Parts => "parts",
            Self::Images => "images",
            Self::Manifests => "manifests",
            Self::Lab => "lab",
            Self::Deployments => "deployments",
            Self::GatewayClass => "GatewayClass",
            Self::Gateway => "Gateway",
            Self::Features => "features",
            Self::Messages => "messages",
            Self::DataPlane => "data plane",
        }
    }
}

/// What a stage found.
#[derive(Clone, Debug)]
pub enum Outcome {
    Passed(String),
    /// Nothing that stops the gateway, but something to look at.
    Remarks(Vec<String>),
    Failed(Fault),
    /// The reason why the stage does not apply, or could not be looked at.
    Skipped(String),
    NotReached,
}

/// Why a stage failed.
#[derive(Clone, Debug)]
pub struct Fault {
    pub cause: String,
    /// What the user can do.
    pub remedy: String,
    /// The exit code: whether the fixture, the gateway or the lab is at fault.
    pub exit: Exit,
}

impl Outcome {
    /// A mistake in the fixture's files.
    pub(super) fn lint(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::failed(Exit::Usage, cause, remedy)
    }

    /// Something that the machine or the lab lacks.
    pub(super) fn lab(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::failed(Exit::Lab, cause, remedy)
    }

    /// A gateway that runs, but not as the fixture says.
    pub(super) fn gateway(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::failed(Exit::Failed, cause, remedy)
    }

    fn failed(exit: Exit, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Failed(Fault { cause: cause.into(), remedy: remedy.into(), exit })
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// A stage with its outcome. Its text is one line, and for a failure two more.
#[derive(Clone, Debug)]
pub struct StageResult {
    pub stage: Stage,
    pub outcome: Outcome,
}

impl fmt::Display for StageResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.stage.title();
        match &self.outcome {
            Outcome::Passed(detail) => write!(f, "✓ {title:<13} {detail}"),
            Outcome::Skipped(reason) => write!(f, "- {title:<13} skipped: {reason}"),
            Outcome::NotReached => write!(f, "· {title:<13} not reached"),
            Outcome::Remarks(remarks) => write!(f, "! {title:<13} {}", indented(&remarks.join("\n"), 16)),
            Outcome::Failed(fault) => {
                writeln!(f, "✗ {title:<13} failed")?;
                writeln!(f, "    cause       {}", indented(&fault.cause, 16))?;
                write!(f, "    what to do  {}", indented(&fault.remedy, 16))
            }
        }
    }
}

/// A text whose further lines begin in the given column.
fn indented(text: &str, column: usize) -> String {
    text.trim_end().replace('\n', &format!("\n{:column$}", ""))
}

/// The results of all stages, and what became of the lab.
#[derive(Clone, Debug)]
pub struct Report {
    pub results: Vec<StageResult>,
    /// Why the lab could not be taken down.
    pub cleanup: Option<String>,
}

impl Report {
    /// Whether it came as far as to start a lab.
    pub fn started_a_lab(&self) -> bool {
        let lab = self.results.iter().find(|result| result.stage == Stage::Lab);
        lab.is_some_and(|lab| !matches!(lab.outcome, Outcome::NotReached))
    }

    pub fn exit(&self) -> Exit {
        let fault = self.results.iter().find_map(|result| match &result.outcome {
            Outcome::Failed(fault) => Some(fault.exit),
            _ => None,
        });
        fault.unwrap_or(if self.cleanup.is_some() { Exit::Cleanup } else { Exit::Passed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(stage: Stage, outcome: Outcome) -> String {
        StageResult { stage, outcome }.to_string()
    }

    #[test]
    fn a_stage_is_a_line_and_a_failure_says_why_and_what_to_do() {
        assert_eq!(text(Stage::Parts, Outcome::Passed("kind, contour".into())), "✓ parts         kind, contour");
        assert_eq!(text(Stage::DataPlane, Outcome::NotReached), "· data plane    not reached");
        assert_eq!(text(Stage::Images, Outcome::Skipped("no engine".into())), "- images        skipped: no engine");
        let remarks = Outcome::Remarks(vec!["one".into(), "two".into()]);
        assert_eq!(text(Stage::Features, remarks), "! features      one\n                two");
        let failed = Outcome::lab("a\nb", "c");
        assert_eq!(
            text(Stage::Lab, failed),
            "✗ lab           failed\n    cause       a\n                b\n    what to do  c"
        );
    }

    #[test]
    fn the_exit_code_says_who_is_at_fault() {
        let report = |outcome: Outcome, cleanup: Option<&str>| Report {
            results: vec![StageResult { stage: Stage::Lab, outcome }],
            cleanup: cleanup.map(str::to_owned),
        };
        let passed = || Outcome::Passed(String::new());
        assert_eq!(report(passed(), None).exit(), Exit::Passed);
        assert_eq!(report(Outcome::Remarks(vec![String::new()]), None).exit(), Exit::Passed);
        assert_eq!(report(passed(), Some("stuck")).exit(), Exit::Cleanup);
        assert_eq!(report(Outcome::lint("", ""), Some("stuck")).exit(), Exit::Usage);
        assert_eq!(report(Outcome::lab("", ""), None).exit(), Exit::Lab);
        assert_eq!(report(Outcome::gateway("", ""), None).exit(), Exit::Failed);
    }
}
