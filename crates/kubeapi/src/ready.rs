//! Whether the API server reports that it is ready to serve.

use super::Error;
use kube::Client;
use std::time::Duration;
use tokio::time::timeout;

/// Asks `/readyz`. A server that answers, but does not permit the question, counts as ready.
///
/// # Errors
/// The checks that have not passed according to the server, or that it cannot be reached or did not answer in time.
pub async fn ready(client: &Client, within: Duration) -> Result<(), String> {
    match timeout(within, ask(client)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {within:?}")),
    }
}

async fn ask(client: &Client) -> Result<(), String> {
    let request = kube::core::Request::new("").get("readyz", &kube::api::GetParams::default());
    let request = request.map_err(|error| error.to_string())?;
    client.request_text(request).await.map(drop).or_else(|error| match error {
        kube::Error::Api(status) if matches!(status.code, 401 | 403) => Ok(()),
        // The body of a refusal lists the checks. Only the failed ones matter.
        kube::Error::Api(status) => {
            let failing: Vec<&str> = status.message.lines().filter(|line| line.starts_with("[-]")).collect();
            let all = failing.join(", ");
            Err(if failing.is_empty() { format!("{} {}", status.code, status.message) } else { all })
        }
        other => Err(host::with_causes(&Error::request("say whether it is ready")(other))),
    })
}
