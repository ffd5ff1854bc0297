//! `connections`: opens many connections at the same time.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Opens many connections at the same time.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Connections {
    /// The server name that every connection sends.
    pub sni: String,
    /// The number of connections.
    pub count: u32,
    /// The deadline.
    pub within: Option<Span>,
}

impl Connections {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(60);
    /// From here on, other scenarios would notice.
    const MANY: u32 = 256;
}

impl StepDefinition for Connections {
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
        format!("{} to {}", self.count, self.sni)
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        // A gateway limits the connections to a broker, whoever opened them, and a handshake costs time.
        if self.count < Self::MANY { Touches::Nothing } else { Touches::Gateway("takes the gateway's connections") }
    }

    fn causes(&self) -> Causes {
        Causes::connection().without(&[Cause::UnknownTopic])
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/count"), "count", u64::from(self.count));
    }
}
