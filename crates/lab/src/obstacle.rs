//! Why a lab cannot come up, without starting it.

use super::target::Target;
use host::with_causes;
use model::{LabKind, UpOptions};

/// Why no lab of this kind with these options can come up here: a gateway that does not run there, a version that the lists do
/// not have, no container engine, images that cannot be pulled. `None` if nothing of that kind is in the way. Nothing is
/// started, downloaded or written.
pub async fn obstacle(kind: LabKind, options: &UpOptions) -> Option<String> {
    match Target::of(kind, options, None) {
        Ok(target) => Box::pin(target.check()).await.err(),
        Err(error) => Some(with_causes(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::KafkaProvider;
    use std::collections::BTreeMap;

    fn options(gateway: &str, versions: &[(&str, &str)]) -> UpOptions {
        let versions = versions.iter().map(|(part, version)| ((*part).to_owned(), (*version).to_owned()));
        UpOptions {
            name: "none".to_owned(),
            kind: None,
            gateway: Some(gateway.to_owned()),
            kafka: None,
            port_base: None,
            hosts: false,
            strimzi: "1.2.0".to_owned(),
            node_image: None,
            versions: versions.collect::<BTreeMap<_, _>>(),
            existing: None,
            one_by_one: false,
        }
    }

    #[tokio::test]
    async fn what_the_fixtures_cannot_do_is_an_obstacle_with_its_reason() {
        assert_eq!(obstacle(LabKind::Local, &options("traefik", &[("traefik", "3.6.15")])).await, None);
        for (kind, gateway, versions, reason) in [
            (LabKind::Local, "contour", &[][..], "contour"),
            (LabKind::Local, "traefik", &[("traefik", "9.9.9")], "unknown version `traefik=9.9.9`"),
            (LabKind::Kind, "traefik", &[("traefik", "3.6.15")], "this lab has no part traefik"),
            (LabKind::Kind, "no-such", &[], "no-such"),
        ] {
            let found = obstacle(kind, &options(gateway, versions)).await.expect(reason);
            assert!(found.contains(reason), "{found}");
        }
        let strimzi = UpOptions { kafka: Some(KafkaProvider::Strimzi), ..options("traefik", &[]) };
        assert!(obstacle(LabKind::Local, &strimzi).await.expect("no nodes").contains("--lab kind"));
    }
}
