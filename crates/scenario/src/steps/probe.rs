//! `probe`: checks the answer to a server name.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one, check_port};
use model::{Cause, suggest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A probe of one server name.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probe {
    /// The server name that the probe sends.
    pub sni: String,
    /// A number or a variable. Default: `${gateway.port}`.
    pub port: Option<String>,
    /// The protocols to offer in ALPN. Default: none.
    #[serde(default)]
    pub alpn: Vec<String>,
    /// Sends the ClientHello in two segments: so many bytes, and the others 50 ms later. Default: in one.
    pub split_at: Option<u32>,
    /// What the probe must see.
    pub expect: ProbeWants,
    /// The number of handshakes in a row that must show it. Several are needed if answers may differ, as with weights.
    /// Default: 1. With `broker`: 8, because a route to several brokers can reach the right one by chance.
    pub times: Option<u32>,
    /// The deadline. The probe is repeated until it shows what is expected.
    pub within: Option<Span>,
}

/// What the probe must see. Write at least one key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProbeWants {
    /// The certificate has this DNS name as a SAN.
    pub san: Option<String>,
    /// Whether the certificate is the gateway's (signed by the lab's CA) or a broker's (signed by the cluster CA).
    pub terminated_by: Option<Terminator>,
    /// Whether a Kafka broker answers on the connection.
    pub kafka: Option<bool>,
    /// The node id of the broker that answers.
    pub broker: Option<i32>,
    /// With `broker`: the name of the broker's Kafka cluster, for a scenario with several. Default: the cluster in use.
    pub cluster: Option<String>,
    /// The protocol that ALPN selected. `""` for none.
    pub alpn: Option<String>,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terminator {
    /// At the gateway: the lab's CA signed the certificate.
    Gateway,
    /// At the broker: the cluster CA signed the certificate.
    Broker,
}

impl Probe {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);
}

impl StepDefinition for Probe {
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
        self.sni.clone()
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
        let wants = &self.expect;
        let none = wants.san.is_none()
            && wants.terminated_by.is_none()
            && wants.kafka.is_none()
            && wants.broker.is_none()
            && wants.alpn.is_none();
        if none {
            let help = "write at least one of `san`, `terminated-by`, `kafka`, `broker` and `alpn`; to require that a name gets no answer, use `refuse`";
            context.error(
                "scenario::probe",
                &format!("{at}/expect"),
                "the probe expects nothing, so it can never fail".into(),
                "empty",
                help,
            );
        }
        check_cluster(context, at, wants);
        at_least_one(context, &format!("{at}/split-at"), "split-at", self.split_at.map_or(1, u64::from));
        check_port(context, &format!("{at}/port"), self.port.as_deref());
        if let Some(times) = self.times {
            at_least_one(context, &format!("{at}/times"), "times", u64::from(times));
        }
    }
}

/// Checks `cluster`: it requires `broker`, and the scenario must have the cluster.
fn check_cluster(context: &mut Context<'_>, at: &str, wants: &ProbeWants) {
    let Some(cluster) = &wants.cluster else { return };
    let pointer = format!("{at}/expect/cluster");
    if wants.broker.is_none() {
        let message = "`cluster` has no effect without `broker`".into();
        let help = "add `broker` with the node id, or remove `cluster`";
        context.error("scenario::probe", &pointer, message, "has no effect here", help);
        return;
    }
    let filled = context.fill(cluster);
    let in_use = context.fill("${cluster}");
    let other_clusters =
        context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.clone());
    let known: BTreeSet<String> = other_clusters.chain([in_use]).collect();
    if !known.contains(&filled) {
        let message = format!("the scenario has no Kafka cluster `{cluster}`");
        let help = match suggest::nearest(&filled, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the clusters are {}", suggest::all_of(known.iter().map(String::as_str))),
        };
        context.error("scenario::cluster-name", &pointer, message, "no such cluster", &help);
    }
}
