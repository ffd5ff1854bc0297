//! What a lab has in place of the post's own values, such as its GatewayClass. The files of a walkthrough keep the post's values,
//! so that a reader can take them away.

use model::vars::{self, Variables};
use serde::Deserialize;

/// What a lab can be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Local,
    Kind,
    /// All Gateways have one address.
    Shared,
    /// Each Gateway has an address of its own.
    Separate,
    Standin,
    Strimzi,
}

/// A value of the post that is different in a lab.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptation {
    /// Files of the folder.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whether it is about the commands of the steps.
    #[serde(default)]
    pub commands: bool,
    /// All must hold.
    #[serde(default)]
    pub when: Vec<Place>,
    /// The post's text, which must occur.
    pub find: String,
    /// The lab's text, with variables of scenarios such as `${gateway.port}`.
    pub replace: String,
    /// The reason.
    pub why: String,
}

impl Adaptation {
    /// Whether it is for such a lab.
    pub fn fits(&self, places: &[Place]) -> bool {
        self.when.iter().all(|place| places.contains(place))
    }

    /// The lab's text.
    ///
    /// # Errors
    /// A variable that does not exist or has no value.
    pub fn replacement(&self, variables: &Variables) -> Result<String, vars::Error> {
        vars::substitute(&self.replace, variables)
    }
}

/// An adaptation that changed a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    pub file: String,
    pub from: String,
    pub to: String,
    pub why: String,
}
