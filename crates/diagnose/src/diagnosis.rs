//! The result of `diagnose`: findings with the first cause first, and the paths. Its JSON is a documented format.

use super::hops::{Hop, HopKind, hops, place};
use super::repair::{Repair, repair};
use super::snapshot::Snapshot;
use super::walk::{Walk, Walks};
use model::{Cause, Failure, Severity};
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;

/// The version of the JSON format. It changes when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A certificate that ends within this many days is a warning.
pub(super) const SOON_DAYS: i64 = 10;

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diagnosis {
    pub schema: u32,
    pub bootstrap: String,
    /// Whether nothing was found.
    pub healthy: bool,
    /// The cause that is nearest to the client first.
    pub findings: Vec<Finding>,
    pub paths: Vec<Path>,
    /// What could not be looked at, and why.
    pub not_looked_at: Vec<String>,
    pub seconds: f64,
}

/// One cause, with the addresses that it concerns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    pub cause: Cause,
    /// The stable number, such as `KGL005`.
    pub number: String,
    pub severity: Severity,
    pub summary: &'static str,
    /// The addresses, such as `broker 11 (broker-11.kafka.test:9092)`.
    pub addresses: Vec<String>,
    pub evidence: Evidence,
    pub repair: Repair,
    /// The path of the cause's page in the repository.
    pub page: String,
    pub consequences: Vec<String>,
    /// Whether it breaks the bootstrap path.
    #[serde(skip)]
    common: bool,
    /// Where it breaks the path.
    #[serde(skip)]
    hop: HopKind,
}

/// What was expected and what was seen, with the single facts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    pub wanted: String,
    pub seen: String,
    pub facts: Vec<String>,
}

/// The path to one address.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Path {
    /// `None` for the bootstrap address.
    pub broker: Option<i32>,
    pub address: String,
    pub hops: Vec<Hop>,
}

impl Diagnosis {
    /// From walks to findings. `ignored` causes are left out.
    pub fn of(
        bootstrap: String,
        walks: &Walks,
        snapshot: Option<&Snapshot>,
        ignored: &[Cause],
        took: Duration,
    ) -> Self {
        let mut findings: Vec<Finding> = Vec::new();
        let paths = walks.walks.iter().map(path).collect();
        for walk in &walks.walks {
            let failure = walk.failure.clone().or_else(|| expires_soon(walk, OffsetDateTime::now_utc()));
            let all = failure.into_iter().chain(walk.also.iter().cloned());
            for failure in all.filter(|failure| !ignored.contains(&failure.cause)) {
                // What breaks the bootstrap path in the same way as a broker's is one fault.
                let common = findings.iter_mut().find(|known| known.common && known.cause == failure.cause);
                match common {
                    Some(known) => known.addresses.push(title(walk)),
                    None => findings.push(Finding::of(walk, failure, snapshot)),
                }
            }
        }
        // A warning never comes before an error, and the bootstrap path comes before every other.
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), !finding.common, finding.hop));
        findings.iter_mut().for_each(|finding| finding.add_consequences(walks));
        Self {
            schema: SCHEMA,
            bootstrap,
            healthy: findings.is_empty(),
            findings,
            paths,
            not_looked_at: walks.gaps.clone(),
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        }
    }

    /// Whether a finding is at least this severe.
    pub fn fails_on(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= severity)
    }
}

impl Finding {
    fn of(walk: &Walk, failure: Failure, snapshot: Option<&Snapshot>) -> Self {
        let Failure { cause, wanted, seen, evidence: facts, .. } = failure;
        Self {
            cause,
            number: cause.number(),
            severity: cause.severity(),
            summary: cause.summary(),
            addresses: vec![title(walk)],
            evidence: Evidence { wanted, seen, facts },
            repair: repair(cause, &walk.facts, snapshot),
            page: cause.page(),
            consequences: Vec::new(),
            common: walk.facts.broker.is_none(),
            hop: place(&walk.facts, cause),
        }
    }

    fn add_consequences(&mut self, walks: &Walks) {
        if self.severity != Severity::Error {
            return;
        }
        if self.common {
            if walks.walks.len() == 1 {
                self.consequences.push(
                    "a client does not learn the addresses of the brokers, so their paths were not looked at"
                        .to_owned(),
                );
            }
            return;
        }
        for address in &self.addresses {
            self.consequences.push(format!("clients cannot use the partitions that {address} leads"));
        }
    }
}

/// The address, with its broker.
fn title(walk: &Walk) -> String {
    let at = format!("{}:{}", walk.facts.host, walk.facts.port);
    match walk.facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => format!("broker {id} ({at})"),
        None => format!("bootstrap ({at})"),
    }
}

fn path(walk: &Walk) -> Path {
    Path {
        broker: walk.facts.broker.as_ref().and_then(|broker| broker.id),
        address: format!("{}:{}", walk.facts.host, walk.facts.port),
        hops: hops(&walk.facts, walk.failure.as_ref().map(|failure| failure.cause)),
    }
}

fn expires_soon(walk: &Walk, now: OffsetDateTime) -> Option<Failure> {
    let leaf = walk.facts.tls.as_ref()?.chain.first()?;
    let left = leaf.not_after - now;
    (left < time::Duration::days(SOON_DAYS)).then(|| {
        let seen = format!("the certificate {} at {} is valid until {}", leaf.subject, title(walk), leaf.not_after);
        Failure::new(
            Cause::CertificateExpiresSoon,
            format!("a certificate that is valid for {SOON_DAYS} days more"),
            seen,
        )
    })
}

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
