//! Executes `connections`.

use super::{Execute, Outcome};
use crate::Context;
use crate::gateway_addresses::address_of;
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
        let port = context.lab.info.gateway.ports.passthrough;
        let address = SocketAddr::new(address_of(context, Some(&self.sni)), port);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let expected = format!(
            "{count} connections to {} at the same time, with an answer of a broker on each, within {within:?}",
            self.sni
        );
        // The request after the handshake checks each connection, so nothing needs to watch them.
        let probe = Probe { linger: Duration::ZERO, ..Probe::new(address, Some(&self.sni), within) };
        let mut connections = context
            .clock
            .waiting(hold(&probe, count))
            .await
            .map_err(|seen| Failure::new(Cause::Unknown, &expected, seen))?;
        let opened = connections.open();
        let failed: Vec<_> =
            connections.failed.iter().map(|(text, count)| format!("{count} connections: {text}")).collect();
        if opened < count {
            let seen = format!("{opened} were opened");
            return Err(Failure::new(Cause::Unreachable, expected, seen).with_evidence(failed));
        }
        let remaining = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let answered = context.clock.waiting(connections.answering(remaining)).await;
        if answered < count {
            let seen = format!("{opened} were opened, and brokers answered on {answered}");
            return Err(Failure::new(Cause::BrokerDown, expected, seen));
        }
        Ok(vec![format!("{opened} connections were open at the same time, and brokers answered on all of them")])
    }
}
