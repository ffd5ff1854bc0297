//! The types of `fault.yaml`, `healthy.yaml`, `pair.yaml` and `setup.yaml`.

use crate::{Client, KafkaUse, Needs, Span, Step, StepItem};
use model::Cause;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::fmt;

/// What is set up or broken, how a client connects, and what the diagnosis must say.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// What is wrong, or what is set up, in one sentence.
    #[schemars(with = "String")]
    pub title: Spanned<String>,
    /// The reports of the problem.
    #[serde(default)]
    pub links: Vec<String>,
    /// What the lab must offer, in addition to what the set-up needs.
    #[serde(default)]
    pub needs: Needs,
    /// A folder below `setups`, whose steps come first.
    #[schemars(with = "Option<String>")]
    pub setup: Option<Spanned<String>>,
    /// The Kafka cluster. Only without `setup`, which names one.
    pub kafka: Option<KafkaUse>,
    /// The client that is diagnosed. Default: that of the set-up, or anonymous with the cluster CA.
    pub client: Option<Client>,
    /// What is applied and broken. Cleanup restores it.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<StepItem>>,
    /// The cause that must be named first. A healthy set-up has none.
    pub cause: Option<Cause>,
    /// The causes that must be named as well. No others may be.
    #[serde(default)]
    pub also: Vec<Cause>,
    /// How long the diagnosis may take to be right, while the gateway applies the change. Default: 15s.
    pub within: Option<Span>,
}

/// What several cases share: a Kafka cluster or a listener of the shared one, and the routes to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Setup {
    /// What is set up, in one sentence.
    #[schemars(with = "String")]
    pub title: Spanned<String>,
    /// What the lab must offer.
    #[serde(default)]
    pub needs: Needs,
    /// The Kafka cluster. With `own`, all cases share one cluster and run one after the other on it.
    pub kafka: KafkaUse,
    /// The client of cases that name none.
    pub client: Option<Client>,
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<StepItem>>,
}

/// Where a case stands in the gallery.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Shelf {
    Faults,
    Healthy,
    Pairs,
}

impl Shelf {
    pub const ALL: [Self; 3] = [Self::Faults, Self::Healthy, Self::Pairs];

    /// The name of its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Faults => "faults",
            Self::Healthy => "healthy",
            Self::Pairs => "pairs",
        }
    }

    /// The name of the file in each case's folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Faults => "fault.yaml",
            Self::Healthy => "healthy.yaml",
            Self::Pairs => "pair.yaml",
        }
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}
