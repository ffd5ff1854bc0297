//! `pause`: freezes the process of a Pod for some time.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, exactly_one};
use model::Cause;
use model::LabKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Freezes a process, as a long garbage collection would. Write one of `broker` and `pod`. The frozen process accepts
/// connections and does not answer. The next steps start at once. The process continues after `for`, or when the
/// scenario ends, even if the scenario fails, is interrupted or is killed. The step requires the local lab, because the
/// first process of a container ignores the signal when it comes from inside the container.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pause {
    /// The broker with this node id.
    pub broker: Option<i32>,
    /// The Pod with this name.
    pub pod: Option<String>,
    /// With `pod`: its namespace. Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// How long the process is frozen. The time begins with this step.
    pub r#for: Span,
}

impl StepDefinition for Pause {
    fn default_within() -> Option<Span> {
        None
    }

    /// A pause ends by itself, so it has no deadline.
    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        match (&self.pod, self.broker) {
            (Some(pod), _) => format!("Pod {pod} for {}", self.r#for),
            (None, Some(broker)) => format!("broker {broker} for {}", self.r#for),
            (None, None) => format!("nothing for {}", self.r#for),
        }
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        match (&self.pod, self.broker) {
            (Some(name), _) => {
                Touches::Object { kind: "Pod", name, namespace: self.namespace.as_deref(), verb: "freezes a Pod" }
            }
            (None, Some(_)) => Touches::Cluster("freezes a broker"),
            (None, None) => Touches::Nothing,
        }
    }

    fn causes(&self) -> Causes {
        const PAUSE: [Cause; 3] = [Cause::BrokerDown, Cause::ManifestRefused, Cause::Unknown];
        Causes::only(&PAUSE, "it fails with `broker-down` when the Pod has no process")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        let named = usize::from(self.broker.is_some()) + usize::from(self.pod.is_some());
        exactly_one(context, "scenario::pause", at, named, "freezes", "`broker: 10` or `pod: my-pod`");
        if self.namespace.is_some() && self.pod.is_none() {
            context.error(
                "scenario::pause",
                &format!("{at}/namespace"),
                "`namespace` has no effect without `pod`".into(),
                "has no effect here",
                "remove it: a broker is in the namespace of its Kafka cluster",
            );
        }
        let whole = context.scenario.within;
        if self.r#for == Span::seconds(0) || self.r#for > whole {
            context.error(
                "scenario::pause",
                &format!("{at}/for"),
                format!("the pause of {} is too short or too long", self.r#for),
                "out of range",
                &format!("write more than 0s, and at most the scenario's own deadline of {whole}"),
            );
        }
        if context.scenario.needs.labs != [LabKind::Local] {
            context.error(
                "scenario::pause",
                at,
                "the step `pause` requires the local lab".into(),
                "only on the local lab",
                "add `needs: {labs: [local]}`, so that other labs skip the scenario",
            );
        }
    }

    fn object(&self) -> Option<NamedObject<'_>> {
        self.pod.as_deref().map(|name| NamedObject {
            key: "pod",
            kind: "Pod",
            name,
            namespace: self.namespace.as_deref(),
            access: Access::Reads,
        })
    }
}
