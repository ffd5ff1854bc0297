//! Executes `refuse`.

use super::probe::SETTLE;
use super::{Execute, Outcome};
use crate::gateway_addresses::address_of;
use crate::{Context, cause, clients};
use model::{Cause, Failure};
use probe::tls::Probe;
use probe::{ProduceSpec, own_word};
use scenario::Refuse;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// How many messages an attempt sends. It is larger than a topic's number of partitions here, so that each partition is
/// tried.
const MESSAGES: u64 = 100;

/// How many handshakes in a row must be refused.
const HOLDS: u32 = 5;

/// The result of one attempt.
enum Attempt {
    Refused(Failure),
    Succeeded(String),
}

impl Execute for Refuse {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(Refuse::WITHIN).0;
        let start = Instant::now();
        let deadline = start + within;
        let mut expected = format!("refused for {} within {within:?}", self.cause);
        if let Some(text) = &self.mentions {
            expected = format!("{expected}, mentioning `{text}`");
        }
        // A deleted route is served for a moment longer, and a cause can still change, so repeat until the deadline.
        let mut pause = Duration::from_millis(250);
        let mut succeeded = None;
        let mut in_a_row = 0;
        // A gateway may close a port at which it serves nothing, if no other Gateway shares the address. One that never served
        // anything in this scenario may as well not run.
        let closes_ports = context.lab.info.gateway.separate && !context.served.is_empty();
        let mut settling = TakeoverMoment { served: served_before(context, self)?, over: false };
        loop {
            let began = Instant::now();
            let remaining = deadline.saturating_duration_since(began).max(Duration::from_secs(1));
            let failure = match attempt(context, self, remaining).await? {
                Attempt::Refused(refusal) => match mismatch(self, &refusal, closes_ports) {
                    None if in_a_row + 1 < self.times.unwrap_or(1) => {
                        in_a_row += 1;
                        context.clock.waiting(settling.pause()).await;
                        continue;
                    }
                    None => {
                        let took = began.elapsed().as_secs_f64();
                        if let Some(seen) = served_after_refusal(context, self, &mut settling).await? {
                            return Err(Failure::new(Cause::NotRefused, expected, seen).with_evidence(refusal.evidence));
                        }
                        let mut evidence = vec![format!("refused after {took:.1} s: {}", refusal.seen)];
                        evidence.extend(refusal.evidence);
                        return Ok(evidence);
                    }
                    Some(how) => {
                        Failure { wanted: expected.clone(), seen: format!("{how}: {}", refusal.seen), ..refusal }
                    }
                },
                Attempt::Succeeded(seen) => {
                    settling.served = true;
                    let seen = if in_a_row > 0 { format!("{seen}, after {in_a_row} refusals in a row") } else { seen };
                    succeeded.insert(Failure::new(Cause::NotRefused, &expected, seen)).clone()
                }
            };
            in_a_row = 0;
            if Instant::now() + pause >= deadline {
                // An attempt that succeeded is more important than a later failed one.
                return Err(succeeded.unwrap_or(failure));
            }
            context.clock.waiting(tokio::time::sleep(pause)).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }
}

/// Checks on a few more connections whether the refused name is served after all. Otherwise a gateway that refuses only
/// sometimes would pass.
async fn served_after_refusal(
    context: &Context<'_>,
    step: &Refuse,
    settling: &mut TakeoverMoment,
) -> Result<Option<String>, Failure> {
    if step.client.is_some() {
        return Ok(None);
    }
    let sni = step.sni.as_deref().filter(|_| !step.no_sni);
    let address = SocketAddr::new(address_of(context, sni), port(context, step.port.as_deref())?);
    let probe = Probe::new(address, sni, Duration::from_secs(2));
    let ask = async || served_by_a_broker(&probe).await;
    Ok(context.clock.waiting(served_again(settling, ask)).await)
}

/// The answer of the first of a few more connections that is served.
async fn served_again(settling: &mut TakeoverMoment, ask: impl AsyncFn() -> Option<String>) -> Option<String> {
    settling.pause().await;
    for before in 1..HOLDS {
        if let Some(seen) = ask().await {
            let times = if before == 1 { "once".to_owned() } else { format!("{before} times") };
            return Some(format!("refused {times}, and then {seen}"));
        }
    }
    None
}

/// Whether an earlier probe found this name served.
fn served_before(context: &Context<'_>, step: &Refuse) -> Result<bool, Failure> {
    let Some(sni) = step.sni.as_ref().filter(|_| step.client.is_none()) else { return Ok(false) };
    Ok(context.served.contains(&(sni.clone(), port(context, step.port.as_deref())?)))
}

/// The time that a gateway gets after the first refusal, to apply a change in all of its replicas and threads. It gets
/// this time once, and only if the name was served before. Otherwise a gateway that refuses only sometimes would pass.
struct TakeoverMoment {
    served: bool,
    over: bool,
}

impl TakeoverMoment {
    async fn pause(&mut self) {
        if !std::mem::replace(&mut self.over, true) && self.served {
            tokio::time::sleep(SETTLE).await;
        }
    }
}

/// The answer of a broker on one connection, if there is one.
async fn served_by_a_broker(probe: &Probe<'_>) -> Option<String> {
    let (outcome, stream) = probe.open().await;
    let word = own_word(&mut stream?, 0, probe.within).await.ok()?;
    Some(format!("not refused: a broker answers (it supports {} kinds of request): {outcome}", word.hello.apis))
}

/// How a refusal differs from the expected one.
fn mismatch(step: &Refuse, refusal: &Failure, closes_ports: bool) -> Option<String> {
    let closed = closes_ports && step.cause == Cause::UnknownSni && refusal.cause == Cause::Unreachable;
    if refusal.cause != step.cause && !closed {
        return Some(format!("refused for {}", refusal.cause));
    }
    let text = step.mentions.as_ref()?;
    let mentioned = refusal.seen.contains(text) || refusal.evidence.iter().any(|one| one.contains(text));
    (!mentioned).then(|| format!("refused without mentioning `{text}`"))
}

async fn attempt(context: &mut Context<'_>, step: &Refuse, remaining: Duration) -> Result<Attempt, Failure> {
    match &step.client {
        Some(name) => kafka(context, step, name, remaining).await,
        None => handshake(context, step, remaining).await,
    }
}

async fn kafka(context: &mut Context<'_>, step: &Refuse, name: &str, remaining: Duration) -> Result<Attempt, Failure> {
    let access = clients::access(context, Some(name)).await?;
    let within = remaining.min(Duration::from_secs(10));
    // A client that cannot connect retries until its deadline. A longer deadline would show nothing new.
    let first_contact = remaining.min(Duration::from_secs(5));
    let done = match &step.topic {
        Some(topic) => {
            let spec = ProduceSpec {
                every_broker: false,
                only_brokers: step.broker.map(|broker| vec![broker]),
                within,
                patience: Some(Duration::from_secs(2)),
                ..ProduceSpec::new(context.topic(topic), MESSAGES)
            };
            context.clock.waiting(probe::produce(&access, &spec)).await.map(|produced| {
                format!("not refused: client {name} produced {} messages to {}", produced.acked, produced.topic)
            })
        }
        None => context
            .clock
            .waiting(probe::cluster(&access, first_contact))
            .await
            .map(|cluster| format!("not refused: client {name} saw {} brokers", cluster.brokers.len())),
    };
    Ok(match done {
        Ok(seen) => Attempt::Succeeded(seen),
        Err(error) => Attempt::Refused(cause::client(context, "a refusal", &access, &error).await),
    })
}

async fn handshake(context: &mut Context<'_>, step: &Refuse, remaining: Duration) -> Result<Attempt, Failure> {
    let sni = step.sni.as_deref().filter(|_| !step.no_sni);
    let address = SocketAddr::new(address_of(context, sni), port(context, step.port.as_deref())?);
    let probe = Probe::new(address, sni, remaining.min(Duration::from_secs(5)));
    let outcome = context.clock.waiting(probe.run()).await;
    if !outcome.turned_away() {
        // Some gateways end TLS themselves for an unknown name. It only matters that no broker answers.
        if let Ok(hello) = context.clock.waiting(probe::broker_handshake(address, Some(&probe), probe.within)).await {
            let seen =
                format!("not refused: a broker answers (it supports {} kinds of request): {outcome}", hello.apis);
            return Ok(Attempt::Succeeded(seen));
        }
    }
    Ok(Attempt::Refused(cause::handshake(context, sni, &outcome).await))
}

/// A port of the gateway. The default is the passthrough port.
pub fn port(context: &Context<'_>, text: Option<&str>) -> Result<u16, Failure> {
    let Some(text) = text else { return Ok(context.lab.info.gateway.ports.passthrough) };
    text.parse().map_err(|_| Failure::new(Cause::Unknown, "a port", format!("`{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Arc;
    use test_servers::{Authority, broker, serve, serve_tls};
    use tokio_rustls::TlsAcceptor;

    #[tokio::test(start_paused = true)]
    async fn a_second_replica_may_serve_a_formerly_served_name_a_moment_longer() {
        let start = Instant::now();
        let replica = async || (start.elapsed() < Duration::from_millis(1500)).then(|| "served".to_owned());
        let mut never = TakeoverMoment { served: false, over: false };
        assert_eq!(served_again(&mut never, replica).await.as_deref(), Some("refused once, and then served"));
        let mut before = TakeoverMoment { served: true, over: false };
        assert_eq!(served_again(&mut before, replica).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_refuses_only_sometimes_gets_no_second_pause() {
        let start = Instant::now();
        let mut settling = TakeoverMoment { served: true, over: false };
        let count = Cell::new(0);
        let now_and_then = async || {
            count.set(count.get() + 1);
            (count.get() % 3 == 0).then(|| "served".to_owned())
        };
        let seen = served_again(&mut settling, now_and_then).await;
        assert_eq!(seen.as_deref(), Some("refused 3 times, and then served"));
        settling.pause().await;
        assert_eq!(start.elapsed(), SETTLE);
    }

    #[tokio::test]
    async fn only_an_answer_of_a_broker_breaks_a_refusal() {
        let server = || Authority::new("gateway").leaf("gateway", &["x.kafka.test"]).server(None);
        let sni = Some("x.kafka.test");
        let acceptor = TlsAcceptor::from(Arc::new(server()));
        let behind = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    broker(stream, 10).await;
                }
            }
        })
        .await;
        let seen = served_by_a_broker(&Probe::new(behind, sni, Duration::from_secs(5))).await.expect("it is served");
        assert!(seen.contains("a broker answers (it supports 3 kinds of request)"), "{seen}");
        // A gateway that ends TLS for an unknown name does not forward to a broker.
        let alone = serve_tls(server()).await;
        assert_eq!(served_by_a_broker(&Probe::new(alone, sni, Duration::from_millis(200))).await, None);
        let closed = serve(|stream| async move { drop(stream) }).await;
        assert_eq!(served_by_a_broker(&Probe::new(closed, sni, Duration::from_secs(5))).await, None);
    }

    #[test]
    fn a_refusal_must_have_the_cause_and_the_mentioned_text() {
        let step: Refuse =
            serde_saphyr::from_str("{sni: x, cause: unknown-sni, mentions: x.kafka.test}").expect("a step");
        let refusal = |cause| Failure::new(cause, "a refusal", "nobody serves it");
        let matching = refusal(Cause::UnknownSni).with_evidence(["x.kafka.test has no route".to_owned()]);
        assert_eq!(mismatch(&step, &matching, false), None);
        assert_eq!(mismatch(&step, &refusal(Cause::Timeout), false).as_deref(), Some("refused for timeout"));
        let silent = mismatch(&step, &refusal(Cause::UnknownSni), false);
        assert_eq!(silent.as_deref(), Some("refused without mentioning `x.kafka.test`"));
        let closed = refusal(Cause::Unreachable).with_evidence(["x.kafka.test: connection refused".to_owned()]);
        assert_eq!(mismatch(&step, &closed, true), None, "a Gateway with an address of its own may close the port");
        assert_eq!(mismatch(&step, &closed, false).as_deref(), Some("refused for unreachable"));
    }
}
