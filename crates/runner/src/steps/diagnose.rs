//! Executes `diagnose`.

use super::{Execute, Outcome};
use crate::{Context, client_paths, clients};
use diagnose::Diagnosis;
use model::{Cause, DiagnosisFigures, Failure};
use scenario::Diagnose;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A gateway applies a change within two seconds, so that more walks a second show nothing new.
const AGAIN: Duration = Duration::from_millis(300);

impl Execute for Diagnose {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let expected = expected(self);
        let deadline = Instant::now() + self.within.unwrap_or(Self::WITHIN).0;
        let mut walks = 0;
        loop {
            walks += 1;
            let found = context.clock.waiting(client_paths::walked(context, &access)).await;
            let found = found.map_err(|seen| Failure::new(Cause::Unknown, &expected, seen))?;
            let causes: Vec<Cause> = found.findings.iter().map(|finding| finding.cause).collect();
            let evidence = evidence(&found);
            context.diagnosis = Some(DiagnosisFigures { causes: causes.clone(), seconds: found.seconds, walks });
            let Some(mismatch) = mismatch(self, &causes) else { return Ok(evidence) };
            // A healthy path gets no second chance: a false alarm that goes away is one all the same.
            if self.first.is_none() || Instant::now() >= deadline {
                let cause = causes.first().copied().filter(|cause| Some(*cause) != self.first);
                let cause = cause.unwrap_or(Cause::ConditionUnmet);
                return Err(Failure::new(cause, expected, mismatch).with_evidence(evidence));
            }
            context.clock.waiting(sleep(AGAIN)).await;
        }
    }
}

fn expected(step: &Diagnose) -> String {
    match (step.first, step.also.as_slice()) {
        (None, _) => "no finding".to_owned(),
        (Some(first), []) => format!("{first}, and nothing else"),
        (Some(first), also) => format!("{first} first, then {}", names(also)),
    }
}

/// How the findings differ from the expected ones.
fn mismatch(step: &Diagnose, causes: &[Cause]) -> Option<String> {
    let seen = || if causes.is_empty() { "no finding".to_owned() } else { names(causes) };
    let rest = causes.get(1..).unwrap_or_default();
    let complete = step.also.iter().all(|cause| rest.contains(cause));
    // Brokers with faults of the same kind have a finding each.
    let nothing_else = rest.iter().all(|cause| step.also.contains(cause) || Some(*cause) == step.first);
    (step.first != causes.first().copied() || !complete || !nothing_else).then(seen)
}

fn names(causes: &[Cause]) -> String {
    causes.iter().map(|cause| cause.name()).collect::<Vec<_>>().join(", ")
}

/// The findings as lines.
fn evidence(found: &Diagnosis) -> Vec<String> {
    let lines = found.findings.iter().map(|finding| {
        format!("{} {} at {}: {}", finding.number, finding.cause, finding.addresses.join(", "), finding.evidence.seen)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cause::{BrokerDown, RouteMissing, WrongBroker};

    #[test]
    fn the_first_cause_must_be_first_and_no_other_may_be_lost_or_added() {
        let healthy = Diagnose::default();
        assert_eq!(mismatch(&healthy, &[]), None);
        assert_eq!(mismatch(&healthy, &[BrokerDown]).as_deref(), Some("broker-down"));
        let pair = Diagnose { first: Some(RouteMissing), also: vec![BrokerDown], ..Diagnose::default() };
        assert_eq!(mismatch(&pair, &[RouteMissing, BrokerDown]), None);
        assert_eq!(mismatch(&pair, &[RouteMissing, RouteMissing, BrokerDown]), None, "two brokers, one kind of fault");
        assert_eq!(mismatch(&pair, &[]).as_deref(), Some("no finding"));
        assert!(mismatch(&pair, &[BrokerDown, RouteMissing]).is_some(), "the order is wrong");
        assert!(mismatch(&pair, &[RouteMissing]).is_some(), "one is lost");
        assert!(mismatch(&pair, &[RouteMissing, BrokerDown, WrongBroker]).is_some(), "one is invented");
    }
}
