//! A ClientHello in two segments, as a key share for post-quantum cryptography causes.

use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Long enough that a gateway which decides on the first segment has decided.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends the first `at` bytes, and the others after a pause.
pub(crate) async fn send(stream: &TcpStream, hello: &[u8], at: usize) -> io::Result<()> {
    // Otherwise the kernel may join both parts.
    stream.set_nodelay(true)?;
    let (first, second) = hello.split_at(at.min(hello.len()));
    all(stream, first).await?;
    sleep(PAUSE).await;
    all(stream, second).await
}

async fn all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tls::{Handshake, Probe};
    use std::time::Duration;
    use test_servers::{Authority, serve, serve_tls};
    use tokio::io::AsyncReadExt;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn the_server_sees_two_parts_of_one_hello() {
        let (sender, mut sizes) = mpsc::unbounded_channel();
        let address = serve(move |mut stream| {
            let sender = sender.clone();
            async move {
                let mut buffer = [0; 4096];
                for _ in 0..2 {
                    let _ = sender.send(stream.read(&mut buffer).await.unwrap_or_default());
                }
            }
        })
        .await;
        let probe = Probe { split: Some(20), ..Probe::new(address, Some("b.test"), Duration::from_secs(5)) };
        assert_eq!(probe.run().await.handshake, Handshake::Closed, "the server answers nothing");
        assert_eq!(sizes.recv().await, Some(20));
        assert!(sizes.recv().await.is_some_and(|rest| rest > 100), "the rest came later");
    }

    #[tokio::test]
    async fn a_server_that_waits_for_the_whole_hello_completes_the_handshake() {
        let address = serve_tls(Authority::new("a").leaf("b", &["b.test"]).server(None)).await;
        for at in [1, 5, 60, 100_000] {
            let probe = Probe { split: Some(at), ..Probe::new(address, Some("b.test"), Duration::from_secs(5)) };
            let outcome = probe.run().await;
            assert!(outcome.completed(), "{at}: {outcome}");
        }
    }
}
