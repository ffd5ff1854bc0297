//! What a single short connection does not show: a limit on their number, and an end while they are idle. Both take time or
//! many connections, so the user asks for them.

use super::walk_client::WalkClient;
use model::{Cause, Failure};
use probe::tls::Probe;
use probe::{hold, tcp};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// What to try at the bootstrap address, beside the walk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Endurance {
    /// Leave a connection idle for this time.
    pub idle: Option<Duration>,
    /// Hold so many connections at the same time.
    pub connections: Option<usize>,
}

/// The time for the brokers to answer on all connections.
const ANSWERS: Duration = Duration::from_secs(3);

/// The findings and what could not be tried.
pub(super) async fn endure(
    wanted: Endurance,
    address: SocketAddr,
    sni: Option<&str>,
    client: &WalkClient,
    within: Duration,
) -> (Vec<Failure>, Vec<String>) {
    let identity = client.identity.as_ref().map(|(chain, key)| (chain.as_str(), key.as_str()));
    let probe = Probe { client: identity, ..Probe::new(address, sni, within) };
    let (mut found, mut gaps) = (Vec::new(), Vec::new());
    if let Some(count) = wanted.connections {
        match crowd(&probe, client.tls, count).await {
            Ok(failure) => found.extend(failure),
            Err(why) => gaps.push(format!("whether {count} connections work at once: {why}")),
        }
    }
    if let Some(pause) = wanted.idle {
        match idle(&probe, client.tls, pause).await {
            Ok(failure) => found.extend(failure),
            Err(why) => gaps.push(format!("whether a connection may be idle for {pause:?}: {why}")),
        }
    }
    (found, gaps)
}

async fn crowd(probe: &Probe<'_>, tls: bool, count: usize) -> Result<Option<Failure>, String> {
    if !tls {
        return Err("it is tried with TLS only".to_owned());
    }
    let mut held = hold(probe, count).await?;
    let answering = held.answering(ANSWERS).await;
    if answering >= count {
        return Ok(None);
    }
    if answering == 0 {
        return Err("not even one connection works".to_owned());
    }
    let failed: Vec<_> = held.failed.iter().map(|(text, times)| format!("tls: {times} times: {text}")).collect();
    let seen = format!("of {count} connections at once, {answering} were answered by a broker");
    let wanted = format!("{count} connections at once");
    Ok(Some(Failure::new(Cause::ConnectionLimit, wanted, seen).with_evidence(failed)))
}

async fn idle(probe: &Probe<'_>, tls: bool, pause: Duration) -> Result<Option<Failure>, String> {
    let ended = if tls {
        let (outcome, stream) = probe.open().await;
        let mut stream = stream.ok_or_else(|| outcome.handshake.to_string())?;
        until_end(&mut stream, pause).await
    } else {
        let mut stream = tcp::connect(probe.address, probe.within).await.map_err(|outcome| outcome.to_string())?;
        until_end(&mut stream, pause).await
    };
    Ok(ended.map(|after| {
        let seen = format!("an idle connection was ended after {:.1} s", after.as_secs_f64());
        Failure::new(Cause::IdleCut, format!("a connection that stays open for {pause:?} while it is idle"), seen)
    }))
}

/// When the other end closed the connection. `None` if it did not. What it sends in the meantime is skipped.
async fn until_end<S: tokio::io::AsyncRead + Unpin>(stream: &mut S, pause: Duration) -> Option<Duration> {
    let begun = Instant::now();
    let mut buffer = [0; 256];
    let ends = async { while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {} };
    timeout(pause, ends).await.ok().map(|()| begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use test_servers::{Authority, broker, serve};
    use tokio_rustls::TlsAcceptor;

    #[tokio::test]
    async fn connections_above_the_limit_are_a_finding() {
        let acceptor = TlsAcceptor::from(Arc::new(Authority::new("a").leaf("b", &["b.test"]).server(None)));
        let open = Arc::new(AtomicUsize::new(0));
        let limited = serve(move |stream| {
            let (acceptor, open) = (acceptor.clone(), open.clone());
            async move {
                if open.fetch_add(1, Ordering::SeqCst) < 3
                    && let Ok(stream) = acceptor.accept(stream).await
                {
                    broker(stream, 1).await;
                }
                open.fetch_sub(1, Ordering::SeqCst);
            }
        })
        .await;
        let probe = Probe::new(limited, Some("b.test"), Duration::from_secs(5));
        let found = crowd(&probe, true, 5).await.expect("tried").expect("a finding");
        assert_eq!(found.cause, Cause::ConnectionLimit);
        assert!(found.seen.starts_with("of 5 connections at once, 3 were answered"), "{}", found.seen);
        // The held ones are closed by now, and two are below the limit.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(crowd(&probe, true, 2).await, Ok(None));
    }

    #[tokio::test]
    async fn an_idle_connection_that_ends_is_a_finding() {
        let cutting = serve(|stream| async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            drop(stream);
        })
        .await;
        let probe = Probe::new(cutting, None, Duration::from_secs(5));
        let found = idle(&probe, false, Duration::from_secs(5)).await.expect("tried").expect("a finding");
        assert!(found.cause == Cause::IdleCut && found.seen.contains("ended after 0."), "{}", found.seen);
        assert_eq!(idle(&probe, false, Duration::from_millis(20)).await, Ok(None));
    }
}
