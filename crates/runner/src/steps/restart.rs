//! Executes `restart`.

use super::objects::remove;
use super::ownership::Ownership;
use super::pods::of_broker;
use super::{Execute, Outcome};
use crate::{Context, cause, clients, failure, gateway};
use kubeapi::{ConditionState, wait_for};
use model::{Cause, Failure};
use scenario::{ClusterUse, Restart};
use std::time::Duration;
use tokio::time::Instant;

impl Execute for Restart {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        may_restart(context.job.scenario.kafka.cluster)?;
        let within = self.within.unwrap_or(Restart::WITHIN).0;
        match (self.broker, self.gateway) {
            (Some(broker), _) => {
                let deadline = Instant::now() + within;
                let mut evidence = restart_broker(context, broker, within).await?;
                if self.in_sync {
                    evidence.extend(in_sync(context, self.client.as_deref(), deadline).await?);
                }
                Ok(evidence)
            }
            (None, true) => gateway::restart(context, within).await,
            (None, false) => {
                Err(Failure::new(Cause::Unknown, "a restart", "the step names neither a broker nor the gateway"))
            }
        }
    }
}

/// On an existing cluster, brokers and gateways do not belong to the run.
fn may_restart(cluster: ClusterUse) -> Result<(), Failure> {
    if Ownership::of(cluster, false, true, true) != Ownership::Protected {
        return Ok(());
    }
    let seen = "with `cluster: existing`, the lab does not restart brokers or the gateway, because others use them";
    Err(Failure::new(Cause::ManifestRefused, "a restart", seen))
}

/// Deletes the broker's Pod and waits until its replacement is ready.
async fn restart_broker(context: &mut Context<'_>, broker: i32, within: Duration) -> Outcome {
    let expected = format!("broker {broker} restarts and is ready within {within:?}");
    let failed = |error: &kubeapi::Error| failure::kubernetes(&expected, error);
    let catalog = &context.lab.catalog;
    let (name, uid) = of_broker(context, broker, &expected).await?;
    let pod = context.object("Pod", &name, Some(&context.kafka_namespace)).await?;
    let removed = context.clock.waiting(remove(catalog, &pod, uid.as_deref())).await;
    removed.map_err(|error| failed(&error))?;
    let back = wait_for(catalog, &pod, "ready again", within, |seen| match seen {
        None => ConditionState::NotYet("it does not exist".to_owned()),
        Some(seen) if seen.metadata.uid == uid => ConditionState::NotYet("the old Pod still exists".to_owned()),
        Some(seen) if kubeapi::pod_object_is_ready(seen) => ConditionState::Met,
        Some(seen) => {
            ConditionState::NotYet(format!("phase {}", seen.data["status"]["phase"].as_str().unwrap_or("unknown")))
        }
    });
    context.clock.waiting(back).await.map_err(|error| failed(&error))?;
    Ok(vec![format!("Pod {name} is ready again")])
}

/// Waits until every replica of every partition that the client sees is in sync.
async fn in_sync(context: &mut Context<'_>, client: Option<&str>, deadline: Instant) -> Outcome {
    let access = clients::access(context, client).await?;
    let began = Instant::now();
    let expected = "every replica is in sync again";
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(500));
        let behind = match context.clock.waiting(probe::cluster(&access, remaining)).await {
            Ok(found) => found.behind,
            Err(error) => return Err(cause::client(context, expected, &access, &error).await),
        };
        if behind.is_empty() {
            return Ok(vec![format!("every replica was in sync {:.1} s later", began.elapsed().as_secs_f64())]);
        }
        if Instant::now() >= deadline {
            let seen = format!("{} partitions lack replicas: {}", behind.len(), behind.join(", "));
            return Err(Failure::new(Cause::ConditionUnmet, expected, seen));
        }
        // Kafka's metadata cannot be watched.
        context.clock.waiting(tokio::time::sleep(Duration::from_millis(300))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_cluster_is_never_restarted() {
        let refused = may_restart(ClusterUse::Existing).expect_err("it is somebody else's");
        assert!(refused.seen.contains("`cluster: existing`"), "{}", refused.seen);
        assert!(may_restart(ClusterUse::Shared).is_ok() && may_restart(ClusterUse::Own).is_ok());
    }
}
