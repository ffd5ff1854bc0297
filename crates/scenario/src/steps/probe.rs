//! `probe`: looks at what a server name is answered with.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one, check_port};
use model::{Cause, suggest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A look at one server name.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probe {
    /// The server name that the probe sends.
    pub sni: String,
    /// A number or a variable. Default: `${gateway.port}`.
    pub port: Option<String>,
    /// Protocols to offer by ALPN. Default: none.
    #[serde(default)]
    pub alpn: Vec<String>,
    /// What must be seen: at least one of these.
    pub expect: ProbeWants,
    /// How many handshakes in a row must show it: for weights, and whatever else may differ from one to the next.
    /// Default: 1, and 8 with `broker`, since a route that leads to several brokers is lucky now and then.
    pub times: Option<u32>,
    /// The deadline. The probe is repeated until it shows what is expected.
    pub within: Option<Span>,
}

/// What the probe must see. At least one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProbeWants {
    /// The certificate has this DNS name among its SANs.
    pub san: Option<String>,
    /// The certificate is the gateway's own (from the lab's CA) or a broker's (from the cluster CA).
    pub terminated_by: Option<Terminator>,
    /// A Kafka broker answers behind it.
    pub kafka: Option<bool>,
    /// The broker with this node id answers behind it.
    pub broker: Option<i32>,
    /// With `broker`: the name of the Kafka cluster whose broker it is, where the scenario has several. Default: the
    /// cluster in use.
    pub cluster: Option<String>,
    /// The protocol that was agreed on by ALPN; `""` for none.
    pub alpn: Option<String>,
}

/// Who ends TLS.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terminator {
    /// The certificate is signed by the lab's CA: the gateway's own.
    Gateway,
    /// The certificate is signed by the cluster CA: a broker's.
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
            let help = "say at least one of `san`, `terminated-by`, `kafka`, `broker` and `alpn`; for a name that must not be answered use `refuse`";
            context.error(
                "scenario::probe",
                &format!("{at}/expect"),
                "the probe expects nothing, so it can never fail".into(),
                "empty",
                help,
            );
        }
        check_cluster(context, at, wants);
        check_port(context, &format!("{at}/port"), self.port.as_deref());
        if let Some(times) = self.times {
            at_least_one(context, &format!("{at}/times"), "times", u64::from(times));
        }
    }
}

/// The cluster of a probe's broker: without a broker it means nothing, and the scenario must know the cluster.
fn check_cluster(context: &mut Context<'_>, at: &str, wants: &ProbeWants) {
    let Some(cluster) = &wants.cluster else { return };
    let pointer = format!("{at}/expect/cluster");
    if wants.broker.is_none() {
        let message = "`cluster` says whose broker it is, and no `broker` is expected".into();
        let help = "add `broker`, the node id, or remove `cluster`";
        context.error("scenario::probe", &pointer, message, "without meaning here", help);
        return;
    }
    let filled = context.fill(cluster);
    let in_use = context.fill("${cluster}");
    let made = context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.clone());
    let known: BTreeSet<String> = made.chain([in_use]).collect();
    if !known.contains(&filled) {
        let message = format!("the scenario has no Kafka cluster `{cluster}`");
        let help = match suggest::nearest(&filled, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the clusters are {}", suggest::all_of(known.iter().map(String::as_str))),
        };
        context.error("scenario::cluster-name", &pointer, message, "no such cluster", &help);
    }
}
