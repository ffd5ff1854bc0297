//! One address of a Service: accepts connections and passes their bytes to a backend.

use super::endpoints::Backends;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tracing::warn;

/// A backend on loopback answers at once or not at all.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Listens until it is dropped. Open connections continue after that, as behind kube-proxy.
pub struct Listener {
    address: SocketAddr,
    backends: Arc<RwLock<Backends>>,
    task: Option<AbortHandle>,
    last_error: Option<String>,
}

impl Listener {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, backends: Arc::default(), task: None, last_error: None }
    }

    /// Whether it has been unable to listen so far.
    pub fn is_waiting(&self) -> bool {
        self.task.is_none()
    }

    /// Uses these backends from now on, and begins to listen if it does not yet.
    pub async fn serve(&mut self, backends: Backends) {
        *self.backends.write().unwrap_or_else(PoisonError::into_inner) = backends;
        if self.task.is_some() {
            return;
        }
        match TcpListener::bind(self.address).await {
            Ok(listener) => {
                self.task = Some(tokio::spawn(accept(listener, self.backends.clone())).abort_handle());
                self.last_error = None;
            }
            Err(error) => {
                let text = format!("cannot listen on {}: {error}", self.address);
                if self.last_error.as_ref() != Some(&text) {
                    warn!(target: "services", "{text}");
                    self.last_error = Some(text);
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, backends: Arc<RwLock<Backends>>) {
    let turn = AtomicUsize::new(0);
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let backend = {
                    let backends = backends.read().unwrap_or_else(PoisonError::into_inner);
                    let turn = turn.fetch_add(1, Ordering::Relaxed);
                    (!backends.is_empty()).then(|| backends[turn % backends.len()])
                };
                tokio::spawn(pass(client, backend));
            }
            Err(error) => {
                // Most likely there are no free file descriptors. This passes when connections end.
                warn!(target: "services", "cannot accept a connection: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Copies bytes in both directions, each until its own end, so that one side may finish sending before the other.
async fn pass(mut client: TcpStream, backend: Option<SocketAddr>) {
    let server = match backend {
        Some(backend) => timeout(CONNECT_WITHIN, TcpStream::connect(backend)).await.ok().and_then(Result::ok),
        None => None,
    };
    let Some(mut server) = server else {
        // This resets the connection, as kube-proxy's reject rule does.
        reset(&client);
        return;
    };
    // Kafka's requests are small, and clients wait for the answers. An error here also appears in the copy.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    if copy_bidirectional(&mut client, &mut server).await.is_err() {
        // One side was reset, so the other must be too. Otherwise it would take a broken stream for a finished one.
        reset(&client);
        reset(&server);
    }
}

fn reset(stream: &TcpStream) {
    // If the option cannot be set, the stream is closed in the ordinary way.
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn echo_with(tag: u8) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut received = Vec::new();
                if stream.read_to_end(&mut received).await.is_ok() {
                    received.push(tag);
                    let _ = stream.write_all(&received).await;
                }
            }
        });
        address
    }

    async fn serving(backends: Backends) -> (Listener, SocketAddr) {
        let [port] = crate::backends::local::ports::free().expect("a port");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut listener = Listener::new(address);
        listener.serve(backends).await;
        assert!(!listener.is_waiting());
        (listener, address)
    }

    async fn ask(address: SocketAddr) -> Vec<u8> {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"hello ").await.expect("sent");
        stream.shutdown().await.expect("half closed");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        answer
    }

    #[tokio::test]
    async fn connections_take_turns_and_may_close_one_half() {
        let (_listener, address) = serving(vec![echo_with(b'a').await, echo_with(b'b').await]).await;
        let answers = [ask(address).await, ask(address).await, ask(address).await];
        assert_eq!(answers, [b"hello a", b"hello b", b"hello a"]);
    }

    #[tokio::test]
    async fn without_a_backend_a_connection_is_reset() {
        let (_listener, address) = serving(vec![]).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let error = stream.read(&mut [0; 1]).await.expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_dropped_listener_refuses() {
        let (listener, address) = serving(vec![]).await;
        drop(listener);
        // The task ends the next time that it is polled.
        tokio::task::yield_now().await;
        let error = TcpStream::connect(address).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
