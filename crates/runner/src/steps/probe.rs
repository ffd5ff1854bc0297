//! Executes `probe`.

use super::answers::{Answer, Answers, Next};
use super::probe_handshake::mismatch;
use super::refuse::port;
use super::{Execute, Outcome, whose};
use crate::gateway::default_certificate;
use crate::gateway_addresses::address_of;
use crate::{Context, cause, clients};
use model::{Cause, Failure};
use probe::tls::{Handshake, Probe as Question, TlsOutcome};
use probe::{BrokerAddr, CertificateInfo, NodeIdentity, OwnWord, Peer, Whose, own_word, starts_as_tls};
use scenario::{Probe, Terminator};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

const IDENTIFY_WITHIN: Duration = Duration::from_secs(8);
pub(super) const AGAIN: Duration = Duration::from_millis(300);

/// How long a gateway may take to apply a change in all of its replicas and threads, after the first of them.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// How many connections in a row must reach the expected broker. A Service that balances randomly over three brokers
/// passes this by chance about once in 4000 times.
pub(super) const TIMES_FOR_A_BROKER: u32 = 8;

impl Execute for Probe {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(Probe::WITHIN).0;
        let mut deadline = Instant::now() + within;
        let address = SocketAddr::new(address_of(context, Some(&self.sni)), port(context, self.port.as_deref())?);
        let authority = match self.expect.terminated_by {
            Some(Terminator::Gateway) => Some(clients::lab_ca(context)?),
            Some(Terminator::Broker) => Some(clients::cluster_ca(context).await?),
            None => None,
        };
        let alpn: Vec<_> = self.alpn.iter().map(String::as_str).collect();
        let default = if self.expect.broker.is_some() { TIMES_FOR_A_BROKER } else { 1 };
        let times = self.times.unwrap_or(default);
        let whose = match self.expect.broker {
            Some(_) => whose::of(context, self.expect.cluster.as_deref()).await,
            None => Whose::default(),
        };
        let fallback = default_certificate(&context.lab.info.gateway.name);
        let mut answers = Answers::new(times, whose.clone());
        // The last complete observation, because the deadline may cut the last one short.
        let mut last_complete: Option<Failure> = None;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(5));
            let mut question = Question {
                alpn: &alpn,
                trust: authority.as_deref(),
                split: self.split_at.and_then(|at| usize::try_from(at).ok()),
                ..Question::new(address, Some(&self.sni), remaining)
            };
            if times > 1 {
                // The handshake shows which broker answers. Watching each connection afterwards would take too long.
                question.linger = Duration::ZERO;
            }
            let (outcome, observation) = observe(context, self, &whose, &question, fallback.as_deref()).await?;
            let before = answers.in_a_row();
            let (answer, failure) = match observation {
                Observation::Expected(peer, evidence) => match answers.add(Answer::Expected(peer)) {
                    Next::Passed => {
                        context.served.insert((self.sni.clone(), address.port()));
                        let seen = match times {
                            1 => outcome.to_string(),
                            _ => format!("{times} times in a row: {outcome}"),
                        };
                        return Ok(std::iter::once(seen).chain(evidence).collect());
                    }
                    next => (next, None),
                },
                Observation::Another(peer, failure) => (answers.add(Answer::Another(peer)), Some(failure)),
                Observation::Failed(failure) => (answers.add(Answer::Failed), Some(failure)),
            };
            let failure = failure.map(|failure| match before {
                0 => failure,
                before => failure.with_evidence([broke_off(before)]),
            });
            match answer {
                Next::Differing(seen) => return Err(differing(self, seen, &outcome)),
                Next::Again if failure.is_none() => continue,
                Next::Settle => {
                    deadline += SETTLE;
                    context.clock.waiting(tokio::time::sleep(SETTLE)).await;
                    continue;
                }
                _ => {}
            }
            if Instant::now() + AGAIN >= deadline {
                if answers.differ()
                    && let Next::Differing(seen) = answers.summarize()
                {
                    return Err(differing(self, seen, &outcome));
                }
                // The last answer was the expected one, but there were not enough yet, so continue.
                let Some(failure) = failure else { continue };
                // The diagnosis gives a better cause for a name that the gateway does not serve.
                if failure.cause != Cause::UnknownSni {
                    return Err(failure);
                }
                if let (Handshake::TimedOut { .. }, Some(last_complete)) = (&outcome.handshake, last_complete) {
                    return Err(last_complete.with_evidence([format!("the last attempt: {outcome}")]));
                }
                let diagnosed = cause::handshake(context, Some(&self.sni), &outcome).await;
                return Err(Failure { wanted: failure.wanted, ..diagnosed });
            }
            if outcome.completed() {
                last_complete = failure.or(last_complete);
            }
            if answer == Next::Later {
                context.clock.waiting(tokio::time::sleep(AGAIN)).await;
            }
        }
    }
}

fn broke_off(before: usize) -> String {
    match before {
        1 => "1 connection was as expected, but not this one".to_owned(),
        before => format!("{before} connections in a row were as expected, but not this one"),
    }
}

/// The failure of a name that leads to the expected broker and to others.
fn differing(step: &Probe, seen: String, outcome: &TlsOutcome) -> Failure {
    let expected = match step.expect.broker {
        Some(broker) => format!("{}: {} answers each time", step.sni, owned(broker, step.expect.cluster.as_deref())),
        None => format!("{}: the same answer each time", step.sni),
    };
    let seen =
        format!("{seen}: the name leads to several brokers, for example through a Service that selects all of them");
    Failure::new(Cause::WrongBroker, expected, seen).with_evidence([format!("the last connection: {outcome}")])
}

/// The result of one connection.
enum Observation {
    /// The expected answer, with the peer and the evidence for it.
    Expected(Option<Peer>, Option<String>),
    Another(Peer, Failure),
    Failed(Failure),
}

async fn observe(
    context: &mut Context<'_>,
    step: &Probe,
    whose: &Whose,
    question: &Question<'_>,
    fallback: Option<&str>,
) -> Result<(TlsOutcome, Observation), Failure> {
    let expect = &step.expect;
    // If the broker is asked a question, the connection is not watched as well.
    let asked = expect.kafka.is_some() || expect.broker.is_some();
    if !asked {
        let outcome = context.clock.waiting(question.run()).await;
        let observation =
            mismatch(step, &outcome, fallback).map_or(Observation::Expected(None, None), Observation::Failed);
        return Ok((outcome, observation));
    }
    let (outcome, stream) = context.clock.waiting(question.open()).await;
    if let Some(failure) = mismatch(step, &outcome, fallback) {
        return Ok((outcome, Observation::Failed(failure)));
    }
    let certified = outcome.chain.first().and_then(CertificateInfo::broker).map(Peer::Certified);
    let word = match stream {
        Some(mut stream) if expect.kafka.is_some() || certified.is_none() => {
            let expected = expect.broker.unwrap_or_default();
            Some(context.clock.waiting(own_word(&mut stream, expected, question.within)).await)
        }
        _ => None,
    };
    if let Some(failure) = expect.kafka.and_then(|expected| kafka(&step.sni, expected, word.as_ref()?)) {
        return Ok((outcome, Observation::Failed(failure)));
    }
    let Some(expected) = expect.broker else { return Ok((outcome, Observation::Expected(None, None))) };
    let by_answer =
        || word.unwrap_or_else(|| Err("no question was sent".to_owned())).map_or_else(Peer::Unknown, Peer::from);
    let peer = certified.unwrap_or_else(by_answer);
    if let Peer::Unknown(why) = &peer {
        let observation = by_the_client(context, step, expected, &outcome, why).await?;
        return Ok((outcome, observation));
    }
    let certified = matches!(peer, Peer::Certified(_));
    if peer.is(expected, whose) == Some(true) {
        let how = if certified {
            "its certificate names the broker's Pod"
        } else {
            "the broker itself says so on this connection"
        };
        return Ok((outcome, Observation::Expected(Some(peer), Some(format!("it is broker {expected}: {how}")))));
    }
    let words = format!("{}: {} answers", step.sni, owned(expected, step.expect.cluster.as_deref()));
    let seen = match (certified, whose.name(&peer)) {
        (true, name) => format!("the certificate belongs to {name}: {outcome}"),
        (false, name) => format!("{name} answers: {outcome}"),
    };
    Ok((outcome, Observation::Another(peer, Failure::new(Cause::WrongBroker, words, seen))))
}

/// A text for the broker and its cluster.
fn owned(broker: i32, cluster: Option<&str>) -> String {
    match cluster {
        Some(cluster) => format!("broker {broker} of Kafka {cluster}"),
        None => format!("broker {broker}"),
    }
}

/// For a broker that tells an anonymous client nothing: asks it with the scenario's own client, on separate connections
/// to the broker's advertised address.
async fn by_the_client(
    context: &mut Context<'_>,
    step: &Probe,
    expected: i32,
    outcome: &TlsOutcome,
    why: &str,
) -> Result<Observation, Failure> {
    if let Some(failure) = without_a_client(step, expected, &context.cluster) {
        return Ok(Observation::Failed(failure.with_evidence([format!("over the probe's own connection: {why}")])));
    }
    let words = format!("{}: broker {expected} answers", step.sni);
    let access = clients::access(context, None).await?;
    let asked = async {
        let cluster = probe::cluster(&access, IDENTIFY_WITHIN).await?;
        Ok::<_, probe::ClientError>((cluster, probe::identify(&access, IDENTIFY_WITHIN).await?))
    };
    let (cluster, mut identities) = match context.clock.waiting(asked).await {
        Ok(both) => both,
        Err(error) => {
            let failure = cause::client(context, words, &access, &error).await;
            return Ok(Observation::Failed(failure.with_evidence([format!("over the probe's own connection: {why}")])));
        }
    };
    let cluster_id = Some(cluster.cluster_id.clone());
    let advertised = cluster.brokers.into_iter().find(|broker| broker.id == Some(expected));
    let at = (step.sni.as_str(), outcome.address.port());
    Ok(match by_its_own_word(expected, at, advertised.as_ref(), identities.remove(&expected)) {
        Ok(evidence) => Observation::Expected(Some(Peer::Said { id: expected, cluster_id }), Some(evidence)),
        Err((cause @ Cause::WrongBroker, seen)) => {
            Observation::Another(Peer::Another, Failure::new(cause, words, seen))
        }
        Err((cause, seen)) => Observation::Failed(Failure::new(cause, words, seen)),
    })
}

/// The scenario's clients only reach the cluster in use. A broker with the same id there says nothing about another
/// cluster.
fn without_a_client(step: &Probe, expected: i32, in_use: &str) -> Option<Failure> {
    let cluster = step.expect.cluster.as_deref().filter(|cluster| *cluster != in_use)?;
    let words = format!("{}: {} answers", step.sni, owned(expected, Some(cluster)));
    let seen = "the broker does not identify itself, and the scenario has no client for its cluster";
    Some(Failure::new(Cause::Unknown, words, seen))
}

/// Identifies the broker by the cluster's metadata and the broker's own answer.
fn by_its_own_word(
    expected: i32,
    (sni, port): (&str, u16),
    advertised: Option<&BrokerAddr>,
    identity: Option<NodeIdentity>,
) -> Result<String, (Cause, String)> {
    let Some(broker) = advertised else {
        return Err((Cause::WrongBroker, "the cluster has no such broker".to_owned()));
    };
    if broker.host != sni {
        return Err((Cause::WrongBroker, format!("{broker} advertises another name")));
    }
    if broker.port != port {
        let why = format!("could not identify the broker at port {port}: {broker} advertises another port");
        return Err((Cause::Unknown, why));
    }
    match identity {
        Some(NodeIdentity::Confirmed) => Ok(format!(
            "it is broker {expected}: the cluster advertises {broker}, and the broker there says that it is {expected}"
        )),
        Some(NodeIdentity::Another) => Err((Cause::WrongBroker, "another broker answers".to_owned())),
        Some(NodeIdentity::Unknown(why)) => Err((Cause::Unknown, format!("could not identify the broker: {why}"))),
        None => Err((Cause::Unknown, "could not identify the broker: no question was sent".to_owned())),
    }
}

/// Compares whether a broker answered with whether one must answer.
fn kafka(sni: &str, expected: bool, word: &Result<OwnWord, String>) -> Option<Failure> {
    match (word, expected) {
        (Ok(_), true) | (Err(_), false) => None,
        (Err(seen), true) if starts_as_tls(seen) => {
            let seen = "what is behind the gateway answers Kafka's first request with a TLS alert: the gateway ends TLS and \
                        passes on plain text, and the backend expects TLS; give the backend's Service a BackendTLSPolicy, \
                        or lead the route to a listener without TLS";
            Some(Failure::new(Cause::WrongProtocol, format!("{sni}: a broker answers"), seen))
        }
        (Err(seen), true) => Some(Failure::new(Cause::Unknown, format!("{sni}: a broker answers"), seen)),
        (Ok(word), false) => {
            let seen = format!("a broker answers (it supports {} kinds of request)", word.hello.apis);
            Some(Failure::new(Cause::NotRefused, format!("{sni}: no broker answers"), seen))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_of_another_cluster_is_not_asked_by_a_client_of_the_one_in_use() {
        let step = |expect: &str| -> Probe {
            serde_saphyr::from_str(&format!("{{sni: b10.x, expect: {{broker: 10{expect}}}}}")).expect("a step")
        };
        let failure = without_a_client(&step(", cluster: second"), 10, "first").expect("nobody can ask");
        assert_eq!(failure.cause, Cause::Unknown);
        assert_eq!(failure.wanted, "b10.x: broker 10 of Kafka second answers");
        assert!(failure.seen.contains("the scenario has no client for its cluster"), "{}", failure.seen);
        assert!(without_a_client(&step(", cluster: first"), 10, "first").is_none());
        assert!(without_a_client(&step(""), 10, "first").is_none());
    }

    #[test]
    fn a_backend_that_expects_tls_behind_a_gateway_that_ended_it_is_named() {
        // The beginning of a TLS alert, read as a length.
        let alert = Err("no Kafka answer: an answer of 352518912 bytes is not valid Kafka".to_owned());
        let failure = kafka("b11.x", true, &alert).expect("no broker answered");
        assert_eq!(failure.cause, Cause::WrongProtocol);
        assert!(failure.seen.contains("BackendTLSPolicy"), "{}", failure.seen);
        let nothing = Err("no Kafka answer: the connection ended".to_owned());
        assert_eq!(kafka("b11.x", true, &nothing).expect("no broker answered").cause, Cause::Unknown);
    }

    #[test]
    fn an_interrupted_row_of_answers_reports_its_length() {
        assert_eq!(broke_off(3), "3 connections in a row were as expected, but not this one");
        assert_eq!(broke_off(1), "1 connection was as expected, but not this one");
    }

    #[test]
    fn a_broker_that_cannot_be_identified_is_not_the_expected_one() {
        let broker = BrokerAddr { id: Some(10), host: "b10.x".into(), port: 9092 };
        let identified = |sni: &str, identity| by_its_own_word(10, (sni, 9092), Some(&broker), identity);
        let sure = identified("b10.x", Some(NodeIdentity::Confirmed)).expect("confirmed");
        assert!(sure.contains("says that it is 10"), "{sure}");
        assert_eq!(identified("b11.x", Some(NodeIdentity::Confirmed)).expect_err("another name").0, Cause::WrongBroker);
        assert_eq!(identified("b10.x", Some(NodeIdentity::Another)).expect_err("another").0, Cause::WrongBroker);
        let (cause, seen) =
            identified("b10.x", Some(NodeIdentity::Unknown("not allowed".into()))).expect_err("unknown");
        assert!(cause == Cause::Unknown && seen.contains("not allowed"), "{seen}");
        assert_eq!(identified("b10.x", None).expect_err("not asked").0, Cause::Unknown);
        assert_eq!(by_its_own_word(10, ("b10.x", 9092), None, None).expect_err("no broker").0, Cause::WrongBroker);
    }
}
