//! `describe-cluster`: asks the cluster for its brokers.

use super::{Causes, StepDefinition, Touches, definition::client_or_default};
use crate::Span;
use crate::lint::{Context, at_least_one};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks the cluster for its brokers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DescribeCluster {
    /// The node ids that the cluster must have, exactly. Default: any.
    pub brokers: Option<Vec<i32>>,
    /// The address that each broker must advertise, with `{nodeId}` for its node id, such as
    /// `broker-{nodeId}.${domain}:${gateway.port}`. Default: any.
    pub advertised: Option<String>,
    /// Default: `default`.
    pub client: Option<String>,
    /// The number of expected answers in a row. Default: 1.
    pub times: Option<u32>,
    /// The deadline. The step repeats the request until the answer is the expected one.
    pub within: Option<Span>,
}

impl DescribeCluster {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);
}

impl StepDefinition for DescribeCluster {
    fn default_within() -> Option<Span> {
        Some(Self::WITHIN)
    }

    fn within(&self) -> Option<Span> {
        Some(self.within.unwrap_or(Self::WITHIN))
    }

    fn set_within(&mut self, within: Span) {
        self.within = Some(within);
    }

    fn summary(&self) -> String {
        "its brokers".to_owned()
    }

    fn client(&self) -> Option<&str> {
        client_or_default(&self.client)
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection().and(&[Cause::ConditionUnmet])
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/times"), "times", self.times.map_or(1, u64::from));
    }
}
