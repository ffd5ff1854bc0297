//! From what a client met to a failure with its cause: the one place where the runner asks the diagnosis.

use super::{Context, StepFailure, gateway};
use crate::client::tls::TlsOutcome;
use crate::client::{Access, ClientError};
use crate::diagnose::{Diagnosis, Settings, Subject, explain};

/// How much of a client's log is worth a reader's time; the rest repeats itself.
const LOG_LINES: usize = 6;

/// The failure of a step whose client failed.
pub async fn client(
    context: &Context<'_>,
    wanted: impl Into<String>,
    access: &Access,
    error: &ClientError,
) -> StepFailure {
    let diagnosis = ask(context, &Subject::Failure(error.clone()), Some(access)).await;
    let mut evidence = diagnosis.evidence;
    let text = error.to_string();
    if !evidence.contains(&text) {
        evidence.push(text);
    }
    let first = error.log.len().saturating_sub(LOG_LINES);
    evidence.extend(error.log[first..].iter().map(|line| format!("client log: {line}")));
    StepFailure::new(diagnosis.cause, wanted, diagnosis.summary).with_evidence(evidence)
}

/// The failure of a TLS handshake for `sni`, or for none.
pub async fn handshake(context: &Context<'_>, sni: Option<&str>, outcome: &TlsOutcome) -> StepFailure {
    let host = sni.map_or_else(|| outcome.address.ip().to_string(), ToOwned::to_owned);
    let subject = Subject::Address { host, port: outcome.address.port() };
    let diagnosis = ask(context, &subject, None).await;
    let mut evidence = vec![outcome.to_string()];
    evidence.extend(diagnosis.evidence);
    StepFailure::new(diagnosis.cause, "a TLS handshake", diagnosis.summary).with_evidence(evidence)
}

async fn ask(context: &Context<'_>, subject: &Subject, access: Option<&Access>) -> Diagnosis {
    let info = &context.lab.info;
    let settings = Settings {
        access: access.cloned(),
        default_certificate: gateway::default_certificate(&info.gateway.name),
        ..Settings::default()
    };
    context.clock.waiting(explain(&context.lab.catalog, info, subject, &settings)).await
}
