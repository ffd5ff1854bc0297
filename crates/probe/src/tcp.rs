//! Checks whether anything accepts connections.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};
use tokio::net::TcpStream;

/// The result of a connection attempt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpOutcome {
    Connected,
    Refused,
    /// There was no answer.
    TimedOut,
    /// The network refused in another way. Contains the system's text.
    Failed(String),
}

impl fmt::Display for TcpOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("accepts connections"),
            Self::Refused => f.write_str("refuses connections: nothing listens there"),
            Self::TimedOut => f.write_str("does not answer"),
            Self::Failed(text) => f.write_str(text),
        }
    }
}

/// Connects, and closes the connection at once.
pub async fn probe(address: SocketAddr, within: Duration) -> TcpOutcome {
    match connect(address, within).await {
        Ok(_) => TcpOutcome::Connected,
        Err(outcome) => outcome,
    }
}

pub async fn connect(address: SocketAddr, within: Duration) -> Result<TcpStream, TcpOutcome> {
    match tokio::time::timeout(within, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(TcpOutcome::Refused),
        Ok(Err(error)) => Err(TcpOutcome::Failed(error.to_string())),
        Err(_) => Err(TcpOutcome::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_open_port_differs_from_a_closed_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        assert_eq!(probe(address, Duration::from_secs(5)).await, TcpOutcome::Connected);
        drop(listener);
        assert_eq!(probe(address, Duration::from_secs(5)).await, TcpOutcome::Refused);
    }
}
