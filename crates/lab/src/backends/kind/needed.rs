//! Which images the labs of several gateways and Kafka providers need, for `lab images`.

use crate::backends::cluster::images::RequiredImage;
use crate::backends::cluster::{Error, gateway, images};
use crate::gateway::GatewayFixture;
use model::KafkaProvider;

/// The components of the labs.
#[derive(Clone, Debug)]
pub struct RequiredImages {
    /// Folders of `fixtures/gateways`.
    pub gateways: Vec<String>,
    pub kafka: Vec<KafkaProvider>,
    /// The version of Strimzi.
    pub strimzi: String,
    /// An image for the node, in place of the default.
    pub node_image: Option<String>,
}

impl RequiredImages {
    /// Every image once, the node's first, with everything that needs it.
    ///
    /// # Errors
    /// If a data file cannot be used, or the gateway is unknown.
    pub fn images(&self) -> Result<Vec<RequiredImage>, Error> {
        let mut all = vec![images::node(self.node_image.as_deref())?];
        for name in &self.gateways {
            let fixture = GatewayFixture::load(name)?;
            all.extend(images::used_by(&gateway::section(&fixture)?.images, name));
        }
        for provider in &self.kafka {
            let by = match provider {
                KafkaProvider::Standin => "the stand-in".to_owned(),
                KafkaProvider::Strimzi => format!("Strimzi {}", self.strimzi),
            };
            all.extend(images::used_by(&images::kafka(*provider, &self.strimzi)?, &by));
        }
        let java = "the Java client of scenarios".to_owned();
        all.push(RequiredImage { image: images::apache_kafka()?, used_by: java });
        let mut once: Vec<RequiredImage> = Vec::new();
        for wanted in all {
            match once.iter_mut().find(|known| known.image == wanted.image) {
                Some(known) => known.used_by = format!("{}, {}", known.used_by, wanted.used_by),
                None => once.push(wanted),
            }
        }
        Ok(once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(gateways: &[&str], kafka: &[KafkaProvider]) -> RequiredImages {
        let gateways = gateways.iter().map(|name| (*name).to_owned()).collect();
        RequiredImages { gateways, kafka: kafka.to_vec(), strimzi: "1.1.0".into(), node_image: Some("node:1".into()) }
    }

    #[test]
    fn an_image_that_two_need_is_named_once() {
        let images = needed(&["traefik", "traefik"], &[KafkaProvider::Standin]).images().expect("sound");
        let used: Vec<_> = images.iter().map(|wanted| wanted.used_by.as_str()).collect();
        assert_eq!(used, ["the node", "traefik, traefik", "the stand-in, the Java client of scenarios"]);
    }

    #[test]
    fn both_providers_have_images_of_their_own() {
        let both =
            needed(&["envoy-gateway"], &[KafkaProvider::Strimzi, KafkaProvider::Standin]).images().expect("sound");
        assert_eq!(both.len(), 1 + 2 + 2 + 1, "{both:?}");
        assert!(needed(&["no-such"], &[]).images().is_err());
    }
}
