//! Executes `create-topic`.

use super::{Execute, Outcome};
use crate::clients::DEFAULT;
use crate::journal::Undo;
use crate::{Context, cause, clients};
use probe::NewTopic;
use scenario::{ClusterUse, CreateTopic};

impl Execute for CreateTopic {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let within = self.within.unwrap_or(CreateTopic::WITHIN).0;
        let shared = context.job.scenario.kafka.cluster != ClusterUse::Own;
        // On an existing cluster, others may use the same name. A name with the run's id is already unique.
        let name = if shared && !self.topic.contains(&context.id) {
            format!("{}-{}", self.topic, context.id)
        } else {
            self.topic.clone()
        };
        let partitions = i32::try_from(self.partitions.unwrap_or(6)).unwrap_or(i32::MAX);
        let replicas = i32::try_from(self.replicas.unwrap_or(3)).unwrap_or(i32::MAX);
        let topic = NewTopic { brokers: self.brokers.clone(), ..NewTopic::new(&name, partitions, replicas) };
        context.topics.insert(self.topic.clone(), name.clone());
        if shared {
            let client = self.client.clone().unwrap_or_else(|| DEFAULT.to_owned());
            let existing = context.job.scenario.kafka.cluster == ClusterUse::Existing;
            let of = existing.then(|| format!("Kafka {}/{}", context.kafka_namespace, context.cluster));
            context.journal.push(Undo::DeleteTopic { client, topic: name.clone(), of });
        }
        let created = context.clock.waiting(probe::create_topic(&access, &topic, within)).await;
        match created {
            Ok(partitions) => Ok(vec![format!("{name} with {} partitions", partitions.len())]),
            Err(error) => Err(cause::client(context, format!("topic {name} within {within:?}"), &access, &error).await),
        }
    }
}
