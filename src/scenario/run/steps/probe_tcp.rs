//! probe-tcp.

use super::answers::{Answer, Answers, Next};
use super::probe::{AGAIN, TIMES_FOR_A_BROKER};
use super::refuse::port;
use super::{Outcome, whose};
use crate::cause::Cause;
use crate::client::tcp::{self, TcpOutcome};
use crate::client::{self, Peer};
use crate::scenario::run::{Context, StepFailure};
use crate::scenario::{PortState, ProbeTcp, Span};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const WITHIN: Span = Span::seconds(30);

pub async fn probe_tcp(context: &mut Context<'_>, step: &ProbeTcp) -> Outcome {
    let within = step.within.unwrap_or(WITHIN).0;
    let deadline = Instant::now() + within;
    let port = port(context, Some(&step.port))?;
    let host = step.host.clone().unwrap_or_else(|| context.lab.info.gateway.address.to_string());
    let wanted = format!(
        "{host}:{port} {}",
        match step.expect {
            PortState::Open => "accepts connections",
            PortState::Kafka => "is answered by a broker",
            PortState::Closed => "is closed",
        }
    );
    let found = context.clock.waiting(tokio::net::lookup_host((host.as_str(), port))).await;
    let Some(address) = found.ok().and_then(|mut all| all.next()) else {
        return Err(StepFailure::new(Cause::UnresolvedName, wanted, format!("{host} does not resolve")));
    };
    if let Some(broker) = step.broker {
        return tcp_broker(context, broker, address, deadline, wanted).await;
    }
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(3));
        let (met, seen) = context.clock.waiting(port_state(step.expect, address, left)).await;
        if met {
            return Ok(vec![seen]);
        }
        if Instant::now() + AGAIN >= deadline {
            let cause = if step.expect == PortState::Closed { Cause::NotRefused } else { Cause::Unreachable };
            return Err(StepFailure::new(cause, wanted, seen));
        }
        context.clock.waiting(tokio::time::sleep(AGAIN)).await;
    }
}

/// The port leads to this broker, on several connections in a row.
async fn tcp_broker(
    context: &Context<'_>,
    broker: i32,
    address: SocketAddr,
    deadline: Instant,
    wanted: String,
) -> Outcome {
    let wanted = format!("{wanted}, broker {broker}, each time");
    let whose = whose::of(context, None).await;
    let mut answers = Answers::new(TIMES_FOR_A_BROKER, whose.clone());
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(3));
        let peer = context.clock.waiting(Peer::at(address, None, broker, left)).await;
        let seen = format!("{} answers there", whose.name(&peer));
        let (cause, answer) = match peer.is(broker, &whose) {
            Some(true) => (Cause::Unknown, Answer::Wanted(Some(peer))),
            Some(false) => (Cause::WrongBroker, Answer::Another(peer)),
            None => (Cause::Unreachable, Answer::Failed),
        };
        let fits = matches!(answer, Answer::Wanted(_));
        match answers.add(answer) {
            Next::Passed => return Ok(vec![format!("{TIMES_FOR_A_BROKER} times in a row: {seen}")]),
            Next::Differing(seen) => return Err(StepFailure::new(Cause::WrongBroker, wanted, seen)),
            Next::Later if !fits && Instant::now() + AGAIN >= deadline => {
                return Err(StepFailure::new(cause, wanted, seen));
            }
            Next::Later => context.clock.waiting(tokio::time::sleep(AGAIN)).await,
            Next::Again => {}
        }
    }
}

async fn port_state(expect: PortState, address: SocketAddr, within: Duration) -> (bool, String) {
    match expect {
        PortState::Open => {
            let outcome = tcp::probe(address, within).await;
            (outcome == TcpOutcome::Connected, outcome.to_string())
        }
        PortState::Kafka => match client::hello(address, None, within).await {
            Ok(hello) => (true, format!("a broker answers ({} kinds of request)", hello.apis)),
            Err(seen) => (false, seen),
        },
        PortState::Closed => match tcp::probe(address, within).await {
            TcpOutcome::Connected => closes(address, within).await,
            outcome => (true, outcome.to_string()),
        },
    }
}

/// Whether the other side closes without a byte: a gateway's port is open even when no route is behind it.
async fn closes(address: SocketAddr, within: Duration) -> (bool, String) {
    let talk = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        // The smallest question that Kafka answers: API versions, version 0, for nobody in particular.
        stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]).await?;
        stream.read(&mut [0; 16]).await
    };
    match timeout(within, talk).await {
        Ok(Ok(0)) => (true, "closed without a byte".to_owned()),
        Ok(Err(error)) => (true, error.to_string()),
        Ok(Ok(bytes)) => (false, format!("it is open and answers ({bytes} bytes)")),
        Err(_) => (false, "it is open and says nothing".to_owned()),
    }
}
