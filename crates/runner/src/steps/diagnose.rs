//! Executes `diagnose`.

use super::{Execute, Outcome};
use crate::{Context, clients};
use diagnose::{Diagnosis, Endurance, Snapshot, WalkClient, WalkOptions, walk};
use model::{Cause, DiagnosisFigures, Failure};
use probe::{ConnectionConfig, Identity, Login, Mechanism, Trust};
use scenario::Diagnose;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The times of the command `diagnose`: for a single question, and for all questions to the API server.
const QUESTION_WITHIN: Duration = Duration::from_secs(3);
const CLUSTER_WITHIN: Duration = Duration::from_secs(5);

/// A gateway applies a change within two seconds, so that more walks a second show nothing new.
const AGAIN: Duration = Duration::from_millis(300);

impl Execute for Diagnose {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let expected = expected(self);
        let options = options(context, &access).map_err(|seen| Failure::new(Cause::Unknown, &expected, seen))?;
        let deadline = Instant::now() + self.within.unwrap_or(Self::WITHIN).0;
        let mut walks = 0;
        loop {
            walks += 1;
            let found = context.clock.waiting(one(context, &options)).await;
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

async fn one(context: &Context<'_>, options: &WalkOptions) -> Diagnosis {
    let begun = Instant::now();
    let catalog = &context.lab.catalog;
    let snapshot = Snapshot::read(catalog, CLUSTER_WITHIN).await;
    let walks = walk(options, Some(catalog), Some(&snapshot)).await;
    let (host, port) = &options.bootstrap;
    Diagnosis::of(format!("{host}:{port}"), &walks, Some(&snapshot), &[], begun.elapsed())
}

fn options(context: &Context<'_>, access: &ConnectionConfig) -> Result<WalkOptions, String> {
    let wrong = || format!("the client's bootstrap is {}, which is not HOST:PORT", access.bootstrap);
    let (host, port) = access.bootstrap.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    Ok(WalkOptions {
        bootstrap: (host.to_owned(), port),
        client: client(access),
        gateway: context.lab.gateway_facts(),
        addresses: vec![context.lab.info.gateway.address],
        within: QUESTION_WITHIN,
        endurance: Endurance::default(),
    })
}

fn client(access: &ConnectionConfig) -> WalkClient {
    let ca = match &access.trust {
        Trust::None => None,
        Trust::Pem(pem) => Some(pem.clone()),
    };
    let login = |mechanism, user: &String, password: &String| {
        Some(Login { mechanism, user: user.clone(), password: password.clone() })
    };
    let (identity, login) = match &access.identity {
        Identity::Anonymous => (None, None),
        Identity::Tls { cert, key } => (Some((cert.clone(), key.clone())), None),
        Identity::Scram { user, password } => (None, login(Mechanism::ScramSha512, user, password)),
        Identity::Plain { user, password } => (None, login(Mechanism::Plain, user, password)),
    };
    WalkClient { tls: access.trust != Trust::None, ca, identity, login }
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

    #[test]
    fn a_client_is_walked_with_its_own_protocol() {
        let scram = Identity::Scram { user: "a".into(), password: "b".into() };
        let walked = client(&ConnectionConfig::plaintext("h:1").with_identity(scram));
        assert!(!walked.tls && walked.ca.is_none());
        assert_eq!(walked.login.map(|login| login.mechanism), Some(Mechanism::ScramSha512));
        let plain = Identity::Plain { user: "a".into(), password: "b".into() };
        let walked = client(&ConnectionConfig::tls("h:1", "ca").with_identity(plain));
        assert!(walked.tls && walked.ca.as_deref() == Some("ca"));
        assert_eq!(walked.login.map(|login| login.mechanism), Some(Mechanism::Plain));
    }
}
