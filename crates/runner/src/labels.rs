//! How a step is told in reports.

use scenario::Step;

/// What the step is about, in a few words.
pub fn summary(step: &Step) -> String {
    match step {
        Step::Apply(file) => file.clone(),
        Step::Churn(churn) => format!("{} {} times", churn.file, churn.times),
        Step::Delete(target) => format!("{} {}", target.kind, target.name),
        Step::Patch(patch) => format!("{} {}", patch.kind, patch.name),
        Step::Wait(wait) => match &wait.condition {
            Some(condition) => format!("{} {}: {condition}", wait.kind, wait.name),
            None => match &wait.field {
                Some(field) => format!("{} {}: {field}", wait.kind, wait.name),
                None => format!("{} {} is gone", wait.kind, wait.name),
            },
        },
        Step::Certificate(certificate) => format!("{} for {}", certificate.secret, certificate.dns_names.join(", ")),
        Step::CreateTopic(create) => create.topic.clone(),
        Step::DescribeCluster(_) => "its brokers".to_owned(),
        Step::ProbeTcp(probe) => format!("{}:{}", probe.host.as_deref().unwrap_or("the gateway"), probe.port),
        Step::Produce(traffic) | Step::Consume(traffic) | Step::ProduceAndConsume(traffic) => {
            format!("{} messages, {}", traffic.messages, traffic.topic)
        }
        Step::Refuse(refuse) => format!("{} for {}", attempt(refuse), refuse.cause),
        Step::Probe(probe) => probe.sni.clone(),
        Step::Start(start) => format!("{} to {}", start.producer, start.topic),
        Step::Stop(stop) => stop.producer.clone(),
        Step::Connections(connections) => format!("{} to {}", connections.count, connections.sni),
        Step::Scale(scale) => format!("{} to {}", scale.pool, scale.replicas),
        Step::Restart(restart) => restart.broker.map_or_else(|| "the gateway".to_owned(), |id| format!("broker {id}")),
        Step::Sleep(sleep) => format!("{}: {}", sleep.r#for, sleep.because),
    }
}

fn attempt(refuse: &scenario::Refuse) -> String {
    match (&refuse.sni, &refuse.client) {
        (Some(sni), _) => format!("SNI {sni}"),
        (None, Some(client)) => format!("client {client}"),
        (None, None) => "no SNI".to_owned(),
    }
}
