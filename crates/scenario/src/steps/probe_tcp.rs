//! `probe-tcp`: checks whether a port accepts TCP connections.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, check_port};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A probe of one TCP port.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProbeTcp {
    /// A name or an address. Default: `${gateway.address}`.
    pub host: Option<String>,
    /// A number or a variable.
    pub port: String,
    pub expect: PortState,
    /// With `expect: kafka`: the broker with this node id must answer on eight connections in a row. The listener must
    /// allow an anonymous client to describe the broker's configuration.
    pub broker: Option<i32>,
    /// The deadline. The probe is repeated until it shows what is expected.
    pub within: Option<Span>,
}

/// What a port must do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// The port accepts connections.
    Open,
    /// The port accepts connections, and a Kafka broker answers without TLS.
    Kafka,
    /// The port refuses connections, or closes them before it sends a byte.
    Closed,
}

impl ProbeTcp {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);
}

impl StepDefinition for ProbeTcp {
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
        format!("{}:{}", self.host.as_deref().unwrap_or("the gateway"), self.port)
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection().without(&[Cause::UnknownTopic])
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        check_port(context, &format!("{at}/port"), Some(&self.port));
        if self.broker.is_some() && self.expect != PortState::Kafka {
            context.error(
                "scenario::probe",
                &format!("{at}/broker"),
                "`broker` requires `expect: kafka`".into(),
                "has no effect here",
                "write `expect: kafka`, or remove `broker`",
            );
        }
    }
}
