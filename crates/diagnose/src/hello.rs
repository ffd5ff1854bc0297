//! Whether the gateway takes a ClientHello in two segments.

use super::classify::address;
use super::facts::Facts;
use model::Cause;
use probe::tls::{Handshake, Probe};

/// The first segment ends before every extension, so the server name is in the second one.
const FIRST_SEGMENT: usize = 70;

/// How the handshake with a ClientHello in two segments ends, if it does not complete while the whole one does, twice.
pub(super) async fn split_refused(probe: &Probe<'_>) -> Option<Handshake> {
    let split = Probe { split: Some(FIRST_SEGMENT), ..probe.clone() };
    let mut ended = None;
    for _ in 0..2 {
        let ((split, _), (whole, _)) = tokio::join!(split.open(), probe.open());
        if split.completed() || !whole.completed() {
            return None;
        }
        ended = Some(split.handshake);
    }
    ended
}

/// It is a fault even though this client works: the message of another client is longer.
pub(super) fn client_hello_split(facts: &Facts) -> Option<(Cause, String)> {
    let ended = facts.walked.as_ref()?.split_refused.as_ref()?;
    let text = format!(
        "a ClientHello in one segment is answered at {}, and the same in two segments, {FIRST_SEGMENT} bytes and the rest 50 ms \
         later, is not ({ended}): clients with a post-quantum key share send it in two",
        address(facts)
    );
    Some((Cause::ClientHelloSplit, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use test_servers::{Authority, serve, serve_tls};
    use tokio_rustls::TlsAcceptor;

    #[tokio::test]
    async fn a_gateway_that_decides_on_the_first_segment_is_found() {
        let config = || Authority::new("a").leaf("b", &["b.test"]).server(None);
        let acceptor = TlsAcceptor::from(Arc::new(config()));
        let hasty = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let mut first = [0; 1024];
                // A whole ClientHello is longer than the first of two segments.
                if stream.peek(&mut first).await.is_ok_and(|seen| seen > FIRST_SEGMENT)
                    && let Ok(mut stream) = acceptor.accept(stream).await
                {
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                }
            }
        })
        .await;
        let within = Duration::from_secs(5);
        let refused = split_refused(&Probe::new(hasty, Some("b.test"), within)).await;
        assert!(matches!(refused, Some(Handshake::Closed | Handshake::Reset)), "{refused:?}");
        let patient = serve_tls(config()).await;
        assert_eq!(split_refused(&Probe::new(patient, Some("b.test"), within)).await, None);
        let closing = serve(|stream| async move { drop(stream) }).await;
        assert_eq!(split_refused(&Probe::new(closing, Some("b.test"), within)).await, None, "the whole one fails too");
    }
}
