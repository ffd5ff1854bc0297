//! probe, probe-tcp.

use super::Outcome;
use super::refuse::port;
use crate::cause::Cause;
use crate::client::tcp::{self, TcpOutcome};
use crate::client::tls::{Handshake, Probe as Question, TlsOutcome, Verdict};
use crate::client::{self, BrokerAddr, CertificateInfo, NodeIdentity};
use crate::scenario::run::{Context, StepFailure, clients, explain};
use crate::scenario::{PortState, Probe, ProbeTcp, Span, Terminator};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const WITHIN: Span = Span::seconds(30);
const IDENTIFY_WITHIN: Duration = Duration::from_secs(8);
const AGAIN: Duration = Duration::from_millis(300);

pub async fn probe(context: &mut Context<'_>, step: &Probe) -> Outcome {
    let within = step.within.unwrap_or(WITHIN).0;
    let deadline = Instant::now() + within;
    let address = SocketAddr::new(context.lab.info.gateway.address, port(context, step.port.as_deref())?);
    let authority = match step.expect.terminated_by {
        Some(Terminator::Gateway) => Some(clients::lab_ca(context)?),
        Some(Terminator::Broker) => Some(clients::cluster_ca(context).await?),
        None => None,
    };
    let alpn: Vec<_> = step.alpn.iter().map(String::as_str).collect();
    let times = step.times.unwrap_or(1);
    let mut in_a_row = 0;
    // What was seen while there was time to look: the last look may be cut short by the deadline.
    let mut looked: Option<StepFailure> = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).clamp(AGAIN, Duration::from_secs(5));
        let mut question =
            Question { alpn: &alpn, trust: authority.as_deref(), ..Question::new(address, Some(&step.sni), left) };
        if times > 1 {
            // Who answers is known by the end of the handshake, and watching each of many would add up.
            question.linger = Duration::ZERO;
        }
        let outcome = context.clock.waiting(question.run()).await;
        let failure = match differs(step, &outcome) {
            Some(failure) => failure,
            None => match kafka(context, step, address, &question).await {
                Some(failure) => failure,
                None => match identified(context, step, &outcome).await? {
                    Ok(told) => {
                        in_a_row += 1;
                        if in_a_row < times {
                            continue;
                        }
                        let seen = match times {
                            1 => outcome.to_string(),
                            _ => format!("{times} times in a row: {outcome}"),
                        };
                        return Ok(std::iter::once(seen).chain(told).collect());
                    }
                    Err(failure) => failure,
                },
            },
        };
        let failure = match in_a_row {
            0 => failure,
            before => failure.with_evidence([format!("as wanted {before} times, and then not")]),
        };
        in_a_row = 0;
        if Instant::now() + AGAIN >= deadline {
            // A handshake that never came about has a cause that the diagnosis knows better.
            if outcome.completed() {
                return Err(failure);
            }
            if let (Handshake::TimedOut { .. }, Some(looked)) = (&outcome.handshake, looked) {
                return Err(looked.with_evidence([format!("and at last: {outcome}")]));
            }
            let told = explain::handshake(context, Some(&step.sni), &outcome).await;
            return Err(StepFailure { wanted: failure.wanted, ..told });
        }
        if outcome.completed() {
            looked = Some(failure);
        }
        context.clock.waiting(tokio::time::sleep(AGAIN)).await;
    }
}

/// What the handshake shows against what it must show.
fn differs(step: &Probe, outcome: &TlsOutcome) -> Option<StepFailure> {
    let expect = &step.expect;
    let sni = &step.sni;
    let failed = |cause, wanted: String| Some(StepFailure::new(cause, wanted, outcome.to_string()));
    let Handshake::Completed { alpn, .. } = &outcome.handshake else {
        return failed(Cause::UnknownSni, format!("a TLS handshake with {sni}"));
    };
    let leaf = outcome.chain.first();
    if let Some(san) = &expect.san
        && !leaf.is_some_and(|leaf| leaf.dns_names.contains(san))
    {
        return failed(Cause::CertificateName, format!("{sni}: a certificate for {san}"));
    }
    if let Some(wanted) = &expect.alpn
        && alpn.as_deref().unwrap_or_default() != wanted
    {
        return failed(Cause::Unknown, format!("{sni}: the protocol `{wanted}` by ALPN"));
    }
    if let Some(terminator) = expect.terminated_by
        && !matches!(outcome.verdict, Some(Verdict::Good | Verdict::WrongName | Verdict::Expired))
    {
        let whose = match terminator {
            Terminator::Gateway => "the gateway's (from the lab's CA)",
            Terminator::Broker => "a broker's (from the cluster CA)",
        };
        return failed(Cause::UntrustedCertificate, format!("{sni}: the certificate is {whose}"));
    }
    None
}

/// How it is known that the wanted broker answers, or what speaks against it: by its certificate, where that is the
/// operator's; else by the address that it advertises and by its own word. Where neither tells, that is a failure.
async fn identified(
    context: &mut Context<'_>,
    step: &Probe,
    outcome: &TlsOutcome,
) -> Result<Result<Option<String>, StepFailure>, StepFailure> {
    let Some(wanted) = step.expect.broker else { return Ok(Ok(None)) };
    let words = format!("{}: broker {wanted} answers", step.sni);
    if let Some(seen) = outcome.chain.first().and_then(|leaf| node_id(leaf, &context.cluster)) {
        return Ok(if seen == wanted {
            Ok(Some(format!("it is broker {wanted}: its certificate names that broker's Pod")))
        } else {
            let seen = format!("the certificate is that of broker {seen}: {outcome}");
            Err(StepFailure::new(Cause::WrongBroker, words, seen))
        });
    }
    let access = clients::access(context, None).await?;
    let asked = async {
        let cluster = client::cluster(&access, IDENTIFY_WITHIN).await?;
        Ok::<_, client::ClientError>((cluster, client::identify(&access, IDENTIFY_WITHIN).await?))
    };
    let (cluster, mut identities) = match context.clock.waiting(asked).await {
        Ok(both) => both,
        Err(error) => return Ok(Err(explain::client(context, words, &access, &error).await)),
    };
    let advertised = cluster.brokers.into_iter().find(|broker| broker.id == Some(wanted));
    Ok(by_its_own_word(wanted, (&step.sni, outcome.address.port()), advertised.as_ref(), identities.remove(&wanted))
        .map(Some)
        .map_err(|(cause, seen)| StepFailure::new(cause, words, seen)))
}

/// What the cluster's metadata and the broker's own answer say together.
fn by_its_own_word(
    wanted: i32,
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
        let why = format!("who answers at port {port} cannot be told: {broker} advertises another one");
        return Err((Cause::Unknown, why));
    }
    match identity {
        Some(NodeIdentity::Confirmed) => {
            Ok(format!("it is broker {wanted}: {broker} is advertised, and who answers there says that it is {wanted}"))
        }
        Some(NodeIdentity::Another) => Err((Cause::WrongBroker, "another broker answers there".to_owned())),
        Some(NodeIdentity::Unknown(why)) => Err((Cause::Unknown, format!("which broker it is cannot be told: {why}"))),
        None => Err((Cause::Unknown, "which broker it is cannot be told: it was not asked".to_owned())),
    }
}

/// The id of the broker whose certificate this is: it names the broker's Pod, `<cluster>-<pool>-<id>`.
fn node_id(leaf: &CertificateInfo, cluster: &str) -> Option<i32> {
    leaf.dns_names.iter().find_map(|name| {
        let (pod, rest) = name.split_once('.')?;
        let ours = pod.starts_with(&format!("{cluster}-")) && rest.starts_with(&format!("{cluster}-kafka-brokers"));
        if ours { pod.rsplit('-').next()?.parse().ok() } else { None }
    })
}

async fn kafka(
    context: &Context<'_>,
    step: &Probe,
    address: SocketAddr,
    question: &Question<'_>,
) -> Option<StepFailure> {
    let wanted = step.expect.kafka?;
    match (context.clock.waiting(client::hello(address, Some(question), question.within)).await, wanted) {
        (Ok(_), true) | (Err(_), false) => None,
        (Err(seen), true) => Some(StepFailure::new(Cause::Unknown, format!("{}: a broker answers", step.sni), seen)),
        (Ok(hello), false) => {
            let seen = format!("a broker answers ({} kinds of request)", hello.apis);
            Some(StepFailure::new(Cause::NotRefused, format!("{}: no broker answers", step.sni), seen))
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_told_is_not_the_wanted_one() {
        let broker = BrokerAddr { id: Some(10), host: "b10.x".into(), port: 9092 };
        let told = |sni: &str, identity| by_its_own_word(10, (sni, 9092), Some(&broker), identity);
        let sure = told("b10.x", Some(NodeIdentity::Confirmed)).expect("confirmed");
        assert!(sure.contains("says that it is 10"), "{sure}");
        assert_eq!(told("b11.x", Some(NodeIdentity::Confirmed)).expect_err("another name").0, Cause::WrongBroker);
        assert_eq!(told("b10.x", Some(NodeIdentity::Another)).expect_err("another").0, Cause::WrongBroker);
        let (cause, seen) = told("b10.x", Some(NodeIdentity::Unknown("not allowed".into()))).expect_err("unknown");
        assert!(cause == Cause::Unknown && seen.contains("not allowed"), "{seen}");
        assert_eq!(told("b10.x", None).expect_err("not asked").0, Cause::Unknown);
        assert_eq!(by_its_own_word(10, ("b10.x", 9092), None, None).expect_err("no broker").0, Cause::WrongBroker);
    }

    #[test]
    fn a_brokers_certificate_tells_its_id() {
        let mut leaf: CertificateInfo = serde_json::from_value(serde_json::json!({
            "subject": "", "issuer": "", "common_name": "", "addresses": [], "fingerprint": "",
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
            "dns_names": ["broker-10.kafka.test", "my-cluster-broker-12.my-cluster-kafka-brokers.kafka.svc"],
        }))
        .expect("a certificate");
        assert_eq!(node_id(&leaf, "my-cluster"), Some(12));
        assert_eq!(node_id(&leaf, "other"), None);
        leaf.dns_names.pop();
        assert_eq!(node_id(&leaf, "my-cluster"), None);
    }
}
