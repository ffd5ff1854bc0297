//! Executes `describe-cluster`.

use super::{Execute, Outcome};
use crate::{Context, cause, clients};
use model::{Cause, Failure};
use scenario::DescribeCluster;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

impl Execute for DescribeCluster {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let within = self.within.unwrap_or(DescribeCluster::WITHIN).0;
        let deadline = Instant::now() + within;
        let mut changed = Instant::now();
        let mut last = String::new();
        let mut in_a_row = 0;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let asked = context.clock.waiting(probe::cluster(&access, remaining.max(Duration::from_millis(500)))).await;
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
            let Some(failure) = mismatch(self, &found) else {
                in_a_row += 1;
                if in_a_row >= self.times.unwrap_or(1) {
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
                return Err(failure.with_evidence(brokers).unchanged_for(changed.elapsed()));
            }
            // Kafka's metadata cannot be watched.
            context.clock.waiting(tokio::time::sleep(Duration::from_millis(500))).await;
        }
    }
}

fn in_a_row_before(count: u32) -> String {
    match count {
        1 => "1 answer was as expected, but not this one".to_owned(),
        _ => format!("{count} answers in a row were as expected, but not this one"),
    }
}

fn mismatch(step: &DescribeCluster, found: &probe::Cluster) -> Option<Failure> {
    if let Some(brokers) = &step.brokers {
        let expected: BTreeSet<_> = brokers.iter().copied().collect();
        let ids: BTreeSet<_> = found.brokers.iter().filter_map(|broker| broker.id).collect();
        if expected != ids {
            let text = format!("the brokers {expected:?}");
            return Some(Failure::new(Cause::ConditionUnmet, text, format!("{ids:?}")));
        }
    }
    let template = step.advertised.as_ref()?;
    found.brokers.iter().find_map(|broker| {
        let expected = template.replace("{nodeId}", &broker.id.unwrap_or(-1).to_string());
        let seen = format!("{}:{}", broker.host, broker.port);
        (expected != seen).then(|| {
            let id = broker.id.unwrap_or(-1);
            Failure::new(
                Cause::AdvertisedAddress,
                format!("broker {id} advertises {expected}"),
                format!("broker {id} advertises {seen}"),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_answers_before_an_unexpected_one_are_counted() {
        assert_eq!(in_a_row_before(1), "1 answer was as expected, but not this one");
        assert_eq!(in_a_row_before(3), "3 answers in a row were as expected, but not this one");
    }
}
