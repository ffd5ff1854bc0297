//! Executes `probe-tcp`.

use super::answers::{Answer, Answers, Next};
use super::probe::{AGAIN, SETTLE, TIMES_FOR_A_BROKER};
use super::refuse::port;
use super::{Execute, Outcome, whose};
use crate::Context;
use crate::gateway_addresses::address_of;
use model::{Cause, Failure};
use probe::tcp::TcpOutcome;
use probe::{Peer, Whose, own_word, tcp};
use scenario::{PortState, ProbeTcp};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

impl Execute for ProbeTcp {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(ProbeTcp::WITHIN).0;
        let deadline = Instant::now() + within;
        let port = port(context, Some(&self.port))?;
        let host = self.host.clone().unwrap_or_else(|| address_of(context, None).to_string());
        let expected = format!(
            "{host}:{port} {}",
            match self.expect {
                PortState::Open => "accepts connections",
                PortState::Kafka => "answers as a Kafka broker",
                PortState::Closed => "is closed",
            }
        );
        let found = context.clock.waiting(tokio::net::lookup_host((host.as_str(), port))).await;
        let Some(address) = found.ok().and_then(|mut all| all.next()) else {
            return Err(Failure::new(Cause::UnresolvedName, expected, format!("{host} does not resolve")));
        };
        if let Some(broker) = self.broker {
            return tcp_broker(context, broker, address, deadline, expected).await;
        }
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(3));
            let (met, seen) = context.clock.waiting(port_state(self.expect, address, remaining)).await;
            if met {
                return Ok(vec![seen]);
            }
            if Instant::now() + AGAIN >= deadline {
                let cause = if self.expect == PortState::Closed { Cause::NotRefused } else { Cause::Unreachable };
                return Err(Failure::new(cause, expected, seen));
            }
            context.clock.waiting(tokio::time::sleep(AGAIN)).await;
        }
    }
}

/// Checks that the port leads to this broker, on several connections in a row.
async fn tcp_broker(
    context: &Context<'_>,
    broker: i32,
    address: SocketAddr,
    deadline: Instant,
    expected: String,
) -> Outcome {
    let expected = format!("{expected}, broker {broker}, each time");
    let whose = whose::of(context, None).await;
    let ask = async |within| answers(address, broker, within).await;
    context.clock.waiting(each_time(broker, &whose, deadline, expected, ask)).await
}

/// The broker that answers at the address. The error is the cause and the observation.
async fn answers(address: SocketAddr, broker: i32, within: Duration) -> Result<Peer, (Cause, String)> {
    let connected = tcp::connect(address, within).await;
    let mut stream = connected.map_err(|outcome| (Cause::Unreachable, outcome.to_string()))?;
    match own_word(&mut stream, broker, within).await.map_or_else(Peer::Unknown, Peer::from) {
        Peer::Unknown(why) => Err((Cause::Unknown, why)),
        known => Ok(known),
    }
}

/// Connects until the broker has answered often enough in a row, the answers differ, or the deadline has passed.
async fn each_time(
    broker: i32,
    whose: &Whose,
    mut deadline: Instant,
    expected: String,
    ask: impl AsyncFn(Duration) -> Result<Peer, (Cause, String)>,
) -> Outcome {
    let mut answers = Answers::new(TIMES_FOR_A_BROKER, whose.clone());
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(3));
        let (cause, seen, answer) = match ask(remaining).await {
            Ok(peer) => {
                let seen = format!("{} answers", whose.name(&peer));
                match peer.is(broker, whose) {
                    Some(true) => (Cause::Unknown, seen, Answer::Expected(Some(peer))),
                    _ => (Cause::WrongBroker, seen, Answer::Another(peer)),
                }
            }
            Err((cause, seen)) => (cause, seen, Answer::Failed),
        };
        match answers.add(answer) {
            Next::Passed => return Ok(vec![format!("{TIMES_FOR_A_BROKER} times in a row: {seen}")]),
            Next::Differing(seen) => return Err(Failure::new(Cause::WrongBroker, expected, seen)),
            Next::Later if Instant::now() + AGAIN >= deadline => {
                return Err(match answers.summarize() {
                    Next::Differing(differing) if answers.differ() => {
                        Failure::new(Cause::WrongBroker, expected, differing)
                            .with_evidence([format!("the last connection: {seen}")])
                    }
                    _ => Failure::new(cause, expected, seen),
                });
            }
            Next::Later => sleep(AGAIN).await,
            Next::Settle => {
                deadline += SETTLE;
                sleep(SETTLE).await;
            }
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
        PortState::Kafka => match probe::broker_handshake(address, None, within).await {
            Ok(hello) => (true, format!("a broker answers (it supports {} kinds of request)", hello.apis)),
            Err(seen) => (false, seen),
        },
        PortState::Closed => match tcp::probe(address, within).await {
            TcpOutcome::Connected => closes(address, within).await,
            outcome => (true, outcome.to_string()),
        },
    }
}

/// Whether the peer closes the connection without sending a byte. A gateway's port is open even without a route.
async fn closes(address: SocketAddr, within: Duration) -> (bool, String) {
    let talk = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        // The smallest request that Kafka answers: ApiVersions, version 0, without a client id.
        stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]).await?;
        stream.read(&mut [0; 16]).await
    };
    match timeout(within, talk).await {
        Ok(Ok(0)) => (true, "closed without a byte".to_owned()),
        Ok(Err(error)) => (true, error.to_string()),
        Ok(Ok(bytes)) => (false, format!("it is open and answers ({bytes} bytes)")),
        Err(_) => (false, "it is open and does not answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use test_servers::serve;
    use tokio::net::TcpListener;

    const TIME: Duration = Duration::from_secs(30);

    /// The outcome of a probe for broker 10, and the number of connections. `who` gives the answering broker for the
    /// number of a connection and the time since the first. 0 stands for a connection that fails.
    async fn probed(who: impl Fn(u32, Duration) -> i32) -> (Outcome, u32) {
        let (start, count) = (Instant::now(), Cell::new(0));
        let ask = async |_| {
            let number = count.get();
            count.set(number + 1);
            match who(number, start.elapsed()) {
                0 => Err((Cause::Unreachable, "refuses connections".to_owned())),
                id => Ok(Peer::Said { id, cluster_id: None }),
            }
        };
        let outcome = each_time(10, &Whose::default(), start + TIME, "broker 10".to_owned(), ask).await;
        (outcome, count.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_replica_may_apply_a_change_later_than_the_first() {
        let replicas = |number: u32, since: Duration| {
            let taken_over = Duration::from_millis(if number.is_multiple_of(2) { 1600 } else { 200 });
            if since < taken_over { 12 } else { 10 }
        };
        let (outcome, _) = probed(replicas).await;
        assert_eq!(outcome.expect("it holds in the end"), ["8 times in a row: broker 10 answers"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_balancing_service_is_detected_even_if_other_brokers_answer_first() {
        let (outcome, _) = probed(|number, _| [12, 10, 11][number as usize % 3]).await;
        let failure = outcome.expect_err("it takes turns");
        assert_eq!(failure.cause, Cause::WrongBroker);
        assert!(failure.seen.starts_with("the answers differ: "), "{}", failure.seen);
    }

    #[tokio::test(start_paused = true)]
    async fn differing_answers_are_reported_even_if_later_connections_fail() {
        let (outcome, connections) = probed(|number, _| [10, 12].get(number as usize).copied().unwrap_or(0)).await;
        let failure = outcome.expect_err("the answers differ");
        assert_eq!(failure.cause, Cause::WrongBroker);
        assert!(failure.seen.contains("1 of 2 connections reached broker 10, 1 broker 12"), "{}", failure.seen);
        assert!(connections <= 110, "it connects {connections} times in {TIME:?}, which is without a pause");
    }

    #[tokio::test]
    async fn only_a_port_without_connections_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let closed = listener.local_addr().expect("its address");
        drop(listener);
        let nobody = answers(closed, 10, TIME).await;
        assert_eq!(nobody, Err((Cause::Unreachable, "refuses connections: nothing listens there".to_owned())));
        let hangs_up = serve(|stream| async move { drop(stream) }).await;
        let (cause, seen) = answers(hangs_up, 10, TIME).await.expect_err("no broker is behind it");
        assert_eq!(cause, Cause::Unknown);
        assert!(seen.contains("no Kafka answer") && !seen.contains("unknown peer"), "{seen}");
    }
}
