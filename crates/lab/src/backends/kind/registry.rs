//! Registries of images, and whether they can be reached.

use crate::backends::cluster::images;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a registry may take to accept a connection before it counts as unreachable.
const REGISTRY_WITHIN: Duration = Duration::from_secs(3);

/// The registry that an image is pulled from.
pub(crate) fn registry(image: &str) -> String {
    let full = images::full_name(image);
    full.split('/').next().unwrap_or(&full).to_owned()
}

/// Whether a registry accepts a connection within 3 s.
pub(crate) async fn reachable(registry: &str) -> bool {
    let address = if registry.contains(':') { registry.to_owned() } else { format!("{registry}:443") };
    matches!(timeout(REGISTRY_WITHIN, TcpStream::connect(address)).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image_is_the_first_part_of_its_full_name() {
        for (image, host) in [
            ("traefik:v3.7.15", "docker.io"),
            ("kindest/node:v1.34.4", "docker.io"),
            ("quay.io/strimzi/operator:1.2.0", "quay.io"),
            ("localhost:5001/kafka:1", "localhost:5001"),
        ] {
            assert_eq!(registry(image), host, "{image}");
        }
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_at_is_out_of_reach() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        assert!(!reachable(&format!("127.0.0.1:{port}")).await);
    }
}
