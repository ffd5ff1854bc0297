//! Executes `connections`.

use super::{Execute, Outcome};
use crate::Context;
use model::{Cause, Failure};
use probe::hold;
use probe::tls::Probe;
use scenario::Connections;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

impl Execute for Connections {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(Connections::WITHIN).0;
        let deadline = Instant::now() + within;
        let gateway = &context.lab.info.gateway;
        let address = SocketAddr::new(gateway.address, gateway.ports.passthrough);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let wanted =
            format!("{count} connections to {} at once, each answered by a broker, within {within:?}", self.sni);
        // Nobody watches each of them afterwards: the question that follows does.
        let probe = Probe { linger: Duration::ZERO, ..Probe::new(address, Some(&self.sni), within) };
        let mut held = context
            .clock
            .waiting(hold(&probe, count))
            .await
            .map_err(|seen| Failure::new(Cause::Unknown, &wanted, seen))?;
        let opened = held.open();
        let failed: Vec<_> = held.failed.iter().map(|(text, count)| format!("{count} connections: {text}")).collect();
        if opened < count {
            let seen = format!("{opened} came about");
            return Err(Failure::new(Cause::Unreachable, wanted, seen).with_evidence(failed));
        }
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let answered = context.clock.waiting(held.answering(left)).await;
        if answered < count {
            let seen = format!("{opened} came about, and brokers answered on {answered}");
            return Err(Failure::new(Cause::BrokerDown, wanted, seen));
        }
        Ok(vec![format!("{opened} connections open at once, brokers answered on all of them")])
    }
}
