//! What a port speaks: TLS, plaintext Kafka, HTTP or nothing. Asked whatever the client is configured for.

use super::broker_handshake::api_versions;
use super::tcp;
use super::tls::{Handshake, Probe};
use kafka_wire::WireError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// The first four bytes of an HTTP answer, read as a length.
const HTTP: &str = "1213486160";
/// The first byte of a TLS alert, and of a TLS handshake message.
const TLS: [u8; 2] = [0x15, 0x16];

/// The protocol of a port.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    Tls,
    /// Kafka without TLS.
    PlaintextKafka,
    Http,
    /// It accepts connections and answers none of the questions.
    Nothing,
}

impl fmt::Display for Speaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "TLS",
            Self::PlaintextKafka => "plaintext Kafka",
            Self::Http => "HTTP",
            Self::Nothing => "none of TLS, plaintext Kafka and HTTP",
        })
    }
}

/// Asks the port in TLS with this server name, in HTTP, and with `kafka` in plaintext Kafka, each on a connection of its own
/// and all at once. Takes `within` at most.
pub async fn speaks(address: SocketAddr, sni: Option<&str>, kafka: bool, within: Duration) -> Speaks {
    let plain = async { if kafka { plaintext(address, within).await } else { None } };
    let (plain, tls, http) = tokio::join!(plain, tls(address, sni, within), http(address, within));
    if plain == Some(Speaks::PlaintextKafka) {
        return Speaks::PlaintextKafka;
    }
    if tls {
        return Speaks::Tls;
    }
    plain.or(http).unwrap_or(Speaks::Nothing)
}

/// The protocol of what answers Kafka's first request.
async fn plaintext(address: SocketAddr, within: Duration) -> Option<Speaks> {
    let mut stream = tcp::connect(address, within).await.ok()?;
    match timeout(within, api_versions(&mut stream)).await.ok()? {
        Ok(_) => Some(Speaks::PlaintextKafka),
        Err(WireError::NotKafka(text)) if text.contains(HTTP) => Some(Speaks::Http),
        Err(WireError::NotKafka(text)) => starts_as_tls(&text).then_some(Speaks::Tls),
        Err(_) => None,
    }
}

/// Whether the length in this error about an answer is the beginning of a TLS record.
pub fn starts_as_tls(text: &str) -> bool {
    let length = text.split_whitespace().find_map(|word| word.parse::<u32>().ok()).unwrap_or_default();
    let [kind, major, ..] = length.to_be_bytes();
    TLS.contains(&kind) && major == 3
}

async fn tls(address: SocketAddr, sni: Option<&str>, within: Duration) -> bool {
    let (outcome, _) = Probe::new(address, sni, within).open().await;
    matches!(outcome.handshake, Handshake::Completed { .. } | Handshake::Alert { .. })
}

async fn http(address: SocketAddr, within: Duration) -> Option<Speaks> {
    let mut stream = tcp::connect(address, within).await.ok()?;
    let asked = async {
        stream.write_all(b"HEAD / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.ok()?;
        (&answer == b"HTTP/").then_some(Speaks::Http)
    };
    timeout(within, asked).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_servers::{Authority, broker, serve, serve_tls};

    const WITHIN: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn each_protocol_is_recognised() {
        let plain = serve(|stream| broker(stream, 1)).await;
        assert_eq!(speaks(plain, None, true, Duration::from_millis(500)).await, Speaks::PlaintextKafka);
        let tls = serve_tls(Authority::new("a").leaf("b", &["b.test"]).server(None)).await;
        assert_eq!(speaks(tls, Some("b.test"), true, Duration::from_millis(500)).await, Speaks::Tls);
        let http = serve(|mut stream| async move {
            let mut request = [0; 64];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        })
        .await;
        assert_eq!(speaks(http, None, true, WITHIN).await, Speaks::Http);
        let silent = serve(|mut stream| async move {
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        })
        .await;
        assert_eq!(speaks(silent, None, true, Duration::from_millis(200)).await, Speaks::Nothing);
    }

    #[test]
    fn a_tls_record_is_known_by_its_first_bytes() {
        for number in [369_295_616_u32, 369_295_872, 369_296_128, 352_518_912] {
            assert!(starts_as_tls(&format!("an answer of {number} bytes is not valid Kafka")), "{number}");
        }
        assert!(!starts_as_tls("an answer of 1213486160 bytes is not valid Kafka"));
        assert!(!starts_as_tls("the answer is empty"));
    }
}
