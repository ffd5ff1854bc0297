//! Many connections at once through one name.

use super::broker_handshake::api_versions;
use super::tls::Probe;
use super::trust::Recorder;
use futures::StreamExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// How many handshakes run at the same time. A gateway's accept queue is finite, and the queue is not under test.
const AT_ONCE: usize = 64;

/// Files that the process needs besides the connections.
const OTHER_FILES: u64 = 256;

/// Connections that stay open until this is dropped.
pub struct OpenConnections {
    streams: Vec<TlsStream<TcpStream>>,
    /// The errors of the failed connections, each text with its count.
    pub failed: Vec<(String, usize)>,
}

impl OpenConnections {
    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.streams.len()
    }

    /// Asks the broker at the other end of each connection for its API versions, and returns how many answered within
    /// `within`. An answer proves that the connection still leads to a broker.
    pub async fn answering(&mut self, within: Duration) -> usize {
        let asked = self
            .streams
            .iter_mut()
            .map(|stream| async move { matches!(timeout(within, api_versions(stream)).await, Ok(Ok(_))) });
        futures::stream::iter(asked)
            .buffer_unordered(AT_ONCE)
            .filter(|answered| futures::future::ready(*answered))
            .count()
            .await
    }
}

/// Opens `count` TLS connections as `probe` says, and keeps them open. Each one may take as long as `probe.within`.
///
/// # Errors
/// A text, if the process may not open so many files.
pub async fn hold(probe: &Probe<'_>, count: usize) -> Result<OpenConnections, String> {
    allow_files(count as u64 + OTHER_FILES)?;
    let attempts = (0..count).map(|_| probe.connect(Recorder::new()));
    let results: Vec<_> = futures::stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    let mut connections = OpenConnections { streams: Vec::with_capacity(count), failed: Vec::new() };
    for result in results {
        match result {
            Ok(stream) => connections.streams.push(stream),
            Err(handshake) => {
                let text = handshake.to_string();
                match connections.failed.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, count)) => *count += 1,
                    None => connections.failed.push((text, 1)),
                }
            }
        }
    }
    Ok(connections)
}

/// Raises the soft limit of open files, which is 1024 on many machines, up to the hard limit.
fn allow_files(wanted: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum
        && maximum < wanted
    {
        return Err(format!(
            "needs {wanted} open files, but the hard limit is {maximum}: raise it (`ulimit -Hn`) or open fewer connections"
        ));
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum })
        .map_err(|error| format!("cannot raise the limit of open files to {wanted}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_servers::{Authority, serve_tls};

    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn many_connections_stay_open_through_one_name() {
        let address = serve_tls(Authority::new("cluster").leaf("broker", &["x.kafka.test"]).server(None)).await;
        let mut connections = hold(&Probe::new(address, Some("x.kafka.test"), WITHIN), 100).await.expect("files");
        assert_eq!((connections.open(), connections.failed.len()), (100, 0));
        // The server is not a broker.
        assert_eq!(connections.answering(Duration::from_millis(50)).await, 0);
    }

    #[tokio::test]
    async fn failures_are_counted_by_their_text() {
        let address =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let connections = hold(&Probe::new(address, None, WITHIN), 5).await.expect("files");
        assert_eq!((connections.open(), connections.failed), (0, vec![("connection refused".to_owned(), 5)]));
    }
}
