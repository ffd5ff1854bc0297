//! `restart`: restarts a broker or the gateway.

use super::{Causes, StepDefinition, Touches, definition::client_or_default};
use crate::Span;
use crate::lint::{Context, exactly_one};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A restart. Write one of `broker` and `gateway`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Restart {
    /// The broker with this node id.
    pub broker: Option<i32>,
    /// Restarts the gateway's data plane. Default: false.
    #[serde(default)]
    pub gateway: bool,
    /// With `broker`: also waits until every replica of every topic that the client sees is in sync, as an operator
    /// does before it restarts the next broker. Default: false.
    #[serde(default)]
    pub in_sync: bool,
    /// With `in-sync`: the client that asks the cluster. Default: `default`.
    pub client: Option<String>,
    /// The deadline.
    pub within: Option<Span>,
}

impl Restart {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(120);
}

impl StepDefinition for Restart {
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
        self.broker.map_or_else(|| "the gateway".to_owned(), |id| format!("broker {id}"))
    }

    fn client(&self) -> Option<&str> {
        if self.in_sync { client_or_default(&self.client) } else { None }
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        match (self.broker, self.gateway) {
            (Some(_), _) => Touches::Cluster("restarts a broker"),
            (None, true) => Touches::Gateway("restarts the gateway"),
            (None, false) => Touches::Nothing,
        }
    }

    fn causes(&self) -> Causes {
        const EFFECT: [Cause; 4] = [Cause::ConditionUnmet, Cause::Timeout, Cause::ManifestRefused, Cause::Unknown];
        // The client asks through the gateway whether replicas are in sync.
        let causes = if self.in_sync { Causes::connection().and(&EFFECT) } else { Causes::effect("") };
        causes.help("it fails with `condition-unmet`")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        let named = usize::from(self.broker.is_some()) + usize::from(self.gateway);
        exactly_one(context, "scenario::restart", at, named, "restarts", "`broker: 10` or `gateway: true`");
        for (key, is_set, fits, help) in [
            ("in-sync", self.in_sync, self.broker.is_some(), "remove it: a gateway has no replicas"),
            (
                "client",
                self.client.is_some(),
                self.in_sync,
                "add `in-sync: true`, or remove it: nothing else uses the client",
            ),
        ] {
            if is_set && !fits {
                let message = format!("`{key}` has no effect on this restart");
                context.error("scenario::restart", &format!("{at}/{key}"), message, "has no effect here", help);
            }
        }
    }
}
