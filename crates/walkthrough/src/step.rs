//! One step of a walkthrough.

use super::Place;
use serde::Deserialize;
use std::time::Duration;

/// As `walkthrough.yaml` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// For `--from` and `--until`.
    pub name: String,
    pub title: String,
    /// Why it is done.
    pub why: String,
    /// The files to look at before.
    #[serde(default)]
    pub shows: Vec<String>,
    /// What differs from the post.
    #[serde(default)]
    pub today: Vec<Today>,
    /// The lab in which it makes sense. All must hold.
    #[serde(default)]
    pub when: Vec<Place>,
    /// What this machine must have. Without it, the step is left out.
    #[serde(default)]
    pub needs: Option<Need>,
    /// Commands for a shell, one after the other, until one of them fails.
    pub run: Vec<String>,
    /// Texts that the output must contain.
    #[serde(default)]
    pub expect: Vec<String>,
    /// Texts that the output must not contain.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// The exit code of the last command. All others must end with 0.
    #[serde(default)]
    pub exit: i32,
    /// Commands that undo it. They run in any case.
    #[serde(default)]
    pub afterwards: Vec<String>,
    /// The time for each of its commands, in seconds.
    #[serde(default = "a_minute")]
    pub within: u64,
    /// Whether it is only for a person at the terminal, who types what the command reads.
    #[serde(default)]
    pub yours: bool,
}

/// A tool that not every machine has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Ends with 0 if the tool is there.
    pub command: String,
    /// What the user is told if it is not.
    pub otherwise: String,
}

/// What has changed since the post was written, or is different here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Today {
    pub text: String,
    #[serde(default)]
    pub link: Option<String>,
}

fn a_minute() -> u64 {
    60
}

impl Step {
    /// The time for each command.
    pub fn within(&self) -> Duration {
        Duration::from_secs(self.within)
    }

    /// What is wrong with this output, if anything: a text that is missing, or one that must not be there.
    pub fn problem_in(&self, output: &str) -> Option<String> {
        let missing = self.expect.iter().find(|text| !output.contains(text.as_str()));
        let unwanted = self.lacks.iter().find(|text| output.contains(text.as_str()));
        match (missing, unwanted) {
            (Some(text), _) => Some(format!("expected {text:?} in the output")),
            (None, Some(text)) => Some(format!("expected no {text:?} in the output")),
            (None, None) => None,
        }
    }
}
