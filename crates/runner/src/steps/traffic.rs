//! create-topic, describe-cluster, produce, consume, produce-and-consume.

use super::Outcome;
use crate::clients::DEFAULT;
use crate::journal::Undo;
use crate::{Context, StepFailure, cause, clients};
use lab::backends::cluster::images;
use model::Cause;
use probe::{BrokerShare, ConsumeSpec, NewTopic, ProduceSpec};
use scenario::{ClusterUse, CreateTopic, DescribeCluster, Library, ProduceConsume, Span};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

const WITHIN: Span = Span::seconds(30);

pub async fn create_topic(context: &mut Context<'_>, step: &CreateTopic) -> Outcome {
    let access = clients::access(context, step.client.as_deref()).await?;
    let within = step.within.unwrap_or(WITHIN).0;
    let shared = context.job.scenario.kafka.cluster != ClusterUse::Own;
    // Others on a shared cluster may use the same word; a name with the run's id in it is the scenario's own already.
    let name = if shared && !step.topic.contains(&context.id) {
        format!("{}-{}", step.topic, context.id)
    } else {
        step.topic.clone()
    };
    let partitions = i32::try_from(step.partitions.unwrap_or(6)).unwrap_or(i32::MAX);
    let replicas = i32::try_from(step.replicas.unwrap_or(3)).unwrap_or(i32::MAX);
    let topic = NewTopic { brokers: step.brokers.clone(), ..NewTopic::new(&name, partitions, replicas) };
    context.topics.insert(step.topic.clone(), name.clone());
    if shared {
        let client = step.client.clone().unwrap_or_else(|| DEFAULT.to_owned());
        let existing = context.job.scenario.kafka.cluster == ClusterUse::Existing;
        let of = existing.then(|| format!("Kafka {}/{}", context.kafka_namespace, context.cluster));
        context.journal.push(Undo::DeleteTopic { client, topic: name.clone(), of });
    }
    let made = context.clock.waiting(probe::create_topic(&access, &topic, within)).await;
    match made {
        Ok(partitions) => Ok(vec![format!("{name} with {} partitions", partitions.len())]),
        Err(error) => Err(cause::client(context, format!("topic {name} within {within:?}"), &access, &error).await),
    }
}

pub async fn describe_cluster(context: &mut Context<'_>, step: &DescribeCluster) -> Outcome {
    let access = clients::access(context, step.client.as_deref()).await?;
    let within = step.within.unwrap_or(WITHIN).0;
    let deadline = Instant::now() + within;
    let mut changed = Instant::now();
    let mut last = String::new();
    let mut in_a_row = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let asked = context.clock.waiting(probe::cluster(&access, left.max(Duration::from_millis(500)))).await;
        let found = match asked {
            Ok(found) => found,
            Err(error) => {
                return Err(cause::client(context, format!("the brokers within {within:?}"), &access, &error).await);
            }
        };
        let brokers: Vec<_> = found.brokers.iter().map(ToString::to_string).collect();
        let seen = brokers.join(", ");
        if seen != last {
            last = seen;
            changed = Instant::now();
        }
        let Some(failure) = differs(step, &found) else {
            in_a_row += 1;
            if in_a_row >= step.times.unwrap_or(1) {
                return Ok(brokers);
            }
            continue;
        };
        let failure = match in_a_row {
            0 => failure,
            before => failure.with_evidence([in_a_row_before(before)]),
        };
        in_a_row = 0;
        if Instant::now() >= deadline {
            return Err(StepFailure { since_change: Some(changed.elapsed()), ..failure.with_evidence(brokers) });
        }
        // Metadata has no watch.
        context.clock.waiting(tokio::time::sleep(Duration::from_millis(500))).await;
    }
}

fn in_a_row_before(count: u32) -> String {
    match count {
        1 => "1 answer was as expected, then this one was not".to_owned(),
        _ => format!("{count} answers in a row were as expected, then this one was not"),
    }
}

fn differs(step: &DescribeCluster, found: &probe::Cluster) -> Option<StepFailure> {
    if let Some(wanted) = &step.brokers {
        let wanted: BTreeSet<_> = wanted.iter().copied().collect();
        let ids: BTreeSet<_> = found.brokers.iter().filter_map(|broker| broker.id).collect();
        if wanted != ids {
            let text = format!("the brokers {wanted:?}");
            return Some(StepFailure::new(Cause::ConditionUnmet, text, format!("{ids:?}")));
        }
    }
    let template = step.advertised.as_ref()?;
    found.brokers.iter().find_map(|broker| {
        let wanted = template.replace("{nodeId}", &broker.id.unwrap_or(-1).to_string());
        let seen = format!("{}:{}", broker.host, broker.port);
        (wanted != seen).then(|| {
            let id = broker.id.unwrap_or(-1);
            StepFailure::new(
                Cause::AdvertisedAddress,
                format!("broker {id} advertises {wanted}"),
                format!("broker {id} advertises {seen}"),
            )
        })
    })
}

pub async fn produce(context: &mut Context<'_>, step: &ProduceConsume) -> Outcome {
    let access = clients::access(context, step.client.as_deref()).await?;
    let spec = produce_spec(context, step);
    let wanted = format!("{} messages to {} within {:?}", step.messages, spec.topic, spec.within);
    match context.clock.waiting(probe::produce(&access, &spec)).await {
        Ok(produced) => {
            let evidence = shares("acknowledged", &produced.brokers);
            let unproved = unproved(step, &produced.brokers, &wanted);
            context.produced.insert(step.topic.clone(), produced);
            unproved.map_or(Ok(evidence), Err)
        }
        Err(error) => Err(cause::client(context, wanted, &access, &error).await),
    }
}

pub async fn consume(context: &mut Context<'_>, step: &ProduceConsume) -> Outcome {
    let access = clients::access(context, step.client.as_deref()).await?;
    let within = step.within.unwrap_or(WITHIN).0;
    let wanted = format!("{} messages from {} within {within:?}", step.messages, context.topic(&step.topic));
    let Some(produced) = context.produced.get(&step.topic) else {
        return Err(StepFailure::new(Cause::Content, wanted, "no produce step before it wrote to that topic"));
    };
    let spec = ConsumeSpec { within, ..ConsumeSpec::all_of(produced) };
    match context.clock.waiting(probe::consume(&access, &spec)).await {
        Ok(consumed) => match consumed.comparison.problem() {
            Some(problem) => Err(StepFailure::new(Cause::Content, wanted, problem)),
            None => Ok(shares("handed out", &consumed.brokers)),
        },
        Err(error) => Err(cause::client(context, wanted, &access, &error).await),
    }
}

pub async fn produce_and_consume(context: &mut Context<'_>, step: &ProduceConsume) -> Outcome {
    let access = clients::access(context, step.client.as_deref()).await?;
    let spec = produce_spec(context, step);
    let every = if step.every_broker { " through every broker" } else { "" };
    let wanted = format!("{} messages in and out of {}{every} within {:?}", step.messages, spec.topic, spec.within);
    if clients::library(context, step.client.as_deref()) == Library::Java {
        let image = images::apache_kafka()
            .map_err(|error| StepFailure::new(Cause::Unknown, "the Java client's image", error.to_string()))?;
        let both = probe::java_produce_and_consume(&access, &spec, &image.image);
        return match context.clock.waiting(both).await {
            Ok(brokers) => Ok(shares("took and gave", &brokers)),
            Err(error) => Err(cause::client(context, wanted, &access, &error).await),
        };
    }
    match context.clock.waiting(probe::produce_and_consume(&access, &spec, None)).await {
        Ok(both) => {
            let brokers = &both.produced.brokers;
            match unproved(step, brokers, &wanted) {
                Some(failure) => Err(failure),
                None => Ok(shares("acknowledged", brokers)),
            }
        }
        Err(error) => Err(cause::client(context, wanted, &access, &error).await),
    }
}

fn produce_spec(context: &Context<'_>, step: &ProduceConsume) -> ProduceSpec {
    ProduceSpec {
        every_broker: step.every_broker,
        only_brokers: step.brokers.clone(),
        within: step.within.unwrap_or(WITHIN).0,
        ..ProduceSpec::new(context.topic(&step.topic), u64::from(step.messages))
    }
}

/// With `every-broker`: a broker whose messages went another way than through its own advertised name.
fn unproved(step: &ProduceConsume, brokers: &[BrokerShare], wanted: &str) -> Option<StepFailure> {
    let share = brokers.iter().find(|share| step.every_broker && !share.proved())?;
    let seen = format!("{} took {} messages over a connection to `{}`", share.broker, share.messages, share.node_name);
    Some(StepFailure::new(Cause::WrongBroker, wanted, seen))
}

fn shares(did: &str, brokers: &[BrokerShare]) -> Vec<String> {
    brokers.iter().map(|share| format!("{} {did} {}", share.broker, share.messages)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_before_the_wrong_one_are_counted() {
        assert_eq!(in_a_row_before(1), "1 answer was as expected, then this one was not");
        assert_eq!(in_a_row_before(3), "3 answers in a row were as expected, then this one was not");
    }
}
