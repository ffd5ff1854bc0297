//! Rules on steps that depend on each other: load generators are started and stopped, topics are created before use.

use super::context::Context;
use crate::{ClusterUse, Step};
use model::suggest;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(context: &mut Context<'_>) {
    workloads(context);
    topics(context);
}

fn workloads(context: &mut Context<'_>) {
    let mut running: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for (index, step) in context.steps() {
        let pointer = format!("/steps/{index}/{}/producer", step.keyword());
        match step {
            Step::Start(start) => {
                let again = running.insert(&start.producer, index).is_some();
                if again || ended.contains(start.producer.as_str()) {
                    let message = format!("the load generator `{}` is started twice", start.producer);
                    context.error(
                        "scenario::workload",
                        &pointer,
                        message,
                        "the second time",
                        "give the second one a name of its own",
                    );
                }
            }
            Step::Stop(stop) => {
                if running.remove(stop.producer.as_str()).is_none() {
                    let message = format!("no earlier step starts the load generator `{}`", stop.producer);
                    let help = match suggest::nearest(&stop.producer, running.keys().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("add `- start: {{producer: {}, topic: ...}}` before it", stop.producer),
                    };
                    context.error("scenario::workload", &pointer, message, "never started", &help);
                }
                ended.insert(stop.producer.as_str());
            }
            _ => {}
        }
    }
    for (name, index) in running {
        let message = format!("no step stops the load generator `{name}`, so its messages are never checked");
        let pointer = format!("/steps/{index}/start/producer");
        context.error(
            "scenario::workload",
            &pointer,
            message,
            "never stopped",
            &format!("add `- stop: {{producer: {name}}}`"),
        );
    }
}

/// The brokers of the labs do not create topics automatically.
fn topics(context: &mut Context<'_>) {
    let by_manifest = context.objects.iter().filter(|object| object.kind == "KafkaTopic").map(|object| {
        let named = object.node.get("spec").and_then(|spec| spec.get("topicName")).and_then(|name| name.text());
        named.unwrap_or(&object.name).to_owned()
    });
    let mut topics: BTreeSet<String> = by_manifest.collect();
    let mut produced: BTreeSet<String> = BTreeSet::new();
    for (index, step) in context.steps() {
        if let Step::CreateTopic(step) = step {
            topics.insert(context.fill(&step.topic));
            continue;
        }
        let Some(topic) = step.topic() else { continue };
        let filled = context.fill(topic);
        let pointer = format!("/steps/{index}/{}/topic", step.keyword());
        let unknown_on_purpose = matches!(step, Step::Refuse(refuse) if refuse.cause == model::Cause::UnknownTopic);
        if !topics.contains(&filled) && !unknown_on_purpose {
            let help = match suggest::nearest(&filled, topics.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => match context.scenario.kafka.cluster {
                    ClusterUse::Shared | ClusterUse::Existing => {
                        format!("add `- create-topic: {{topic: {topic}}}` before it")
                    }
                    ClusterUse::Own => {
                        format!("add `- create-topic: {{topic: {topic}}}` before it, or a KafkaTopic to a manifest")
                    }
                },
            };
            context.error(
                "scenario::unknown-topic",
                &pointer,
                format!("no earlier step creates the topic `{topic}`"),
                "never created",
                &help,
            );
        } else if matches!(step, Step::Consume(_)) && !produced.contains(&filled) {
            let help = "`consume` compares with what a `produce` step wrote; `produce-and-consume` does both";
            context.error(
                "scenario::unknown-topic",
                &pointer,
                format!("no earlier `produce` step writes to the topic `{topic}`"),
                "nothing to compare with",
                help,
            );
        }
        if matches!(step, Step::Produce(_)) {
            produced.insert(filled);
        }
    }
}
