//! Rules on `kafka:`, and on what a scenario may do to a cluster that is not its own.

use super::context::Context;
use crate::scenario::{ClusterUse, Step};

pub(super) fn check(context: &mut Context<'_>) {
    let kafka = &context.scenario.kafka;
    match kafka.cluster {
        ClusterUse::Shared => {
            if kafka.listener.is_none() {
                let help = "`external`: the operator writes the routes; `mtls`: the same with client certificates; `slot`: the scenario writes the routes";
                context.error(
                    "scenario::listener",
                    "/kafka",
                    "the shared cluster is used without saying by which `listener`".into(),
                    "needs `listener`",
                    help,
                );
            }
            if kafka.name.is_some() {
                let help = "remove it: the shared cluster has a name, which is `${cluster}`";
                context.error(
                    "scenario::cluster-name",
                    "/kafka/name",
                    "`name` is only for a cluster of the scenario's own".into(),
                    "not with `cluster: shared`",
                    help,
                );
            }
            shared_stays_as_it_is(context);
        }
        ClusterUse::Own => {
            if kafka.listener.is_some() {
                let help = "remove it: the listeners of an own cluster are those in its manifest";
                context.error(
                    "scenario::listener",
                    "/kafka/listener",
                    "`listener` is only for the shared cluster".into(),
                    "not with `cluster: own`",
                    help,
                );
            }
            own_is_there(context);
        }
    }
}

fn own_is_there(context: &mut Context<'_>) {
    let made: Vec<String> =
        context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.clone()).collect();
    match &context.scenario.kafka.name {
        None => {
            let help = match made.first() {
                Some(name) => format!("write `name: {name}`"),
                None => "it is the name of the `Kafka` resource in the manifests".to_owned(),
            };
            context.error(
                "scenario::cluster-name",
                "/kafka",
                "an own cluster is used without its `name`".into(),
                "needs `name`",
                &help,
            );
        }
        Some(name) if !made.contains(&context.fill(name)) => {
            let help = match made.first() {
                Some(other) => format!("the manifests have the Kafka `{other}`"),
                None => "no manifest of the folder has a resource of kind `Kafka`".to_owned(),
            };
            let message = format!("no manifest makes the Kafka `{name}`");
            context.error("scenario::cluster-name", "/kafka/name", message, "not in the manifests", &help);
        }
        Some(_) => {}
    }
}

/// Other scenarios run beside this one on the shared cluster.
fn shared_stays_as_it_is(context: &mut Context<'_>) {
    for (index, step) in context.steps() {
        let what = match step {
            Step::Scale(_) => "scales a node pool",
            Step::Restart(restart) if restart.broker.is_some() => "restarts a broker",
            Step::Patch(patch) if matches!(patch.kind.as_str(), "Kafka" | "KafkaNodePool") => "changes the cluster",
            Step::Delete(target) if matches!(target.kind.as_str(), "Kafka" | "KafkaNodePool") => "deletes the cluster",
            _ => continue,
        };
        let message = format!(
            "the step `{}` {what}, which other scenarios use at the same time",
            context.scenario.step_name(index)
        );
        let help = "use `kafka: {cluster: own, name: ...}` and bring the Kafka and its pools in a manifest";
        context.error("scenario::shared-cluster", &format!("/steps/{index}"), message, "on the shared cluster", help);
    }
}
