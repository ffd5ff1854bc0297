//! connections.

use super::Outcome;
use crate::{Context, StepFailure};
use model::Cause;
use probe::hold;
use probe::tls::Probe;
use scenario::{Connections, Span};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

const WITHIN: Span = Span::seconds(60);

pub async fn connections(context: &mut Context<'_>, step: &Connections) -> Outcome {
    let within = step.within.unwrap_or(WITHIN).0;
    let deadline = Instant::now() + within;
    let gateway = &context.lab.info.gateway;
    let address = SocketAddr::new(gateway.address, gateway.ports.passthrough);
    let count = usize::try_from(step.count).unwrap_or(usize::MAX);
    let wanted = format!("{count} connections to {} at once, each answered by a broker, within {within:?}", step.sni);
    // Nobody watches each of them afterwards: the question that follows does.
    let probe = Probe { linger: Duration::ZERO, ..Probe::new(address, Some(&step.sni), within) };
    let mut held = context
        .clock
        .waiting(hold(&probe, count))
        .await
        .map_err(|seen| StepFailure::new(Cause::Unknown, &wanted, seen))?;
    let opened = held.open();
    let failed: Vec<_> = held.failed.iter().map(|(text, count)| format!("{count} connections: {text}")).collect();
    if opened < count {
        let seen = format!("{opened} came about");
        return Err(StepFailure::new(Cause::Unreachable, wanted, seen).with_evidence(failed));
    }
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
    let answered = context.clock.waiting(held.answering(left)).await;
    if answered < count {
        let seen = format!("{opened} came about, and brokers answered on {answered}");
        return Err(StepFailure::new(Cause::BrokerDown, wanted, seen));
    }
    Ok(vec![format!("{opened} connections open at once, brokers answered on all of them")])
}
