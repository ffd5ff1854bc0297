//! `refuse`: requires that an attempt fails.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one, check_port, exactly_one};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An attempt that must fail. Write one of `sni`, `no-sni` and `client`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Refuse {
    /// A TLS handshake with this server name.
    pub sni: Option<String>,
    /// A TLS handshake without a server name. Default: false.
    #[serde(default)]
    pub no_sni: bool,
    /// The gateway's port for `sni` and `no-sni`, a number or a variable. Default: `${gateway.port}`.
    pub port: Option<String>,
    /// A Kafka client that connects and, with `topic`, produces.
    pub client: Option<String>,
    /// With `client`: the topic that it tries to produce to.
    pub topic: Option<String>,
    /// With `topic`: produce only to partitions that this broker leads, by node id. Default: any.
    pub broker: Option<i32>,
    /// The cause that the diagnosis must name.
    pub cause: Cause,
    /// A text that the diagnosis must contain.
    pub mentions: Option<String>,
    /// The number of attempts in a row that must be refused. Several are needed for a name with several backends, if
    /// some of them may answer. Default: 1.
    pub times: Option<u32>,
    /// The deadline for the refusal.
    pub within: Option<Span>,
}

impl Refuse {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(15);
}

impl StepDefinition for Refuse {
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
        let attempt = match (&self.sni, &self.client) {
            (Some(sni), _) => format!("SNI {sni}"),
            (None, Some(client)) => format!("client {client}"),
            (None, None) => "no SNI".to_owned(),
        };
        format!("{attempt} for {}", self.cause)
    }

    fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection()
            .and(&[Cause::NotRefused])
            .help("it fails with `not-refused`, or with the cause that it sees instead")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        let attempts = usize::from(self.sni.is_some()) + usize::from(self.no_sni) + usize::from(self.client.is_some());
        exactly_one(
            context,
            "scenario::refuse",
            at,
            attempts,
            "tries",
            "`sni: name`, `no-sni: true` or `client: name`",
        );
        if attempts != 1 {
            return;
        }
        let by_client = self.client.is_some();
        for (key, is_set, fits, help) in [
            ("port", self.port.is_some(), !by_client, "remove it: a client uses the port of its `bootstrap`"),
            ("topic", self.topic.is_some(), by_client, "a TLS handshake has no topic: use `client`"),
            (
                "broker",
                self.broker.is_some(),
                self.topic.is_some(),
                "add `client` and `topic`: a client reaches a broker by producing to its partitions",
            ),
        ] {
            if is_set && !fits {
                context.error(
                    "scenario::refuse",
                    &format!("{at}/{key}"),
                    format!("`{key}` has no effect on this attempt"),
                    "has no effect here",
                    help,
                );
            }
        }
        use Cause::{ConditionUnmet, Content, ManifestRefused, NotRefused, Unknown};
        if matches!(self.cause, NotRefused | ManifestRefused | ConditionUnmet | Content | Unknown) {
            let message = format!("an attempt is never refused for the cause `{}`", self.cause);
            context.error(
                "scenario::cause",
                &format!("{at}/cause"),
                message,
                "not a cause of a refusal",
                "write why the attempt fails, such as `unknown-sni` or `route-missing`",
            );
        }
        check_port(context, &format!("{at}/port"), self.port.as_deref());
        at_least_one(context, &format!("{at}/times"), "times", self.times.map_or(1, u64::from));
    }
}
