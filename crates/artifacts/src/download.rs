//! Downloads from the hosts of upstream projects.

use super::failure::Failure;
use super::manifest::Download;
use super::{archive, checksum};
use camino::Utf8Path;
use host::Phase;
use sha2::{Digest, Sha256, Sha512};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// On a machine without internet, trying this source must cost almost nothing. A name that does not resolve, or an
/// address that does not answer, costs at most this long, once per process.
const CONNECTS_WITHIN: Duration = Duration::from_secs(4);
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// A transfer that makes no progress for this long is aborted.
const STALLS_FOR: Duration = Duration::from_secs(30);
const TRANSFERS_WITHIN: Duration = Duration::from_secs(30 * 60);

/// An HTTPS client that trusts what this machine trusts, and remembers which hosts it could not reach.
pub struct Network {
    agent: Agent,
    unreachable: Mutex<HashMap<String, String>>,
}

impl Network {
    pub fn new() -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_resolve(Some(CONNECTS_WITHIN))
            .timeout_connect(Some(CONNECTS_WITHIN))
            .timeout_recv_response(Some(ANSWERS_WITHIN))
            .timeout_per_read(Some(STALLS_FOR))
            .timeout_recv_body(Some(TRANSFERS_WITHIN))
            .user_agent(concat!("kafka-gateway-lab/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), unreachable: Mutex::default() }
    }

    /// Downloads a part's file, compares its checksum, and puts the file or its member into `content`. A single file
    /// gets the name `name`.
    pub fn fetch(
        &self,
        source: &Download,
        name: &str,
        content: &Utf8Path,
        work: &Utf8Path,
        phase: &mut Phase,
    ) -> Result<(), Failure> {
        let url = source.url();
        let file = url.rsplit('/').next().unwrap_or(&url).to_owned();
        let wanted = match (&source.sha256, source.checksums_url()) {
            (Some(sha256), _) => Some(sha256.clone()),
            (None, Some(list)) => {
                let published = checksum::published(&self.text(&list)?, &file);
                Some(published.ok_or(Failure::NoChecksum { url: list, file: file.clone() })?)
            }
            (None, None) => None,
        };
        let path = if source.member.is_some() { work.join(&file) } else { content.join(name) };
        let found = self.save(&url, &path, wanted.as_ref().map_or(64, String::len), phase)?;
        if let Some(wanted) = wanted
            && wanted != found
        {
            return Err(Failure::Checksum { what: url, found, wanted });
        }
        match source.member() {
            Some(member) => {
                phase.update("unpacking");
                archive::unpack(&path, &member, content)
            }
            None => Ok(()),
        }
    }

    fn text(&self, url: &str) -> Result<String, Failure> {
        let response = self.get(url)?;
        let mut body = response.into_body();
        body.read_to_string().map_err(|error| Failure::Http { url: url.into(), reason: error.to_string() })
    }

    /// Writes the body to `path` and returns its sha256, or its sha512 if `digits` is 128.
    fn save(&self, url: &str, path: &Utf8Path, digits: usize, phase: &mut Phase) -> Result<String, Failure> {
        let response = self.get(url)?;
        let length = response.body().content_length();
        let mut body = response.into_body().into_reader();
        let mut out = File::create(path).map_err(Failure::io(path))?;
        let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
        let mut buffer = vec![0; 1 << 16];
        let mut sum: u64 = 0;
        loop {
            let n = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let reason = format!("the transfer stopped after {sum} bytes: {error}");
                    return Err(Failure::Http { url: url.into(), reason });
                }
            };
            out.write_all(&buffer[..n]).map_err(Failure::io(path))?;
            match digits {
                128 => sha512.update(&buffer[..n]),
                _ => sha256.update(&buffer[..n]),
            }
            sum += n as u64;
            let of = length.map(|length| format!(" of {}", length >> 20)).unwrap_or_default();
            phase.update(format!("downloading, {}{of} MiB", sum >> 20));
        }
        if let Some(length) = length.filter(|length| *length != sum) {
            let reason = format!("the transfer stopped after {sum} of {length} bytes");
            return Err(Failure::Http { url: url.into(), reason });
        }
        Ok(if digits == 128 { checksum::hex(&sha512.finalize()) } else { checksum::hex(&sha256.finalize()) })
    }

    fn get(&self, url: &str) -> Result<ureq::http::Response<ureq::Body>, Failure> {
        let host = host(url);
        if let Some(reason) = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner).get(&host) {
            return Err(Failure::Unreachable { host, reason: reason.clone() });
        }
        self.agent.get(url).call().map_err(|error| match no_connection(&error) {
            Some(reason) => {
                let mut unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
                unreachable.insert(host.clone(), reason.clone());
                Failure::Unreachable { host, reason }
            }
            None => Failure::Http { url: url.into(), reason: error.to_string() },
        })
    }
}

/// Why there was no connection, if that is what failed.
fn no_connection(error: &ureq::Error) -> Option<String> {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable, TimedOut};
    match error {
        ureq::Error::HostNotFound => Some("its name does not resolve".into()),
        ureq::Error::ConnectionFailed => Some("no connection".into()),
        ureq::Error::Timeout(ureq::Timeout::Resolve) => {
            Some(format!("its name did not resolve within {} s", CONNECTS_WITHIN.as_secs()))
        }
        ureq::Error::Timeout(ureq::Timeout::Connect) => {
            Some(format!("no connection within {} s", CONNECTS_WITHIN.as_secs()))
        }
        ureq::Error::Io(io) if io.to_string().contains("lookup address") => Some("its name does not resolve".into()),
        ureq::Error::Io(io) => match io.kind() {
            ConnectionRefused | HostUnreachable | NetworkDown | NetworkUnreachable | TimedOut => Some(io.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::Progress;
    use std::net::TcpListener;
    use std::thread;
    use std::time::Instant;

    fn download(url: String, sha256: Option<&str>, checksums: Option<String>) -> Download {
        let sha256 = sha256.map(str::to_owned);
        Download { version: "1".into(), url, sha256, checksums, unverified: None, member: None }
    }

    /// Answers each connection with the next of the given responses. Returns the address.
    fn serve(responses: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for response in responses {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(response.as_bytes());
            }
        });
        format!("http://{address}")
    }

    fn response(length: usize, body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    fn fetch(network: &Network, source: &Download) -> Result<String, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let mut phase = Progress::stderr().phase("test");
        network.fetch(source, "tool", folder, folder, &mut phase)?;
        phase.done("fetched");
        Ok(std::fs::read_to_string(folder.join("tool")).expect("fetched"))
    }

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_download_is_compared_with_its_pin_and_with_the_published_list() {
        let network = Network::new();
        let base = serve(vec![response(3, "abc")]);
        assert_eq!(fetch(&network, &download(format!("{base}/tool"), Some(ABC), None)).expect("equal"), "abc");
        let list = format!("{ABC}  tool\n");
        let base = serve(vec![response(list.len(), &list), response(3, "abc")]);
        let source = download(format!("{base}/tool"), None, Some(format!("{base}/sums")));
        assert_eq!(fetch(&network, &source).expect("equal"), "abc");
        let base = serve(vec![response(3, "xyz")]);
        let wrong = fetch(&network, &download(format!("{base}/tool"), Some(ABC), None)).expect_err("other bytes");
        assert!(matches!(&wrong, Failure::Checksum { wanted, .. } if wanted == ABC), "{wrong}");
    }

    #[test]
    fn a_transfer_that_breaks_off_is_an_error() {
        let base = serve(vec![response(1000, "abc")]);
        let source = download(format!("{base}/tool"), Some(ABC), None);
        let failure = fetch(&Network::new(), &source).expect_err("997 bytes are missing").to_string();
        assert!(failure.contains("the transfer stopped after 3"), "{failure}");
    }

    #[test]
    fn a_status_other_than_success_is_an_error_that_names_the_address() {
        let base = serve(vec!["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()]);
        let source = download(format!("{base}/tool"), Some(ABC), None);
        let failure = fetch(&Network::new(), &source).expect_err("not found").to_string();
        assert!(failure.contains("/tool") && failure.contains("404"), "{failure}");
    }

    #[test]
    fn tls_is_set_up_and_a_server_without_it_is_an_error() {
        let url = serve(vec![response(3, "abc")]).replace("http:", "https:");
        let failure = fetch(&Network::new(), &download(format!("{url}/tool"), Some(ABC), None)).expect_err("no TLS");
        assert!(matches!(&failure, Failure::Http { reason, .. } if reason.contains("corrupt message")), "{failure}");
    }

    #[test]
    fn a_host_that_refuses_is_not_asked_twice() {
        let network = Network::new();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let source = download(format!("http://127.0.0.1:{port}/tool"), Some(ABC), None);
        let start = Instant::now();
        let first = fetch(&network, &source).expect_err("nobody listens");
        assert!(matches!(first, Failure::Unreachable { .. }), "{first}");
        // The host would answer now, but it is not asked again.
        let _listener = TcpListener::bind(("127.0.0.1", port)).expect("the port again");
        let second = fetch(&network, &source).expect_err("it is remembered");
        assert!(matches!(second, Failure::Unreachable { .. }), "{second}");
        assert!(start.elapsed() < CONNECTS_WITHIN);
    }

    #[test]
    fn an_unresolved_name_differs_from_other_failures() {
        let source = download("http://nobody.invalid/tool".into(), Some(ABC), None);
        let failure = fetch(&Network::new(), &source).expect_err("no such name").to_string();
        assert!(failure.starts_with("cannot reach nobody.invalid (its name d"), "{failure}");
    }
}
