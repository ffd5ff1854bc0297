//! Asks the diagnosis for the cause of a client's error. No other module of the runner asks it.

use super::{Context, client_log};
use diagnose::{Settings, Subject, diagnose};
use lab::backends::local::node::pod_of;
use model::{Cause, Failure};
use probe::tls::{Handshake, TlsOutcome};
use probe::{ClientError, ConnectionConfig};

/// The failure of a step whose client failed.
pub async fn client(
    context: &Context<'_>,
    expected: impl Into<String>,
    access: &ConnectionConfig,
    error: &ClientError,
) -> Failure {
    let failure = ask(context, &Subject::Failure(error.clone()), Some(access)).await;
    let evidence = with_client(failure.evidence, error);
    let plain = evidence.iter().any(|line| line.contains(&Handshake::NotTls.to_string()));
    let seen = if plain { failure.seen } else { failure.seen.replace(client_log::GUESS, "") };
    Failure { wanted: expected.into(), seen, evidence, ..failure }
}

/// The evidence of a diagnosis, with the client's own error first and the findings last.
fn with_client(evidence: Vec<String>, error: &ClientError) -> Vec<String> {
    let text = error.to_string();
    let plain = evidence.iter().any(|line| line.contains(&Handshake::NotTls.to_string()));
    let (mut lines, found): (Vec<_>, Vec<_>) = evidence.into_iter().partition(|line| line.starts_with("client: "));
    if !lines.iter().any(|line| line.ends_with(&text)) {
        lines.push(format!("client: {text}"));
    }
    if !plain {
        lines.iter_mut().for_each(|line| *line = line.replace(client_log::GUESS, ""));
    }
    lines.extend(client_log::collapsed(&error.log, plain));
    lines.extend(found);
    lines
}

/// The failure of a TLS handshake with or without a server name.
pub async fn handshake(context: &Context<'_>, sni: Option<&str>, outcome: &TlsOutcome) -> Failure {
    let host = sni.map_or_else(|| outcome.address.ip().to_string(), ToOwned::to_owned);
    let subject = Subject::Address { host, port: outcome.address.port() };
    let mut failure = ask(context, &subject, None).await;
    let evidence = &mut failure.evidence;
    // The diagnosis makes a handshake of its own, which usually ends in the same way.
    if !evidence.iter().any(|line| line.ends_with(&outcome.to_string())) {
        evidence.insert(0, outcome.to_string());
    }
    Failure { wanted: "a TLS handshake".to_owned(), ..failure }
}

async fn ask(context: &Context<'_>, subject: &Subject, access: Option<&ConnectionConfig>) -> Failure {
    let frozen = context.journal.frozen();
    let namespaces = [context.namespace.as_str(), &context.kafka_namespace];
    let mut components = context.lab.dead_components();
    components.retain(|line| matters(line, &namespaces, &frozen));
    if let Some(failure) = dead(&components) {
        return failure;
    }
    let settings = Settings { access: access.cloned(), ..Settings::default() };
    let gateway = context.lab.gateway_facts();
    context.clock.waiting(Box::pin(diagnose(&context.lab.catalog, &gateway, subject, &settings))).await
}

/// Whether a part that does not run explains the errors of a run. A Pod that the run froze itself does not, and neither do the
/// Pods of other runs, which may have been frozen or restarted on purpose.
fn matters(line: &str, namespaces: &[&str], frozen: &[String]) -> bool {
    let Some(pod) = pod_of_line(line) else { return true };
    let own = pod.split_once('/').is_some_and(|(namespace, _)| namespaces.contains(&namespace));
    own && !frozen.contains(&pod)
}

/// The Pod, as `namespace/name`, in a sentence such as `kafka-a_broker-10 is stopped`.
fn pod_of_line(line: &str) -> Option<String> {
    pod_of(line.split(' ').next()?)
}

/// The failure for parts of the lab that do not run. They explain every error of a client. `components` has a sentence
/// for each, such as `agent does not run`.
fn dead(components: &[String]) -> Option<Failure> {
    if components.is_empty() {
        return None;
    }
    let seen = format!(
        "a part of the lab does not run ({}); run `cargo xtask lab up` to start it again",
        components.join(", ")
    );
    let evidence = components.iter().map(|one| format!("processes: {one}"));
    Some(Failure::new(Cause::LabComponentDead, "a lab in which every part runs", seen).with_evidence(evidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_agent_is_a_failure_of_the_lab_not_of_the_gateway() {
        assert_eq!(dead(&[]), None);
        let failure = dead(&["agent does not run".to_owned()]).expect("a failure");
        assert_eq!(failure.cause, Cause::LabComponentDead);
        assert!(failure.seen.contains("agent does not run"), "{}", failure.seen);
        assert!(failure.seen.contains("run `cargo xtask lab up`"), "{}", failure.seen);
    }

    #[test]
    fn a_pod_that_another_run_froze_does_not_matter() {
        let matters = |line: &str| matters(line, &["mine-0a1b2c", "kafka"], &["mine-0a1b2c/broker-11".to_owned()]);
        assert!(!matters("kafka-other-77c36e_frozen-broker-11 is stopped (SIGSTOP)"));
        assert!(!matters("kafka-mine-0a1b2c_broker-11 is stopped (SIGSTOP)"), "the run froze it itself");
        assert!(matters("kafka-mine-0a1b2c_broker-12 does not run"));
        assert!(matters("kafka-kafka_my-cluster-broker-10 does not run"), "the shared cluster");
        assert!(matters("agent does not run"));
    }

    #[test]
    fn the_pod_of_a_component_is_parsed_from_its_sentence() {
        assert_eq!(pod_of_line("kafka-a_broker-10 is stopped (SIGSTOP)").as_deref(), Some("a/broker-10"));
        assert_eq!(pod_of_line("agent does not run"), None);
    }

    #[test]
    fn the_clients_error_comes_first_and_once() {
        let mut error =
            ClientError::harness("produce to x", "Disconnected: connecting to a PLAINTEXT broker listener?");
        error.log = vec!["FAIL: b11: gone (after 1ms)".into(), "FAIL: b11: gone (after 2ms)".into()];
        let evidence = vec![format!("client: {error}"), "kubernetes: no route".to_owned()];
        assert_eq!(
            with_client(evidence, &error),
            [
                "client: produce to x: Disconnected",
                "client log (2 times): FAIL: b11: gone (after 2ms)",
                "kubernetes: no route"
            ]
        );
        // A diagnosis that did not use the client's error does not repeat it.
        assert_eq!(with_client(Vec::new(), &error)[0], "client: produce to x: Disconnected");
    }
}
